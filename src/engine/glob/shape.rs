//! Matches a glob without a regular expression engine.
//!
//! Compiling an engine costs a hundred times as much as matching most globs in a run, and nearly all globs
//! have one of a few shapes: `**/*.py`, `**/Dockerfile`, `docs/**` or a plain path. These need one
//! comparison. Other globs are matched token by token with two backtracking points, the last `*` and the last
//! `**`. That takes time proportional to the product of both lengths, and no memory. Choices are expanded
//! first; globs with too many alternatives are left to globset (see the parent module).

use super::parse::{CharacterClass, Token};

/// Maximum number of alternatives that are expanded.
pub(super) const MAX_ALTERNATIVES: usize = 64;

/// One alternative of a glob, by shape. It consists of bytes, because names need not be UTF-8.
#[derive(Clone, Debug)]
pub(super) enum GlobShape {
    /// `**`
    Everything,
    /// Exactly this path.
    Path(Box<[u8]>),
    /// `**/*` followed by these bytes, which contain no slash.
    Suffix(Box<[u8]>),
    /// `**/` followed by these bytes.
    Tail(Box<[u8]>),
    /// These bytes, which end with a slash, followed by anything.
    Below(Box<[u8]>),
    /// Any other glob.
    Steps(Box<[GlobStep]>),
}

/// A part of a general glob.
#[derive(Clone, Debug)]
pub(super) enum GlobStep {
    /// Exactly these bytes.
    Bytes(Box<[u8]>),
    /// One byte other than a slash.
    One,
    /// Any number of bytes other than a slash.
    Star,
    /// One of these bytes.
    Of(Box<ByteSet>),
    /// Any number of whole components, each with its final slash. Occurs only at the start of a component.
    Components,
    /// Anything up to the end. Always the last step.
    Rest,
}

/// A set of bytes.
#[derive(Clone, Debug)]
pub(super) struct ByteSet([u64; 4]);

impl ByteSet {
    fn of(class: &CharacterClass) -> Self {
        let mut set = [0_u64; 4];
        for byte in class.members() {
            set[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        if class.negated {
            set = set.map(|bits| !bits);
        }
        // Brackets match within one component.
        set[usize::from(b'/' >> 6)] &= !(1 << (b'/' & 63));
        Self(set)
    }

    fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & (1 << (byte & 63)) != 0
    }
}

impl GlobShape {
    /// Returns the shapes of a glob, one per alternative. `None` if there are too many alternatives, or `**`
    /// is in a position that only globset supports.
    pub(super) fn all_of(tokens: &[Token]) -> Option<Vec<Self>> {
        alternatives(tokens)?.iter().map(|tokens| Self::new(tokens)).collect()
    }

    /// Returns the shape of `tokens`, which contain no choice.
    fn new(tokens: &[&Token]) -> Option<Self> {
        let mut steps: Vec<GlobStep> = Vec::new();
        let mut bytes: Vec<u8> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let last = at + 1 == tokens.len();
            let starts_component = bytes.last().map_or(steps.is_empty(), |&byte| byte == b'/')
                || (bytes.is_empty() && matches!(steps.last(), Some(GlobStep::Components)));
            let step = match token {
                Token::Literal(char) => {
                    bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                    continue;
                }
                Token::One => GlobStep::One,
                Token::Star => GlobStep::Star,
                Token::Class(class) => GlobStep::Of(Box::new(ByteSet::of(class))),
                Token::Everything if last && steps.is_empty() && bytes.is_empty() => GlobStep::Rest,
                Token::TreeStart if starts_component => GlobStep::Components,
                Token::TreeMiddle => {
                    bytes.push(b'/');
                    GlobStep::Components
                }
                Token::TreeEnd if last => {
                    bytes.push(b'/');
                    GlobStep::Rest
                }
                Token::Choice(_) | Token::Everything | Token::TreeStart | Token::TreeEnd => return None,
            };
            if !bytes.is_empty() {
                steps.push(GlobStep::Bytes(std::mem::take(&mut bytes).into_boxed_slice()));
            }
            // A repeated step is redundant, and would only add a backtracking point.
            let again = matches!((&step, steps.last()), (GlobStep::Star, Some(GlobStep::Star)))
                || matches!((&step, steps.last()), (GlobStep::Components, Some(GlobStep::Components)));
            if !again {
                steps.push(step);
            }
        }
        if !bytes.is_empty() {
            steps.push(GlobStep::Bytes(bytes.into_boxed_slice()));
        }
        Some(Self::simplest(steps))
    }

    fn simplest(steps: Vec<GlobStep>) -> Self {
        match &steps[..] {
            [GlobStep::Rest] => Self::Everything,
            [] => Self::Path(Box::default()),
            [GlobStep::Bytes(path)] => Self::Path(path.clone()),
            [GlobStep::Components, GlobStep::Star, GlobStep::Bytes(end)] if !end.contains(&b'/') => {
                Self::Suffix(end.clone())
            }
            [GlobStep::Components, GlobStep::Bytes(end)] => Self::Tail(end.clone()),
            [GlobStep::Bytes(start), GlobStep::Rest] => Self::Below(start.clone()),
            _ => Self::Steps(steps.into_boxed_slice()),
        }
    }

    /// See [`super::Globs::depends_only_on_extension`].
    pub(super) fn depends_only_on_extension(&self) -> bool {
        match self {
            Self::Everything => true,
            Self::Suffix(end) => end.first() == Some(&b'.') && !end[1..].contains(&b'.'),
            _ => false,
        }
    }

    /// Returns the only path that matches, if the glob is a plain path.
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

/// Matches step by step. After a mismatch the last `*` takes one more byte. If it cannot, the last `**` takes
/// one more component. Earlier wildcards need no retry: the steps between two wildcards were matched as far
/// left as possible, which leaves the most text to the later wildcard.
fn steps_match(steps: &[GlobStep], path: &[u8]) -> bool {
    let (mut step, mut at) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    let mut tree: Option<(usize, usize)> = None;
    loop {
        let fits = match steps.get(step) {
            None => at == path.len(),
            Some(GlobStep::Rest) => return true,
            Some(GlobStep::Star) => {
                step += 1;
                star = Some((step, at));
                continue;
            }
            Some(GlobStep::Components) => {
                step += 1;
                tree = Some((step, at));
                star = None;
                continue;
            }
            Some(GlobStep::Bytes(bytes)) => {
                let fits = path[at..].starts_with(bytes);
                at += if fits { bytes.len() } else { 0 };
                fits
            }
            Some(GlobStep::One) => take_byte(path, &mut at, |byte| byte != b'/'),
            Some(GlobStep::Of(set)) => take_byte(path, &mut at, |byte| set.has(byte)),
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

/// Advances `at` if the byte there fits, and returns whether it did.
fn take_byte(path: &[u8], at: &mut usize, fits: impl Fn(u8) -> bool) -> bool {
    let found = path.get(*at).is_some_and(|&byte| fits(byte));
    *at += usize::from(found);
    found
}

/// Expands all choices into alternatives; `None` if there are too many.
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
