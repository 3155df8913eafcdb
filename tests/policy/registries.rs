//! `update` over HTTP: registries that answer, and those that are down, slow, old, or lie.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::world::World;

/// A guideline that finds `words`.
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

/// A server on this machine, for as long as the test runs.
struct Server {
    url: String,
    /// The first line of each request, and whether it came with a tag.
    asked: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Server {
    /// Answers each request for a path as `answer` does.
    fn new(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::with_heads(move |head, stream| answer(head.split(' ').nth(1).unwrap_or_default(), stream))
    }

    /// The same, by the whole head of a request.
    fn with_heads(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (notes, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(mut stream), notes, answer) = (stream, Arc::clone(&notes), Arc::clone(&answer))
                else {
                    return;
                };
                std::thread::spawn(move || {
                    let Some(head) = head(&mut stream) else { return };
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    let tagged = head.to_lowercase().contains("if-none-match");
                    notes.lock().expect("a note").push((path, tagged));
                    answer(&head, &mut stream);
                });
            }
        });
        Self { url, asked }
    }

    /// Serves these files, with tags.
    fn files(files: BTreeMap<String, String>) -> Self {
        Self::with_heads(move |head, stream| {
            let path = head.split(' ').nth(1).unwrap_or_default();
            let Some(body) = files.get(path) else { return say(stream, "404 Not Found", "", b"no") };
            let tag = format!("\"{}\"", digest(body));
            if head.contains(&tag) {
                let _ = stream.write_all(
                    format!("HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\nConnection: close\r\n\r\n")
                        .as_bytes(),
                );
            } else {
                say(stream, "200 OK", &format!("ETag: {tag}\r\n"), body.as_bytes());
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

fn say(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    // Whoever asked may be gone.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

/// An index with a standard that holds one guideline in some versions.
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
fn versions_come_over_http_and_nothing_is_said_twice() {
    let server = Server::files(index(&[("1.0.0", "one"), ("1.1.0", "two|three"), ("2.0.0", ".")]));
    let world = world(&[&server.url]);
    let update = world.ends(0, &["update"]);
    assert_eq!(world.read(COPY), guideline("1.1.0", "two|three"), "byte for byte");
    assert!(world.read(".stanchion/lock.toml").contains(&format!("source = \"{}\"", server.url)));
    assert!(
        flat(&update.out).contains("acme/words 2.0.0 is there, outside of what is followed here"),
        "{}",
        update.out
    );
    let asked = std::mem::take(&mut *server.asked.lock().expect("notes"));
    let paths: Vec<&str> = asked.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(paths.len(), 5, "the texts of versions that are not chosen are not asked for: {paths:?}");
    assert!(world.ends(0, &["update"]).out.contains("Everything is current"));
    let asked = std::mem::take(&mut *server.asked.lock().expect("notes"));
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked.iter().all(|it| it.1), "with the tag of the last time: {asked:?}");
    // Nobody is asked by a check.
    assert_eq!(world.report(&[])["summary"]["findings"], 2);
    assert!(server.asked.lock().expect("notes").is_empty());
}

#[test]
fn a_registry_that_did_not_change_need_not_say_it_again() {
    let files = index(&[("1.0.0", "one")]);
    let server = Server::new(move |path, stream| {
        let body = files.get(path).cloned().unwrap_or_default();
        say(stream, "200 OK", "ETag: \"same\"\r\n", body.as_bytes());
    });
    let world = world(&[&server.url]);
    world.ends(0, &["update"]);
    let config = world.read("stanchion.toml");
    let silent = Server::new(|_, stream| say(stream, "304 Not Modified", "", b""));
    // Who was never asked cannot say that nothing changed.
    world.write("stanchion.toml", config.replace(&server.url, &silent.url));
    let update = world.ends(0, &["update"]);
    assert!(
        flat(&update.out).contains("it says that nothing changed, and was not asked for that"),
        "{}",
        update.out
    );
    assert_eq!(world.read(COPY), guideline("1.0.0", "one"));
}

#[test]
fn whatever_a_registry_does_the_copies_stay_and_it_is_said() {
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
        (None, "nobody listens there"),
        (Some(Server::new(|_, stream| say(stream, "503 Busy", "", b"x"))), "it could not answer (503)"),
        (Some(Server::new(|_, stream| say(stream, "401 Who", "", b"x"))), "it wants to know who asks (401)"),
        (Some(Server::new(|_, stream| say(stream, "404 No", "", b"x"))), "it has no index/config.json"),
        (
            Some(Server::new(|_, stream| say(stream, "200 OK", "", b"<html>Sign in</html>"))),
            "a web page came where its index should be",
        ),
        (
            Some(Server::new(|_, stream| say(stream, "200 OK", "", b"{\"v\":7}"))),
            "it is of a later format (7); update stanchion to use it",
        ),
        (Some(Server::new(|_, stream| say(stream, "200 OK", "", &[0xff, 0xfe]))), "is no text"),
        (
            Some(Server::new(|_, stream| {
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"));
            })),
            "the connection broke",
        ),
        (Some(Server::new(|_, stream| drop(stream.write_all(b"nonsense\r\n\r\n")))), "it could not be asked"),
        (
            Some(Server::new(|path, stream| say(stream, "302 Go", &format!("Location: {path}x\r\n"), b""))),
            "it sends elsewhere (302), and is not followed there",
        ),
        (
            Some(Server::new(move |_, stream| say(stream, "200 OK", "Content-Encoding: gzip\r\n", &bomb))),
            "its answer is larger than 4 MiB",
        ),
        (Some(newer("another text")), "is not the one that was published"),
        (Some(newer("")), "is not the one that was published"),
    ];
    for (server, words) in cases {
        let url = server.as_ref().map_or(nobody.as_str(), |it| it.url.as_str());
        let world = world(&[&good.url]);
        world.ends(0, &["update"]);
        let before = (world.read(COPY), world.read(".stanchion/lock.toml"));
        world.write("stanchion.toml", world.read("stanchion.toml").replace(&good.url, url));
        let update = world.ends(0, &["update"]);
        assert!(flat(&update.out).contains(words), "{words} in\n{}", update.out);
        assert_eq!((world.read(COPY), world.read(".stanchion/lock.toml")), before, "{words}");
        assert_eq!(world.report(&[])["summary"]["findings"], 1, "{words}");
    }
}

/// Fifteen seconds are what one that says nothing may cost, and what one may cost that says a little all the time.
#[test]
fn a_slow_registry_is_not_waited_for_for_long_and_others_are_asked() {
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
                return say(stream, "200 OK", "", b"{\"v\":1}");
            }
            std::thread::sleep(Duration::from_mins(1));
        })
    };
    let (first, second) = (late(), late());
    let good = Server::files(index(&[("1.0.0", "one")]));
    let world = world(&[&good.url]);
    world.ends(0, &["update"]);
    std::fs::remove_file(world.path(COPY)).expect("removed");
    let all = [&silent.url, &dripping.url, &first.url, &second.url, &good.url];
    let registries = all.map(|url| format!("\"{url}\"")).join(", ");
    let follow = "follow = [\"acme/base@1\", \"acme/new\"]";
    world.write("stanchion.toml", format!("schema = 1\n{follow}\nregistries = [{registries}]\n"));
    let start = Instant::now();
    let update = world.ends(0, &["update"]);
    assert!(
        start.elapsed() < Duration::from_secs(35),
        "together, not one after the other: {:?}",
        start.elapsed()
    );
    assert_eq!(flat(&update.out).matches("it did not answer within 15 s").count(), 4, "{}", update.out);
    assert_eq!(world.read(COPY), guideline("1.0.0", "one"), "where it came from answers");
    // A name that nobody has had yet may be theirs.
    let words = format!("acme/new has no copy yet, and {} could not be asked", silent.url);
    assert!(flat(&update.out).contains(&words), "{}", update.out);
}

