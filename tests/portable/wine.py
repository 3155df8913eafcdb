"""Runs the program for Windows below Wine and compares it with the one for Linux: `scripts/portable` starts this.

    wine.py WINDOWS_PROGRAM LINUX_PROGRAM FOLDER

Each check makes a small repository twice, asks both programs the same, and says what differs. Nothing here knows what a
guideline should find: that is what the tests for Linux are for.
"""

import difflib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

WINE = os.environ.get("WINE", "/usr/lib/wine/wine64")
TODAY = ["--today", "2026-11-26"]
CHECKS = []


def check(function):
    """Adds a check; its first line of documentation is its name."""
    CHECKS.append(function)
    return function


class Differs(AssertionError):
    """What was expected, and what came."""


def same(what, one, other):
    if one != other:
        sides = [side.splitlines() if isinstance(side, str) else [repr(side)] for side in (one, other)]
        raise Differs(f"{what}:\n" + "\n".join(difflib.unified_diff(*sides, "Linux", "Windows", lineterm="")))


def holds(condition, words):
    if not condition:
        raise Differs(words)


class World:
    """Two folders with the same content, and a program for each."""

    def __init__(self, windows, linux, folder):
        self.windows, self.linux, self.folder = windows, linux, folder
        self.environment = dict(os.environ, WINEDEBUG="-all", HOME=str(folder / "home"))
        for name in ("XDG_CACHE_HOME", "NO_COLOR", "CI"):
            self.environment.pop(name, None)
        self.number = 0
        self.complaints = []

    def fresh(self):
        """A new pair of folders with the tree in them: for Linux, for Windows."""
        self.number += 1
        pair = []
        for system in ("linux", "windows"):
            # The same length of path, as reports wrap what is long.
            root = self.folder / f"{self.number:02}-{system:_<7}" / "tree"
            shutil.rmtree(root.parent, ignore_errors=True)
            tree(root)
            pair.append(root)
        return pair

    def on_linux(self, root, *arguments, check_today=True):
        return self.run([self.linux], root, arguments)

    def on_windows(self, root, *arguments):
        return self.run([WINE, self.windows], root, arguments)

    def run(self, program, root, arguments):
        done = subprocess.run(
            [*program, *arguments], cwd=root, env=self.environment, capture_output=True, timeout=300, stdin=subprocess.DEVNULL
        )
        # Wine's own processes die now and then, and say so to whoever is there.
        lines = done.stderr.splitlines(keepends=True)
        own = [line for line in lines if line.startswith(b"wine: Unhandled")]
        self.complaints += own
        return done.returncode, done.stdout, b"".join(line for line in lines if line not in own)

    def both(self, pair, *arguments):
        """What both say, which must be the same; paths in full count as the same, too."""
        linux, windows = self.on_linux(pair[0], *arguments), self.on_windows(pair[1], *arguments)
        name = "stanchion " + " ".join(arguments)
        said = [self.plain(text, pair) for text in (linux[1], windows[1])]
        same(name, *said)
        same(f"{name} (standard error)", *[self.plain(text, pair) for text in (linux[2], windows[2])])
        same(f"{name} (status)", linux[0], windows[0])
        return windows[0], said[1]

    def plain(self, text, pair):
        text = text.decode("utf-8", "replace")
        for root in pair:
            text = text.replace("Z:" + str(root).replace("/", "\\"), "ROOT").replace(str(root), "ROOT")
        # What differs from run to run, and how the program is called.
        text = re.sub(r"\b\d+(\.\d+)? m?s(, |: )", "", text)
        text = re.sub(r'"base": "[0-9a-f]{40}"', '"base": ""', text)
        return text.replace("Usage: stanchion.exe ", "Usage: stanchion ")


def write(root, path, content, end="\n"):
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    data = content if isinstance(content, bytes) else content.replace("\n", end).encode()
    place.write_bytes(data)


