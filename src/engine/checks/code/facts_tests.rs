//! The tables against what the grammars really do, on samples here and on any corpus you name.

use tree_sitter::{Node, TreeCursor};

use super::facts::{Facts, KindFacts};
use super::grammar::Grammar;
use super::parse::parse;
use crate::engine::budget::Budget;
use crate::model::{Language, language_of};

const SAMPLES: &[(Language, &str)] = &[
    (
        Language::Python,
        "import a\nfrom b import (c,)\n@d\nasync def f(a, b=[], *c, d: int = {}, **e) -> str:\n    try:\n        x = 1if y else 0xfor 2\n    except (A, B) as e: # c\n        raise\n    except:\n        pass\n    finally:\n        del x, y\n    with a as b, c: print(f'{x!r:>{w}}' 'a' \"b\")\n    g = lambda x={1}, *y: [z for z in x if z]\n    return {**a, 'b': 1}, {1, 2}, a[1:2]\nclass K(L, m=1):\n    '''d'''\n    async with a: await b\n    while x: break\n    assert a, b\n    match a:\n        case [1, _]: pass\n    global g\n    a @= b; c: int = 3\n",
    ),
    (
        Language::Rust,
        "#![allow(x)]\nuse a::{b, c as d};\n/// doc\n#[derive(A)]\npub struct S<T: U> where T: V { a: Vec<T>, pub(crate) b: (i32, &'static str) }\nimpl<T> S<T> { unsafe fn f(&mut self, x: u8) -> Result<(), E> { unsafe { self.a.b::<u8>()?; } /* c /* d */ */ let Some(y) = x else { return Ok(()) }; match y { 1..=2 if z => {} _ => m![1, (2)], } for i in 0..3 { continue } Ok(loop { break 'a'; }) } }\nmacro_rules! m { ($a:expr) => { $a }; }\nenum E { A { b: u8 }, C(u8) = 3 }\nasync fn g() { a.await; x as u8; !y; -z; r#\"raw\"#; |a, b| a + b; [0; 3]; &raw const x; }\n",
    ),
    (
        Language::Go,
        "package p\n\nimport (\n\t\"a\"\n\tb \"c\"\n)\n\ntype T struct {\n\tA, B int\n\tc.D\n}\n\ntype I interface {\n\tM(x int) error\n}\n\nfunc (t *T) F(a ...int) (r int, err error) {\n\tdefer f()\n\tgo func() { x <- 1 }()\n\tfor i := 0; i < 3; i++ {\n\t\tcontinue\n\t}\n\tfor k, v := range m {\n\t\t_ = map[string]int{\"a\": 1}\n\t}\n\tswitch y := x.(type) {\n\tcase int, string:\n\t\treturn 1, nil\n\tdefault:\n\t}\n\tselect {\n\tcase <-c:\n\t}\n\tif a := b; a != nil {\n\t\treturn 1, nil\n\t} else {\n\t\tpanic(`x`)\n\t}\n\tvar x, y = http.Client{Timeout: 1}, []int{1, 2}[:1]\n\treturn\n}\n\nconst (\n\tA = iota\n\tB\n)\n",
    ),
    (
        Language::TypeScript,
        "import a, { b as c } from 'd';\nexport default class A<T extends B> extends C implements D { private x?: number = 1; get y() { return this.x!; } static #z = 2; constructor(public q: any) { super(); } }\ninterface I { [k: string]: unknown; m?(): void; new (x: number): I }\ntype U = A | (B & C) | `a${string}` | readonly string[];\ntry { f(x as any, y satisfies Z, ...w) } catch (e) {} finally { g?.(1)?.[2]?.h }\nfor (const a of b) { if (!a) continue; else delete a.b; }\nswitch (x) { case 1: break; default: throw new Error(`x${y}`) }\nconst { p, q: [r = 1], ...s } = async (t) => { await u; };\nlet v = a ? b : c ?? d, h = function* () { yield* k };\nenum E { A = 1, B }\ndeclare module 'm' { }\nlabel: do { x++ } while (typeof y === 'z');\na.innerHTML = /re/g;\n",
    ),
    (
        Language::Tsx,
        "const a = <A b={c} {...d}>text {e}<B/></A>;\nfunction f<T,>(x: T) { return x as any; }\n",
    ),
    (
        Language::JavaScript,
        "class A extends B { static { } #p = 1; async *g() {} set x(v) {} }\nvar a = b => ({ c, d() {}, [e]: 1, ...f }), g = new H;\nif (a in b) { } else debugger;\nfor (let i = 0, j; i < 3; i++) ;\ntry { } catch { }\nimport('x'); a ||= b ** 2; c?.d; `t${u}`; with (a) {}\n",
    ),
    (
        Language::Java,
        "package a.b;\nimport static c.D.*;\n@A(b = 1) public class C<T extends D> extends E implements F { private final int[] x = {1, 2}; C() throws G { this(1); } int m(int... a) { try (var r = s()) { synchronized (this) { } } catch (A | B e) { } finally { } for (int i : x) { } return switch (a) { case 1 -> 2; default -> { yield 3; } }; } }\nenum E { A, B { } }\ninterface I { default void f() { Runnable r = () -> { }; Object o = C::new; if (o instanceof D d) { } while (true) { break; } } }\nrecord R(int a) { }\n",
    ),
    (
        Language::C,
        "#include <a.h>\n#define F(x) x\n#ifdef A\ntypedef struct s { int a : 3; union { char *b[2]; }; } S;\n#endif\nstatic int f(const char *a, ...) { for (int i = 0; i < 3; i++) { if (a[i]) goto l; else switch (x) { case 1: break; default: continue; } } do { } while (0); l: return sizeof(int) + (int) y ? *p->q : &r.s; }\nenum e { A = 1, B };\n",
    ),
    (
        Language::Cpp,
        "#include \"a\"\nnamespace n { template <typename T> class A : public B { public: A() : x(1) {} ~A() = default; virtual int f() const override { try { throw 1; } catch (...) { } return [&](auto x) { return x; }(1); } private: int x{}; }; }\nusing namespace n;\nint main() { auto *p = new int[3]; delete[] p; for (auto &x : y) static_cast<int>(x); }\n",
    ),
    (
        Language::CSharp,
        "using System;\nnamespace N { [A] public class C<T> : D where T : class { public int P { get; set; } = 1; async Task M(ref int a) { try { await x?.y(); } catch (E e) when (e.F) { } finally { } foreach (var i in l) { lock (o) { } } var s = $\"a{b:c}\"; switch (s) { case \"x\": break; } using (var d = new D { E = 1 }) { } return; } } }\n",
    ),
    (
        Language::Php,
        "<?php\nnamespace A;\nuse B\\C;\nclass D extends E implements F { public function g(?int $a = 1, ...$b): array { try { throw new H(); } catch (I | J $e) { } foreach ($a as $k => $v) { echo $v; } return ['x' => fn($y) => $y ?? 1]; } }\nif ($a): elseif ($b): else: endif;\n",
    ),
    (
        Language::Kotlin,
        "package a\n\nimport b.*\n\n@A\nclass C<T>(val x: Int = 1) : D() {\n    companion object {\n        val y = 1\n    }\n    fun g(a: String?): Int {\n        try {\n            h()\n        } catch (e: F) {\n            throw e\n        } finally {\n            i()\n        }\n        for (i in 0 until 3) {\n            println(\"a $i ${b.c}\")\n        }\n        while (true) {\n            break\n        }\n        if (x is G) return 1 else return 2\n    }\n}\n\nval l = { a: Int -> a }\n",
    ),
    (
        Language::Ruby,
        "require 'a'\nmodule M\n  class C < D\n    attr_reader :x\n    def f(a, b = 1, *c, d:, **e, &g)\n      begin\n        yield a if b unless c\n      rescue E => e\n        raise\n      ensure\n        puts \"#{x}\"\n      end\n      [1, 2].each do |i| next end\n      case x when 1 then 2 else 3 end\n      { a: 1, 'b' => 2 }\n    end\n  end\nend\n",
    ),
    (
        Language::Css,
        "@import 'a';\n@media (min-width: 1px) { a > .b:hover, #c { color: red !important; margin: calc(1px + 2%) } }\n",
    ),
    (
        Language::Bash,
        "#!/bin/sh\nif [ -n \"$a\" ]; then echo ${b:-c} | d && e; fi\nfor i in 1 2; do x=$(y); done\nf() { case $1 in a) ;; esac; }\n",
    ),
    (
        Language::Html,
        "<!DOCTYPE html>\n<a href=\"b\" c>d<br/></a><script>e</script><style>f</style><!-- g -->\n",
    ),
    (Language::Json, "{\"a\": [1, true, null, {\"b\": \"c\\n\"}]}\n"),
    (Language::Toml, "a = 1\n[b.c]\nd = [1, { e = 'f' }]\n[[g]]\n"),
    (
        Language::Hcl,
        "resource \"a\" \"b\" {\n  c = var.d ? [1, \"${e}\"] : { f = g(h...) }\n  dynamic \"x\" { for_each = [for i in j : i if k] }\n}\n",
    ),
];

