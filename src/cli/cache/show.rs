//! `stanchion cache info` and `stanchion cache clear`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::cache_file::{self, TAG, TAG_SIGNATURE};
use super::cache_folder::{CacheFolder, CacheUnavailable};
use super::cleanup::{self, CacheFileKind, CacheFolderFile};
use crate::cli::failure::system_words;
use crate::cli::terminal::Terminal;
use crate::cli::{Exit, Failure, files, guidelines, root};
use crate::engine::cache::CacheSummary;
use crate::engine::size::format_size;
use crate::report::escape::escape;
use crate::report::wrap;

/// Prints the location, use and size of the cache.
pub(super) fn print_info(
    path: Option<&Path>,
    folders: &[PathBuf],
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let paths: Vec<PathBuf> = path.map(Path::to_path_buf).into_iter().collect();
    let selection = root::locate(&base, &paths)?;
    let mut sentences = Vec::new();
    match CacheFolder::from_environment() {
        Err(reason) => sentences.push(describe_unavailable(&reason)),
        Ok(folder) => {
            sentences.push(format!("The cache is {}.", folder.display_path()));
            match folder.exists_for(&selection.root) {
                Err(reason) => sentences.push(describe_unavailable(&reason)),
                Ok(false) => sentences.push("It is empty; the next `stanchion check` fills it.".to_owned()),
                Ok(true) => {
                    sentences.push(describe_folder(&folder));
                    // `check` reports problems of guidelines.
                    if let Ok(followed) = guidelines::load(&selection.root, &base, folders) {
                        let key =
                            super::cache_key(&selection.root, &followed.guidelines, super::CacheScope::Files);
                        sentences.push(describe_results(cache_file::read(
                            &folder,
                            &key,
                            super::current_time(),
                        )));
                    }
                }
            }
        }
    }
    print_sentences(&sentences, terminal)?;
    Ok(Exit::Ran)
}

fn describe_unavailable(reason: &CacheUnavailable) -> String {
    format!("The cache is not used: {reason}. To enable it, {}.", reason.advice())
}

/// Describes the content of the whole folder.
fn describe_folder(folder: &CacheFolder) -> String {
    let files = match cleanup::list_files(&folder.path) {
        Ok(files) => files,
        Err(error) => return format!("It cannot be listed: {}.", system_words(&error)),
    };
    let caches: Vec<&CacheFolderFile> =
        files.iter().filter(|file| file.kind == CacheFileKind::Cache).collect();
    let Some(oldest) = caches.iter().map(|file| file.used).min() else {
        return "It is empty; the next `stanchion check` fills it.".to_owned();
    };
    let size = format_size(caches.iter().map(|file| file.size).sum());
    let about = match caches.len() {
        1 => "one repository with one set of guidelines".to_owned(),
        count => format!("{count} combinations of a repository and a set of guidelines"),
    };
    let ago = match cleanup::time_between(oldest, super::current_time()).as_secs() / (24 * 60 * 60) {
        0 => "less than a day ago".to_owned(),
        1 => "a day ago".to_owned(),
        days => format!("{days} days ago"),
    };
    format!("It uses {size} for {about}; the least recently used file was used {ago}.")
}

/// Describes the cached results for this repository and these guidelines.
fn describe_results(bytes: Option<Vec<u8>>) -> String {
    let Some(contents) = bytes.and_then(CacheSummary::of) else {
        return "It has no results for this repository with these guidelines.".to_owned();
    };
    format!(
        "For this repository with these guidelines it has the results of {} ({} with findings), and of compiling {}.",
        count_with_unit(contents.files, "file"),
        contents.with_findings,
        count_with_unit(contents.checks, "check"),
    )
}

fn count_with_unit(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

/// Removes all cache files, and the folder if it contains nothing else.
pub(super) fn clear_cache(terminal: &Terminal) -> Result<Exit, Failure> {
    let nothing = |why: &str| format!("There is no cache to clear: {why}.");
    let sentence = match CacheFolder::from_environment() {
        Err(reason) => nothing(&reason.to_string()),
        Ok(folder) => match folder.exists() {
            Err(reason) => nothing(&reason.to_string()),
            Ok(false) => nothing(&format!("{} does not exist", folder.display_path())),
            Ok(true) => remove_files(&folder)
                .map_err(|error| Failure::io("clear the cache in", &folder.path, &error))?,
        },
    };
    print_sentences(&[sentence], terminal)?;
    Ok(Exit::Ran)
}

fn remove_files(folder: &CacheFolder) -> io::Result<String> {
    let (mut count, mut bytes) = (0, 0);
    for file in cleanup::list_files(&folder.path)? {
        match fs::remove_file(&file.path) {
            // Another process has removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => {
                removed?;
                count += 1;
                bytes += file.size;
            }
        }
    }
    let tag = folder.path.join(TAG);
    let is_regular = tag.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    if is_regular && files::read(&tag).is_ok_and(|text| text.starts_with(TAG_SIGNATURE)) {
        let _ = fs::remove_file(tag);
    }
    // Fails if the folder contains other files.
    let others = fs::remove_dir(&folder.path).is_err();
    let rest = if others { " Other files in it stay." } else { "" };
    let place = folder.display_path();
    Ok(if count == 0 {
        format!("There were no cached results in {place}.{rest}")
    } else {
        format!("Removed {}, {}, from {place}.{rest}", count_with_unit(count, "file"), format_size(bytes))
    })
}

fn print_sentences(sentences: &[String], terminal: &Terminal) -> Result<(), Failure> {
    let text: String =
        sentences.iter().map(|sentence| wrap(terminal.width, "", "  ", &escape(sentence))).collect();
    terminal.print(&text)
}
