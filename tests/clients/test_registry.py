"""The registry, with real requests, a real browser, and copies from an exported index."""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

import feedparser
from world import CLIENTS, ROOT, Case, guideline

PROGRAM = ROOT / "target/debug/stanchion-registry"


STANDARD = """schema = 1
standard = "acme/base"
version = "1.0.0"
title = "What we all do"
owner = "acme"
[guidelines]
"acme/leftovers" = "^1"
"acme/elsewhere" = "^2"
"""


class Registry(Case):
    def setUp(self):
        super().setUp()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.server = subprocess.Popen(
            [PROGRAM, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", self.folder / "data"],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        for _ in range(200):
            try:
                self.get("/readyz")
                return
            except OSError:
                time.sleep(0.05)
        self.fail("the registry did not start")

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return answer.read().decode()

    def token(self, namespace):
        """Creates a token for a namespace and returns its file."""
        made = self.run_program(PROGRAM, "token", namespace, "--for", "tests", "--data", self.folder / "data", cwd=self.folder)
        file = self.folder / f"key-{namespace}"
        file.write_text(made.stdout)
        return file

    def publish(self, *texts):
        """Publishes texts with the command of the operator."""
        for number, (ending, text) in enumerate(texts):
            file = self.folder / f"published-{number}.{ending}"
            file.write_text(text)
            self.run_program(PROGRAM, "publish", file, "--data", self.folder / "data", cwd=self.folder)

    def test_pages_are_valid_and_accessible(self):
        pages = self.folder / "pages"
        pages.mkdir()
        text = guideline("acme/leftovers", "TODO", "`TODO` is left: <b>`x")
        self.publish(
            ("md", text),
            ("md", text.replace("version: 1.2.0", "version: 1.3.0").replace("Because <b>of</b> it.", "Because no one <i>comes back</i>.")),
            ("toml", STANDARD),
        )
        addresses = [
            "/", "/guidelines", "/guidelines?q=keys&stage=practice&topic=secrets", "/guidelines?q=nothing-holds-this",
            "/guidelines/resilience/http-timeouts", "/guidelines/acme/leftovers/1.2.0",
            "/guidelines/acme/leftovers/compare/1.2.0...1.3.0", "/standards", "/standards/acme/base", "/stages",
            "/namespaces", "/namespaces/acme", "/api",
        ]
        for number, address in enumerate(addresses):
            (pages / f"{number}.html").write_text(self.get(address))
        with self.assertRaises(urllib.error.HTTPError) as wrong:
            self.get("/guidelines?stage=best&changed_since=soon&q=keys")
        self.assertEqual(wrong.exception.status, 422)
        answer = wrong.exception.read().decode()
        wrong.exception.close()
        self.assertIn('value="soon"', answer, "the input must be kept")
        (pages / "wrong.html").write_text(answer)
        with self.assertRaises(urllib.error.HTTPError) as missing:
            self.get("/nothing/here")
        (pages / "missing.html").write_text(missing.exception.read().decode())
        missing.exception.close()
        (self.folder / ".htmlvalidate.json").write_text(json.dumps({
            "root": True,
            "extends": ["html-validate:standard"],
            "rules": {"long-title": "off", "no-raw-characters": "off", "void-style": "off", "no-trailing-whitespace": "off"},
        }))
        self.run_program(CLIENTS / "js/node_modules/.bin/html-validate", *sorted(pages.iterdir()), cwd=self.folder)
        for address in [*addresses, "/nothing/here", "/guidelines?stage=best&changed_since=soon&q=keys"]:
            url = f"http://127.0.0.1:{self.port}{address}"
            done = self.run_program("node", ROOT / "tests/clients/browser.mjs", CLIENTS / "js", url, self.folder / "profile", cwd=self.folder)
            seen = json.loads(done.stdout)
            self.assertEqual((seen["violations"], seen["overflow"]), ([], []), address)
            # The page loads only its own style sheet, and nothing from another host.
            self.assertEqual({it.split("/static/")[0] for it in seen["requests"]}, {f"http://127.0.0.1:{self.port}"})

    def test_an_export_has_the_same_bytes_as_the_registry(self):
        site = self.folder / "site"
        self.run_program(PROGRAM, "export", site, "--data", self.folder / "data", cwd=self.folder)
        # The exported files equal the responses of the server.
        for path in ["/index/config.json", "/index/resilience/http-timeouts.jsonl"]:
            self.assertEqual((site / path[1:]).read_text(), self.get(path))
        repo = self.folder / "repository"
        repo.mkdir()
        (repo / "stanchion.toml").write_text(f'schema = 1\nfollow = ["resilience/http-timeouts@1"]\nregistries = ["{site}"]\n')
        self.run_program("stanchion", "update", cwd=repo)
        copy = (repo / ".stanchion/guidelines/resilience/http-timeouts.md").read_text()
        line = json.loads(self.get("/index/resilience/http-timeouts.jsonl"))
        self.assertEqual(copy, self.get(f"/blob/{line['sha256']}.md"))

    def test_a_published_guideline_reaches_other_repositories(self):
        ours = self.folder / "ours"
        (ours / "guidelines").mkdir(parents=True)
        text = guideline("acme/leftovers", "TODO", "`TODO` is left")
        (ours / "guidelines/leftovers.md").write_text(text)
        (ours / "guidelines/base.toml").write_text(STANDARD)
        url = f"http://127.0.0.1:{self.port}"
        publish = ["stanchion", "publish", "--registry", url]
        dry = self.run_program(*publish, "--dry-run", cwd=ours)
        self.assertIn("2 would be published", dry.stdout)
        without = self.run_program(*publish, cwd=ours, status=2)
        self.assertIn("requires a token, and none was found", without.stderr)
        other = self.run_program(*publish, "--token-file", self.token("other"), cwd=ours, status=2)
        self.assertIn("does not allow publishing in this namespace", " ".join(other.stdout.split()))
        key = self.token("acme")
        first = self.run_program(*publish, "--token-file", key, cwd=ours)
        self.assertIn("Published 2", first.stdout)
        # The credential helper of git can also supply the token.
        config = self.folder / "gitconfig"
        config.write_text(f'[credential]\n  helper = "!f() {{ echo username=x; echo password=$(cat {key}); }}; f"\n')
        again = self.run_program(*publish, cwd=ours, environment={"GIT_CONFIG_GLOBAL": str(config)})
        self.assertIn("already has every version", again.stdout)
        (ours / "guidelines/leftovers.md").write_text(text + "\nMore.\n")
        changed = self.run_program(*publish, cwd=ours, status=2, environment={"STANCHION_TOKEN": key.read_text()})
        self.assertIn("permanent", changed.stdout)
        self.assertNotIn(key.read_text().strip(), first.stdout + first.stderr + changed.stdout + changed.stderr)

        theirs = self.folder / "theirs"
        theirs.mkdir()
        (theirs / "a.txt").write_text("TODO\n")
        (theirs / "stanchion.toml").write_text(f'schema = 1\nfollow = ["acme/base@1"]\nregistries = ["{url}"]\n')
        self.run_program("stanchion", "update", cwd=theirs)
        self.assertEqual((theirs / ".stanchion/guidelines/acme/leftovers.md").read_text(), text)
        self.assertIn("`TODO` is left", self.run_program("stanchion", "check", cwd=theirs).stdout)
        data = ["--data", self.folder / "data"]
        self.run_program(PROGRAM, "retire", "acme/leftovers", "--message", "too short", "--successor", "acme/base", *data, cwd=self.folder)
        time.sleep(0.5)
        retired = self.run_program("stanchion", "update", cwd=theirs)
        self.assertIn("acme/leftovers is no longer advised: too short; instead: acme/base", " ".join(retired.stdout.split()))
        # Without the registry, `update` reports the failure and `check` still works.
        self.server.kill()
        self.server.wait()
        down = self.run_program("stanchion", "update", cwd=theirs)
        self.assertIn("connection failed", " ".join(down.stdout.split()))
        self.assertIn("`TODO` is left", self.run_program("stanchion", "check", cwd=theirs).stdout)

    def test_a_user_signs_in_and_creates_a_token_in_a_browser(self):
        url = f"http://127.0.0.1:{self.port}"
        made = self.run_program(PROGRAM, "sign-in", "alice@payments", "--url", url, "--data", self.folder / "data", cwd=self.folder)
        done = self.run_program("node", ROOT / "tests/clients/sign_in.mjs", CLIENTS / "js", made.stdout.strip(), url, cwd=self.folder)
        seen = json.loads(done.stdout)
        self.assertEqual((seen["violations"], seen["overflow"]), ([], []))
        self.assertEqual((seen["first"], seen["last"]), (f"{url}/account", f"{url}/sign-in"))
        self.assertEqual(seen["kept"], "Not A Name")
        self.assertRegex(seen["fieldError"], "lower-case|letters")
        self.assertFalse(seen["shownAgain"])
        self.assertIn("private key", seen["found"].lower())
        self.assertEqual(seen["none"], 0)
        # `stanchion publish` accepts the token.
        ours = self.folder / "ours"
        (ours / "guidelines").mkdir(parents=True)
        (ours / "guidelines/leftovers.md").write_text(guideline("acme/leftovers", "TODO", "`TODO` is left"))
        self.run_program("stanchion", "publish", "--registry", url, cwd=ours, environment={"STANCHION_TOKEN": seen["key"]})
        self.assertIn("published 20", self.get("/guidelines/acme/leftovers"))

    def test_users_sign_in_with_a_real_identity_provider(self):
        ports = []
        for _ in range(2):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                ports.append(free.getsockname()[1])
        url, issuer = (f"http://127.0.0.1:{port}" for port in ports)
        provider = subprocess.Popen(
            ["node", ROOT / "tests/clients/provider.mjs", CLIENTS / "js", str(ports[1]), f"{url}/sign-in/callback"],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.addCleanup(provider.wait)
        self.addCleanup(provider.kill)
        config = self.folder / "registry.toml"
        config.write_text(f'listen = "127.0.0.1:{ports[0]}"\ndata = "{self.folder}/other"\n[oidc]\nissuer = "{issuer}"\nclient = "registry"\nname = "Example"\n')
        environment = dict(self.environment, STANCHION_REGISTRY_OIDC_SECRET="a secret/with:signs")
        without = self.run_program(PROGRAM, "serve", "--config", config, "--check-config", cwd=self.folder, status=2)
        self.assertIn("set STANCHION_REGISTRY_OIDC_SECRET to its client secret", without.stderr)
        log = self.folder / "log"
        with log.open("w") as errors:
            server = subprocess.Popen([PROGRAM, "serve", "--config", config], env=environment, stdout=subprocess.DEVNULL, stderr=errors)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        for address in [f"{url}/readyz", f"{issuer}/.well-known/openid-configuration"]:
            for attempt in range(200):
                try:
                    urllib.request.urlopen(address, timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.05)
        for name in ["alice", "bob", "alice"]:
            # The name contains the whole address, so `alice@…` of another provider gets another name.
            heading = f"{name}-example.org"
            done = self.run_program("node", ROOT / "tests/clients/sign_in_provider.mjs", CLIENTS / "js", url, name, cwd=self.folder, status=None)
            self.assertEqual(done.returncode, 0, done.stderr + log.read_text())
            seen = json.loads(done.stdout)
            self.assertEqual((seen["url"], seen["heading"]), (f"{url}/account", heading), log.read_text())
            self.assertIn("was not started here", seen["forged"])
        people = self.run_program(PROGRAM, "people", "--config", config, cwd=self.folder).stdout
        line = next(line for line in people.splitlines() if f"(alice at {issuer})" in line)
        number = re.search(r"number (\d+), alice-example.org", line)[1]
        # An account is identified by its number, because users choose their names.
        by_name = self.run_program(PROGRAM, "sign-in", "alice-example.org@payments", "--config", config, cwd=self.folder, status=2)
        self.assertIn(f"--number {number}", by_name.stderr)
        self.run_program(PROGRAM, "sign-in", "alice-example.org@payments", "--number", number, "--config", config, cwd=self.folder)
        self.run_program(PROGRAM, "lock", "--number", number, "--config", config, cwd=self.folder)
        locked = self.run_program("node", ROOT / "tests/clients/sign_in_provider.mjs", CLIENTS / "js", url, "alice", cwd=self.folder)
        self.assertEqual(json.loads(locked.stdout)["heading"], "Locked")

    def test_the_exported_site_has_no_broken_links(self):
        text = guideline("acme/leftovers", "TODO", "`TODO` is left")
        many = [("md", text.replace("acme/leftovers", f"acme/left-{number}")) for number in range(60)]
        self.publish(("md", text), ("md", text.replace("version: 1.2.0", "version: 1.3.0")), ("toml", STANDARD), *many)
        site = self.folder / "site"
        self.run_program(PROGRAM, "export", site, "--public-url", "https://guidelines.example.org", "--data", self.folder / "data", cwd=self.folder)
        self.assertIn("https://guidelines.example.org/guidelines/", (site / "feed/changes.atom").read_text())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        plain = subprocess.Popen(
            [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", site, str(port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.addCleanup(plain.wait)
        self.addCleanup(plain.kill)
        time.sleep(1)
        # Every link on every page reachable from the first page has a target.
        seen, open_ = set(), ["/"]
        while open_:
            path = open_.pop()
            if path in seen:
                continue
            seen.add(path)
            try:
                answer = urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30)
            except urllib.error.HTTPError as error:
                error.close()
                self.fail(f"{path}: {error}")
            with answer:
                body = answer.read().decode()
            for link in re.findall(r'(?:href|src|action)="(/[^"#]*)', body):
                self.assertNotIn("?", link, f"{path} has a link that needs a server")
                open_.append(link)
        self.assertTrue({"/guidelines/page.2/", "/guidelines/acme/leftovers/1.2.0", "/standards/acme/base", "/stages"} <= seen, sorted(seen)[:40])
        # `update` works with the exported site as a registry.
        repo = self.folder / "repository"
        repo.mkdir()
        (repo / "stanchion.toml").write_text(f'schema = 1\nfollow = ["acme/base@1"]\nregistries = ["http://127.0.0.1:{port}"]\n')
        self.run_program("stanchion", "update", cwd=repo)
        self.assertIn("version: 1.3.0", (repo / ".stanchion/guidelines/acme/leftovers.md").read_text())
        self.run_program(PROGRAM, "verify", "--data", self.folder / "data", cwd=self.folder)
        self.run_program(PROGRAM, "backup", self.folder / "copy.sqlite", "--data", self.folder / "data", cwd=self.folder)

    def test_api_responses_conform_to_the_openapi_description(self):
        text = guideline("acme/leftovers", "TODO", "`TODO` is left")
        self.publish(("md", text), ("md", text.replace("version: 1.2.0", "version: 1.3.0")), ("toml", STANDARD))
        key = self.token("acme").read_text().strip()
        url = f"http://127.0.0.1:{self.port}/openapi.json"
        for headers in [[], ["--header", f"Authorization: Bearer {key}"]]:
            self.run_program(
                CLIENTS / "bin/schemathesis", "run", url, *headers, "--seed", "6", "--max-examples", "40", "--no-color",
                "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance",
                cwd=self.folder,
            )

    def test_a_feed_parser_reads_the_feeds(self):
        for other in ["/feed/guidelines.atom?topic=secrets", "/feed/namespaces/ci.atom", "/feed/names/secrets/no-private-keys.atom"]:
            feed = feedparser.parse(self.get(other))
            self.assertFalse(feed.bozo, feed.get("bozo_exception"))
            self.assertGreater(len(feed.entries), 0, other)
        feed = feedparser.parse(self.get("/feed/changes.atom"))
        self.assertFalse(feed.bozo, feed.get("bozo_exception"))
        self.assertGreater(len(feed.entries), 20)
        self.assertEqual(len({entry.id for entry in feed.entries}), len(feed.entries))
        for entry in feed.entries[:3]:
            self.assertTrue(entry.link.startswith(f"http://127.0.0.1:{self.port}/guidelines/"), entry.link)
            self.assertIn(entry.title.rsplit(" ", 1)[0].split("`")[0][:20], self.get(entry.link.split(str(self.port))[1]))

    def test_the_server_stops_on_sigterm_and_allows_one_process_per_database(self):
        second = self.run_program(
            PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data", self.folder / "data", cwd=self.folder, status=2
        )
        self.assertIn("another stanchion-registry serves from", second.stderr)
        self.server.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(timeout=12), 0)
        # Of twenty processes that start concurrently on a new database, exactly one serves.
        starts = [
            subprocess.Popen(
                [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data", self.folder / "fresh"],
                env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            )
            for _ in range(20)
        ]
        self.addCleanup(lambda: [it.kill() for it in starts])
        deadline = time.monotonic() + 60
        while sum(it.poll() is None for it in starts) > 1 and time.monotonic() < deadline:
            time.sleep(0.1)
        ended = [it for it in starts if it.poll() is not None]
        errors = [it.communicate()[1] for it in ended]
        self.assertEqual((len(ended), {it.returncode for it in ended}), (19, {2}), errors)
        self.assertTrue(all("another stanchion-registry serves from" in it for it in errors), errors)
        (serving,) = [it for it in starts if it.poll() is None]
        while "what=serving" not in serving.stderr.readline():
            self.assertIsNone(serving.poll())
        serving.send_signal(signal.SIGTERM)
        self.assertEqual(serving.wait(timeout=12), 0)
        serving.stderr.close()


if __name__ == "__main__":
    unittest.main()


@unittest.skipUnless("STANCHION_TEST_POSTGRES" in os.environ, "no PostgreSQL: scripts/test starts one")
class OnPostgres(Case):
    """The registry with PostgreSQL, inspected with psql."""

    def psql(self, url, words, status=0):
        return self.run_program("psql", url, "--no-align", "--tuples-only", "--command", words, cwd=self.folder, status=status)

    def test_psql_shows_what_was_published(self):
        server = os.environ["STANCHION_TEST_POSTGRES"]
        name = f"clients_{os.getpid()}"
        self.psql(f"{server}/postgres", f"CREATE DATABASE {name}")
        self.addCleanup(self.psql, f"{server}/postgres", f"DROP DATABASE {name} WITH (FORCE)")
        url = f"{server}/{name}"
        self.environment["DATABASE_URL"] = url
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        served = subprocess.Popen(
            [PROGRAM, "serve", "--listen", f"127.0.0.1:{port}"],
            env=self.environment, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.addCleanup(served.wait)
        self.addCleanup(served.kill)
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30):
                    break
            except OSError:
                time.sleep(0.05)
        self.assertEqual(self.psql(url, "SELECT count(*) FROM version").stdout, "22\n")
        key = self.folder / "key"
        key.write_text(self.run_program(PROGRAM, "token", "acme", "--for", "tests", cwd=self.folder).stdout)
        ours = self.folder / "ours"
        ours.mkdir()
        text = guideline("acme/leftovers", "TODO", "`TODO` is left: é")
        (ours / "leftovers.md").write_text(text)
        publish = ["stanchion", "publish", "--registry", f"http://127.0.0.1:{port}", "--token-file", key, "leftovers.md"]
        self.run_program(*publish, cwd=ours)
        digest = hashlib.sha256(text.encode()).hexdigest()
        row = self.psql(url, "SELECT namespace, slug, version, sha256, published_by FROM version WHERE namespace = 'acme'").stdout
        self.assertEqual(row, f"acme|leftovers|1.2.0|{digest}|tests\n")
        stored = self.psql(url, f"SELECT text FROM blob WHERE sha256 = '{digest}'").stdout
        self.assertEqual(stored, text + "\n")
        self.assertNotIn(key.read_text().strip(), self.psql(url, "SELECT * FROM token").stdout, "tokens must be stored as hashes")
        for words in ["UPDATE version SET title = 'x'", "DELETE FROM blob", "TRUNCATE version CASCADE"]:
            self.assertIn("immutable", self.psql(url, words, status=1).stderr)
        self.run_program(PROGRAM, "yank", "acme/leftovers", "1.2.0", "--message", "finds too much", cwd=self.folder)
        self.assertEqual(self.psql(url, "SELECT yank_message FROM version WHERE yanked_ms IS NOT NULL").stdout, "finds too much\n")
        # Publishing with curl, as documented: versions are permanent, and the same request again changes nothing.
        (ours / "by-hand.md").write_text(text.replace("acme/leftovers", "acme/by-hand").replace("version: 1.2.0", "version: 1.0.0"))
        (self.folder / "header").write_text(f"Authorization: Bearer {key.read_text().strip()}\n")
        put = ["curl", "--silent", "--show-error", "--request", "PUT", "--header", f"@{self.folder / 'header'}", "--data-binary", "@by-hand.md",
               "--output", "answer.json", "--write-out", "%{http_code}", f"http://127.0.0.1:{port}/api/v1/guidelines/acme/by-hand/1.0.0"]
        for status in ["201", "200"]:
            self.assertEqual(self.run_program(*put, cwd=ours).stdout, status, (ours / "answer.json").read_text())
        self.assertEqual(self.psql(url, "SELECT count(*) FROM version WHERE slug = 'by-hand'").stdout, "1\n")
        found = self.psql(url, "SELECT slug FROM name WHERE namespace = 'acme' AND slug <> 'by-hand'").stdout
        self.assertEqual(found, "leftovers\n")
