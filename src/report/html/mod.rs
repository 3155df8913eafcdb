//! `--format html`: one page that needs nothing else: no script, no network. Its filters are radio buttons and CSS.
//!
//! For people who were sent a file: also on paper, in the dark, and with a screen reader.

mod prose;

pub use prose::{html as prose_html, html_with as prose_html_with};

use std::fmt::Write as _;
use std::io;

use super::encode::{clip, xml};
use super::escape::escape_excerpt;
use super::figures::{count, figure};
use super::run::{Item, Party, Run, Weight};
use crate::model::{PromiseVerdict, Verdict, WaiverEnd};
use crate::text::Excerpt;

/// The page's style.
const STYLE: &str = include_str!("page.css");
/// Most findings of a guideline that are shown.
const OF_ONE: usize = 1_000;
/// Most findings that are shown in all.
const IN_ALL: usize = 10_000;
/// Most rows of a list at the end.
const ROWS: usize = 500;

/// The filters: a word for the page, and what a reader sees.
const FILTERS: [(&str, &str); 5] = [
    ("all", "Everything"),
    ("broken", "Promises not kept"),
    ("advice", "Advice"),
    ("known", "Known"),
    ("waived", "Waived"),
];

/// Writes the page.
///
/// # Errors
/// What the writer says.
pub fn write(run: &Run<'_>, mut out: impl io::Write) -> io::Result<()> {
    let tally = run.tally();
    let title = match (tally.promises_broken, tally.advice) {
        (0, 0) => "Nothing to say".to_owned(),
        (0, advice) => count(advice, "piece of advice", "pieces of advice"),
        (broken, _) => format!("{} not kept", count(broken, "promise", "promises")),
    };
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"generator\" content=\"stanchion {}\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>stanchion: {title}</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>\n",
        env!("CARGO_PKG_VERSION"),
        filter_rules()
    )?;
    let today = run.parties.first().and_then(|party| party.outcome.today);
    let day = today.map_or_else(String::new, |day| format!(" · {day}"));
    write!(
        out,
        "<header>\n<h1>{title}</h1>\n<p class=\"lead\">{}{day}</p>\n</header>\n",
        xml::text(&tally.sentence())
    )?;
    writeln!(out, "<main>")?;
    filters(run, &mut out)?;
    writeln!(out, "<div class=\"told\">")?;
    news(run, &mut out)?;
    promises(run, &mut out)?;
    let items = run.by_weight();
    let hidden = guidelines(&items, &mut out)?;
    if hidden > 0 {
        let all = count(items.len(), "finding is", "findings are");
        let command = xml::text(&run.command);
        writeln!(
            out,
            "<p>{} of {all} not shown here: <code>{command}</code> shows them all.</p>",
            figure(hidden)
        )?;
    }
    cannot_tell(run, &mut out)?;
    kept(run, &mut out)?;
    writeln!(
        out,
        "</div>\n</main>\n<footer><p class=\"meta\">Written by stanchion {}. Findings are advice; only a promise that the \
         repository itself made can fail a run.</p></footer>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION")
    )
}

/// The word for a weight in classes.
fn class(weight: Weight) -> &'static str {
    match weight {
        Weight::Broken => "broken",
        Weight::Warning | Weight::Note => "advice",
        Weight::Known => "known",
        Weight::Waived => "waived",
    }
}

/// What a filter hides: findings of other kinds, and guidelines without any of its own.
fn filter_rules() -> String {
    let mut css = String::new();
    for (word, _) in FILTERS {
        // Writing to a String cannot fail.
        let _ = writeln!(
            css,
            "#show-{word}:checked ~ .labels label[for=show-{word}] {{ background: var(--advice); color: var(--ground); border-color: var(--advice); }}"
        );
        if word != "all" {
            let _ = writeln!(
                css,
                "#show-{word}:checked ~ .told .guideline:not(.has-{word}), #show-{word}:checked ~ .told .findings > li:not(.{word}) {{ display: none; }}"
            );
        }
    }
    css
}

fn filters(run: &Run<'_>, out: &mut impl io::Write) -> io::Result<()> {
    let tally = run.tally();
    let numbers = [
        tally.broken + tally.advice + tally.known + tally.waived,
        tally.broken,
        tally.advice,
        tally.known,
        tally.waived,
    ];
    for (word, label) in FILTERS {
        let checked = if word == "all" { " checked" } else { "" };
        writeln!(
            out,
            "<input class=\"choose\" type=\"radio\" name=\"show\" id=\"show-{word}\" aria-label=\"{label}\"{checked}>"
        )?;
    }
    writeln!(out, "<div class=\"labels\" role=\"group\" aria-label=\"Show\">")?;
    for ((word, label), number) in FILTERS.iter().zip(numbers) {
        writeln!(out, "<label for=\"show-{word}\">{label} <span>({})</span></label>", figure(number))?;
    }
    writeln!(out, "</div>")
}

