//! What a repository is made of, by its names.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::{files, links};
use crate::engine::tree::{Entry, EntryKind};
use crate::model::{Language, language_of};

/// Languages that are named.
const LANGUAGES: usize = 5;
/// Where code owners are written, in the order in which GitHub looks.
const OWNERS: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Languages with their number of files, most first.
    pub(super) languages: Vec<(&'static str, usize)>,
    /// What builds and tests it.
    pub(super) ci: Vec<&'static str>,
    /// What it is packaged or described with.
    pub(super) tools: Vec<&'static str>,
    /// Whether there is a folder of guidelines already.
    pub(super) own_guidelines: bool,
    /// Who owns all of it, according to CODEOWNERS.
    pub(super) owner: Option<String>,
}

/// What a name says: a beginning or an end of a path, and what it is a sign of.
const CI: [(&str, &str); 6] = [
    (".github/workflows/", "GitHub Actions"),
    (".gitlab-ci.yml", "GitLab CI"),
    ("Jenkinsfile", "Jenkins"),
    (".circleci/", "CircleCI"),
    ("azure-pipelines.yml", "Azure Pipelines"),
    ("bitbucket-pipelines.yml", "Bitbucket Pipelines"),
];
const TOOLS: [(&str, &str); 13] = [
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

impl Seen {
    /// Looks at the names of a repository, and at who owns it.
    pub(super) fn of(root: &Path, entries: &[Entry]) -> Self {
        let mut seen = Self::default();
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
            for (sign, what) in CI {
                if path.starts_with(sign) || name == sign {
                    note(&mut seen.ci, what);
                }
            }
            for (sign, what) in TOOLS {
                if name == sign {
                    note(&mut seen.tools, what);
                }
            }
            if language_of(entry.path.bytes()) == Some(Language::Hcl) {
                note(&mut seen.tools, "Terraform");
            }
        }
        seen.languages = languages.into_iter().collect();
        seen.languages.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        // What lies outside the repository, behind a link, cannot be followed.
        let inside = |path: &str| links::inside_without_asking(root, Path::new(path));
        let own = inside("guidelines").and_then(|own| files::markdown_below(&own).ok());
        seen.own_guidelines = own.is_some_and(|found| !found.is_empty());
        let text = |path: &str| files::read(&inside(path)?).ok();
        seen.owner = OWNERS.iter().find_map(|path| owner(&text(path)?));
        seen
    }

    /// What was seen, in sentences.
    pub(super) fn sentences(&self) -> Vec<String> {
        let mut all = Vec::new();
        let named: Vec<String> =
            self.languages.iter().take(LANGUAGES).map(|(name, files)| format!("{name} ({files})")).collect();
        let more = self.languages.len().saturating_sub(LANGUAGES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        all.push(if named.is_empty() {
            "This repository has no file in a language that is known.".to_owned()
        } else {
            format!("This repository has {}{more}.", named.join(", "))
        });
        let tools: Vec<&str> = self.ci.iter().chain(&self.tools).copied().collect();
        if !tools.is_empty() {
            all.push(format!("It uses {}.", tools.join(", ")));
        }
        if let Some(owner) = &self.owner {
            all.push(format!("CODEOWNERS says that it belongs to {owner}."));
        }
        if self.own_guidelines {
            all.push("It has guidelines of its own in ./guidelines, which come first.".to_owned());
        }
        all
    }
}

/// The first owner of everything in a CODEOWNERS file; the last line about everything decides, as for GitHub.
fn owner(text: &str) -> Option<String> {
    let mut all = text.lines().filter_map(|line| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let pattern = words.next()?;
        if matches!(pattern, "*" | "/" | "/*" | "/**" | "**") {
            words.next().map(str::to_owned)
        } else {
            None
        }
    });
    // What no owner's name holds would be shown, and written, as it is.
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
    fn a_repository_is_known_by_its_names() {
        let file = |path: &str| Entry { path: RepoPath::from(path), kind: EntryKind::File };
        let entries: Vec<Entry> = [
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
        let seen = Seen::of(Path::new("/nowhere"), &entries);
        assert_eq!(seen.ci, ["GitHub Actions"]);
        assert_eq!(seen.tools, ["Rust crates", "containers", "Terraform"]);
        assert_eq!(seen.languages[0], ("rust", 2));
        assert_eq!(Seen::of(Path::new("/nowhere"), &[]).sentences().len(), 1);
    }

    #[test]
    fn the_owner_of_everything_is_found() {
        assert_eq!(owner("# us\n* @a\n/docs @b\n* @acme/pay # all\n"), Some("@acme/pay".to_owned()));
        assert_eq!(owner("/docs @b\n"), None);
        assert_eq!(owner("* someone@example.org\n"), None);
        assert_eq!(owner("* @a\u{9b}31m\n"), None, "a terminal would obey");
    }
}
