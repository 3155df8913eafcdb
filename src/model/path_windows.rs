//! File names that Windows interprets as a path. A repository can contain such names, from git objects or
//! from a guideline: `..\x` names a file in the parent folder, `C:x` one on another drive, `\\server\share`
//! one on another machine, to which Windows sends the user's credentials, and `x:y` an alternate data stream,
//! which no directory listing shows.

use crate::model::devices::is_device;

/// Whether Windows interprets `name` as a single file name in its folder.
pub(super) fn is_single_name(name: &str) -> bool {
    !name.contains(|letter: char| letter < ' ' || "\\/:*?\"<>|".contains(letter))
}

/// Whether Windows programs open something other than a file called `name`: a device, or the name without the
/// full stops and spaces at its end.
pub(super) fn is_device_or_trimmed(name: &str) -> bool {
    name.ends_with(['.', ' ']) || is_device(name)
}

/// Whether `name` can be the short (8.3) name that Windows gave to a file with a longer name (`GIT~1` is
/// `.git`).
pub(super) fn is_short_name(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    stem.rsplit_once('~').is_some_and(|(_, number)| number.starts_with(|digit: char| digit.is_ascii_digit()))
}

/// Whether `named`, a path in a file below the folder `base`, is on a machine other than that of `base`, or
/// is a device. Opening such a path would send the user's credentials to that machine.
pub(super) fn is_on_other_machine(base: &str, named: &str) -> bool {
    match machine_of(named) {
        None => false,
        Some(machine) => machine.is_empty() || machine_of(base).as_ref() != Some(&machine),
    }
}

/// Machine name at the beginning of a path, in lower case; empty for a device. `None` if the path is on a
/// drive or relative.
fn machine_of(path: &str) -> Option<String> {
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
    fn names_that_are_paths_are_not_single_names() {
        for name in ["a", ".git", "a b", "aux.rs", "a.", "GIT~1", "é", "a'b", "~", "a;b&c"] {
            assert!(is_single_name(name), "{name}");
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
            assert!(!is_single_name(name), "{name}");
        }
    }

    #[test]
    fn names_that_windows_changes_are_detected() {
        for name in ["a.", "a ", "nul", "aux.rs", "..."] {
            assert!(is_device_or_trimmed(name), "{name}");
        }
        assert!(!is_device_or_trimmed("a.b c"));
    }

    #[test]
    fn short_names_are_detected() {
        for name in ["GIT~1", "git~2", "STANCH~1.TOM", "~1"] {
            assert!(is_short_name(name), "{name}");
        }
        for name in ["a~", "a~b", "a.b~1x", "x"] {
            assert!(!is_short_name(name), "{name}");
        }
    }

    #[test]
    fn paths_on_other_machines_are_detected() {
        let here = r"\\?\C:\work\repository";
        for named in ["x", r"..\x", r"C:\x", "C:/x", "/x", r"\\?\D:\x", ".git/worktrees/a", r"\??\C:\x"] {
            assert!(!is_on_other_machine(here, named), "{named}");
        }
        for named in
            [r"\\server\share\x", "//server/share/x", r"\/server/x", r"\\?\UNC\server\share", r"\\.\pipe\x"]
        {
            assert!(is_on_other_machine(here, named), "{named}");
        }
        for named in [r"\\?\GLOBALROOT\Device\x", r"\??\UNC\server\share", r"\\?\Volume{1}\x"] {
            assert!(is_on_other_machine(here, named), "{named}");
        }
        let shared = r"\\?\UNC\Server\share\repository";
        assert!(
            !is_on_other_machine(shared, r"\\server\share\main\.git")
                && is_on_other_machine(shared, r"\\other\share")
        );
    }
}
