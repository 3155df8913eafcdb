//! Parser of workflow commands for tests: a port of `ActionCommand.cs` and of the rules of
//! `IssueCommandExtension` in `ActionCommandManager.cs` (actions/runner, MIT).

use std::collections::BTreeMap;

/// A command that the runner executes.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::report) struct RunnerCommand {
    pub(in crate::report) name: String,
    pub(in crate::report) properties: BTreeMap<String, String>,
    pub(in crate::report) data: String,
}

/// Returns the command in a line, if there is one, in the current or the legacy syntax.
pub(in crate::report) fn find_command(line: &str) -> Option<RunnerCommand> {
    parse_command(line).or_else(|| parse_legacy_command(line))
}

fn parse_command(line: &str) -> Option<RunnerCommand> {
    let line = line.trim_start();
    let rest = line.strip_prefix("::")?;
    let (head, data) = rest.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let mut found = BTreeMap::new();
    for pair in properties.trim().split(',').filter(|pair| !pair.is_empty()) {
        if let Some((key, value)) = pair.split_once('=').filter(|(_, value)| !value.is_empty()) {
            found.insert(
                key.to_owned(),
                unescape(value, &[("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")]),
            );
        }
    }
    let data = unescape(data, &[("%0D", "\r"), ("%0A", "\n")]);
    Some(RunnerCommand { name: name.to_lowercase(), properties: found, data })
}

/// Parses the legacy syntax `##[name key=value;]data`, anywhere in a line.
fn parse_legacy_command(line: &str) -> Option<RunnerCommand> {
    let at = line.find("##[")?;
    let inside = &line[at + 3..];
    let (head, data) = inside.split_once(']')?;
    let name = head.split(' ').next().unwrap_or_default();
    (!name.is_empty()).then(|| RunnerCommand {
        name: name.to_lowercase(),
        properties: BTreeMap::new(),
        data: data.to_owned(),
    })
}

fn unescape(text: &str, pairs: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (from, to) in pairs {
        text = text.replace(from, to);
    }
    // Last, so that `%250A` stays `%0A`.
    text.replace("%25", "%")
}

/// Returns the properties of an annotation without those that the runner drops.
pub(in crate::report) fn kept_properties(command: &RunnerCommand) -> BTreeMap<String, String> {
    let mut properties = command.properties.clone();
    let number = |properties: &BTreeMap<String, String>, key: &str| {
        properties.get(key).and_then(|value| value.parse::<u32>().ok())
    };
    let (line, end_line) = (number(&properties, "line"), number(&properties, "endLine"));
    let (column, end_column) = (number(&properties, "col"), number(&properties, "endColumn"));
    let mut drop = |keys: &[&str]| keys.iter().for_each(|key| drop(properties.remove(*key)));
    if line.is_none() || end_line.is_some_and(|end| Some(end) != line) {
        drop(&["col", "endColumn"]);
    }
    if end_line.zip(line).is_some_and(|(end, line)| end < line) {
        drop(&["line", "endLine"]);
    }
    if end_column.zip(column).is_some_and(|(end, column)| end < column) {
        drop(&["col", "endColumn"]);
    }
    properties
}
