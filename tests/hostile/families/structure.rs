//! Families S1–S3: deeply nested, expanding, repetitive and contradictory documents.

use super::{Build, TIMES};
use crate::case::Case;

pub const FAMILIES: &[(&str, Build)] = &[
    ("S1-deep-json", deep_json),
    ("S1-deep-yaml", deep_yaml),
    ("S1-deep-toml", deep_toml),
    ("S2-alias-bombs", alias_bombs),
    ("S2-anchors", anchors),
    ("S3-double-keys", double_keys),
    ("S3-odd-values", odd_values),
    ("S3-many-documents", many_documents),
    ("S3-broken-documents", broken_documents),
    ("S3-wide-documents", wide_documents),
    ("S4-deep-for-a-schema", deep_for_a_schema),
];

fn deep_json(case: &mut Case) {
    let times = *case.random.pick(&TIMES);
    let (open, close) =
        *case.random.pick(&[("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]"), ("[\n", "]"), ("[[],", "]")]);
    let closed = case.random.once_in(2);
    let close = if closed { close.repeat(times) } else { String::new() };
    case.note(format!("{open:?} {times} times, closed: {closed}"));
    let name = *case.random.pick(&["a.json", "a.jsonc"]);
    let depth = times * open.matches(['[', '{']).count().min(2);
    let reasons: &[&str] = if depth > 300 { &["too-deep", "parse-error", "budget"] } else { &[] };
    case.plant(name, format!("{}1{close}", open.repeat(times)), reasons);
}

fn deep_yaml(case: &mut Case) {
    let times = *case.random.pick(&TIMES);
    let kind = *case
        .random
        .pick(&["- ", "? ", "[", "{a: ", "- - ", "[{a: ", "!!seq [", "&a [", "stairs", "returns"]);
    let text = match kind {
        "stairs" => (0..times.min(1_200)).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
        "returns" => (0..times.min(1_200)).map(|depth| format!("{}a:\r", " ".repeat(depth))).collect(),
        open => format!("{}x\n", open.repeat(times)),
    };
    case.note(format!("{kind:?} {times} times"));
    let reasons: &[&str] =
        if times > 300 { &["too-deep", "parse-error", "parser-died", "budget"] } else { &[] };
    case.plant("a.yaml", text, reasons);
}

fn deep_toml(case: &mut Case) {
    let times = *case.random.pick(&TIMES);
    let text = match case.random.below(5) {
        0 => format!("a = {}1{}\n", "[".repeat(times), "]".repeat(times)),
        1 => format!("a = {}1{}\n", "{a=".repeat(times), "}".repeat(times)),
        2 => format!("{}b = 1\n", "a.".repeat(times)),
        3 => format!("[{}b]\nc = 1\n", "a.".repeat(times)),
        _ => format!("[[{}b]]\n", "a.".repeat(times)).repeat(20),
    };
    case.note(format!("{times} times"));
    let reasons: &[&str] = if times > 300 { &["too-deep", "parse-error", "budget"] } else { &[] };
    case.plant("a.toml", text, reasons);
}

fn alias_bombs(case: &mut Case) {
    let width = *case.random.pick(&[2, 9, 50]);
    let levels = *case.random.pick(&[6, 10, 26, 60]);
    let kind = *case.random.pick(&["nested", "flat", "merge", "keys", "maps"]);
    let mut text = String::new();
    match kind {
        "nested" | "maps" => {
            text += "a0: &a0 [x, x, x]\n";
            for level in 1..levels {
                let below = level - 1;
                let aliases: Vec<String> = if kind == "nested" {
                    vec![format!("*a{below}"); width]
                } else {
                    (0..width).map(|key| format!("k{key}: *a{below}")).collect()
                };
                let (open, close) = if kind == "nested" { ('[', ']') } else { ('{', '}') };
                text += &format!("a{level}: &a{level} {open}{}{close}\n", aliases.join(", "));
            }
        }
        "flat" => {
            text += &format!("a: &a [{}]\nb:\n", "x, ".repeat(3_000));
            text += &"- *a\n".repeat(3_000);
        }
        "merge" => {
            text += "m0: &m0 {a: 1}\n";
            for level in 1..levels * 4 {
                text += &format!(
                    "m{level}: &m{level}\n  <<: [{}]\n  k{level}: 1\n",
                    vec![format!("*m{}", level - 1); width].join(", ")
                );
            }
        }
        _ => text += &format!("a: &a [{}]\n{}", "[x, y], ".repeat(1_000), "? *a\n: *a\n".repeat(500)),
    }
    case.note(format!("{kind} {width} wide, {levels} levels"));
    let far: u64 = (0..levels).fold(1, |sum: u64, _| sum.saturating_mul(width as u64));
    let reasons: &[&str] = if kind == "flat" || (kind == "nested" && far > 10_000_000) {
        &["too-many-nodes", "too-deep"]
    } else {
        &[]
    };
    case.plant("a.yaml", text, reasons);
}

