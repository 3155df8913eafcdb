//! `/feed/…`: what was published last, for readers of feeds. Format: RFC 4287.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::Shared;
use super::answers::{broken, nothing, rfc3339, tagged};
use super::query::{Asked, Pairs};
use crate::model::GuidelineId;
use crate::registry::store::{From, Kind, Name, PublishedVersion};
use crate::report::encode::xml;

/// Entries of a feed.
const ENTRIES: i64 = 50;

/// An entry.
struct Entry {
    kind: Kind,
    name: String,
    version: String,
    title: String,
    summary: String,
    owner: String,
    ms: i64,
}

impl Entry {
    fn of_version(it: PublishedVersion) -> Self {
        Self {
            kind: it.kind,
            name: format!("{}/{}", it.namespace, it.slug),
            version: it.version,
            title: it.title,
            summary: it.summary,
            owner: it.owner,
            ms: it.published_ms,
        }
    }

    fn of_name(it: Name) -> Self {
        Self {
            kind: it.kind,
            name: format!("{}/{}", it.namespace, it.slug),
            version: it.version,
            title: it.title,
            summary: it.summary,
            owner: it.owner,
            ms: it.changed_ms,
        }
    }
}

/// Everything that was published last.
pub(super) async fn changes(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    match shared.store.recent("", ENTRIES).await {
        Ok(recent) => of_versions(&shared, &headers, "changes", "Guidelines and standards", recent),
        Err(error) => broken(&error),
    }
}

/// What one namespace published last.
pub(super) async fn namespace(
    State(shared): State<Shared>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let namespace = file.strip_suffix(".atom").filter(|it| GuidelineId::new(&format!("{it}/x")).is_ok());
    let Some(namespace) = namespace else { return nothing().await };
    match shared.store.recent(namespace, ENTRIES).await {
        Ok(recent) if recent.is_empty() => nothing().await,
        Ok(recent) => {
            let title = format!("What {namespace} publishes");
            of_versions(&shared, &headers, &format!("namespaces/{namespace}"), &title, recent)
        }
        Err(error) => broken(&error),
    }
}

/// The versions of one name.
pub(super) async fn name(
    State(shared): State<Shared>,
    Path((namespace, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let slug = file.strip_suffix(".atom").filter(|it| GuidelineId::new(&format!("{namespace}/{it}")).is_ok());
    let Some(slug) = slug else { return nothing().await };
    match shared.store.versions(&namespace, slug).await {
        Ok(versions) if versions.is_empty() => nothing().await,
        Ok(mut versions) => {
            versions.sort_by_key(|it| std::cmp::Reverse(it.published_ms));
            versions.truncate(usize::try_from(ENTRIES).unwrap_or(usize::MAX));
            let title = format!("Versions of {namespace}/{slug}");
            of_versions(&shared, &headers, &format!("names/{namespace}/{slug}"), &title, versions)
        }
        Err(error) => broken(&error),
    }
}

/// A list as a feed: `guidelines.atom` or `standards.atom`, with the parameters of the list.
pub(super) async fn list(
    State(shared): State<Shared>,
    Path(file): Path<String>,
    Query(pairs): Query<Pairs>,
    headers: HeaderMap,
) -> Response {
    let kinds = [Kind::Guideline, Kind::Standard];
    let Some(kind) = kinds.into_iter().find(|kind| file == format!("{}.atom", kind.plural())) else {
        return nothing().await;
    };
    let asked = Asked::read(&pairs, (shared.now_ms)());
    let from = match &asked.from {
        From::Fit(words, _) => From::Fit(words.clone(), 0),
        _ => From::Change(i64::MAX, i64::MAX),
    };
    match shared.store.names(kind, &asked.filter, &from, ENTRIES).await {
        Ok(names) => {
            let what = format!("{}{}", kind.plural(), asked.address(None));
            let entries: Vec<Entry> = names.into_iter().map(Entry::of_name).collect();
            write(&shared, &headers, &what, &format!("{} that were asked for", kind.plural()), &entries)
        }
        Err(error) => broken(&error),
    }
}

fn of_versions(
    shared: &Shared,
    headers: &HeaderMap,
    what: &str,
    title: &str,
    versions: Vec<PublishedVersion>,
) -> Response {
    let entries: Vec<Entry> = versions.into_iter().map(Entry::of_version).collect();
    write(shared, headers, what, title, &entries)
}

fn write(shared: &Shared, headers: &HeaderMap, what: &str, title: &str, entries: &[Entry]) -> Response {
    let root = root(shared, headers);
    let updated = entries.iter().map(|it| it.ms).max().unwrap_or(0);
    let (file, query) = what.split_once('?').unwrap_or((what, ""));
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    let mut body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <title>{title}</title>\n<id>urn:stanchion:{id}</id>\n<updated>{time}</updated>\n\
         <link rel=\"self\" href=\"{own}\"/>\n<link href=\"{root}/\"/>\n",
        title = xml::text(title),
        id = xml::text(what),
        time = rfc3339(updated),
        own = xml::text(&format!("{root}/feed/{file}.atom{query}")),
    );
    entries.iter().for_each(|it| body.push_str(&entry(it, &root)));
    body.push_str("</feed>\n");
    tagged(headers, "application/atom+xml; charset=utf-8", body)
}

/// The address of this site, whole, as readers want it: as it was set, else as it was asked for.
pub(super) fn root(shared: &Shared, headers: &HeaderMap) -> String {
    if let Some(public) = &shared.public {
        return public.to_string();
    }
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    format!("http://{}", if host.bytes().all(plain) { host } else { "localhost" })
}

fn entry(it: &Entry, root: &str) -> String {
    let Entry { name, kind, .. } = it;
    format!(
        "<entry>\n<title>{title} {version}</title>\n<id>urn:stanchion:{name}:{version}</id>\n<updated>{time}</updated>\n\
         <author><name>{owner}</name></author>\n<link href=\"{root}/{plural}/{name}/{version}\"/>\n\
         <summary>{summary}</summary>\n</entry>\n",
        plural = kind.plural(),
        title = xml::text(&it.title),
        version = xml::text(&it.version),
        time = rfc3339(it.ms),
        owner = xml::text(&it.owner),
        summary = xml::text(&it.summary),
    )
}
