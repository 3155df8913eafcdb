//! News about `stanchion.toml`: promises, followed guidelines, settings.

use super::{ChangeContext, news_item};
use crate::format::{Config, Follow, parse_config};
use crate::model::{GuidelineId, News, NewsKind, Promise, RepoPath, Unassessed};

const CONFIG: &str = "stanchion.toml";

pub(super) fn collect_news(context: &ChangeContext<'_>, all: &mut Vec<News>) {
    let Some((path, before, now)) = context.changed_texts(CONFIG) else { return };
    let read = |text: Option<String>| match text {
        // An invalid file is skipped; the run reports problems of the current one elsewhere.
        Some(text) => parse_config(CONFIG, &text).ok(),
        None => Some(Config::default()),
    };
    let (Some(before), Some(now)) = (read(before), read(now)) else { return };
    compare_promises(&before, &now, &path, all);
    if before.unassessed == Unassessed::Break && now.unassessed == Unassessed::Note {
        let message = "\"cannot tell\" no longer breaks a promise".to_owned();
        all.push(news_item(NewsKind::PromiseWeakened, None, &path, message));
    }
    compare_follow(&before, &now, &path, all);
    compare_settings(&before, &now, &path, all);
}

fn find_promise<'c>(config: &'c Config, id: &GuidelineId) -> Option<&'c Promise> {
    config.promises.iter().find(|promised| promised.guideline == *id).map(|promised| &promised.promise)
}

fn compare_promises(before: &Config, now: &Config, path: &RepoPath, all: &mut Vec<News>) {
    for promised in &before.promises {
        let (id, was) = (&promised.guideline, &promised.promise);
        let mut weakened = |message| all.push(news_item(NewsKind::PromiseWeakened, Some(id), path, message));
        match find_promise(now, id) {
            None => {
                let message = format!("{id} is no longer promised (it was promised since {})", was.since);
                all.push(news_item(NewsKind::PromiseWithdrawn, Some(id), path, message));
            }
            Some(is) if is.from_here && !was.from_here => {
                weakened(format!(
                    "{id} is now promised only from {} on; before, it was promised in full",
                    is.since
                ));
            }
            // A change from "from here" to a promise in full makes it stronger, even with a later day.
            Some(is) if is.since > was.since && (is.from_here || !was.from_here) => {
                weakened(format!(
                    "{id} is now promised since {}; before, it was since {}",
                    is.since, was.since
                ));
            }
            Some(_) => {}
        }
    }
    for promised in &now.promises {
        let (id, is) = (&promised.guideline, &promised.promise);
        if find_promise(before, id).is_none() {
            let from = if is.from_here { " from here on" } else { "" };
            all.push(news_item(NewsKind::PromiseMade, Some(id), path, format!("{id} is now promised{from}")));
        }
    }
}

/// Describes an entry of `follow` for people.
fn describe_follow(follow: &Follow) -> String {
    match follow {
        Follow::Starter => "the starter set".to_owned(),
        Follow::Directory(directory) => format!("`{directory}`"),
        Follow::Named { id, range: None } => id.to_string(),
        Follow::Named { id, range: Some(range) } => format!("{id}@{range}"),
    }
}

fn compare_follow(before: &Config, now: &Config, path: &RepoPath, all: &mut Vec<News>) {
    let list = |config: &Config| -> Vec<String> {
        config.follow.iter().map(|it| describe_follow(&it.target)).collect()
    };
    let (was, is) = (list(before), list(now));
    let mut push = |message| all.push(news_item(NewsKind::FollowChanged, None, path, message));
    for gone in was.iter().filter(|it| !is.contains(it)) {
        push(format!("{gone} is no longer followed"));
    }
    for new in is.iter().filter(|it| !was.contains(it)) {
        push(format!("{new} is now followed"));
    }
    let common = |list: &[String], other: &[String]| -> Vec<String> {
        list.iter().filter(|it| other.contains(it)).cloned().collect()
    };
    if common(&was, &is) != common(&is, &was) {
        push(format!("the order of precedence is now {}", is.join(", ")));
    }
    if before.inherit != now.inherit {
        let change = if now.inherit { "are now followed" } else { "are no longer followed" };
        push(format!("the guidelines of the parent project {change}"));
    }
}

fn compare_settings(before: &Config, now: &Config, path: &RepoPath, all: &mut Vec<News>) {
    let value = |config: &Config, id: &GuidelineId, name: &str| {
        let found = config.settings.iter().find(|it| it.guideline == *id && it.name == name);
        found.map_or_else(|| "its default".to_owned(), |it| it.value.to_string())
    };
    let mut seen: Vec<(&GuidelineId, &str)> = Vec::new();
    for setting in before.settings.iter().chain(&now.settings) {
        let (id, name) = (&setting.guideline, setting.name.as_str());
        if seen.contains(&(id, name)) {
            continue;
        }
        seen.push((id, name));
        let (was, is) = (value(before, id, name), value(now, id, name));
        if was != is {
            let message = format!("{id}: the setting `{name}` changed from {was} to {is}");
            all.push(news_item(NewsKind::GuidelineChanged, Some(id), path, message));
        }
    }
}