fn anchors(case: &mut Case) {
    let times = *case.random.pick(&[10, 1_000, 20_000]);
    let text = match case.random.below(6) {
        0 => (0..times).map(|number| format!("- &a{number} x\n")).collect(),
        1 => "a: &a [*a]\n".to_owned(),
        2 => "&a a: *a\n".to_owned(),
        3 => (0..times).map(|_| "- &a x\n- *a\n").collect(),
        4 => "*nowhere\n".to_owned(),
        _ => format!("- &{} x\n", "a".repeat(times)),
    };
    case.note(format!("{times}"));
    case.plant("a.yaml", text, &[]);
}

fn double_keys(case: &mut Case) {
    let documents = [
        ("a.json", "{\"bad\": 1, \"bad\": 2}"),
        ("a.json", "{\"é\": 1, \"e\\u0301\": 2, \"\\u0065\\u0301\": 3}"),
        ("a.yaml", "bad: 1\nbad: 2\n"),
        ("a.yaml", "1: a\n\"1\": b\n0x1: c\n"),
        ("a.yaml", "? [a, b]\n: 1\n? [a, b]\n: 2\n"),
        ("a.yaml", "{a: 1, a: 2}"),
        ("a.yaml", "~: 1\nnull: 2\n\"\": 3\n"),
        ("a.toml", "a = 1\na = 2\n"),
        ("a.toml", "[tool]\na = 1\n[tool]\nb = 2\n"),
        ("a.toml", "tool.a = 1\n[tool]\nb = 1\n"),
        ("a.ini", "[a]\nb=1\nb=2\n[a]\nb=3\n"),
        ("a.env", "A=1\nA=2\nexport A=3\n"),
        ("a.yaml", "<<: {a: 1}\n<<: {a: 2}\n"),
        ("a.json", "{\"\": 1, \"\": {\"\": 2}}"),
    ];
    let (name, text) = *case.random.pick(&documents);
    case.plant(name, text, &[]);
}

fn odd_values(case: &mut Case) {
    let values = [
        "1e999",
        "-1e999",
        "0.000000000000000000000000000000001e-400",
        "-0",
        "-0.0",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "\"\\udc00\\ud800\"",
        "123456789012345678901234567890",
        "0x1p3",
        ".nan",
        "-.inf",
        "NaN",
        "Infinity",
        "!!binary aGk=",
        "!!python/object:os.system x",
        "!<tag:x> y",
        "2024-02-30",
        "1_000",
        "0o777",
        "yes",
        "|\n  x",
        "\"\\x\"",
        "'",
        "\"",
        "!!float x",
        "1979-05-27T07:32:00Z",
    ];
    let mut value = (*case.random.pick(&values)).to_owned();
    if case.random.once_in(5) {
        value =
            "9".repeat(*case.random.pick(if case.large { &[20, 400, 100_000] } else { &[20, 400, 5_000] }));
    }
    case.note(format!("{value:.40}"));
    case.write(
        "a.json",
        format!("{{\"bad\": {value}, \"items\": [{{\"price\": {value}, \"name\": {value}}}]}}"),
    );
    case.write("a.yaml", format!("bad: {value}\n? {value}\n: x\n"));
    case.write("a.toml", format!("[tool.a]\nbad = {value}\n"));
    case.write("a.env", format!("SECRET_A={value}\n"));
    case.write("a.ini", format!("[a]\nb = {value}\n"));
    case.write("must.json", value);
}

fn many_documents(case: &mut Case) {
    let count = *case.random.pick(&[2, 1_000, 20_000]);
    let unit = *case.random.pick(&[
        "---\nbad: 1\n",
        "---\n",
        "...\n",
        "--- x\n",
        "%YAML 1.2\n---\n",
        "---\n# c\n...\n",
    ]);
    case.note(format!("{unit:?} {count} times"));
    case.plant("a.yaml", unit.repeat(count), &[]);
}

