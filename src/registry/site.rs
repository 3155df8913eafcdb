//! Export of the pages as static files, rendered by the routes of the server. Parts that need a server
//! (search, accounts, API) are marked in the templates and removed.

use std::collections::BTreeSet;
use std::path::Path;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::export::{ExportError, record_failure, write_atomically};
use super::http::{SiteConfig, router};
use super::store::{PublishedKind, Store};

/// Markers around template parts that need a server.
const SERVED_MARKERS: (&str, &str) = ("<!--served-->", "<!--/served-->");

/// Summary of an export.
#[derive(Debug, Default)]
pub(super) struct ExportedPages {
    /// Number of pages.
    pub(super) pages: usize,
    /// One line for each page that could not be rendered or written.
    pub(super) failures: Vec<String>,
}

/// Exports all pages below `folder`.
///
/// # Errors
/// Returns the error of the database. Files written before the error are complete.
pub(super) async fn export(
    site: SiteConfig,
    store: &Store,
    folder: &Path,
) -> Result<ExportedPages, ExportError> {
    let mut pages = PageExporter { router: router(site), folder, written: ExportedPages::default() };
    for address in ["/", "/stages"] {
        pages.export_page(address).await?;
    }
    for list in ["/guidelines", "/standards", "/namespaces"] {
        pages.export_list(list).await?;
    }
    let home = pages.fetch_text("/").await.unwrap_or_default();
    if let Some(style) = home.split('"').find(|part| part.starts_with("/static/")) {
        pages.export_file(style).await?;
    }
    for feed in ["changes", "guidelines", "standards"] {
        pages.export_file(&format!("/feed/{feed}.atom")).await?;
    }
    let mut namespaces = BTreeSet::new();
    for kind in [PublishedKind::Guideline, PublishedKind::Standard] {
        for name in store.all_names(kind).await? {
            let base = format!("/{}/{}/{}", kind.plural(), name.namespace, name.slug);
            pages.export_page(&base).await?;
            pages.export_file(&format!("/feed/names/{}/{}.atom", name.namespace, name.slug)).await?;
            let mut before: Option<String> = None;
            for version in store.versions(&name.namespace, &name.slug).await? {
                pages.export_page(&format!("{base}/{}", version.version)).await?;
                if let (Some(before), PublishedKind::Guideline) = (before, kind) {
                    pages.export_page(&format!("{base}/compare/{before}...{}", version.version)).await?;
                }
                before = Some(version.version);
            }
            namespaces.insert(name.namespace);
        }
    }
    for namespace in namespaces {
        pages.export_page(&format!("/namespaces/{namespace}")).await?;
        pages.export_file(&format!("/feed/namespaces/{namespace}.atom")).await?;
    }
    Ok(pages.written)
}

struct PageExporter<'p> {
    router: Router,
    folder: &'p Path,
    written: ExportedPages,
}

impl PageExporter<'_> {
    /// Body of a route's response.
    async fn fetch(&self, address: &str) -> Result<Vec<u8>, ExportError> {
        let wrong = || ExportError::Page(address.to_owned());
        let request = Request::get(address).body(Body::empty()).map_err(|_| wrong())?;
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if response.status() != StatusCode::OK {
            return Err(wrong());
        }
        to_bytes(response.into_body(), usize::MAX).await.map(|bytes| bytes.to_vec()).map_err(|_| wrong())
    }

    async fn fetch_text(&self, address: &str) -> Result<String, ExportError> {
        let bytes = self.fetch(address).await?;
        String::from_utf8(bytes).map_err(|_| ExportError::Page(address.to_owned()))
    }

    /// Writes a response unchanged to the path of its address.
    async fn export_file(&mut self, address: &str) -> Result<(), ExportError> {
        let done = match self.fetch(address).await {
            Ok(bytes) => write_atomically(&self.folder.join(&address[1..]), &bytes),
            Err(error) => Err(error),
        };
        record_failure(done, &mut self.written.failures).map(|_| ())
    }

    /// Writes a page as `index.html` in a folder of its own.
    async fn export_page(&mut self, address: &str) -> Result<(), ExportError> {
        match self.fetch_text(address).await {
            Ok(text) => self.write_page(address, &remove_served_parts(&text)),
            Err(error) => record_failure(Err(error), &mut self.written.failures).map(|_| ()),
        }
    }

    /// Writes the text of a page to the folder `place`.
    fn write_page(&mut self, place: &str, text: &str) -> Result<(), ExportError> {
        let done = write_atomically(&self.folder.join(&place[1..]).join("index.html"), text.as_bytes());
        self.written.pages += usize::from(record_failure(done, &mut self.written.failures)?);
        Ok(())
    }

    /// Writes all pages of a list, each with a link to the next one.
    async fn export_list(&mut self, base: &str) -> Result<(), ExportError> {
        let (mut address, mut place, mut number) = (base.to_owned(), base.to_owned(), 1);
        loop {
            let mut text = match self.fetch_text(&address).await {
                Ok(text) => remove_served_parts(&text),
                Err(error) => return record_failure(Err(error), &mut self.written.failures).map(|_| ()),
            };
            let next = next_link(&text);
            number += 1;
            let next_place = page_path(base, number);
            if let Some(next) = &next {
                text = text.replace(
                    &format!("href=\"{next}\" rel=\"next\""),
                    &format!("href=\"{next_place}/\" rel=\"next\""),
                );
            }
            self.write_page(&place, &text)?;
            let Some(next) = next else { return Ok(()) };
            place = next_place;
            address = next.replace("&amp;", "&").replace("&#38;", "&");
        }
    }
}

