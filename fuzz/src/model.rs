//! Target that compares globs with a second implementation, which is slow, small, and written from the
//! documentation.

use stanchion::engine::glob::{CapturingGlob, Globs};

use super::split_at_nul;

/// Input: glob, NUL, path.
pub fn glob(bytes: &[u8]) {
    let Some((pattern, path)) = split_at_nul(bytes) else { return };
    let globs = Globs::new(&[pattern.to_owned()]);
    let capturing = CapturingGlob::new(pattern);
    if let Ok(capturing) = &capturing {
        assert!(globs.is_ok(), "only one implementation accepts the glob");
        let _ = capturing.captures(path);
    }
    let Ok(globs) = globs else { return };
    let is_path =
        !path.is_empty() && path.split(|&byte| byte == b'/').all(|part| !matches!(part, b"" | b"." | b".."));
    if !is_path || path.contains(&b'\n') || pattern.len() > 40 || path.len() > 60 {
        return;
    }
    let found = globs.is_match(path);
    if let Some(expected) = matches(pattern.as_bytes(), path) {
        assert_eq!(found, expected, "{pattern:?} and {:?}", String::from_utf8_lossy(path));
    }
    if let Ok(capturing) = capturing {
        assert_eq!(capturing.captures(path).is_some(), found, "{pattern:?} has another result with captures");
    }
}

/// Whether the glob matches; `None` if the step limit is exceeded.
fn matches(pattern: &[u8], path: &[u8]) -> Option<bool> {
    let mut patterns = Vec::new();
    expand_braces(pattern.to_vec(), &mut patterns, 0)?;
    // Two stars that become adjacent only by brace expansion are not `**`, but look the same after expansion.
    if patterns.len() > 1 && patterns.iter().any(|pattern| pattern.windows(2).any(|two| two == b"**")) {
        return None;
    }
    let mut steps = 20_000;
    for pattern in &patterns {
        let components: Vec<&[u8]> = split_components(pattern);
        let parts: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
        if match_components(&components, &parts, &mut steps)? {
            return Some(true);
        }
    }
    Some(false)
}

/// Expands braces, beginning with the first one.
fn expand_braces(pattern: Vec<u8>, out: &mut Vec<Vec<u8>>, depth: usize) -> Option<()> {
    if out.len() > 200 || depth > 20 {
        return None;
    }
    let mut at = 0;
    while at < pattern.len() {
        match pattern[at] {
            b'\\' => at += 1,
            b'[' => at = class_end(&pattern, at)?,
            b'{' => {
                let (mut level, mut start, mut choices) = (0, at + 1, Vec::new());
                let mut end = at;
                while end < pattern.len() {
                    match pattern[end] {
                        b'\\' => end += 1,
                        b'[' => end = class_end(&pattern, end)?,
                        b'{' => level += 1,
                        b',' if level == 1 => {
                            choices.push(start..end);
                            start = end + 1;
                        }
                        b'}' => {
                            level -= 1;
                            if level == 0 {
                                break;
                            }
                        }
                        _ => {}
                    }
                    end += 1;
                }
                choices.push(start..end);
                for choice in choices {
                    let whole = [&pattern[..at], &pattern[choice], &pattern[end + 1..]].concat();
                    expand_braces(whole, out, depth + 1)?;
                }
                return Some(());
            }
            _ => {}
        }
        at += 1;
    }
    out.push(pattern);
    Some(())
}

/// Offset of the end of the character class that starts at `at`.
fn class_end(pattern: &[u8], at: usize) -> Option<usize> {
    let first = if matches!(pattern.get(at + 1), Some(b'!' | b'^')) { at + 2 } else { at + 1 };
    // A `]` at the start is one of the characters.
    pattern.iter().skip(first + 1).position(|&byte| byte == b']').map(|end| first + 1 + end)
}

fn split_components(pattern: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    while at < pattern.len() {
        match pattern[at] {
            b'\\' => at += 1,
            b'[' => at = class_end(pattern, at).unwrap_or(pattern.len()),
            b'/' => {
                parts.push(&pattern[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&pattern[start..]);
    parts
}

fn match_components(pattern: &[&[u8]], path: &[&[u8]], steps: &mut usize) -> Option<bool> {
    *steps = steps.checked_sub(1)?;
    let Some((first, rest)) = pattern.split_first() else { return Some(path.is_empty()) };
    if *first == b"**" {
        // At the end `**` matches at least one component.
        let least = usize::from(rest.is_empty());
        for taken in least..=path.len() {
            if match_components(rest, &path[taken..], steps)? {
                return Some(true);
            }
        }
        return Some(false);
    }
    match path.split_first() {
        Some((part, below)) => {
            Some(match_component(first, part, steps)? && match_components(rest, below, steps)?)
        }
        None => Some(false),
    }
}

fn match_component(pattern: &[u8], name: &[u8], steps: &mut usize) -> Option<bool> {
    *steps = steps.checked_sub(1)?;
    Some(match (pattern.first(), name.first()) {
        (None, None) => true,
        (Some(b'*'), _) => {
            match_component(&pattern[1..], name, steps)?
                || (!name.is_empty() && match_component(pattern, &name[1..], steps)?)
        }
        (Some(b'?'), Some(_)) => match_component(&pattern[1..], &name[1..], steps)?,
        (Some(b'['), Some(&byte)) => {
            let end = class_end(pattern, 0)?;
            in_class(&pattern[1..end], byte) && match_component(&pattern[end + 1..], &name[1..], steps)?
        }
        (Some(b'\\'), Some(byte)) => {
            pattern.get(1) == Some(byte) && match_component(&pattern[2..], &name[1..], steps)?
        }
        (Some(one), Some(other)) => one == other && match_component(&pattern[1..], &name[1..], steps)?,
        _ => false,
    })
}

fn in_class(class: &[u8], byte: u8) -> bool {
    let rest = class.strip_prefix(b"!").or_else(|| class.strip_prefix(b"^"));
    let (not, class) = rest.map_or((false, class), |rest| (true, rest));
    let (mut at, mut found) = (0, false);
    while at < class.len() {
        if class.get(at + 1) == Some(&b'-') && at + 2 < class.len() {
            found |= (class[at]..=class[at + 2]).contains(&byte);
            at += 3;
        } else {
            found |= class[at] == byte;
            at += 1;
        }
    }
    found != not
}
