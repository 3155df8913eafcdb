//! A registry as something that versions come from: served, or as files in a folder.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::http::Http;
use super::index::{self, Entry, Kind};
use super::remembered::Remembered;
use super::told::Trouble;
use crate::format;
use crate::model::{GuidelineId, Origin};

/// Largest file that is read from a folder, in bytes.
const LARGEST: u64 = 4 << 20;

/// Finds a path in a folder: where it is without links, if that is no other machine, which would be told who asks.
pub type Find = fn(&Path, &Path) -> io::Result<PathBuf>;

/// Where a registry is.
pub enum Place {
    /// The folder into which one was exported, and how its files are found.
    Folder(PathBuf, Find),
    /// Its address, and what is remembered of it.
    Url(String, Remembered),
}

/// A registry that can be asked.
pub struct Source {
    name: String,
    way: Way,
}

enum Way {
    Folder(PathBuf, Find),
    Http(Box<Http>),
}

impl Source {
    /// Opens the registry at `place`, called `name` by those who follow it, and looks whether it is one.
    ///
    /// # Errors
    /// A sentence about why it is none, or cannot be asked.
    pub fn open(name: &str, place: Place) -> Result<Self, String> {
        let way = match place {
            Place::Folder(folder, find) => Way::Folder(folder, find),
            Place::Url(url, remembered) => Way::Http(Box::new(Http::new(&url, remembered))),
        };
        let source = Self { name: name.to_owned(), way };
        let told = |why: &str| format!("{name} cannot be used: {why}");
        let config = source.get("/index/config.json").map_err(|Trouble(why)| told(&why))?;
        let Some(config) = config else { return Err(told("it has no index/config.json")) };
        match serde_json::from_str::<serde_json::Value>(&config) {
            Ok(json) => index::version(&json).map_err(|why| told(&format!("index/config.json: {why}")))?,
            Err(_) if index::is_page(&config) => {
                return Err(told("a web page came where its index should be"));
            }
            Err(error) => return Err(told(&format!("its index/config.json cannot be read: {error}"))),
        }
        Ok(source)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is to be remembered of it; `None` where it is a folder.
    #[must_use]
    pub fn remembered(&self) -> Option<Remembered> {
        match &self.way {
            Way::Folder(..) => None,
            Way::Http(http) => Some(http.remembered()),
        }
    }

    /// Every version that it has of a name, in its order, and sentences about what cannot be read. None where it does not
    /// know the name.
    ///
    /// # Errors
    /// A sentence about why it could not be asked.
    pub fn entries(&self, id: &GuidelineId) -> Result<(Vec<Entry>, Vec<String>), String> {
        let path = format!("/index/{}/{}.jsonl", id.namespace(), id.slug());
        let text = self.get(&path).map_err(|Trouble(why)| format!("{} was not asked: {why}", self.name))?;
        let (entries, trouble) = index::read(id, &text.unwrap_or_default());
        let named = |why| format!("{} of {}, {why}", &path[1..], self.name);
        Ok((entries, trouble.into_iter().map(named).collect()))
    }

    /// The text of a version, which is what the index says that it is.
    ///
    /// # Errors
    /// A sentence: it is not there, or is another one.
    pub fn text(&self, entry: &Entry) -> Result<String, String> {
        let named = format!("{} {}", entry.id, entry.version);
        let path = format!("/blob/{}.{}", entry.sha256, entry.kind.ending());
        let text = match self.get(&path) {
            Ok(Some(text)) => text,
            Ok(None) => return Err(format!("{} does not have the text of {named}", self.name)),
            Err(Trouble(why)) => {
                return Err(format!("the text of {named} did not come from {}: {why}", self.name));
            }
        };
        if format::digest(text.as_bytes()) != entry.sha256 {
            return Err(format!("the text of {named} is not the one that was published, in {}", self.name));
        }
        let (id, version) = says(entry.kind, &named, &text)
            .ok_or_else(|| format!("{named} of {} is nothing that this version understands", self.name))?;
        if id != entry.id || version != entry.version {
            return Err(format!("the text of {named} says that it is {id} {version}, in {}", self.name));
        }
        Ok(text)
    }

    fn get(&self, path: &str) -> Result<Option<String>, Trouble> {
        match &self.way {
            Way::Http(http) => http.get(path),
            Way::Folder(folder, find) => {
                match find(folder, Path::new(&path[1..])).and_then(|place| read(&place)) {
                    Ok(text) => Ok(Some(text)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(Trouble(format!("{path} cannot be read: {error}"))),
                }
            }
        }
    }
}

/// Name and version that a text gives itself.
fn says(kind: Kind, name: &str, text: &str) -> Option<(GuidelineId, semver::Version)> {
    let origin = Origin::File(name.to_owned());
    match kind {
        Kind::Guideline => {
            let guideline = format::parse(name, text, origin, &|_| Some("{}".to_owned())).ok()?;
            Some((guideline.id, guideline.version))
        }
        Kind::Standard => {
            let standard = format::parse_standard(name, text, origin).ok()?;
            Some((standard.id, standard.version))
        }
    }
}

/// The text of a regular file.
fn read(path: &Path) -> io::Result<String> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    #[expect(clippy::disallowed_methods, reason = "a registry that the user named, as files")]
    let file = std::fs::File::open(path)?;
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    Ok(text)
}
