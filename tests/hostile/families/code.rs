//! Families S5: sources on which a grammar, rule or query takes more than linear time. `shapes` has more,
//! by language.

use super::Build;
use super::guidelines::guideline;
use crate::case::Case;

pub const FAMILIES: &[(&str, Build)] = &[
    ("S5-known-killers", known_killers),
    ("S5-relational-rules", relational_rules),
    ("S5-queries-on-long-lists", queries),
    ("S5-embedded-code", embedded),
    ("S5-many-hostile-files", many_hostile_files),
    ("S5-mixed-grammars", mixed_grammars),
    ("S5-memory-at-once", memory_at_once),
    ("S5-slow-filter", slow_filter),
];

/// Inputs that are known to crash or stall a grammar.
fn known_killers(case: &mut Case) {
    let killers: [(&str, String); 22] = [
        ("a.yaml", "- ".repeat(300)),
        ("a.yaml", "? ".repeat(5_000)),
        ("a.yaml", format!("> {}", "? ".repeat(600))),
        ("a.yaml", "x\n".repeat(33_000)),
        ("a.yaml", format!("a: {}", "[".repeat(2_000))),
        ("a.kt", "\"${".repeat(520)),
        ("a.kt", format!("{}{}", "\"${".repeat(700), "}\"".repeat(700))),
        ("a.rs", "%w(".repeat(2_000)),
        ("a.rs", "%w(".repeat(20_000)),
        ("a.rb", "<<A + ".repeat(5_000)),
        ("a.rb", "%w(".repeat(5_000)),
        ("a.sh", "cat <<A <<B ".repeat(5_000)),
        ("a.sh", "<<-\"".repeat(2_000)),
        ("a.php", "<<<A\n".repeat(5_000)),
        ("a.md", ">".repeat(5_000)),
        ("a.md", format!("{}\n", "* ".repeat(3_000))),
        ("a.html", "<a b=".repeat(20_000)),
        ("a.html", "<div>".repeat(40_000)),
        ("a.cpp", format!("R\"{}(", "a".repeat(5_000))),
        ("a.cs", "$\"\"\"{".repeat(3_000)),
        ("a.py", "f\"{".repeat(3_000)),
        ("a.js", "({[".repeat(33_000)),
    ];
    let (name, text) = case.random.pick(&killers).clone();
    case.note(format!("{text:.12} …"));
    case.plant(name, text, &[]);
}

/// Relational rules on deep and wide trees.
fn relational_rules(case: &mut Case) {
    let rules = [
        "{ kind: array, inside: { kind: array, stopBy: end, inside: { kind: array, stopBy: end } } }",
        "{ kind: array, has: { kind: array, stopBy: end, has: { kind: number, stopBy: end, regex: '^9$' } } }",
        "{ kind: array, all: [{ has: { kind: array, stopBy: end } }, { not: { has: { kind: string, stopBy: end } } }] }",
        "{ kind: number, follows: { kind: number, stopBy: end, regex: '^8$' } }",
        "{ kind: number, precedes: { kind: number, stopBy: end, regex: '^8$', follows: { kind: number, stopBy: end, regex: '^7$' } } }",
        "{ kind: number, nthChild: { position: 2n+1, ofRule: { regex: '^[0-9]$' } } }",
        "{ pattern: '[$$$A, $B, $$$C, $B, $$$D]' }",
        "{ pattern: '[$$$A, 9, $$$B, 9, $$$C, 9, $$$D]' }",
        "{ kind: array, any: [{ matches: deep }, { regex: '^(\\[)+x' }] }",
    ];
    let rule = *case.random.pick(&rules);
    let times = *case.random.pick(if case.large { &[100, 2_000, 20_000] } else { &[100, 500, 2_000] });
    let nested = case.random.once_in(2);
    let text = if nested {
        format!("x = {}1{};\n", "[".repeat(times), "]".repeat(times))
    } else {
        format!("x = [{}2];\n", "1, ".repeat(times))
    };
    case.note(format!("{rule:.50} {times} times, nested: {nested}"));
    let check = format!(
        "  - id: looks\n    code: {{ language: javascript, rule: {rule}, utils: {{ deep: {{ has: {{ kind: array, stopBy: end }} }} }} }}\n"
    );
    let text_of = guideline("looks", &check);
    case.guideline("looks.md", &text_of);
    case.plant("a.js", text, &[]);
}

fn queries(case: &mut Case) {
    let queries = [
        "(array (_)* @a (_)* @b (_)* @c) @finding",
        "(array (number) @a . (number) @b) @finding",
        "(array (_) @a (_) @b (_) @c (_) @d) @finding",
        "((array (number)+ @a) @finding)",
        "(array (array (array (array) @finding)))",
        "(_ (_ (_ (_) @finding)))",
        "((number) @a (#match? @a \"^(1|11|111)*$\")) @finding",
    ];
    let query = *case.random.pick(&queries);
    let times = *case.random.pick(if case.large { &[50, 1_000, 15_512] } else { &[50, 500, 2_000] });
    case.note(format!("{query} over {times}"));
    let check = format!(
        "  - id: asks\n    code:\n      language: javascript\n      query: |\n        {query}\n    message: found\n"
    );
    let text = guideline("asks", &check);
    case.guideline("asks.md", &text);
    let text = if case.random.once_in(2) {
        format!("x = [{}2];\n", "1, ".repeat(times))
    } else {
        format!("x = {}1{};\n", "[".repeat(times), "]".repeat(times))
    };
    case.plant("a.js", text, &[]);
}

