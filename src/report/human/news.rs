//! What a change says about promises, waivers and guidelines: told before everything else.

use super::HumanStyle;
use super::group::path;
use super::words::{clip, count, wrap};
use crate::model::{NewsKind, Outcome};
use crate::report::escape::escape;
use crate::report::paint::Role;

/// News shown, unless everything is asked for.
const MOST: usize = 10;
/// Longest message that is shown, in characters.
const MESSAGE: usize = 300;

/// Adds the news, if there are any.
pub(super) fn render(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    if outcome.news.is_empty() {
        return;
    }
    let paint = style.paint();
    let head = paint.text(Role::Strong, "this change");
    out.push_str(&wrap(style, &format!("{} ", paint.stroke().repeat(2)), "   ", &head));
    // The heading and the way to the rest are lines, too: what is told first fits ten of them.
    let cap = if style.everything() { usize::MAX } else { MOST - 2 };
    for news in outcome.news.iter().take(cap) {
        let role = match news.kind {
            NewsKind::PromiseWithdrawn | NewsKind::PromiseWeakened | NewsKind::OutOfSight => Role::Warning,
            _ => Role::Note,
        };
        let word = paint.text(role, words(news.kind));
        let message = clip(&escape(&news.message), MESSAGE, paint.ellipsis());
        let place = format!("({})", path(&news.path));
        out.push_str(&wrap(
            style,
            "   ",
            "     ",
            &format!("{word}: {message} {}", paint.text(Role::Faint, &place)),
        ));
    }
    if outcome.news.len() > cap {
        let command = paint.command(&style.commands.check_with("--all"));
        let more = count(outcome.news.len() - cap, "more change", "more changes");
        out.push_str(&wrap(style, "   ", "     ", &format!("and {more}: {command}")));
    }
    out.push('\n');
}

/// The kind of news in words.
fn words(kind: NewsKind) -> &'static str {
    match kind {
        NewsKind::PromiseWithdrawn => "promise taken back",
        NewsKind::PromiseWeakened => "promise asks less",
        NewsKind::OutOfSight => "out of sight",
        NewsKind::WaiverAdded => "new waiver",
        NewsKind::WaiverWidened => "waiver covers more",
        NewsKind::GuidelineChanged => "guideline changed",
        NewsKind::FollowChanged => "followed otherwise",
        NewsKind::PromiseMade => "new promise",
    }
}
