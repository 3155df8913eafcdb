//! A registry as a source of versions: over HTTP, or as files in a folder.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::cached_index::CachedIndex;
use super::http::Http;
use super::index::{self, RegistryEntry, RegistryEntryKind};
use super::outcome::RequestError;
use crate::format;
use crate::model::{GuidelineId, Origin};

/// Maximum size of a file in a folder, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Resolves a path in a folder, including symbolic links. Fails if it leads to another machine, which would
/// receive the user's credentials.
pub type FindFile = fn(&Path, &Path) -> io::Result<PathBuf>;

/// Location of a registry.
pub enum RegistryLocation {
    /// Folder that contains an exported registry, and the function that resolves paths in it.
    Folder(PathBuf, FindFile),
    /// URL of the registry, and its cached index.
    Url(String, CachedIndex),
}

/// A registry that can be queried.
pub struct RegistryClient {
    name: String,
    transport: Transport,
}

enum Transport {
    Folder(PathBuf, FindFile),
    Http(Box<Http>),
}

impl RegistryClient {
    /// Opens the registry at `location` and checks that it is one. `name` is its name in messages.
    ///
    /// # Errors
    /// A sentence that explains why it is not a registry, or cannot be queried.
    pub fn open(name: &str, location: RegistryLocation) -> Result<Self, String> {
        let transport = match location {
            RegistryLocation::Folder(folder, find) => Transport::Folder(folder, find),
            RegistryLocation::Url(url, cached_index) => {
                Transport::Http(Box::new(Http::new(&url, cached_index)))
            }
        };
        let client = Self { name: name.to_owned(), transport };
        let unusable = |why: &str| format!("{name} cannot be used: {why}");
        let config = client.fetch("/index/config.json").map_err(|RequestError(why)| unusable(&why))?;
        let Some(config) = config else { return Err(unusable("index/config.json is missing")) };
        match serde_json::from_str::<serde_json::Value>(&config) {
            Ok(json) => index::check_format_version(&json)
                .map_err(|why| unusable(&format!("index/config.json: {why}")))?,
            Err(_) if index::is_web_page(&config) => {
                return Err(unusable("it returned a web page instead of its index"));
            }
            Err(error) => return Err(unusable(&format!("index/config.json is invalid: {error}"))),
        }
        Ok(client)
    }

    /// Name of the registry.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Index files to cache; `None` for a folder.
    #[must_use]
    pub fn cached_index(&self) -> Option<CachedIndex> {
        match &self.transport {
            Transport::Folder(..) => None,
            Transport::Http(http) => Some(http.cached_index()),
        }
    }

    /// Returns all versions of a name, in the order of the index, and messages about invalid lines. Empty if
    /// the registry does not know the name.
    ///
    /// # Errors
    /// A sentence that explains why it could not be queried.
    pub fn fetch_entries(&self, id: &GuidelineId) -> Result<(Vec<RegistryEntry>, Vec<String>), String> {
        let path = format!("/index/{}/{}.jsonl", id.namespace(), id.slug());
        let text = self
            .fetch(&path)
            .map_err(|RequestError(why)| format!("{} could not be queried: {why}", self.name))?;
        let (entries, error) = index::parse_index(id, &text.unwrap_or_default());
        let named = |why| format!("{} of {}: {why}", &path[1..], self.name);
        Ok((entries, error.into_iter().map(named).collect()))
    }

    /// Returns the text of a version, after checking it against the digest, id and version of the index.
    ///
    /// # Errors
    /// A sentence: the text is missing, or does not match the index.
    pub fn fetch_text(&self, entry: &RegistryEntry) -> Result<String, String> {
        let named = format!("{} {}", entry.id, entry.version);
        let path = format!("/blob/{}.{}", entry.sha256, entry.kind.file_extension());
        let text = match self.fetch(&path) {
            Ok(Some(text)) => text,
            Ok(None) => return Err(format!("{} does not contain the text of {named}", self.name)),
            Err(RequestError(why)) => {
                return Err(format!("could not fetch the text of {named} from {}: {why}", self.name));
            }
        };
        if format::sha256_hex(text.as_bytes()) != entry.sha256 {
            return Err(format!(
                "checksum mismatch: the text of {named} from {} differs from the published text",
                self.name
            ));
        }
        let (id, version) = parse_identity(entry.kind, &named, &text).ok_or_else(|| {
            format!("the text of {named} from {} is not valid for this version of stanchion", self.name)
        })?;
        if id != entry.id || version != entry.version {
            return Err(format!("the text of {named} from {} declares {id} {version} instead", self.name));
        }
        Ok(text)
    }

    fn fetch(&self, path: &str) -> Result<Option<String>, RequestError> {
        match &self.transport {
            Transport::Http(http) => http.fetch(path),
            Transport::Folder(folder, find) => {
                match find(folder, Path::new(&path[1..])).and_then(|place| read_regular_file(&place)) {
                    Ok(text) => Ok(Some(text)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(RequestError(format!("{path} cannot be read: {error}"))),
                }
            }
        }
    }
}

/// Parses the id and version that a text declares.
fn parse_identity(kind: RegistryEntryKind, name: &str, text: &str) -> Option<(GuidelineId, semver::Version)> {
    let origin = Origin::File(name.to_owned());
    match kind {
        RegistryEntryKind::Guideline => {
            let guideline = format::parse_guideline(name, text, origin, &|_| Some("{}".to_owned())).ok()?;
            Some((guideline.id, guideline.version))
        }
        RegistryEntryKind::Standard => {
            let standard = format::parse_standard(name, text, origin).ok()?;
            Some((standard.id, standard.version))
        }
    }
}

/// Reads a regular file as UTF-8 text.
fn read_regular_file(path: &Path) -> io::Result<String> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    #[expect(clippy::disallowed_methods, reason = "a registry that the user named, as files")]
    let file = std::fs::File::open(path)?;
    let mut text = String::new();
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("it is larger than {} MiB", MAX_FILE_BYTES >> 20)));
    }
    Ok(text)
}
