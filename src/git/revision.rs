//! From what people write for a commit (`main`, `v1.2`, `HEAD~3`, `3f2a91c`) to its name.

use std::collections::BTreeSet;

use super::GitError;
use super::objects::{ObjectFault, Objects};
use super::oid::ObjectId;
use super::refs::Refs;
use super::structure::{commit, peel_to_commit};

/// Fewest digits of a shortened name, as in git.
const FEWEST_DIGITS: usize = 4;
/// Most characters of a revision that are shown.
const MOST_SHOWN: usize = 100;
const NO_SUCH_NAME: &str = "there is no branch, tag or commit of this name here";
/// Most names shown when a shortened one is not enough.
const SHOWN: usize = 5;

/// The commit that `text` names.
///
/// # Errors
/// Says why it names none, and how to find one that does.
pub(super) fn resolve(
    text: &str,
    refs: &Refs,
    objects: &Objects,
    shallow: &BTreeSet<ObjectId>,
) -> Result<ObjectId, GitError> {
    let echo = shown(text);
    let unknown = |why: &str| {
        GitError::new(format!("cannot compare with `{echo}`: {why}")).with_help(
            "name a branch, a tag or a commit; `git branch --all`, `git tag` and `git log --oneline` list them",
        )
    };
    if text.is_empty() {
        return Err(unknown("REV is empty"));
    }
    let at = text.find(['~', '^']).unwrap_or(text.len());
    let (base, mut steps) = text.split_at(at);
    if base.is_empty() || text.starts_with('-') || text.chars().any(char::is_control) {
        return Err(unknown("that is no way to write a commit"));
    }
    if base.contains("..") || base.contains("@{") || base.contains(':') {
        return Err(unknown("only names, shortened ids and `~` and `^` after them are understood"));
    }
    let fault = |fault: ObjectFault| unknown(&format!("the commit cannot be read: {}", fault.words()));
    let mut id = start(base, refs, objects, &unknown)?;
    id = peel_to_commit(objects, id).map_err(fault)?;
    while !steps.is_empty() {
        let (step, after) = one_step(steps).ok_or_else(|| {
            unknown(if steps.starts_with("^{") {
                "what follows its name is not understood; with braces only `^{}` and `^{commit}` are"
            } else {
                "what follows its name is not understood"
            })
        })?;
        steps = after;
        id = match step {
            Step::Itself => id,
            Step::Parent(number) => {
                if shallow.contains(&id) {
                    return Err(cut(&echo));
                }
                let parents = commit(objects, &id).map_err(fault)?.parents;
                *parents.get(number - 1).ok_or_else(|| {
                    unknown(&format!("the commit {} has {}", short(&id), counted(parents.len())))
                })?
            }
            Step::Back(count) => {
                for done in 0..count {
                    if shallow.contains(&id) {
                        return Err(cut(&echo));
                    }
                    let parents = commit(objects, &id).map_err(fault)?.parents;
                    let end = || unknown(&format!("history ends {done} commits before `{}`", shown(base)));
                    id = *parents.first().ok_or_else(end)?;
                }
                id
            }
        };
    }
    // That it can be read is known only now.
    commit(objects, &id).map_err(fault)?;
    Ok(id)
}

/// The object that `base` names.
fn start(
    base: &str,
    refs: &Refs,
    objects: &Objects,
    unknown: &impl Fn(&str) -> GitError,
) -> Result<ObjectId, GitError> {
    let base = if base == "@" { "HEAD" } else { base };
    if let Some(id) = ObjectId::from_hex(base.as_bytes(), objects.hash()) {
        return Ok(id);
    }
    let named = refs.candidates(base)?;
    if let Some((first, id)) = named.first() {
        if let Some((other, _)) = named.iter().find(|(_, other)| other != id) {
            return Err(unknown(&format!("it may mean {first} or {other}; write one of them in full")));
        }
        return Ok(*id);
    }
    if base == "HEAD" {
        return Err(unknown("nothing is committed yet"));
    }
    let is_digits = base.len() >= FEWEST_DIGITS && base.bytes().all(|byte| byte.is_ascii_hexdigit());
    // `git describe` writes v1.2-3-g0123abc.
    let described = base.rsplit_once("-g").map(|(_, digits)| digits);
    let digits = if is_digits { Some(base) } else { described.filter(|it| it.len() >= FEWEST_DIGITS) };
    let Some(digits) = digits.filter(|it| it.bytes().all(|byte| byte.is_ascii_hexdigit())) else {
        let error = unknown(NO_SUCH_NAME);
        let elsewhere = refs.on_remotes(base)?;
        return Err(match elsewhere.first() {
            Some(name) => error.with_help(format!("did you mean `{}`?", shown(name))),
            None => error,
        });
    };
    let mut found = objects.with_prefix(&digits.to_ascii_lowercase(), 1_000);
    if found.len() > 1 {
        // Trees and blobs may share the digits; a commit is meant.
        found.retain(|id| peel_to_commit(objects, *id).is_ok());
    }
    match found.as_slice() {
        [] => Err(unknown(NO_SUCH_NAME)),
        [one] => Ok(*one),
        several => {
            let shown: Vec<String> = several.iter().take(SHOWN).map(short).collect();
            Err(unknown(&format!("it is short for {}; write more digits", shown.join(", "))))
        }
    }
}

/// What people wrote, cut where it is longer than anything that names a commit.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn counted(parents: usize) -> String {
    format!("{parents} parent{}", if parents == 1 { "" } else { "s" })
}

/// The history of a shallow clone ends before what was asked for.
fn cut(echo: &str) -> GitError {
    GitError::new(format!(
        "cannot compare with `{echo}`: this clone is shallow, and its history ends before that commit"
    ))
    .with_help("`git fetch --unshallow` (or `git fetch --deepen=100`) gets the missing history")
}

/// Twelve digits, enough for people.
pub(super) fn short(id: &ObjectId) -> String {
    id.to_string().chars().take(12).collect()
}

enum Step {
    Itself,
    /// 1-based.
    Parent(usize),
    Back(usize),
}

fn one_step(text: &str) -> Option<(Step, &str)> {
    for itself in ["^{}", "^{commit}", "^0", "~0"] {
        if let Some(after) =
            text.strip_prefix(itself).filter(|after| !after.starts_with(|c: char| c.is_ascii_digit()))
        {
            return Some((Step::Itself, after));
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
    let step = if step == b'^' { Step::Parent(number) } else { Step::Back(number) };
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
            assert_eq!(one_step(text).is_some(), understood, "{text:?}");
        }
        assert!(one_step("~é").is_some_and(|(_, after)| one_step(after).is_none()));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_answered(start in "(HEAD|[0-9a-f]{40}|é)?", text in "[~^0-9é{}a-c]{0,12}|.{0,20}") {
            let folder = tempfile::tempdir().expect("a folder");
            let refs = Refs::new(folder.path(), folder.path(), HashKind::Sha1, false);
            let objects = Objects::open(folder.path(), HashKind::Sha1);
            let mut rest = text.as_str();
            while let Some((_, after)) = one_step(rest) {
                proptest::prop_assert!(after.len() < rest.len());
                rest = after;
            }
            // Nothing is stored there.
            proptest::prop_assert!(resolve(&[start, text].concat(), &refs, &objects, &BTreeSet::new()).is_err());
        }
    }
}
