//! From a text to a version that can be published, or why it cannot.

use std::sync::Arc;

use semver::Version;

use super::words;
use crate::format;
use crate::model::{Origin, Problem};
use crate::registry::store::{Kind, NewVersion, PublishedVersion};
use crate::text::Span;

/// Largest text, in bytes.
pub(in crate::registry) const LARGEST: usize = 1 << 20;

/// Why a text cannot be published.
#[derive(Debug)]
pub(in crate::registry) enum Refusal {
    /// It is larger than [`LARGEST`].
    TooLarge,
    /// Something is wrong in it: every problem.
    Problems(Vec<Problem>),
    /// The versions of a pre-release or a build are for their authors.
    BuildMetadata,
    /// The version ends like the name of a file that the site has for another one.
    EndsInJson,
    /// No copy could have its name everywhere; why.
    Name(String),
}

/// The version that a text is, with everything that lists show of it. `name` is how problems name the file.
pub(in crate::registry) fn prepare(
    kind: Kind,
    name: &str,
    text: &str,
    by: &str,
    now_ms: i64,
) -> Result<NewVersion, Refusal> {
    if text.len() > LARGEST {
        return Err(Refusal::TooLarge);
    }
    if let Some(at) = text.find('\0') {
        return Err(Refusal::Problems(vec![no_text(name, text, at)]));
    }
    let origin = Origin::File(name.to_owned());
    if kind == Kind::Standard {
        let standard = format::parse_standard(name, text, origin).map_err(Refusal::Problems)?;
        if !standard.version.build.is_empty() {
            return Err(Refusal::BuildMetadata);
        }
        if let Some(why) = standard.id.why_not_new() {
            return Err(Refusal::Name(why));
        }
        if ends_in_json(&standard.version) {
            return Err(Refusal::EndsInJson);
        }
        return Ok(NewVersion {
            kind,
            namespace: standard.id.namespace().to_owned(),
            slug: standard.id.slug().to_owned(),
            sort_key: sort_key(&standard.version),
            version: standard.version.to_string(),
            sha256: format::digest(text.as_bytes()),
            text: text.to_owned(),
            words: words::of_standard(&standard),
            title: standard.title,
            summary: standard.summary.unwrap_or_default(),
            // A set of guidelines makes no claim of its own.
            stage: String::new(),
            owner: standard.owner,
            published_ms: now_ms,
            published_by: by.to_owned(),
            note: None,
        });
    }
    // What a guideline takes from files beside it is not there: one document is one guideline.
    let guideline = format::parse(name, text, origin, &|_| None).map_err(Refusal::Problems)?;
    if !guideline.version.build.is_empty() {
        return Err(Refusal::BuildMetadata);
    }
    if let Some(why) = guideline.id.why_not_new() {
        return Err(Refusal::Name(why));
    }
    if ends_in_json(&guideline.version) {
        return Err(Refusal::EndsInJson);
    }
    Ok(NewVersion {
        kind,
        namespace: guideline.id.namespace().to_owned(),
        slug: guideline.id.slug().to_owned(),
        sort_key: sort_key(&guideline.version),
        version: guideline.version.to_string(),
        sha256: format::digest(text.as_bytes()),
        text: text.to_owned(),
        words: words::of_guideline(&guideline),
        title: guideline.title,
        summary: guideline.summary,
        stage: guideline.stage.word().to_owned(),
        owner: guideline.owner,
        published_ms: now_ms,
        published_by: by.to_owned(),
        note: None,
    })
}

/// That a text holds what no text does: files with it are binary, and not every database keeps it.
fn no_text(name: &str, text: &str, at: usize) -> Problem {
    Problem {
        file: Arc::from(name),
        text: Arc::from(text),
        first_line: 1,
        span: Span::new(at, at + 1),
        message: "a text holds no NUL character".to_owned(),
        label: "here".to_owned(),
        help: Some("take it out".to_owned()),
    }
}

