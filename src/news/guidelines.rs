//! News about the texts of guidelines in the repository: copies, and its own folders.

use super::{ChangeContext, news_item};
use crate::engine::{Change, ChangeKind};
use crate::format::{self, Follow, parse_config, parse_lock};
use crate::model::{Guideline, GuidelineId, News, NewsKind, Origin, RepoPath};

const CONFIG: &str = "stanchion.toml";
/// Suffix of the message about a new guideline.
const NEW_SUFFIX: &str = " is new";
/// Maximum number of new guidelines that are listed individually.
const MAX_LISTED: usize = 3;
const LOCK: &str = ".stanchion/lock.toml";
const COPIES: &str = ".stanchion/guidelines/";
const STANDARDS: &str = ".stanchion/standards/";

pub(super) fn collect_news(context: &ChangeContext<'_>, all: &mut Vec<News>) {
    let folders = followed_folders(context);
    let before = all.len();
    for change in context.changes {
        let Some(path) = change.path.as_str() else { continue };
        let own = folders.iter().any(|folder| path.starts_with(folder.as_str()));
        if let Some(rest) = path.strip_prefix(STANDARDS) {
            let name = rest.trim_end_matches(".toml");
            let verb = if change.kind == ChangeKind::Removed { "was removed" } else { "changed" };
            let message = format!("the copy of the standard {name} {verb}");
            all.push(news_item(NewsKind::GuidelineChanged, None, &change.path, message));
        } else if is_markdown(path) && (own || path.starts_with(COPIES)) {
            push_guideline_change(context, change, path, all);
        } else if own && path != CONFIG {
            // This may be a schema that a guideline refers to (`assert-file`).
            let message = format!("{path} changed, in a folder of followed guidelines");
            all.push(news_item(NewsKind::GuidelineChanged, None, &change.path, message));
        }
    }
    merge_new_guidelines(all, before);
}

/// Merges the news about many new guidelines into one item. New guidelines only add requirements, and a long
/// list of them would hide the news about weakened ones.
fn merge_new_guidelines(all: &mut Vec<News>, from: usize) {
    let is_new = |news: &News| news.message.ends_with(NEW_SUFFIX);
    let new = all[from..].iter().filter(|news| is_new(news)).count();
    if new <= MAX_LISTED {
        return;
    }
    let own = all.split_off(from);
    let path = own.iter().find(|news| is_new(news)).map(|news| news.path.clone());
    all.extend(own.into_iter().filter(|news| !is_new(news)));
    if let Some(path) = path {
        all.push(news_item(
            NewsKind::GuidelineChanged,
            None,
            &path,
            format!("{new} guidelines are new; the first is {}", path.lossless()),
        ));
    }
}

/// Folders of guidelines in the repository that are followed before or after the change, each with a final
/// `/`.
fn followed_folders(context: &ChangeContext<'_>) -> Vec<String> {
    let path = RepoPath::from(CONFIG);
    let before = context.changed_texts(CONFIG).and_then(|(_, before, _)| before);
    let texts = [before, context.text_now(&path)];
    let configs = texts.into_iter().flatten().filter_map(|text| parse_config(CONFIG, &text).ok());
    let mut folders: Vec<String> = configs
        .flat_map(|config| config.follow)
        .filter_map(|followed| match followed.target {
            Follow::Directory(directory) => {
                Some(directory.trim_start_matches("./").trim_end_matches('/').to_owned())
            }
            Follow::Starter | Follow::Named { .. } => None,
        })
        // The root and folders outside are skipped: in the root, a change of any file would count.
        .filter(|folder| !matches!(folder.as_str(), "" | "." | "..") && !folder.starts_with("../"))
        .map(|folder| folder + "/")
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Whether a path has the extension of guideline files, as for copies and folders of guidelines.
fn is_markdown(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("md"))
}

fn parse_guideline(path: &str, text: Option<String>) -> Option<Guideline> {
    format::parse_guideline(path, &text?, Origin::File(path.to_owned()), &|_| Some("{}".to_owned())).ok()
}

fn push_guideline_change(context: &ChangeContext<'_>, change: &Change, path: &str, all: &mut Vec<News>) {
    let (before, now) = (context.text_before(&change.path), context.text_now(&change.path));
    let before = before.filter(|_| change.kind != ChangeKind::Added);
    if before == now {
        return;
    }
    let (was, is) = (parse_guideline(path, before), parse_guideline(path, now.clone()));
    if was.is_none() && is.is_none() && !path.starts_with(COPIES) {
        // Prose in the same folder.
        return;
    }
    let id = is.as_ref().or(was.as_ref()).map(|guideline| guideline.id.clone());
    let name = id.as_ref().map_or_else(|| path.to_owned(), GuidelineId::to_string);
    let message = match (&was, &is) {
        _ if now.is_none() => {
            format!("{name}: its file was removed, and it is no longer followed from there")
        }
        (None, Some(is)) => format!("{name} {}{NEW_SUFFIX}", is.version),
        (Some(was), Some(is)) if was.version != is.version => {
            format!("{name} changed from {} to {}", was.version, is.version)
        }
        (Some(was), Some(is)) if matches_lock(context, is) == Some(false) => {
            format!("{name} {} has local edits (differs from the published text)", was.version)
        }
        (Some(was), Some(_)) => format!("{name} {} changed without a new version", was.version),
        (_, None) => format!("{name}: its file is no longer a valid guideline"),
    };
    all.push(news_item(NewsKind::GuidelineChanged, id.as_ref(), &change.path, message));
}

/// Whether the text of a copy matches the lock file; `None` if the lock file does not list it.
fn matches_lock(context: &ChangeContext<'_>, guideline: &Guideline) -> Option<bool> {
    let lock = parse_lock(LOCK, &context.text_now(&LOCK.into())?).ok()?;
    let locked = lock.guidelines.iter().find(|locked| locked.id == guideline.id)?;
    Some(locked.sha256 == guideline.sha256)
}
