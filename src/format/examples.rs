//! Examples: fences marked `good` or `bad`, read as small repositories.

use super::prose::{Fence, InfoWord, Prose};
use super::source::SourceFile;
use super::suggest::did_you_mean;
use crate::model::{Example, ExampleFile, Expectation, Language, Problem};
use crate::text::{LineIndex, Span};

/// Words allowed in an example's info string after the language.
const WORDS: [&str; 5] = ["good", "bad", "path=", "check=", "lines="];

/// Whether a fence is an example, that is, marked `good` or `bad`.
pub(super) fn is_example(fence: &Fence) -> bool {
    fence.info.iter().any(|word| expectation(&word.text).is_some())
}

fn expectation(word: &str) -> Option<Expectation> {
    match word {
        "good" => Some(Expectation::Good),
        "bad" => Some(Expectation::Bad),
        _ => None,
    }
}

/// Reads the examples of the prose. `checks` are the ids that an example may name; `None` if they are
/// unknown.
pub(super) fn read_examples(
    source: &SourceFile,
    prose: &Prose,
    checks: Option<&[String]>,
    problems: &mut Vec<Problem>,
) -> Vec<Example> {
    let lines = LineIndex::new(&source.text);
    let mut examples = Vec::new();
    for fence in prose.fences.iter().filter(|fence| is_example(fence)) {
        let info = ExampleInfo::read(source, fence, checks, problems);
        let whole = info.language.as_deref() == Some("files");
        let files = if whole {
            if let Some((_, span)) = &info.path {
                problems.push(source.problem(
                    *span,
                    "`path=` is not allowed in a `files` example",
                    "not allowed here",
                    Some("write a line `-- path --` before each file's content".to_owned()),
                ));
            }
            split_files(source, fence, problems)
        } else {
            let path =
                info.path.as_ref().map_or_else(|| default_path(info.language.as_deref()), |p| p.0.clone());
            vec![ExampleFile { path, content: fence.content.clone(), at: fence.file_offset(0) }]
        };
        if let (Some((expected, span)), Some(first)) = (&info.lines, files.first()) {
            let count = first.content.lines().count();
            if let Some(beyond) = expected.iter().find(|&&line| line as usize > count) {
                let lines = if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
                let message = format!("line {beyond} does not exist: the example has {lines}");
                let help = Some("lines are counted from 1, in the first file of the example".to_owned());
                problems.push(source.problem(*span, message, "no such line", help));
            }
        }
        let (line, _) = lines.line_column(&source.text, fence.span.start);
        examples.push(Example {
            expects: info.expects,
            checks: info.checks,
            lines: info.lines.map(|lines| lines.0).unwrap_or_default(),
            files,
            whole,
            span: fence.span,
            line,
        });
    }
    examples
}

/// Parsed info string of an example.
struct ExampleInfo {
    expects: Expectation,
    language: Option<String>,
    path: Option<(String, Span)>,
    checks: Vec<String>,
    lines: Option<(Vec<u32>, Span)>,
}

impl ExampleInfo {
    fn read(
        source: &SourceFile,
        fence: &Fence,
        checks: Option<&[String]>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut expects = None;
        let mut info =
            Self { expects: Expectation::Good, language: None, path: None, checks: Vec::new(), lines: None };
        for (number, word) in fence.info.iter().enumerate() {
            let key = word.text.split_once('=');
            let mut report = |message: String, help: Option<String>| {
                problems.push(source.problem(word.span, message, "here", help));
            };
            match (expectation(&word.text), key) {
                (Some(one), _) => {
                    if expects.is_some_and(|other| other != one) {
                        report("an example cannot be both `good` and `bad`".to_owned(), None);
                    }
                    expects = Some(one);
                }
                (None, Some(("path", path))) => match check_relative_path(path) {
                    Ok(()) => info.path = Some((path.to_owned(), word.span)),
                    Err(message) => report(message, None),
                },
                (None, Some(("check" | "checks", ids))) => info.read_check_ids(ids, checks, &mut report),
                (None, Some(("lines" | "line", numbers))) => match line_numbers(numbers) {
                    Some(numbers) => info.lines = Some((numbers, word.span)),
                    None => report(
                        format!("`{numbers}` is not a list of line numbers"),
                        Some("write `lines=3` or `lines=3,5`".to_owned()),
                    ),
                },
                (None, None) if number == 0 => info.language = Some(word.text.clone()),
                (None, _) => {
                    let (message, help) = unknown_word(word);
                    report(message, Some(help));
                }
            }
        }
        info.expects = expects.unwrap_or(Expectation::Good);
        if let (Expectation::Good, Some((_, span))) = (info.expects, &info.lines) {
            let message = "`lines` is only allowed in a `bad` example: a good example has no findings";
            problems.push(source.problem(*span, message, "only in `bad` examples", None));
        }
        info
    }

