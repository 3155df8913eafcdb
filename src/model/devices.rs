//! The names that are devices on Windows, in any folder and with any ending. A repository with a file of such a name cannot
//! be checked out there.

/// Names of devices.
const DEVICES: [&str; 6] = ["aux", "con", "conin$", "conout$", "nul", "prn"];
/// Names of devices with a digit behind them.
const NUMBERED: [&str; 2] = ["com", "lpt"];

/// Whether a file of this name would be a device.
pub(super) fn is_device(name: &str) -> bool {
    // Spaces before the ending do not count.
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_lowercase();
    let is_numbered = |prefix: &&str| {
        let mut rest = stem.strip_prefix(*prefix).unwrap_or_default().chars();
        let is_number = matches!(rest.next(), Some('1'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}'));
        is_number && rest.next().is_none()
    };
    DEVICES.contains(&stem.as_str()) || NUMBERED.iter().any(is_numbered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GuidelineId;

    #[test]
    fn devices_are_known_in_any_dress() {
        for name in
            ["con", "CON", "aux.rs", "Nul.tar.gz", "com1", "LPT9.txt", "com\u{b2}", "nul .x", "conin$"]
        {
            assert!(is_device(name), "{name}");
        }
        for name in
            ["console", "com", "com0", "com10", "auxiliary.rs", "x.con", ".con", "lpt", "nulls", "a.b"]
        {
            assert!(!is_device(name), "{name}");
        }
    }

    #[test]
    fn no_new_guideline_has_such_a_name() {
        let why_not = |id: &str| GuidelineId::new(id).expect("an id").why_not_new();
        for id in ["acme/con", "aux/x", "com1/lpt2"] {
            assert!(why_not(id).expect(id).contains("device"), "{id}");
        }
        for id in ["acme/console", "aux-1/x", "a/com10"] {
            assert_eq!(why_not(id), None, "{id}");
        }
    }
}
