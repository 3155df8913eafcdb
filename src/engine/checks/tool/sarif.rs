//! Reads SARIF 2.1.0 files of other tools. Parsing is lenient, since few tools write all properties.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::Region;

/// A run of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolRun {
    /// Name of the tool, as in its output.
    pub tool: String,
    /// Whether all its invocations succeeded.
    pub succeeded: bool,
    /// Results that the tool itself does not suppress.
    pub results: Vec<ToolResult>,
}

/// A result of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolResult {
    /// Id of the rule.
    pub rule: String,
    /// Message, as one line.
    pub message: String,
    /// Path of the file, relative or absolute (`/…`) as in the output; `/`-separated and percent-decoded.
    pub file: Vec<u8>,
    /// Region in the file.
    pub region: Region,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    version: Option<String>,
    runs: Option<Vec<Run>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    #[serde(default)]
    results: Option<Vec<RawResult>>,
    #[serde(default)]
    column_kind: Option<String>,
    #[serde(default)]
    original_uri_base_ids: HashMap<String, Artifact>,
    #[serde(default)]
    invocations: Vec<Invocation>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Driver,
}

#[derive(Deserialize)]
struct Driver {
    name: String,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(default)]
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    #[serde(default)]
    execution_successful: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawResult {
    #[serde(default)]
    rule_id: Option<String>,
    #[serde(default)]
    rule_index: Option<i64>,
    #[serde(default)]
    rule: Option<Rule>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    baseline_state: Option<String>,
    #[serde(default)]
    message: Message,
    #[serde(default)]
    locations: Vec<Location>,
    #[serde(default)]
    suppressions: Vec<Value>,
}

#[derive(Default, Deserialize)]
struct Message {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    markdown: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(default)]
    physical_location: Option<Physical>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    #[serde(default)]
    artifact_location: Option<Artifact>,
    #[serde(default)]
    region: Option<RawRegion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    uri_base_id: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRegion {
    #[serde(default)]
    start_line: Option<u32>,
    #[serde(default)]
    start_column: Option<u32>,
    #[serde(default)]
    end_line: Option<u32>,
    #[serde(default)]
    end_column: Option<u32>,
}

/// Reads the runs of a SARIF file.
///
/// # Errors
/// If the file is invalid or unsupported: one sentence, with the position if known.
pub fn read_sarif(text: &str) -> Result<Vec<ToolRun>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let log: Log = serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => format!("it ends too early: {error}"),
        serde_json::error::Category::Syntax => format!("it is not valid JSON: {error}"),
        _ => format!("it is not valid SARIF: {error}"),
    })?;
    let Some(runs) = log.runs else { return Err("it is not valid SARIF: `runs` is missing".to_owned()) };
    if log.version.as_deref().is_some_and(|version| !version.starts_with("2.1")) {
        let version = log.version.unwrap_or_default();
        return Err(format!("it is SARIF {version}; only 2.1.0 is supported"));
    }
    Ok(runs.into_iter().map(convert_run).collect())
}

fn convert_run(raw: Run) -> ToolRun {
    let utf16 = raw.column_kind.as_deref() != Some("unicodeCodePoints");
    let succeeded = raw.invocations.iter().all(|it| it.execution_successful != Some(false));
    let results = raw.results.unwrap_or_default();
    let found = results.iter().filter(|it| is_reported(it)).filter_map(|it| {
        let rule = rule_of(it, &raw.tool.driver.rules)?;
        let place = it.locations.first().and_then(|location| location.physical_location.as_ref())?;
        let file = file_of(place.artifact_location.as_ref()?, &raw.original_uri_base_ids)?;
        let region = place.region.map_or(Region::default(), |region| Region {
            line: region.start_line,
            column: region.start_column,
            end_line: region.end_line,
            end_column: region.end_column,
            utf16,
        });
        let words = it.message.text.as_ref().or(it.message.markdown.as_ref());
        let message = words.map_or("", |words| words.trim()).lines().next().unwrap_or_default().to_owned();
        let message = if message.is_empty() { rule.clone() } else { message };
        Some(ToolResult { rule, message, file, region })
    });
    let found = found.collect();
    ToolRun { tool: raw.tool.driver.name, succeeded, results: found }
}

/// Whether a result is an open problem: it failed, still exists, and is not suppressed.
fn is_reported(result: &RawResult) -> bool {
    let kind = result.kind.as_deref().unwrap_or("fail");
    let suppressed = result.suppressions.iter().any(|it| {
        let status = it.get("status").and_then(Value::as_str).unwrap_or("accepted");
        status == "accepted"
    });
    !suppressed
        && !matches!(kind, "pass" | "notApplicable" | "informational")
        && result.baseline_state.as_deref() != Some("absent")
}

