//! Parses a text and decides whether it can be published.

use std::sync::Arc;

use semver::Version;

use super::search_terms;
use crate::format;
use crate::model::{Origin, Problem};
use crate::registry::store::{NewVersion, PublishedKind, PublishedVersion};
use crate::text::Span;

/// Largest text, in bytes.
pub(in crate::registry) const MAX_TEXT_BYTES: usize = 1 << 20;

/// Reason why a text cannot be published.
#[derive(Debug)]
pub(in crate::registry) enum PublishRefusal {
    /// The text is larger than [`MAX_TEXT_BYTES`].
    TooLarge,
    /// The text is invalid: all its problems.
    Problems(Vec<Problem>),
    /// The version has build metadata (`+…`), which version requirements ignore.
    BuildMetadata,
    /// The version ends in `.json`. The site uses that suffix for the JSON form of another version.
    EndsInJson,
    /// Copies could not have this file name on every system, for example `con` on Windows; contains the reason.
    Name(String),
}

/// Parses a text into a version, with the data that lists show. `name` is the file name in problems.
pub(in crate::registry) fn prepare_version(
    kind: PublishedKind,
    name: &str,
    text: &str,
    by: &str,
    now_ms: i64,
) -> Result<NewVersion, PublishRefusal> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(PublishRefusal::TooLarge);
    }
    if let Some(at) = text.find('\0') {
        return Err(PublishRefusal::Problems(vec![nul_problem(name, text, at)]));
    }
    let origin = Origin::File(name.to_owned());
    if kind == PublishedKind::Standard {
        let standard = format::parse_standard(name, text, origin).map_err(PublishRefusal::Problems)?;
        if !standard.version.build.is_empty() {
            return Err(PublishRefusal::BuildMetadata);
        }
        if let Some(why) = standard.id.reserved_name_reason() {
            return Err(PublishRefusal::Name(why));
        }
        if ends_in_json(&standard.version) {
            return Err(PublishRefusal::EndsInJson);
        }
        return Ok(NewVersion {
            kind,
            namespace: standard.id.namespace().to_owned(),
            slug: standard.id.slug().to_owned(),
            sort_key: sort_key(&standard.version),
            version: standard.version.to_string(),
            sha256: format::sha256_hex(text.as_bytes()),
            text: text.to_owned(),
            words: search_terms::standard_terms(&standard),
            title: standard.title,
            summary: standard.summary.unwrap_or_default(),
            // A standard is a set of guidelines and makes no claim of its own, so it has no stage.
            stage: String::new(),
            owner: standard.owner,
            published_ms: now_ms,
            published_by: by.to_owned(),
            note: None,
        });
    }
    // External files of a guideline are not available here: one document is one guideline.
    let guideline =
        format::parse_guideline(name, text, origin, &|_| None).map_err(PublishRefusal::Problems)?;
    if !guideline.version.build.is_empty() {
        return Err(PublishRefusal::BuildMetadata);
    }
    if let Some(why) = guideline.id.reserved_name_reason() {
        return Err(PublishRefusal::Name(why));
    }
    if ends_in_json(&guideline.version) {
        return Err(PublishRefusal::EndsInJson);
    }
    Ok(NewVersion {
        kind,
        namespace: guideline.id.namespace().to_owned(),
        slug: guideline.id.slug().to_owned(),
        sort_key: sort_key(&guideline.version),
        version: guideline.version.to_string(),
        sha256: format::sha256_hex(text.as_bytes()),
        text: text.to_owned(),
        words: search_terms::guideline_terms(&guideline),
        title: guideline.title,
        summary: guideline.summary,
        stage: guideline.stage.as_str().to_owned(),
        owner: guideline.owner,
        published_ms: now_ms,
        published_by: by.to_owned(),
        note: None,
    })
}

/// Problem for a NUL character: files with NUL are binary, and PostgreSQL does not store it.
fn nul_problem(name: &str, text: &str, at: usize) -> Problem {
    Problem {
        file: Arc::from(name),
        text: Arc::from(text),
        first_line: 1,
        span: Span::new(at, at + 1),
        message: "the text contains a NUL character".to_owned(),
        label: "here".to_owned(),
        help: Some("remove it".to_owned()),
    }
}

/// Digest of the version that precedes a new one: the newest older version that is not yanked and not a
/// pre-release. `versions` is sorted in ascending order.
pub(in crate::registry) fn previous_version<'v>(
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

/// Sort key: its byte order is the version order of <https://semver.org/#spec-item-11>.
fn sort_key(version: &Version) -> String {
    let mut key = format!("{:020}.{:020}.{:020}", version.major, version.minor, version.patch);
    if version.pre.is_empty() {
        // Sorts after all pre-releases.
        key.push('~');
        return key;
    }
    for part in version.pre.split('.') {
        // Numbers sort before words, and a shorter list before a longer one with the same beginning.
        match part.parse::<u64>() {
            Ok(number) => key.push_str(&format!("!0{number:020}")),
            Err(_) => key.push_str(&format!("!1{part}")),
        }
    }
    key
}

/// The page of `1.0.0-a.json` would have the address that the site uses for the JSON of `1.0.0-a`.
fn ends_in_json(version: &Version) -> bool {
    version.pre.as_str().to_ascii_lowercase().ends_with(".json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_versions_do() {
        // Order of the specification, with additions.
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
    fn valid_guidelines_can_be_published_and_invalid_ones_not() {
        for (name, text) in format::starter_guidelines() {
            let new = prepare_version(PublishedKind::Guideline, name, text, "starter", 7).expect("published");
            assert_eq!((new.sha256.len(), new.published_ms), (64, 7));
            assert_eq!(new.text, text);
        }
        assert!(
            matches!(prepare_version(PublishedKind::Guideline, "x.md", "nonsense", "a", 0), Err(PublishRefusal::Problems(problems)) if !problems.is_empty())
        );
        assert!(matches!(
            prepare_version(PublishedKind::Guideline, "x.md", &"x".repeat(MAX_TEXT_BYTES + 1), "a", 0),
            Err(PublishRefusal::TooLarge)
        ));
        let (name, text) = format::starter_guidelines().into_iter().next().expect("one");
        let version = text.lines().find(|line| line.starts_with("version: ")).expect("a version");
        // A NUL character, which PostgreSQL cannot store, and a version that is too long for a path.
        let long = format!("version: 1.0.0-{}", "a".repeat(300));
        for bad in [format!("{text}\0"), text.replacen(version, &long, 1)] {
            let refused = prepare_version(PublishedKind::Guideline, name, &bad, "a", 0);
            assert!(matches!(refused, Err(PublishRefusal::Problems(problems)) if problems.len() == 1));
        }
        let built = text.replacen(version, "version: 1.0.0+build", 1);
        assert!(matches!(
            prepare_version(PublishedKind::Guideline, name, &built, "a", 0),
            Err(PublishRefusal::BuildMetadata)
        ));
        let json = text.replacen(version, "version: 1.0.0-a.JSON", 1);
        assert!(matches!(
            prepare_version(PublishedKind::Guideline, name, &json, "a", 0),
            Err(PublishRefusal::EndsInJson)
        ));
        let line = text.lines().find(|line| line.starts_with("guideline: ")).expect("the line");
        let device = text.replacen(line, "guideline: acme/con", 1);
        assert!(matches!(
            prepare_version(PublishedKind::Guideline, name, &device, "a", 0),
            Err(PublishRefusal::Name(_))
        ));
    }
}
