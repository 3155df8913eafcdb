//! Resolves revisions (`main`, `v1.2`, `HEAD~3`, `3f2a91c`) to commit IDs.

use std::collections::BTreeSet;

use super::GitError;
use super::objects::{ObjectFault, Objects};
use super::oid::ObjectId;
use super::refs::Refs;
use super::structure::{peel_to_commit, read_commit};

/// Minimum number of digits of an abbreviated ID, as in git.
const MIN_DIGITS: usize = 4;
/// Maximum number of characters of a revision in messages.
const MAX_ECHO: usize = 100;
const NO_SUCH_NAME: &str = "no such branch, tag or commit";
/// Maximum of IDs listed for an ambiguous abbreviation.
const MAX_LISTED: usize = 5;

/// Returns the commit that `text` refers to.
///
/// # Errors
/// If `text` does not refer to a readable commit. The help states how to find a valid revision.
pub(super) fn resolve_revision(
    text: &str,
    refs: &Refs,
    objects: &Objects,
    shallow: &BTreeSet<ObjectId>,
) -> Result<ObjectId, GitError> {
    let echo = clip_revision(text);
    let unknown = |why: &str| {
        GitError::new(format!("cannot compare with `{echo}`: {why}")).with_help(
            "use a branch, tag or commit from `git branch --all`, `git tag` or `git log --oneline`",
        )
    };
    if text.is_empty() {
        return Err(unknown("the revision is empty"));
    }
    let at = text.find(['~', '^']).unwrap_or(text.len());
    let (base, mut steps) = text.split_at(at);
    if base.is_empty() || text.starts_with('-') || text.chars().any(char::is_control) {
        return Err(unknown("invalid revision syntax"));
    }
    if base.contains("..") || base.contains("@{") || base.contains(':') {
        return Err(unknown(
            "unsupported revision syntax; use a name or a commit id, optionally followed by `~` or `^`",
        ));
    }
    let fault = |fault: ObjectFault| unknown(&format!("cannot read the commit: {}", fault.describe()));
    let mut id = resolve_base(base, refs, objects, &unknown)?;
    id = peel_to_commit(objects, id).map_err(fault)?;
    while !steps.is_empty() {
        let (step, after) = parse_step(steps).ok_or_else(|| {
            unknown(if steps.starts_with("^{") {
                "unsupported suffix; of the forms with braces, only `^{}` and `^{commit}` are supported"
            } else {
                "unsupported suffix after the name"
            })
        })?;
        steps = after;
        id = match step {
            RevisionStep::Itself => id,
            RevisionStep::Parent(number) => {
                if shallow.contains(&id) {
                    return Err(shallow_error(&echo));
                }
                let parents = read_commit(objects, &id).map_err(fault)?.parents;
                *parents.get(number - 1).ok_or_else(|| {
                    unknown(&format!("commit {} has {}", short_id(&id), describe_parents(parents.len())))
                })?
            }
            RevisionStep::Back(count) => {
                for done in 0..count {
                    if shallow.contains(&id) {
                        return Err(shallow_error(&echo));
                    }
                    let parents = read_commit(objects, &id).map_err(fault)?.parents;
                    let end =
                        || unknown(&format!("history ends {done} commits before `{}`", clip_revision(base)));
                    id = *parents.first().ok_or_else(end)?;
                }
                id
            }
        };
    }
    // The result itself has not been read yet.
    read_commit(objects, &id).map_err(fault)?;
    Ok(id)
}

