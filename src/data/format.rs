//! Detection of a data format from the file name.

/// A format that [`super::load`] parses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentFormat {
    /// Strict JSON.
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

impl DocumentFormat {
    /// Name for people.
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

/// Formats of files with these full names, whose extension does not determine the format.
const FILE_NAMES: &[(&str, DocumentFormat)] = &[
    (".eslintrc.json", DocumentFormat::Jsonc),
    ("tslint.json", DocumentFormat::Jsonc),
    ("devcontainer.json", DocumentFormat::Jsonc),
    (".devcontainer.json", DocumentFormat::Jsonc),
    ("api-extractor.json", DocumentFormat::Jsonc),
    ("turbo.json", DocumentFormat::Jsonc),
    (".swcrc", DocumentFormat::Jsonc),
    ("composer.lock", DocumentFormat::Json),
    ("pipfile.lock", DocumentFormat::Json),
    ("flake.lock", DocumentFormat::Json),
    ("cargo.lock", DocumentFormat::Toml),
    ("poetry.lock", DocumentFormat::Toml),
    ("uv.lock", DocumentFormat::Toml),
    ("pdm.lock", DocumentFormat::Toml),
    ("pipfile", DocumentFormat::Toml),
    (".clang-format", DocumentFormat::Yaml),
    (".clang-tidy", DocumentFormat::Yaml),
    (".yamllint", DocumentFormat::Yaml),
    (".env", DocumentFormat::Env),
    (".editorconfig", DocumentFormat::Ini),
    (".gitconfig", DocumentFormat::Ini),
    (".gitmodules", DocumentFormat::Ini),
    (".npmrc", DocumentFormat::Ini),
    (".pylintrc", DocumentFormat::Ini),
    (".flake8", DocumentFormat::Ini),
    (".coveragerc", DocumentFormat::Ini),
];

/// Formats by file name extension.
const EXTENSIONS: &[(&str, DocumentFormat)] = &[
    ("json", DocumentFormat::Json),
    ("ipynb", DocumentFormat::Json),
    ("geojson", DocumentFormat::Json),
    ("jsonld", DocumentFormat::Json),
    ("webmanifest", DocumentFormat::Json),
    ("sarif", DocumentFormat::Json),
    ("jsonc", DocumentFormat::Jsonc),
    ("code-workspace", DocumentFormat::Jsonc),
    ("yaml", DocumentFormat::Yaml),
    ("yml", DocumentFormat::Yaml),
    ("cff", DocumentFormat::Yaml),
    ("toml", DocumentFormat::Toml),
    ("env", DocumentFormat::Env),
    ("ini", DocumentFormat::Ini),
    ("cfg", DocumentFormat::Ini),
];

/// Format of the file at `path` (a path separated by `/`, or a file name), detected from its name, ignoring
/// case. `None` if the name does not determine it.
#[must_use]
pub fn format_of(path: &[u8]) -> Option<DocumentFormat> {
    let mut parts = path.rsplit(|&byte| byte == b'/');
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let in_vscode = parts.any(|part| part == b".vscode");
    if let Some((_, format)) = FILE_NAMES.iter().find(|(whole, _)| whole.as_bytes() == name) {
        return Some(*format);
    }
    let by_extension = name
        .iter()
        .rposition(|&byte| byte == b'.')
        .and_then(|dot| EXTENSIONS.iter().find(|(extension, _)| extension.as_bytes() == &name[dot + 1..]));
    match by_extension {
        Some((_, DocumentFormat::Json)) if in_vscode || is_compiler_configuration(&name) => {
            Some(DocumentFormat::Jsonc)
        }
        Some((_, format)) => Some(*format),
        None if name.starts_with(b".env.") => Some(DocumentFormat::Env),
        None => None,
    }
}

/// Whether the name is `tsconfig*.json` or `jsconfig*.json`; these files usually contain comments.
fn is_compiler_configuration(name: &[u8]) -> bool {
    name.ends_with(b".json") && (name.starts_with(b"tsconfig") || name.starts_with(b"jsconfig"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_detected_from_the_name() {
        let cases: &[(&str, Option<DocumentFormat>)] = &[
            ("package.json", Some(DocumentFormat::Json)),
            ("a/b/Notebook.IPYNB", Some(DocumentFormat::Json)),
            ("web/tsconfig.build.json", Some(DocumentFormat::Jsonc)),
            ("jsconfig.json", Some(DocumentFormat::Jsonc)),
            (".eslintrc.json", Some(DocumentFormat::Jsonc)),
            (".devcontainer/devcontainer.json", Some(DocumentFormat::Jsonc)),
            (".vscode/settings.json", Some(DocumentFormat::Jsonc)),
            ("a/.vscode/launch.json", Some(DocumentFormat::Jsonc)),
            ("vscode/settings.json", Some(DocumentFormat::Json)),
            ("x.code-workspace", Some(DocumentFormat::Jsonc)),
            ("x.json5", None),
            (".github/workflows/ci.yml", Some(DocumentFormat::Yaml)),
            ("Cargo.lock", Some(DocumentFormat::Toml)),
            ("yarn.lock", None),
            (".env", Some(DocumentFormat::Env)),
            (".env.production", Some(DocumentFormat::Env)),
            ("deploy/prod.env", Some(DocumentFormat::Env)),
            (".envrc", None),
            ("setup.cfg", Some(DocumentFormat::Ini)),
            (".editorconfig", Some(DocumentFormat::Ini)),
            ("json", None),
            ("", None),
        ];
        for (path, format) in cases {
            assert_eq!(format_of(path.as_bytes()), *format, "{path}");
        }
        assert_eq!(format_of(b"caf\xe9.yaml"), Some(DocumentFormat::Yaml));
    }
}
