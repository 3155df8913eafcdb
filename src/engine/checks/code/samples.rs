//! Small texts in each language, for tests of the facts and requirements derived from grammars and rules.

use crate::model::Language;

/// Ordinary code that contains many kinds of nodes.
pub const SAMPLES: &[(Language, &str)] = &[
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

/// Unusual code that might mislead a filter over bytes.
pub const ODD: &[(Language, &str)] = &[
    (
        Language::Python,
        "try:\n    requests . \\\n get (1)\nexcept  Exception  : # as e\n    pass\ntry:\n    pass\nexcept (A, Exception):\n    pass\nexcept f(Exception) :\n    pass\nexcept {1: 2}[1] :\n    pass\nexcept(ValueError):\n    print('except X:\\nwant', a.b)\ntry: pass\nexcept* E: pass\ndef f(a = [ ], b: \"x\" = {  }, c=(1), *, d=')') -> 'y': pass\ng = lambda a=[]: lambda b = {}: a\nh = lambda a=lambda: 1, b=[]: [0async for x in y]\ni = lambda *a, t=None: a\nx = f'{a!r}TODO{[]}' # TODO(x) \ny = '''TODO\n# no'''\n# TODO\n",
    ),
    (
        Language::Rust,
        "#!/usr/bin/env x \"\n// TODO(a)\n/* TODO /* b */ \" */\n/// doc TODO \"\nfn f<'a, 'b>(x: &'a str) { let c = '\"'; let d = '\\''; let e = b'\"'; g(r#\"a \" panic!(1) \"#, b\"\\\"\", br##\"\"#\"##); panic ! (); dbg /* x */ ![]; unsafe /* y */ { x . unwrap /* z */ (  ) . 0 . await; }; unsafe { 'a: loop { break 'a } } 'r: loop { break 'r } m!($r, don 't \"x\"); std :: process :: exit(1); r#try.unwrap(); }\n#[allow (x)] fn h() {}\n#[ doc = \"TODO\" ] struct S;\n",
    ),
    (
        Language::Go,
        "package p\n// TODO(a) \"\n/* TODO \" ` */\nfunc f() {\n\tx := `a\n\" // panic(1)`\n\ty := '\"' + '\\'' + '`'\n\tfmt . /* x */ Println ( \"a\\\"b\" )\n\tos.\n\t\tExit(1)\n\tfor range x { defer /* y */ func() {}() }\n\t_ = http.Client /* z */ { Timeout : 1 }\n\t_ = \"0.0.0.0\\nwant\"\n}\n",
    ),
    (
        Language::TypeScript,
        "try { $eval(1); eval (2); a.$eval(3); é.eval(4) } catch (e /* ) */) /* } */ { }\ntry { } // x\ncatch { }\ntry { } /** why **/ catch (e) { }\ntry { } catch ({ m, n: [o = ')'] }) {}\ntry { } catch (e: any) { f() }\na . innerHTML /* = */ = `b`\na?.innerHTML\np.catch(() => {}) as any\n// TODO(x)\n/* 'a'\n0.0.0.0 TODO */\nconst s = '0.0.0.0', t = \"a\\\n0.0.0.0\", u = `0.0.0.0`, v = \"\\u{61}\\nwant\";\nx.#p; new /* y */ Function('z'); process . exit ( 1 );\n",
    ),
    (
        Language::JavaScript,
        "var a = /[\"']/, b = x.y\n  .z(1);\nconsole . log(\"//\", '/*');\nclass A { #p = 1; q() { return this.#p } }\n",
    ),
    (Language::Tsx, "const a = <A b=\"0.0.0.0\nx\" c='d'>Don't {e} // no</A>;\ntry { } catch (e) {}\n"),
    (
        Language::Java,
        "class A { // TODO\n /* TODO(x) */ void f() { try { } catch (E e) { } a . b /* c */ ( \"d\" ); } }\n",
    ),
    (Language::C, "int f(void) { // TODO \\\n still TODO\n return a -> b /* TODO */ ; }\n"),
];
