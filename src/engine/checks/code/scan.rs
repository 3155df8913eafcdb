//! One walk over one tree for all code checks of a file.
//!
//! Our own loop instead of ast-grep's `CombinedScan`: that one obeys `ast-grep-ignore` comments (a
//! second, unjustified kind of waiver), prints, and knows no budget.
//!
//! Only where an anchor of an active rule begins is there anything to find; every other part of the
//! tree is passed by.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use ast_grep_core::matcher::MatcherExt;
use ast_grep_core::replacer::Content;
use ast_grep_core::source::Doc;
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc};
use ast_grep_core::{AstGrep, Matcher};

use super::grammar::Grammar;
use super::guard::Refusal;
use super::parse::parse;
use super::rule::{Body, CompiledCode};
use crate::engine::MAX_FINDINGS;
use crate::engine::budget::{Budget, thread_time};
use crate::engine::found::{CannotTell, Found};
use crate::engine::meter::Meter;
use crate::engine::places::Places;
use crate::model::{Edit, Fix, Reason};
use crate::text::Span;

/// Deepest tree that is searched. Relational rules walk to the root for each node, so their time
/// grows with the square of the depth (GUARANTEES M7).
const MAX_DEPTH: usize = 5_000;
/// Work between two looks at the clock: a node counts one, a rule tried on it many.
const WORK_PER_LOOK: u32 = 2_048;
/// What trying a rule counts.
const WORK_OF_A_RULE: u32 = 16;

/// The code checks of one class of files, by the kinds of node they look at. Built once a run.
#[derive(Default)]
pub struct CodeScan {
    checks: Vec<(u32, Arc<CompiledCode>)>,
    languages: Vec<(Grammar, KindTable)>,
    everywhere: bool,
}

/// For each node kind, the positions of the rules that may match it.
type KindTable = Vec<Vec<u16>>;

impl CodeScan {
    /// Indexes `checks` (numbers in the plan, and what they ask).
    #[must_use]
    pub fn new(checks: Vec<(u32, Arc<CompiledCode>)>) -> Self {
        let mut languages: Vec<(Grammar, KindTable)> = Vec::new();
        for (position, (_, check)) in checks.iter().enumerate() {
            let at =
                languages.iter().position(|(grammar, _)| *grammar == check.grammar).unwrap_or_else(|| {
                    languages.push((check.grammar, Vec::new()));
                    languages.len() - 1
                });
            let Body::Rule(rule) = &check.body else { continue };
            let table = &mut languages[at].1;
            for kind in rule.matcher.potential_kinds().iter().flatten() {
                if table.len() <= kind {
                    table.resize_with(kind + 1, Vec::new);
                }
                table[kind].push(u16::try_from(position).unwrap_or(u16::MAX));
            }
        }
        Self { checks, languages, everywhere: false }
    }

    /// The same, but every node is looked at, whether or not a rule's anchor holds in it.
    #[must_use]
    pub fn everywhere(self, everywhere: bool) -> Self {
        Self { everywhere, ..self }
    }

    /// The checks, in the order that `active` flags count.
    #[must_use]
    pub fn checks(&self) -> &[(u32, Arc<CompiledCode>)] {
        &self.checks
    }
}

/// What a scan of one file writes to.
pub struct Sink<'a> {
    /// Findings, in no particular order.
    pub found: &'a mut Vec<Found>,
    /// What could not be told.
    pub cannot_tell: &'a mut Vec<CannotTell>,
    /// Measures what the checks cost.
    pub meter: &'a Meter,
    /// Processor time that parsing has taken.
    pub parsing: &'a Cell<Duration>,
}

impl Sink<'_> {
    fn parse<T>(&self, work: impl FnOnce() -> T) -> T {
        let start = thread_time();
        let parsed = self.meter.parse(work);
        self.parsing.set(self.parsing.get() + thread_time().saturating_sub(start));
        parsed
    }
}

