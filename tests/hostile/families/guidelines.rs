//! Families S4, S6–S8: hostile guidelines, and malformed guideline files.

use super::Build;
use crate::case::{Case, write};

pub const FAMILIES: &[(&str, Build)] = &[
    ("S4-schema-references", schema_references),
    ("S4-schema-bombs", schema_bombs),
    ("S4-json-paths", json_paths),
    ("S6-globs", globs),
    ("S7-regular-expressions", regular_expressions),
    ("S7-regexes-at-work", regexes_at_work),
    ("S7-message-bombs", message_bombs),
    ("S8-queries", queries),
    ("S8-patterns", patterns),
    ("S8-rules", rules),
    ("S8-transforms", transforms),
    ("G1-front-matter", front_matter),
    ("G2-forging-guidelines", forging_guidelines),
    ("G3-guideline-files", guideline_files),
    ("G4-assets", assets),
    ("G5-names-checks", names_checks),
];

/// Guideline text with these checks.
pub fn guideline(slug: &str, checks: &str) -> String {
    format!(
        "---\nschema: 1\nguideline: case/{slug}\nversion: 1.0.0\ntitle: A case\nsummary: A case.\nstage: sketch\nowner: tests\nchecks:\n{checks}---\n## Why\nx\n## How to keep it\nx\n## When to step over\nx\n"
    )
}

/// Quoted YAML string.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string")
}

fn schema_references(case: &mut Case) {
    let secret = case.outside.join("secret.txt");
    let file = format!("file://{}", secret.display());
    let own = format!("file://{}", case.base.join("guidelines/x.json").display());
    let references = [
        "http://127.0.0.1:9/x.json",
        "https://example.invalid/x",
        &file,
        "/etc/passwd",
        "../outside/secret.txt",
        "",
        "#",
        "#/$defs/no",
        "#/$defs/%24x",
        "x.json",
        &own,
        "//host/x",
        "urn:x:y",
        "http://json-schema.org/draft-07/schema#",
        "https://json-schema.org/draft/2020-12/schema",
        "#%00",
        "data:application/json,{}",
        "\u{1b}[31m",
    ];
    let reference = (*case.random.pick(&references)).to_owned();
    let key = *case.random.pick(&["$ref", "$dynamicRef", "$schema", "$id", "$recursiveRef"]);
    case.note(format!("{key}: {reference:?}"));
    let check = format!(
        "  - id: a\n    data: {{ files: [a.json], assert: {{ {key}: {}, $defs: {{ a: {{ $ref: \"#/$defs/a\" }} }} }} }}\n",
        quoted(&reference)
    );
    let text = guideline("refers", &check);
    write(&case.base.join("guidelines/x.json"), b"{\"type\": \"string\"}");
    case.guideline("refers.md", &text);
    case.write("a.json", "{\"a\": [1]}");
}

fn schema_bombs(case: &mut Case) {
    let many = *case.random.pick(&[10, 1_000, 4_000]);
    let schema = match case.random.below(10) {
        0 => format!("{{ allOf: [{}] }}", vec!["{ minLength: 1 }"; many].join(", ")),
        1 => format!("{{ {}type: array{} }}", "not: { ".repeat(14), " }".repeat(14)),
        2 => "{ pattern: '(a*)*b' }".to_owned(),
        3 => "{ pattern: '^(\\w{100}){100}$' }".to_owned(),
        4 => "{ pattern: '(?=a)\\1' }".to_owned(),
        5 => "{ uniqueItems: true, contains: { uniqueItems: true } }".to_owned(),
        6 => "{ $defs: { a: { $ref: \"#/$defs/b\" }, b: { $ref: \"#/$defs/a\" } }, $ref: \"#/$defs/a\" }".to_owned(),
        7 => format!("{{ enum: [{}] }}", (0..many).map(|it| it.to_string()).collect::<Vec<_>>().join(", ")),
        8 => "{ $defs: { n: { anyOf: [{ items: { $ref: \"#/$defs/n\" } }, { additionalProperties: { $ref: \"#/$defs/n\" } }, { $ref: \"#/$defs/n\" }] } }, $ref: \"#/$defs/n\" }".to_owned(),
        _ => {
            let level = |it: usize| format!("d{it}: {{ allOf: [{0}, {0}, {0}] }}", format_args!("{{ $ref: \"#/$defs/d{}\" }}", it + 1));
            let levels: Vec<String> = (0..30).map(level).collect();
            format!("{{ $defs: {{ {}, d30: {{ type: string }} }}, $ref: \"#/$defs/d0\" }}", levels.join(", "))
        }
    };
    case.note(format!("{schema:.70} {many}"));
    let check = format!("  - id: a\n    data:\n      files: [a.json]\n      assert: {schema}\n");
    let text = guideline("bomb", &check);
    case.guideline("bomb.md", &text);
    let strings: Vec<String> = (0..1_000).map(|it| format!("\"{}{it}\"", "a".repeat(40))).collect();
    case.write("a.json", format!("{{\"a\": [{}], \"b\": [[[[[[1]]]]]]}}", strings.join(", ")));
}