fn broken_documents(case: &mut Case) {
    let documents = [
        ("a.json", "{\"bad\": 1, \"x\": [1,, 2]}"),
        ("a.json", "{\"a\": \"\u{1}\"}"),
        ("a.json", "\u{feff}[1]"),
        ("a.json", "[1] [2]"),
        ("a.json", "// c\n{}"),
        ("a.yaml", "a: b: c"),
        ("a.yaml", "\ta: 1\n"),
        ("a.yaml", "a: [1, 2\n"),
        ("a.yaml", "%TAG ! x\n"),
        ("a.yaml", "a: \"\\q\""),
        ("a.toml", "a = \n"),
        ("a.toml", "[a\n"),
        ("a.toml", "a.b = 1\na = 2\n"),
        ("a.toml", "\u{0}"),
        ("a.ini", "[a\n]b\n= x"),
        ("a.ini", "; only\n"),
        ("a.env", "=x\n A = 'y\n"),
        ("a.env", "A=\"\\\n"),
        ("a.jsonc", "[1,,]"),
        ("a.jsonc", "/* never closed"),
        ("must.json", "[]"),
        ("a.json", "tru"),
        ("a.yaml", "- a\nb: c\n"),
        ("a.yaml", "'"),
    ];
    let (name, text) = *case.random.pick(&documents);
    case.plant(name, text, &[]);
}

fn wide_documents(case: &mut Case) {
    let count =
        *case.random.pick(if case.large { &[1_000, 100_000, 600_000] } else { &[1_000, 10_000, 30_000] });
    let (name, text) = match case.random.below(7) {
        0 => ("a.json", format!("[{}1]", "1,".repeat(count))),
        1 => (
            "a.json",
            format!("{{{}\"z\": 1}}", (0..count).map(|it| format!("\"k{it}\": 1,")).collect::<String>()),
        ),
        2 => ("a.yaml", "- bad: 1\n".repeat(count)),
        3 => ("a.toml", format!("[tool.x]\na = [{}]\n", "1,".repeat(count))),
        4 => ("a.ini", (0..count).map(|it| format!("k{it}=1\n")).collect()),
        5 => ("a.env", (0..count).map(|it| format!("SECRET_{it}=12345\n")).collect()),
        _ => {
            ("a.json", format!("{{\"items\": [{}1]}}", "{\"price\": 11, \"name\": \"aaaa\"},".repeat(count)))
        }
    };
    case.note(format!("{count}"));
    case.plant(name, text, &[]);
}

/// Schema with two alternatives for the same part at each level, and a document that makes them expensive.
fn deep_for_a_schema(case: &mut Case) {
    let depth = *case.random.pick(&[10, 20, 40, 100, 127]);
    let schema = *case.random.pick(&[
        "{ $defs: { n: { anyOf: [{ type: array, items: { $ref: \"#/$defs/n\" } }, { type: array, items: { $ref: \"#/$defs/n\" }, maxItems: 5 }] } }, $ref: \"#/$defs/n\" }",
        "{ $id: \"http://a.example/\", $defs: { n: { $id: n, anyOf: [{ items: { $ref: n } }, { items: { $ref: n } }], not: { const: 1 } } }, $ref: n }",
        "{ $dynamicAnchor: n, oneOf: [{ items: { $dynamicRef: \"#n\" }, type: array }, { items: { $dynamicRef: \"#n\" }, minItems: 1 }] }",
        "{ $defs: { n: { allOf: [{ items: { $ref: \"#/$defs/n\" } }, { items: { $ref: \"#/$defs/n\" } }] } }, $ref: \"#/$defs/n\" }",
        "{ $defs: { n: { if: { items: { $ref: \"#/$defs/n\" } }, then: { items: { $ref: \"#/$defs/n\" } }, else: { items: { $ref: \"#/$defs/n\" } } } }, $ref: \"#/$defs/n\" }",
        "{ $recursiveAnchor: true, unevaluatedItems: false, anyOf: [{ items: { $ref: \"#\" } }, { prefixItems: [{ $ref: \"#\" }] }] }",
    ]);
    case.note(format!("{depth} deep, {schema:.60}"));
    let check = format!("  - id: deep\n    data:\n      files: [deep.json]\n      assert: {schema}\n");
    let text = super::guidelines::guideline("deep", &check);
    case.guideline("deep.md", &text);
    case.write("deep.json", format!("{}1{}", "[".repeat(depth), "]".repeat(depth)));
}
