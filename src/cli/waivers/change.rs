//! `stanchion waivers renew` and `withdraw`.

use std::path::Path;

use super::super::guidelines::is_plain;
use super::super::says::{self, Source, WAIVERS};
use super::super::terminal::Terminal;
use super::super::{Exit, Failure, comments, files, shell, turn};
use crate::format::{self, EditProblem};
use crate::model::{Date, RepoPath, Waiver, WaiverEnd, WaiverOutcome};
use crate::report::escape::escape;
use crate::report::wrap;

/// Days for which a waiver is renewed, if nobody says otherwise.
const DAYS: i32 = 180;

/// Moves the end of a waiver.
pub(super) fn renew(
    (base, root): (&Path, &Path),
    it: &WaiverOutcome,
    until: Option<Date>,
    today: Date,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let until = until.unwrap_or_else(|| today.plus_days(DAYS));
    if until < today {
        return Err(
            Failure::new(format!("{until} is over already")).with_help("give a later day with --until")
        );
    }
    let waiver = &it.waiver;
    let standing = matches!(waiver.end, WaiverEnd::Standing { .. });
    let end = if standing { WaiverEnd::Standing { review_on: until } } else { WaiverEnd::Until(until) };
    let wanted = Waiver { end, withdrawn: None, ..waiver.clone() };
    if waiver.place.inline {
        comments::edit(root, waiver, &wanted, |text| format::renewed_inline(text, until, standing))?;
    } else {
        edit(root, &wanted, |text| format::renewed(text, &waiver.id, until, today))?;
    }
    let words = if standing { "stands, and is looked at again on" } else { "now lasts until" };
    say(it, &format!("{} {words} {until}.", escape(&waiver.id)), (base, root), terminal)
}

/// Takes a waiver back.
pub(super) fn withdraw(
    (base, root): (&Path, &Path),
    it: &WaiverOutcome,
    today: Date,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let waiver = &it.waiver;
    if let Some(day) = waiver.withdrawn.filter(|day| *day <= today) {
        let text = format!("{} was taken back on {day} already; nothing was changed.", escape(&waiver.id));
        terminal.print(&wrap(terminal.width, "", "  ", &text))?;
        return Ok(Exit::Ran);
    }
    let wanted = Waiver { withdrawn: Some(today), ..waiver.clone() };
    if waiver.place.inline {
        comments::edit(root, waiver, &wanted, |text| format::withdrawn_inline(text, today))?;
    } else {
        edit(root, &wanted, |text| format::withdrawn(text, &waiver.id, today))?;
    }
    let back = match it.used {
        0 => "it covered nothing that is found here".to_owned(),
        1 => "the finding that it covered counts again".to_owned(),
        used => format!("the {used} findings that it covered count again"),
    };
    let text = format!(
        "{} is taken back from today on: {back}. It stays in its place, for the record.",
        escape(&waiver.id)
    );
    say(it, &text, (base, root), terminal)
}

fn say(
    it: &WaiverOutcome,
    text: &str,
    (base, root): (&Path, &Path),
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let add = shell::git_add(base, root, [&*it.waiver.place.path.lossless()]);
    let command = terminal.paint().command(&escape(&add));
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    terminal.print(&format!(
        "{}{}",
        line(text),
        line(&format!("To make it known: {command}, and commit."))
    ))?;
    Ok(Exit::Ran)
}

/// Changes the file of waivers, if what is read back then is `wanted`.
fn edit(
    root: &Path,
    wanted: &Waiver,
    change: impl FnOnce(&str) -> Result<String, EditProblem>,
) -> Result<(), Failure> {
    if !is_plain(root, Path::new(WAIVERS)) {
        return Err(Failure::new(format!("{WAIVERS} is a link, and is not written")));
    }
    let _turn = turn::take(root)?;
    let text = Source::Disk(root)
        .read(WAIVERS, says::LARGEST_WAIVERS)
        .map_err(|words| Failure::new(format!("{WAIVERS} {words}")))?
        .unwrap_or_default();
    let new = change(&text).map_err(|error| Failure::new(format!("cannot change {WAIVERS}: {error}")))?;
    // What would have no effect is not written: why is told with its place.
    let parsed = format::parse_waivers(WAIVERS, &RepoPath::from(WAIVERS), &new);
    if !parsed
        .waivers
        .iter()
        .any(|it| it.id == wanted.id && it.end == wanted.end && it.withdrawn == wanted.withdrawn)
    {
        let what = format!("{} would have no effect then; nothing was written", wanted.id);
        return Err(Failure::Problems { what, problems: parsed.problems });
    }
    files::write_own(&root.join(WAIVERS), new.as_bytes())
        .map_err(|error| Failure::io("write", Path::new(WAIVERS), &error))
}
