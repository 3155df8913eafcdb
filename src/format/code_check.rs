//! The `code` check as written: an ast-grep rule file, or a tree-sitter query.
//!
//! These types mirror those of ast-grep 0.51 but are stricter. ast-grep ignores unknown keys inside
//! relational rules, fixes, labels and transformations, so a typing mistake there silently matches more
//! than intended. The types are decoded only to find such mistakes; the engine receives the rule as written.
//! A test compares their keys with those of ast-grep's own types.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use crate::model::Language;

/// Value of a key that may be absent but must not be `null`.
#[derive(Clone, Debug)]
pub(super) struct NotNull<T>(Option<T>);

impl<T> Default for NotNull<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for NotNull<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|value| Self(Some(value)))
    }
}

impl<T: JsonSchema> JsonSchema for NotNull<T> {
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

impl<T> NotNull<T> {
    /// Returns the value, if the key is present.
    pub(super) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

/// A check of syntax: every key of an ast-grep rule file, or `query`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CodeCheck")]
#[expect(dead_code, reason = "decoded to find mistakes; the engine receives the rule as written")]
pub(super) struct RawCode {
    /// Language of the files to check.
    pub(super) language: Language,
    /// ast-grep rule object that describes the code to find.
    #[serde(default)]
    pub(super) rule: NotNull<RuleObject>,
    /// tree-sitter query, instead of `rule`; its capture `@finding` (or the first one) is the place of the
    /// finding.
    #[serde(default)]
    pub(super) query: NotNull<String>,
    /// Additional rules for meta-variables, by name.
    pub(super) constraints: Option<BTreeMap<String, RuleObject>>,
    /// Rules for use in `matches`, by name.
    pub(super) utils: Option<BTreeMap<String, RuleObject>>,
    /// New meta-variables made from others, by name.
    pub(super) transform: Option<BTreeMap<String, Transformation>>,
    /// Replacement for the match; may contain meta-variables.
    pub(super) fix: Option<Fixer>,
    /// Rules with fixes for the `rewrite` transformation.
    pub(super) rewriters: Option<Vec<Rewriter>>,
    /// Name of the ast-grep rule; kept but not used.
    pub(super) id: Option<String>,
    /// Message of a finding, if the check has no message of its own.
    pub(super) message: Option<String>,
    /// Severity in ast-grep; kept but not used, because the guideline has a `level`.
    pub(super) severity: Option<Severity>,
    /// Additional text about the rule.
    pub(super) note: Option<String>,
    /// Labels for meta-variables in reports, by name.
    pub(super) labels: Option<BTreeMap<String, Label>>,
    /// Globs of files to check, as interpreted by ast-grep.
    pub(super) files: Option<Vec<FileGlob>>,
    /// Globs of files to skip, as interpreted by ast-grep.
    pub(super) ignores: Option<Vec<FileGlob>>,
    /// URL of the documentation of the rule.
    pub(super) url: Option<String>,
    /// Any other data.
    pub(super) metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Keys of [`RawCode`] that have no effect with a `query`.
pub(super) const RULE_ONLY: [&str; 6] = ["constraints", "utils", "transform", "fix", "rewriters", "labels"];

macro_rules! rule_object {
    ($(#[$meta:meta])* $name:ident { $($(#[$extra:meta])* $key:ident: $type:ty,)* }) => {
        #[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
        $(#[$meta])*
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        pub(super) struct $name {
            /// Code with meta-variables such as `$NAME` and `$$$ARGS`.
            pattern: NotNull<PatternStyle>,
            /// Kind of the syntax node.
            kind: NotNull<String>,
            /// Regular expression that must match in the text of the node.
            regex: NotNull<String>,
            /// Position of the node among its siblings.
            nth_child: NotNull<NthChild>,
            /// Exact position of the node in the file.
            range: NotNull<NodeRange>,
            /// Rule for a node that contains this node.
            inside: NotNull<Box<Relation>>,
            /// Rule for a node inside this node.
            has: NotNull<Box<Relation>>,
            /// Rule for a node after this node.
            precedes: NotNull<Box<Relation>>,
            /// Rule for a node before this node.
            follows: NotNull<Box<Relation>>,
            /// Rules that must all match.
            all: NotNull<Vec<RuleObject>>,
            /// Rules of which at least one must match.
            any: NotNull<Vec<RuleObject>>,
            /// Rule that must not match.
            not: NotNull<Box<RuleObject>>,
            /// Name of a rule in `utils`.
            matches: NotNull<Matches>,
            $($(#[$extra])* $key: $type,)*
        }
    };
}

rule_object! {
    /// An ast-grep rule object; the conditions of all present keys must hold.
    #[schemars(rename = "Rule")]
    RuleObject {}
}

rule_object! {
    /// A rule object about a node in relation to another.
    Relation {
        /// Extent of the search: `neighbor` (the default), `end`, or until a node matches this rule.
        stop_by: NotNull<StopBy>,
        /// Field of the syntax node to which the search is limited.
        field: Option<String>,
    }
}

/// A pattern, alone or with context.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) enum PatternStyle {
    /// Code with meta-variables.
    Code(String),
    /// Code with meta-variables, and the code around it.
    Context(PatternContext),
}

/// A pattern that can only be parsed together with the code around it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) struct PatternContext {
    /// Code around the pattern.
    context: String,
    /// Kind of the node in it that is the pattern.
    selector: Option<String>,
    /// Strictness of the comparison.
    strictness: Option<Strictness>,
}

/// Strictness of the comparison of nodes with a pattern.
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

/// A position among siblings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) enum NthChild {
    /// Counted from 1.
    Number(u64),
    /// `An+B` as in CSS.
    Formula(String),
    /// A position with conditions.
    Complex(NthChildObject),
}

/// A position among those siblings that match a rule.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) struct NthChildObject {
    /// A number from 1, or `An+B` as in CSS.
    position: NthChildPosition,
    /// Rule for the siblings that are counted.
    of_rule: Option<Box<RuleObject>>,
    /// Whether to count from the end.
    #[serde(default)]
    reverse: bool,
}

/// A number from 1, or `An+B` as in CSS.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find mistakes")]
#[schemars(rename = "Position")]
pub(super) enum NthChildPosition {
    /// Counted from 1.
    Number(u64),
    /// `An+B` as in CSS.
    Formula(String),
}

/// An exact position in the file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find mistakes")]
#[schemars(rename = "Range")]
pub(super) struct NodeRange {
    /// Start of the range.
    start: LineColumn,
    /// End of the range (exclusive).
    end: LineColumn,
}

/// A line and a column, both from 0.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) struct LineColumn {
    /// Line from 0.
    line: u64,
    /// Column from 0, in characters.
    column: Option<u64>,
}

/// Extent of the search for a related node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) enum StopBy {
    /// `neighbor` or `end`.
    Word(StopWord),
    /// Search until a node matches.
    Rule(Box<RuleObject>),
}

/// Extent of the search for a related node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum StopWord {
    /// Only the nearest node.
    Neighbor,
    /// All nodes in this direction.
    End,
}

