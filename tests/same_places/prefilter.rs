//! The prefilter does not change findings, on generated code.

use std::sync::Arc;

use proptest::prelude::*;
use stanchion::engine::{MemoryTree, NoProgress, Options, assess};
use stanchion::format;
use stanchion::model::{Guideline, Origin, RepoPath};

/// Bodies of `code:` and `text:` checks for Python, in every form that the prefilter analyzes.
const CHECKS: &[&str] = &[
    "code: { language: python, rule: { pattern: 'requests.$M($$$A)' } }",
    "code: { language: python, rule: { pattern: 'eval($A)' } }",
    "code: { language: python, rule: { pattern: '$F(timeout=$T)' } }",
    "code: { language: python, rule: { pattern: '$A == $A' } }",
    "code: { language: python, rule: { pattern: { context: 'eval(x)', strictness: signature } } }",
    "code: { language: python, rule: { pattern: { context: 'requests.get(x)', strictness: relaxed } } }",
    "code: { language: python, rule: { pattern: { context: 'get', strictness: template } , kind: identifier } }",
    "code: { language: python, rule: { kind: comment, regex: 'TODO', not: { regex: 'TODO\\(' } } }",
    "code: { language: python, rule: { kind: comment, regex: '(?i)todo|fixme' } }",
    "code: { language: python, rule: { kind: string, regex: '^.?$|get' } }",
    "code: { language: python, rule: { any: [ { pattern: 'eval($A)' }, { kind: except_clause } ] } }",
    "code: { language: python, rule: { all: [ { kind: call }, { has: { kind: identifier, regex: '^eval$' } } ] } }",
    "code: { language: python, rule: { kind: call, not: { has: { regex: timeout, stopBy: end } } } }",
    "code: { language: python, rule: { pattern: 'eval($A)', inside: { kind: except_clause, stopBy: end } } }",
    "code: { language: python, rule: { kind: expression_statement, follows: { kind: import_statement, regex: requests } } }",
    "code: { language: python, utils: { u: { any: [ { regex: '^get$' }, { regex: '^(ev|x)al$' } ] } }, rule: { kind: identifier, matches: u } }",
    "code: { language: python, rule: { pattern: '$X', kind: identifier }, constraints: { X: { regex: '^ev' } } }",
    "code: { language: python, query: '(call function: (identifier) @f (#eq? @f \"eval\")) @finding' }",
    "text: { find: 'time(out)?=' }",
    "text: { find: '(?i)TODO', ignore-case: false }",
    "text: { find: 'get.*eval', multi-line: true }",
    "text: { find: '(requests|eval)\\b[^a]' }",
    "text: { expect: 'import' }",
    "text: { find: '^$|get' }",
];

/// Rules for other languages, and forms that become expressions over bytes.
const MORE_CHECKS: &[&str] = &[
    "code: { language: python, rule: { any: [ { kind: default_parameter, has: { field: value, any: [ { kind: list }, { kind: dictionary }, { kind: set } ] } }, { kind: typed_default_parameter, has: { field: value, kind: list } } ] } }",
    "code: { language: python, rule: { any: [ { kind: except_clause, has: { kind: identifier, regex: '^(Exception|BaseException)$' } }, { kind: except_clause, not: { has: { any: [ { kind: identifier }, { kind: as_pattern }, { kind: tuple }, { kind: attribute } ] } } } ] } }",
    "code: { language: python, rule: { kind: except_clause, not: { has: { kind: identifier } } } }",
    "code: { language: python, rule: { pattern: 'subprocess.$F($$$A, shell=True, $$$B)' } }",
    "code: { language: python, rule: { kind: if_clause } }",
    "code: { language: python, rule: { kind: boolean_operator, has: { kind: identifier, regex: '^x$' } } }",
    "code: { language: python, rule: { kind: lambda, has: { field: parameters, has: { kind: default_parameter } } } }",
    "code: { language: rust, rule: { pattern: '$X.unwrap()' } }",
    "code: { language: rust, rule: { pattern: 'Rc::new($A)' } }",
    "code: { language: rust, rule: { kind: macro_invocation, has: { field: macro, regex: '^(panic|todo)$' } } }",
    "code: { language: rust, rule: { kind: unsafe_block } }",
    "code: { language: rust, rule: { kind: identifier, regex: '^new$' } }",
    "code: { language: rust, rule: { kind: attribute_item, regex: '^#\\[allow\\(' } }",
    "code: { language: typescript, rule: { kind: as_expression, has: { kind: predefined_type, regex: '^any$' } } }",
    "code: { language: typescript, rule: { kind: catch_clause, has: { field: body, kind: statement_block, regex: '^\\{\\s*\\}$' } } }",
    "code: { language: typescript, rule: { any: [ { pattern: 'eval($$$A)' }, { pattern: 'new Function($$$A)' } ] } }",
    "code: { language: typescript, rule: { pattern: '$X.innerHTML = $Y' } }",
    "code: { language: typescript, rule: { pattern: 'class A { b() {} }' } }",
    "code: { language: javascript, rule: { pattern: 'eval($$$A)' } }",
    "code: { language: go, rule: { pattern: { context: 'func f() { fmt.Errorf($F, $$$A) }', selector: call_expression }, has: { stopBy: end, kind: interpreted_string_literal, regex: '%[vs]\"$' } } }",
    "code: { language: go, rule: { kind: defer_statement, inside: { kind: for_statement, stopBy: end } } }",
    "code: { language: go, rule: { kind: composite_literal, has: { field: type, regex: '^http\\.Client$' } } }",
];

