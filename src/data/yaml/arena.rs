//! From events to a flat arena of values.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_saphyr::granit_parser::{Event, ScalarStyle, StructureStyle, Tag};

use super::super::limits::{Limits, syntax};
use super::super::{Kind, LoadError, table};
use super::scalar;
use crate::text::Span;

/// Longest text that an alias may bring as a key. Keys are copied before anything is measured; YAML has
/// the same limit for keys that are written out.
const KEY_BYTES: usize = 1024;

/// So many keys are compared one by one.
const FEW_KEYS: usize = 16;

/// Number of a value in the arena. Parts and the targets of aliases always have smaller numbers than
/// what holds them.
pub(super) type Id = usize;

/// A value whose parts are numbers.
pub(super) struct Value {
    pub(super) span: Span,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// No sequence and no mapping.
    Scalar(Kind),
    /// An empty plain scalar, which is how an empty document looks.
    Nothing,
    Sequence(Vec<Id>),
    Mapping(Vec<Entry>),
    Alias(Id),
}

/// A member of a mapping.
pub(super) enum Entry {
    Member {
        key: String,
        key_span: Span,
        value: Id,
    },
    /// `<<: value`.
    Merge {
        value: Id,
    },
}

/// All values of a file.
pub(super) struct Arena {
    pub(super) values: Vec<Value>,
    /// The root of each document.
    pub(super) roots: Vec<Id>,
    /// Whether an alias or `<<` may bring a value to a second place.
    pub(super) repeats: bool,
    /// What `<<` took already and need not be looked at again: many aliases of a long list would take
    /// quadratic time.
    merged: HashSet<Id>,
}

/// A sequence or mapping that has not ended yet.
struct Open {
    start: Span,
    flow: bool,
    anchor: usize,
    parts: Parts,
}

enum Parts {
    Items(Vec<Id>),
    Members { entries: Vec<Entry>, seen: HashSet<String>, key: Option<Key> },
}

struct Key {
    text: String,
    span: Span,
    merge: bool,
}