fn json_paths(case: &mut Case) {
    let deep = format!("$[?{}@.a{}]", "(".repeat(3_000), ")".repeat(3_000));
    let nots = format!("$[?{}@.a]", "!".repeat(3_000));
    let unions = format!("$[{}0]", "0,".repeat(20_000));
    let paths = [
        "$..*..*..*..*",
        "$..*..*",
        "$..[*]..[*]..[?@..*]",
        &deep,
        &nots,
        &unions,
        "$",
        "",
        "$[",
        "$.a[?match(@, '(a*)*b')]",
        "$..[?search(@, '.{1000}')]",
        "$[::0]",
        "$[-9007199254740991:9007199254740991:1]",
        "$[?length(@..*) > 1]",
        "$[?count(@..*..*) > 1]",
        "$['\u{1b}[31m']",
        "$.\u{202e}",
        "$[?@.a == @.b && @.c == $..d]",
        "$[99999999999999999999]",
    ];
    let path = (*case.random.pick(&paths)).to_owned();
    case.note(format!("{path:.40}"));
    let check = format!(
        "  - id: a\n    data: {{ files: [a.json, a.yaml], select: {}, assert: {{ type: string }} }}\n",
        quoted(&path)
    );
    let text = guideline("selects", &check);
    case.guideline("selects.md", &text);
    case.write("a.json", format!("{{\"a\": {}1{}}}", "[{\"a\": [1, 2], \"b\": ".repeat(40), "}]".repeat(40)));
    case.write("a.yaml", "- {a: 1, b: [2, 3]}\n".repeat(300));
}

fn globs(case: &mut Case) {
    let braces = "{a,".repeat(400) + &"}".repeat(400);
    let nested = "{".repeat(100_000);
    let stars = "**/".repeat(300) + "x";
    let single = "*".repeat(900) + "b";
    let classes = "[a-z]".repeat(200);
    let alternatives = "{a,b}".repeat(20);
    let mixed = "*a".repeat(400);
    let globs = [
        braces.as_str(),
        &nested,
        &stars,
        &single,
        &classes,
        &alternatives,
        &mixed,
        "a\0b",
        "../x",
        "/etc/*",
        "C:\\x",
        "",
        "**",
        "a//b",
        "[",
        "[!]",
        "{",
        "\\",
        "[z-a]",
        "{a,b",
        "./a",
        "~",
        "!a",
        "a/**/**/**/**/**/**/b",
        "{**/,}**/{,**/}*",
        "\u{1b}[31m*",
        "\u{202e}",
        "{,}",
        "{{{{{{{{{{a}}}}}}}}}}",
        "[\u{e9}]",
    ];
    let glob = (*case.random.pick(&globs)).to_owned();
    case.note(format!("{glob:.30} of {} bytes", glob.len()));
    let place = *case.random.pick(&[
        "text: { files: [G], find: x }",
        "files: { forbid: [G] }",
        "files: { each: G, require: { any: [x] } }",
        "files: { pair: { for: G, want: \"{1}\" } }",
        "data: { files: [G], assert: false }",
        "code: { language: python, rule: { kind: identifier }, files: [G] }",
    ]);
    let check = format!("  - id: a\n    {}\n", place.replace('G', &quoted(&glob)));
    let text = guideline("globs", &check);
    case.guideline("globs.md", &text);
    case.write(format!("{}b", "a/".repeat(120)), "x\n");
    case.write("a".repeat(250), "x\n");
}

