//! Walks the tree of a file once for all of its code checks.
//!
//! This is a separate loop instead of ast-grep's `CombinedScan`, which obeys `ast-grep-ignore` comments (a
//! second kind of waiver without a reason), prints, and has no time budget.
//!
//! Rules can match only where one of their anchors begins; all other parts of the tree are skipped.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use ast_grep_core::matcher::MatcherExt;
use ast_grep_core::replacer::Content;
use ast_grep_core::source::Doc;
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc};
use ast_grep_core::{AstGrep, Matcher};

use super::grammar::Grammar;
use super::guard::ParseRefusal;
use super::parse::parse;
use super::rule::{CheckBody, CompiledCode};
use crate::engine::MAX_FINDINGS;
use crate::engine::budget::{TimeBudget, thread_time};
use crate::engine::file_result::{CannotTell, RawFinding};
use crate::engine::meter::Meter;
use crate::engine::source_text::SourceText;
use crate::model::{Edit, Fix, Reason};
use crate::text::Span;

/// Maximum depth of a tree that is searched. Relational rules walk to the root for each node, so their time
/// is quadratic in the depth.
const MAX_DEPTH: usize = 5_000;
/// Units of work between two checks of the time budget: a node counts 1, trying a rule on it [`RULE_WORK`].
const WORK_PER_CLOCK_CHECK: u32 = 2_048;
/// Units of work for trying a rule.
const RULE_WORK: u32 = 16;

/// The code checks of one class of files, indexed by the node kinds that they can match. Built once per run.
#[derive(Default)]
pub struct CodeScan {
    checks: Vec<(u32, Arc<CompiledCode>)>,
    languages: Vec<(Grammar, KindTable)>,
    everywhere: bool,
}

/// For each node kind, the positions of the rules that may match it.
type KindTable = Vec<Vec<u16>>;

impl CodeScan {
    /// Indexes `checks`, each with its number in the plan.
    #[must_use]
    pub fn new(checks: Vec<(u32, Arc<CompiledCode>)>) -> Self {
        let mut languages: Vec<(Grammar, KindTable)> = Vec::new();
        for (position, (_, check)) in checks.iter().enumerate() {
            let at =
                languages.iter().position(|(grammar, _)| *grammar == check.grammar).unwrap_or_else(|| {
                    languages.push((check.grammar, Vec::new()));
                    languages.len() - 1
                });
            let CheckBody::Rule(rule) = &check.body else { continue };
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

    /// Sets whether every node is visited, even if it contains no anchor of a rule.
    #[must_use]
    pub fn everywhere(self, everywhere: bool) -> Self {
        Self { everywhere, ..self }
    }

    /// Returns the checks, in the order of the `active` flags.
    #[must_use]
    pub fn checks(&self) -> &[(u32, Arc<CompiledCode>)] {
        &self.checks
    }
}

/// Output of the scan of one file.
pub struct ScanOutput<'a> {
    /// Findings, in no particular order.
    pub found: &'a mut Vec<RawFinding>,
    /// Entries of "cannot tell".
    pub cannot_tell: &'a mut Vec<CannotTell>,
    /// Measures the cost of the checks.
    pub meter: &'a Meter,
    /// Total processor time of parsing.
    pub parsing: &'a Cell<Duration>,
}

impl ScanOutput<'_> {
    fn parse<T>(&self, work: impl FnOnce() -> T) -> T {
        let start = thread_time();
        let parsed = self.meter.parse(work);
        self.parsing.set(self.parsing.get() + thread_time().saturating_sub(start));
        parsed
    }
}

/// Runs the `active` checks of `scan` on a file of `grammar` with the content `source.text()`.
pub fn scan_file(
    scan: &CodeScan,
    active: &[bool],
    grammar: Grammar,
    source: &SourceText<'_>,
    budget: &TimeBudget,
    output: &mut ScanOutput<'_>,
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
    let doc = match output.parse(|| parse_document(grammar, source.text(), &[], budget)) {
        Ok(doc) => doc,
        Err(refusal) => return report_refusal(scan, active, |_| true, &refusal, output),
    };
    if own {
        scan_document(scan, active, &doc, false, source, budget, output);
    }
    if embeds {
        for (name, ranges) in grammar.extract_injections(doc.root()) {
            let Some(inner) = Grammar::from_embedded_name(&name).filter(|inner| wanted(*inner)) else {
                continue;
            };
            match output.parse(|| parse_document(inner, source.text(), &ranges, budget)) {
                Ok(doc) => scan_document(scan, active, &doc, true, source, budget, output),
                Err(refusal) => {
                    report_refusal(scan, active, |check| check.grammar == inner, &refusal, output);
                }
            }
        }
    }
}

type CodeDocument = AstGrep<StrDoc<Grammar>>;

