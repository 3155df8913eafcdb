//! `stanchion cache info` and `stanchion cache clear`, in words.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::keep::{self, TAG, TAG_BEGINS};
use super::place::{Folder, Refusal};
use super::tidy::{self, Kept, Kind};
use crate::cli::failure::system_words;
use crate::cli::terminal::Terminal;
use crate::cli::{Exit, Failure, files, guidelines, root};
use crate::engine::cache::Contents;
use crate::engine::size::size_words;
use crate::report::escape::escape;
use crate::report::wrap;

/// Says where the cache is, whether it is used, and what is in it.
pub(super) fn info(path: Option<&Path>, folders: &[PathBuf], terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let paths: Vec<PathBuf> = path.map(Path::to_path_buf).into_iter().collect();
    let place = root::locate(&base, &paths)?;
    let mut sentences = Vec::new();
    match Folder::of_environment() {
        Err(refusal) => sentences.push(not_used(&refusal)),
        Ok(folder) => {
            sentences.push(format!("The cache is {}.", folder.words()));
            match folder.is_there_for(&place.root) {
                Err(refusal) => sentences.push(not_used(&refusal)),
                Ok(false) => sentences.push("It is empty: the next `stanchion check` begins it.".to_owned()),
                Ok(true) => {
                    sentences.push(everything(&folder));
                    // Guidelines with problems are told about by `check`.
                    if let Ok(followed) = guidelines::load(&place.root, &base, folders) {
                        let key = super::key(&place.root, &followed.guidelines, super::Part::Files);
                        sentences.push(this_one(keep::read(&folder, &key, super::now())));
                    }
                }
            }
        }
    }
    say(&sentences, terminal)?;
    Ok(Exit::Ran)
}

fn not_used(refusal: &Refusal) -> String {
    format!("No cache is used: {refusal}. To have one, {}.", refusal.advice())
}

/// What lies in the folder as a whole.
fn everything(folder: &Folder) -> String {
    let kept = match tidy::list(&folder.path) {
        Ok(kept) => kept,
        Err(error) => return format!("It cannot be listed: {}.", system_words(&error)),
    };
    let caches: Vec<&Kept> = kept.iter().filter(|kept| kept.kind == Kind::Cache).collect();
    let Some(oldest) = caches.iter().map(|kept| kept.used).min() else {
        return "It is empty: the next `stanchion check` begins it.".to_owned();
    };
    let size = size_words(caches.iter().map(|kept| kept.size).sum());
    let about = match caches.len() {
        1 => "one repository with one set of guidelines".to_owned(),
        count => format!("{count} pairs of a repository and a set of guidelines"),
    };
    let ago = match tidy::apart(oldest, super::now()).as_secs() / (24 * 60 * 60) {
        0 => "less than a day ago".to_owned(),
        1 => "a day ago".to_owned(),
        days => format!("{days} days ago"),
    };
    format!("It is used, and takes {size} for {about}; what was used longest ago was used {ago}.")
}

/// What is remembered about this repository and these guidelines.
fn this_one(bytes: Option<Vec<u8>>) -> String {
    let Some(contents) = bytes.and_then(Contents::of) else {
        return "Nothing is remembered about this repository with these guidelines.".to_owned();
    };
    format!(
        "About this repository with these guidelines it remembers {}, {} of them with something to say, and {}.",
        counted(contents.files, "file"),
        contents.with_findings,
        counted(contents.checks, "check"),
    )
}

fn counted(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

/// Removes everything of ours, and the folder if nothing else is in it.
pub(super) fn clear(terminal: &Terminal) -> Result<Exit, Failure> {
    let nothing = |why: &str| format!("There is no cache to clear: {why}.");
    let sentence = match Folder::of_environment() {
        Err(refusal) => nothing(&refusal.to_string()),
        Ok(folder) => match folder.is_there() {
            Err(refusal) => nothing(&refusal.to_string()),
            Ok(false) => nothing(&format!("{} is not there", folder.words())),
            Ok(true) => {
                remove(&folder).map_err(|error| Failure::io("clear the cache in", &folder.path, &error))?
            }
        },
    };
    say(&[sentence], terminal)?;
    Ok(Exit::Ran)
}

fn remove(folder: &Folder) -> io::Result<String> {
    let (mut count, mut bytes) = (0, 0);
    for kept in tidy::list(&folder.path)? {
        match fs::remove_file(&kept.path) {
            // Another run tidied it away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => {
                removed?;
                count += 1;
                bytes += kept.size;
            }
        }
    }
    let tag = folder.path.join(TAG);
    let is_regular = tag.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    if is_regular && files::read(&tag).is_ok_and(|text| text.starts_with(TAG_BEGINS)) {
        let _ = fs::remove_file(tag);
    }
    // Stays where something that is not ours lies in it.
    let others = fs::remove_dir(&folder.path).is_err();
    let rest = if others { " What is not stanchion's stays there." } else { "" };
    let place = folder.words();
    Ok(if count == 0 {
        format!("Nothing was remembered in {place}.{rest}")
    } else {
        format!("Removed {}, {}, from {place}.{rest}", counted(count, "file"), size_words(bytes))
    })
}

fn say(sentences: &[String], terminal: &Terminal) -> Result<(), Failure> {
    let text: String =
        sentences.iter().map(|sentence| wrap(terminal.width, "", "  ", &escape(sentence))).collect();
    terminal.print(&text)
}
