//! The `code` check as written: an ast-grep rule file, or a tree-sitter query.
//!
//! These types mirror ast-grep 0.51's own, and are stricter: ast-grep ignores unknown keys inside
//! relational rules, fixes, labels and transformations, so that a slip there silently matches more
//! than was meant. They are decoded only to find such slips; the engine gets the rule as written.
//! A test compares their keys with those of ast-grep's own types.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use crate::model::Language;

/// A key that may be absent, but whose value may not be empty (`null`).
#[derive(Clone, Debug)]
pub(super) struct Given<T>(Option<T>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|value| Self(Some(value)))
    }
}

impl<T: JsonSchema> JsonSchema for Given<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

impl<T> Given<T> {
    /// The value, if the key is there.
    pub(super) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

/// A check of syntax: every key of an ast-grep rule file, or `query`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CodeCheck")]
#[expect(dead_code, reason = "decoded to find slips; the engine gets the rule as written")]
pub(super) struct RawCode {
    /// The language whose files are looked at.
    pub(super) language: Language,
    /// An ast-grep rule object: what to find.
    #[serde(default)]
    pub(super) rule: Given<RuleObject>,
    /// A tree-sitter query, instead of `rule`; its capture `@finding` (or the first) is the place.
    #[serde(default)]
    pub(super) query: Given<String>,
    /// Rules that meta-variables must also satisfy.
    pub(super) constraints: Option<BTreeMap<String, RuleObject>>,
    /// Rules to use in `matches`.
    pub(super) utils: Option<BTreeMap<String, RuleObject>>,
    /// New meta-variables made from others.
    pub(super) transform: Option<BTreeMap<String, Transformation>>,
    /// What to put in place of the match; may use meta-variables.
    pub(super) fix: Option<Fixer>,
    /// Rules with fixes for the `rewrite` transformation.
    pub(super) rewriters: Option<Vec<Rewriter>>,
    /// The ast-grep rule's own name; kept, not used.
    pub(super) id: Option<String>,
    /// What a finding says, when the check has no message of its own.
    pub(super) message: Option<String>,
    /// ast-grep's severity; kept, not used: `level` of the guideline decides.
    pub(super) severity: Option<Severity>,
    /// More words about the rule.
    pub(super) note: Option<String>,
    /// Names for meta-variables in reports.
    pub(super) labels: Option<BTreeMap<String, Label>>,
    /// Globs of files to look at, with ast-grep's meaning.
    pub(super) files: Option<Vec<FileGlob>>,
    /// Globs of files to leave out, with ast-grep's meaning.
    pub(super) ignores: Option<Vec<FileGlob>>,
    /// Where the rule is documented.
    pub(super) url: Option<String>,
    /// Anything else.
    pub(super) metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Keys of [`RawCode`] that mean nothing beside a `query`.
pub(super) const RULE_ONLY: [&str; 6] = ["constraints", "utils", "transform", "fix", "rewriters", "labels"];

macro_rules! rule_object {
    ($(#[$meta:meta])* $name:ident { $($(#[$extra:meta])* $key:ident: $type:ty,)* }) => {
        #[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
        $(#[$meta])*
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        pub(super) struct $name {
            /// Code with meta-variables such as `$NAME` and `$$$ARGS`.
            pattern: Given<PatternStyle>,
            /// The kind of syntax node.
            kind: Given<String>,
            /// A regular expression that the node's whole text is searched for.
            regex: Given<String>,
            /// The node's place among its siblings.
            nth_child: Given<NthChild>,
            /// The node's exact place in the file.
            range: Given<Range>,
            /// The node lies inside one that matches this.
            inside: Given<Box<Relation>>,
            /// The node holds one that matches this.
            has: Given<Box<Relation>>,
            /// The node stands before one that matches this.
            precedes: Given<Box<Relation>>,
            /// The node stands after one that matches this.
            follows: Given<Box<Relation>>,
            /// Each of these matches.
            all: Given<Vec<RuleObject>>,
            /// At least one of these matches.
            any: Given<Vec<RuleObject>>,
            /// This does not match.
            not: Given<Box<RuleObject>>,
            /// A rule of `utils` by name.
            matches: Given<Matches>,
            $($(#[$extra])* $key: $type,)*
        }
    };
}

rule_object! {
    /// An ast-grep rule object; all keys that are present must hold.
    #[schemars(rename = "Rule")]
    RuleObject {}
}

rule_object! {
    /// A rule object about a node in relation to another.
    Relation {
        /// How far to look: `neighbor` (the default), `end`, or until a node matches this rule.
        stop_by: Given<StopBy>,
        /// Only through this field of the syntax node.
        field: Option<String>,
    }
}

/// A pattern, alone or in a context.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) enum PatternStyle {
    /// Code with meta-variables.
    Code(String),
    /// Code with meta-variables, with what stands around it.
    Context(PatternContext),
}

/// A pattern that needs its surroundings to be understood.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) struct PatternContext {
    /// The surrounding code.
    context: String,
    /// The kind of node in it that is the pattern.
    selector: Option<String>,
    /// How exactly nodes must agree.
    strictness: Option<Strictness>,
}

/// How exactly nodes must agree with a pattern.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Strictness {
    Cst,
    Smart,
    Ast,
    Relaxed,
    Signature,
    Template,
}

/// A place among siblings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) enum NthChild {
    /// Counted from 1.
    Number(u64),
    /// `An+B` as in CSS.
    Formula(String),
    /// With more conditions.
    Complex(NthChildObject),
}

/// A place among those siblings that match a rule.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) struct NthChildObject {
    /// A number from 1, or `An+B` as in CSS.
    position: Position,
    /// Count only siblings that match this.
    of_rule: Option<Box<RuleObject>>,
    /// Count from the end.
    #[serde(default)]
    reverse: bool,
}

/// A number from 1, or `An+B` as in CSS.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) enum Position {
    /// Counted from 1.
    Number(u64),
    /// `An+B` as in CSS.
    Formula(String),
}