    fn read_check_ids(
        &mut self,
        ids: &str,
        known: Option<&[String]>,
        report: &mut dyn FnMut(String, Option<String>),
    ) {
        for id in ids.split(',') {
            if let Some(known) = known
                && !known.iter().any(|one| one == id)
            {
                let help = did_you_mean(id, known.iter().map(String::as_str)).unwrap_or_else(|| {
                    let known: std::collections::BTreeSet<&str> = known.iter().map(String::as_str).collect();
                    format!("known checks: {}", known.into_iter().collect::<Vec<_>>().join(", "))
                });
                report(format!("this guideline has no check `{id}`"), Some(help));
            } else {
                self.checks.push(id.to_owned());
            }
        }
    }
}

fn unknown_word(word: &InfoWord) -> (String, String) {
    let key = word.text.split_once('=').map_or(word.text.as_str(), |(key, _)| key);
    let help = did_you_mean(key, WORDS.map(|word| word.trim_end_matches('='))).unwrap_or_else(|| {
        "after the language, write `good` or `bad`, `path=…`, `check=a,b`, `lines=3,5`".to_owned()
    });
    (format!("unknown word `{}` in an example's first line", word.text), help)
}

fn line_numbers(text: &str) -> Option<Vec<u32>> {
    text.split(',').map(|number| number.parse().ok().filter(|&line| line > 0)).collect()
}

