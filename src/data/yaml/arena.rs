//! Conversion of parser events to a flat arena of values.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_saphyr::granit_parser::{Event, ScalarStyle, StructureStyle, Tag};

use super::super::limits::{DocumentLimits, syntax_error};
use super::super::{LoadError, NodeKind, table};
use super::scalar;
use crate::text::Span;

/// Maximum length of a text that is used as a key through an alias, in bytes. Keys are copied before sizes
/// are checked; YAML has the same limit for keys that are written out.
const MAX_ALIAS_KEY_BYTES: usize = 1024;

/// Number of keys up to which a mapping compares them one by one.
const MAX_LINEAR_KEYS: usize = 16;

/// Index of a value in the arena. Elements and alias targets always have smaller ids than the values that
/// refer to them.
pub(super) type ValueId = usize;

/// A value whose elements are referenced by id.
pub(super) struct ArenaValue {
    pub(super) span: Span,
    pub(super) content: ArenaContent,
}

pub(super) enum ArenaContent {
    /// Neither a sequence nor a mapping.
    Scalar(NodeKind),
    /// An empty plain scalar, which also represents an empty document.
    Nothing,
    Sequence(Vec<ValueId>),
    Mapping(Vec<MappingEntry>),
    Alias(ValueId),
}

/// A member of a mapping.
pub(super) enum MappingEntry {
    Member {
        key: String,
        key_span: Span,
        value: ValueId,
    },
    /// `<<: value`.
    Merge {
        value: ValueId,
    },
}

/// All values of a file.
pub(super) struct Arena {
    pub(super) values: Vec<ArenaValue>,
    /// Root value of each document.
    pub(super) roots: Vec<ValueId>,
    /// Whether an alias or `<<` may use a value a second time.
    pub(super) repeats: bool,
    /// Values that were already checked as targets of `<<`: checking a long list again for each alias would
    /// take quadratic time.
    merged: HashSet<ValueId>,
}

/// A sequence or mapping whose end event has not been received yet.
struct OpenCollection {
    start: Span,
    flow: bool,
    anchor: usize,
    parts: CollectionParts,
}

enum CollectionParts {
    Items(Vec<ValueId>),
    Members { entries: Vec<MappingEntry>, seen: HashSet<String>, key: Option<PendingKey> },
}

struct PendingKey {
    text: String,
    span: Span,
    merge: bool,
}

/// Builds an [`Arena`] from parser events.
pub(super) struct ArenaBuilder<'t> {
    text: &'t str,
    limits: DocumentLimits,
    arena: Arena,
    open: Vec<OpenCollection>,
    /// Anchor number → value; `None` until the value has ended.
    anchors: HashMap<usize, Option<ValueId>>,
}

impl<'t> ArenaBuilder<'t> {
    pub(super) fn new(text: &'t str, limits: &DocumentLimits) -> Self {
        let arena = Arena { values: Vec::new(), roots: Vec::new(), repeats: false, merged: HashSet::new() };
        Self { text, limits: *limits, arena, open: Vec::new(), anchors: HashMap::new() }
    }

    pub(super) fn finish(self) -> Arena {
        self.arena
    }

