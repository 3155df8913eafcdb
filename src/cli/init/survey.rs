//! Surveys a repository by its file names.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::{files, links};
use crate::engine::tree::{EntryKind, PathEntry};
use crate::model::{Language, language_of};

/// Maximum number of languages in the message.
const MAX_LANGUAGES: usize = 5;
/// Locations of CODEOWNERS, in the order in which GitHub searches them.
const CODEOWNERS_PATHS: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// Result of the survey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Survey {
    /// Languages with their number of files, most files first.
    pub(super) languages: Vec<(&'static str, usize)>,
    /// Build servers.
    pub(super) ci: Vec<&'static str>,
    /// Package managers and deployment tools.
    pub(super) tools: Vec<&'static str>,
    /// Whether the repository has a folder of guidelines.
    pub(super) own_guidelines: bool,
    /// Default owner in CODEOWNERS.
    pub(super) owner: Option<String>,
}

/// Path prefixes or file names, and the build server that uses them.
const CI_SIGNS: [(&str, &str); 6] = [
    (".github/workflows/", "GitHub Actions"),
    (".gitlab-ci.yml", "GitLab CI"),
    ("Jenkinsfile", "Jenkins"),
    (".circleci/", "CircleCI"),
    ("azure-pipelines.yml", "Azure Pipelines"),
    ("bitbucket-pipelines.yml", "Bitbucket Pipelines"),
];
/// File names, and the tool that uses them.
const TOOL_SIGNS: [(&str, &str); 13] = [
    ("Dockerfile", "containers"),
    ("Containerfile", "containers"),
    ("docker-compose.yml", "containers"),
    ("compose.yaml", "containers"),
    ("Chart.yaml", "Helm"),
    ("kustomization.yaml", "Kubernetes"),
    ("package.json", "npm packages"),
    ("Cargo.toml", "Rust crates"),
    ("pyproject.toml", "Python packages"),
    ("requirements.txt", "Python packages"),
    ("go.mod", "Go modules"),
    ("pom.xml", "Maven"),
    ("Gemfile", "Ruby gems"),
];

impl Survey {
    /// Surveys the file names and the CODEOWNERS file of a repository.
    pub(super) fn of(root: &Path, entries: &[PathEntry]) -> Self {
        let mut survey = Self::default();
        let mut languages: BTreeMap<&'static str, usize> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.kind == EntryKind::File) {
            if let Some(language) = language_of(entry.path.bytes()) {
                *languages.entry(language.name()).or_default() += 1;
            }
            let (path, name) =
                (entry.path.lossless(), String::from_utf8_lossy(entry.path.name()).into_owned());
            let note = |list: &mut Vec<&'static str>, what: &'static str| {
                if !list.contains(&what) {
                    list.push(what);
                }
            };
            for (sign, what) in CI_SIGNS {
                if path.starts_with(sign) || name == sign {
                    note(&mut survey.ci, what);
                }
            }
            for (sign, what) in TOOL_SIGNS {
                if name == sign {
                    note(&mut survey.tools, what);
                }
            }
            if language_of(entry.path.bytes()) == Some(Language::Hcl) {
                note(&mut survey.tools, "Terraform");
            }
        }
        survey.languages = languages.into_iter().collect();
        survey.languages.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        // A folder behind a symbolic link that leads outside the repository cannot be followed.
        let inside = |path: &str| links::resolve_inside(root, Path::new(path));
        let own = inside("guidelines").and_then(|own| files::markdown_below(&own).ok());
        survey.own_guidelines = own.is_some_and(|found| !found.is_empty());
        let text = |path: &str| files::read(&inside(path)?).ok();
        survey.owner = CODEOWNERS_PATHS.iter().find_map(|path| default_owner(&text(path)?));
        survey
    }

    /// Describes the result in sentences.
    pub(super) fn sentences(&self) -> Vec<String> {
        let mut all = Vec::new();
        let named: Vec<String> = self
            .languages
            .iter()
            .take(MAX_LANGUAGES)
            .map(|(name, files)| format!("{name} ({files})"))
            .collect();
        let more = self.languages.len().saturating_sub(MAX_LANGUAGES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        all.push(if named.is_empty() {
            "This repository has no files in a known language.".to_owned()
        } else {
            format!("This repository has {}{more}.", named.join(", "))
        });
        let tools: Vec<&str> = self.ci.iter().chain(&self.tools).copied().collect();
        if !tools.is_empty() {
            all.push(format!("It uses {}.", tools.join(", ")));
        }
        if let Some(owner) = &self.owner {
            all.push(format!("Its owner in CODEOWNERS is {owner}."));
        }
        if self.own_guidelines {
            all.push("It has its own guidelines in ./guidelines, which take precedence.".to_owned());
        }
        all
    }
}

/// The first owner in the last CODEOWNERS line that matches every file: GitHub uses the last matching line.
fn default_owner(text: &str) -> Option<String> {
    let mut all = text.lines().filter_map(|line| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let pattern = words.next()?;
        if matches!(pattern, "*" | "/" | "/*" | "/**" | "**") {
            words.next().map(str::to_owned)
        } else {
            None
        }
    });
    // The name is shown and written to a file, so it must not contain unusual characters.
    let is_name = |owner: &String| {
        owner.starts_with('@') && owner.len() <= 100 && owner.bytes().all(|byte| byte.is_ascii_graphic())
    };
    all.next_back().filter(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RepoPath;

    #[test]
    fn languages_and_tools_are_detected_by_file_names() {
        let file = |path: &str| PathEntry { path: RepoPath::from(path), kind: EntryKind::File };
        let entries: Vec<PathEntry> = [
            ".github/workflows/ci.yml",
            "Cargo.toml",
            "deploy/Dockerfile",
            "src/a.rs",
            "src/b.rs",
            "x.py",
            "main.tf",
        ]
        .iter()
        .map(|path| file(path))
        .collect();
        let survey = Survey::of(Path::new("/nowhere"), &entries);
        assert_eq!(survey.ci, ["GitHub Actions"]);
        assert_eq!(survey.tools, ["Rust crates", "containers", "Terraform"]);
        assert_eq!(survey.languages[0], ("rust", 2));
        assert_eq!(Survey::of(Path::new("/nowhere"), &[]).sentences().len(), 1);
    }

    #[test]
    fn the_default_owner_is_found() {
        assert_eq!(default_owner("# us\n* @a\n/docs @b\n* @acme/pay # all\n"), Some("@acme/pay".to_owned()));
        assert_eq!(default_owner("/docs @b\n"), None);
        assert_eq!(default_owner("* someone@example.org\n"), None);
        assert_eq!(default_owner("* @a\u{9b}31m\n"), None, "a terminal would interpret it");
    }
}