/// Checks that `path` is a relative path of a file, without `.`, `..` and backslashes.
///
/// # Errors
/// Returns the message for an invalid path.
pub(super) fn check_relative_path(path: &str) -> Result<(), String> {
    let inside = !path.is_empty()
        && !path.ends_with('/')
        && !path.contains(['\\', '\0'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if inside { Ok(()) } else { Err(format!("`{path}` is not a valid path of a file inside the example")) }
}

/// Default path of an example with one file and no `path=`.
fn default_path(language: Option<&str>) -> String {
    match language.and_then(Language::from_name) {
        Some(Language::Dockerfile) => "Dockerfile".to_owned(),
        Some(language) => format!("example.{}", language.extensions().first().copied().unwrap_or("txt")),
        None => "example.txt".to_owned(),
    }
}

/// Splits a `files` fence into its files, each after a line `-- path --`.
fn split_files(source: &SourceFile, fence: &Fence, problems: &mut Vec<Problem>) -> Vec<ExampleFile> {
    let mut files: Vec<ExampleFile> = Vec::new();
    let mut at = 0;
    let mut reported = false;
    for line in fence.content.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let written = line.trim_end();
        let span = Span::new(fence.file_offset(start), fence.file_offset(start) + written.len());
        match file_marker(written) {
            Some(path) => {
                if let Err(message) = check_relative_path(path) {
                    problems.push(source.problem(span, message, "this path", None));
                } else if files.iter().any(|file| file.path == path) {
                    problems.push(source.problem(
                        span,
                        format!("`{path}` is listed twice"),
                        "second file",
                        None,
                    ));
                }
                files.push(ExampleFile {
                    path: path.to_owned(),
                    content: String::new(),
                    at: fence.file_offset(at),
                });
            }
            None => match files.last_mut() {
                Some(file) => file.content.push_str(line),
                None if written.is_empty() || reported => {}
                None => {
                    reported = true;
                    let help = Some("start with a line such as `-- src/main.py --`".to_owned());
                    let message = "a `files` example has content before its first file";
                    problems.push(source.problem(span, message, "not in a file", help));
                }
            },
        }
    }
    if files.is_empty() && !reported {
        let help = Some("write a line `-- path --` before each file's content".to_owned());
        problems.push(source.problem(fence.head(), "the `files` example has no file", "no file", help));
    }
    files
}

fn file_marker(line: &str) -> Option<&str> {
    let path = line.strip_prefix("-- ")?.strip_suffix(" --")?.trim();
    (!path.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::super::prose;
    use super::*;

    fn run(text: &str) -> (Vec<Example>, Vec<String>) {
        let source = SourceFile::new("g.md", text);
        let mut problems = Vec::new();
        let checks = ["one".to_owned(), "two".to_owned()];
        let examples = read_examples(&source, &prose::read_prose(text, 0), Some(&checks), &mut problems);
        let messages = problems
            .iter()
            .map(|p| {
                format!(
                    "{}: {} ({})",
                    &text[p.span.start..p.span.end],
                    p.message,
                    p.help.clone().unwrap_or_default()
                )
            })
            .collect();
        (examples, messages)
    }

    #[test]
    fn the_info_string_describes_an_example() {
        let text = "```python bad check=one,two lines=1,2\na\nb\n```\n```py\nnot an example\n```\n```dockerfile good\nFROM a\n```\n```klingon good\n```\n```yaml path=a/b.yml bad\nx: 1\n```\n";
        let (examples, messages) = run(text);
        assert_eq!(messages, Vec::<String>::new());
        let got: Vec<_> = examples.iter().map(|e| (e.expects, e.files[0].path.as_str(), e.line)).collect();
        assert_eq!(
            got,
            [
                (Expectation::Bad, "example.py", 1),
                (Expectation::Good, "Dockerfile", 8),
                (Expectation::Good, "example.txt", 11),
                (Expectation::Bad, "a/b.yml", 13),
            ]
        );
        assert_eq!((examples[0].checks.len(), examples[0].lines.as_slice()), (2, &[1, 2][..]));
        assert_eq!(&text[examples[0].files[0].at..][..3], "a\nb");
    }

    #[test]
    fn files_examples_are_small_repositories() {
        let text = "~~~files bad\n\n-- a/b.txt --\none\n-- c --\n~~~\n";
        let (examples, messages) = run(text);
        assert_eq!(messages, Vec::<String>::new());
        assert!(examples[0].whole);
        let files: Vec<_> = examples[0].files.iter().map(|f| (f.path.as_str(), f.content.as_str())).collect();
        assert_eq!(files, [("a/b.txt", "one\n"), ("c", "")]);
        assert_eq!(&text[examples[0].files[0].at..][..3], "one");
    }

    #[test]
    fn mistakes_are_reported_at_their_place() {
        for (text, expected) in [
            (
                "```py bad chekc=one\n```",
                "chekc=one: unknown word `chekc=one` in an example's first line (did you mean `check`?)",
            ),
            (
                "```py bad check=tow\n```",
                "check=tow: this guideline has no check `tow` (did you mean `two`?)",
            ),
            (
                "```py bad lines=0\nx\n```",
                "lines=0: `0` is not a list of line numbers (write `lines=3` or `lines=3,5`)",
            ),
            (
                "```py bad lines=2\nx\n```",
                "lines=2: line 2 does not exist: the example has 1 line (lines are counted from 1, in the first file of the example)",
            ),
            (
                "```py good lines=1\nx\n```",
                "lines=1: `lines` is only allowed in a `bad` example: a good example has no findings ()",
            ),
            ("```py good bad\nx\n```", "bad: an example cannot be both `good` and `bad` ()"),
            (
                "```py good path=../x\nx\n```",
                "path=../x: `../x` is not a valid path of a file inside the example ()",
            ),
            (
                "```files bad\nx\n```",
                "x: a `files` example has content before its first file (start with a line such as `-- src/main.py --`)",
            ),
            (
                "```files bad\n```",
                "```files bad: the `files` example has no file (write a line `-- path --` before each file's content)",
            ),
            ("```files bad\n-- a --\n-- a --\n```", "-- a --: `a` is listed twice ()"),
        ] {
            assert_eq!(run(text).1, [expected], "{text}");
        }
    }
}