/// Takes events and builds an [`Arena`].
pub(super) struct Builder<'t> {
    text: &'t str,
    limits: Limits,
    arena: Arena,
    open: Vec<Open>,
    /// Anchor number → value; `None` while the value has not ended.
    anchors: HashMap<usize, Option<Id>>,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str, limits: &Limits) -> Self {
        let arena = Arena { values: Vec::new(), roots: Vec::new(), repeats: false, merged: HashSet::new() };
        Self { text, limits: *limits, arena, open: Vec::new(), anchors: HashMap::new() }
    }

    pub(super) fn finish(self) -> Arena {
        self.arena
    }

    pub(super) fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), LoadError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.check_anchor(anchor, span)?;
                self.scalar(text, style, anchor, tag.as_deref(), span)
            }
            Event::SequenceStart(style, anchor, _) => {
                self.start(span, style, anchor, Parts::Items(Vec::new()))
            }
            Event::MappingStart(style, anchor, _) => {
                let parts = Parts::Members { entries: Vec::new(), seen: HashSet::new(), key: None };
                self.start(span, style, anchor, parts)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            // Nothing else is a value; comments and anchors are not asked for.
            _ => Ok(()),
        }
    }

    fn check_anchor(&mut self, anchor: usize, span: Span) -> Result<(), LoadError> {
        if anchor == 0 {
            return Ok(());
        }
        if !self.limits.aliases {
            return Err(syntax("anchors and aliases cannot be used here; write the value out", span));
        }
        self.anchors.insert(anchor, None);
        Ok(())
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), LoadError> {
        if !self.limits.aliases {
            return Err(syntax("anchors and aliases cannot be used here; write the value out", span));
        }
        self.arena.repeats = true;
        let Some(&Some(target)) = self.anchors.get(&anchor) else {
            return Err(syntax("this alias stands inside the value it refers to", span));
        };
        if self.awaits_key() {
            let target = &self.arena.values[target];
            let text = match &target.content {
                Content::Scalar(Kind::String(text)) => text.as_str(),
                Content::Scalar(_) => &self.text[target.span.start..target.span.end],
                _ => return Err(complex_key(span)),
            };
            if text.len() > KEY_BYTES {
                return Err(syntax("this alias is used as a key, and its text is too long for one", span));
            }
            let text = text.to_owned();
            return self.key(Key { text, span, merge: false });
        }
        self.value(Value { span, content: Content::Alias(target) }).map(drop)
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), LoadError> {
        let plain = style == ScalarStyle::Plain;
        // The parser gives `~` where nothing is written.
        let nothing = plain && span.is_empty();
        let text = if nothing { Cow::Borrowed("") } else { text };
        let span = self.scalar_span(span, style);
        if anchor == 0 && self.awaits_key() {
            let merge = plain && text == "<<";
            return self.key(Key { text: text.into_owned(), span, merge });
        }
        let as_text = tag.is_some_and(|tag| tag.core_suffix() == Some("str") || tag.original() == "!");
        let content = |text: Cow<'_, str>| match plain && !as_text {
            true if nothing && tag.is_none() && anchor == 0 => Content::Nothing,
            true => Content::Scalar(scalar::resolve(&text)),
            false => Content::Scalar(Kind::String(text.into_owned())),
        };
        if self.awaits_key() {
            // Only values can be referred to from elsewhere; a key's anchor names its text.
            let id = self.push(Value { span, content: content(text.clone()) })?;
            self.anchors.insert(anchor, Some(id));
            let merge = plain && text == "<<";
            return self.key(Key { text: text.into_owned(), span, merge });
        }
        let content = content(text);
        let id = self.value(Value { span, content })?;
        if anchor != 0 {
            self.anchors.insert(anchor, Some(id));
        }
        Ok(())
    }

    /// The characters of a scalar without blanks and line ends around them; nothing at all stands
    /// right after the key.
    fn scalar_span(&self, span: Span, style: ScalarStyle) -> Span {
        if let (true, Some(Open { parts: Parts::Members { key: Some(key), .. }, .. })) =
            (span.is_empty(), self.open.last())
        {
            return Span::at(key.span.end);
        }
        if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
            return span;
        }
        Span::new(span.start, span.start + self.text[span.start..span.end].trim_end().len())
    }

    fn start(
        &mut self,
        span: Span,
        style: StructureStyle,
        anchor: usize,
        parts: Parts,
    ) -> Result<(), LoadError> {
        if self.awaits_key() {
            return Err(complex_key(span));
        }
        if self.open.len() >= self.limits.max_depth {
            return Err(LoadError::TooDeep { span });
        }
        self.check_anchor(anchor, span)?;
        self.open.push(Open { start: span, flow: style == StructureStyle::Flow, anchor, parts });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<(), LoadError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let whole = if open.flow {
            Span::new(open.start.start, span.end)
        } else {
            let start = self.block_start(&open);
            Span::new(start, self.last_end(&open.parts).unwrap_or(start))
        };
        let content = match open.parts {
            Parts::Items(items) => Content::Sequence(items),
            Parts::Members { entries, .. } => Content::Mapping(entries),
        };
        let id = self.value(Value { span: whole, content })?;
        if open.anchor != 0 {
            self.anchors.insert(open.anchor, Some(id));
        }
        Ok(())
    }

    /// Where a block collection starts: its first key or its first dash. (The parser names the place
    /// after the dash when the list is not indented.)
    fn block_start(&self, open: &Open) -> usize {
        let start = open.start.start;
        if matches!(open.parts, Parts::Members { .. }) {
            return start;
        }
        let (before, after) = self.text.split_at(start);
        if after.starts_with("- ") || after.starts_with("-\n") {
            return start;
        }
        let before = before.trim_end();
        if before.ends_with('-') { before.len() - 1 } else { start }
    }

    /// Where the last part ends.
    fn last_end(&self, parts: &Parts) -> Option<usize> {
        let last = match parts {
            Parts::Items(items) => *items.last()?,
            Parts::Members { entries, .. } => match entries.last()? {
                Entry::Member { value, .. } | Entry::Merge { value } => *value,
            },
        };
        Some(self.arena.values[last].span.end)
    }

    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { parts: Parts::Members { key: None, .. }, .. }))
    }

    fn key(&mut self, new: Key) -> Result<(), LoadError> {
        if let Some(Open { parts: Parts::Members { entries, seen, key }, .. }) = self.open.last_mut() {
            if is_known(entries, seen, &new.text) {
                let message = format!("the key `{}` is there twice", table::short(&new.text));
                return Err(syntax(message, new.span));
            }
            *key = Some(new);
        }
        Ok(())
    }

    /// Stores a value where the next one belongs.
    fn value(&mut self, value: Value) -> Result<Id, LoadError> {
        let id = self.push(value)?;
        match self.open.last_mut().map(|open| &mut open.parts) {
            None => self.arena.roots.push(id),
            Some(Parts::Items(items)) => items.push(id),
            Some(Parts::Members { entries, key, .. }) => match key.take() {
                Some(Key { merge: true, span, .. }) => {
                    self.arena.repeats = true;
                    self.arena.check_merge(id, span)?;
                    entries.push(Entry::Merge { value: id });
                }
                Some(Key { text, span, .. }) => {
                    entries.push(Entry::Member { key: text, key_span: span, value: id });
                }
                None => {}
            },
        }
        Ok(id)
    }

    fn push(&mut self, value: Value) -> Result<Id, LoadError> {
        if self.arena.values.len() >= self.limits.max_nodes {
            return Err(LoadError::TooManyNodes);
        }
        self.arena.values.push(value);
        Ok(self.arena.values.len() - 1)
    }
}

