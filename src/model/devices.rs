//! Names of devices on Windows, in any folder and with any extension. A repository that contains a file with
//! such a name cannot be checked out on Windows.

/// Device names.
const DEVICES: [&str; 6] = ["aux", "con", "conin$", "conout$", "nul", "prn"];
/// Device names that are followed by a digit.
const NUMBERED: [&str; 2] = ["com", "lpt"];

/// Whether Windows interprets this file name as a device.
pub(super) fn is_device(name: &str) -> bool {
    // Windows ignores spaces before the extension.
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
    fn devices_are_detected_in_any_case_and_with_any_extension() {
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
        let why_not = |id: &str| GuidelineId::new(id).expect("an id").reserved_name_reason();
        for id in ["acme/con", "aux/x", "com1/lpt2"] {
            assert!(why_not(id).expect(id).contains("device"), "{id}");
        }
        for id in ["acme/console", "aux-1/x", "a/com10"] {
            assert_eq!(why_not(id), None, "{id}");
        }
    }
}
