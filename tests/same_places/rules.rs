//! Typical ast-grep rule files, each with a source in which it has matches.

pub struct Case {
    pub about: &'static str,
    pub file: &'static str,
    pub rule: &'static str,
    pub source: &'static str,
    pub finds_nothing: bool,
}

const fn case(about: &'static str, file: &'static str, rule: &'static str, source: &'static str) -> Case {
    Case { about, file, rule, source, finds_nothing: false }
}

const fn nothing(about: &'static str, file: &'static str, rule: &'static str, source: &'static str) -> Case {
    Case { about, file, rule, source, finds_nothing: true }
}

pub const CASES: &[Case] = &[
    case(
        "pattern, not has, field",
        "a.py",
        r#"
id: no-timeout
language: python
severity: warning
message: "`requests.$METHOD` has no timeout"
note: a note
rule:
  pattern: requests.$METHOD($$$ARGS)
  not:
    has:
      stopBy: end
      kind: keyword_argument
      has: { field: name, regex: "^timeout$" }
"#,
        "import requests\nrequests.get(u)\nrequests.post(u, timeout=3)\nrequests.get(\n  u, # timeout\n)\nx = 'ünï'; requests.put(v)\n",
    ),
    case(
        "constraints, utils, transform and fix",
        "b.js",
        r#"
id: logs
language: JavaScript
utils:
  is-logger:
    any:
      - pattern: logger
      - pattern: console
rule:
  all:
    - pattern: $OBJ.$LEVEL($$$ARGS)
    - has: { matches: is-logger, field: function, stopBy: end }
constraints:
  LEVEL: { regex: "^(log|debug)$" }
transform:
  UP: { convert: { source: $LEVEL, toCase: upperCase } }
fix: $OBJ.info($$$ARGS)
metadata: { owner: me, weight: 1.5, list: [1, two] }
"#,
        "console.log(1, 2);\nlogger.debug('x');\nother.log(3);\nconsole.error(4);\n",
    ),
    case(
        "inside with stopBy rule, follows",
        "c.ts",
        r"
id: await-in-loop
language: ts
rule:
  kind: await_expression
  inside:
    any: [{ kind: for_in_statement }, { kind: for_statement }]
    stopBy: { any: [{ kind: arrow_function }, { kind: function_declaration }] }
",
        "async function f(xs: number[]) {\n  for (const x of xs) { await g(x); }\n  for (const x of xs) { const h = async () => { await g(x); }; }\n  await g(1);\n}\n",
    ),
    case(
        "jsx, nthChild",
        "d.tsx",
        "id: img\nlanguage: Tsx\nrule:\n  any:\n    - pattern: <img $$$A />\n    - kind: jsx_element\n      nthChild: 2\n",
        "const a = <div><b>1</b><i>2</i><img src=\"x\" /></div>;\n",
    ),
    case(
        "context and selector, strictness",
        "e.go",
        "id: errorf\nlanguage: go\nrule:\n  pattern: { context: 'func f() { fmt.Errorf($F, $$$A) }', selector: call_expression, strictness: relaxed }\n",
        "package p\nfunc g() error {\n\t// x\n\treturn fmt.Errorf(\"a %s\", /* c */ b)\n}\nfunc h() { fmt.Println(1) }\n",
    ),
    case(
        "kind and regex",
        "f.rs",
        "id: todo\nlanguage: rust\nrule:\n  any: [{ kind: line_comment }, { kind: block_comment }]\n  regex: TODO\n  not: { regex: 'TODO\\(' }\n",
        "// TODO later\n// TODO(me) now\n/* TODO */ fn main() {}\n",
    ),
    case(
        "macro",
        "g.rs",
        "id: m\nlanguage: rs\nrule:\n  kind: macro_invocation\n  has: { field: macro, regex: '^(println|dbg)$' }\n",
        "fn main() { println!(\"{}\", dbg!(1)); std::println!(); }\n",
    ),
    case(
        "annotation",
        "H.java",
        "id: h\nlanguage: java\nrule: { pattern: System.out.println($A) }\n",
        "class H { void f() { System.out.println(1); System.err.println(2); } }\n",
    ),
    case(
        "kotlin",
        "i.kt",
        "id: i\nlanguage: kotlin\nrule: { pattern: println($A) }\n",
        "fun main() { println(1); print(2) }\n",
    ),
    case(
        "c",
        "j.c",
        "id: j\nlanguage: c\nrule: { kind: call_expression, has: { field: function, regex: '^(strcpy|gets)$' } }\n",
        "int main(void) { char b[9]; strcpy(b, \"x\"); puts(b); gets(b); return 0; }\n",
    ),
    case(
        "c++",
        "k.cpp",
        "id: k\nlanguage: cpp\nrule: { kind: new_expression }\n",
        "int* f() { return new int(3); }\n",
    ),
    case(
        "c#",
        "L.cs",
        "id: l\nlanguage: csharp\nrule: { pattern: Thread.Sleep($A) }\n",
        "class L { void F() { Thread.Sleep(5); Task.Delay(5); } }\n",
    ),
    case("ruby", "m.rb", "id: m\nlanguage: ruby\nrule: { pattern: eval($A) }\n", "eval(x)\nevaluate(y)\n"),
    case(
        "php",
        "n.php",
        "id: n\nlanguage: php\nrule: { kind: function_call_expression, has: { field: function, regex: '^eval_it$' } }\n",
        "<?php\neval_it($x);\nother($y);\n",
    ),
    case(
        "bash",
        "o.sh",
        "id: o\nlanguage: bash\nrule: { kind: command, has: { field: name, regex: '^curl$' } }\n",
        "#!/bin/sh\ncurl -k x\nwget y\n",
    ),
    case(
        "hcl",
        "p.tf",
        "id: p\nlanguage: hcl\nrule: { kind: attribute, regex: '^acl\\s*=' }\n",
        "resource \"aws_s3_bucket\" \"b\" {\n  acl = \"public-read\"\n  name = \"x\"\n}\n",
    ),
    case(
        "json",
        "q.json",
        "id: q\nlanguage: json\nrule: { kind: pair, has: { field: key, regex: 'password' } }\n",
        "{\"a\": 1, \"password\": \"x\"}\n",
    ),
    case(
        "yaml",
        "r.yml",
        "id: r\nlanguage: yaml\nrule: { kind: block_mapping_pair, has: { field: key, regex: '^image$' } }\n",
        "a:\n  image: x:latest\n  other: 1\n",
    ),
    case(
        "html",
        "s.html",
        "id: s\nlanguage: html\nrule: { kind: attribute_name, regex: '^onclick$' }\n",
        "<a onclick=\"x()\" href=\"#\">y</a>\n",
    ),
    case(
        "javascript inside html",
        "t.html",
        "id: t\nlanguage: js\nrule: { pattern: 'eval($A)' }\n",
        "<html><script>\n  eval(x);\n</script><script lang=\"ts\">eval(y)</script><p>eval(z)</p></html>\n",
    ),
    case(
        "css",
        "u.css",
        "id: u\nlanguage: css\nrule: { kind: important }\n",
        "a { color: red !important; }\nb { color: blue; }\n",
    ),
    case(
        "css inside html",
        "v.html",
        "id: v\nlanguage: css\nrule: { kind: declaration, regex: '^color' }\n",
        "<style>\na { color: red; }\n</style>\n",
    ),
    case(
        "markdown",
        "w.md",
        "id: w\nlanguage: markdown\nrule: { kind: atx_heading }\n",
        "# One\n\ntext\n\n## Two\n",
    ),
    case(
        "files and ignores",
        "x.py",
        "id: x\nlanguage: python\nfiles: ['*.py']\nignores: ['tests/*']\nrule: { pattern: print($A) }\n",
        "print(1)\n",
    ),
    nothing(
        "ignored file",
        "y.py",
        "id: y\nlanguage: python\nignores: ['y.*']\nrule: { pattern: print($A) }\n",
        "print(1)\n",
    ),
    case(
        "metavariable equality",
        "z.py",
        "id: z\nlanguage: python\nrule: { pattern: '$A == $A' }\n",
        "a == a\na == b\nf(x) == f(x)\n",
    ),
    case(
        "precedes and follows",
        "aa.py",
        "id: aa\nlanguage: python\nrule: { kind: expression_statement, regex: '^a', precedes: { kind: expression_statement, regex: '^b', stopBy: end } }\n",
        "a()\nc()\nb()\na()\n",
    ),
    case(
        "ellipsis in the middle",
        "bb.py",
        "id: bb\nlanguage: python\nrule: { pattern: 'f($$$A, last, $$$B)' }\n",
        "f(last)\nf(1, last)\nf(1, last, 2)\nf(1)\n",
    ),
    case(
        "syntax errors around a match",
        "cc.py",
        "id: cc\nlanguage: python\nrule: { pattern: 'g($A)' }\n",
        "def broken(:\n  g(1)\ng(2)\nclass (\n",
    ),
    case(
        "several matches in one line, nested",
        "dd.rs",
        "id: dd\nlanguage: rust\nrule: { pattern: '$X.unwrap()' }\n",
        "fn f() { a.unwrap().b.unwrap(); g(c.unwrap()); }\n",
    ),
    case(
        "CRLF and a byte order mark",
        "ee.js",
        "id: ee\nlanguage: js\nrule: { pattern: 'alert($A)' }\n",
        "\u{feff}alert(1);\r\n  alert(2);\r\n",
    ),
    case(
        "range",
        "ff.py",
        "id: ff\nlanguage: python\nrule: { kind: call, range: { start: { line: 1, column: 0 }, end: { line: 1, column: 3 } } }\n",
        "a()\nb()\n",
    ),
    case(
        "a rewriter",
        "gg.js",
        "id: gg\nlanguage: js\nrewriters:\n  - id: one\n    rule: { pattern: $N, kind: number }\n    fix: '1'\nrule: { pattern: 'sum($$$A)' }\ntransform:\n  B: { rewrite: { rewriters: [one], source: $$$A } }\nfix: sum($B)\n",
        "sum(2, 3);\n",
    ),
];