fn guideline_of(checks: &[&str]) -> Arc<Guideline> {
    let checks: String =
        checks.iter().enumerate().map(|(n, check)| format!("  - id: c{n}\n    {check}\n")).collect();
    let text = format!(
        "---\nschema: 1\nguideline: tests/all\nversion: 1.0.0\ntitle: All\nsummary: All.\nstage: sketch\nowner: tests\nchecks:\n{checks}---\n## Why\nx\n## How to keep it\nx\n## When to step over\nx\n"
    );
    match format::parse_guideline("all.md", &text, Origin::Starter, &|_| None) {
        Ok(guideline) => Arc::new(guideline),
        Err(problems) => panic!("{problems:#?}"),
    }
}

/// Possible text between tokens in languages whose comments begin with a slash.
const SLASHES: &[&str] = &[
    "",
    "",
    "",
    " ",
    "\n",
    "\t",
    "/* a */",
    "// b (\n",
    "/* * / \n */ ",
    "\u{a0}",
    "\u{feff}",
    "\r\n",
    "\x0c",
];

/// Code of one language: statements, some with syntax errors. Each `@` is replaced by white space, a comment
/// or a line continuation.
fn any_code() -> impl Strategy<Value = (&'static str, String)> {
    let python = &[
        "requests@.@get@(@u@)\n",
        "eval@(@x@)\n",
        "x = 1if y else 0xfor z\n",
        "y = [a for a in b@if c]\n",
        "try:\n  a\nexcept@Exception@:\n  b\n",
        "try:\n  a\nexcept@:\n  b\n",
        "try:\n  a\nexcept@(A,@B)@as e:\n  b\n",
        "try:\n  a\nexcept (Something):\n  b\n",
        "try:\n  a\nexcept@Something@or B:\n  b\n",
        "try:\n  a\nexcept*Exception:\n  b\n",
        "try:\n  a\nexceptSomething:\n  b\n",
        "try:\n  a\nexcept a.b@:\n  b\n",
        "try:\n  a\nexcept a.b[0]:\n  b\n",
        "def f(@a@=@[]@):\n  pass\n",
        "def f(a='\\')', b=[]): pass\n",
        "def f(a=(1, (2)), b: int@=@[@]): pass\n",
        "g = lambda x@=@{}: x\n",
        "g = lambda a, b=f'{x}', *, c=[1]: x\n",
        "def f[T: (int, str)](a={1}): pass\n",
        "def f(a=\"\"\"):(\"\"\", b=[]): pass\n",
        "def f(a): f(b=[])\n",
        "subprocess@.@run(x,@shell@=@True@)\n",
        "subprocess.run(@shell=True,@y)\n",
        "eval@\n(x)\n",
        "def f(:\n",
        "# TODO: a\n",
        "z = x@or@0or x\n",
        "class A:\n  def eval(self, b=[]): ...\n",
        "print@(f'{eval(x)}')\n",
        "é = eval(é)\n",
    ][..];
    let rust = &[
        "fn a() { x@.@unwrap@(@)@; }\n",
        "fn b() { Rc@::@new@(@1@); }\n",
        "fn c() { Arc::new(1); 1.unwrap(); }\n",
        "fn d() { unsafe@{ e() } }\n",
        "fn e() { panic@!@(@\"x\"@); std::todo!(); }\n",
        "m!(0xRc::new(1) 1new x.unwrap());\n",
        "#[allow(x)]\nfn f() {}\n",
        "fn g() { r#unwrap(); x.r#unwrap(); }\n",
        "fn h( { x.unwrap() }\n",
        "fn i() { x.unwrap::<u8>(); x.unwrap( }\n",
        "fn j() { unsafe/* a /* b */ */{} }\n",
        "// Rc::new(1)\n",
        "fn new() {}\n",
    ][..];
    let typescript = &[
        "let a = x@as@any@;\n",
        "let b = 1as any;\n",
        "f((x as string) as any);\n",
        "try { } catch@(@e@)@{@}\n",
        "try { } catch@{ }\n",
        "try { } catch (e) { a }\n",
        "eval@(@x@);\n",
        "eval?.(x);\n",
        "new@Function@(@a@);\n",
        "a@.@innerHTML@=@b;\n",
        "a?.innerHTML == b; a.innerHTML += c;\n",
        "class A { get b@() {}@}\n",
        "class A { static async b() {} }\n",
        "x as any\n(eval)(y)\n",
        "let c = <any>d;\n",
        "eval(`${eval(x)}`)\n",
        "const x = {\n",
        "a.innerHTML\n= b\n",
    ][..];
    let go = &[
        "package p\n",
        "func a() error { return fmt@.@Errorf@(@\"a %s\"@,@b@) }\n",
        "func b() { for { defer@f() } }\n",
        "func c() { defer f() }\n",
        "var d = http@.@Client@{@}\n",
        "var e = &http.Client{}\n",
        "func f() { fmt.Errorf(`%s\"`, x) }\n",
        "func g( {\n",
    ][..];
    let html = &[
        "<p>eval(x)</p>\n",
        "<script>@eval@(@x@)</script>\n",
        "<script>eval</script><b></b><script>(x)</script>\n",
        "<script>eval(</script>\n",
    ][..];
    let hole = |comments: &'static [&'static str]| proptest::sample::select(comments);
    let language = |file: &'static str, pieces: &'static [&'static str], holes: &'static [&'static str]| {
        (
            proptest::collection::vec(proptest::sample::select(pieces), 1..6),
            proptest::collection::vec(hole(holes), 24),
        )
            .prop_map(move |(pieces, holes)| {
                let mut holes = holes.iter().cycle();
                let mut text = String::new();
                for letter in pieces.concat().chars() {
                    if letter == '@' { text.push_str(holes.next().unwrap_or(&"")) } else { text.push(letter) }
                }
                (file, text)
            })
    };
    prop_oneof![
        4 => language("a.py", python, &["", "", "", " ", "\t", "\\\n", " # c (\n", "\n", "\r\n ", "\x0c", "\u{a0}"]),
        2 => language("a.rs", rust, SLASHES),
        2 => language("a.ts", typescript, SLASHES),
        1 => language("a.go", go, &["", " ", "\t", "/* a */", "// b\n", "\n"]),
        1 => language("a.html", html, SLASHES),
    ]
}