/// A util by name, or a call of one with arguments.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) enum Matches {
    /// Name of the util.
    Name(String),
    /// Name of the util and its arguments.
    Call(BTreeMap<String, BTreeMap<String, RuleObject>>),
}

/// A new meta-variable made from another.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) enum Transformation {
    /// In short form, for example `replace($A, replace='x', by='y')`.
    Short(String),
    /// In long form.
    Long(Box<Transform>),
}

/// One transformation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) enum Transform {
    /// A part of the text.
    Substring(Substring),
    /// Replacement by regular expression.
    Replace(Replace),
    /// Conversion of a name to another case.
    Convert(Convert),
    /// Rewriting by `rewriters`.
    Rewrite(Rewrite),
}

/// A part of a meta-variable's text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) struct Substring {
    /// The meta-variable.
    source: String,
    /// Start, in characters from 0; negative counts from the end.
    start_char: Option<i32>,
    /// End (exclusive), in characters; negative counts from the end.
    end_char: Option<i32>,
}

/// Replacement in a meta-variable's text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find mistakes")]
#[expect(clippy::struct_field_names, reason = "names of ast-grep")]
pub(super) struct Replace {
    /// The meta-variable.
    source: String,
    /// Regular expression.
    replace: String,
    /// Replacement for its matches.
    by: String,
}

/// Conversion of a name to another case.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) struct Convert {
    /// The meta-variable.
    source: String,
    /// Case of the result.
    to_case: NameCase,
    /// Separators of words; default: all.
    separated_by: Option<Vec<Separator>>,
}

/// Case of a name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Case")]
pub(super) enum NameCase {
    LowerCase,
    UpperCase,
    Capitalize,
    CamelCase,
    SnakeCase,
    KebabCase,
    PascalCase,
}

/// Separator of words in a name.
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
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) struct Rewrite {
    /// The meta-variable.
    source: String,
    /// Names of rewriters.
    rewriters: Vec<String>,
    /// Text between the parts.
    join_by: Option<String>,
}

/// Replacement for a match.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) enum Fixer {
    /// A template with meta-variables.
    Template(String),
    /// A template with conditions.
    One(Box<FixConfig>),
    /// Several to choose from; each has a title.
    Many(Vec<FixConfig>),
}

/// A fix with conditions.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) struct FixConfig {
    /// Replacement; may contain meta-variables.
    template: String,
    /// Extend the replaced range forward while this matches.
    #[serde(default)]
    expand_end: NotNull<Relation>,
    /// Extend the replaced range backward while this matches.
    #[serde(default)]
    expand_start: NotNull<Relation>,
    /// Short description of the change.
    title: Option<String>,
}

/// A rule with a fix, for the `rewrite` transformation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) struct Rewriter {
    /// Name.
    id: String,
    /// Code to find.
    rule: RuleObject,
    /// Replacement.
    fix: Fixer,
    /// Additional rules for meta-variables, by name.
    constraints: Option<BTreeMap<String, RuleObject>>,
    /// Rules for use in `matches`, by name.
    utils: Option<BTreeMap<String, RuleObject>>,
    /// New meta-variables made from others, by name.
    transform: Option<BTreeMap<String, Transformation>>,
}

/// Severity in ast-grep.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Severity {
    Off,
    Hint,
    Info,
    Warning,
    Error,
}

/// A label for a meta-variable in reports.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to find mistakes")]
pub(super) struct Label {
    /// Prominence of the label.
    style: LabelStyle,
    /// Text of the label.
    message: Option<String>,
}

/// Prominence of a label.
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
    /// Returns the text of the glob.
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

    /// A language that has only a schema: the keys of a rule file do not depend on it.
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
    fn keys_match_those_of_ast_grep() {
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
