//! `update` and `publish` over HTTP: working registries, and unavailable, slow, outdated or malicious ones.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::world::World;

/// Guideline text that finds `words`.
fn guideline(version: &str, words: &str) -> String {
    format!(
        "---\nschema: 1\nguideline: acme/words\nversion: {version}\ntitle: No words\nsummary: Words are found.\nstage: trial\nowner: test\nchecks:\n  - id: words\n    text: {{ files: [\"**/*.txt\"], find: \"{words}\" }}\n    message: a word\n---\n# No words\n\n## Why\nTo test {version}.\n"
    )
}

fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn line(kind: &str, name: &str, version: &str, text: &str) -> String {
    let sha256 = digest(text);
    format!(
        "{{\"v\":1,\"kind\":\"{kind}\",\"name\":\"{name}\",\"version\":\"{version}\",\"sha256\":\"{sha256}\",\"yanked\":false}}\n"
    )
}

/// HTTP server on the loopback interface, for the duration of a test.
struct Server {
    url: String,
    /// Path of each request, and whether it had an `If-None-Match` header.
    requests: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Server {
    /// Starts a server that passes the path of each request to `respond`.
    fn new(respond: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::with_heads(move |head, stream| respond(head.split(' ').nth(1).unwrap_or_default(), stream))
    }

    /// Like `new`, but passes the whole head of a request.
    fn with_heads(respond: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, respond) = (Arc::clone(&requests), Arc::new(respond));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(mut stream), log, respond) = (stream, Arc::clone(&log), Arc::clone(&respond)) else {
                    return;
                };
                std::thread::spawn(move || {
                    let Some(head) = head(&mut stream) else { return };
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    let tagged = head.to_lowercase().contains("if-none-match");
                    log.lock().expect("the log of requests").push((path, tagged));
                    respond(&head, &mut stream);
                });
            }
        });
        Self { url, requests }
    }

    /// Serves these files with ETags, and responds 304 to a matching `If-None-Match`.
    fn files(files: BTreeMap<String, String>) -> Self {
        Self::with_heads(move |head, stream| {
            let path = head.split(' ').nth(1).unwrap_or_default();
            let Some(body) = files.get(path) else { return respond_with(stream, "404 Not Found", "", b"no") };
            let tag = format!("\"{}\"", digest(body));
            if head.contains(&tag) {
                let _ = stream.write_all(
                    format!("HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\nConnection: close\r\n\r\n")
                        .as_bytes(),
                );
            } else {
                respond_with(stream, "200 OK", &format!("ETag: {tag}\r\n"), body.as_bytes());
            }
        })
    }
}

fn head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).ok()
}

