//! `/feed/…`: Atom feeds (RFC 4287) of recent publications.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::AppState;
use super::query::{ListQuery, Pairs};
use super::responses::{database_error, not_found, rfc3339, with_etag};
use crate::model::GuidelineId;
use crate::registry::store::{ListCursor, Name, PublishedKind, PublishedVersion};
use crate::report::encode::xml;

/// Largest number of entries in a feed.
const ENTRIES: i64 = 50;

/// Entry of a feed.
struct FeedEntry {
    kind: PublishedKind,
    name: String,
    version: String,
    title: String,
    summary: String,
    owner: String,
    ms: i64,
}

impl FeedEntry {
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

/// Recent publications in all namespaces.
pub(super) async fn changes(State(state): State<AppState>, headers: HeaderMap) -> Response {
    match state.store.recent_versions("", ENTRIES).await {
        Ok(recent) => feed_of_versions(&state, &headers, "changes", "Guidelines and standards", recent),
        Err(error) => database_error(&error),
    }
}

/// Recent publications in one namespace.
pub(super) async fn namespace(
    State(state): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let namespace = file.strip_suffix(".atom").filter(|it| GuidelineId::new(&format!("{it}/x")).is_ok());
    let Some(namespace) = namespace else { return not_found().await };
    match state.store.recent_versions(namespace, ENTRIES).await {
        Ok(recent) if recent.is_empty() => not_found().await,
        Ok(recent) => {
            let title = format!("Published in {namespace}");
            feed_of_versions(&state, &headers, &format!("namespaces/{namespace}"), &title, recent)
        }
        Err(error) => database_error(&error),
    }
}

/// Versions of one name.
pub(super) async fn name(
    State(state): State<AppState>,
    Path((namespace, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let slug = file.strip_suffix(".atom").filter(|it| GuidelineId::new(&format!("{namespace}/{it}")).is_ok());
    let Some(slug) = slug else { return not_found().await };
    match state.store.versions(&namespace, slug).await {
        Ok(versions) if versions.is_empty() => not_found().await,
        Ok(mut versions) => {
            versions.sort_by_key(|it| std::cmp::Reverse(it.published_ms));
            versions.truncate(usize::try_from(ENTRIES).unwrap_or(usize::MAX));
            let title = format!("Versions of {namespace}/{slug}");
            feed_of_versions(&state, &headers, &format!("names/{namespace}/{slug}"), &title, versions)
        }
        Err(error) => database_error(&error),
    }
}

/// Feed of a list: `guidelines.atom` or `standards.atom`, with the parameters of the list.
pub(super) async fn list(
    State(state): State<AppState>,
    Path(file): Path<String>,
    Query(pairs): Query<Pairs>,
    headers: HeaderMap,
) -> Response {
    let kinds = [PublishedKind::Guideline, PublishedKind::Standard];
    let Some(kind) = kinds.into_iter().find(|kind| file == format!("{}.atom", kind.plural())) else {
        return not_found().await;
    };
    let query = ListQuery::read(&pairs, (state.now_ms)());
    let from = match &query.from {
        ListCursor::Relevance(words, _) => ListCursor::Relevance(words.clone(), 0),
        _ => ListCursor::Change(i64::MAX, i64::MAX),
    };
    match state.store.list_names(kind, &query.filter, &from, ENTRIES).await {
        Ok(names) => {
            let what = format!("{}{}", kind.plural(), query.address(None));
            let entries: Vec<FeedEntry> = names.into_iter().map(FeedEntry::of_name).collect();
            feed_response(&state, &headers, &what, &format!("Filtered list of {}", kind.plural()), &entries)
        }
        Err(error) => database_error(&error),
    }
}

fn feed_of_versions(
    state: &AppState,
    headers: &HeaderMap,
    what: &str,
    title: &str,
    versions: Vec<PublishedVersion>,
) -> Response {
    let entries: Vec<FeedEntry> = versions.into_iter().map(FeedEntry::of_version).collect();
    feed_response(state, headers, what, title, &entries)
}

fn feed_response(
    state: &AppState,
    headers: &HeaderMap,
    what: &str,
    title: &str,
    entries: &[FeedEntry],
) -> Response {
    let root = site_address(state, headers);
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
    entries.iter().for_each(|it| body.push_str(&format_entry(it, &root)));
    body.push_str("</feed>\n");
    with_etag(headers, "application/atom+xml; charset=utf-8", body)
}

/// Absolute address of this site: the configured public address, or the one from the Host header.
pub(super) fn site_address(state: &AppState, headers: &HeaderMap) -> String {
    if let Some(public_url) = &state.public_url {
        return public_url.to_string();
    }
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    format!("http://{}", if host.bytes().all(plain) { host } else { "localhost" })
}

fn format_entry(it: &FeedEntry, root: &str) -> String {
    let FeedEntry { name, kind, .. } = it;
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
