//! The pages as files, made by the same routes that serve them. What only a server can answer (searching, accounts, the
//! API) is marked in the templates and left out.

use std::collections::BTreeSet;
use std::path::Path;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::export::{ExportError, write};
use super::http::{Site, router};
use super::store::{Kind, Store};

/// What a template puts around a part that only a server can answer.
const SERVED: (&str, &str) = ("<!--served-->", "<!--/served-->");

/// Writes every page below `folder`. Returns how many there are.
///
/// # Errors
/// What could not be read, made or written.
pub(super) async fn export(site: Site, store: &Store, folder: &Path) -> Result<usize, ExportError> {
    let pages = Pages { router: router(site), folder };
    let mut number = 0;
    for address in ["/", "/stages"] {
        pages.one(address, address).await?;
        number += 1;
    }
    for list in ["/guidelines", "/standards", "/namespaces"] {
        number += pages.list(list).await?;
    }
    let style = pages.text("/").await?;
    if let Some(style) = style.split('"').find(|part| part.starts_with("/static/")) {
        pages.file(style).await?;
    }
    pages.file("/feed/changes.atom").await?;
    let mut namespaces = BTreeSet::new();
    for kind in [Kind::Guideline, Kind::Standard] {
        for name in store.every_name(kind).await? {
            let base = format!("/{}/{}/{}", kind.plural(), name.namespace, name.slug);
            pages.one(&base, &base).await?;
            number += 1;
            let mut before: Option<String> = None;
            for version in store.versions(&name.namespace, &name.slug).await? {
                let address = format!("{base}/{}", version.version);
                pages.one(&address, &address).await?;
                number += 1;
                if let (Some(before), Kind::Guideline) = (before, kind) {
                    let address = format!("{base}/compare/{before}...{}", version.version);
                    pages.one(&address, &address).await?;
                    number += 1;
                }
                before = Some(version.version);
            }
            namespaces.insert(name.namespace);
        }
    }
    for namespace in namespaces {
        let address = format!("/namespaces/{namespace}");
        pages.one(&address, &address).await?;
        pages.file(&format!("/feed/namespaces/{namespace}.atom")).await?;
        number += 1;
    }
    Ok(number)
}

struct Pages<'p> {
    router: Router,
    folder: &'p Path,
}

impl Pages<'_> {
    /// What a route answers.
    async fn bytes(&self, address: &str) -> Result<Vec<u8>, ExportError> {
        let wrong = || ExportError::Page(address.to_owned());
        let request = Request::get(address).body(Body::empty()).map_err(|_| wrong())?;
        let answer = match self.router.clone().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        if answer.status() != StatusCode::OK {
            return Err(wrong());
        }
        to_bytes(answer.into_body(), usize::MAX).await.map(|bytes| bytes.to_vec()).map_err(|_| wrong())
    }

    async fn text(&self, address: &str) -> Result<String, ExportError> {
        let bytes = self.bytes(address).await?;
        String::from_utf8(bytes).map_err(|_| ExportError::Page(address.to_owned()))
    }

    /// Writes an answer as it is, under its address.
    async fn file(&self, address: &str) -> Result<(), ExportError> {
        let bytes = self.bytes(address).await?;
        write(&self.folder.join(&address[1..]), &bytes)
    }

    /// Writes a page as the index of a folder of its own.
    async fn one(&self, address: &str, place: &str) -> Result<(), ExportError> {
        let text = without_served(&self.text(address).await?);
        write(&self.folder.join(&place[1..]).join("index.html"), text.as_bytes())
    }

    /// Writes a list in as many pages as it has, each leading to the next.
    async fn list(&self, base: &str) -> Result<usize, ExportError> {
        let (mut address, mut place, mut number) = (base.to_owned(), base.to_owned(), 1);
        loop {
            let mut text = without_served(&self.text(&address).await?);
            let next = next_of(&text);
            if let Some(next) = &next {
                let there = format!("{base}/pages/{}", number + 1);
                text = text.replace(
                    &format!("href=\"{next}\" rel=\"next\""),
                    &format!("href=\"{there}/\" rel=\"next\""),
                );
            }
            write(&self.folder.join(&place[1..]).join("index.html"), text.as_bytes())?;
            let Some(next) = next else { return Ok(number) };
            number += 1;
            place = format!("{base}/pages/{number}");
            address = next.replace("&amp;", "&").replace("&#38;", "&");
        }
    }
}

/// The address of what follows a page, as it stands in it.
fn next_of(text: &str) -> Option<String> {
    let (before, _) = text.split_once("\" rel=\"next\"")?;
    before.rsplit_once("href=\"").map(|(_, address)| address.to_owned())
}

/// A page without what only a server can answer.
fn without_served(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(SERVED.0) {
        out.push_str(before);
        rest = after.split_once(SERVED.1).map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_server_answers_is_left_out() {
        let text = "a<!--served--><form><!--/served-->b<!--served-->c<!--/served-->";
        assert_eq!(without_served(text), "ab");
        assert_eq!(
            next_of("<a href=\"/x\">x</a> <a href=\"/y?cursor=n\" rel=\"next\">"),
            Some("/y?cursor=n".to_owned())
        );
        assert_eq!(next_of("nothing"), None);
    }
}
