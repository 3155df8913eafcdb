//! The guideline file that `stanchion new` writes: complete, with comments that explain each part.

use crate::model::GuidelineId;

/// Kinds of checks with which a new guideline can start.
pub const CHECK_KINDS: [&str; 5] = ["text", "files", "data", "code", "tool"];

/// Renders a complete guideline with one check of `kind` (one of [`CHECK_KINDS`]; any other value counts as
/// `text`). It can be parsed, its examples pass, and its comments explain what to fill in.
#[must_use]
pub fn render_scaffold(id: &GuidelineId, kind: &str) -> String {
    let (check, examples) = match kind {
        "files" => (FILES, FILES_EXAMPLES),
        "data" => (DATA, DATA_EXAMPLES),
        "code" => (CODE, CODE_EXAMPLES),
        "tool" => (TOOL, TOOL_EXAMPLES),
        _ => (TEXT, TEXT_EXAMPLES),
    };
    let title = title_from_slug(id.slug());
    format!(
        "---\n\
         schema: 1\n\
         guideline: {id}\n\
         version: 0.1.0              # semantic version: 1.0.0 once others rely on it\n\
         title: \"{title}\"\n\
         summary: \"Explain in one sentence why this is good practice.\"\n\
         stage: sketch               # sketch | trial | practice | standard | retired\n\
         owner: your-team            # the team responsible for it\n\
         level: note                 # note | warning: prominence of findings in reports\n\
         topics: []                  # search terms\n\
         # applies: {{ languages: [python] }}   # also: files, exists, any, all, not; default: everywhere\n\
         consequences:               # facts about what happens if it is not kept, never penalties\n  \
           - {{ id: natural-consequence, text: \"Describe what happens if it is not kept.\" }}\n\
         checks:\n\
         {check}---\n\
         # {title}\n\
         \n\
         ## Why\n\
         Explain the problem that this prevents, if possible with an incident that happened.\n\
         \n\
         ## How to keep it\n\
         Examples are tests: `stanchion test` runs them.\n\
         \n\
         {examples}\
         \n\
         ## When to step over\n\
         Describe the cases in which it is right not to keep it. There are always some.\n"
    )
}

/// Converts a slug into a title: `http-timeouts` becomes `Http timeouts`.
fn title_from_slug(slug: &str) -> String {
    let words = slug.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

const TEXT: &str = r#"  - id: fixme
    # `find` reports each match; `expect` instead reports each file without one.
    text: { files: ["**/*.py"], find: '\bFIXME\b' }
    message: "FIXME is left in the code"
"#;

const TEXT_EXAMPLES: &str = "```python good
answer = 42
```

```python bad lines=2
question = None
answer = 42  # FIXME
```
";

const FILES: &str = r##"  - id: readme
    # Or: forbid, names, pair, size, executable, duplicates; `each` checks every matching directory.
    files: { require: { any: ["README.md", "README.rst", "README"] } }
    message: "there is no README"
    fix: { title: "Start a README", create: "# What this is\n" }
"##;

const FILES_EXAMPLES: &str = "```files good
-- README.md --
# What this is
-- src/main.py --
print(1)
```

```files bad
-- src/main.py --
print(1)
```
";

const DATA: &str = r#"  - id: timeout
    # `select` is a JSONPath (RFC 9535), `assert` a JSON Schema that each selected value must satisfy.
    data: { files: ["**/service.yaml"], select: "$.client.timeout", assert: { type: integer, maximum: 30 } }
    message: "the timeout is not a number of at most 30 seconds"
"#;

const DATA_EXAMPLES: &str = "```yaml good path=service.yaml
client:
  timeout: 5
```

```yaml bad path=service.yaml lines=2
client:
  timeout: 3600
```
";

const CODE: &str = r#"  - id: print
    # An ast-grep rule; `$NAME` matches one node, `$$$NAME` any number of nodes.
    code: { language: python, rule: { pattern: "print($$$ARGS)" } }
    message: "`print` leaves no trace in the logs"
"#;

const CODE_EXAMPLES: &str = "```python good
log.info(\"ready\")
```

```python bad lines=2
def start():
    print(\"ready\")
```
";

const TOOL: &str = r#"  - id: eval
    # Findings of another linter: pass its SARIF file with `stanchion check --sarif-in FILE`. `*` matches any text.
    tool: { name: ruff, rules: ["S307"] }
"#;

const TOOL_EXAMPLES: &str = r#"```files good
-- a.py --
answer = 42
-- ruff.sarif --
{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "ruff"}}, "results": []}]}
```

```files bad
-- a.py --
answer = eval("42")
-- ruff.sarif --
{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "ruff"}}, "results": [{
  "ruleId": "S307", "message": {"text": "Use of possibly insecure function"},
  "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 1}}}]}]}]}
```
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{collect_advice, parse_guideline};
    use crate::model::{Expectation, Origin};

    #[test]
    fn scaffolds_are_complete_guidelines() {
        for id in ["acme/no-fixme", "a/b", "acme/9-to-5", "acme/true", "a1/a--b"] {
            let id = GuidelineId::new(id).expect("an id");
            for kind in CHECK_KINDS {
                let text = render_scaffold(&id, kind);
                let guideline =
                    parse_guideline("new.md", &text, Origin::File("new.md".to_owned()), &|_| None)
                        .unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"));
                assert_eq!(collect_advice(&guideline), []);
                assert_eq!(guideline.id, id);
                assert_eq!(guideline.checks[0].kind.as_str(), kind);
                let expected: Vec<_> = guideline.examples.iter().map(|example| example.expects).collect();
                assert_eq!(expected, [Expectation::Good, Expectation::Bad]);
            }
        }
    }
}