GUIDELINE = """---
schema: 1
guideline: acme/{name}
version: {version}
title: A guideline of this test
summary: For this test.
stage: trial
owner: platform
consequences:
  - {{ id: c, text: Something. }}
checks:
{checks}
---
## Why
Because.
## How to keep it
Somehow.
## When to step over
Never.
"""

CHECKED = """  - id: index
    files: { require: { any: ["docs/INDEX.md"] } }
    fix: { title: "add it", create: "# hi\\n" }
  - id: quiet
    text: { files: ["**/*.py"], find: 'debug' }
    fix: { title: "say it otherwise", replace: "quiet" }
  - id: version
    data: { files: ["**/package.json"], select: "$.version", assert: { const: "2.0.0" } }
  - id: project
    data: { files: ["*.toml"], select: "$.project.version", assert: { const: "2" } }
  - id: image
    data: { files: ["k8s/*.yaml"], select: "$.kind", assert: { const: "Job" } }
  - id: unwrap
    code: { language: rust, rule: { pattern: $X.unwrap() } }
  - id: names
    files: { names: { paths: ["web/**"], style: snake } }
"""


def tree(root):
    root.mkdir(parents=True)
    write(root, "stanchion.toml", 'schema = 1\nowner = "@a"\nfollow = ["./guidelines", "starter"]\n')
    write(root, "guidelines/acme/here.md", GUIDELINE.format(name="here", version="1.0.0", checks=CHECKED.rstrip()))
    write(root, "services/pay/client.py", "import requests\n\n\ndef get(url):\n    return requests.get(url)\n")
    write(root, "services/pay/crlf.py", "import requests\n\n\ndef get(url):\n    return requests.get(url)\n\ndebug = 1\n", "\r\n")
    write(root, "web/AppPage.ts", "async function f() {\n  debugger;\n  try { f() } catch (e) {}\n}\n")
    write(root, "web/app.js", "function f() {\n  debugger;\n  eval('x');\n}\n", "\r\n")
    write(root, "Dockerfile", "FROM python:latest\nRUN pip install x\nUSER root\n")
    write(root, "k8s/deploy.yaml", "kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n        - image: nginx:latest\n", "\r\n")
    write(root, ".github/workflows/ci.yml", "on: push\njobs:\n  a:\n    runs-on: ubuntu-18.04\n    steps:\n      - run: echo ${{ github.event.issue.title }}\n")
    write(root, "package.json", '{ "name": "x", "version": "1.0.0" }\n')
    write(root, "pyproject.toml", "[project]\nname = 'x'\nversion = '1'\n", "\r\n")
    write(root, "data/merge.txt", "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\n", "\r\n")
    write(root, "with space/\u00fcber \u65e5\u672c.py", "debug = 1\n")
    write(root, "deep/a/b/lib.rs", "pub fn f() { let x: Option<u8> = None; x.unwrap(); }\n", "\r\n")
    write(root, "main.tf", 'resource "aws_s3_bucket" "x" {\n  acl = "public-read"\n}\n')
    write(root, "bad/package.json", '{ "a": 1,, }\n')
    write(root, ".env", "PASSWORD=hunter2\n", "\r\n")
    write(root, "utf16.txt", "hello\r\n".encode("utf-16"))
    write(root, "latin1.py", b"# caf\xe9\nx = 1\n")
    write(root, ".gitignore", "*.log\n/build/\n", "\r\n")
    write(root, "x.log", "<<<<<<< HEAD\n")
    write(root, "build/y.py", "debug = 1\n")
    write(root, "BUILD2/Y.PY", "debug = 1\n")
    write(root, "aux.py", "debug = 1\n")
    write(root, "nul.tar.py", "debug = 1\n")
    write(root, "/".join(["long" * 12] * 6) + "/deep.py", "debug = 1\n")


@check
def version(world):
    """it starts, and says its version"""
    pair = world.fresh()
    world.both(pair, "--version")