/// Regular expressions, each with whether it must be refused.
fn regexes() -> Vec<(String, bool)> {
    let refused = [
        r"(\w{100}){100}",
        r"\w{5000}",
        "((((a{100}){100}){100}){100}){100}",
        "(",
        "(?P<a",
        r"\1",
        "(?=a)",
        "[z-a]",
        r"\pX",
        "a{2,1}",
        "*",
        r"(?<a>x)(?<a>y)",
    ];
    let taken = [
        "(a*)*b",
        "(|a)*",
        "(|a)+",
        "(a|aa)+$",
        "(.*)*x",
        ".*.*.*.*.*x",
        "(?s).*",
        "(?i)ſ|K",
        r"\b\B",
        "^*$",
        "(?x) a # b",
        "[^\\x00-\\x{10FFFF}]",
        r"(?:\w+\s?)+!",
        "x*",
        "(?m)^",
        r"(a?){50}a{50}",
        r"[\w\s]{1,50}z",
        "(?s).{1,1000}z",
    ];
    let mut all: Vec<(String, bool)> = refused.map(|it| (it.to_owned(), true)).into();
    all.extend(taken.map(|it| (it.to_owned(), false)));
    all.push(("(".repeat(5_000), true));
    all.push((format!("{}a{}", "(".repeat(2_000), ")".repeat(2_000)), true));
    all.push(((0..5_000).map(|it| format!("word{it}")).collect::<Vec<_>>().join("|"), false));
    all.push(("a".repeat(60_000), false));
    all.push(("(?i)".repeat(3_000) + "a", false));
    all
}

fn regular_expressions(case: &mut Case) {
    let all = regexes();
    let (regex, refused) = case.random.pick(&all).clone();
    case.note(format!("{regex:.30} of {} bytes", regex.len()));
    let (place, is_text) = *case.random.pick(&[
        ("text: { find: R }", true),
        ("text: { find: R, multi-line: true, ignore-case: true }", true),
        ("text: { expect: R }", true),
        ("files: { names: { paths: [\"**\"], regex: R } }", false),
        ("code: { language: python, rule: { kind: identifier, regex: R } }", false),
        ("code: { language: python, rule: { pattern: $A }, constraints: { A: { regex: R } } }", false),
        ("data: { files: [a.json], assert: { patternProperties: { R: false } } }", false),
    ]);
    let check = format!("  - id: a\n    {}\n", place.replace('R', &quoted(&regex)));
    let text = guideline("regex", &check);
    case.guideline("regex.md", &text);
    if refused && is_text {
        case.expect.details.push("regex.md".to_owned());
        // The guideline is valid except for one check; the report names the id or the file.
        case.expect.details.clear();
    }
    case.write("a.txt", format!("{}!\n", "a".repeat(3_000)));
    case.write("a.json", "{\"aaaaaaaaaaaaaaaa\": 1}");
}

/// Allowed expressions on text that is expensive for them.
fn regexes_at_work(case: &mut Case) {
    let regexes = [
        r"(a*)*b",
        r"(.*)*x",
        r"[\w\s]{1,50}z",
        r"(?s).{1,300}zz",
        r"(a?){50}a{50}b",
        r"\w{5,9}\d{20}",
        r"(x+x+)+y",
        r"(?i)(straße|STRASSE)+ẞ",
        r".*.*.*.*=.*",
        r"(\pL{3,5}\s){3}q",
        r"(?:a|b|ab)*c",
        "[^a]*b$",
    ];
    let regex = *case.random.pick(&regexes);
    let unit = *case.random.pick(&["a", "ab ", "x", "é ", "straße ", "\n", "aaaaaaaaaaaaaaaa\n"]);
    let size = *case.random.pick(if case.large { &[1 << 20, 8 << 20] } else { &[1 << 12, 1 << 15] });
    case.note(format!("{regex} over {unit:?}"));
    let multi = case.random.once_in(2);
    let check = format!("  - id: a\n    text: {{ find: {}, multi-line: {multi} }}\n", quoted(regex));
    let text = guideline("works", &check);
    case.guideline("works.md", &text);
    case.plant("a.txt", unit.repeat(size / unit.len()), &[]);
}