/// An exact place in the file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) struct Range {
    /// First character.
    start: LineColumn,
    /// One past the last character.
    end: LineColumn,
}

/// A line and a column, both from 0.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) struct LineColumn {
    /// Line from 0.
    line: u64,
    /// Column from 0, in characters.
    column: Option<u64>,
}

/// How far a relation looks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) enum StopBy {
    /// A word.
    Word(StopWord),
    /// Until a node matches.
    Rule(Box<RuleObject>),
}

/// How far a relation looks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum StopWord {
    /// Only the nearest.
    Neighbor,
    /// As far as there are nodes.
    End,
}

/// A util by name, or a call of one with arguments.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) enum Matches {
    /// The util's name.
    Name(String),
    /// The util's name and its arguments.
    Call(BTreeMap<String, BTreeMap<String, RuleObject>>),
}

/// A new meta-variable made from another.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) enum Transformation {
    /// In short form, for example `replace($A, replace='x', by='y')`.
    Short(String),
    /// In long form.
    Long(Box<Transform>),
}

/// One transformation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) enum Transform {
    /// A part of the text.
    Substring(Substring),
    /// Replacement by regular expression.
    Replace(Replace),
    /// Another way to write a name.
    Convert(Convert),
    /// Rewriting by `rewriters`.
    Rewrite(Rewrite),
}

/// A part of a meta-variable's text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) struct Substring {
    /// The meta-variable.
    source: String,
    /// First character from 0; negative counts from the end.
    start_char: Option<i32>,
    /// One past the last character; negative counts from the end.
    end_char: Option<i32>,
}

/// Replacement in a meta-variable's text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find slips")]
#[expect(clippy::struct_field_names, reason = "ast-grep's words")]
pub(super) struct Replace {
    /// The meta-variable.
    source: String,
    /// A regular expression.
    replace: String,
    /// What to put in place of its matches.
    by: String,
}

/// Another way to write a name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) struct Convert {
    /// The meta-variable.
    source: String,
    /// The style.
    to_case: Case,
    /// What separates words; without it, everything that can.
    separated_by: Option<Vec<Separator>>,
}

/// Styles of names.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::enum_variant_names, reason = "ast-grep's words")]
pub(super) enum Case {
    LowerCase,
    UpperCase,
    Capitalize,
    CamelCase,
    SnakeCase,
    KebabCase,
    PascalCase,
}

/// What separates words.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Separator {
    CaseChange,
    Dash,
    Dot,
    Slash,
    Space,
    Underscore,
}

