//! Compiles a `data` check.

use serde_json_path::JsonPath;

use super::{loader_format, query, schema};
use crate::data::{self, DocumentFormat};
use crate::engine::SpecProblem;
use crate::model::{DataCheck, DataSchema};

/// A `data` check, ready to run.
pub struct CompiledData {
    pub(super) format: Option<DocumentFormat>,
    /// Query that selects values; `None` for the whole document.
    pub(super) select: Option<JsonPath>,
    /// Source text of `select`, for messages.
    pub(super) select_text: String,
    /// Number of `..` in `select`.
    pub(super) descents: u32,
    pub(super) assert: Assertion,
    pub(super) require: bool,
    pub(super) message: Option<String>,
}

/// Condition on each selected value.
pub(super) enum Assertion {
    /// No condition; only `require` is checked.
    Anything,
    /// No value may be selected.
    Nothing,
    /// The value must be valid against the schema.
    Schema {
        /// The compiled schema.
        schema: Box<jsonschema::Validator>,
        /// See [`super::cost::branching_factor`].
        branching: usize,
    },
}

/// Compiles `check`, whose `assert-file` has already been read into `assert`. `message` replaces the default
/// messages of findings.
///
/// # Errors
/// All problems of the check, at `data`, `select` or inside of `data`, `assert`.
pub fn compile(check: &DataCheck, message: Option<&str>) -> Result<CompiledData, Vec<SpecProblem>> {
    let mut problems = Vec::new();
    let select = check
        .select
        .as_deref()
        .and_then(|path| query::parse_query(path).map_err(|problem| problems.push(problem)).ok());
    let assert = match &check.assert {
        None | Some(DataSchema::Bool(true)) => Assertion::Anything,
        Some(DataSchema::Bool(false)) => Assertion::Nothing,
        Some(DataSchema::Object(object)) => match schema::compile_schema(object) {
            Ok((schema, branching)) => Assertion::Schema { schema: Box::new(schema), branching },
            Err(problem) => {
                problems.push(problem);
                Assertion::Anything
            }
        },
    };
    let asserts_nothing = matches!(assert, Assertion::Anything) && !check.require;
    if asserts_nothing && problems.is_empty() {
        problems.push(missing_assertion_problem(check));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(CompiledData {
        format: check.format.map(loader_format),
        select,
        descents: check.select.as_deref().map_or(0, query::count_descents),
        select_text: check.select.clone().unwrap_or_default(),
        assert,
        require: check.require,
        message: message.map(str::to_owned),
    })
}

fn missing_assertion_problem(check: &DataCheck) -> SpecProblem {
    if check.assert.is_some() {
        return SpecProblem::new(&["data", "assert"], "`assert: true` accepts every value")
            .with_help("write a JSON Schema, or `assert: false` to report each selected value");
    }
    if check.assert_file.is_some() {
        return SpecProblem::new(&["data", "assert-file"], "the schema of `assert-file` was not read");
    }
    SpecProblem::new(&["data"], "a `data` check needs `assert`, `assert-file` or `require: true`")
        .with_help("`assert` is a JSON Schema for each selected value, or `false` to report each value")
}

impl CompiledData {
    /// Returns the format of the file at `path`: the check's own, or that of the file name; `None` if
    /// unknown.
    #[must_use]
    pub fn format(&self, path: &[u8]) -> Option<DocumentFormat> {
        self.format.or_else(|| data::format_of(path))
    }
}