    pub(super) fn handle_event(&mut self, event: Event<'_>, span: Span) -> Result<(), LoadError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.check_anchor(anchor, span)?;
                self.add_scalar(text, style, anchor, tag.as_deref(), span)
            }
            Event::SequenceStart(style, anchor, _) => {
                self.start_collection(span, style, anchor, CollectionParts::Items(Vec::new()))
            }
            Event::MappingStart(style, anchor, _) => {
                let parts = CollectionParts::Members { entries: Vec::new(), seen: HashSet::new(), key: None };
                self.start_collection(span, style, anchor, parts)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end_collection(span),
            Event::Alias(anchor) => self.add_alias(anchor, span),
            // No other event is a value; comment and anchor events are switched off.
            _ => Ok(()),
        }
    }

    fn check_anchor(&mut self, anchor: usize, span: Span) -> Result<(), LoadError> {
        if anchor == 0 {
            return Ok(());
        }
        if !self.limits.aliases {
            return Err(syntax_error("anchors and aliases cannot be used here; write the value out", span));
        }
        self.anchors.insert(anchor, None);
        Ok(())
    }

    fn add_alias(&mut self, anchor: usize, span: Span) -> Result<(), LoadError> {
        if !self.limits.aliases {
            return Err(syntax_error("anchors and aliases cannot be used here; write the value out", span));
        }
        self.arena.repeats = true;
        let Some(&Some(target)) = self.anchors.get(&anchor) else {
            return Err(syntax_error("this alias is inside the value that it refers to", span));
        };
        if self.awaits_key() {
            let target = &self.arena.values[target];
            let text = match &target.content {
                ArenaContent::Scalar(NodeKind::String(text)) => text.as_str(),
                ArenaContent::Scalar(_) => &self.text[target.span.start..target.span.end],
                _ => return Err(complex_key_error(span)),
            };
            if text.len() > MAX_ALIAS_KEY_BYTES {
                return Err(syntax_error("the text of this alias is too long for a key", span));
            }
            let text = text.to_owned();
            return self.set_key(PendingKey { text, span, merge: false });
        }
        self.add_value(ArenaValue { span, content: ArenaContent::Alias(target) }).map(drop)
    }

    fn add_scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), LoadError> {
        let plain = style == ScalarStyle::Plain;
        // The parser reports `~` for a missing value.
        let nothing = plain && span.is_empty();
        let text = if nothing { Cow::Borrowed("") } else { text };
        let span = self.scalar_span(span, style);
        if anchor == 0 && self.awaits_key() {
            let merge = plain && text == "<<";
            return self.set_key(PendingKey { text: text.into_owned(), span, merge });
        }
        let as_text = tag.is_some_and(|tag| tag.core_suffix() == Some("str") || tag.original() == "!");
        let content = |text: Cow<'_, str>| match plain && !as_text {
            true if nothing && tag.is_none() && anchor == 0 => ArenaContent::Nothing,
            true => ArenaContent::Scalar(scalar::resolve_scalar(&text)),
            false => ArenaContent::Scalar(NodeKind::String(text.into_owned())),
        };
        if self.awaits_key() {
            // Aliases can only refer to values, so the anchor of a key refers to a copy of its text.
            let id = self.push_value(ArenaValue { span, content: content(text.clone()) })?;
            self.anchors.insert(anchor, Some(id));
            let merge = plain && text == "<<";
            return self.set_key(PendingKey { text: text.into_owned(), span, merge });
        }
        let content = content(text);
        let id = self.add_value(ArenaValue { span, content })?;
        if anchor != 0 {
            self.anchors.insert(anchor, Some(id));
        }
        Ok(())
    }

    /// Span of a scalar without surrounding blanks and line endings. The span of a missing value is directly
    /// after its key.
    fn scalar_span(&self, span: Span, style: ScalarStyle) -> Span {
        if let (true, Some(OpenCollection { parts: CollectionParts::Members { key: Some(key), .. }, .. })) =
            (span.is_empty(), self.open.last())
        {
            return Span::at(key.span.end);
        }
        if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
            return span;
        }
        Span::new(span.start, span.start + self.text[span.start..span.end].trim_end().len())
    }

    fn start_collection(
        &mut self,
        span: Span,
        style: StructureStyle,
        anchor: usize,
        parts: CollectionParts,
    ) -> Result<(), LoadError> {
        if self.awaits_key() {
            return Err(complex_key_error(span));
        }
        if self.open.len() >= self.limits.max_depth {
            return Err(LoadError::TooDeep { span });
        }
        self.check_anchor(anchor, span)?;
        self.open.push(OpenCollection { start: span, flow: style == StructureStyle::Flow, anchor, parts });
        Ok(())
    }

    fn end_collection(&mut self, span: Span) -> Result<(), LoadError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let whole = if open.flow {
            Span::new(open.start.start, span.end)
        } else {
            let start = self.block_start(&open);
            Span::new(start, self.last_end(&open.parts).unwrap_or(start))
        };
        let content = match open.parts {
            CollectionParts::Items(items) => ArenaContent::Sequence(items),
            CollectionParts::Members { entries, .. } => ArenaContent::Mapping(entries),
        };
        let id = self.add_value(ArenaValue { span: whole, content })?;
        if open.anchor != 0 {
            self.anchors.insert(open.anchor, Some(id));
        }
        Ok(())
    }

    /// Start of a block collection: its first key or its first dash. (The parser reports the position after
    /// the dash if the list is not indented.)
    fn block_start(&self, open: &OpenCollection) -> usize {
        let start = open.start.start;
        if matches!(open.parts, CollectionParts::Members { .. }) {
            return start;
        }
        let (before, after) = self.text.split_at(start);
        if after.starts_with("- ") || after.starts_with("-\n") {
            return start;
        }
        let before = before.trim_end();
        if before.ends_with('-') { before.len() - 1 } else { start }
    }

    /// End of the last element.
    fn last_end(&self, parts: &CollectionParts) -> Option<usize> {
        let last = match parts {
            CollectionParts::Items(items) => *items.last()?,
            CollectionParts::Members { entries, .. } => match entries.last()? {
                MappingEntry::Member { value, .. } | MappingEntry::Merge { value } => *value,
            },
        };
        Some(self.arena.values[last].span.end)
    }

    fn awaits_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(OpenCollection { parts: CollectionParts::Members { key: None, .. }, .. })
        )
    }

    fn set_key(&mut self, new: PendingKey) -> Result<(), LoadError> {
        if let Some(OpenCollection { parts: CollectionParts::Members { entries, seen, key }, .. }) =
            self.open.last_mut()
        {
            if is_duplicate_key(entries, seen, &new.text) {
                let message = format!("duplicate key `{}`", table::shorten_key(&new.text));
                return Err(syntax_error(message, new.span));
            }
            *key = Some(new);
        }
        Ok(())
    }

    /// Stores a value and adds it to the innermost open collection, or to the roots.
    fn add_value(&mut self, value: ArenaValue) -> Result<ValueId, LoadError> {
        let id = self.push_value(value)?;
        match self.open.last_mut().map(|open| &mut open.parts) {
            None => self.arena.roots.push(id),
            Some(CollectionParts::Items(items)) => items.push(id),
            Some(CollectionParts::Members { entries, key, .. }) => match key.take() {
                Some(PendingKey { merge: true, span, .. }) => {
                    self.arena.repeats = true;
                    self.arena.check_merge(id, span)?;
                    entries.push(MappingEntry::Merge { value: id });
                }
                Some(PendingKey { text, span, .. }) => {
                    entries.push(MappingEntry::Member { key: text, key_span: span, value: id });
                }
                None => {}
            },
        }
        Ok(id)
    }

    fn push_value(&mut self, value: ArenaValue) -> Result<ValueId, LoadError> {
        if self.arena.values.len() >= self.limits.max_nodes {
            return Err(LoadError::TooManyNodes);
        }
        self.arena.values.push(value);
        Ok(self.arena.values.len() - 1)
    }
}