/// Checks every node below `cursor`'s; tells what does not hold.
fn compare(
    facts: Facts,
    cursor: &mut TreeCursor<'_>,
    text: &str,
    wrong: &mut Vec<String>,
    nodes: &mut usize,
) {
    let node = cursor.node();
    *nodes += 1;
    let own = &text[node.byte_range()];
    if !node.is_named() {
        if node.child_count() == 0 && facts.is_spelled(node.kind()) && own != node.kind() {
            wrong.push(format!("the token {:?} reads {own:?}", node.kind()));
        }
    } else if let Some(of) = facts.kind(node.kind()) {
        for clause in &of.must {
            if !clause.iter().any(|token| own.contains(token)) {
                wrong.push(format!("{} holds none of {clause:?}: {own:?}", node.kind()));
            }
        }
        if !of.starts.is_empty() && !of.starts.iter().any(|start| own.starts_with(start)) {
            wrong.push(format!("{} begins with none of {:?}: {own:?}", node.kind(), of.starts));
        }
        opens(&of, node, text, wrong);
        children(&of, node, text, wrong);
    }
    if cursor.goto_first_child() {
        loop {
            compare(facts, cursor, text, wrong, nodes);
            if !cursor.goto_next_sibling() {
                break;
            }
        }
        cursor.goto_parent();
    }
}