fn respond_with(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    // The client may have closed the connection.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

/// Files of a registry index with a standard and one guideline in these versions.
fn index(versions: &[(&str, &str)]) -> BTreeMap<String, String> {
    let standard = "schema = 1\nstandard = \"acme/base\"\nversion = \"1.0.0\"\ntitle = \"Base\"\nowner = \"test\"\n[guidelines]\n\"acme/words\" = \"^1\"\n";
    let mut files = BTreeMap::from([
        ("/index/config.json".to_owned(), "{\"v\":1}\n".to_owned()),
        ("/index/acme/base.jsonl".to_owned(), line("standard", "acme/base", "1.0.0", standard)),
        (format!("/blob/{}.toml", digest(standard)), standard.to_owned()),
    ]);
    for (version, words) in versions {
        let text = guideline(version, words);
        files.entry("/index/acme/words.jsonl".to_owned()).or_default().push_str(&line(
            "guideline",
            "acme/words",
            version,
            &text,
        ));
        files.insert(format!("/blob/{}.md", digest(&text)), text);
    }
    files
}

fn world(registries: &[&str]) -> World {
    let world = World::new();
    let list: Vec<String> = registries.iter().map(|it| format!("\"{it}\"")).collect();
    world.write(
        "stanchion.toml",
        format!("schema = 1\nfollow = [\"acme/base@1\"]\nregistries = [{}]\n", list.join(", ")),
    );
    world.write("a.txt", "one\ntwo\nthree\n");
    world
}

const COPY: &str = ".stanchion/guidelines/acme/words.md";

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn versions_are_fetched_over_http_with_conditional_requests() {
    let server = Server::files(index(&[("1.0.0", "one"), ("1.1.0", "two|three"), ("2.0.0", ".")]));
    let world = world(&[&server.url]);
    let update = world.run_expecting(0, &["update"]);
    assert_eq!(world.read(COPY), guideline("1.1.0", "two|three"), "the copy must equal the published bytes");
    assert!(world.read(".stanchion/lock.toml").contains(&format!("source = \"{}\"", server.url)));
    assert!(
        flat(&update.out).contains("acme/words 2.0.0 is available, but outside the followed range"),
        "{}",
        update.out
    );
    let requests = std::mem::take(&mut *server.requests.lock().expect("the log of requests"));
    let paths: Vec<&str> = requests.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(paths.len(), 5, "texts of versions that are not chosen must not be requested: {paths:?}");
    assert!(world.run_expecting(0, &["update"]).out.contains("Everything is up to date"));
    let requests = std::mem::take(&mut *server.requests.lock().expect("the log of requests"));
    assert_eq!(requests.len(), 3, "{requests:?}");
    assert!(
        requests.iter().all(|it| it.1),
        "each request must have the ETag of the last response: {requests:?}"
    );
    // `check` never contacts a registry.
    assert_eq!(world.report(&[])["summary"]["findings"], 2);
    assert!(server.requests.lock().expect("the log of requests").is_empty());
}

#[test]
fn a_304_response_is_valid_only_for_a_cached_index() {
    let files = index(&[("1.0.0", "one")]);
    let server = Server::new(move |path, stream| {
        let body = files.get(path).cloned().unwrap_or_default();
        respond_with(stream, "200 OK", "ETag: \"same\"\r\n", body.as_bytes());
    });
    let world = world(&[&server.url]);
    world.run_expecting(0, &["update"]);
    let config = world.read("stanchion.toml");
    let silent = Server::new(|_, stream| respond_with(stream, "304 Not Modified", "", b""));
    // A 304 response is invalid for a registry whose index is not cached.
    world.write("stanchion.toml", config.replace(&server.url, &silent.url));
    let update = world.run_expecting(0, &["update"]);
    assert!(
        flat(&update.out).contains("it returned 304 (Not Modified) to an unconditional request"),
        "{}",
        update.out
    );
    assert_eq!(world.read(COPY), guideline("1.0.0", "one"));
}

#[test]
fn a_failing_registry_is_reported_and_the_copies_stay() {
    let good = Server::files(index(&[("1.0.0", "one")]));
    let sha = digest(&guideline("1.1.0", "two"));
    let newer = move |body: &'static str| {
        let mut files = index(&[("1.0.0", "one"), ("1.1.0", "two")]);
        files.insert(format!("/blob/{sha}.md"), body.to_owned());
        Server::files(files)
    };
    let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    bomb.extend(miniz_oxide::deflate::compress_to_vec(&vec![b' '; 64 << 20], 6));
    bomb.extend([0; 8]);
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let cases: Vec<(Option<Server>, &str)> = vec![
        (None, "connection failed"),
        (
            Some(Server::new(|_, stream| respond_with(stream, "503 Busy", "", b"x"))),
            "it returned a server error (503)",
        ),
        (
            Some(Server::new(|_, stream| respond_with(stream, "401 Who", "", b"x"))),
            "it requires authentication (401)",
        ),
        (
            Some(Server::new(|_, stream| respond_with(stream, "404 No", "", b"x"))),
            "index/config.json is missing",
        ),
        (
            Some(Server::new(|_, stream| respond_with(stream, "200 OK", "", b"<html>Sign in</html>"))),
            "it returned a web page instead of its index",
        ),
        (
            Some(Server::new(|_, stream| respond_with(stream, "200 OK", "", b"{\"v\":7}"))),
            "its format version 7 is not supported; update stanchion to use it",
        ),
        (Some(Server::new(|_, stream| respond_with(stream, "200 OK", "", &[0xff, 0xfe]))), "is not UTF-8"),
        (
            Some(Server::new(|_, stream| {
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"));
            })),
            "connection error",
        ),
        (Some(Server::new(|_, stream| drop(stream.write_all(b"nonsense\r\n\r\n")))), "the request failed"),
        (
            Some(Server::new(|path, stream| {
                respond_with(stream, "302 Go", &format!("Location: {path}x\r\n"), b"");
            })),
            "it returned a redirect (302), which is not followed",
        ),
        (
            Some(Server::new(move |_, stream| {
                respond_with(stream, "200 OK", "Content-Encoding: gzip\r\n", &bomb);
            })),
            "its response is larger than 4 MiB",
        ),
        (Some(newer("another text")), "checksum mismatch"),
        (Some(newer("")), "checksum mismatch"),
    ];
    for (server, words) in cases {
        let url = server.as_ref().map_or(nobody.as_str(), |it| it.url.as_str());
        let world = world(&[&good.url]);
        world.run_expecting(0, &["update"]);
        let before = (world.read(COPY), world.read(".stanchion/lock.toml"));
        world.write("stanchion.toml", world.read("stanchion.toml").replace(&good.url, url));
        let update = world.run_expecting(0, &["update"]);
        assert!(flat(&update.out).contains(words), "{words} in\n{}", update.out);
        assert_eq!((world.read(COPY), world.read(".stanchion/lock.toml")), before, "{words}");
        assert_eq!(world.report(&[])["summary"]["findings"], 1, "{words}");
    }
}

