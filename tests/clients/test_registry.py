"""The registry: real requests, a real browser, and copies that come from what it exports."""

import json
import signal
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request

import feedparser
from world import CLIENTS, ROOT, Case

PROGRAM = ROOT / "target/debug/stanchion-registry"


class Registry(Case):
    def setUp(self):
        super().setUp()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.server = subprocess.Popen(
            [PROGRAM, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", self.folder / "data"],
            env=self.environment, stderr=subprocess.DEVNULL,
        )
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        for _ in range(200):
            try:
                self.get("/readyz")
                return
            except OSError:
                time.sleep(0.05)
        self.fail("it does not come up")

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return answer.read().decode()

    def test_pages_are_valid_and_read_well(self):
        pages = self.folder / "pages"
        pages.mkdir()
        addresses = ["/", "/?q=keys", "/?q=nothing-holds-this", "/guidelines/resilience/http-timeouts", "/guidelines/secrets/no-private-keys/1.0.0"]
        for number, address in enumerate(addresses):
            (pages / f"{number}.html").write_text(self.get(address))
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
        for address in [*addresses, "/nothing/here"]:
            url = f"http://127.0.0.1:{self.port}{address}"
            done = self.run_program("node", ROOT / "tests/clients/browser.mjs", CLIENTS / "js", url, self.folder / "profile", cwd=self.folder)
            seen = json.loads(done.stdout)
            self.assertEqual((seen["violations"], seen["overflow"]), ([], []), address)
            # Its own style, and nothing from anywhere else.
            self.assertEqual({it.split("/static/")[0] for it in seen["requests"]}, {f"http://127.0.0.1:{self.port}"})

    def test_what_is_exported_is_what_repositories_get(self):
        site = self.folder / "site"
        self.run_program(PROGRAM, "export", site, "--data", self.folder / "data", cwd=self.folder)
        # The same bytes as over the network.
        for path in ["/index/config.json", "/index/resilience/http-timeouts.jsonl"]:
            self.assertEqual((site / path[1:]).read_text(), self.get(path))
        repo = self.folder / "repository"
        repo.mkdir()
        (repo / "stanchion.toml").write_text(f'schema = 1\nfollow = ["resilience/http-timeouts@1"]\nregistries = ["{site}"]\n')
        self.run_program("stanchion", "update", cwd=repo)
        copy = (repo / ".stanchion/guidelines/resilience/http-timeouts.md").read_text()
        line = json.loads(self.get("/index/resilience/http-timeouts.jsonl"))
        self.assertEqual(copy, self.get(f"/blob/{line['sha256']}.md"))

    def test_a_reader_of_feeds_reads_it(self):
        feed = feedparser.parse(self.get("/feed/changes.atom"))
        self.assertFalse(feed.bozo, feed.get("bozo_exception"))
        self.assertGreater(len(feed.entries), 20)
        self.assertEqual(len({entry.id for entry in feed.entries}), len(feed.entries))
        for entry in feed.entries[:3]:
            self.assertTrue(entry.link.startswith(f"http://127.0.0.1:{self.port}/guidelines/"), entry.link)
            self.assertIn(entry.title.rsplit(" ", 1)[0].split("`")[0][:20], self.get(entry.link.split(str(self.port))[1]))

    def test_it_ends_when_it_is_asked_to_and_serves_alone(self):
        second = self.run_program(
            PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data", self.folder / "data", cwd=self.folder, status=2
        )
        self.assertIn("another stanchion-registry serves from", second.stderr)
        self.server.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(timeout=12), 0)


if __name__ == "__main__":
    unittest.main()