fn parse_document(
    grammar: Grammar,
    text: &str,
    ranges: &[ast_grep_core::tree_sitter::TSRange],
    budget: &TimeBudget,
) -> Result<CodeDocument, ParseRefusal> {
    let tree = parse(grammar, text, ranges, budget)?;
    Ok(AstGrep::doc(StrDoc { src: text.to_owned(), lang: grammar, tree }))
}

fn report_refusal(
    scan: &CodeScan,
    active: &[bool],
    is_affected: impl Fn(&CompiledCode) -> bool,
    refusal: &ParseRefusal,
    output: &mut ScanOutput<'_>,
) {
    for ((number, check), active) in scan.checks.iter().zip(active) {
        if *active && is_affected(check) {
            let (reason, detail) = refusal.clone();
            output.cannot_tell.push(CannotTell { check: Some(*number), reason, detail });
        }
    }
}

fn scan_document(
    scan: &CodeScan,
    active: &[bool],
    doc: &CodeDocument,
    embedded: bool,
    source: &SourceText<'_>,
    budget: &TimeBudget,
    output: &mut ScanOutput<'_>,
) {
    let grammar = *doc.lang();
    let has_grammar = |check: &CompiledCode| check.grammar == grammar;
    // For such texts the requirements are not proven, so they are checked here as well: findings must not
    // depend on whether the prefilter has run.
    let checked: Vec<bool>;
    let unproven = embedded || doc.root().get_inner_node().has_error();
    let active = if unproven {
        let text = source.text().as_bytes();
        let holds = |((_, check), active): (&(u32, Arc<CompiledCode>), &bool)| {
            *active && has_grammar(check) && check.may_match(text)
        };
        checked = scan.checks.iter().zip(active).map(holds).collect();
        &checked
    } else {
        active
    };
    let before = output.found.len();
    let errors = match match_rules(scan, active, doc, unproven, source, budget, output) {
        Ok(errors) => errors,
        Err(refusal) => {
            output.found.truncate(before);
            return report_refusal(scan, active, has_grammar, &refusal, output);
        }
    };
    for ((number, check), active) in scan.checks.iter().zip(active) {
        let CheckBody::Query(query) = &check.body else { continue };
        if !*active || !has_grammar(check) {
            continue;
        }
        let run_query = || query.find_matches(doc.root().get_inner_node(), source.text(), budget);
        match output.meter.search(*number, run_query) {
            Ok(matches) => {
                if matches.len() > MAX_FINDINGS {
                    output.cannot_tell.push(too_many_findings(*number));
                }
                for found in matches.into_iter().take(MAX_FINDINGS) {
                    let message = found
                        .message
                        .unwrap_or_else(|| default_message(&source.text()[found.span.start..found.span.end]));
                    let content = &source.text()[found.span.start..found.span.end];
                    output.found.push(source.found(*number, message, found.span, content, None));
                }
            }
            Err((reason, detail)) => {
                output.cannot_tell.push(CannotTell { check: Some(*number), reason, detail });
            }
        }
    }
    report_blind_spots(
        scan,
        active,
        &has_grammar,
        &errors,
        source,
        &output.found[before..],
        output.cannot_tell,
    );
}

