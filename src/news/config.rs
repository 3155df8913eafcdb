//! News in `stanchion.toml`: promises, what is followed, settings.

use super::{Sides, item};
use crate::format::{Config, Follow, parse_config};
use crate::model::{GuidelineId, News, NewsKind, Promise, RepoPath, Unassessed};

const CONFIG: &str = "stanchion.toml";

pub(super) fn tell(sides: &Sides<'_>, all: &mut Vec<News>) {
    let Some((path, before, now)) = sides.texts(CONFIG) else { return };
    let read = |text: Option<String>| match text {
        // A file that cannot be used says nothing; today's is told about elsewhere.
        Some(text) => parse_config(CONFIG, &text).ok(),
        None => Some(Config::default()),
    };
    let (Some(before), Some(now)) = (read(before), read(now)) else { return };
    promises(&before, &now, &path, all);
    if before.unassessed == Unassessed::Break && now.unassessed == Unassessed::Note {
        let message = "what cannot be told does not break a promise any more".to_owned();
        all.push(item(NewsKind::PromiseWeakened, None, &path, message));
    }
    followed(&before, &now, &path, all);
    settings(&before, &now, &path, all);
}

fn find<'c>(config: &'c Config, id: &GuidelineId) -> Option<&'c Promise> {
    config.promises.iter().find(|promised| promised.guideline == *id).map(|promised| &promised.promise)
}

fn promises(before: &Config, now: &Config, path: &RepoPath, all: &mut Vec<News>) {
    for promised in &before.promises {
        let (id, was) = (&promised.guideline, &promised.promise);
        let mut weakened = |message| all.push(item(NewsKind::PromiseWeakened, Some(id), path, message));
        match find(now, id) {
            None => {
                let message = format!("{id} is not promised any more (it was since {})", was.since);
                all.push(item(NewsKind::PromiseWithdrawn, Some(id), path, message));
            }
            Some(is) if is.from_here && !was.from_here => {
                weakened(format!("{id} is promised only from {} on; it was promised in full", is.since));
            }
            // Whoever promises in full from now on asks for more, whatever the day.
            Some(is) if is.since > was.since && (is.from_here || !was.from_here) => {
                weakened(format!("{id} is promised since {} now; it was since {}", is.since, was.since));
            }
            Some(_) => {}
        }
    }
    for promised in &now.promises {
        let (id, is) = (&promised.guideline, &promised.promise);
        if find(before, id).is_none() {
            let from = if is.from_here { ", from here on" } else { "" };
            all.push(item(NewsKind::PromiseMade, Some(id), path, format!("{id} is promised now{from}")));
        }
    }
}

/// An entry of `follow` in words.
fn words(follow: &Follow) -> String {
    match follow {
        Follow::Starter => "the starter set".to_owned(),
        Follow::Directory(directory) => format!("`{directory}`"),
        Follow::Named { id, range: None } => id.to_string(),
        Follow::Named { id, range: Some(range) } => format!("{id}@{range}"),
    }
}

fn followed(before: &Config, now: &Config, path: &RepoPath, all: &mut Vec<News>) {
    let list = |config: &Config| -> Vec<String> { config.follow.iter().map(|it| words(&it.what)).collect() };
    let (was, is) = (list(before), list(now));
    let mut tell = |message| all.push(item(NewsKind::FollowChanged, None, path, message));
    for gone in was.iter().filter(|it| !is.contains(it)) {
        tell(format!("{gone} is not followed any more"));
    }
    for new in is.iter().filter(|it| !was.contains(it)) {
        tell(format!("{new} is followed now"));
    }
    let common = |list: &[String], other: &[String]| -> Vec<String> {
        list.iter().filter(|it| other.contains(it)).cloned().collect()
    };
    if common(&was, &is) != common(&is, &was) {
        tell(format!("another order decides where two disagree: {}", is.join(", ")));
    }
    if before.inherit != now.inherit {
        let words = if now.inherit { "is followed, too" } else { "is not followed any more" };
        tell(format!("what the party above follows {words}"));
    }
}

fn settings(before: &Config, now: &Config, path: &RepoPath, all: &mut Vec<News>) {
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
            let message = format!("{id}: the setting `{name}` was {was} and is {is}");
            all.push(item(NewsKind::GuidelineChanged, Some(id), path, message));
        }
    }
}