/// Runs the `active` checks of `scan` over a file of `grammar` that holds `places.text()`.
pub fn scan(
    scan: &CodeScan,
    active: &[bool],
    grammar: Grammar,
    places: &Places<'_>,
    budget: &Budget,
    sink: &mut Sink<'_>,
) {
    let wanted = |grammar: Grammar| {
        scan.checks.iter().zip(active).any(|((_, check), active)| *active && check.grammar == grammar)
    };
    let own = wanted(grammar);
    let embeds = grammar.may_embed()
        && scan.checks.iter().zip(active).any(|((_, check), active)| *active && check.grammar != grammar);
    if !own && !embeds {
        return;
    }
    let doc = match sink.parse(|| document(grammar, places.text(), &[], budget)) {
        Ok(doc) => doc,
        Err(refusal) => return refuse(scan, active, |_| true, &refusal, sink),
    };
    if own {
        one_document(scan, active, &doc, false, places, budget, sink);
    }
    if embeds {
        for (name, ranges) in grammar.extract_injections(doc.root()) {
            let Some(inner) = Grammar::embedded(&name).filter(|inner| wanted(*inner)) else { continue };
            match sink.parse(|| document(inner, places.text(), &ranges, budget)) {
                Ok(doc) => one_document(scan, active, &doc, true, places, budget, sink),
                Err(refusal) => refuse(scan, active, |check| check.grammar == inner, &refusal, sink),
            }
        }
    }
}

type Document = AstGrep<StrDoc<Grammar>>;

fn document(
    grammar: Grammar,
    text: &str,
    ranges: &[ast_grep_core::tree_sitter::TSRange],
    budget: &Budget,
) -> Result<Document, Refusal> {
    let tree = parse(grammar, text, ranges, budget)?;
    Ok(AstGrep::doc(StrDoc { src: text.to_owned(), lang: grammar, tree }))
}

fn refuse(
    scan: &CodeScan,
    active: &[bool],
    whom: impl Fn(&CompiledCode) -> bool,
    refusal: &Refusal,
    sink: &mut Sink<'_>,
) {
    for ((number, check), active) in scan.checks.iter().zip(active) {
        if *active && whom(check) {
            let (reason, detail) = refusal.clone();
            sink.cannot_tell.push(CannotTell { check: Some(*number), reason, detail });
        }
    }
}

fn one_document(
    scan: &CodeScan,
    active: &[bool],
    doc: &Document,
    embedded: bool,
    places: &Places<'_>,
    budget: &Budget,
    sink: &mut Sink<'_>,
) {
    let grammar = *doc.lang();
    let mine = |check: &CompiledCode| check.grammar == grammar;
    // There the requirements are not known to hold, so they are part of the question: what is found
    // must not depend on whether the prefilter was asked before.
    let checked: Vec<bool>;
    let unproven = embedded || doc.root().get_inner_node().has_error();
    let active = if unproven {
        let text = places.text().as_bytes();
        let holds = |((_, check), active): (&(u32, Arc<CompiledCode>), &bool)| {
            *active && mine(check) && check.may_match(text)
        };
        checked = scan.checks.iter().zip(active).map(holds).collect();
        &checked
    } else {
        active
    };
    let before = sink.found.len();
    let errors = match rules(scan, active, doc, unproven, places, budget, sink) {
        Ok(errors) => errors,
        Err(refusal) => {
            sink.found.truncate(before);
            return refuse(scan, active, mine, &refusal, sink);
        }
    };
    for ((number, check), active) in scan.checks.iter().zip(active) {
        let Body::Query(query) = &check.body else { continue };
        if !*active || !mine(check) {
            continue;
        }
        let ask = || query.matches(doc.root().get_inner_node(), places.text(), budget);
        match sink.meter.look(*number, ask) {
            Ok(matches) => {
                if matches.len() > MAX_FINDINGS {
                    sink.cannot_tell.push(too_many(*number));
                }
                for found in matches.into_iter().take(MAX_FINDINGS) {
                    let message = found
                        .message
                        .unwrap_or_else(|| default_message(&places.text()[found.span.start..found.span.end]));
                    let content = &places.text()[found.span.start..found.span.end];
                    sink.found.push(places.found(*number, message, found.span, content, None));
                }
            }
            Err((reason, detail)) => {
                sink.cannot_tell.push(CannotTell { check: Some(*number), reason, detail });
            }
        }
    }
    blind_spots(scan, active, &mine, &errors, places, &sink.found[before..], sink.cannot_tell);
}

