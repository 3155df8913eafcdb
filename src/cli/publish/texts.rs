//! Collects the files to publish: valid guidelines, whose examples hold, and standards.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::Version;

use super::super::failure::system_words;
use super::super::{Failure, files, guidelines, worker};
use crate::client::RegistryEntryKind;
use crate::format;
use crate::model::{Guideline, GuidelineId, Origin, Problem};
use crate::text::Span;
use crate::verify::{CaseVerdict, verify_examples};

/// Folder that is published by default.
const DEFAULT_FOLDER: &str = "guidelines";

/// A guideline or standard to publish.
pub(super) struct Publication {
    pub(super) kind: RegistryEntryKind,
    pub(super) id: GuidelineId,
    pub(super) version: Version,
    pub(super) sha256: String,
    /// Content of the file.
    pub(super) content: String,
}

/// Collects every guideline and standard in these files and folders: guidelines first, each in order of id.
///
/// # Errors
/// Files that cannot be read, and every problem that prevents publishing.
pub(super) fn collect_publications(base: &Path, paths: &[PathBuf]) -> Result<Vec<Publication>, Failure> {
    let own = [PathBuf::from(DEFAULT_FOLDER)];
    let paths = if paths.is_empty() { &own[..] } else { paths };
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        for (file, shown) in files_at(base, path)? {
            let is_standard = file.extension().is_some_and(|it| it.eq_ignore_ascii_case("toml"));
            let text = files::read(&file).map_err(|error| Failure::io("read", Path::new(&shown), &error))?;
            let read = if is_standard { read_standard(&shown, text) } else { read_guideline(&shown, text) };
            match read {
                Ok(read) => all.extend(read),
                Err(found) => problems.extend(found),
            }
        }
    }
    if !problems.is_empty() {
        return Err(Failure::Problems {
            message: "nothing was published: some files are invalid".to_owned(),
            problems,
        });
    }
    if all.is_empty() {
        let places: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(Failure::new(format!("found no guidelines or standards in {}", places.join(" or "))).with_help(
            "a guideline is a .md file that begins with front matter (create one with `stanchion new ID`); a standard is \
             a .toml file with `standard = …`",
        ));
    }
    all.sort_by(|a, b| {
        (a.kind == RegistryEntryKind::Standard, &a.id, &a.version).cmp(&(
            b.kind == RegistryEntryKind::Standard,
            &b.id,
            &b.version,
        ))
    });
    for pair in all.windows(2) {
        if pair[0].id == pair[1].id && pair[0].version == pair[1].version && pair[0].sha256 != pair[1].sha256
        {
            return Err(Failure::new(format!(
                "{} {} is in two files with different content",
                pair[0].id, pair[0].version
            ))
            .with_help("publish only one of them, or give one a different version"));
        }
    }
    all.dedup_by(|a, b| a.id == b.id && a.version == b.version);
    Ok(all)
}

/// Lists the files of a path, each with its path for messages.
fn files_at(base: &Path, path: &Path) -> Result<Vec<(PathBuf, String)>, Failure> {
    let full = base.join(path);
    if full.is_file() {
        return Ok(vec![(full, path.display().to_string())]);
    }
    let found = files::files_below(&full, &["md", "toml"]).map_err(|(at, error)| {
        let shown = if at == full { path } else { &at };
        let failure = Failure::new(format!("{} cannot be listed: {}", shown.display(), system_words(&error)));
        if path == Path::new(DEFAULT_FOLDER) {
            failure.with_help("give the folder with your guidelines: stanchion publish PATH")
        } else {
            failure.with_help("give an existing folder or file")
        }
    })?;
    let with_shown_path = |file: PathBuf| {
        let shown = path.join(file.strip_prefix(&full).unwrap_or(&file)).display().to_string();
        (file, shown)
    };
    Ok(found.into_iter().map(with_shown_path).collect())
}

/// Reads a guideline; `None` if the file has no front matter.
fn read_guideline(shown: &str, text: String) -> Result<Option<Publication>, Vec<Problem>> {
    if !text.trim_start_matches('\u{feff}').starts_with("---") {
        return Ok(None);
    }
    // A registry stores a single file per version.
    let beside = std::cell::RefCell::new(None);
    let resource = |name: &str| {
        beside.borrow_mut().get_or_insert_with(|| name.to_owned());
        Some("{}".to_owned())
    };
    let guideline =
        Arc::new(format::parse_guideline(shown, &text, Origin::File(shown.to_owned()), &resource)?);
    if let Some(name) = beside.into_inner() {
        let message =
            format!("it uses another file ({name}), but a registry stores only the guideline itself");
        return Err(vec![text_problem(
            shown,
            &text,
            &name,
            message,
            "write the schema into the check with `assert`",
        )]);
    }
    if !guideline.version.build.is_empty() {
        return Err(vec![build_metadata_problem(shown, &text, &guideline.version)]);
    }
    let program = worker::worker_program();
    let broken = guidelines::compile_problems(&guideline, program.as_deref());
    if !broken.is_empty() {
        return Err(broken);
    }
    let problems = example_problems(&guideline, program.as_deref());
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Some(Publication {
        kind: RegistryEntryKind::Guideline,
        id: guideline.id.clone(),
        version: guideline.version.clone(),
        sha256: guideline.sha256.clone(),
        content: text,
    }))
}

/// A problem in a text, located at the first occurrence of `marked`.
fn text_problem(shown: &str, text: &str, marked: &str, message: String, help: &str) -> Problem {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let at = text.find(marked).map_or(Span::at(0), |at| Span::new(at, at + marked.len()));
    Problem {
        file: Arc::from(shown),
        text: Arc::from(text),
        span: at,
        message,
        label: "here".to_owned(),
        help: Some(help.to_owned()),
        first_line: 1,
    }
}

/// The problem for a version with build metadata, which a registry also refuses.
fn build_metadata_problem(shown: &str, text: &str, version: &Version) -> Problem {
    let message =
        format!("version {version} must not contain build metadata (+…): version requirements ignore it");
    text_problem(shown, text, &version.to_string(), message, "remove the part from `+` on")
}

/// Problems for examples that do not hold.
fn example_problems(guideline: &Arc<Guideline>, program: Option<&Path>) -> Vec<Problem> {
    let cases = verify_examples(guideline, program).cases;
    let missed = cases.iter().filter(|case| case.verdict != CaseVerdict::Holds);
    missed
        .map(|case| Problem {
            help: Some(format!("run `stanchion test {}` for details", guideline.origin.location())),
            ..super::super::test::example_problem(guideline, case)
        })
        .collect()
}

/// Reads a standard; `None` if the file is not one.
fn read_standard(shown: &str, text: String) -> Result<Option<Publication>, Vec<Problem>> {
    if !text.contains("standard") {
        return Ok(None);
    }
    let standard = format::parse_standard(shown, &text, Origin::File(shown.to_owned()))?;
    if !standard.version.build.is_empty() {
        return Err(vec![build_metadata_problem(shown, &text, &standard.version)]);
    }
    Ok(Some(Publication {
        kind: RegistryEntryKind::Standard,
        id: standard.id,
        version: standard.version,
        sha256: standard.sha256,
        content: text,
    }))
}