/// Rewriting of a meta-variable's text by `rewriters`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) struct Rewrite {
    /// The meta-variable.
    source: String,
    /// Names of rewriters.
    rewriters: Vec<String>,
    /// What to put between the parts.
    join_by: Option<String>,
}

/// What to put in place of the match.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) enum Fixer {
    /// A template with meta-variables.
    Template(String),
    /// With more conditions.
    One(Box<FixConfig>),
    /// Several to choose from; each has a title.
    Many(Vec<FixConfig>),
}

/// A fix with conditions.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) struct FixConfig {
    /// What to put there; may use meta-variables.
    template: String,
    /// Replace further, as long as this matches.
    #[serde(default)]
    expand_end: Given<Relation>,
    /// Replace from earlier, as long as this matches.
    #[serde(default)]
    expand_start: Given<Relation>,
    /// What the change does, in a few words.
    title: Option<String>,
}

/// A rule with a fix, for the `rewrite` transformation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) struct Rewriter {
    /// Its name.
    id: String,
    /// What to find.
    rule: RuleObject,
    /// What to put in place of it.
    fix: Fixer,
    /// Rules that meta-variables must also satisfy.
    constraints: Option<BTreeMap<String, RuleObject>>,
    /// Rules to use in `matches`.
    utils: Option<BTreeMap<String, RuleObject>>,
    /// New meta-variables made from others.
    transform: Option<BTreeMap<String, Transformation>>,
}

/// ast-grep's severities.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Severity {
    Off,
    Hint,
    Info,
    Warning,
    Error,
}

/// A name for a meta-variable in reports.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find slips")]
pub(super) struct Label {
    /// How much it stands out.
    style: LabelStyle,
    /// The words.
    message: Option<String>,
}

/// How much a label stands out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum LabelStyle {
    Primary,
    Secondary,
}

/// A glob, alone or with its options.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum FileGlob {
    /// The glob.
    Glob(String),
    /// The glob and its options.
    Options(GlobOptions),
}

/// A glob with options.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GlobOptions {
    /// The glob.
    pub(super) glob: String,
    /// Whether case is ignored.
    #[serde(default)]
    #[expect(dead_code, reason = "the engine reads it from the rule as written")]
    pub(super) case_insensitive: bool,
}

impl FileGlob {
    /// The glob's text.
    pub(super) fn glob(&self) -> &str {
        match self {
            Self::Glob(glob) | Self::Options(GlobOptions { glob, .. }) => glob,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schemars::schema_for;

    use super::*;

    /// A language that only has a schema: the keys of a rule file do not depend on it.
    #[derive(Clone, Debug, JsonSchema)]
    struct AnyLanguage;

    impl ast_grep_core::Language for AnyLanguage {
        fn kind_to_id(&self, _: &str) -> u16 {
            0
        }
        fn field_to_id(&self, _: &str) -> Option<u16> {
            None
        }
        fn build_pattern(
            &self,
            _: &ast_grep_core::matcher::PatternBuilder,
        ) -> Result<ast_grep_core::Pattern, ast_grep_core::PatternError> {
            Err(ast_grep_core::PatternError::Parse("no language".to_owned()))
        }
    }

    fn keys(schema: &serde_json::Value, pointer: &str) -> BTreeSet<String> {
        let keys = schema.pointer(&format!("{pointer}/properties")).and_then(|keys| keys.as_object());
        keys.unwrap_or_else(|| panic!("{pointer}: {schema:#}")).keys().cloned().collect()
    }

    #[test]
    fn keys_agree_with_those_of_ast_grep_itself() {
        let theirs = schema_for!(ast_grep_config::SerializableRuleConfig<AnyLanguage>).to_value();
        let ours = schema_for!(RawCode).to_value();
        let mut top = keys(&theirs, "");
        top.insert("query".to_owned());
        assert_eq!(keys(&ours, ""), top);
        for (our, their) in [
            ("Rule", "SerializableRule"),
            ("Relation", "Relation"),
            ("Rewriter", "SerializableRewriter"),
            ("FixConfig", "SerializableFixConfig"),
        ] {
            let (our, their) = (format!("/$defs/{our}"), format!("/$defs/{their}"));
            assert_eq!(keys(&ours, &our), keys(&theirs, &their), "{our}");
        }
    }
}