impl Arena {
    /// The value that `id` stands for, through aliases.
    pub(super) fn target(&self, id: Id) -> &Value {
        &self.values[self.target_id(id)]
    }

    fn target_id(&self, mut id: Id) -> Id {
        // A target has a smaller number than its alias, so this ends; an alias of an alias cannot be
        // written, so it ends at once.
        while let Content::Alias(target) = self.values[id].content {
            id = target;
        }
        id
    }

    /// What `<<` takes: a mapping, or a sequence of mappings.
    fn check_merge(&mut self, id: Id, key: Span) -> Result<(), LoadError> {
        let is_mapping = |id: Id| matches!(self.target(id).content, Content::Mapping(_));
        let target = self.target_id(id);
        let fits = match &self.values[target].content {
            Content::Mapping(_) => true,
            Content::Sequence(items) => {
                let known = self.merged.contains(&target);
                known || items.iter().all(|&item| is_mapping(item))
            }
            _ => false,
        };
        self.merged.insert(target);
        if fits { Ok(()) } else { Err(syntax("`<<` takes a mapping or a list of mappings", key)) }
    }
}

/// Whether a mapping has `key` already. Most have few keys, which are compared one by one; only long ones
/// remember theirs in `seen`.
fn is_known(entries: &[Entry], seen: &mut HashSet<String>, key: &str) -> bool {
    let written = |entry: &Entry| match entry {
        Entry::Member { key, .. } => key.clone(),
        Entry::Merge { .. } => "<<".to_owned(),
    };
    match entries.len() {
        0..FEW_KEYS => entries.iter().any(|entry| match entry {
            Entry::Member { key: known, .. } => known == key,
            Entry::Merge { .. } => key == "<<",
        }),
        FEW_KEYS => {
            seen.extend(entries.iter().map(written));
            !seen.insert(key.to_owned())
        }
        _ => !seen.insert(key.to_owned()),
    }
}

fn complex_key(span: Span) -> LoadError {
    syntax("only text can be a key here, not a list or a mapping", span)
}