fn rule_of(result: &RawResult, rules: &[Rule]) -> Option<String> {
    let by_index = || {
        let index = usize::try_from(result.rule_index?).ok()?;
        rules.get(index)?.id.clone()
    };
    let named = result.rule_id.clone().or_else(|| result.rule.as_ref()?.id.clone());
    named.or_else(by_index).filter(|id| !id.is_empty())
}

/// Returns the path of an artifact, prefixed with its base URIs as far as they are known.
fn file_of(artifact: &Artifact, bases: &HashMap<String, Artifact>) -> Option<Vec<u8>> {
    let mut uri = artifact.uri.clone()?;
    let mut base = artifact.uri_base_id.as_deref();
    // Bases may have bases; the limit also ends cycles.
    for _ in 0..8 {
        let Some(found) = base.and_then(|name| bases.get(name)) else { break };
        if uri.contains("://") || uri.starts_with('/') {
            break;
        }
        if let Some(above) = &found.uri {
            uri = format!("{}/{uri}", above.trim_end_matches('/'));
        }
        base = found.uri_base_id.as_deref();
    }
    let path = match uri.strip_prefix("file:") {
        // `file:///a`, `file://host/a`, `file:/a`
        Some(rest) => match rest.strip_prefix("//") {
            Some(rest) => &rest[rest.find('/')?..],
            None => rest,
        },
        None if uri.contains("://") => return None,
        None => &uri,
    };
    let path = percent_decode(path.split(['?', '#']).next().unwrap_or_default());
    // `file:///C:/a` is `C:/a`.
    let drive = path.len() > 3 && path[0] == b'/' && path[1].is_ascii_alphabetic() && path[2] == b':';
    Some(if drive { path[1..].to_vec() } else { path })
}

fn percent_decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let decoded = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(decoded.unwrap_or(bytes[at]));
        at += if decoded.is_some() { 3 } else { 1 };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_of_real_tools() {
        let text = r#"{"version": "2.1.0", "runs": [{
            "tool": {"driver": {"name": "x", "rules": [{"id": "r0"}, {"id": "r1"}]}},
            "originalUriBaseIds": {"ROOT": {"uri": "file:///work/repo/"}, "SUB": {"uri": "sub/", "uriBaseId": "ROOT"}},
            "results": [
                {"ruleIndex": 1, "message": {"text": "first\nsecond"}, "locations": [
                    {"physicalLocation": {"artifactLocation": {"uri": "a%20b.py", "uriBaseId": "SUB"}, "region": {"startLine": 3}}}]},
                {"ruleId": "r2", "kind": "pass", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a"}}}]},
                {"ruleId": "r2", "suppressions": [{"kind": "inSource"}], "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a"}}}]},
                {"ruleId": "r2", "suppressions": [{"kind": "inSource", "status": "rejected"}], "locations": [{"physicalLocation": {"artifactLocation": {"uri": "./a"}}}]},
                {"ruleId": "r3", "locations": []},
                {"ruleId": "r4", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "https://example.org/a"}}}]}
            ]}]}"#;
        let runs = read_sarif(text).expect("SARIF");
        let reported: Vec<(&str, String, &str)> = runs[0]
            .results
            .iter()
            .map(|it| (it.rule.as_str(), String::from_utf8_lossy(&it.file).into_owned(), it.message.as_str()))
            .collect();
        assert_eq!(
            reported,
            [("r1", "/work/repo/sub/a b.py".to_owned(), "first"), ("r2", "./a".to_owned(), "r2")]
        );
        assert!(runs[0].succeeded && runs[0].results[0].region.utf16);
    }

    #[test]
    fn invalid_sarif_is_reported() {
        for (text, expected) in [
            ("", "it ends too early"),
            ("nonsense", "it is not valid JSON"),
            ("[]", "it is not valid SARIF"),
            ("{}", "`runs` is missing"),
            (r#"{"version": "1.0.0", "runs": []}"#, "only 2.1.0 is supported"),
            (r#"{"runs": [{"tool": 7}]}"#, "it is not valid SARIF"),
        ] {
            let message = read_sarif(text).expect_err("refused");
            assert!(message.contains(expected), "{message}");
        }
        assert_eq!(read_sarif(r#"{"version": "2.1.0", "runs": []}"#), Ok(vec![]));
    }
}
