//! What Windows takes for the name of one file. A repository may hold other names, from git's objects or out of a
//! guideline: `..\x` leads upwards there, `C:x` to another drive, `\\server\share` to another machine, which is
//! sent the user's proof of identity, and `x:y` into a stream that no list shows.

use crate::model::devices::is_device;

/// Whether `name` can only be the file of this name in its folder.
pub(super) fn is_plain(name: &str) -> bool {
    !name.contains(|letter: char| letter < ' ' || "\\/:*?\"<>|".contains(letter))
}

/// Whether programs take `name` for something else than the file of this name: a device, or the name without the
/// full stops and spaces at its end.
pub(super) fn is_taken_otherwise(name: &str) -> bool {
    name.ends_with(['.', ' ']) || is_device(name)
}

/// Whether `name` may be the short name that the system gave a file with a longer one (`GIT~1` is `.git`).
pub(super) fn is_short(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    stem.rsplit_once('~').is_some_and(|(_, number)| number.starts_with(|digit: char| digit.is_ascii_digit()))
}

/// Whether `named`, written somewhere in the folder `base`, leads to another machine than `base` is on, or to a device:
/// opening it would tell that machine who asks.
pub(super) fn leads_away(base: &str, named: &str) -> bool {
    match away(named) {
        None => false,
        Some(machine) => machine.is_empty() || away(base).as_ref() != Some(&machine),
    }
}

/// The machine of a path that begins with one, in lower case; empty for a device. `None`: it is on a drive, or relative.
fn away(path: &str) -> Option<String> {
    let path = path.replace('/', "\\").to_lowercase();
    let rest = path.strip_prefix("\\\\").or_else(|| path.strip_prefix("\\??\\").map(|_| &path[1..]))?;
    let machine = match rest.strip_prefix("?\\").or_else(|| rest.strip_prefix("??\\")) {
        Some(verbatim) if verbatim.as_bytes().get(1) == Some(&b':') => return None,
        Some(verbatim) => verbatim.strip_prefix("unc\\").unwrap_or_default(),
        None if rest.starts_with(".\\") => "",
        None => rest,
    };
    Some(machine.split('\\').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_not_plain() {
        for name in ["a", ".git", "a b", "aux.rs", "a.", "GIT~1", "é", "a'b", "~", "a;b&c"] {
            assert!(is_plain(name), "{name}");
        }
        for name in [
            r"..\x",
            r"a\b",
            "C:",
            "C:x",
            r"\\server\share",
            "x:stream",
            "x::$DATA",
            "a*",
            "a?",
            "a\0",
            "a\n",
        ] {
            assert!(!is_plain(name), "{name}");
        }
    }

    #[test]
    fn what_programs_change_about_a_name_is_known() {
        for name in ["a.", "a ", "nul", "aux.rs", "..."] {
            assert!(is_taken_otherwise(name), "{name}");
        }
        assert!(!is_taken_otherwise("a.b c"));
    }

    #[test]
    fn short_names_are_known() {
        for name in ["GIT~1", "git~2", "STANCH~1.TOM", "~1"] {
            assert!(is_short(name), "{name}");
        }
        for name in ["a~", "a~b", "a.b~1x", "x"] {
            assert!(!is_short(name), "{name}");
        }
    }

    #[test]
    fn another_machine_is_not_asked() {
        let here = r"\\?\C:\work\repository";
        for named in ["x", r"..\x", r"C:\x", "C:/x", "/x", r"\\?\D:\x", ".git/worktrees/a", r"\??\C:\x"] {
            assert!(!leads_away(here, named), "{named}");
        }
        for named in
            [r"\\server\share\x", "//server/share/x", r"\/server/x", r"\\?\UNC\server\share", r"\\.\pipe\x"]
        {
            assert!(leads_away(here, named), "{named}");
        }
        for named in [r"\\?\GLOBALROOT\Device\x", r"\??\UNC\server\share", r"\\?\Volume{1}\x"] {
            assert!(leads_away(here, named), "{named}");
        }
        let shared = r"\\?\UNC\Server\share\repository";
        assert!(!leads_away(shared, r"\\server\share\main\.git") && leads_away(shared, r"\\other\share"));
    }
}
