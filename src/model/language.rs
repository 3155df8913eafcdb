//! Languages: names, aliases and file names.
//!
//! Extensions agree with ast-grep 0.51 (`ast-grep-language`, `extensions`), so that a pasted rule selects the
//! same files. ast-grep lacks three of these languages: Dockerfile, SQL and TOML.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! languages {
    ($($variant:ident $name:literal [$($alias:literal),*] [$($ext:literal),*];)*) => {
        /// A language that code checks can parse.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the variants are the languages' own names")]
        pub enum Language { $($variant),* }

        impl Language {
            /// All languages, in order of name.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Name in guideline files.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Other accepted names.
            #[must_use]
            pub fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($alias),*]),* }
            }

            /// File name extensions, without the dot.
            #[must_use]
            pub fn extensions(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($ext),*]),* }
            }

            /// Name in ast-grep's own rules, such as `TypeScript`.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),* }
            }

            fn of_extension(extension: &str) -> Option<Self> {
                match extension { $($($ext)|* => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

languages! {
    Bash "bash" ["sh", "shell"] ["bash", "bats", "cgi", "command", "env", "fcgi", "ksh", "sh", "tmux", "tool", "zsh"];
    C "c" [] ["c", "h"];
    Cpp "cpp" ["c++", "cc", "cxx"] ["cc", "hpp", "cpp", "c++", "hh", "cxx", "cu", "ino"];
    CSharp "csharp" ["c#", "cs"] ["cs"];
    Css "css" [] ["css", "scss"];
    Dockerfile "dockerfile" ["docker", "containerfile"] ["dockerfile", "containerfile"];
    Go "go" ["golang"] ["go"];
    Hcl "hcl" ["terraform", "tf"] ["hcl", "nomad", "tf", "tfvars", "workflow"];
    Html "html" [] ["html", "htm", "xhtml"];
    Java "java" [] ["java"];
    JavaScript "javascript" ["js", "jsx"] ["cjs", "js", "mjs", "jsx"];
    Json "json" [] ["json"];
    Kotlin "kotlin" ["kt"] ["kt", "ktm", "kts"];
    Markdown "markdown" ["md"] ["markdown", "md"];
    Php "php" [] ["php"];
    Python "python" ["py"] ["py", "py3", "pyi", "bzl", "bazel"];
    Ruby "ruby" ["rb"] ["rb", "rbw", "gemspec"];
    Rust "rust" ["rs"] ["rs"];
    Sql "sql" [] ["sql"];
    Toml "toml" [] ["toml"];
    Tsx "tsx" [] ["tsx"];
    TypeScript "typescript" ["ts"] ["ts", "cts", "mts"];
    Yaml "yaml" ["yml"] ["yaml", "yml"];
}

impl Language {
    /// All accepted spellings in guideline files: the name, its aliases and ast-grep's spelling.
    pub fn spellings(self) -> impl Iterator<Item = &'static str> {
        let names = std::iter::once(self.name()).chain(self.aliases().iter().copied());
        names.chain(std::iter::once(self.title()))
    }

    /// Language with this name or alias, ignoring case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|language| {
            language.name().eq_ignore_ascii_case(name)
                || language.aliases().iter().any(|alias| alias.eq_ignore_ascii_case(name))
        })
    }
}

/// Language of a file by its name, given as bytes of a path or a file name. Dockerfiles (not an ast-grep
/// language) are also recognized as `Dockerfile`, `Dockerfile.*`, `*.Dockerfile`, `Containerfile` and
/// `Containerfile.*`.
#[must_use]
pub fn language_of(path: &[u8]) -> Option<Language> {
    let start = memchr::memrchr(b'/', path).map_or(0, |at| at + 1);
    let name = &path[start..];
    if matches!(name, b"Dockerfile" | b"Containerfile")
        || name.starts_with(b"Dockerfile.")
        || name.starts_with(b"Containerfile.")
        || name.ends_with(b".Dockerfile")
    {
        return Some(Language::Dockerfile);
    }
    // As with `Path::extension`, a name whose only dot is its first character has no extension. The bytes
    // before the dot need not be UTF-8.
    let dot = memchr::memrchr(b'.', name).filter(|&dot| dot > 0)?;
    Language::of_extension(std::str::from_utf8(&name[dot + 1..]).ok()?)
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'de, str>::deserialize(deserializer)?;
        let named = Self::ALL.iter().copied().find(|language| language.spellings().any(|it| it == name));
        named.ok_or_else(|| serde::de::Error::custom(format!("unknown language `{name}`")))
    }
}

impl schemars::JsonSchema for Language {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Language")
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Name or alias of a language, or its spelling in ast-grep rules.",
            "enum": Self::ALL.iter().flat_map(|language| language.spellings()).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut seen = std::collections::BTreeMap::new();
        for &language in Language::ALL {
            for name in std::iter::once(language.name()).chain(language.aliases().iter().copied()) {
                assert_eq!(seen.insert(name, language), None, "{name} is listed twice");
                assert_eq!(Language::from_name(&name.to_uppercase()), Some(language));
            }
        }
    }

    #[test]
    fn only_known_spellings_are_accepted_in_files() {
        let read = |name: &str| serde_json::from_value::<Language>(name.into()).ok();
        for (name, language) in [
            ("python", Some(Language::Python)),
            ("Python", Some(Language::Python)),
            ("TypeScript", Some(Language::TypeScript)),
            ("Tsx", Some(Language::Tsx)),
            ("JavaScript", Some(Language::JavaScript)),
            ("CSharp", Some(Language::CSharp)),
            ("c#", Some(Language::CSharp)),
            ("PYTHON", None),
            ("\u{17f}ql", None),
            ("", None),
        ] {
            assert_eq!(read(name), language, "{name}");
        }
        let schema = schemars::schema_for!(Language).to_value();
        let known = schema["enum"].as_array().expect("an enumeration");
        for name in known {
            assert!(read(name.as_str().expect("text")).is_some(), "{name}");
        }
        let distinct: std::collections::BTreeSet<&str> =
            known.iter().filter_map(|name| name.as_str()).collect();
        assert_eq!(distinct.len(), known.len());
    }

    #[test]
    fn languages_are_detected_from_file_names() {
        assert_eq!(language_of(b"a/b.py"), Some(Language::Python));
        assert_eq!(language_of(b"svc/Dockerfile.prod"), Some(Language::Dockerfile));
        assert_eq!(language_of(b".py"), None);
        assert_eq!(language_of(b"Makefile"), None);
        assert_eq!(language_of(b"x.\xff"), None);
        assert_eq!(language_of(b"\xff\xfe/x\xff.py"), Some(Language::Python));
        assert_eq!(language_of(b"\xff.Dockerfile"), Some(Language::Dockerfile));
    }
}
