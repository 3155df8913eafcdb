//! Tests each encoder with an independent parser.

use std::io::Write as _;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{clip, command, json, log, markdown, runner, uri, xml};
use crate::report::escape::{escape, escape_lines, is_unsafe};

/// Fragments with a special meaning in at least one format.
pub(in crate::report) const PIECES: &[&str] = &[
    "::",
    "::error::",
    "::stop-commands::x",
    "##[",
    "##[error]",
    "##vso[task.complete]",
    "##teamcity[x]",
    "%0A",
    "%25",
    "%3A",
    ",",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\x1b[31m",
    "\x1b]0;t\x07",
    "\u{9b}2J",
    "\0",
    "\u{7f}",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "\u{fffe}",
    "\u{2028}",
    "<",
    ">",
    "</b>",
    "<script>alert(1)</script>",
    "<!--",
    "-->",
    "]]>",
    "<![CDATA[",
    "&",
    "&lt;",
    "&#0;",
    "\"",
    "'",
    "`",
    "``",
    "```",
    "|",
    "\\",
    "\\|",
    "*",
    "_",
    "#1",
    "@team",
    "[x](javascript:y)",
    "![a](b)",
    "https://evil.example",
    "www.evil.example",
    ":tada:",
    "- ",
    "1. ",
    "> ",
    "    ",
    "$x$",
    "~~",
    "^",
    "..",
    "/",
    "é",
    "漢",
    "😀",
    "word",
    " ",
    "{",
    "}",
    "null",
    "\u{e0041}",
    "\u{85}",
    "||",
    "| --- |",
];

/// Strategy for texts made of these fragments and arbitrary characters.
pub(in crate::report) fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

fn is_safe(text: &str) -> bool {
    !text.chars().any(|character| character != '\n' && is_unsafe(character))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_command_is_one_command_with_the_expected_text(path in hostile(), message in hostile()) {
        let line = format!("::notice file={},line=1,title=t::{}", command::property(&path), command::message(&message));
        prop_assert!(is_safe(&line) && !line.contains('\n'));
        let found = runner::find_command(&line).expect("a command");
        prop_assert_eq!(&found.name, "notice");
        let expected = log::neutralize_commands(&escape(&path));
        prop_assert_eq!(found.properties.get("file").map_or("", String::as_str), expected);
        let lines: Vec<String> = message.split('\n').map(|line| log::neutralize_commands(&escape(line))).collect();
        prop_assert_eq!(found.data, lines.join("\n"));
    }

    #[test]
    fn a_neutralized_log_contains_no_command(text in hostile(), cut in 0usize..40) {
        let shown = escape_lines(&text);
        let colored = format!("  \x1b[1m{shown}\x1b[0m\n{shown}\n");
        let mut guard = log::LogGuard::new(Vec::new());
        let (first, second) = colored.as_bytes().split_at(cut.min(colored.len()));
        guard.write_all(first).expect("a Vec takes everything");
        guard.write_all(second).expect("a Vec takes everything");
        let out = log::neutralize_commands(&colored);
        for line in out.lines() {
            prop_assert!(runner::find_command(anstream::adapter::strip_str(line).to_string().as_str()).is_none(), "{line:?}");
            prop_assert!(runner::find_command(line).is_none(), "{line:?}");
            prop_assert!(!line.contains("##vso[") && !line.contains("##teamcity["), "{line:?}");
        }
        prop_assert_eq!(out.lines().count(), colored.lines().count());
    }

    #[test]
    fn xml_reads_back(text in hostile()) {
        let document = format!("<r a=\"{}\"><b>{}</b></r>", xml::text(&text), xml::lines(&text));
        prop_assert!(is_safe(&document));
        let parsed = roxmltree::Document::parse(&document).expect("well-formed");
        let spelled = |text: &str| text.replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}");
        let root = parsed.root_element();
        prop_assert_eq!(root.attribute("a").unwrap_or_default(), spelled(&escape(&text)));
        prop_assert_eq!(root.descendants().filter(roxmltree::Node::is_element).count(), 2);
        let inside = root.first_element_child().and_then(|child| child.text().map(str::to_owned)).unwrap_or_default();
        prop_assert_eq!(inside, spelled(&escape_lines(&text)));
    }

    #[test]
    fn html_reads_back(text in hostile()) {
        let document = format!("<p title=\"{}\">{}</p>", xml::text(&text), xml::lines(&text));
        let tags = tags(&document);
        prop_assert_eq!(tags, vec!["p".to_owned(), "/p".to_owned()]);
    }

    #[test]
    fn json_reads_back_and_shows_no_control(text in hostile()) {
        for pretty in [false, true] {
            let mut out = Vec::new();
            let value = serde_json::json!({ &text: [&text, null, 1.5], "x": {} });
            if pretty { json::pretty(&mut out, &value) } else { json::compact(&mut out, &value) }.expect("written");
            let written = String::from_utf8(out).expect("UTF-8");
            prop_assert!(is_safe(&written));
            let read: serde_json::Value = serde_json::from_str(&written).expect("JSON");
            prop_assert_eq!(read, value);
        }
    }

    #[test]
    fn markdown_cells_stay_cells(text in hostile(), other in hostile()) {
        let table = format!(
            "| a | b |\n| :--- | :--- |\n| {} | {} |\n| {} | x |\n",
            markdown::cell(&text), markdown::cell_code(&other), markdown::cell_code(&text)
        );
        prop_assert!(is_safe(&table));
        prop_assert_eq!(table.lines().count(), 4);
        let (mut rows, mut cells, mut codes) = (0, 0, Vec::new());
        for event in Parser::new_ext(&table, gfm()) {
            match event {
                Event::Start(Tag::TableRow) => rows += 1,
                Event::Start(Tag::TableCell) => cells += 1,
                Event::Start(Tag::Table(_) | Tag::TableHead) | Event::End(_) | Event::Text(_) => {}
                Event::Code(code) => codes.push(code.to_string()),
                Event::InlineHtml(tag) if matches!(&*tag, "<code>" | "</code>") => {}
                other => prop_assert!(false, "{other:?} in {table}"),
            }
        }
        prop_assert_eq!((rows, cells), (2, 6), "{}", table);
        if !escape(&other).trim().is_empty() && !other.contains('|') {
            let expected = log::neutralize_inline(&escape(&other));
            prop_assert!(codes.iter().any(|code| code.trim() == expected.trim()), "{codes:?} in {table}");
        }
    }

    #[test]
    fn markdown_text_shows_the_expected_text(text in hostile()) {
        // Build-server commands are neutralized in code.
        let text = text.replace("##", "#");
        let shown: String = Parser::new_ext(&format!("x {}", markdown::text(&text)), gfm())
            .filter_map(|event| match event {
                Event::Text(text) => Some(text.to_string()),
                Event::Code(code) => Some(format!("`{code}`")),
                _ => None,
            })
            .collect();
        let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != '\u{200b}').collect::<String>();
        prop_assert_eq!(plain(&shown).replace('`', ""), plain(&format!("x{}", escape(&text))).replace('`', ""));
    }

    #[test]
    fn prose_has_no_html(text in hostile()) {
        let safe = markdown::prose(&text);
        for event in Parser::new_ext(&safe, Options::ENABLE_TABLES) {
            prop_assert!(!matches!(event, Event::Html(_) | Event::InlineHtml(_)), "{event:?} in {safe:?}");
        }
    }

    #[test]
    fn paths_read_back(bytes in proptest::collection::vec(any::<u8>(), 0..30)) {
        let text = uri::path(&bytes);
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte)));
        let mut read = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            if byte == b'%' {
                read.push(u8::from_str_radix(std::str::from_utf8(&after[..2]).expect("ASCII"), 16).expect("digits"));
                rest = &after[2..];
            } else {
                read.push(byte);
                rest = after;
            }
        }
        prop_assert_eq!(read, bytes);
    }

    #[test]
    fn clipping_keeps_the_limit(text in hostile(), limit in 1usize..20) {
        let short = clip(&text, limit);
        prop_assert!(short.chars().count() <= limit);
        prop_assert!(text.starts_with(short.trim_end_matches('…')) || text.contains('…'));
    }
}

/// Extensions of GitHub's Markdown that this parser supports.
pub(in crate::report) fn gfm() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_MATH
}

/// Returns the tags of an HTML fragment in order.
pub(in crate::report) fn tags(html: &str) -> Vec<String> {
    html5gum::Tokenizer::new(html)
        .flatten()
        .filter_map(|token| match token {
            html5gum::Token::StartTag(tag) => Some(String::from_utf8_lossy(&tag.name).into_owned()),
            html5gum::Token::EndTag(tag) => Some(format!("/{}", String::from_utf8_lossy(&tag.name))),
            html5gum::Token::Comment(_) => Some("!--".to_owned()),
            _ => None,
        })
        .collect()
}
