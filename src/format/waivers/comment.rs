//! Renders a waiver as a comment, in the comment syntax of a file.

use std::fmt::Write as _;

use crate::model::{Language, Waiver, WaiverEnd, WaiverKind, WaiverReach, language_of};

/// Syntax of a one-line comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommentSyntax {
    /// Text that opens the comment.
    pub opener: &'static str,
    /// Text that closes the comment; empty if the end of the line closes it.
    pub closer: &'static str,
}

const HASH: CommentSyntax = CommentSyntax { opener: "#", closer: "" };
const SLASHES: CommentSyntax = CommentSyntax { opener: "//", closer: "" };
const DASHES: CommentSyntax = CommentSyntax { opener: "--", closer: "" };
const SEMICOLON: CommentSyntax = CommentSyntax { opener: ";", closer: "" };
const PERCENT: CommentSyntax = CommentSyntax { opener: "%", closer: "" };
const QUOTE: CommentSyntax = CommentSyntax { opener: "\"", closer: "" };
const STARS: CommentSyntax = CommentSyntax { opener: "/*", closer: "*/" };
const MARKUP: CommentSyntax = CommentSyntax { opener: "<!--", closer: "-->" };
const REM: CommentSyntax = CommentSyntax { opener: "REM", closer: "" };
const PARENTHESES: CommentSyntax = CommentSyntax { opener: "(*", closer: "*)" };

/// Returns the comment syntax of the file at `path`. `None` if its format has no comments (JSON) or is
/// unknown.
#[must_use]
pub fn comment_syntax(path: &[u8]) -> Option<CommentSyntax> {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    let name = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let by_name = match name.as_str() {
        "dockerfile" | "containerfile" | "makefile" | "gnumakefile" | "justfile" | "rakefile" | "gemfile"
        | "vagrantfile" | "codeowners" | ".gitignore" | ".gitattributes" | ".dockerignore"
        | ".editorconfig" | ".env" | "cmakelists.txt" | "requirements.txt" | "constraints.txt"
        | "procfile" | ".npmrc" => Some(HASH),
        "jenkinsfile" | "go.mod" => Some(SLASHES),
        _ if name.starts_with("dockerfile.") || name.starts_with(".env.") => Some(HASH),
        _ => None,
    };
    let by_extension = || match extension {
        "py" | "pyi" | "rb" | "sh" | "bash" | "zsh" | "fish" | "ps1" | "psm1" | "yaml" | "yml" | "toml"
        | "tf" | "tfvars" | "hcl" | "mk" | "cmake" | "pl" | "pm" | "r" | "ex" | "exs" | "graphql" | "gql"
        | "nix" | "cfg" | "conf" | "properties" | "env" | "dockerfile" | "containerfile" | "jl" | "nim"
        | "awk" | "tcl" | "feature" | "rego" | "bzl" | "bazel" | "star" | "gemspec" | "rake" => Some(HASH),
        "rs" | "go" | "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "java" | "kt" | "kts"
        | "c" | "h" | "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" | "cs" | "swift" | "scala" | "groovy"
        | "gradle" | "dart" | "php" | "proto" | "scss" | "less" | "jsonc" | "json5" | "zig" | "sol"
        | "fs" | "cue" | "v" => Some(SLASHES),
        "sql" | "lua" | "hs" | "elm" | "adb" | "ads" | "vhd" | "vhdl" => Some(DASHES),
        "ini" | "lisp" | "clj" | "cljs" | "el" | "scm" | "asm" | "s" | "reg" => Some(SEMICOLON),
        "tex" | "erl" | "hrl" | "m" => Some(PERCENT),
        "vim" => Some(QUOTE),
        "css" => Some(STARS),
        // XML is missing because its comments must not contain `--`, which a waiver needs.
        "html" | "htm" | "md" | "markdown" | "vue" | "svelte" => Some(MARKUP),
        "bat" | "cmd" => Some(REM),
        "ml" | "mli" | "pas" => Some(PARENTHESES),
        _ => None,
    };
    by_name.or_else(by_extension).or_else(|| match language_of(path) {
        // Languages that are recognized by file name, such as `BUILD` or `Brewfile`.
        Some(Language::Python | Language::Ruby | Language::Bash | Language::Yaml) => Some(HASH),
        _ => None,
    })
}

/// Renders a waiver for one line or one file as `stanchion: waive …`.
///
/// # Errors
/// Returns the reason why this waiver cannot be written in a comment that `closer` closes.
pub fn render_inline_waiver(waiver: &Waiver, closer: &str) -> Result<String, String> {
    let verb = match waiver.reach {
        WaiverReach::Line { .. } => "waive",
        WaiverReach::File { .. } => "waive-file",
        WaiverReach::Paths(_) | WaiverReach::Fingerprints(_) => {
            return Err(
                "a waiver in a comment covers one line or one file; write paths and fingerprints in \
                        .stanchion/waivers.toml"
                    .to_owned(),
            );
        }
    };
    let mut out = format!("stanchion: {verb} {}", waiver.guideline);
    let mut put = |key: &str, value: &str| -> Result<(), String> {
        if value.contains(['"', '\n', '\r']) {
            return Err(format!("`{key}` contains a quote or a line ending, which a comment cannot contain"));
        }
        // Writing to a String cannot fail.
        let _ = if value.contains(char::is_whitespace) {
            write!(out, " {key}=\"{value}\"")
        } else {
            write!(out, " {key}={value}")
        };
        Ok(())
    };
    match waiver.end {
        WaiverEnd::Until(day) => put("until", &day.to_string())?,
        WaiverEnd::Standing { review_on } => put("review-on", &review_on.to_string())?,
        WaiverEnd::Never => {}
    }
    if waiver.kind != WaiverKind::Other {
        put("kind", waiver.kind.as_str())?;
    }
    if let Some(versions) = &waiver.versions {
        put("versions", &versions.to_string().replace(", ", ","))?;
    }
    if !waiver.checks.is_empty() {
        put("checks", &waiver.checks.join(","))?;
    }
    for (key, value) in [("owner", &waiver.owner), ("instead", &waiver.instead)] {
        if let Some(value) = value {
            put(key, value)?;
        }
    }
    if let Some(declared) = waiver.declared {
        put("declared", &declared.to_string())?;
    }
    if let Some(withdrawn) = waiver.withdrawn {
        put("withdrawn", &withdrawn.to_string())?;
    }
    if waiver.reason.contains(['\n', '\r']) {
        return Err("the reason has several lines, but a comment has one".to_owned());
    }
    if waiver.reason.contains("?>") || waiver.reason.trim().ends_with('\\') {
        return Err(
            "the reason contains `?>` or ends with a backslash, which have a special meaning in some comments"
                .to_owned(),
        );
    }
    let _ = write!(out, " -- {}", waiver.reason.trim());
    let body = &out["stanchion:".len()..];
    if !closer.is_empty() && body.contains(closer.trim()) {
        return Err(format!("the reason contains `{closer}`, which would end the comment"));
    }
    Ok(out)
}

/// Renders a waiver as a whole comment.
///
/// # Errors
/// Same as [`render_inline_waiver`].
pub fn render_waiver_comment(waiver: &Waiver, syntax: CommentSyntax) -> Result<String, String> {
    let text = render_inline_waiver(waiver, syntax.closer)?;
    let closer = if syntax.closer.is_empty() { String::new() } else { format!(" {}", syntax.closer) };
    Ok(format!("{} {text}{closer}", syntax.opener))
}