/// Of the versions of a name, in order, the digest of the one that a new version follows: the newest that is older and was
/// not yanked, of those that are not tried out.
pub(in crate::registry) fn followed<'v>(
    versions: &'v [PublishedVersion],
    new: &NewVersion,
) -> Option<&'v str> {
    let version: Version = new.version.parse().ok()?;
    let older = |it: &&PublishedVersion| {
        it.yanked_ms.is_none()
            && it.version.parse::<Version>().is_ok_and(|it| it.pre.is_empty() && it < version)
    };
    versions.iter().rev().find(older).map(|it| it.sha256.as_str())
}

/// A text that sorts by bytes as versions do: <https://semver.org/#spec-item-11>.
fn sort_key(version: &Version) -> String {
    let mut key = format!("{:020}.{:020}.{:020}", version.major, version.minor, version.patch);
    if version.pre.is_empty() {
        // Behind every pre-release.
        key.push('~');
        return key;
    }
    for part in version.pre.split('.') {
        // Numbers before words; a shorter list before a longer one with the same beginning.
        match part.parse::<u64>() {
            Ok(number) => key.push_str(&format!("!0{number:020}")),
            Err(_) => key.push_str(&format!("!1{part}")),
        }
    }
    key
}

/// `1.0.0-a.json` would have the address under which the site says `1.0.0-a` as JSON.
fn ends_in_json(version: &Version) -> bool {
    version.pre.as_str().to_ascii_lowercase().ends_with(".json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_versions_do() {
        // The order of the specification, and more.
        let ordered = [
            "0.0.1",
            "0.1.0",
            "1.0.0-0",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1-x",
            "1.0.1",
            "1.2.0",
            "1.10.0",
            "2.0.0",
            "10.0.0",
        ];
        let versions: Vec<Version> = ordered.iter().map(|text| text.parse().expect("a version")).collect();
        for pair in versions.windows(2) {
            assert!(pair[0] < pair[1], "{} {}", pair[0], pair[1]);
            assert!(sort_key(&pair[0]) < sort_key(&pair[1]), "{} {}", sort_key(&pair[0]), sort_key(&pair[1]));
        }
    }

    #[test]
    fn a_starter_guideline_can_be_published_and_nonsense_cannot() {
        for (name, text) in format::starter() {
            let new = prepare(Kind::Guideline, name, text, "starter", 7).expect("published");
            assert_eq!((new.sha256.len(), new.published_ms), (64, 7));
            assert_eq!(new.text, text);
        }
        assert!(
            matches!(prepare(Kind::Guideline, "x.md", "nonsense", "a", 0), Err(Refusal::Problems(problems)) if !problems.is_empty())
        );
        assert!(matches!(
            prepare(Kind::Guideline, "x.md", &"x".repeat(LARGEST + 1), "a", 0),
            Err(Refusal::TooLarge)
        ));
        let (name, text) = format::starter().into_iter().next().expect("one");
        let version = text.lines().find(|line| line.starts_with("version: ")).expect("a version");
        // What no database keeps, what no path holds.
        let long = format!("version: 1.0.0-{}", "a".repeat(300));
        for bad in [format!("{text}\0"), text.replacen(version, &long, 1)] {
            let refused = prepare(Kind::Guideline, name, &bad, "a", 0);
            assert!(matches!(refused, Err(Refusal::Problems(problems)) if problems.len() == 1));
        }
        let built = text.replacen(version, "version: 1.0.0+build", 1);
        assert!(matches!(prepare(Kind::Guideline, name, &built, "a", 0), Err(Refusal::BuildMetadata)));
        let json = text.replacen(version, "version: 1.0.0-a.JSON", 1);
        assert!(matches!(prepare(Kind::Guideline, name, &json, "a", 0), Err(Refusal::EndsInJson)));
        let line = text.lines().find(|line| line.starts_with("guideline: ")).expect("the line");
        let device = text.replacen(line, "guideline: acme/con", 1);
        assert!(matches!(prepare(Kind::Guideline, name, &device, "a", 0), Err(Refusal::Name(_))));
    }
}
