//! Matching one glob without a regular expression engine.
//!
//! Compiling an engine costs a hundred times what a run asks of most globs, and nearly all of them have
//! one of a few shapes: `**/*.py`, `**/Dockerfile`, `docs/**`, a plain path. Those are one comparison
//! here; the rest is matched token by token with two places to come back to, the last `*` and the last
//! `**`, so in time that grows with the product of both lengths and without memory. Choices are written
//! out first. What would be too much written out stays with globset (see the parent).

use super::parse::{Class, Token};

/// More alternatives than this are not written out.
pub(super) const MAX_ALTERNATIVES: usize = 64;

/// One alternative of a glob, by shape. Bytes, never text: names need not be UTF-8.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// `**`
    Everything,
    /// This path and no other.
    Path(Box<[u8]>),
    /// `**/*` and then these bytes, which hold no slash.
    Suffix(Box<[u8]>),
    /// `**/` and then these bytes.
    Tail(Box<[u8]>),
    /// These bytes (which end with a slash), then anything.
    Below(Box<[u8]>),
    /// Anything else.
    Steps(Box<[Step]>),
}

/// A part of a general glob.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// These bytes.
    Bytes(Box<[u8]>),
    /// One byte that is no slash.
    One,
    /// Any number of bytes that are no slash.
    Star,
    /// One of these bytes.
    Of(Box<ByteSet>),
    /// Any number of whole components, each with the slash behind it. Stands where a component starts.
    Components,
    /// Anything to the end. Stands last.
    Rest,
}

/// A set of bytes.
#[derive(Clone, Debug)]
pub(super) struct ByteSet([u64; 4]);

impl ByteSet {
    fn of(class: &Class) -> Self {
        let mut set = [0_u64; 4];
        for byte in class.members() {
            set[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        if class.negated {
            set = set.map(|bits| !bits);
        }
        // Brackets stay inside one component.
        set[usize::from(b'/' >> 6)] &= !(1 << (b'/' & 63));
        Self(set)
    }

    fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & (1 << (byte & 63)) != 0
    }
}

impl Shape {
    /// The shapes of a glob, one an alternative; `None` when it has too many of them, or uses `**` in a
    /// place that only globset reads.
    pub(super) fn all_of(tokens: &[Token]) -> Option<Vec<Self>> {
        alternatives(tokens)?.iter().map(|tokens| Self::new(tokens)).collect()
    }

    /// The shape of `tokens`, which hold no choice.
    fn new(tokens: &[&Token]) -> Option<Self> {
        let mut steps: Vec<Step> = Vec::new();
        let mut bytes: Vec<u8> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let last = at + 1 == tokens.len();
            let starts_component = bytes.last().map_or(steps.is_empty(), |&byte| byte == b'/')
                || (bytes.is_empty() && matches!(steps.last(), Some(Step::Components)));
            let step = match token {
                Token::Literal(char) => {
                    bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                    continue;
                }
                Token::One => Step::One,
                Token::Star => Step::Star,
                Token::Class(class) => Step::Of(Box::new(ByteSet::of(class))),
                Token::Everything if last && steps.is_empty() && bytes.is_empty() => Step::Rest,
                Token::TreeStart if starts_component => Step::Components,
                Token::TreeMiddle => {
                    bytes.push(b'/');
                    Step::Components
                }
                Token::TreeEnd if last => {
                    bytes.push(b'/');
                    Step::Rest
                }
                Token::Choice(_) | Token::Everything | Token::TreeStart | Token::TreeEnd => return None,
            };
            if !bytes.is_empty() {
                steps.push(Step::Bytes(std::mem::take(&mut bytes).into_boxed_slice()));
            }
            // A second one adds nothing, and would only be a second place to come back to.
            let again = matches!((&step, steps.last()), (Step::Star, Some(Step::Star)))
                || matches!((&step, steps.last()), (Step::Components, Some(Step::Components)));
            if !again {
                steps.push(step);
            }
        }
        if !bytes.is_empty() {
            steps.push(Step::Bytes(bytes.into_boxed_slice()));
        }
        Some(Self::simplest(steps))
    }

