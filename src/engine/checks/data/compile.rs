//! From a `data` check as written to one that can run.

use serde_json_path::JsonPath;

use super::{format_named, query, schema};
use crate::data::{self, Format};
use crate::engine::SpecProblem;
use crate::model::{DataCheck, DataSchema};

/// A `data` check, ready to run.
pub struct CompiledData {
    pub(super) format: Option<Format>,
    /// `None`: the whole document.
    pub(super) select: Option<JsonPath>,
    /// The text of `select`, for messages.
    pub(super) select_text: String,
    /// How many `..` it has.
    pub(super) descents: u32,
    pub(super) assert: Assert,
    pub(super) require: bool,
    pub(super) message: Option<String>,
}

/// What is asked of each selected value.
pub(super) enum Assert {
    /// Nothing; only `require` asks.
    Anything,
    /// It should not be there.
    Nothing,
    /// It should fit the schema.
    Schema {
        /// The compiled schema.
        schema: Box<jsonschema::Validator>,
        /// See [`super::cost::branching`].
        branching: usize,
    },
}

/// Compiles `check`, whose `assert-file` has been read into `assert` already; `message` is what its
/// findings say, if not the default.
///
/// # Errors
/// Everything that is wrong with it, at `data`, `select` or inside `data`, `assert`.
pub fn compile(check: &DataCheck, message: Option<&str>) -> Result<CompiledData, Vec<SpecProblem>> {
    let mut problems = Vec::new();
    let select = check
        .select
        .as_deref()
        .and_then(|path| query::parse(path).map_err(|problem| problems.push(problem)).ok());
    let assert = match &check.assert {
        None | Some(DataSchema::Bool(true)) => Assert::Anything,
        Some(DataSchema::Bool(false)) => Assert::Nothing,
        Some(DataSchema::Object(object)) => match schema::build(object) {
            Ok((schema, branching)) => Assert::Schema { schema: Box::new(schema), branching },
            Err(problem) => {
                problems.push(problem);
                Assert::Anything
            }
        },
    };
    let asks_nothing = matches!(assert, Assert::Anything) && !check.require;
    if asks_nothing && problems.is_empty() {
        problems.push(asks_nothing_problem(check));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(CompiledData {
        format: check.format.map(format_named),
        select,
        descents: check.select.as_deref().map_or(0, query::descents),
        select_text: check.select.clone().unwrap_or_default(),
        assert,
        require: check.require,
        message: message.map(str::to_owned),
    })
}

fn asks_nothing_problem(check: &DataCheck) -> SpecProblem {
    if check.assert.is_some() {
        return SpecProblem::new(&["data", "assert"], "`assert: true` is always kept")
            .with_help("write a JSON Schema, or `false` if nothing may be selected");
    }
    if check.assert_file.is_some() {
        return SpecProblem::new(&["data", "assert-file"], "the schema of `assert-file` was not read");
    }
    SpecProblem::new(&["data"], "this check does not say what to assert").with_help(
        "add `assert` (a JSON Schema for each selected value; `false` if there should be none) or `require: true`",
    )
}

impl CompiledData {
    /// The format in which the file at `path` is to be read; `None` when its name does not tell and
    /// the check does not say.
    #[must_use]
    pub fn format(&self, path: &[u8]) -> Option<Format> {
        self.format.or_else(|| data::format_of(path))
    }
}