@check
def everything(world):
    """check: JSON, and every other format, as on Linux; paths with `/`"""
    pair = world.fresh()
    _, text = world.both(pair, "check", "--format", "json", *TODAY)
    report = json.loads(text)
    paths = [item["path"] for item in report["findings"]]
    holds(len(set(paths)) > 12 and not any("\\" in path for path in paths), f"paths: {paths}")
    for path in ("services/pay/crlf.py", "aux.py", "nul.tar.py", "with space/\u00fcber \u65e5\u672c.py", "deep/a/b/lib.rs", "docs/INDEX.md"):
        holds(path in paths, f"{path} is not among {paths}")
    holds(any(path.endswith("/deep.py") and len(path) > 290 for path in paths), "a path of 300 characters is not found")
    for format in ("text", "jsonl", "sarif", "github", "markdown", "html", "junit", "checkstyle", "gitlab", "rdjsonl"):
        world.both(pair, "check", "--format", format, *TODAY)
    world.both(pair, "check", "--format", "json", "--no-worker", *TODAY)


@check
def cache(world):
    """check: the same without a cache, with a new one, and with one that is there"""
    pair = world.fresh()
    arguments = ["check", "--format", "json", *TODAY]
    runs = [world.on_windows(pair[1], *arguments, *more) for more in (["--no-cache"], [], [], ["--no-cache"])]
    holds(all(run == runs[0] and run[0] == 0 for run in runs), "the four runs differ")
    status, told, _ = world.on_windows(pair[1], "cache", "info")
    holds(status == 0 and b"AppData\\Local\\stanchion\\cache" in told and b"remembers" in told, told.decode())
    (pair[1] / "aux.py").write_bytes(b"fine = 1\n")
    _, after, _ = world.on_windows(pair[1], *arguments)
    same("after an edit", world.on_windows(pair[1], *arguments, "--no-cache")[1], after)
    holds(after != runs[0][1], "an edit was not seen")


@check
def scopes(world):
    """check: parts are named with `\\`, with `/`, in full and from elsewhere"""
    _, root = world.fresh()
    say = lambda at, *parts: world.on_windows(at, "check", *parts, "--format", "json", *TODAY)
    wanted = say(root, "services/pay")
    holds(wanted[0] == 0 and b"services/pay/crlf.py" in wanted[1] and b"aux.py" not in wanted[1], "the part is not what was asked for")
    same("with a backslash", wanted, say(root, "services\\pay"))
    same("in full", wanted, say(root, "Z:" + str(root / "services/pay").replace("/", "\\")))
    same("from below", wanted, say(root / "web", "..\\services\\pay"))
    same("in other letters", json.loads(wanted[1])["summary"], json.loads(say(root, "SERVICES\\Pay")[1])["summary"])


@check
def commands(world):
    """list, explain, why, test, schema, new, man, completions: as on Linux"""
    pair = world.fresh()
    world.both(pair, "list")
    world.both(pair, "explain", "acme/here")
    world.both(pair, "why", "acme/here", "services/pay/crlf.py")
    world.both(pair, "test", "guidelines")
    world.both(pair, "schema", "guideline")
    world.both(pair, "completions", "bash")
    world.both(pair, "nonsense")
    # The rest of it are the system's own words.
    missing = [run[2].decode().split(":")[:2] for run in (world.on_linux(pair[0], "check", "nowhere"), world.on_windows(pair[1], "check", "nowhere"))]
    same("check nowhere", *missing)