/// Embedded code: each piece is parsed separately.
fn embedded(case: &mut Case) {
    let times = *case.random.pick(&[10, 500, 3_000]);
    let unit = *case.random.pick(&[
        "<script>boom(1)</script>",
        "<style>a{color:red}</style>",
        "<script>({[</script>",
        "<script>`${</script>",
        "<script></script>",
        "<script><style></script>",
        "<p onclick=\"boom(1)\">",
        "<script lang=ts>let a: A<B<</script>",
    ]);
    case.note(format!("{unit:?} {times} times"));
    case.plant("a.html", unit.repeat(times), &[]);
}

fn many_hostile_files(case: &mut Case) {
    let count: u64 = *case.random.pick(if case.large { &[20, 200] } else { &[5, 12] });
    let texts = [
        ("yaml", "- ".repeat(300)),
        ("kt", "\"${".repeat(520)),
        ("json", "[".repeat(100_000)),
        ("rs", "%w(".repeat(500)),
        ("py", format!("x = {}", "(".repeat(30_000))),
        ("js", "({[".repeat(5_000)),
        ("rb", "<<A + ".repeat(500)),
    ];
    for number in 0..count {
        let (extension, text) = case.random.pick(&texts);
        case.write(format!("many/{number}.{extension}"), text);
    }
    // After the first few, each file gets a sixty-fourth of the time, and a new process if it crashes the old
    // one. A debug build needs more time for both.
    case.expect.most_wall_ms += if case.large { 100 } else { 1_000 } * count;
    case.note(format!("{count} files"));
}

/// Several files that allocate without bound at the same time: all workers share one memory limit.
fn memory_at_once(case: &mut Case) {
    let count = *case.random.pick(&[2, 4, 6]);
    let unit = *case.random.pick(&["%w(", "%w(a "]);
    for number in 0..count {
        case.write(format!("many/{number}.rs"), unit.repeat(2_500));
    }
    case.expect.most_wall_ms += if case.large { 0 } else { 1_000 * count };
    case.note(format!("{count} files of {unit:?}"));
}

/// Texts that could make the prefilter quadratic. It runs without a time budget.
fn slow_filter(case: &mut Case) {
    let bare = "{ kind: except_clause, not: { has: { any: [{ kind: identifier }, { kind: as_pattern }] } } }";
    let empty = "{ kind: catch_clause, has: { field: body, regex: '^\\{\\s*\\}$' } }";
    let (panics, unsafes) = ("{ pattern: panic($A) }", "{ kind: unsafe_block }");
    let todo = "{ kind: comment, regex: TODO, not: { regex: 'TODO\\(' } }";
    let texts = [
        ("a.py", "python", bare, "try:\n  pass\n", "\n", "except Valueerror:\n  pass\n"),
        ("a.py", "python", bare, "", "try: x\nexcept Valueerror: y\n", ""),
        ("a.py", "python", todo, "", "#TODO(", "\n"),
        ("a.rs", "rust", unsafes, "fn f() { unsafe { } }\n", "'\\", "\n"),
        ("a.rs", "rust", unsafes, "fn f() { unsafe { } }\nconst X: &[char] = &[", "'\\n',", "];\n"),
        ("a.go", "go", panics, "package p\nvar x = []string{", "`a`,", "}\nfunc f() { panic(1) }\n"),
        ("a.go", "go", panics, "package p\nvar x = []string{", "\"a\",", "}\nfunc f() { panic(1) }\n"),
        ("a.ts", "typescript", empty, "", "} catch (", "\n"),
        ("a.ts", "typescript", empty, "} ", "/** ", "catch {}\n"),
        ("a.ts", "typescript", todo, "", "//TODO(", "\n"),
    ];
    let (name, language, rule, before, unit, after) = *case.random.pick(&texts);
    let times = *case.random.pick(if case.large { &[50_000, 150_000] } else { &[5_000, 20_000] });
    case.note(format!("{unit:?} {times} times, {rule:.40}"));
    let check = format!("  - id: filters\n    code: {{ language: {language}, rule: {rule} }}\n");
    let text = guideline("filters", &check);
    case.guideline("filters.md", &text);
    case.plant(name, format!("{before}{}{after}", unit.repeat(times)), &[]);
}

/// The same text with the file extensions of all languages.
fn mixed_grammars(case: &mut Case) {
    let shape = case.random.pick(super::SHAPES);
    let text = shape.text(*case.random.pick(&[3, 100, 600]));
    // Two dozen files, each with another grammar: 0.2 s with a release build, 18 s without optimization.
    case.expect.most_wall_ms += if case.large { 0 } else { 25_000 };
    case.note(format!("as {}: {:?}", shape.name, shape.open));
    let names = super::SHAPES.iter().map(|shape| shape.name);
    for name in names.filter(|name| *name != "Dockerfile" || text.len() < 10_000) {
        case.write(format!("mixed/{name}"), &text);
    }
}