fn news(run: &Run<'_>, out: &mut impl io::Write) -> io::Result<()> {
    let told: Vec<_> = run.parties.iter().flat_map(|party| &party.outcome.news).take(ROWS).collect();
    if told.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section>\n<h2>Said in this change</h2>\n<ul>")?;
    for news in told {
        writeln!(out, "<li>{}</li>", xml::text(&news.message))?;
    }
    writeln!(out, "</ul>\n</section>")
}

fn promises(run: &Run<'_>, out: &mut impl io::Write) -> io::Result<()> {
    if run.parties.iter().all(|party| party.outcome.promises.is_empty()) {
        return Ok(());
    }
    writeln!(
        out,
        "<section>\n<h2>Promises of this repository</h2>\n<table>\n<thead><tr><th scope=\"col\">Guideline</th>\
         <th scope=\"col\">Since</th><th scope=\"col\">Now</th></tr></thead>\n<tbody>"
    )?;
    for party in &run.parties {
        for promise in &party.outcome.promises {
            let now = match promise.verdict {
                PromiseVerdict::Kept => "kept".to_owned(),
                PromiseVerdict::Broken => format!(
                    "<span class=\"tag broken\">not kept</span> {}",
                    count(promise.breaking, "finding", "findings")
                ),
                PromiseVerdict::CannotTell => {
                    let tag =
                        if party.fails(promise) { "<span class=\"tag broken\">not kept</span> " } else { "" };
                    format!("{tag}cannot tell: {}", xml::text(&promise.why))
                }
            };
            writeln!(
                out,
                "<tr><td><code>{}</code>{}</td><td>{}</td><td>{now}</td></tr>",
                promise.guideline,
                home(party),
                promise.promise.since
            )?;
        }
    }
    writeln!(out, "</tbody>\n</table>\n</section>")
}

/// In which folder, where that is not the root.
fn home(party: &Party<'_>) -> String {
    let folder = party.folder.lossless();
    if folder.is_empty() { String::new() } else { format!(" in <code>{}</code>", xml::text(&folder)) }
}