/// Path of a later page of a list. The folder name is not a valid namespace.
fn page_path(base: &str, number: usize) -> String {
    format!("{base}/page.{number}")
}

/// Address of the next page, as in the HTML.
fn next_link(text: &str) -> Option<String> {
    let (before, _) = text.split_once("\" rel=\"next\"")?;
    before.rsplit_once("href=\"").map(|(_, address)| address.to_owned())
}

/// Removes the parts that need a server.
fn remove_served_parts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(SERVED_MARKERS.0) {
        out.push_str(before);
        rest = after.split_once(SERVED_MARKERS.1).map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::decisions::prepare_version;

    /// Exports a site with these texts.
    async fn exported(texts: &[String], folder: &Path) -> ExportedPages {
        let store = Store::open_sqlite(&folder.join("registry.sqlite")).await.expect("opened");
        for text in texts {
            let new = prepare_version(PublishedKind::Guideline, "x.md", text, "tests", 5).expect("a version");
            store.publish(&new).await.expect("published");
        }
        let site = SiteConfig {
            store: store.clone(),
            now_ms: || 1_000_000,
            random: || None,
            public_url: None,
            provider: None,
            worker: None,
            metrics: std::sync::Arc::default(),
            quiet: true,
        };
        export(site, &store, &folder.join("site")).await.expect("exported")
    }

    #[tokio::test]
    async fn list_pages_do_not_collide_with_guidelines() {
        let (_, text) = crate::format::starter_guidelines().into_iter().next().expect("one");
        let line = text.lines().find(|line| line.starts_with("guideline: ")).expect("the line");
        let named = |id: &str| text.replacen(line, &format!("guideline: {id}"), 1);
        let mut texts: Vec<String> = (0..60).map(|number| named(&format!("acme/n-{number}"))).collect();
        texts.extend(["pages/2", "page/2", "page-2/x"].map(named));
        let folder = tempfile::tempdir().expect("a folder");
        let written = exported(&texts, folder.path()).await;
        assert_eq!(written.failures, Vec::<String>::new());
        let page = |place: &str| {
            #[expect(clippy::disallowed_methods, reason = "a file of this test")]
            std::fs::read_to_string(folder.path().join("site").join(place).join("index.html")).expect(place)
        };
        assert!(page("guidelines").contains("href=\"/guidelines/page.2/\" rel=\"next\""));
        let second = page("guidelines/page.2");
        assert!(
            second.contains("/guidelines/pages/2") && second.contains("/guidelines/acme/n-9"),
            "{second}"
        );
        assert!(page("guidelines/pages/2").contains("pages/2"));
        assert!(
            crate::model::GuidelineId::new("page.2/x").is_err(),
            "the folder name is not a valid namespace"
        );
    }

    #[tokio::test]
    async fn unwritable_pages_are_reported_and_others_written() {
        let (_, text) = crate::format::starter_guidelines().into_iter().next().expect("one");
        let line = text.lines().find(|line| line.starts_with("guideline: ")).expect("the line");
        let texts = ["acme/one", "acme/two"].map(|id| text.replacen(line, &format!("guideline: {id}"), 1));
        let folder = tempfile::tempdir().expect("a folder");
        let one = folder.path().join("site/guidelines/acme/one");
        std::fs::create_dir_all(one.join("index.html/x")).expect("in the way");
        let written = exported(&texts, folder.path()).await;
        assert!(
            written.failures.len() == 1 && written.failures[0].contains("acme/one/index.html"),
            "{written:?}"
        );
        for there in ["guidelines/acme/two", "namespaces/acme", "guidelines"] {
            assert!(folder.path().join("site").join(there).join("index.html").is_file(), "{there}");
        }
    }

    /// Every feed that a page links to exists.
    #[tokio::test]
    async fn linked_feeds_are_exported() {
        let texts: Vec<String> =
            crate::format::starter_guidelines().into_iter().map(|(_, text)| text.to_owned()).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let written = exported(&texts, folder.path()).await;
        assert_eq!(written.failures, Vec::<String>::new());
        let (mut open, mut feeds) = (vec![folder.path().join("site")], BTreeSet::new());
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                if entry.path().is_dir() {
                    open.push(entry.path());
                } else if entry.file_name() == "index.html" {
                    #[expect(clippy::disallowed_methods, reason = "a file of this test")]
                    let text = std::fs::read_to_string(entry.path()).expect("a page");
                    feeds.extend(text.split('"').filter(|it| it.starts_with("/feed/")).map(str::to_owned));
                }
            }
        }
        assert!(feeds.len() > texts.len(), "{feeds:?}");
        for feed in feeds {
            assert!(folder.path().join("site").join(&feed[1..]).is_file(), "{feed}");
        }
    }

    #[test]
    fn server_only_parts_are_removed() {
        let text = "a<!--served--><form><!--/served-->b<!--served-->c<!--/served-->";
        assert_eq!(remove_served_parts(text), "ab");
        assert_eq!(
            next_link("<a href=\"/x\">x</a> <a href=\"/y?cursor=n\" rel=\"next\">"),
            Some("/y?cursor=n".to_owned())
        );
        assert_eq!(next_link("nothing"), None);
    }
}
