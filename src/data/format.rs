//! Which format a file is in, told from its name alone.

/// A format that [`super::load`] reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// JSON, strictly.
    Json,
    /// JSON with comments and trailing commas.
    Jsonc,
    /// YAML 1.2, any number of documents.
    Yaml,
    /// TOML 1.
    Toml,
    /// `NAME=value` lines.
    Env,
    /// INI sections.
    Ini,
}

impl Format {
    /// The name people know it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Jsonc => "JSON with comments",
            Self::Yaml => "YAML",
            Self::Toml => "TOML",
            Self::Env => ".env",
            Self::Ini => "INI",
        }
    }
}

/// Files with these whole names, which their extension does not tell.
const NAMES: &[(&str, Format)] = &[
    (".eslintrc.json", Format::Jsonc),
    ("tslint.json", Format::Jsonc),
    ("devcontainer.json", Format::Jsonc),
    (".devcontainer.json", Format::Jsonc),
    ("api-extractor.json", Format::Jsonc),
    ("turbo.json", Format::Jsonc),
    (".swcrc", Format::Jsonc),
    ("composer.lock", Format::Json),
    ("pipfile.lock", Format::Json),
    ("flake.lock", Format::Json),
    ("cargo.lock", Format::Toml),
    ("poetry.lock", Format::Toml),
    ("uv.lock", Format::Toml),
    ("pdm.lock", Format::Toml),
    ("pipfile", Format::Toml),
    (".clang-format", Format::Yaml),
    (".clang-tidy", Format::Yaml),
    (".yamllint", Format::Yaml),
    (".env", Format::Env),
    (".editorconfig", Format::Ini),
    (".gitconfig", Format::Ini),
    (".gitmodules", Format::Ini),
    (".npmrc", Format::Ini),
    (".pylintrc", Format::Ini),
    (".flake8", Format::Ini),
    (".coveragerc", Format::Ini),
];

/// Endings of names.
const EXTENSIONS: &[(&str, Format)] = &[
    ("json", Format::Json),
    ("ipynb", Format::Json),
    ("geojson", Format::Json),
    ("jsonld", Format::Json),
    ("webmanifest", Format::Json),
    ("sarif", Format::Json),
    ("jsonc", Format::Jsonc),
    ("code-workspace", Format::Jsonc),
    ("yaml", Format::Yaml),
    ("yml", Format::Yaml),
    ("cff", Format::Yaml),
    ("toml", Format::Toml),
    ("env", Format::Env),
    ("ini", Format::Ini),
    ("cfg", Format::Ini),
];

/// The format of the file at `path` (a whole path or just a name; `/` separates), from its name,
/// upper and lower case alike. `None` when the name does not tell.
#[must_use]
pub fn format_of(path: &[u8]) -> Option<Format> {
    let mut parts = path.rsplit(|&byte| byte == b'/');
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let in_vscode = parts.any(|part| part == b".vscode");
    if let Some((_, format)) = NAMES.iter().find(|(whole, _)| whole.as_bytes() == name) {
        return Some(*format);
    }
    let by_extension = name
        .iter()
        .rposition(|&byte| byte == b'.')
        .and_then(|dot| EXTENSIONS.iter().find(|(extension, _)| extension.as_bytes() == &name[dot + 1..]));
    match by_extension {
        Some((_, Format::Json)) if in_vscode || is_compiler_configuration(&name) => Some(Format::Jsonc),
        Some((_, format)) => Some(*format),
        None if name.starts_with(b".env.") => Some(Format::Env),
        None => None,
    }
}

/// `tsconfig*.json` and `jsconfig*.json`, where comments are usual.
fn is_compiler_configuration(name: &[u8]) -> bool {
    name.ends_with(b".json") && (name.starts_with(b"tsconfig") || name.starts_with(b"jsconfig"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_format() {
        let cases: &[(&str, Option<Format>)] = &[
            ("package.json", Some(Format::Json)),
            ("a/b/Notebook.IPYNB", Some(Format::Json)),
            ("web/tsconfig.build.json", Some(Format::Jsonc)),
            ("jsconfig.json", Some(Format::Jsonc)),
            (".eslintrc.json", Some(Format::Jsonc)),
            (".devcontainer/devcontainer.json", Some(Format::Jsonc)),
            (".vscode/settings.json", Some(Format::Jsonc)),
            ("a/.vscode/launch.json", Some(Format::Jsonc)),
            ("vscode/settings.json", Some(Format::Json)),
            ("x.code-workspace", Some(Format::Jsonc)),
            ("x.json5", None),
            (".github/workflows/ci.yml", Some(Format::Yaml)),
            ("Cargo.lock", Some(Format::Toml)),
            ("yarn.lock", None),
            (".env", Some(Format::Env)),
            (".env.production", Some(Format::Env)),
            ("deploy/prod.env", Some(Format::Env)),
            (".envrc", None),
            ("setup.cfg", Some(Format::Ini)),
            (".editorconfig", Some(Format::Ini)),
            ("json", None),
            ("", None),
        ];
        for (path, format) in cases {
            assert_eq!(format_of(path.as_bytes()), *format, "{path}");
        }
        assert_eq!(format_of(b"caf\xe9.yaml"), Some(Format::Yaml));
    }
}