/// A section for each guideline with findings, those of broken promises first. Returns how many findings were left
/// out.
fn guidelines(items: &[Item<'_>], out: &mut impl io::Write) -> io::Result<usize> {
    // All findings of a guideline stand together, where its weightiest one stands.
    let mut order: Vec<(*const (), Vec<&Item<'_>>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for item in items {
        let key = std::ptr::from_ref(item.entry).cast::<()>();
        let place = *places.entry(key).or_insert_with(|| {
            order.push((key, Vec::new()));
            order.len() - 1
        });
        order[place].1.push(item);
    }
    let (mut room, mut hidden) = (IN_ALL, 0);
    for (_, group) in &order {
        let shown = group.len().min(OF_ONE).min(room);
        room -= shown;
        hidden += group.len() - shown;
        if shown > 0 {
            guideline(group, shown, out)?;
        }
    }
    Ok(hidden)
}

fn guideline(group: &[&Item<'_>], shown: usize, out: &mut impl io::Write) -> io::Result<()> {
    let Some(first) = group.first() else { return Ok(()) };
    let guideline = first.guideline();
    let mut classes: Vec<&str> = group[..shown].iter().map(|item| class(item.weight)).collect();
    classes.dedup();
    let has: String = classes.iter().map(|word| format!(" has-{word}")).collect();
    let tag = match first.weight {
        Weight::Broken => "<span class=\"tag broken\">promise not kept</span> ",
        Weight::Warning | Weight::Note => "<span class=\"tag advice\">advice</span> ",
        Weight::Known | Weight::Waived => "",
    };
    writeln!(out, "<section class=\"guideline {}{has}\">", class(first.weight))?;
    writeln!(out, "<h2>{tag}{}</h2>", xml::text(&guideline.title))?;
    writeln!(
        out,
        "<p class=\"meta\"><code>{} {}</code>{} · {} · {} · asked by {}</p>",
        guideline.id,
        guideline.version,
        home(first.party),
        count(group.len(), "finding", "findings"),
        guideline.stage.word(),
        xml::text(&guideline.owner)
    )?;
    writeln!(out, "<p>{}</p>", message(&guideline.summary))?;
    writeln!(out, "<details><summary>Why, and how to keep it</summary>")?;
    for section in &guideline.sections {
        writeln!(out, "<h3>{}</h3>\n{}", xml::text(&section.heading), prose::html(&section.markdown))?;
    }
    writeln!(out, "</details>\n<ul class=\"findings\">")?;
    group[..shown].iter().try_for_each(|item| finding(item, out))?;
    writeln!(out, "</ul>")?;
    if shown < group.len() {
        writeln!(out, "<p>and {} more</p>", figure(group.len() - shown))?;
    }
    writeln!(out, "</section>")
}

fn finding(item: &Item<'_>, out: &mut impl io::Write) -> io::Result<()> {
    let finding = item.finding;
    let place = match &finding.excerpt {
        Some(_) => format!("{}:{}:{}", item.path().lossless(), finding.start.line, finding.start.column),
        None => item.path().lossless().into_owned(),
    };
    let tag = match item.weight {
        Weight::Broken => "<span class=\"tag broken\">breaks the promise</span> ",
        Weight::Known => "<span class=\"tag known\">known</span> ",
        Weight::Waived => "<span class=\"tag waived\">waived</span> ",
        Weight::Warning | Weight::Note => "",
    };
    writeln!(
        out,
        "<li class=\"{}\">{tag}<code>{}</code><br>{}",
        class(item.weight),
        xml::text(&place),
        message(&finding.message)
    )?;
    if let Some(excerpt) = &finding.excerpt {
        writeln!(out, "<pre>{}</pre>", marked(excerpt))?;
    }
    if let Some(it) = item.waiver() {
        let end = match it.waiver.end {
            WaiverEnd::Until(day) => format!("until {day}"),
            WaiverEnd::Standing { review_on } => format!("to be looked at again on {review_on}"),
            WaiverEnd::Never => "without an end".to_owned(),
        };
        let owner =
            it.waiver.owner.as_ref().map_or_else(String::new, |owner| format!(", {}", xml::text(owner)));
        writeln!(
            out,
            "<p class=\"meta\">Stepped over: {} (<code>{}</code>{owner}, {end})</p>",
            xml::text(&it.waiver.reason),
            xml::text(&it.waiver.id)
        )?;
    }
    writeln!(out, "</li>")
}

/// A message, with what stands between backticks as code.
fn message(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    // An odd backtick is only itself.
    if parts.len().is_multiple_of(2) {
        return xml::text(text);
    }
    let piece = |(at, part): (usize, &&str)| {
        if at % 2 == 1 { format!("<code>{}</code>", xml::text(part)) } else { xml::text(part) }
    };
    parts.iter().enumerate().map(piece).collect()
}

/// The excerpt with its place marked.
fn marked(excerpt: &Excerpt) -> String {
    let (text, span) = escape_excerpt(excerpt);
    let (before, rest) = text.split_at(span.start);
    let (inside, after) = rest.split_at(span.end - span.start);
    let mark = if inside.is_empty() { String::new() } else { format!("<mark>{}</mark>", xml::lines(inside)) };
    format!("{}{mark}{}", xml::lines(before), xml::lines(after))
}

fn cannot_tell(run: &Run<'_>, out: &mut impl io::Write) -> io::Result<()> {
    let many = run.not_assessed().count();
    if many == 0 {
        return Ok(());
    }
    writeln!(out, "<section>\n<h2>Could not be assessed</h2>\n<p>Neither kept nor not kept.</p>\n<ul>")?;
    for (party, item) in run.not_assessed().take(ROWS) {
        let place = item.path.as_ref().map_or_else(String::new, |path| {
            format!("<code>{}</code>: ", xml::text(&party.path(path).lossless()))
        });
        writeln!(out, "<li>{place}{}: {}</li>", item.reason.words(), xml::text(&clip(&item.detail, 1_000)))?;
    }
    writeln!(out, "</ul>")?;
    if many > ROWS {
        writeln!(out, "<p>and {} more</p>", figure(many - ROWS))?;
    }
    writeln!(out, "</section>")
}

fn kept(run: &Run<'_>, out: &mut impl io::Write) -> io::Result<()> {
    let mut kept = Vec::new();
    for party in &run.parties {
        let own = party.outcome.guidelines.iter().filter(|entry| entry.verdict == Verdict::Kept);
        kept.extend(own.map(|entry| (party, &entry.guideline)));
    }
    if kept.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section>\n<h2>Kept</h2>\n<ul>")?;
    for (party, guideline) in kept.iter().take(ROWS) {
        writeln!(
            out,
            "<li>{} (<code>{}</code>{})</li>",
            xml::text(&guideline.title),
            guideline.id,
            home(party)
        )?;
    }
    writeln!(out, "</ul>")?;
    if kept.len() > ROWS {
        writeln!(out, "<p>and {} more</p>", figure(kept.len() - ROWS))?;
    }
    writeln!(out, "</section>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_sample() {
        let text = sample::written(|run, out| write(run, out));
        let body = &text[text.find("<body>").expect("a body")..];
        insta::assert_snapshot!("html", body.replace(env!("CARGO_PKG_VERSION"), "[version]"));
    }

    #[test]
    fn a_page_stays_readable_and_tells_what_it_leaves_out() {
        let many = sample::many(50_000);
        let text = sample::written_of(&[&many], |run, out| write(run, out));
        let shown = text.matches("<li class=").count();
        assert!(shown <= IN_ALL, "{shown}");
        assert!(text.contains(&format!("{} of 50,000 findings are not shown here", figure(50_000 - shown))));
        assert!(text.len() < 16 << 20, "{}", text.len());
    }
}