@check
def says(world):
    """init, promise, waive, waivers list: the same files as on Linux, and status 1 for a broken promise"""
    pair = world.fresh()
    for root in pair:
        (root / "stanchion.toml").unlink()
    world.both(pair, "init")
    status, _ = world.both(pair, "promise", "resilience/http-timeouts")
    holds(status == 2, "a promise that is broken from its first day")
    world.both(pair, "promise", "resilience/http-timeouts", "--anyway", *TODAY)
    status, _ = world.both(pair, "check", *TODAY)
    holds(status == 1, f"status {status} with a broken promise")
    world.both(pair, "promise", "debug/no-breakpoints", "--from-here", *TODAY)
    reason = ["--kind", "cost", "--reason", "it costs more than it saves", *TODAY]
    world.both(pair, "waive", "resilience/http-timeouts", "services/pay/client.py:5", *reason)
    world.both(pair, "waive", "resilience/http-timeouts", "services/pay/crlf.py:5", "--inline", *reason)
    world.both(pair, "waivers", "list", *TODAY)
    world.both(pair, "waivers", "lint", *TODAY)
    status, _ = world.both(pair, "check", *TODAY)
    holds(status == 0, f"status {status} with everything waived")
    same_files(*pair)
    holds(b"\r\n" in (pair[1] / "services/pay/crlf.py").read_bytes(), "the line ends are gone")


def same_files(linux, windows):
    def files(root):
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}

    one, other = files(linux), files(windows)
    same("names of files", sorted(one), sorted(other))
    for name, content in one.items():
        same(name, content, other[name])


@check
def fixes(world):
    """fix --diff and fix: the same patch and the same files as on Linux"""
    pair = world.fresh()
    _, patch = world.both(pair, "fix", "--diff", *TODAY)
    holds("+++ b/docs/INDEX.md" in patch and "quiet" in patch, patch)
    world.both(pair, "fix", *TODAY)
    same_files(*pair)
    holds((pair[1] / "docs/INDEX.md").read_bytes() == b"# hi\n", "the new file is not there")
    holds(b"quiet = 1\r\n" in (pair[1] / "services/pay/crlf.py").read_bytes(), "the line ends are gone")


@check
def bits(world):
    """a check of the executable bit cannot tell, and breaks no promise"""
    _, root = world.fresh()
    checks = "  - id: x\n    files: { executable: { paths: ['*.py'], set: true } }"
    write(root, "guidelines/acme/here.md", GUIDELINE.format(name="here", version="1.0.0", checks=checks))
    write(root, "stanchion.toml", 'schema = 1\nfollow = ["./guidelines"]\n[promises]\n"acme/here" = { since = 2026-11-20 }\n')
    status, told, _ = world.on_windows(root, "check", "--format", "json", *TODAY)
    report = json.loads(told)
    holds(status == 0 and not report["findings"], f"{status} {report['findings']}")
    holds("does not say who may execute" in report["not_assessed"][0]["detail"], told.decode())


@check
def outwards(world):
    """fix: a guideline cannot write outside of the repository, into a device or a stream, or by a short name"""
    names = ["Z:/tmp/outside.txt", "z:outside.txt", r"..\outside.txt", r"Z:\tmp\outside.txt", "a:b", r"x\..\..\outside.txt"]
    names += ["nul.txt", "docs/CON", "GIT~1/config2", "end.", ".git./x"]
    for name in names:
        _, root = world.fresh()
        glob = name.replace("\\", r"\\")
        checks = f'  - id: x\n    files: {{ require: {{ any: [\'{glob}\'] }} }}\n    fix: {{ title: "add it", create: "hi" }}'
        write(root, "guidelines/acme/here.md", GUIDELINE.format(name="here", version="1.0.0", checks=checks))
        (root / ".git").mkdir()
        before = sorted(str(path) for path in root.parent.rglob("*"))
        status, told, complained = world.on_windows(root, "fix", "--only", "acme/here", *TODAY)
        after = sorted(str(path) for path in root.parent.rglob("*"))
        holds(before == after, f"{name}: {set(after) - set(before)} came to be: {told.decode()}")
        holds(not os.path.exists("/tmp/outside.txt"), f"{name}: written into /tmp")
        # A name that needs an escape is no plain path, so nothing is made of it.
        words = b"Nothing to fix" if "\\" in name else b"left alone"
        holds(status == 0 and words in told + complained, f"{name}: {status} {told.decode()} {complained.decode()}")


