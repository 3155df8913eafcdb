//! `/feed/changes.atom`: what was published last, for readers of feeds. Format: RFC 4287.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::answers::broken;
use crate::model::Date;
use crate::registry::store::{Kind, PublishedVersion};
use crate::report::encode::xml;

/// Entries of a feed.
const ENTRIES: i64 = 50;

/// Everything that was published last.
pub(super) async fn changes(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let recent = match shared.store.recent(Kind::Guideline, ENTRIES).await {
        Ok(recent) => recent,
        Err(error) => return broken(&error),
    };
    // Readers want whole addresses; whose they are is what the reader asked for.
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    let plain = host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']'));
    let root = format!("http://{}", if plain { host } else { "localhost" });
    let updated = recent.first().map_or(0, |it| it.published_ms);
    let mut body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <title>Guidelines</title>\n<id>urn:stanchion:changes</id>\n<updated>{}</updated>\n\
         <link rel=\"self\" href=\"{root}/feed/changes.atom\"/>\n<link href=\"{root}/\"/>\n",
        time(updated)
    );
    recent.iter().for_each(|it| body.push_str(&entry(it, &root)));
    body.push_str("</feed>\n");
    ([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], body).into_response()
}

fn entry(it: &PublishedVersion, root: &str) -> String {
    let name = format!("{}/{}", it.namespace, it.slug);
    format!(
        "<entry>\n<title>{title} {version}</title>\n<id>urn:stanchion:{name}:{version}</id>\n<updated>{time}</updated>\n\
         <author><name>{owner}</name></author>\n<link href=\"{root}/guidelines/{name}/{version}\"/>\n\
         <summary>{summary}</summary>\n</entry>\n",
        title = xml::text(&it.title),
        version = xml::text(&it.version),
        time = time(it.published_ms),
        owner = xml::text(&it.owner),
        summary = xml::text(&it.summary),
    )
}

/// RFC 3339, to the second, in UTC.
fn time(ms: i64) -> String {
    let seconds = ms.div_euclid(1000);
    let of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", Date::of_unix_seconds(seconds))
}
