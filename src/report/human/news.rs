//! Changes to promises, waivers and guidelines (news). This section comes before all others.

use super::HumanStyle;
use super::group::display_path;
use super::words::{clip, count, wrap};
use crate::model::{NewsKind, Outcome};
use crate::report::escape::escape;
use crate::report::paint::Role;

/// Maximum number of lines in this section, unless `--all` is given.
const MAX_LINES: usize = 10;
/// Maximum length of a message, in characters.
const MAX_MESSAGE: usize = 300;

/// Appends the news, if there are any.
pub(super) fn render(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    if outcome.news.is_empty() {
        return;
    }
    let paint = style.paint();
    let head = paint.text(Role::Strong, "this change");
    out.push_str(&wrap(style, &format!("{} ", paint.stroke().repeat(2)), "   ", &head));
    // The heading and the line about hidden news count towards the ten lines.
    let cap = if style.everything() { usize::MAX } else { MAX_LINES - 2 };
    for news in outcome.news.iter().take(cap) {
        let role = match news.kind {
            NewsKind::PromiseWithdrawn | NewsKind::PromiseWeakened | NewsKind::OutOfSight => Role::Warning,
            _ => Role::Note,
        };
        let word = paint.text(role, news_label(news.kind));
        let message = clip(&escape(&news.message), MAX_MESSAGE, paint.ellipsis());
        let place = format!("({})", display_path(&news.path));
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

/// Returns the label of a kind of news.
fn news_label(kind: NewsKind) -> &'static str {
    match kind {
        NewsKind::PromiseWithdrawn => "promise withdrawn",
        NewsKind::PromiseWeakened => "promise weakened",
        NewsKind::OutOfSight => "out of sight",
        NewsKind::WaiverAdded => "new waiver",
        NewsKind::WaiverWidened => "waiver covers more",
        NewsKind::GuidelineChanged => "guideline changed",
        NewsKind::FollowChanged => "follow changed",
        NewsKind::PromiseMade => "new promise",
    }
}