@check
def updates(world):
    """update: from a folder, and a copy with CRLF from git is no edited one"""
    pair = world.fresh()
    for root in pair:
        write(root, "stanchion.toml", 'schema = 1\nfollow = ["acme/there@1"]\nregistries = ["./registry"]\n')
        checks = "  - id: x\n    text: { files: ['**/*.py'], find: debug }"
        write(root, "registry/there.md", GUIDELINE.format(name="there", version="1.0.0", checks=checks))
    world.both(pair, "update")
    same_files(*pair)
    _, text = world.both(pair, "check", "--format", "json", *TODAY)
    holds(json.loads(text)["summary"]["findings"] > 3, "the copy finds nothing")
    for root in pair:
        for path in (".stanchion/guidelines/acme/there.md", ".stanchion/lock.toml", "stanchion.toml"):
            (root / path).write_bytes((root / path).read_bytes().replace(b"\n", b"\r\n"))
    _, text = world.both(pair, "check", *TODAY)
    holds("edited" not in text, text)
    for root in pair:
        write(root, "registry/there.md", GUIDELINE.format(name="there", version="1.1.0", checks=checks))
    world.both(pair, "update", "--preview")
    world.both(pair, "update")
    same_files(*pair)


def git(root, *arguments):
    settings = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "core.autocrlf=false", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *settings, *arguments], cwd=root, check=True, capture_output=True)


@check
def changes(world):
    """check --staged and --since: a sentence outside of git, and as on Linux within"""
    pair = world.fresh()
    status, _ = world.both(pair, "check", "--staged")
    holds(status == 2, "outside of git")
    for root in pair:
        git(root, "init")
        git(root, "add", ".")
        git(root, "commit", "-m", "x")
        write(root, "services/pay/new.py", "debug = 1\nimport requests\nrequests.get(1)\n", "\r\n")
        write(root, "services/pay/client.py", "import requests\n\n\ndef get(url):\n    return requests.get(url)\n\nrequests.get(2)\n")
        git(root, "rm", "-q", "aux.py")
        git(root, "add", "services/pay/new.py")
    for arguments in (["--staged"], ["--since", "HEAD"], ["--since", "main", "--format", "json"], ["--staged", "--format", "json"]):
        _, told = world.both(pair, "check", *arguments, *TODAY)
        holds("new.py" in told, told)
    world.both([root / "services" for root in pair], "check", "--staged", "pay", *TODAY)
    world.both(pair, "check", "--hook", "all", *TODAY)


@check
def machines(world):
    """a repository cannot send the program to another machine"""
    for content in ("gitdir: //server.invalid/share/x\n", "gitdir: \\\\server.invalid\\share\\x\n", "gitdir: \\\\.\\pipe\\x\n"):
        _, root = world.fresh()
        write(root, ".git", content)
        status, _, complained = world.on_windows(root, "check", "--staged", *TODAY)
        holds(status == 2 and b"names no usable path" in complained, complained.decode())
        status, told, _ = world.on_windows(root, "check", "--format", "json", *TODAY)
        holds(status == 0 and b"another machine" in told, f"{content}: {told.decode()[-600:]}")


@check
def links(world):
    """a folder that leads elsewhere is not followed (Wine shows links as plain folders: only their place tells)"""
    pair = world.fresh()
    for root in pair:
        write(root.parent, "outside/secret.py", "debug = 1\n")
        (root / "link").symlink_to("../outside", target_is_directory=True)
    status, told, _ = world.on_windows(pair[1], "check", "--format", "json", *TODAY)
    holds(status == 0 and b"secret.py" not in told, "it was followed")
    for root in pair:
        (root / "linked.py").symlink_to("../outside/secret.py")
    write(pair[1], "stanchion.toml", 'schema = 1\nfollow = ["./link"]\n')
    write(pair[1].parent, "outside/x.md", GUIDELINE.format(name="x", version="1.0.0", checks="  - id: x\n    text: { files: ['**/*.py'], find: debug }"))
    status, told, complained = world.on_windows(pair[1], "check", *TODAY)
    holds(b"outside this repository" in told + complained, (told + complained).decode())