    fn simplest(steps: Vec<Step>) -> Self {
        match &steps[..] {
            [Step::Rest] => Self::Everything,
            [] => Self::Path(Box::default()),
            [Step::Bytes(path)] => Self::Path(path.clone()),
            [Step::Components, Step::Star, Step::Bytes(end)] if !end.contains(&b'/') => {
                Self::Suffix(end.clone())
            }
            [Step::Components, Step::Bytes(end)] => Self::Tail(end.clone()),
            [Step::Bytes(start), Step::Rest] => Self::Below(start.clone()),
            _ => Self::Steps(steps.into_boxed_slice()),
        }
    }

    /// See [`super::Globs::asks_by_extension`].
    pub(super) fn asks_by_extension(&self) -> bool {
        match self {
            Self::Everything => true,
            Self::Suffix(end) => end.first() == Some(&b'.') && !end[1..].contains(&b'.'),
            _ => false,
        }
    }

    /// The only path that matches, if it is one.
    pub(super) fn path(&self) -> Option<&[u8]> {
        if let Self::Path(path) = self { Some(path) } else { None }
    }

    /// Whether the whole of `path` matches.
    pub(super) fn is_match(&self, path: &[u8]) -> bool {
        match self {
            Self::Everything => true,
            Self::Path(whole) => path == &**whole,
            Self::Suffix(end) => path.ends_with(end),
            Self::Tail(end) => {
                path.strip_suffix(&**end).is_some_and(|before| before.is_empty() || before.ends_with(b"/"))
            }
            Self::Below(start) => path.starts_with(start),
            Self::Steps(steps) => steps_match(steps, path),
        }
    }
}

/// Matches step by step. After a mismatch the last `*` takes one byte more, and when it cannot, the last
/// `**` takes one component more. Earlier ones need not be tried again: what stands between two of them
/// was found as far left as it can be, which leaves the later one the most to choose from.
fn steps_match(steps: &[Step], path: &[u8]) -> bool {
    let (mut step, mut at) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    let mut tree: Option<(usize, usize)> = None;
    loop {
        let fits = match steps.get(step) {
            None => at == path.len(),
            Some(Step::Rest) => return true,
            Some(Step::Star) => {
                step += 1;
                star = Some((step, at));
                continue;
            }
            Some(Step::Components) => {
                step += 1;
                tree = Some((step, at));
                star = None;
                continue;
            }
            Some(Step::Bytes(bytes)) => {
                let fits = path[at..].starts_with(bytes);
                at += if fits { bytes.len() } else { 0 };
                fits
            }
            Some(Step::One) => one(path, &mut at, |byte| byte != b'/'),
            Some(Step::Of(set)) => one(path, &mut at, |byte| set.has(byte)),
        };
        if fits {
            if step == steps.len() {
                return true;
            }
            step += 1;
            continue;
        }
        if let Some((after, from)) = star
            && path.get(from).is_some_and(|&byte| byte != b'/')
        {
            (step, at) = (after, from + 1);
            star = Some((after, from + 1));
            continue;
        }
        let Some((after, from)) = tree else { return false };
        let Some(slash) = memchr::memchr(b'/', &path[from..]) else { return false };
        (step, at) = (after, from + slash + 1);
        tree = Some((after, at));
        star = None;
    }
}

fn one(path: &[u8], at: &mut usize, fits: impl Fn(u8) -> bool) -> bool {
    let found = path.get(*at).is_some_and(|&byte| fits(byte));
    *at += usize::from(found);
    found
}

/// Every way to choose a branch of each choice; `None` when these are too many.
fn alternatives(tokens: &[Token]) -> Option<Vec<Vec<&Token>>> {
    let mut all: Vec<Vec<&Token>> = vec![Vec::new()];
    for token in tokens {
        let Token::Choice(branches) = token else {
            all.iter_mut().for_each(|one| one.push(token));
            continue;
        };
        let mut ways: Vec<Vec<&Token>> = Vec::new();
        for branch in branches {
            ways.extend(alternatives(branch)?);
            if ways.len() > MAX_ALTERNATIVES {
                return None;
            }
        }
        if all.len() * ways.len() > MAX_ALTERNATIVES {
            return None;
        }
        all = all
            .iter()
            .flat_map(|start| ways.iter().map(move |way| start.iter().chain(way).copied().collect()))
            .collect();
    }
    Some(all)
}
