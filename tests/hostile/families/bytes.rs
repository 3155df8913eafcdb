//! Families B1–B5: encodings, NUL bytes, line endings, deceptive characters, findings at the ends of files.

use super::Build;
use crate::case::Case;

pub const FAMILIES: &[(&str, Build)] = &[
    ("B1-marked-encodings", marked_encodings),
    ("B1-unmarked-encodings", unmarked_encodings),
    ("B1-broken-utf16", broken_utf16),
    ("B2-nul-bytes", nul_bytes),
    ("B2-binaries", binaries),
    ("B2-noise", noise),
    ("B3-line-ends", line_ends),
    ("B3-long-lines", long_lines),
    ("B3-empty-lines", empty_lines),
    ("B4-deceiving-text", deceiving_text),
    ("B4-wide-text", wide_text),
    ("B4-many-findings", many_findings),
    ("B5-places-at-the-ends", ends),
];

const NAMES: [&str; 8] = ["a.txt", "a.py", "a.json", "a.yaml", "a.toml", "a.rs", "a.js", "a.md"];

fn name(case: &mut Case) -> &'static str {
    let names: &[&'static str] = &NAMES;
    let name: &&str = case.random.pick(names);
    name
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn marked_encodings(case: &mut Case) {
    let text = *case.random.pick(&[
        "é\r\nPLANTED-20 😀 mark=ünïcode\r\n",
        "PLANTED-21",
        "😀😀 PLANTED-22 fixme\n\n\nPLANTED-23 漢字 END",
        "\u{feff}PLANTED-24\n",
    ]);
    let bytes = match case.random.below(3) {
        0 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        1 => utf16(text, false),
        _ => utf16(text, true),
    };
    case.note(format!("{:02x?}", &bytes[..2]));
    let path = *case.random.pick(&["a.txt", "a.md", "a.sql", "notes"]);
    case.write(path, bytes);
    case.expect.found.push(path.to_owned());
}

fn unmarked_encodings(case: &mut Case) {
    let texts: [&[u8]; 8] = [
        b"caf\xe9 PLANTED-25\n",
        b"\x83\x65\x83\x58\x83\x67 PLANTED\n",
        b"cut \xe6\xbc",
        b"overlong \xc0\xaf\n",
        b"surrogate \xed\xa0\x80\n",
        b"\xf5\x80\x80\x80",
        b"x\xff",
        b"\x80",
    ];
    let text = *case.random.pick(&texts);
    let name = name(case);
    case.plant(name, text, &["encoding"]);
}

fn broken_utf16(case: &mut Case) {
    let texts: [&[u8]; 6] = [
        b"\xff\xfe\x00",
        b"\xff\xfe\x00\xd8",
        b"\xfe\xff\xdc\x00\x00\x41",
        b"\xff\xfea\x00b",
        b"\xff\xfe",
        b"\xff\xfe\x00\x00a\x00\x00\x00",
    ];
    let text = *case.random.pick(&texts);
    let name = name(case);
    case.plant(name, text, &[]);
}

fn nul_bytes(case: &mut Case) {
    let at = *case.random.pick(&[0, 1, 100, 8_191, 8_192, 8_193, 65_536, 99_999]);
    let mut bytes = b"planted = 1\n".repeat(100_000 / 12 + 1);
    bytes.truncate(100_000);
    bytes[at] = 0;
    case.note(format!("NUL at {at}"));
    case.plant("a.py", bytes, &["binary"]);
}

fn binaries(case: &mut Case) {
    let heads: [&[u8]; 7] = [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"\x7fELF\x02\x01\x01\0",
        b"\x1f\x8b\x08\0",
        b"%PDF-1.7\n%\xe2\xe3",
        b"PK\x03\x04",
        b"#!/bin/sh\n\0\0",
        b"GIF89a/*\0*/=1//",
    ];
    let head = *case.random.pick(&heads);
    let tail = case.random.bytes(3_000);
    let name = *case.random.pick(&["a.png", "a.txt", "a.py", "a.sh", "a.pdf", "a.js"]);
    case.plant(name, [head, &tail].concat(), &[]);
}

/// Random bytes, partly from characters that are significant to grammars.
fn noise(case: &mut Case) {
    let length = *case.random.pick(&[1, 10, 300, 5_000, 50_000]);
    let names: Vec<&str> = super::SHAPES.iter().map(|shape| shape.name).collect();
    let name = *case.random.pick(&names);
    let bytes = if case.random.once_in(4) {
        case.random.bytes(length)
    } else {
        let alphabet = b"(){}[]<>\"'`/*#%&!?:;,.-+=|\\ \n\n\t  aZ09_$@~^\r";
        (0..length).map(|_| *case.random.pick(alphabet)).collect()
    };
    case.plant(name, bytes, &[]);
}

fn line_ends(case: &mut Case) {
    let end = *case.random.pick(&["\r\n", "\r", "\n", "\n\r", "\u{2028}", "\u{85}", "\u{b}", "\u{c}"]);
    let text = format!("one{end}mark=x{end}{end}PLANTED-26{end}fixme{end}def f(): pass{end}BEGIN {end} END");
    let text = if case.random.once_in(2) { text } else { format!("{text}\n") };
    case.note(format!("{end:?}"));
    for name in ["a.txt", "a.py", "a.yaml", "a.ini", "a.env"] {
        case.write(name, &text);
    }
    case.expect.found.push("a.txt".to_owned());
}

fn long_lines(case: &mut Case) {
    let length = *case.random.pick(if case.large {
        &[1 << 16, 1 << 20, 8 << 20]
    } else {
        &[1 << 12, 1 << 16, 1 << 18]
    });
    let unit = *case.random.pick(&["x", "é", "漢", "x=1;", "mark=a ", "\t", "😀", "\u{1b}[1m", "<a>", "'"]);
    let name = *case.random.pick(&["a.txt", "a.min.js", "a.css", "a.json", "a.md", "a.html"]);
    let half = unit.repeat(length / unit.len() / 2);
    case.note(format!("{unit:?}"));
    case.plant(name, format!("{half}PLANTED-27{half}"), &[]);
}

fn empty_lines(case: &mut Case) {
    let lines =
        *case.random.pick(if case.large { &[32_000, 33_000, 4_000_000] } else { &[32_000, 33_000, 200_000] });
    let name = *case.random.pick(&["a.txt", "a.py", "a.yaml", "a.md", "a.rb"]);
    case.note(format!("{lines} lines"));
    case.plant(name, "\n".repeat(lines), &[]);
}

fn deceiving_text(case: &mut Case) {
    let payloads = [
        "\u{1b}[31mred\u{1b}[0m",
        "\u{1b}]0;title\u{7}",
        "\u{1b}]8;;http://x\u{1b}\\link",
        "\u{1b}]52;c;aGk=\u{7}",
        "\u{9b}31m",
        "a\rb",
        "\u{8}\u{8}\u{8}over",
        "\u{202e}evil\u{2066}",
        "\u{200b}\u{200c}\u{feff}",
        "\u{2028}\u{2029}",
        "\u{e0041}\u{e007f}",
        "\u{7f}",
        "::error::x",
        "##[group]x",
        "\u{1b}Pq\u{1b}\\",
        "\u{85}",
        "%0A::warning::y",
        "\u{ad}",
    ];
    let mut text = String::from("# head\n");
    for _ in 0..6 {
        let payload = *case.random.pick(&payloads);
        case.note(payload.escape_debug().to_string());
        text += &format!(
            "mark={payload} more\nbefore {payload} PLANTED-28 {payload} after\nBEGIN {payload}\nEND\n"
        );
        text += &format!("planted(\"{payload}\")\n");
    }
    let path = *case.random.pick(&["a.txt", "a.py", "a.md"]);
    case.write(path, text);
    case.expect.found.push(path.to_owned());
    case.write("b.yaml", format!("bad: \"{}\"\n", "\\e[31m\\u202e\\r\\n::error::x"));
    case.expect.found.push("b.yaml".to_owned());
    case.write("c.json", "{\"\\u001b[31mbad\": 1, \"bad\": \"\\u001b]0;x\\u0007\\u202e\\u0000\"}");
    case.expect.found.push("c.json".to_owned());
}

fn wide_text(case: &mut Case) {
    let unit = *case.random.pick(&[
        "\t",
        "e\u{301}",
        "\u{301}",
        "👩\u{200d}👩\u{200d}👧",
        "漢",
        "ａ",
        "\u{1f1e9}",
        " ",
    ]);
    let times = *case.random.pick(&[1, 79, 80, 81, 1_000, 20_000]);
    let text = unit.repeat(times);
    case.note(format!("{} {times} times", unit.escape_unicode()));
    case.write("a.txt", format!("{text}PLANTED-29{text}mark={text}\n{text}\nBEGIN{unit}END{text}"));
    case.expect.found.push("a.txt".to_owned());
}

fn many_findings(case: &mut Case) {
    let lines = *case.random.pick(if case.large { &[5_000, 20_000, 200_000] } else { &[500, 5_000, 12_000] });
    let line =
        *case.random.pick(&["mark=x\n", "PLANTED-30\n", "planted(1)\n", "mark=PLANTED-31 fixme BEGIN END\n"]);
    let name = *case.random.pick(&["a.py", "a.txt"]);
    case.note(format!("{name} {lines} times {line:?}"));
    case.write(name, line.repeat(lines));
    if lines > 10_000 && name == "a.py" {
        // Too many findings, or a text so dense that its tree exceeds the memory limit of a file.
        case.expect_not_assessed(name, &["budget", "parser-died"]);
    }
}

fn ends(case: &mut Case) {
    let text = *case.random.pick(&[
        "",
        "\n",
        "PLANTED-32",
        "\nPLANTED-33",
        "PLANTED-34\n",
        "\r\n",
        "é",
        "\u{feff}",
        "mark=",
        "mark=\r\n",
        "mark=é",
        "BEGINEND",
        "\u{feff}PLANTED-35",
        "fixme",
        "a\r\nfixme\r\n",
        "planted(1)",
        "planted(1",
        "x",
        " ",
    ]);
    case.note(text.escape_debug().to_string());
    for name in [
        "a.txt",
        "a.py",
        "a.json",
        "a.yaml",
        "a.toml",
        "a.env",
        "a.ini",
        "a.rs",
        "a.md",
        "a.html",
        "Dockerfile",
        "must.json",
    ] {
        case.write(name, text);
    }
}