/// Walks the tree once, trying at each node the active rules that may match its kind. Returns the
/// outermost places that did not parse.
fn rules(
    scan: &CodeScan,
    active: &[bool],
    doc: &Document,
    unproven: bool,
    places: &Places<'_>,
    budget: &Budget,
    sink: &mut Sink<'_>,
) -> Result<Vec<Span>, Refusal> {
    let grammar = *doc.lang();
    let Some((_, table)) = scan.languages.iter().find(|(other, _)| *other == grammar) else {
        return Ok(Vec::new());
    };
    let root = doc.root().get_inner_node();
    let has_error = root.has_error();
    let mut anchors = Anchors::new(scan, active, grammar, unproven, places.text());
    let mut errors: Vec<Span> = Vec::new();
    let mut cursor = root.walk();
    let (mut depth, mut work) = (0usize, 0u32);
    let mut counts = vec![0usize; scan.checks.len()];
    loop {
        let node = cursor.node();
        work += 1;
        if work >= WORK_PER_LOOK {
            work = 0;
            if budget.is_spent() {
                return Err((Reason::Budget, format!("searching took longer than {}", budget.words())));
            }
        }
        if has_error && node.is_error() && errors.last().is_none_or(|last| last.end <= node.start_byte()) {
            errors.push(node.byte_range().into());
        }
        let worth_a_look = anchors.any_in(node.start_byte(), node.end_byte());
        let candidates = table.get(usize::from(node.kind_id())).filter(|_| worth_a_look);
        for &position in candidates.map_or(&[][..], Vec::as_slice) {
            let position = usize::from(position);
            if active[position] && counts[position] <= MAX_FINDINGS {
                let (number, check) = &scan.checks[position];
                let number = *number;
                work += WORK_OF_A_RULE;
                if unproven && !anchors.of_in(position, node.start_byte(), node.end_byte()) {
                    continue;
                }
                let (meter, list) = (sink.meter, counts[position] < MAX_FINDINGS);
                if !meter.look(number, || try_rule(number, check, doc, node, places, list, sink)) {
                    continue;
                }
                counts[position] += 1;
                if counts[position] > MAX_FINDINGS {
                    sink.cannot_tell.push(too_many(number));
                }
            }
        }
        if (worth_a_look || (has_error && node.has_error())) && cursor.goto_first_child() {
            depth += 1;
            if depth > MAX_DEPTH {
                return Err((Reason::TooDeep, format!("syntax nested deeper than {MAX_DEPTH} levels")));
            }
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return Ok(errors);
            }
            depth -= 1;
        }
    }
}

/// Where the anchors of the active rules begin in one text.
struct Anchors {
    /// Of all rules, in order; `None`: some rule may match anywhere.
    all: Option<Vec<usize>>,
    /// The first of `all` that does not lie before the walk.
    next: usize,
    /// Of each rule; empty unless asked for. `None`: anywhere.
    each: Vec<Option<Vec<usize>>>,
}