/// The timeout of 15 s applies to a registry that sends nothing and to one that sends a few bytes all the
/// time.
#[test]
fn a_slow_registry_times_out_and_others_are_still_queried() {
    let silent = Server::new(|_, _| std::thread::sleep(Duration::from_mins(1)));
    let dripping = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n");
        for _ in 0..600 {
            if stream.write_all(b" ").is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let late = || {
        Server::new(|path, stream| {
            if path == "/index/config.json" {
                return respond_with(stream, "200 OK", "", b"{\"v\":1}");
            }
            std::thread::sleep(Duration::from_mins(1));
        })
    };
    let (first, second) = (late(), late());
    let good = Server::files(index(&[("1.0.0", "one")]));
    let world = world(&[&good.url]);
    world.run_expecting(0, &["update"]);
    std::fs::remove_file(world.path(COPY)).expect("removed");
    let all = [&silent.url, &dripping.url, &first.url, &second.url, &good.url];
    let registries = all.map(|url| format!("\"{url}\"")).join(", ");
    let follow = "follow = [\"acme/base@1\", \"acme/new\"]";
    world.write("stanchion.toml", format!("schema = 1\n{follow}\nregistries = [{registries}]\n"));
    let start = Instant::now();
    let update = world.run_expecting(0, &["update"]);
    assert!(
        start.elapsed() < Duration::from_secs(35),
        "registries must be queried concurrently, not in sequence: {:?}",
        start.elapsed()
    );
    assert_eq!(flat(&update.out).matches("it did not respond within 15 s").count(), 4, "{}", update.out);
    assert_eq!(world.read(COPY), guideline("1.0.0", "one"), "the registry of the copy is available");
    // The unavailable registry may list the name, so no other registry is used for a guideline without a
    // copy.
    let words = format!("acme/new has no copy yet, and {} is unavailable", silent.url);
    assert!(flat(&update.out).contains(&words), "{}", update.out);
}

#[test]
fn a_name_resolves_to_the_first_registry_that_lists_it() {
    let ours = Server::files(index(&[("1.0.0", "one")]));
    let theirs = Server::files(index(&[("1.9.0", "two")]));
    let world = world(&[&ours.url, &theirs.url]);
    world.run_expecting(0, &["update"]);
    assert_eq!(
        world.read(COPY),
        guideline("1.0.0", "one"),
        "a later registry must not win with a higher version"
    );
    // The same holds when the first registry yanked every version.
    let mut files = index(&[("1.0.0", "one")]);
    let lines = files.get_mut("/index/acme/words.jsonl").expect("its lines");
    *lines = lines.replace("\"yanked\":false", "\"yanked\":true");
    let yanked = Server::files(files);
    let world = self::world(&[&yanked.url, &theirs.url]);
    let update = world.run_expecting(0, &["update"]);
    assert!(!world.path(COPY).exists(), "{}", update.out);
    assert!(flat(&update.out).contains("apart from 1.0.0, which was yanked"), "{}", update.out);
}

/// An unavailable registry keeps its names until it is available again.
#[test]
fn a_name_is_not_taken_over_while_its_registry_is_down() {
    let ours = Server::files(index(&[("1.0.0", "one")]));
    let theirs = Server::files(index(&[("1.9.0", "two")]));
    let down = "http://127.0.0.1:9";
    let config = |first: &str| {
        format!("schema = 1\nfollow = [\"acme/words\"]\nregistries = [\"{first}\", \"{}\"]\n", theirs.url)
    };
    // Without a cached index it is unknown which registry lists the name.
    let world = world(&[]);
    world.write("stanchion.toml", config(down));
    let update = world.run_expecting(0, &["update"]);
    assert!(!world.path(COPY).exists(), "{}", update.out);
    assert!(flat(&update.out).contains("no other registry is used instead"), "{}", update.out);
    assert!(!update.out.contains("nothing is followed by name"), "{}", update.out);
    // An index in a later format does not answer it either.
    let later = Server::files(BTreeMap::from([
        ("/index/config.json".to_owned(), "{\"v\":1}\n".to_owned()),
        ("/index/acme/words.jsonl".to_owned(), "{\"v\":2}\n".to_owned()),
    ]));
    world.write("stanchion.toml", config(&later.url));
    assert!(flat(&world.run_expecting(0, &["update"]).out).contains("format version 2 is not supported"));
    assert!(!world.path(COPY).exists());
    // The registry of an existing copy is queried, even when another one comes first in `registries`.
    world.write("stanchion.toml", config(&ours.url));
    world.run_expecting(0, &["update"]);
    assert_eq!(world.read(COPY), guideline("1.0.0", "one"));
    let (first, second) = (format!("\"{}\"", theirs.url), format!("\"{}\"", ours.url));
    let swapped = format!("schema = 1\nfollow = [\"acme/words\"]\nregistries = [{first}, {second}]\n");
    world.write("stanchion.toml", swapped);
    world.run_expecting(0, &["update"]);
    assert_eq!(world.read(COPY), guideline("1.0.0", "one"));
    // A guideline does not become a standard.
    let standard = "schema = 1\nstandard = \"acme/words\"\nversion = \"9.0.0\"\ntitle = \"X\"\nowner = \"x\"\n[guidelines]\n\"evil/x\" = \"^1\"\n";
    let turned = Server::files(BTreeMap::from([
        ("/index/config.json".to_owned(), "{\"v\":1}\n".to_owned()),
        ("/index/acme/words.jsonl".to_owned(), line("standard", "acme/words", "9.0.0", standard)),
        (format!("/blob/{}.toml", digest(standard)), standard.to_owned()),
    ]));
    let lock = world.read(".stanchion/lock.toml").replace(&ours.url, &turned.url);
    world.write(".stanchion/lock.toml", &lock);
    world.write("stanchion.toml", config(&turned.url));
    let update = world.run_expecting(0, &["update"]);
    assert!(flat(&update.out).contains("of a different kind"), "{}", update.out);
    assert_eq!((world.read(COPY), world.read(".stanchion/lock.toml")), (guideline("1.0.0", "one"), lock));
}

/// Plain HTTP is used for loopback addresses only.
#[test]
fn plain_http_is_never_sent_to_a_proxy_or_a_redirect_target() {
    let good = Server::files(index(&[("1.0.0", "one")]));
    let proxy = Server::new(|_, stream| respond_with(stream, "200 OK", "", b"{\"v\":1}"));
    let world = world(&[&good.url]);
    for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "http_proxy", "all_proxy"] {
        let update =
            world.command().env(name, &proxy.url).arg("update").output().expect("the program should start");
        assert!(update.status.success());
    }
    assert_eq!(world.read(COPY), guideline("1.0.0", "one"));
    assert!(
        proxy.requests.lock().expect("the log of requests").is_empty(),
        "{:?}",
        proxy.requests.lock().expect("the log of requests")
    );
    let elsewhere = good.url.clone();
    let sends = Server::new(move |path, stream| {
        respond_with(stream, "302 Found", &format!("Location: {elsewhere}{path}\r\n"), b"");
    });
    let world = self::world(&[&sends.url]);
    let update = world.run_expecting(0, &["update"]);
    assert!(
        flat(&update.out).contains("it returned a redirect (302), which is not followed"),
        "{}",
        update.out
    );
    assert!(!world.path(COPY).exists());
}