fn any_source() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("requests"),
        Just("Requests"),
        Just("get"),
        Just("eval"),
        Just("exal"),
        Just("EVAL"),
        Just("."),
        Just("("),
        Just(")"),
        Just("(x)"),
        Just("timeout"),
        Just("="),
        Just("=="),
        Just(" "),
        Just("\n"),
        Just("\r\n"),
        Just("  "),
        Just("# TODO: y\n"),
        Just("# todo"),
        Just("# TODO(me)\n"),
        Just("try:\n  x\nexcept E:\n  eval(1)\n"),
        Just("import requests\n"),
        Just("'get'"),
        Just("'"),
        Just("\u{212a}"),
        Just("é"),
        Just("def f():\n  "),
        Just(","),
        Just("x"),
        Just("1"),
        Just("eval(x)\n"),
        Just("requests.get(u, timeout=3)\n"),
        Just("a == a\n"),
        Just("\u{feff}"),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_prefilter_loses_no_finding(sources in proptest::collection::vec(any_source(), 1..3)) {
        let guidelines = [guideline_of(CHECKS)];
        let run = |prefilter: bool| {
            let files = sources.iter().enumerate().map(|(n, s)| (RepoPath::from(format!("f{n}.py").as_str()), s.clone().into_bytes()));
            let options = Options { prefilter, threads: 1, ..Options::default() };
            assess(&guidelines, &MemoryTree::new(files), &options, &NoProgress).expect("listed").outcome
        };
        let (with, without) = (run(true), run(false));
        prop_assert_eq!(&with.findings, &without.findings);
        // A skipped file is assessed: the prefilter may only turn "cannot tell" into "kept".
        prop_assert!(with.not_assessed.iter().all(|n| without.not_assessed.contains(n)));
        prop_assert_eq!(with.paths.seen, with.paths.assessed + with.paths.not_applicable + with.paths.cannot_tell);
    }

    #[test]
    fn the_prefilter_and_the_anchors_lose_no_finding((file, text) in any_code()) {
        let guidelines = [guideline_of(MORE_CHECKS)];
        let run = |prefilter: bool| {
            let files = [(RepoPath::from(file), text.clone().into_bytes())];
            let options = Options { prefilter, threads: 1, ..Options::default() };
            assess(&guidelines, &MemoryTree::new(files), &options, &NoProgress).expect("listed")
        };
        let (with, without) = (run(true), run(false));
        prop_assert_eq!(&with.outcome.findings, &without.outcome.findings);
        prop_assert!(with.outcome.not_assessed.iter().all(|n| without.outcome.not_assessed.contains(n)));
    }
}