#[test]
fn a_name_comes_from_the_first_registry_that_knows_it() {
    let ours = Server::files(index(&[("1.0.0", "one")]));
    let theirs = Server::files(index(&[("1.9.0", "two")]));
    let world = world(&[&ours.url, &theirs.url]);
    world.ends(0, &["update"]);
    assert_eq!(world.read(COPY), guideline("1.0.0", "one"), "not the higher number of somebody else");
    // Also where everything of it was yanked.
    let mut files = index(&[("1.0.0", "one")]);
    let lines = files.get_mut("/index/acme/words.jsonl").expect("its lines");
    *lines = lines.replace("\"yanked\":false", "\"yanked\":true");
    let yanked = Server::files(files);
    let world = self::world(&[&yanked.url, &theirs.url]);
    let update = world.ends(0, &["update"]);
    assert!(!world.path(COPY).exists(), "{}", update.out);
}

/// Whoever is down keeps his names, and gets them back.
#[test]
fn a_name_is_not_taken_over_while_its_registry_is_down() {
    let ours = Server::files(index(&[("1.0.0", "one")]));
    let theirs = Server::files(index(&[("1.9.0", "two")]));
    let down = "http://127.0.0.1:9";
    let config = |first: &str| {
        format!("schema = 1\nfollow = [\"acme/words\"]\nregistries = [\"{first}\", \"{}\"]\n", theirs.url)
    };
    // Never asked before: nobody knows whose the name is.
    let world = world(&[]);
    world.write("stanchion.toml", config(down));
    let update = world.ends(0, &["update"]);
    assert!(!world.path(COPY).exists(), "{}", update.out);
    assert!(flat(&update.out).contains("nobody else is asked instead"), "{}", update.out);
    assert!(!update.out.contains("nothing is followed by name"), "{}", update.out);
    // One that cannot say it either: lines of a later format.
    let later = Server::files(BTreeMap::from([
        ("/index/config.json".to_owned(), "{\"v\":1}\n".to_owned()),
        ("/index/acme/words.jsonl".to_owned(), "{\"v\":2}\n".to_owned()),
    ]));
    world.write("stanchion.toml", config(&later.url));
    assert!(flat(&world.ends(0, &["update"]).out).contains("later format (2)"));
    assert!(!world.path(COPY).exists());
    // Where the copy came from is who is asked, whoever is named before.
    world.write("stanchion.toml", config(&ours.url));
    world.ends(0, &["update"]);
    assert_eq!(world.read(COPY), guideline("1.0.0", "one"));
    let (first, second) = (format!("\"{}\"", theirs.url), format!("\"{}\"", ours.url));
    let swapped = format!("schema = 1\nfollow = [\"acme/words\"]\nregistries = [{first}, {second}]\n");
    world.write("stanchion.toml", swapped);
    world.ends(0, &["update"]);
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
    let update = world.ends(0, &["update"]);
    assert!(flat(&update.out).contains("another sort of text"), "{}", update.out);
    assert_eq!((world.read(COPY), world.read(".stanchion/lock.toml")), (guideline("1.0.0", "one"), lock));
}

