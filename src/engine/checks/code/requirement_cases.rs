//! Manual cases of single rules: texts that must pass the requirement, and texts that should not.

use serde_json::Value;

use super::grammar::Grammar;
use super::requirement::derive_requirements;
use crate::engine::prefilter::Requirement;
use crate::model::Language;

fn of(language: Language, rule: &Value) -> Requirement {
    derive_requirements(Grammar(language), rule.as_object().expect("an object")).file
}

fn lit(text: &str) -> Requirement {
    Requirement::literal(text.as_bytes().to_vec())
}

/// Texts that must pass and texts that should not.
#[test]
fn requirements_pass_matching_texts_and_few_others() {
    use Language as L;
    use serde_json::json;
    for (language, rule, passes, stays) in [
        (
            L::Python,
            json!({"pattern": "requests.$M($$$A)"}),
            vec!["requests . get()", "requests \\\n.get()", "requests # c (\n.get()", "requests.\u{e9}()"],
            vec!["import requests", "xrequests.get()", "requests.Response", "except requests.E as e: f()"],
        ),
        (
            L::Python,
            json!({"any": [{"pattern": "eval($$$A)"}, {"pattern": "exec($$$A)"}]}),
            vec!["eval(", "exec ("],
            vec!["evaluate(", "retrieval("],
        ),
        (
            L::Python,
            json!({"kind": "comment", "regex": "TODO", "not": {"regex": "TODO\\("}}),
            vec!["# TODO"],
            vec!["todo"],
        ),
        (
            L::Python,
            json!({"pattern": "f($A)", "inside": {"stopBy": "end", "kind": "call", "regex": "^wrap"}}),
            vec!["wrap(f(1))"],
            vec!["f(1)"],
        ),
        (
            L::Python,
            json!({"pattern": {"context": "foo(bar)", "strictness": "signature"}}),
            vec!["x(y)"],
            vec![],
        ),
        (
            L::Python,
            json!({"kind": "except_clause", "not": {"has": {"any": [{"kind": "identifier"}, {"kind": "as_pattern"}, {"kind": "tuple"}, {"kind": "attribute"}]}}}),
            vec!["\nexcept:", "\n except (A):", "\n\n\texcept a[0]:", "\nexcept True:", "\nexcept A or B:"],
            vec!["\nexcept ValueError:", "\nexcept a.b as c:", "\nexcept (A, b.C,):", "# all except\n"],
        ),
        (
            L::Python,
            json!({"kind": "default_parameter", "has": {"field": "value", "any": [{"kind": "list"}, {"kind": "set"}]}}),
            vec![
                "def f(a=[])",
                "def f(b=(1), c: x='d', # e\n f = {1}):",
                "def f(a='\\'', b=[])",
                "lambda x=[]: x",
                "lambda x=lambda: 1, y=[]: x",
            ],
            vec!["def f(a):\n  g(b=[])", "lambda x: f(x=[])"],
        ),
        (
            L::TypeScript,
            json!({"kind": "as_expression", "has": {"kind": "predefined_type", "regex": "^any$"}}),
            vec!["x as any", "(x)as/**/any"],
            vec!["as string; any"],
        ),
        (
            L::Rust,
            json!({"pattern": "Rc::new($A)"}),
            vec!["Rc::new(1)", "Rc /* x */ ::new(1)"],
            vec!["Arc::new(1)", "Rc::newer(1)"],
        ),
        (
            L::Rust,
            json!({"kind": "unsafe_block"}),
            vec!["unsafe {}", "unsafe/**/'a: {}"],
            vec!["unsafely {}", "unsafe fn f() {}"],
        ),
        (
            L::Rust,
            json!({"kind": "macro_invocation", "has": {"field": "macro", "regex": "^(println|dbg)$"}}),
            vec!["println!()", "dbg /* x */ ![]"],
            vec!["println", "!dbg()", "println(!x)"],
        ),
        (
            L::Rust,
            json!({"any": [{"kind": "line_comment"}, {"kind": "block_comment"}], "regex": "TODO", "not": {"regex": "TODO\\("}}),
            vec!["// TODO", "/* x\n TODO */", "// TODO(a)\n// TODO b"],
            vec!["TODO", "// x\nTODO", "// TODO(a)", "//TODO("],
        ),
        (
            L::Python,
            json!({"kind": "except_clause", "has": {"kind": "identifier", "regex": "^(Exception|E)$"}}),
            vec![
                "\nexcept Exception:",
                "\n except E # c\n :",
                "\nexcept* E:",
                "\nexcept A, E:",
                "\nexcept f(E), E:",
                "\nexcept (1) as x, E:",
                "\nexcept [a[1:2]], E:",
            ],
            vec!["\nexcept E as e:", "\nexcept (A, E):", "\nexcept (E, A) as e:", "\nexcept EE:"],
        ),
        (
            L::Python,
            json!({"kind": "default_parameter", "has": {"field": "value", "regex": "^None$"}}),
            vec!["f = lambda a=None: a", "f = lambda a, b=None: a", "def f(a=None): pass"],
            vec!["def f(a): g(b=None)"],
        ),
        (
            L::Python,
            json!({"kind": "default_parameter", "has": {"field": "name", "regex": "^x$"}}),
            vec!["lambda x=1: x", "lambda *a, x=5, **k: 0"],
            vec!["lambda y=1: x"],
        ),
        (
            L::Python,
            json!({"kind": "except_clause", "has": {"kind": "identifier", "regex": "^Exc"}}),
            vec!["\nexcept Exception:", "\nexcept (a := B), Exception:"],
            vec!["\nexcept ValueError:", "\nx: Exception"],
        ),
        (
            L::Python,
            json!({"kind": "except_clause", "has": {"kind": "block", "regex": "^pass"}}),
            vec!["\nexcept E:\n  pass", "\nexcept (A, B): pass"],
            vec!["\nexcept E:\n  x"],
        ),
        (
            L::TypeScript,
            json!({"kind": "catch_clause", "has": {"field": "body", "kind": "statement_block", "regex": "^\\{\\s*\\}$"}}),
            vec![
                "} catch (e) {}",
                "}catch { }",
                "}\n// catch\r/* x */ catch (e: unknown) { }",
                "} catch ({ message }) {}",
                "} catch (e /* ) */) {}",
                "} /** why **/ catch (e) {}",
                "} /***/ catch { }",
                "} catch (e) <!-- no {\n {}",
                "} catch /* { */ (e) {}",
                "} catch (e) /* } */ {}",
                "} catch ([a = ')']) {}",
            ],
            vec![
                "} catch (e) { f() }",
                "} catch (e) { x }\nfunction f() {}",
                "} catch { f() } a = {}",
                "}\n p.catch(() => {})",
            ],
        ),
        (
            L::TypeScript,
            json!({"kind": "string", "regex": "0\\.0\\.0\\.0"}),
            vec![
                "'0.0.0.0'",
                "f(\"http://0.0.0.0:1\")",
                "'\\\\0.0.0.0'",
                "'a\\\n0.0.0.0'",
                "'a\\\r\n0.0.0.0'",
            ],
            vec!["/* 'a'\n * 0.0.0.0 */"],
        ),
        (L::TypeScript, json!({"kind": "string", "regex": "^.a"}), vec!["'a'"], vec![]),
        (
            L::Python,
            json!({"kind": "string", "regex": "0\\.0\\.0\\.0"}),
            vec!["'0.0.0.0'", "\"\"\"\n0.0.0.0\"\"\"", "f'{\n1}0.0.0.0'"],
            vec!["x = 'a'\n# 0.0.0.0"],
        ),
        (
            L::Rust,
            json!({"pattern": "process::exit($A)"}),
            vec!["process::exit(1)", "\"a\"; process :: exit('\"')", "process::exit(1) // \""],
            vec!["// process::exit(1)", "f(r#\"\n process::exit(1) \"#)", "\"process::exit(1)\""],
        ),
        (L::Rust, json!({"kind": "escape_sequence", "regex": "x1b"}), vec!["\"\\x1b\""], vec![]),
        (
            L::Rust,
            json!({"kind": "string_literal", "has": {"kind": "string_content", "regex": "^foo$"}}),
            vec!["\"foo\""],
            vec![],
        ),
        (
            L::Go,
            json!({"pattern": {"context": "func f() { fmt.Println(\"abc\") }", "selector": "call_expression"}}),
            vec!["fmt.Println(\"abc\")"],
            vec!["fmt.Println(x)"],
        ),
        (
            L::JavaScript,
            json!({"pattern": "eval($$$A)"}),
            vec!["eval(1)", "x;eval (1)", "\u{a0}eval(1)", "}eval(1)"],
            vec!["$eval(1)", "x.$eval(1)", "_eval(1)"],
        ),
        (
            L::TypeScript,
            json!({"pattern": "$X.innerHTML = $Y"}),
            vec!["a.innerHTML = b", "a\n.innerHTML\n= b", "a.innerHTML/**/=b"],
            vec!["a.innerHTML", "f(a.innerHTML)"],
        ),
        (
            L::Go,
            json!({"pattern": {"context": "func f() { os.$M(1) }", "selector": "call_expression"}}),
            vec!["os.Exit(1)", "os.\n\tExit(1)"],
            vec!["os.Exit"],
        ),
    ] {
        let requirement = of(language, &json!({ "rule": rule }));
        for text in passes {
            assert!(requirement.holds_in(text.as_bytes()), "{rule} loses {text:?}: {requirement:?}");
        }
        for text in stays {
            assert!(!requirement.holds_in(text.as_bytes()), "{rule} passes {text:?}: {requirement:?}");
        }
    }
}

#[test]
fn utils_are_read_through_and_cycles_end() {
    use serde_json::json;
    let rule = json!({"rule": {"matches": "a"}, "utils": {"a": {"any": [{"matches": "b"}]}, "b": {"all": [{"regex": "needle"}, {"has": {"matches": "a"}}]}}});
    assert_eq!(of(Language::Go, &rule), lit("needle"));
}
