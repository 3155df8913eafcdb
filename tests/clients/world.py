"""Base of the tests: the program, small repositories, and the programs that read its reports."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENTS = pathlib.Path(os.environ.get("STANCHION_CLIENTS", ROOT / "target/clients"))
PROGRAM = ROOT / "target/debug/stanchion"

# A clean environment: no cache of the user, no build server variables, no git configuration.
ENVIRONMENT = {
    "PATH": f"{PROGRAM.parent}:{CLIENTS / 'bin'}:{os.environ['PATH']}",
    "HOME": os.environ.get("HOME", "/"),
    "LANG": "C.UTF-8",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}

# Settings for access to package registries are taken from the machine.
for name, value in os.environ.items():
    if name.startswith(("PIP_", "UV_", "NODE_EXTRA")) or name.endswith(("_proxy", "_PROXY")) or "CERT" in name or "CA_BUNDLE" in name:
        ENVIRONMENT[name] = value

# Guideline id, searched word, and message. One message contains control characters and markup.
GUIDELINES = {
    "acme/leftovers": ("TODO", "`TODO` is left: \x1b[31m::error::|<b>`x"),
    "acme/markers": ("FIXME", "`FIXME` is left"),
}


def guideline(ident, find, message, files="{src/**,a.txt}"):
    """Returns the text of a guideline that finds a word."""
    return f"""---
schema: 1
guideline: {ident}
version: 1.2.0
title: "Nothing is left <script>alert(1)</script> | behind"
summary: "What is left is forgotten & found `late`."
stage: trial
owner: "@acme"
topics: [hygiene]
applies: {{ files: ["{files}"] }}
checks:
  - id: word
    text: {{ find: "{find}" }}
    message: {json.dumps(message)}
---
## Why
Because <b>of</b> it. [A link](https://example.org) and [another](javascript:alert(1)).

## How to keep it
Look for `{find}`.

```text good path=a.txt
done
```

```text bad path=a.txt
{find}
```

## When to step over
Seldom.
"""


class Case(unittest.TestCase):
    """A test with a temporary folder."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stanchion-clients-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = dict(ENVIRONMENT, XDG_CACHE_HOME=str(self.folder / "cache"))

    def run_program(self, *command, cwd, status=0, **more):
        """Runs a program and checks its exit status; None allows any status."""
        environment = dict(self.environment, **more.pop("environment", {}))
        done = subprocess.run(
            [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=600, **more
        )
        if status is not None and done.returncode != status:
            self.fail(f"{command} exited with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def git(self, repo, *arguments, status=0):
        return self.run_program("git", *arguments, cwd=repo, status=status)

    def repository(self, promised=False):
        """Creates a repository with findings: advice, one waived, one in a file with a hostile name; one breaks a promise if `promised`."""
        repo = self.folder / "repository"
        (repo / "src").mkdir(parents=True)
        for ident, (find, message) in GUIDELINES.items():
            file = repo / f"guidelines/{ident}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(guideline(ident, find, message))
        present = guideline("acme/present", "x", "m", "**").replace('text: { find: "x" }', 'files: { require: { any: ["CONTRACT.md"] } }')
        present = present.replace("```text good path=a.txt\ndone", "```files good\n-- CONTRACT.md --\nx")
        present = present.replace("```text bad path=a.txt\nx", "```files bad\n-- a.txt --\nx")
        (repo / "guidelines/acme/present.md").write_text(present)
        (repo / "src/plain.py").write_text("# TODO one\nx = 'é'  # FIXME two\n")
        (repo / "src/waived.py").write_text("# stanchion: waive acme/leftovers until=2999-01-01 kind=cost -- it is <i>fine</i>\n# TODO three\n")
        (repo / "src/we%ird \u202e::name#[x],.py").write_text("# FIXME four\n")
        (repo / "src/broken.txt").write_bytes(b"TODO \xe9\xff\n")
        config = 'schema = 1\nfollow = ["./guidelines"]\n'
        if promised:
            config += '[promises]\n"acme/markers" = { since = 2026-01-01 }\n'
        (repo / "stanchion.toml").write_text(config)
        self.git(repo, "init", "--quiet", "--initial-branch=main")
        self.git(repo, "add", "--all")
        self.git(repo, "commit", "--quiet", "--message=begin")
        return repo

    def report(self, repo, form, *arguments, status=0):
        """Returns a report as text."""
        return self.run_program("stanchion", "check", "--format", form, *arguments, cwd=repo, status=status).stdout