impl Anchors {
    fn new(scan: &CodeScan, active: &[bool], grammar: Grammar, each: bool, text: &str) -> Self {
        let asked = |position: usize| {
            let (_, check) = &scan.checks[position];
            (active[position] && check.grammar == grammar && matches!(check.body, Body::Rule(_)))
                .then_some(check)
        };
        let mut everywhere = scan.everywhere
            || (0..scan.checks.len()).filter_map(asked).any(|check| check.anchor.is_anything());
        let (mut all, mut of_each) = (Vec::new(), Vec::new());
        for position in 0..scan.checks.len() {
            let places = match asked(position) {
                Some(check) if each || !everywhere => check.anchor.find(text.as_bytes()),
                Some(_) => break,
                None => Some(Vec::new()),
            };
            match &places {
                Some(places) if !everywhere => all.extend_from_slice(places),
                Some(_) => {}
                None => everywhere = true,
            }
            if each {
                of_each.push(places);
            }
        }
        all.sort_unstable();
        Self { all: (!everywhere).then_some(all), next: 0, each: of_each }
    }

    /// Whether some anchor begins in these bytes. To be asked in the order of a walk.
    fn any_in(&mut self, start: usize, end: usize) -> bool {
        let Some(all) = &self.all else { return true };
        while all.get(self.next).is_some_and(|place| *place < start) {
            self.next += 1;
        }
        all.get(self.next).is_some_and(|place| *place < end)
    }

    /// Whether the anchor of the rule at `position` begins in these bytes.
    fn of_in(&self, position: usize, start: usize, end: usize) -> bool {
        let Some(Some(places)) = self.each.get(position) else { return true };
        places.get(places.partition_point(|place| *place < start)).is_some_and(|place| *place < end)
    }
}

fn too_many(number: u32) -> CannotTell {
    let detail = format!("more than {MAX_FINDINGS} findings; the rest is not listed");
    CannotTell { check: Some(number), reason: Reason::Budget, detail }
}

/// Tries a rule at a node and says whether it matches; the finding is added only with `list`.
fn try_rule<'t>(
    number: u32,
    check: &CompiledCode,
    doc: &'t Document,
    node: <StrDoc<Grammar> as Doc>::Node<'t>,
    places: &Places<'_>,
    list: bool,
    sink: &mut Sink<'_>,
) -> bool {
    let Body::Rule(rule) = &check.body else { return false };
    let Some(matched) = rule.matcher.match_node(doc.adopt(node)) else { return false };
    if !list {
        return true;
    }
    let span = Span::from(matched.range());
    let text = &places.text()[span.start..span.end];
    let message = if rule.message.is_empty() { default_message(text) } else { rule.get_message(&matched) };
    let fix = rule.fixer.first().map(|fixer| {
        let edit = matched.make_edit(&rule.matcher, fixer);
        let with = <String as Content>::encode_bytes(&edit.inserted_text).into_owned();
        let span = Span::new(edit.position, edit.position + edit.deleted_length);
        Fix { title: fixer.title().map(str::to_owned), edits: vec![Edit::Replace { span, with }] }
    });
    sink.found.push(places.found(number, message, span, text, fix));
    true
}

fn default_message(matched: &str) -> String {
    let line = matched.lines().next().unwrap_or_default().trim();
    let short: String = line.chars().take(60).collect();
    let more = if short.len() < matched.trim_end().len() { "…" } else { "" };
    format!("found `{short}{more}`")
}

/// A check that found nothing although a place it would look at did not parse cannot tell.
fn blind_spots(
    scan: &CodeScan,
    active: &[bool],
    mine: &impl Fn(&CompiledCode) -> bool,
    errors: &[Span],
    places: &Places<'_>,
    found: &[Found],
    cannot_tell: &mut Vec<CannotTell>,
) {
    if errors.is_empty() {
        return;
    }
    for ((number, check), active) in scan.checks.iter().zip(active) {
        if !*active || !mine(check) || found.iter().any(|found| found.check == *number) {
            continue;
        }
        let looks = |span: &&Span| check.leaves_traces_in(places.lines_around(**span).as_bytes());
        if let Some(span) = errors.iter().find(looks) {
            let (line, column) = places.line_column(span.start);
            let detail =
                format!("line {line}, column {column} could not be read as {}", check.grammar.0.name());
            cannot_tell.push(CannotTell { check: Some(*number), reason: Reason::ParseError, detail });
        }
    }
}