@check
def results(world):
    """check --sarif-in: paths with drives, as addresses and relative find their place"""
    _, root = world.fresh()
    checks = "  - id: x\n    tool: { name: ruff, rules: [E1] }"
    write(root, "guidelines/acme/here.md", GUIDELINE.format(name="here", version="1.0.0", checks=checks))
    place = "Z:" + str(root)
    for uri in ("services/pay/client.py", f"file:///{place}/services/pay/client.py", f"{place}/services/pay/client.py", f"file:///z{place[1:]}/services/pay/client.py"):
        sarif = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "ruff"}}, "results": [{"ruleId": "E1", "message": {"text": "m"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}}]}]}]}
        write(root.parent, "r.sarif", json.dumps(sarif))
        status, told, complained = world.on_windows(root, "check", "--sarif-in", "../r.sarif", "--format", "json", *TODAY)
        found = [it["path"] for it in json.loads(told)["findings"] if it["guideline"] == "acme/here"] if told else complained
        same(uri, ["services/pay/client.py"], found)


@check
def writers(world):
    """waive: eight at the same time, and none is lost"""
    _, root = world.fresh()
    ids = ["resilience/http-timeouts", "debug/no-breakpoints", "containers/pinned-images", "acme/here"] * 2
    running = []
    for number, name in enumerate(ids):
        arguments = [WINE, world.windows, "waive", name, "--path", f"gone{number}/**", "--kind", "other", "--reason", f"reason number {number}", *TODAY]
        running.append(subprocess.Popen(arguments, cwd=root, env=world.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
    told = [process.communicate(timeout=300)[0].decode() for process in running]
    text = (root / ".stanchion/waivers.toml").read_text()
    lost = [number for number in range(len(ids)) if f"reason number {number}" not in text]
    holds(not lost, f"lost: {lost}\n" + "\n".join(told))


@check
def hostile(world):
    """in-process: nesting that ends a parser is refused before it is parsed"""
    _, root = world.fresh()
    write(root, "k8s/deep.yaml", "a:\n" + "".join(" " * n + "a:\n" for n in range(1, 4000)))
    write(root, "k8s/flow.yaml", "a: " + "[" * 50000)
    write(root, "deep.rs", "fn f() { x.unwrap(" + "(" * 20000 + ") }")
    write(root, "deep.py", "requests.get(" + "(" * 20000)
    write(root, "package.json", '{"version":' + "[" * 100000)
    status, told, complained = world.on_windows(root, "check", "--format", "json", *TODAY)
    holds(status == 0, f"status {status}: {complained.decode()[-1000:]}")
    json.loads(told)


def main():
    windows, linux, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]).resolve()
    only = sys.argv[4:]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "home").mkdir()
    world = World(os.path.abspath(windows), os.path.abspath(linux), folder)
    failed = 0
    for function in CHECKS:
        if only and function.__name__ not in only:
            continue
        try:
            function(world)
            print(f"ok      {function.__name__}: {function.__doc__}", flush=True)
        except Exception as error:
            failed += 1
            words = str(error) if isinstance(error, Differs) else repr(error)
            print(f"FAILED  {function.__name__}: {function.__doc__}\n        " + words[:6000].replace("\n", "\n        "), flush=True)
    if world.complaints:
        print(f"Wine complained {len(world.complaints)} times about processes of its own, for example: {world.complaints[0].decode()}")
    print(f"\n{len(CHECKS if not only else only) - failed} of {len(CHECKS if not only else only)} checks below Wine hold")
    sys.exit(1 if failed else 0)


main()