/// Returns the object that `base`, the part before `~` and `^`, refers to.
fn resolve_base(
    base: &str,
    refs: &Refs,
    objects: &Objects,
    unknown: &impl Fn(&str) -> GitError,
) -> Result<ObjectId, GitError> {
    let base = if base == "@" { "HEAD" } else { base };
    if let Some(id) = ObjectId::from_hex(base.as_bytes(), objects.hash()) {
        return Ok(id);
    }
    let named = refs.find_candidates(base)?;
    if let Some((first, id)) = named.first() {
        if let Some((other, _)) = named.iter().find(|(_, other)| other != id) {
            return Err(unknown(&format!("ambiguous name: {first} or {other}; use the full name")));
        }
        return Ok(*id);
    }
    if base == "HEAD" {
        return Err(unknown("there are no commits yet"));
    }
    let is_digits = base.len() >= MIN_DIGITS && base.bytes().all(|byte| byte.is_ascii_hexdigit());
    // `git describe` writes v1.2-3-g0123abc.
    let described = base.rsplit_once("-g").map(|(_, digits)| digits);
    let digits = if is_digits { Some(base) } else { described.filter(|it| it.len() >= MIN_DIGITS) };
    let Some(digits) = digits.filter(|it| it.bytes().all(|byte| byte.is_ascii_hexdigit())) else {
        let error = unknown(NO_SUCH_NAME);
        let elsewhere = refs.find_on_remotes(base)?;
        return Err(match elsewhere.first() {
            Some(name) => error.with_help(format!("did you mean `{}`?", clip_revision(name))),
            None => error,
        });
    };
    let mut found = objects.find_by_prefix(&digits.to_ascii_lowercase(), 1_000);
    if found.len() > 1 {
        // Trees and blobs may share the digits, but only commits are of interest.
        found.retain(|id| peel_to_commit(objects, *id).is_ok());
    }
    match found.as_slice() {
        [] => Err(unknown(NO_SUCH_NAME)),
        [one] => Ok(*one),
        several => {
            let shown: Vec<String> = several.iter().take(MAX_LISTED).map(short_id).collect();
            Err(unknown(&format!("ambiguous commit id: {}; use more digits", shown.join(", "))))
        }
    }
}

/// Truncates a revision for messages.
pub(super) fn clip_revision(text: &str) -> String {
    match text.char_indices().nth(MAX_ECHO) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn describe_parents(parents: usize) -> String {
    format!("{parents} parent{}", if parents == 1 { "" } else { "s" })
}

/// Creates the error for a shallow clone whose history ends before the revision.
fn shallow_error(echo: &str) -> GitError {
    GitError::new(format!(
        "cannot compare with `{echo}`: this clone is shallow, and its history ends before that commit"
    ))
    .with_help("fetch the missing history with `git fetch --unshallow` or `git fetch --deepen=100`")
}

/// Abbreviates an ID to twelve digits.
pub(super) fn short_id(id: &ObjectId) -> String {
    id.to_string().chars().take(12).collect()
}

enum RevisionStep {
    Itself,
    /// 1-based.
    Parent(usize),
    Back(usize),
}

fn parse_step(text: &str) -> Option<(RevisionStep, &str)> {
    for itself in ["^{}", "^{commit}", "^0", "~0"] {
        if let Some(after) =
            text.strip_prefix(itself).filter(|after| !after.starts_with(|c: char| c.is_ascii_digit()))
        {
            return Some((RevisionStep::Itself, after));
        }
    }
    let step = *text.as_bytes().first().filter(|&byte| matches!(byte, b'^' | b'~'))?;
    let rest = &text[1..];
    if rest.starts_with('{') {
        return None;
    }
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = if digits == 0 { 1 } else { rest[..digits].parse().ok().filter(|&number| number > 0)? };
    let after = &rest[digits..];
    let step = if step == b'^' { RevisionStep::Parent(number) } else { RevisionStep::Back(number) };
    Some((step, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::oid::HashKind;

    #[test]
    fn steps_end_where_a_letter_begins() {
        for (text, understood) in [
            ("^{tree}", false),
            ("^{}", true),
            ("~é", true),
            ("é", false),
            ("^é", true),
            ("^", true),
            ("~12~", true),
            ("~0", true),
            ("", false),
        ] {
            assert_eq!(parse_step(text).is_some(), understood, "{text:?}");
        }
        assert!(parse_step("~é").is_some_and(|(_, after)| parse_step(after).is_none()));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_parsed(start in "(HEAD|[0-9a-f]{40}|é)?", text in "[~^0-9é{}a-c]{0,12}|.{0,20}") {
            let folder = tempfile::tempdir().expect("a folder");
            let refs = Refs::new(folder.path(), folder.path(), HashKind::Sha1, false);
            let objects = Objects::open(folder.path(), HashKind::Sha1);
            let mut rest = text.as_str();
            while let Some((_, after)) = parse_step(rest) {
                proptest::prop_assert!(after.len() < rest.len());
                rest = after;
            }
            // The repository is empty.
            proptest::prop_assert!(resolve_revision(&[start, text].concat(), &refs, &objects, &BTreeSet::new()).is_err());
        }
    }
}
