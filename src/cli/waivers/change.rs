//! `stanchion waivers renew` and `withdraw`.

use std::path::Path;

use super::super::guidelines::is_plain;
use super::super::policy_files::{self, PolicySource, WAIVERS};
use super::super::terminal::Terminal;
use super::super::{Exit, Failure, comments, files, shell, write_lock};
use crate::format::{self, EditProblem};
use crate::model::{Date, RepoPath, Waiver, WaiverEnd, WaiverOutcome};
use crate::report::escape::escape;
use crate::report::wrap;

/// Days for which a waiver is renewed by default.
const DEFAULT_DAYS: i32 = 180;

/// Extends a waiver.
pub(super) fn renew(
    (base, root): (&Path, &Path),
    it: &WaiverOutcome,
    until: Option<Date>,
    today: Date,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let until = until.unwrap_or_else(|| today.plus_days(DEFAULT_DAYS));
    if until < today {
        return Err(
            Failure::new(format!("{until} is in the past")).with_help("give a later date with --until")
        );
    }
    let waiver = &it.waiver;
    let standing = matches!(waiver.end, WaiverEnd::Standing { .. });
    let end = if standing { WaiverEnd::Standing { review_on: until } } else { WaiverEnd::Until(until) };
    let wanted = Waiver { end, withdrawn: None, ..waiver.clone() };
    if waiver.place.inline {
        comments::edit_waiver(root, waiver, &wanted, |text| {
            format::renew_inline_waiver(text, until, standing)
        })?;
    } else {
        edit_waivers_file(root, &wanted, |text| format::renew_waiver(text, &waiver.id, until, today))?;
    }
    let effect = if standing { "stays in effect; its review is due on" } else { "is now in effect until" };
    print_change(it, &format!("{} {effect} {until}.", escape(&waiver.id)), (base, root), terminal)
}

/// Withdraws a waiver.
pub(super) fn withdraw(
    (base, root): (&Path, &Path),
    it: &WaiverOutcome,
    today: Date,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let waiver = &it.waiver;
    if let Some(day) = waiver.withdrawn.filter(|day| *day <= today) {
        let text = format!("{} was already withdrawn on {day}; nothing was changed.", escape(&waiver.id));
        terminal.print(&wrap(terminal.width, "", "  ", &text))?;
        return Ok(Exit::Ran);
    }
    let wanted = Waiver { withdrawn: Some(today), ..waiver.clone() };
    if waiver.place.inline {
        comments::edit_waiver(root, waiver, &wanted, |text| format::withdraw_inline_waiver(text, today))?;
    } else {
        edit_waivers_file(root, &wanted, |text| format::withdraw_waiver(text, &waiver.id, today))?;
    }
    let back = match it.used {
        0 => "It covered no current findings".to_owned(),
        1 => "The finding that it covered counts again".to_owned(),
        used => format!("The {used} findings that it covered count again"),
    };
    let text = format!("Withdrew {}. {back}. The entry stays as a record.", escape(&waiver.id));
    print_change(it, &text, (base, root), terminal)
}

fn print_change(
    it: &WaiverOutcome,
    text: &str,
    (base, root): (&Path, &Path),
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let add = shell::git_add(base, root, [&*it.waiver.place.path.lossless()]);
    let command = terminal.paint().command(&escape(&add));
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    terminal.print(&format!("{}{}", line(text), line(&format!("To share it: {command}, then commit."))))?;
    Ok(Exit::Ran)
}

/// Changes the waivers file. Nothing is written unless the new text parses to `wanted`.
fn edit_waivers_file(
    root: &Path,
    wanted: &Waiver,
    change: impl FnOnce(&str) -> Result<String, EditProblem>,
) -> Result<(), Failure> {
    if !is_plain(root, Path::new(WAIVERS)) {
        return Err(Failure::new(format!("{WAIVERS} is a symbolic link and was not written")));
    }
    let _lock = write_lock::acquire(root)?;
    let text = PolicySource::Disk(root)
        .read(WAIVERS, policy_files::MAX_WAIVERS_BYTES)
        .map_err(|message| Failure::new(format!("{WAIVERS} {message}")))?
        .unwrap_or_default();
    let new = change(&text).map_err(|error| Failure::new(format!("cannot change {WAIVERS}: {error}")))?;
    // An invalid result is not written; its problems are reported with their locations.
    let parsed = format::parse_waivers(WAIVERS, &RepoPath::from(WAIVERS), &new);
    if !parsed
        .waivers
        .iter()
        .any(|it| it.id == wanted.id && it.end == wanted.end && it.withdrawn == wanted.withdrawn)
    {
        let what = format!("the changed waiver {} would be invalid; nothing was written", wanted.id);
        return Err(Failure::Problems { message: what, problems: parsed.problems });
    }
    files::write_with_folders(&root.join(WAIVERS), new.as_bytes())
        .map_err(|error| Failure::io("write", Path::new(WAIVERS), &error))
}