/// Small matches that produce large messages or fixes, many times.
fn message_bombs(case: &mut Case) {
    let times = *case.random.pick(&[10, 1_000, 10_000]);
    let template = "$0".repeat(times);
    let (check, content) = match case.random.below(6) {
        0 => (format!("text: {{ find: 'a+' }}\n    message: {}", quoted(&template)), "aaaa ".repeat(20_000)),
        1 => (format!("text: {{ find: '(?s).+' }}\n    message: {}", quoted(&template)), "a".repeat(1 << 20)),
        2 => (
            format!("text: {{ find: 'a+' }}\n    fix: {{ title: x, replace: {} }}", quoted(&template)),
            "aaaa ".repeat(20_000),
        ),
        3 => (
            format!("text: {{ find: '(?s).+' }}\n    fix: {{ title: x, replace: {} }}", quoted(&template)),
            "a".repeat(1 << 20),
        ),
        4 => (
            format!("text: {{ find: 'a' }}\n    message: {}", quoted(&"x".repeat(times * 20))),
            "a".repeat(30_000),
        ),
        _ => (
            format!(
                "data: {{ files: [a.txt], format: json, select: \"$[*]\", assert: false }}\n    message: {}",
                quoted(&"$VALUE".repeat(times))
            ),
            format!("[{}1]", format!("\"{}\",", "a".repeat(2_000)).repeat(500)),
        ),
    };
    case.note(format!("{check:.60} {times} times"));
    let text = guideline("tells", &format!("  - id: a\n    {check}\n"));
    case.guideline("tells.md", &text);
    case.write("a.txt", content);
}

fn queries(case: &mut Case) {
    let stars = format!("({} @finding)", "(_)* ".repeat(60));
    let captures: String = (0..5_000).map(|it| format!("(identifier) @c{it}\n")).collect();
    let alternatives = format!("[{}] @finding", "(identifier) ".repeat(3_000));
    let queries = [
        "(".repeat(100_000),
        "[".repeat(100_000),
        stars,
        captures,
        alternatives,
        format!("{}(identifier){} @finding", "(_ ".repeat(60), ")".repeat(60)),
        "((_)? (_)* @a)* @finding".to_owned(),
        "(no_such_node) @finding".to_owned(),
        "((identifier) @a (#match? @a \"(a*)*b\")) @finding".to_owned(),
        "((identifier) @a (#match? @a \"(\")) @finding".to_owned(),
        "((identifier) @a (#eq? @b \"x\")) @finding".to_owned(),
        "((identifier) @a (#set! x y)) @finding".to_owned(),
        "((identifier) @a (#lua-match? @a \"x\")) @finding".to_owned(),
        "\"\u{0}\" @finding".to_owned(),
        "(identifier) @\u{1b}[31m".to_owned(),
        "(identifier".to_owned(),
        String::new(),
        "; nothing".to_owned(),
        "(_)".to_owned(),
        "((((_ (_)* @a)* @b)* @c)* @d)".to_owned(),
        "(ERROR) @finding (MISSING) @finding".to_owned(),
        "[\"(\" \")\"] @finding".to_owned(),
    ];
    let query = case.random.pick(&queries).clone();
    case.note(format!("{query:.40} of {} bytes", query.len()));
    let check =
        format!("  - id: a\n    code: {{ language: python, query: {} }}\n    message: m\n", quoted(&query));
    let text = guideline("query", &check);
    case.guideline("query.md", &text);
    case.write("a.py", format!("x = f({}1)\n", "a, b(c), ".repeat(300)));
}

fn patterns(case: &mut Case) {
    let times = *case.random.pick(&[10, 70, 1_000, 30_000]);
    let units = [
        "(", "[", "{", "- ", "? ", "$A(", "$$$A, ", "f(", "\"${", "%w(", "`${", "a.", "<A", "-", "!", "not ",
        "\\", "'", "# ", "/*",
    ];
    let unit = *case.random.pick(&units);
    let languages = [
        "python",
        "javascript",
        "yaml",
        "kotlin",
        "rust",
        "ruby",
        "bash",
        "cpp",
        "markdown",
        "html",
        "php",
        "csharp",
        "sql",
        "dockerfile",
    ];
    let language = *case.random.pick(&languages);
    case.note(format!("{language} {unit:?} {times} times"));
    let pattern = unit.repeat(times);
    let rule = match case.random.below(3) {
        0 => format!("{{ pattern: {} }}", quoted(&pattern)),
        1 => format!("{{ pattern: {{ context: {}, selector: identifier }} }}", quoted(&pattern)),
        _ => format!("{{ any: [{{ pattern: {} }}] }}", quoted(&format!("{pattern}x"))),
    };
    let check = format!("  - id: a\n    code:\n      language: {language}\n      rule: {rule}\n");
    let text = guideline("pattern", &check);
    case.guideline("pattern.md", &text);
    let names: Vec<&str> = super::SHAPES.iter().map(|shape| shape.name).collect();
    for name in names {
        case.write(name, "a\n");
    }
}

