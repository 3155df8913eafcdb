//! Quotations by language, tested through the search for comments.

use super::super::find_inline_comments;

#[test]
fn a_quoted_waiver_is_ignored() {
    let lines = |path: &str, text: &str| -> Vec<u32> {
        find_inline_comments(path.as_bytes(), text).into_iter().map(|it| it.line).collect()
    };
    let mark = "# stanchion: waive a/b -- because";
    for (text, found) in [
        (format!("HELP = \"\"\"\n{mark}\n\"\"\"\n{mark}\n"), vec![4]),
        (format!("x = '''\\'''\n{mark}\n'''\n{mark}\n"), vec![4]),
        (format!("x = '\"\"\"'  {mark}\ny = \"it's\"  # don't '''\n{mark}\n"), vec![3]),
        (format!("x = 'open\n{mark}\n"), vec![2]),
    ] {
        assert_eq!(lines("a.py", &text), found, "{text}");
    }
    let slashes = "// stanchion: waive a/b -- because";
    for (path, text, found) in [
        ("a.js", format!("x = `\n{slashes}\n`;\n{slashes}\n"), vec![4]),
        ("a.ts", format!("x = /`/; y = a / b;\n{slashes}\n"), vec![2]),
        ("a.tsx", format!("f(`a ${{b}} c`);  {slashes}\n/* ` */\n{slashes}\n"), vec![1, 3]),
        ("a.go", format!("x := `\n{slashes}\n\\`\ny := '`'\n{slashes}\n"), vec![5]),
        (
            "a.rs",
            format!("let x = \"\n{slashes}\n\";\nlet y: &'a str = f('\"', '\\'', b'\"');\n{slashes}\n"),
            vec![5],
        ),
        (
            "a.rs",
            format!("let x = r#\"\n{slashes}\n\" {slashes}\n\"#;\n{slashes}\n/* \" /* ' */ */\n{slashes}\n"),
            vec![5, 7],
        ),
        ("a.java", format!("x = \"\"\"\n{slashes}\n\"\"\";\nc = '\"';\n{slashes}\n"), vec![5]),
        ("a.cs", format!("x = @\"a\n{slashes}\n\"\"\n{slashes}\n\";\n{slashes}\n"), vec![6]),
        ("a.cpp", format!("auto x = R\"(\n{slashes}\n)\";\n{slashes}\n"), vec![4]),
        ("a.sh", format!("x=\"$(echo \"it's\")\"\n{mark}\n"), vec![2]),
        ("a.sh", format!("cat <<eof\n{mark}\neof\n{mark}\n"), vec![4]),
        ("a.sh", format!("cat <<'A' << B\n{mark}\nA\n{mark}\nB\n{mark}\n"), vec![6]),
        ("a.sh", format!("x=$(( 1 << BITS ))\n{mark}\n"), vec![2]),
        ("a.rb", format!("ITEMS << Item.new(1)\n{mark}\nItem\n"), vec![2]),
        ("a.js", format!("x = `\n${{y ? `don't` : \"\"}}\n{slashes}\n`;\n{slashes}\n"), vec![5]),
        ("a.js", format!("return /[`]/.test(s)\n{slashes}\n"), vec![2]),
        // An unclosed literal was misinterpreted: it does not quote anything.
        ("a.py", format!("x = '''\n{mark}\n"), vec![2]),
        ("a.sh", format!("cat <<'EOF'\nit's\n{mark}\nEOF\ncat <<< x\n{mark}\n"), vec![6]),
        ("a.sh", format!("cat <<-EOF | tr a b  # don't\n\t{mark}\n\tEOF\n{mark}\n"), vec![4]),
        ("a.rb", format!("x = <<~TEXT\n  {mark}\nTEXT\ny << Z\n{mark}\n"), vec![5]),
        ("a.rb", format!("x = <<~TEXT\n  {mark}\nTEXT\ny << z\n{mark}\n"), vec![5]),
        ("a.php", format!("<?php\n$x = <<<EOT\n{slashes}\nEOT;\n{slashes}\n"), vec![5]),
        (
            "a.sql",
            "SELECT 'it''s\n-- stanchion: waive a/b -- because\n';\n-- stanchion: waive a/b -- because\n"
                .to_owned(),
            vec![2, 4],
        ),
        ("a.toml", format!("x = '''\n{mark}\n'''\n{mark}\n"), vec![4]),
        ("a.lua", "x = [[\n-- stanchion: waive a/b -- because\n]]\n".to_owned(), vec![2]),
    ] {
        assert_eq!(lines(path, &text), found, "{path}: {text}");
    }
    let mark = "<!-- stanchion: waive a/b -- because -->";
    for (text, found) in [
        (format!("{mark}\n```html\n{mark}\n```\n{mark}\n"), vec![1, 5]),
        (format!("~~~~\n{mark}\n~~~\n{mark}\n~~~~\n{mark}\n"), vec![6]),
        (format!("    {mark}\n\t{mark}\n  {mark}\n"), vec![3]),
    ] {
        assert_eq!(lines("a.md", &text), found, "{text}");
    }
}