fn opens(of: &KindFacts, node: Node<'_>, text: &str, wrong: &mut Vec<String>) {
    let (mut cursor, mut tokens) = (node.walk(), Vec::new());
    // The first two tokens: leaves, or whatever they begin with.
    let mut is_first = true;
    while tokens.len() < 2 && (!is_first || cursor.goto_first_child()) {
        is_first = false;
        if !cursor.node().is_extra() {
            tokens.push(&text[cursor.node().start_byte()..node.end_byte()]);
        }
        if !cursor.goto_next_sibling() {
            break;
        }
    }
    let holds = |(first, second): &(&str, &str)| matches!(tokens[..], [a, b] if a.starts_with(first) && b.starts_with(second));
    if !of.opens.is_empty() && !of.opens.iter().any(holds) {
        wrong.push(format!(
            "{} opens with none of {:?}: {:?}",
            node.kind(),
            of.opens,
            &text[node.byte_range()]
        ));
    }
}

fn children(of: &KindFacts, node: Node<'_>, text: &str, wrong: &mut Vec<String>) {
    let mut cursor = node.walk();
    let mut previous: Option<Node<'_>> = None;
    // What the tables say must come next, and behind what.
    let mut wanted: Vec<(String, Vec<&'static str>)> = Vec::new();
    if !cursor.goto_first_child() {
        return;
    }
    loop {
        let child = cursor.node();
        if !child.is_extra() {
            if !child.is_named() && of.tokens.as_ref().is_some_and(|tokens| !tokens.contains(&child.kind())) {
                wrong.push(format!("{} has the unknown token {:?}", node.kind(), child.kind()));
            }
            for (key, tokens) in wanted.drain(..) {
                if !tokens.contains(&&text[child.byte_range()]) {
                    wrong.push(format!("{} has {child} behind {key}, not {tokens:?}", node.kind()));
                }
            }
            let field = cursor.field_name().map(|field| format!(".{field}"));
            let kind = child.is_named().then(|| child.kind().to_owned());
            for key in kind.into_iter().chain(field) {
                if let Some(tokens) = of.behind(&key) {
                    wanted.push((key.clone(), tokens.to_vec()));
                }
                let Some(tokens) = of.before(&key) else { continue };
                if !previous.is_some_and(|p| tokens.contains(&&text[p.byte_range()])) {
                    let before = previous.map(|p| p.to_string());
                    wrong.push(format!("{} has {before:?} before {key}, not {tokens:?}", node.kind()));
                }
            }
            previous = Some(child);
        }
        if !cursor.goto_next_sibling() {
            break;
        }
    }
    for (key, tokens) in wanted {
        wrong.push(format!("{} has nothing behind {key}, not {tokens:?}", node.kind()));
    }
}

fn check(language: Language, text: &str, wrong: &mut Vec<String>) -> usize {
    let Some(facts) = Facts::of(language) else { return 0 };
    let Ok(tree) = parse(Grammar(language), text, &[], &Budget::unlimited()) else { return 0 };
    let mut nodes = 0;
    if !tree.root_node().has_error() {
        compare(facts, &mut tree.walk(), text, wrong, &mut nodes);
    }
    nodes
}

#[test]
fn the_tables_say_what_the_grammars_do() {
    let mut all_wrong = Vec::new();
    for &(language, text) in SAMPLES {
        let mut wrong = Vec::new();
        if check(language, text, &mut wrong) < 20 {
            wrong.push("the sample does not parse".to_owned());
        }
        all_wrong.extend(wrong.into_iter().map(|line| format!("{}: {line}", language.name())));
    }
    assert!(all_wrong.is_empty(), "{}", all_wrong.join("\n"));
}

/// `STANCHION_CORPORA=DIR cargo test --lib the_tables_hold_on_a_corpus -- --ignored`
#[test]
#[ignore = "reads a corpus"]
#[expect(clippy::disallowed_methods, reason = "a test that reads what it is pointed at")]
fn the_tables_hold_on_a_corpus() {
    let root = std::env::var("STANCHION_CORPORA").expect("STANCHION_CORPORA names a directory");
    let (mut wrong, mut files, mut nodes) = (Vec::new(), 0usize, 0usize);
    for entry in ignore::WalkBuilder::new(root).build().filter_map(Result::ok) {
        let path = entry.path().to_string_lossy().into_owned();
        let Some(language) = language_of(path.as_bytes()) else { continue };
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        if text.len() > 300_000 {
            continue;
        }
        let seen = check(language, &text, &mut wrong);
        files += usize::from(seen > 0);
        nodes += seen;
        wrong.truncate(2_000);
    }
    wrong.iter_mut().for_each(|line| line.truncate(160));
    wrong.sort();
    wrong.dedup();
    assert!(files > 0 && nodes > 0, "nothing there parses without errors");
    assert!(wrong.is_empty(), "{}", wrong[..wrong.len().min(40)].join("\n"));
}