fn rules(case: &mut Case) {
    let many = *case.random.pick(&[100, 2_000]);
    let has =
        format!("{{ kind: call, {}kind: identifier{} }}", "has: { stopBy: end, ".repeat(20), " }".repeat(20));
    let any = format!("{{ any: [{}] }}", vec!["{ kind: identifier, regex: x }"; many].join(", "));
    let nots = format!("{{ kind: identifier, {}kind: call{} }}", "not: { ".repeat(25), " }".repeat(25));
    let all = format!(
        "{{ kind: call, all: [{}] }}",
        vec!["{ has: { stopBy: end, kind: string } }"; many / 10].join(", ")
    );
    let bodies = [
        format!("rule: {has}"), format!("rule: {any}"), format!("rule: {nots}"), format!("rule: {all}"),
        "rule: { matches: a }, utils: { a: { matches: b }, b: { matches: a } }".to_owned(),
        "rule: { matches: a }, utils: { a: { any: [{ kind: call }, { has: { matches: a } }] } }".to_owned(),
        "rule: { matches: a }, utils: { a: { any: [{ kind: identifier }, { inside: { matches: a, stopBy: end } }, { has: { matches: a, stopBy: end } }] } }".to_owned(),
        "rule: { kind: call, has: { stopBy: { has: { stopBy: end, kind: string } }, kind: identifier } }".to_owned(),
        "rule: { kind: identifier, nthChild: 99999999999 }".to_owned(), "rule: { kind: identifier, nthChild: \"-99999n+99999999\" }".to_owned(),
        "rule: { kind: identifier, range: { start: { line: 4294967296, column: -1 }, end: { line: 0, column: 0 } } }".to_owned(),
        "rule: { kind: \"call > identifier\" }".to_owned(), "rule: { pattern: $A }".to_owned(), "rule: { pattern: $$$A }".to_owned(), "rule: {}".to_owned(),
        "rule: { regex: x }".to_owned(), "rule: { kind: ERROR }".to_owned(), "rule: { pattern: \"\" }".to_owned(), "rule: { kind: \"\\e[31m\" }".to_owned(),
        "rule: { kind: identifier }, constraints: { A: { matches: no } }".to_owned(),
        "rule: { kind: call }, fix: { template: \"$A$A\", expandEnd: { regex: '.', stopBy: end } }".to_owned(),
    ];
    let body = case.random.pick(&bodies).clone();
    case.note(format!("{body:.60}"));
    let check = format!("  - id: a\n    code: {{ language: python, {body} }}\n");
    let text = guideline("rule", &check);
    case.guideline("rule.md", &text);
    case.write("a.py", format!("{}1{}\n{}\n", "f(a, ".repeat(60), ")".repeat(60), "g(x)\n".repeat(200)));
}

/// Transformed meta-variables, each larger than the previous one.
fn transforms(case: &mut Case) {
    let levels = *case.random.pick(&[3, 12, 40]);
    let step = |it: usize, source: &str| {
        format!("V{it}: {{ replace: {{ source: ${source}, replace: '(?s)(.*)', by: '$1$1' }} }}")
    };
    let mut parts = vec![step(0, "A")];
    parts.extend((1..levels).map(|it| step(it, &format!("V{}", it - 1))));
    let body = match case.random.below(4) {
        0 => format!("transform: {{ {} }}, fix: $V{}", parts.join(", "), levels - 1),
        1 => format!("transform: {{ {} }}", parts.join(", ")),
        2 => format!("fix: \"{}\"", "$A".repeat(levels * 1_000)),
        _ => "transform: { B: { rewrite: { rewriters: [r], source: $A } } }, rewriters: [{ id: r, rule: { kind: identifier, pattern: $X }, fix: \"$X $X\" }], fix: $B".to_owned(),
    };
    case.note(format!("{body:.50} {levels}"));
    let message = if case.random.once_in(2) { format!("\"$V{}\"", levels - 1) } else { "m".to_owned() };
    let check = format!(
        "  - id: a\n    code: {{ language: python, rule: {{ pattern: f($A) }}, {body} }}\n    message: {message}\n"
    );
    let text = guideline("grows", &check);
    case.guideline("grows.md", &text);
    case.write("a.py", format!("f({})\n", "abcdefgh_".repeat(20)).repeat(100));
}

