//! What is going to be published: files that can be used, and whose examples hold.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::Version;

use super::super::failure::system_words;
use super::super::{Failure, files, guidelines, worker};
use crate::client::Kind;
use crate::format;
use crate::model::{Guideline, GuidelineId, Origin, Problem};
use crate::text::Span;
use crate::verify::{CaseVerdict, verify};

/// The folder that is published where none is named.
const FOLDER: &str = "guidelines";

/// A text with what it says of itself.
pub(super) struct Text {
    pub(super) kind: Kind,
    pub(super) id: GuidelineId,
    pub(super) version: Version,
    pub(super) sha256: String,
    /// The file's bytes.
    pub(super) content: String,
}

/// Every text in these files and folders, guidelines before standards, each in order of name.
///
/// # Errors
/// What cannot be read, and everything that keeps one of them from being published.
pub(super) fn collect(base: &Path, paths: &[PathBuf]) -> Result<Vec<Text>, Failure> {
    let own = [PathBuf::from(FOLDER)];
    let paths = if paths.is_empty() { &own[..] } else { paths };
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        for (file, shown) in files_of(base, path)? {
            let is_standard = file.extension().is_some_and(|it| it.eq_ignore_ascii_case("toml"));
            let text = files::read(&file).map_err(|error| Failure::io("read", Path::new(&shown), &error))?;
            let read = if is_standard { standard(&shown, text) } else { guideline(&shown, text) };
            match read {
                Ok(read) => all.extend(read),
                Err(found) => problems.extend(found),
            }
        }
    }
    if !problems.is_empty() {
        return Err(Failure::Problems {
            what: "nothing was published: not everything can be".to_owned(),
            problems,
        });
    }
    if all.is_empty() {
        let places: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(Failure::new(format!("there is nothing to publish in {}", places.join(" or "))).with_help(
            "a guideline is a .md file that begins with front matter (`stanchion new ID` writes one), a standard a .toml \
             file that says `standard = …`",
        ));
    }
    all.sort_by(|a, b| {
        (a.kind == Kind::Standard, &a.id, &a.version).cmp(&(b.kind == Kind::Standard, &b.id, &b.version))
    });
    for pair in all.windows(2) {
        if pair[0].id == pair[1].id && pair[0].version == pair[1].version && pair[0].sha256 != pair[1].sha256
        {
            return Err(Failure::new(format!(
                "{} {} is in two files that differ",
                pair[0].id, pair[0].version
            ))
            .with_help("name the one that is meant, or give one of them another version"));
        }
    }
    all.dedup_by(|a, b| a.id == b.id && a.version == b.version);
    Ok(all)
}

/// The files that a path names, each with how it is told.
fn files_of(base: &Path, path: &Path) -> Result<Vec<(PathBuf, String)>, Failure> {
    let full = base.join(path);
    if full.is_file() {
        return Ok(vec![(full, path.display().to_string())]);
    }
    let found = files::below(&full, &["md", "toml"]).map_err(|(at, error)| {
        let shown = if at == full { path } else { &at };
        let failure = Failure::new(format!("{} cannot be listed: {}", shown.display(), system_words(&error)));
        if path == Path::new(FOLDER) {
            failure.with_help("name the folder with your guidelines: stanchion publish PATH")
        } else {
            failure.with_help("name a folder or a file that is there")
        }
    })?;
    let told = |file: PathBuf| {
        let shown = path.join(file.strip_prefix(&full).unwrap_or(&file)).display().to_string();
        (file, shown)
    };
    Ok(found.into_iter().map(told).collect())
}

/// A guideline; nothing where the file is not meant to be one.
fn guideline(shown: &str, text: String) -> Result<Option<Text>, Vec<Problem>> {
    if !text.trim_start_matches('\u{feff}').starts_with("---") {
        return Ok(None);
    }
    // A registry has this one text and nothing beside it.
    let beside = std::cell::RefCell::new(None);
    let resource = |name: &str| {
        beside.borrow_mut().get_or_insert_with(|| name.to_owned());
        Some("{}".to_owned())
    };
    let guideline = Arc::new(format::parse(shown, &text, Origin::File(shown.to_owned()), &resource)?);
    if let Some(name) = beside.into_inner() {
        let message = format!(
            "it takes something from a file beside it ({name}), and a registry keeps this text alone"
        );
        return Err(vec![whole(shown, &text, &name, message, "write it into the check with `assert`")]);
    }
    if !guideline.version.build.is_empty() {
        return Err(vec![of_build(shown, &text, &guideline.version)]);
    }
    let program = worker::program();
    let broken = guidelines::compile_problems(&guideline, program.as_deref());
    if !broken.is_empty() {
        return Err(broken);
    }
    let slips = examples(&guideline, program.as_deref());
    if !slips.is_empty() {
        return Err(slips);
    }
    Ok(Some(Text {
        kind: Kind::Guideline,
        id: guideline.id.clone(),
        version: guideline.version.clone(),
        sha256: guideline.sha256.clone(),
        content: text,
    }))
}

/// A problem of a text, at the first place where `marked` stands.
fn whole(shown: &str, text: &str, marked: &str, message: String, help: &str) -> Problem {
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

/// What a registry refuses, too: two texts whose versions differ in nothing that counts.
fn of_build(shown: &str, text: &str, version: &Version) -> Problem {
    let message = format!("{version} names a build, which no version is told from another by");
    whole(shown, text, &version.to_string(), message, "leave out what begins with `+`")
}

/// Examples that do not hold.
fn examples(guideline: &Arc<Guideline>, program: Option<&Path>) -> Vec<Problem> {
    let cases = verify(guideline, program).cases;
    let missed = cases.iter().filter(|case| case.verdict != CaseVerdict::Holds);
    missed
        .map(|case| Problem {
            help: Some(format!("`stanchion test {}` says more", guideline.origin.words())),
            ..super::super::test::problem(guideline, case)
        })
        .collect()
}

/// A standard; nothing where the file is not meant to be one.
fn standard(shown: &str, text: String) -> Result<Option<Text>, Vec<Problem>> {
    if !text.contains("standard") {
        return Ok(None);
    }
    let standard = format::parse_standard(shown, &text, Origin::File(shown.to_owned()))?;
    if !standard.version.build.is_empty() {
        return Err(vec![of_build(shown, &text, &standard.version)]);
    }
    Ok(Some(Text {
        kind: Kind::Standard,
        id: standard.id,
        version: standard.version,
        sha256: standard.sha256,
        content: text,
    }))
}
