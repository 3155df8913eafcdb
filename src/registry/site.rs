//! The pages as files, made by the same routes that serve them. What only a server can answer (searching, accounts, the
//! API) is marked in the templates and left out.

use std::collections::BTreeSet;
use std::path::Path;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::export::{ExportError, noted, write};
use super::http::{Site, router};
use super::store::{Kind, Store};

/// What a template puts around a part that only a server can answer.
const SERVED: (&str, &str) = ("<!--served-->", "<!--/served-->");

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Pages.
    pub(super) pages: usize,
    /// A line for each that could not be made or written.
    pub(super) wrong: Vec<String>,
}

/// Writes every page below `folder`.
///
/// # Errors
/// What the database says; what was written until then is whole.
pub(super) async fn export(site: Site, store: &Store, folder: &Path) -> Result<Written, ExportError> {
    let mut pages = Pages { router: router(site), folder, written: Written::default() };
    for address in ["/", "/stages"] {
        pages.one(address).await?;
    }
    for list in ["/guidelines", "/standards", "/namespaces"] {
        pages.list(list).await?;
    }
    let home = pages.text("/").await.unwrap_or_default();
    if let Some(style) = home.split('"').find(|part| part.starts_with("/static/")) {
        pages.file(style).await?;
    }
    for feed in ["changes", "guidelines", "standards"] {
        pages.file(&format!("/feed/{feed}.atom")).await?;
    }
    let mut namespaces = BTreeSet::new();
    for kind in [Kind::Guideline, Kind::Standard] {
        for name in store.every_name(kind).await? {
            let base = format!("/{}/{}/{}", kind.plural(), name.namespace, name.slug);
            pages.one(&base).await?;
            pages.file(&format!("/feed/names/{}/{}.atom", name.namespace, name.slug)).await?;
            let mut before: Option<String> = None;
            for version in store.versions(&name.namespace, &name.slug).await? {
                pages.one(&format!("{base}/{}", version.version)).await?;
                if let (Some(before), Kind::Guideline) = (before, kind) {
                    pages.one(&format!("{base}/compare/{before}...{}", version.version)).await?;
                }
                before = Some(version.version);
            }
            namespaces.insert(name.namespace);
        }
    }
    for namespace in namespaces {
        pages.one(&format!("/namespaces/{namespace}")).await?;
        pages.file(&format!("/feed/namespaces/{namespace}.atom")).await?;
    }
    Ok(pages.written)
}

struct Pages<'p> {
    router: Router,
    folder: &'p Path,
    written: Written,
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
    async fn file(&mut self, address: &str) -> Result<(), ExportError> {
        let done = match self.bytes(address).await {
            Ok(bytes) => write(&self.folder.join(&address[1..]), &bytes),
            Err(error) => Err(error),
        };
        noted(done, &mut self.written.wrong).map(|_| ())
    }

    /// Writes a page as the index of a folder of its own.
    async fn one(&mut self, address: &str) -> Result<(), ExportError> {
        match self.text(address).await {
            Ok(text) => self.page(address, &without_served(&text)),
            Err(error) => noted(Err(error), &mut self.written.wrong).map(|_| ()),
        }
    }

    /// Writes the text of a page where `place` leads.
    fn page(&mut self, place: &str, text: &str) -> Result<(), ExportError> {
        let done = write(&self.folder.join(&place[1..]).join("index.html"), text.as_bytes());
        self.written.pages += usize::from(noted(done, &mut self.written.wrong)?);
        Ok(())
    }

    /// Writes a list in as many pages as it has, each leading to the next.
    async fn list(&mut self, base: &str) -> Result<(), ExportError> {
        let (mut address, mut place, mut number) = (base.to_owned(), base.to_owned(), 1);
        loop {
            let mut text = match self.text(&address).await {
                Ok(text) => without_served(&text),
                Err(error) => return noted(Err(error), &mut self.written.wrong).map(|_| ()),
            };
            let next = next_of(&text);
            number += 1;
            let there = place_of(base, number);
            if let Some(next) = &next {
                text = text.replace(
                    &format!("href=\"{next}\" rel=\"next\""),
                    &format!("href=\"{there}/\" rel=\"next\""),
                );
            }
            self.page(&place, &text)?;
            let Some(next) = next else { return Ok(()) };
            place = there;
            address = next.replace("&amp;", "&").replace("&#38;", "&");
        }
    }
}

/// Where a later page of a list lies: in a folder that no namespace can be called.
fn place_of(base: &str, number: usize) -> String {
    format!("{base}/page.{number}")
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
    use crate::registry::flow::prepare;

    /// A site of these texts, as files.
    async fn exported(texts: &[String], folder: &Path) -> Written {
        let store = Store::open_sqlite(&folder.join("registry.sqlite")).await.expect("opened");
        for text in texts {
            let new = prepare(Kind::Guideline, "x.md", text, "tests", 5).expect("a version");
            store.publish(&new).await.expect("published");
        }
        let site = Site {
            store: store.clone(),
            now_ms: || 1_000_000,
            random: || None,
            public: None,
            provider: None,
            worker: None,
            numbers: std::sync::Arc::default(),
            quiet: true,
        };
        export(site, &store, &folder.join("site")).await.expect("exported")
    }

    #[tokio::test]
    async fn no_guideline_takes_the_place_of_a_page_of_the_list() {
        let (_, text) = crate::format::starter().into_iter().next().expect("one");
        let line = text.lines().find(|line| line.starts_with("guideline: ")).expect("the line");
        let named = |id: &str| text.replacen(line, &format!("guideline: {id}"), 1);
        let mut texts: Vec<String> = (0..60).map(|number| named(&format!("acme/n-{number}"))).collect();
        texts.extend(["pages/2", "page/2", "page-2/x"].map(named));
        let folder = tempfile::tempdir().expect("a folder");
        let written = exported(&texts, folder.path()).await;
        assert_eq!(written.wrong, Vec::<String>::new());
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
        assert!(crate::model::GuidelineId::new("page.2/x").is_err(), "no namespace is called so");
    }

    #[tokio::test]
    async fn a_page_that_cannot_be_written_is_named_and_the_rest_is_there() {
        let (_, text) = crate::format::starter().into_iter().next().expect("one");
        let line = text.lines().find(|line| line.starts_with("guideline: ")).expect("the line");
        let texts = ["acme/one", "acme/two"].map(|id| text.replacen(line, &format!("guideline: {id}"), 1));
        let folder = tempfile::tempdir().expect("a folder");
        let one = folder.path().join("site/guidelines/acme/one");
        std::fs::create_dir_all(one.join("index.html/x")).expect("in the way");
        let written = exported(&texts, folder.path()).await;
        assert!(written.wrong.len() == 1 && written.wrong[0].contains("acme/one/index.html"), "{written:?}");
        for there in ["guidelines/acme/two", "namespaces/acme", "guidelines"] {
            assert!(folder.path().join("site").join(there).join("index.html").is_file(), "{there}");
        }
    }

    /// A reader of feeds that somebody gives a page finds the feed that it names.
    #[tokio::test]
    async fn the_feeds_that_pages_name_are_there() {
        let texts: Vec<String> =
            crate::format::starter().into_iter().map(|(_, text)| text.to_owned()).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let written = exported(&texts, folder.path()).await;
        assert_eq!(written.wrong, Vec::<String>::new());
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