fn front_matter(case: &mut Case) {
    let good = guideline("front", "  - id: a\n    text: { find: x }\n");
    let deep = good.replace("title: A case", &format!("title: {}", "[".repeat(100_000)));
    let bomb = good.replace("title: A case", "title: &a [x, x]\nsummary: [*a, *a]");
    let large = good.replace("## Why\nx", &format!("## Why\n{}", "x ".repeat(700_000)));
    let keys = good.replace(
        "checks:",
        &format!("{}checks:", (0..2_000).map(|it| format!("key{it}: 1\n")).collect::<String>()),
    );
    let many = good.replace(
        "checks:\n",
        &format!(
            "checks:\n{}",
            (0..3_000).map(|it| format!("  - id: c{it}\n    text: {{ find: x{it} }}\n")).collect::<String>()
        ),
    );
    let applies = good.replace(
        "stage: sketch",
        &format!("stage: sketch\napplies: {}{{}}{}", "{ not: ".repeat(30), " }".repeat(30)),
    );
    let fences = good
        .replace("## How to keep it\nx", &format!("## How to keep it\n{}", "```python bad\n".repeat(20_000)));
    let links = good.replace("## Why\nx", &format!("## Why\n{}", "[".repeat(50_000)));
    let notes = good.replace("## Why\nx", &format!("## Why\n{}", "[^a\n".repeat(20_000)));
    let texts = [
        deep,
        bomb,
        large,
        keys,
        many,
        applies,
        fences,
        links,
        notes,
        good.replace("schema: 1", "schema: 999999999999999999999"),
        good.replace("---\n## Why", "## Why"),
        good.replace("version: 1.0.0", &format!("version: 1.0.0-{}", "a.".repeat(50_000))),
        good.replace('\n', "\r\n"),
        good.replace('\n', "\r"),
        format!("\u{feff}{good}"),
        good.replace("find: x", "find: x, files: [a, a, a], except: 1"),
        "---\n".repeat(100_000),
        "---".to_owned(),
        "---\n---\n".to_owned(),
        good.replace("title: A case", "title: !!binary aGk="),
        good.replace("owner: tests", "owner: tests\nowner: others"),
        good.replace("guideline: case/front", "guideline: ../../etc/passwd"),
    ];
    let index = case.random.below(texts.len());
    case.note(format!("form {index}"));
    case.guideline("front.md", &texts[index]);
}

fn forging_guidelines(case: &mut Case) {
    let payload = *case.random.pick(&[
        "\\e[31mred",
        "\\u202eevil",
        "a\\r\\nstanchion: all is well",
        "\\u009b31m",
        "::error::x",
        "\\e]8;;http://x\\aclick",
        "\\u2028",
        "\\0",
        "\\u200b",
        "\\e]52;c;aGk=\\a",
    ]);
    case.note(payload);
    let good = guideline(
        "forges",
        "  - id: a\n    text: { find: 'ordinary' }\n    message: \"P $0\"\n    fix: { title: \"P\", replace: \"P\" }\n",
    );
    let place = *case.random.pick(&[
        "title: A case",
        "summary: A case.",
        "owner: tests",
        "stage: sketch",
        "version: 1.0.0",
        "guideline: case/forges",
        "unknown",
        "P",
    ]);
    let text = match place {
        "unknown" => good.replace("owner: tests", &format!("owner: tests\n\"{payload}\": \"{payload}\"")),
        "P" => good.replace('P', payload),
        _ => {
            let key = place.split(':').next().expect("a key");
            good.replace(place, &format!("{key}: \"{payload}\""))
        }
    };
    case.note(place);
    case.guideline("forges.md", &text);
    let name = *case.random.pick(&["forged\u{1b}[31m.md", "forged\n.md", "\u{202e}.md"]);
    case.guideline(name, "---\nschema: x\n---\n");
}