/// Walks the tree once and tries, at each node, the active rules that may match its kind. Returns the
/// outermost spans that did not parse.
fn match_rules(
    scan: &CodeScan,
    active: &[bool],
    doc: &CodeDocument,
    unproven: bool,
    source: &SourceText<'_>,
    budget: &TimeBudget,
    output: &mut ScanOutput<'_>,
) -> Result<Vec<Span>, ParseRefusal> {
    let grammar = *doc.lang();
    let Some((_, table)) = scan.languages.iter().find(|(other, _)| *other == grammar) else {
        return Ok(Vec::new());
    };
    let root = doc.root().get_inner_node();
    let has_error = root.has_error();
    let mut anchors = AnchorTracker::new(scan, active, grammar, unproven, source.text());
    let mut errors: Vec<Span> = Vec::new();
    let mut cursor = root.walk();
    let (mut depth, mut work) = (0usize, 0u32);
    let mut counts = vec![0usize; scan.checks.len()];
    loop {
        let node = cursor.node();
        work += 1;
        if work >= WORK_PER_CLOCK_CHECK {
            work = 0;
            if budget.is_spent() {
                return Err((Reason::Budget, format!("searching took longer than {}", budget.describe())));
            }
        }
        if has_error && node.is_error() && errors.last().is_none_or(|last| last.end <= node.start_byte()) {
            errors.push(node.byte_range().into());
        }
        let contains_anchor = anchors.any_begins_in(node.start_byte(), node.end_byte());
        let candidates = table.get(usize::from(node.kind_id())).filter(|_| contains_anchor);
        for &position in candidates.map_or(&[][..], Vec::as_slice) {
            let position = usize::from(position);
            if active[position] && counts[position] <= MAX_FINDINGS {
                let (number, check) = &scan.checks[position];
                let number = *number;
                work += RULE_WORK;
                if unproven && !anchors.rule_begins_in(position, node.start_byte(), node.end_byte()) {
                    continue;
                }
                let (meter, list) = (output.meter, counts[position] < MAX_FINDINGS);
                if !meter.search(number, || try_rule(number, check, doc, node, source, list, output)) {
                    continue;
                }
                counts[position] += 1;
                if counts[position] > MAX_FINDINGS {
                    output.cannot_tell.push(too_many_findings(number));
                }
            }
        }
        if (contains_anchor || (has_error && node.has_error())) && cursor.goto_first_child() {
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

/// Positions in one text where the anchors of the active rules begin.
struct AnchorTracker {
    /// Sorted positions of all rules; `None` if a rule may match anywhere.
    all: Option<Vec<usize>>,
    /// Index of the first position in `all` that is not before the walk.
    next: usize,
    /// Positions by rule, or `None` if it may match anywhere; the list is empty unless requested.
    each: Vec<Option<Vec<usize>>>,
}

impl AnchorTracker {
    fn new(scan: &CodeScan, active: &[bool], grammar: Grammar, each: bool, text: &str) -> Self {
        let active_rule = |position: usize| {
            let (_, check) = &scan.checks[position];
            (active[position] && check.grammar == grammar && matches!(check.body, CheckBody::Rule(_)))
                .then_some(check)
        };
        let mut everywhere = scan.everywhere
            || (0..scan.checks.len()).filter_map(active_rule).any(|check| check.anchor.is_anything());
        let (mut all, mut of_each) = (Vec::new(), Vec::new());
        for position in 0..scan.checks.len() {
            let places = match active_rule(position) {
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

    /// Whether any anchor begins in these bytes. Must be called in the order of the walk.
    fn any_begins_in(&mut self, start: usize, end: usize) -> bool {
        let Some(all) = &self.all else { return true };
        while all.get(self.next).is_some_and(|place| *place < start) {
            self.next += 1;
        }
        all.get(self.next).is_some_and(|place| *place < end)
    }

    /// Whether the anchor of the rule at `position` begins in these bytes.
    fn rule_begins_in(&self, position: usize, start: usize, end: usize) -> bool {
        let Some(Some(places)) = self.each.get(position) else { return true };
        places.get(places.partition_point(|place| *place < start)).is_some_and(|place| *place < end)
    }
}

fn too_many_findings(number: u32) -> CannotTell {
    let detail = format!("more than {MAX_FINDINGS} findings; the rest is not listed");
    CannotTell { check: Some(number), reason: Reason::Budget, detail }
}

/// Tries a rule at a node and returns whether it matches. Adds the finding only if `list` is set.
fn try_rule<'t>(
    number: u32,
    check: &CompiledCode,
    doc: &'t CodeDocument,
    node: <StrDoc<Grammar> as Doc>::Node<'t>,
    source: &SourceText<'_>,
    list: bool,
    output: &mut ScanOutput<'_>,
) -> bool {
    let CheckBody::Rule(rule) = &check.body else { return false };
    let Some(matched) = rule.matcher.match_node(doc.adopt(node)) else { return false };
    if !list {
        return true;
    }
    let span = Span::from(matched.range());
    let text = &source.text()[span.start..span.end];
    let message = if rule.message.is_empty() { default_message(text) } else { rule.get_message(&matched) };
    let fix = rule.fixer.first().map(|fixer| {
        let edit = matched.make_edit(&rule.matcher, fixer);
        let with = <String as Content>::encode_bytes(&edit.inserted_text).into_owned();
        let span = Span::new(edit.position, edit.position + edit.deleted_length);
        Fix { title: fixer.title().map(str::to_owned), edits: vec![Edit::Replace { span, with }] }
    });
    output.found.push(source.found(number, message, span, text, fix));
    true
}

fn default_message(matched: &str) -> String {
    let line = matched.lines().next().unwrap_or_default().trim();
    let short: String = line.chars().take(60).collect();
    let more = if short.len() < matched.trim_end().len() { "…" } else { "" };
    format!("found `{short}{more}`")
}

/// Reports "cannot tell" for a check without findings if a span that it might match did not parse.
fn report_blind_spots(
    scan: &CodeScan,
    active: &[bool],
    has_grammar: &impl Fn(&CompiledCode) -> bool,
    errors: &[Span],
    source: &SourceText<'_>,
    found: &[RawFinding],
    cannot_tell: &mut Vec<CannotTell>,
) {
    if errors.is_empty() {
        return;
    }
    for ((number, check), active) in scan.checks.iter().zip(active) {
        if !*active || !has_grammar(check) || found.iter().any(|found| found.check == *number) {
            continue;
        }
        let may_match = |span: &&Span| check.literals_occur_in(source.lines_around(**span).as_bytes());
        if let Some(span) = errors.iter().find(may_match) {
            let (line, column) = source.line_column(span.start);
            let detail = format!("line {line}, column {column} does not parse as {}", check.grammar.0.name());
            cannot_tell.push(CannotTell { check: Some(*number), reason: Reason::ParseError, detail });
        }
    }
}