/// What is not encrypted does not leave this machine.
#[test]
fn nothing_goes_in_clear_text_to_a_proxy_or_to_where_an_answer_sends() {
    let good = Server::files(index(&[("1.0.0", "one")]));
    let proxy = Server::new(|_, stream| say(stream, "200 OK", "", b"{\"v\":1}"));
    let world = world(&[&good.url]);
    for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "http_proxy", "all_proxy"] {
        let update = world.command().env(name, &proxy.url).arg("update").output().expect("it runs");
        assert!(update.status.success());
    }
    assert_eq!(world.read(COPY), guideline("1.0.0", "one"));
    assert!(proxy.asked.lock().expect("notes").is_empty(), "{:?}", proxy.asked.lock().expect("notes"));
    let elsewhere = good.url.clone();
    let sends = Server::new(move |path, stream| {
        say(stream, "302 Found", &format!("Location: {elsewhere}{path}\r\n"), b"");
    });
    let world = self::world(&[&sends.url]);
    let update = world.ends(0, &["update"]);
    assert!(flat(&update.out).contains("it sends elsewhere (302), and is not followed"), "{}", update.out);
    assert!(!world.path(COPY).exists());
}

/// No file of a repository says where a key goes.
#[test]
fn a_key_goes_where_its_owner_said() {
    let server = Server::new(|_, stream| say(stream, "201 Created", "", b"{}"));
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
        let output = command.output().expect("it runs");
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), flat(&text))
    };
    // What a registry would refuse is told before anything is sent.
    for (old, new, words) in [
        (
            "    text: { files: [\"**/*.txt\"], find: \"one\" }\n",
            "    data: { files: [\"**/*.json\"], assert-file: s.json }\n",
            "a registry keeps this text alone",
        ),
        ("version: 1.0.0", "version: 1.0.0+build", "names a build"),
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
        assert!(server.asked.lock().expect("notes").is_empty());
    }
    for (arguments, variables) in [
        (&["--registry", &server.url][..], &[("STANCHION_TOKEN", key)][..]),
        (&["--registry", &server.url, "--token-file", "key"], &[]),
        (&[], &[("STANCHION_TOKEN", key), ("STANCHION_REGISTRY", &server.url)]),
    ] {
        let (ended, text) = publish(arguments, variables);
        assert!(ended, "{text}");
        assert_eq!(std::mem::take(&mut *server.asked.lock().expect("notes")).len(), 1);
    }
}

/// A registry that has too much to do says when to come again.
#[test]
fn publishing_waits_for_a_registry_that_has_too_much_to_do() {
    let times = Arc::new(Mutex::new(0));
    let server = Server::new(move |_, stream| {
        let mut times = times.lock().expect("a number");
        *times += 1;
        match *times {
            1 => say(stream, "503 Busy", "Retry-After: 1\r\n", b"{}"),
            2 => say(stream, "429 Often", "Retry-After: 1\r\n", b"{}"),
            _ => say(stream, "201 Created", "", b"{}"),
        }
    });
    let world = world(&[]);
    world.write("guidelines/words.md", guideline("1.0.0", "one"));
    let mut command = world.command();
    command
        .args(["publish", "--registry", &server.url])
        .env("STANCHION_TOKEN", format!("stn_{}", "0a".repeat(32)));
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(server.asked.lock().expect("notes").len(), 3);
}