fn guideline_files(case: &mut Case) {
    let kind = *case.random.pick(&[
        "fifo", "link", "folder", "deep", "many", "large", "bytes", "twice", "loop", "zero", "socket",
    ]);
    case.note(kind);
    let folder = case.base.join("guidelines");
    let good = guideline("ordinary", "  - id: a\n    text: { find: x }\n");
    case.guideline("ordinary.md", &good);
    match kind {
        "fifo" => {
            let mode = rustix::fs::Mode::from_raw_mode(0o644);
            rustix::fs::mknodat(rustix::fs::CWD, folder.join("pipe.md"), rustix::fs::FileType::Fifo, mode, 0)
                .expect("made");
        }
        "link" => std::os::unix::fs::symlink(case.outside.join("secret.txt"), folder.join("link.md"))
            .expect("linked"),
        "folder" => std::fs::create_dir(folder.join("folder.md")).expect("made"),
        "deep" => write(&folder.join(format!("{}x.md", "d/".repeat(40))), good.as_bytes()),
        "many" => {
            for number in 0..(if case.large { 2_000 } else { 200 }) {
                let text = good.replace("case/ordinary", &format!("case/n{number}"));
                case.guideline(&format!("n{number}.md"), &text);
            }
        }
        "large" => write(&folder.join("large.md"), &good.as_bytes().repeat(20_000)),
        "bytes" => write(&folder.join("bytes.md"), b"---\nschema: 1\ntitle: caf\xe9\n---\n"),
        "twice" => case.guideline("twice.md", &good.replace("find: x", "find: y")),
        "loop" => std::os::unix::fs::symlink(".", folder.join("loop")).expect("linked"),
        "zero" => std::os::unix::fs::symlink("/dev/zero", folder.join("zero.md")).expect("linked"),
        _ => drop(std::os::unix::net::UnixListener::bind(folder.join("s.md")).expect("a socket")),
    }
}

fn assets(case: &mut Case) {
    let folder = case.base.join("guidelines");
    let secret = case.outside.join("secret.txt");
    write(&folder.join("x/y.json"), b"{\"type\": \"string\"}");
    std::os::unix::fs::symlink(&secret, folder.join("link.json")).expect("linked");
    std::os::unix::fs::symlink(&case.outside, folder.join("linked")).expect("linked");
    std::os::unix::fs::symlink("/dev/zero", folder.join("zero.json")).expect("linked");
    write(&folder.join("deep.json"), "[".repeat(100_000).as_bytes());
    write(
        &folder.join("nots.json"),
        format!("{}{{}}{}", "{\"not\":".repeat(100), "}".repeat(100)).as_bytes(),
    );
    let absolute = secret.display().to_string();
    let names = [
        "x/y.json",
        "link.json",
        "linked/secret.txt",
        "zero.json",
        "../outside/secret.txt",
        "x/../../outside/secret.txt",
        &absolute,
        "/etc/passwd",
        "no.json",
        "",
        ".",
        "deep.json",
        "nots.json",
        "\u{1b}[31m.json",
        "x",
        "/dev/zero",
    ];
    let name = (*case.random.pick(&names)).to_owned();
    case.note(name.clone());
    let check = format!("  - id: a\n    data: {{ files: [a.json], assert-file: {} }}\n", quoted(&name));
    let text = guideline("asset", &check);
    case.guideline("asset.md", &text);
    case.write("a.json", "1");
}

/// File name checks with very many names.
fn names_checks(case: &mut Case) {
    let checks = [
        "files: { require: { any: [\"**/no\", \"no\\e\"] } }",
        "files: { each: \"**\", require: { all: [\"x\", \"y/z\"] } }",
        "files: { forbid: [\"**\"] }",
        "files: { names: { paths: [\"**\"], of: both, style: pascal } }",
        "files: { pair: { for: \"**/*\", want: \"{1}/{2}/{1}{1}{1}\" } }",
        "files: { size: { paths: [\"**\"], min: 1 GiB } }",
        "files: { executable: { paths: [\"**\"], set: true } }",
        "files: { require: { all: [\"../x\"] } }",
        "files: { require: { any: [\"a/../../x\"] } }\n    fix: { title: x, create: y }",
        "files: { size: { paths: [\"**\"], max: 99999999999999999999 GiB } }",
    ];
    let check = *case.random.pick(&checks);
    case.note(check);
    let text = guideline(
        "names",
        &format!("  - id: a\n    {check}\n    message: \"$PATH$NAME$MISSING$SUGGESTED$SIZE$LIMIT\"\n"),
    );
    case.guideline("names.md", &text);
    for number in 0..300 {
        case.write(format!("{}/{}/Copy of Item ({number}).txt", number % 7, number % 3), "x");
    }
    case.write(format!("{}x", "d/".repeat(400)), "x");
}