impl Arena {
    /// Value of `id`, with aliases resolved.
    pub(super) fn target(&self, id: ValueId) -> &ArenaValue {
        &self.values[self.target_id(id)]
    }

    fn target_id(&self, mut id: ValueId) -> ValueId {
        // A target has a smaller id than its alias, so the loop ends. YAML has no alias of an alias, so it
        // ends after one step.
        while let ArenaContent::Alias(target) = self.values[id].content {
            id = target;
        }
        id
    }

    /// Checks the value of `<<`, which must be a mapping or a sequence of mappings.
    fn check_merge(&mut self, id: ValueId, key: Span) -> Result<(), LoadError> {
        let is_mapping = |id: ValueId| matches!(self.target(id).content, ArenaContent::Mapping(_));
        let target = self.target_id(id);
        let fits = match &self.values[target].content {
            ArenaContent::Mapping(_) => true,
            ArenaContent::Sequence(items) => {
                let known = self.merged.contains(&target);
                known || items.iter().all(|&item| is_mapping(item))
            }
            _ => false,
        };
        self.merged.insert(target);
        if fits {
            Ok(())
        } else {
            Err(syntax_error("the value of `<<` must be a mapping or a list of mappings", key))
        }
    }
}

/// Whether a mapping already has `key`. Most mappings have few keys, which are compared one by one; only long
/// ones record their keys in `seen`.
fn is_duplicate_key(entries: &[MappingEntry], seen: &mut HashSet<String>, key: &str) -> bool {
    let written = |entry: &MappingEntry| match entry {
        MappingEntry::Member { key, .. } => key.clone(),
        MappingEntry::Merge { .. } => "<<".to_owned(),
    };
    match entries.len() {
        0..MAX_LINEAR_KEYS => entries.iter().any(|entry| match entry {
            MappingEntry::Member { key: known, .. } => known == key,
            MappingEntry::Merge { .. } => key == "<<",
        }),
        MAX_LINEAR_KEYS => {
            seen.extend(entries.iter().map(written));
            !seen.insert(key.to_owned())
        }
        _ => !seen.insert(key.to_owned()),
    }
}

fn complex_key_error(span: Span) -> LoadError {
    syntax_error("keys must be text here, not a list or a mapping", span)
}