/// No file of a repository decides which registry receives a token.
#[test]
fn a_token_is_sent_only_to_a_registry_that_the_user_names() {
    let server = Server::new(|_, stream| respond_with(stream, "201 Created", "", b"{}"));
    let world = world(&[&server.url]);
    world.write("guidelines/words.md", guideline("1.0.0", "one"));
    world.write("key", format!("stn_{}\n", "0a".repeat(32)));
    let publish = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = world.command();
        command.arg("publish").args(arguments).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .env("HOME", world.path("nobody"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(variables.iter().copied());
        let output = command.output().expect("the program should start");
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), flat(&text))
    };
    // A text that every registry refuses is reported before anything is sent.
    for (old, new, words) in [
        (
            "    text: { files: [\"**/*.txt\"], find: \"one\" }\n",
            "    data: { files: [\"**/*.json\"], assert-file: s.json }\n",
            "a registry stores only the guideline itself",
        ),
        ("version: 1.0.0", "version: 1.0.0+build", "must not contain build metadata"),
    ] {
        world.write("guidelines/words.md", guideline("1.0.0", "one").replace(old, new));
        world.write("guidelines/s.json", "{}");
        let (ended, text) = publish(&["--dry-run"], &[]);
        assert!(!ended && text.contains(words), "{text}");
    }
    world.write("guidelines/words.md", guideline("1.0.0", "one"));
    let key = world.read("key");
    let key = key.trim();
    for (arguments, variables) in
        [(&[][..], &[("STANCHION_TOKEN", key)][..]), (&["--token-file", "key"], &[])]
    {
        let (ended, text) = publish(arguments, variables);
        assert!(!ended && text.contains("--registry"), "{text}");
        assert!(server.requests.lock().expect("the log of requests").is_empty());
    }
    for (arguments, variables) in [
        (&["--registry", &server.url][..], &[("STANCHION_TOKEN", key)][..]),
        (&["--registry", &server.url, "--token-file", "key"], &[]),
        (&[], &[("STANCHION_TOKEN", key), ("STANCHION_REGISTRY", &server.url)]),
    ] {
        let (ended, text) = publish(arguments, variables);
        assert!(ended, "{text}");
        assert_eq!(std::mem::take(&mut *server.requests.lock().expect("the log of requests")).len(), 1);
    }
}

/// The registry responds with `Retry-After`, and `publish` waits for that time.
#[test]
fn publish_retries_after_a_rate_limit() {
    let times = Arc::new(Mutex::new(0));
    let server = Server::new(move |_, stream| {
        let mut times = times.lock().expect("the number of requests");
        *times += 1;
        match *times {
            1 => respond_with(stream, "503 Busy", "Retry-After: 1\r\n", b"{}"),
            2 => respond_with(stream, "429 Often", "Retry-After: 1\r\n", b"{}"),
            _ => respond_with(stream, "201 Created", "", b"{}"),
        }
    });
    let world = world(&[]);
    world.write("guidelines/words.md", guideline("1.0.0", "one"));
    let mut command = world.command();
    command
        .args(["publish", "--registry", &server.url])
        .env("STANCHION_TOKEN", format!("stn_{}", "0a".repeat(32)));
    let output = command.output().expect("the program should start");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(server.requests.lock().expect("the log of requests").len(), 3);
}
