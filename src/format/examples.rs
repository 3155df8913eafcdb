//! Examples: fences that say `good` or `bad`, read as tiny repositories.

use super::prose::{Fence, Prose, Word};
use super::source::Source;
use super::suggest::did_you_mean;
use crate::model::{Example, ExampleFile, Expectation, Language, Problem};
use crate::text::{LineIndex, Span};

/// The words that stand in an example's info string.
const WORDS: [&str; 5] = ["good", "bad", "path=", "check=", "lines="];

/// Whether a fence is an example.
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

/// The examples of the prose. `checks` are the ids that an example may name; `None`: not known.
pub(super) fn read(
    source: &Source,
    prose: &Prose,
    checks: Option<&[String]>,
    problems: &mut Vec<Problem>,
) -> Vec<Example> {
    let lines = LineIndex::new(&source.text);
    let mut examples = Vec::new();
    for fence in prose.fences.iter().filter(|fence| is_example(fence)) {
        let info = Info::read(source, fence, checks, problems);
        let whole = info.language.as_deref() == Some("files");
        let files = if whole {
            if let Some((_, span)) = &info.path {
                problems.push(source.problem(
                    *span,
                    "a `files` example names its files inside",
                    "not here",
                    Some("write a line `-- path --` before each file's content".to_owned()),
                ));
            }
            split_files(source, fence, problems)
        } else {
            let path =
                info.path.as_ref().map_or_else(|| default_path(info.language.as_deref()), |p| p.0.clone());
            vec![ExampleFile { path, content: fence.content.clone(), at: fence.at(0) }]
        };
        if let (Some((wanted, span)), Some(first)) = (&info.lines, files.first()) {
            let count = first.content.lines().count();
            if let Some(beyond) = wanted.iter().find(|&&line| line as usize > count) {
                let lines = if count == 1 { "only line".to_owned() } else { format!("{count} lines") };
                let message = format!("line {beyond} is beyond the example's {lines}");
                let help = Some("lines are counted from 1, in the first file of the example".to_owned());
                problems.push(source.problem(*span, message, "too far", help));
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

/// An example's info string, understood.
struct Info {
    expects: Expectation,
    language: Option<String>,
    path: Option<(String, Span)>,
    checks: Vec<String>,
    lines: Option<(Vec<u32>, Span)>,
}

impl Info {
    fn read(source: &Source, fence: &Fence, checks: Option<&[String]>, problems: &mut Vec<Problem>) -> Self {
        let mut expects = None;
        let mut info =
            Self { expects: Expectation::Good, language: None, path: None, checks: Vec::new(), lines: None };
        for (number, word) in fence.info.iter().enumerate() {
            let key = word.text.split_once('=');
            let mut say = |message: String, help: Option<String>| {
                problems.push(source.problem(word.span, message, "here", help));
            };
            match (expectation(&word.text), key) {
                (Some(one), _) => {
                    if expects.is_some_and(|other| other != one) {
                        say("an example is either `good` or `bad`".to_owned(), None);
                    }
                    expects = Some(one);
                }
                (None, Some(("path", path))) => match relative(path) {
                    Ok(()) => info.path = Some((path.to_owned(), word.span)),
                    Err(message) => say(message, None),
                },
                (None, Some(("check" | "checks", ids))) => info.name_checks(ids, checks, &mut say),
                (None, Some(("lines" | "line", numbers))) => match line_numbers(numbers) {
                    Some(numbers) => info.lines = Some((numbers, word.span)),
                    None => say(
                        format!("`{numbers}` is not a list of line numbers"),
                        Some("write `lines=3` or `lines=3,5`".to_owned()),
                    ),
                },
                (None, None) if number == 0 => info.language = Some(word.text.clone()),
                (None, _) => {
                    let (message, help) = unknown_word(word);
                    say(message, Some(help));
                }
            }
        }
        info.expects = expects.unwrap_or(Expectation::Good);
        if let (Expectation::Good, Some((_, span))) = (info.expects, &info.lines) {
            let message = "a good example has no findings, so it has no lines for them";
            problems.push(source.problem(*span, message, "only in `bad` examples", None));
        }
        info
    }

    fn name_checks(
        &mut self,
        ids: &str,
        known: Option<&[String]>,
        say: &mut dyn FnMut(String, Option<String>),
    ) {
        for id in ids.split(',') {
            if let Some(known) = known
                && !known.iter().any(|one| one == id)
            {
                let help = did_you_mean(id, known.iter().map(String::as_str)).unwrap_or_else(|| {
                    let known: std::collections::BTreeSet<&str> = known.iter().map(String::as_str).collect();
                    format!("its checks are: {}", known.into_iter().collect::<Vec<_>>().join(", "))
                });
                say(format!("this guideline has no check `{id}`"), Some(help));
            } else {
                self.checks.push(id.to_owned());
            }
        }
    }
}

fn unknown_word(word: &Word) -> (String, String) {
    let key = word.text.split_once('=').map_or(word.text.as_str(), |(key, _)| key);
    let help = did_you_mean(key, WORDS.map(|word| word.trim_end_matches('='))).unwrap_or_else(|| {
        "after the language stand `good` or `bad`, `path=…`, `check=a,b`, `lines=3,5`".to_owned()
    });
    (format!("unknown word `{}` in an example's first line", word.text), help)
}

fn line_numbers(text: &str) -> Option<Vec<u32>> {
    text.split(',').map(|number| number.parse().ok().filter(|&line| line > 0)).collect()
}

/// Whether `path` may be a file of an example.
pub(super) fn relative(path: &str) -> Result<(), String> {
    let inside = !path.is_empty()
        && !path.ends_with('/')
        && !path.contains(['\\', '\0'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if inside { Ok(()) } else { Err(format!("`{path}` is not a path of a file inside the example")) }
}

/// The path of a single-file example that names none.
fn default_path(language: Option<&str>) -> String {
    match language.and_then(Language::from_name) {
        Some(Language::Dockerfile) => "Dockerfile".to_owned(),
        Some(language) => format!("example.{}", language.extensions().first().copied().unwrap_or("txt")),
        None => "example.txt".to_owned(),
    }
}

/// The files of a `files` fence, each after a line `-- path --`.
fn split_files(source: &Source, fence: &Fence, problems: &mut Vec<Problem>) -> Vec<ExampleFile> {
    let mut files: Vec<ExampleFile> = Vec::new();
    let mut at = 0;
    let mut told = false;
    for line in fence.content.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let written = line.trim_end();
        let span = Span::new(fence.at(start), fence.at(start) + written.len());
        match marker(written) {
            Some(path) => {
                if let Err(message) = relative(path) {
                    problems.push(source.problem(span, message, "this path", None));
                } else if files.iter().any(|file| file.path == path) {
                    problems.push(source.problem(
                        span,
                        format!("`{path}` is there twice"),
                        "again here",
                        None,
                    ));
                }
                files.push(ExampleFile { path: path.to_owned(), content: String::new(), at: fence.at(at) });
            }
            None => match files.last_mut() {
                Some(file) => file.content.push_str(line),
                None if written.is_empty() || told => {}
                None => {
                    told = true;
                    let help = Some("start with a line such as `-- src/main.py --`".to_owned());
                    let message = "a `files` example has content before its first file";
                    problems.push(source.problem(span, message, "belongs to no file", help));
                }
            },
        }
    }
    if files.is_empty() && !told {
        let help = Some("write a line `-- path --` before each file's content".to_owned());
        problems.push(source.problem(
            fence.head(),
            "a `files` example without files",
            "no file follows",
            help,
        ));
    }
    files
}

fn marker(line: &str) -> Option<&str> {
    let path = line.strip_prefix("-- ")?.strip_suffix(" --")?.trim();
    (!path.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::super::prose;
    use super::*;

    fn run(text: &str) -> (Vec<Example>, Vec<String>) {
        let source = Source::new("g.md", text);
        let mut problems = Vec::new();
        let checks = ["one".to_owned(), "two".to_owned()];
        let examples = read(&source, &prose::read(text, 0), Some(&checks), &mut problems);
        let said = problems
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
        (examples, said)
    }

    #[test]
    fn the_info_string_says_what_an_example_is() {
        let text = "```python bad check=one,two lines=1,2\na\nb\n```\n```py\nnot an example\n```\n```dockerfile good\nFROM a\n```\n```klingon good\n```\n```yaml path=a/b.yml bad\nx: 1\n```\n";
        let (examples, said) = run(text);
        assert_eq!(said, Vec::<String>::new());
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
    fn files_examples_are_tiny_repositories() {
        let text = "~~~files bad\n\n-- a/b.txt --\none\n-- c --\n~~~\n";
        let (examples, said) = run(text);
        assert_eq!(said, Vec::<String>::new());
        assert!(examples[0].whole);
        let files: Vec<_> = examples[0].files.iter().map(|f| (f.path.as_str(), f.content.as_str())).collect();
        assert_eq!(files, [("a/b.txt", "one\n"), ("c", "")]);
        assert_eq!(&text[examples[0].files[0].at..][..3], "one");
    }

    #[test]
    fn slips_are_told_at_their_place() {
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
                "lines=2: line 2 is beyond the example's only line (lines are counted from 1, in the first file of the example)",
            ),
            (
                "```py good lines=1\nx\n```",
                "lines=1: a good example has no findings, so it has no lines for them ()",
            ),
            ("```py good bad\nx\n```", "bad: an example is either `good` or `bad` ()"),
            (
                "```py good path=../x\nx\n```",
                "path=../x: `../x` is not a path of a file inside the example ()",
            ),
            (
                "```files bad\nx\n```",
                "x: a `files` example has content before its first file (start with a line such as `-- src/main.py --`)",
            ),
            (
                "```files bad\n```",
                "```files bad: a `files` example without files (write a line `-- path --` before each file's content)",
            ),
            ("```files bad\n-- a --\n-- a --\n```", "-- a --: `a` is there twice ()"),
        ] {
            assert_eq!(run(text).1, [expected], "{text}");
        }
    }
}
