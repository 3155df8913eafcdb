//! News about the texts of guidelines that lie in the repository: copies, and its own folders.

use super::{Sides, item};
use crate::engine::{Change, ChangeKind};
use crate::format::{self, Follow, parse_config, parse_lock};
use crate::model::{Guideline, GuidelineId, News, NewsKind, Origin, RepoPath};

const CONFIG: &str = "stanchion.toml";
/// How a guideline that was not there is told.
const NEW: &str = " is new here";
/// So many new ones are told one by one.
const FEW: usize = 3;
const LOCK: &str = ".stanchion/lock.toml";
const COPIES: &str = ".stanchion/guidelines/";
const STANDARDS: &str = ".stanchion/standards/";

pub(super) fn tell(sides: &Sides<'_>, all: &mut Vec<News>) {
    let folders = followed_folders(sides);
    let before = all.len();
    for change in sides.changes {
        let Some(path) = change.path.as_str() else { continue };
        let own = folders.iter().any(|folder| path.starts_with(folder.as_str()));
        if let Some(rest) = path.strip_prefix(STANDARDS) {
            let name = rest.trim_end_matches(".toml");
            let verb = if change.kind == ChangeKind::Removed { "is gone" } else { "changed" };
            let message = format!("the copy of the standard {name} {verb}");
            all.push(item(NewsKind::GuidelineChanged, None, &change.path, message));
        } else if is_markdown(path) && (own || path.starts_with(COPIES)) {
            one(sides, change, path, all);
        } else if own && path != CONFIG {
            // A schema that a guideline takes from a file beside it, perhaps.
            let message = format!("{path}, beside the guidelines that are followed, changed");
            all.push(item(NewsKind::GuidelineChanged, None, &change.path, message));
        }
    }
    gather_new(all, before);
}

/// Says once that many guidelines are new: that asks for more, and would hide what asks for less.
fn gather_new(all: &mut Vec<News>, from: usize) {
    let is_new = |news: &News| news.message.ends_with(NEW);
    let new = all[from..].iter().filter(|news| is_new(news)).count();
    if new <= FEW {
        return;
    }
    let own = all.split_off(from);
    let path = own.iter().find(|news| is_new(news)).map(|news| news.path.clone());
    all.extend(own.into_iter().filter(|news| !is_new(news)));
    if let Some(path) = path {
        all.push(item(
            NewsKind::GuidelineChanged,
            None,
            &path,
            format!("{new} guidelines are new here, this one first"),
        ));
    }
}

/// The folders of guidelines in the repository that are followed, before or now, each with a final `/`.
fn followed_folders(sides: &Sides<'_>) -> Vec<String> {
    let path = RepoPath::from(CONFIG);
    let before = sides.texts(CONFIG).and_then(|(_, before, _)| before);
    let texts = [before, sides.text_now(&path)];
    let configs = texts.into_iter().flatten().filter_map(|text| parse_config(CONFIG, &text).ok());
    let mut folders: Vec<String> = configs
        .flat_map(|config| config.follow)
        .filter_map(|followed| match followed.what {
            Follow::Directory(directory) => {
                Some(directory.trim_start_matches("./").trim_end_matches('/').to_owned())
            }
            Follow::Starter | Follow::Named { .. } => None,
        })
        // The root itself, and what lies outside: there a change of any file would be one.
        .filter(|folder| !matches!(folder.as_str(), "" | "." | "..") && !folder.starts_with("../"))
        .map(|folder| folder + "/")
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

/// As copies and folders of guidelines are read.
fn is_markdown(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("md"))
}

fn read(path: &str, text: Option<String>) -> Option<Guideline> {
    format::parse(path, &text?, Origin::File(path.to_owned()), &|_| Some("{}".to_owned())).ok()
}

fn one(sides: &Sides<'_>, change: &Change, path: &str, all: &mut Vec<News>) {
    let (before, now) = (sides.text_before(&change.path), sides.text_now(&change.path));
    let before = before.filter(|_| change.kind != ChangeKind::Added);
    if before == now {
        return;
    }
    let (was, is) = (read(path, before), read(path, now.clone()));
    if was.is_none() && is.is_none() && !path.starts_with(COPIES) {
        // Prose beside guidelines.
        return;
    }
    let id = is.as_ref().or(was.as_ref()).map(|guideline| guideline.id.clone());
    let name = id.as_ref().map_or_else(|| path.to_owned(), GuidelineId::to_string);
    let message = match (&was, &is) {
        _ if now.is_none() => format!("{name}: its file is gone, and it is not followed from here any more"),
        (None, Some(is)) => format!("{name} {}{NEW}", is.version),
        (Some(was), Some(is)) if was.version != is.version => {
            format!("{name} was {} and is {}", was.version, is.version)
        }
        (Some(was), Some(is)) if is_locked(sides, is) == Some(false) => {
            format!("{name} {} was edited here: it is not what was published", was.version)
        }
        (Some(was), Some(_)) => format!("{name} {} has another text, under the same version", was.version),
        (_, None) => format!("{name}: its file cannot be used any more"),
    };
    all.push(item(NewsKind::GuidelineChanged, id.as_ref(), &change.path, message));
}

/// Whether the lock knows the text of a copy; `None` where it says nothing about it.
fn is_locked(sides: &Sides<'_>, guideline: &Guideline) -> Option<bool> {
    let lock = parse_lock(LOCK, &sides.text_now(&LOCK.into())?).ok()?;
    let locked = lock.guidelines.iter().find(|locked| locked.id == guideline.id)?;
    Some(locked.sha256 == guideline.sha256)
}
