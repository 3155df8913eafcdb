"""Runs the Windows program under Wine and compares it with the Linux program. `scripts/portable` starts this script.

    wine.py WINDOWS_PROGRAM LINUX_PROGRAM FOLDER

Each check creates a small repository twice, runs both programs with the same arguments, and reports differences. The
expected findings of guidelines are not checked here, because the Linux tests do that.
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
    """Registers a check. Its docstring is printed as its description."""
    CHECKS.append(function)
    return function


class CheckFailed(AssertionError):
    """A check failed; the message has expected and actual values."""


def assert_same(what, one, other):
    if one != other:
        sides = [side.splitlines() if isinstance(side, str) else [repr(side)] for side in (one, other)]
        raise CheckFailed(f"{what}:\n" + "\n".join(difflib.unified_diff(*sides, "Linux", "Windows", lineterm="")))


def require(condition, words):
    if not condition:
        raise CheckFailed(words)


class World:
    """Creates pairs of folders with the same content, and runs a program in each."""

    def __init__(self, windows, linux, folder):
        self.windows, self.linux, self.folder = windows, linux, folder
        self.environment = dict(os.environ, WINEDEBUG="-all", HOME=str(folder / "home"))
        for name in ("XDG_CACHE_HOME", "NO_COLOR", "CI"):
            self.environment.pop(name, None)
        self.number = 0
        self.complaints = []

    def new_pair(self):
        """Creates a new pair of folders with the example tree: for Linux, for Windows."""
        self.number += 1
        pair = []
        for system in ("linux", "windows"):
            # Both paths have the same length, because reports wrap long lines.
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
        # Wine's own processes crash now and then, and write to this standard error.
        lines = done.stderr.splitlines(keepends=True)
        own = [line for line in lines if line.startswith(b"wine: Unhandled")]
        self.complaints += own
        return done.returncode, done.stdout, b"".join(line for line in lines if line not in own)

    def both(self, pair, *arguments):
        """Runs both programs and asserts the same output and status, with absolute paths normalized. Returns status and output."""
        linux, windows = self.on_linux(pair[0], *arguments), self.on_windows(pair[1], *arguments)
        name = "stanchion " + " ".join(arguments)
        outputs = [self.normalize(text, pair) for text in (linux[1], windows[1])]
        assert_same(name, *outputs)
        assert_same(f"{name} (standard error)", *[self.normalize(text, pair) for text in (linux[2], windows[2])])
        assert_same(f"{name} (status)", linux[0], windows[0])
        return windows[0], outputs[1]

    def normalize(self, text, pair):
        text = text.decode("utf-8", "replace")
        for root in pair:
            text = text.replace("Z:" + str(root).replace("/", "\\"), "ROOT").replace(str(root), "ROOT")
        # Replaces durations and commit ids, which differ between runs, and the name of the program.
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
    """the program starts and prints its version"""
    pair = world.new_pair()
    world.both(pair, "--version")


@check
def everything(world):
    """check: JSON and every other format as on Linux; paths with `/`"""
    pair = world.new_pair()
    _, text = world.both(pair, "check", "--format", "json", *TODAY)
    report = json.loads(text)
    paths = [item["path"] for item in report["findings"]]
    require(len(set(paths)) > 12 and not any("\\" in path for path in paths), f"paths: {paths}")
    for path in ("services/pay/crlf.py", "aux.py", "nul.tar.py", "with space/\u00fcber \u65e5\u672c.py", "deep/a/b/lib.rs", "docs/INDEX.md"):
        require(path in paths, f"{path} is not among {paths}")
    require(any(path.endswith("/deep.py") and len(path) > 290 for path in paths), "a path of 300 characters has no finding")
    for format in ("text", "jsonl", "sarif", "github", "markdown", "html", "junit", "checkstyle", "gitlab", "rdjsonl"):
        world.both(pair, "check", "--format", format, *TODAY)
    world.both(pair, "check", "--format", "json", "--no-worker", *TODAY)


@check
def cached_runs(world):
    """check: the same report without a cache, with a new cache, and with an existing cache"""
    pair = world.new_pair()
    arguments = ["check", "--format", "json", *TODAY]
    runs = [world.on_windows(pair[1], *arguments, *more) for more in (["--no-cache"], [], [], ["--no-cache"])]
    require(all(run == runs[0] and run[0] == 0 for run in runs), "the reports of the four runs differ")
    status, output, _ = world.on_windows(pair[1], "cache", "info")
    require(status == 0 and b"AppData\\Local\\stanchion\\cache" in output and b"recently" in output, output.decode())
    (pair[1] / "aux.py").write_bytes(b"fine = 1\n")
    _, after, _ = world.on_windows(pair[1], *arguments)
    assert_same("after an edit", world.on_windows(pair[1], *arguments, "--no-cache")[1], after)
    require(after != runs[0][1], "an edit was not detected")


@check
def scopes(world):
    """check: path arguments with `\\`, with `/`, absolute, and relative to another folder"""
    _, root = world.new_pair()
    run_check = lambda at, *parts: world.on_windows(at, "check", *parts, "--format", "json", *TODAY)
    wanted = run_check(root, "services/pay")
    require(wanted[0] == 0 and b"services/pay/crlf.py" in wanted[1] and b"aux.py" not in wanted[1], "the assessed part is not the requested one")
    assert_same("with a backslash", wanted, run_check(root, "services\\pay"))
    assert_same("absolute", wanted, run_check(root, "Z:" + str(root / "services/pay").replace("/", "\\")))
    assert_same("from another folder", wanted, run_check(root / "web", "..\\services\\pay"))
    assert_same("with other letter case", json.loads(wanted[1])["summary"], json.loads(run_check(root, "SERVICES\\Pay")[1])["summary"])


@check
def commands(world):
    """list, explain, why, test, schema, new, man, completions: as on Linux"""
    pair = world.new_pair()
    world.both(pair, "list")
    world.both(pair, "explain", "acme/here")
    world.both(pair, "why", "acme/here", "services/pay/crlf.py")
    world.both(pair, "test", "guidelines")
    world.both(pair, "schema", "guideline")
    world.both(pair, "completions", "bash")
    world.both(pair, "nonsense")
    # The rest of the message is the text of the operating system.
    missing = [run[2].decode().split(":")[:2] for run in (world.on_linux(pair[0], "check", "nowhere"), world.on_windows(pair[1], "check", "nowhere"))]
    assert_same("check nowhere", *missing)


@check
def policy_files(world):
    """init, promise, waive, waivers list: the same files as on Linux, and status 1 for a broken promise"""
    pair = world.new_pair()
    for root in pair:
        (root / "stanchion.toml").unlink()
    world.both(pair, "init")
    status, _ = world.both(pair, "promise", "resilience/http-timeouts")
    require(status == 2, "a promise that is broken from its first day was accepted")
    world.both(pair, "promise", "resilience/http-timeouts", "--anyway", *TODAY)
    status, _ = world.both(pair, "check", *TODAY)
    require(status == 1, f"status {status} with a broken promise")
    world.both(pair, "promise", "debug/no-breakpoints", "--from-here", *TODAY)
    reason = ["--kind", "cost", "--reason", "it costs more than it saves", *TODAY]
    world.both(pair, "waive", "resilience/http-timeouts", "services/pay/client.py:5", *reason)
    world.both(pair, "waive", "resilience/http-timeouts", "services/pay/crlf.py:5", "--inline", *reason)
    world.both(pair, "waivers", "list", *TODAY)
    world.both(pair, "waivers", "lint", *TODAY)
    status, _ = world.both(pair, "check", *TODAY)
    require(status == 0, f"status {status} with everything waived")
    same_files(*pair)
    require(b"\r\n" in (pair[1] / "services/pay/crlf.py").read_bytes(), "the line endings changed")


def same_files(linux, windows):
    def files(root):
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}

    one, other = files(linux), files(windows)
    assert_same("names of files", sorted(one), sorted(other))
    for name, content in one.items():
        assert_same(name, content, other[name])


@check
def fixes(world):
    """fix --diff and fix: the same patch and the same files as on Linux"""
    pair = world.new_pair()
    _, patch = world.both(pair, "fix", "--diff", *TODAY)
    require("+++ b/docs/INDEX.md" in patch and "quiet" in patch, patch)
    world.both(pair, "fix", *TODAY)
    same_files(*pair)
    require((pair[1] / "docs/INDEX.md").read_bytes() == b"# hi\n", "the new file is missing")
    require(b"quiet = 1\r\n" in (pair[1] / "services/pay/crlf.py").read_bytes(), "the line endings changed")


@check
def executable_bits(world):
    """a check of the executable bit reports "cannot tell" and breaks no promise"""
    _, root = world.new_pair()
    checks = "  - id: x\n    files: { executable: { paths: ['*.py'], set: true } }"
    write(root, "guidelines/acme/here.md", GUIDELINE.format(name="here", version="1.0.0", checks=checks))
    write(root, "stanchion.toml", 'schema = 1\nfollow = ["./guidelines"]\n[promises]\n"acme/here" = { since = 2026-11-20 }\n')
    status, output, _ = world.on_windows(root, "check", "--format", "json", *TODAY)
    report = json.loads(output)
    require(status == 0 and not report["findings"], f"{status} {report['findings']}")
    require("no executable bit" in report["not_assessed"][0]["detail"], output.decode())


@check
def writes_outside(world):
    """fix: a guideline cannot write outside of the repository, into a device or a stream, or by a short name"""
    names = ["Z:/tmp/outside.txt", "z:outside.txt", r"..\outside.txt", r"Z:\tmp\outside.txt", "a:b", r"x\..\..\outside.txt"]
    names += ["nul.txt", "docs/CON", "GIT~1/config2", "end.", ".git./x"]
    for name in names:
        _, root = world.new_pair()
        glob = name.replace("\\", r"\\")
        checks = f'  - id: x\n    files: {{ require: {{ any: [\'{glob}\'] }} }}\n    fix: {{ title: "add it", create: "hi" }}'
        write(root, "guidelines/acme/here.md", GUIDELINE.format(name="here", version="1.0.0", checks=checks))
        (root / ".git").mkdir()
        before = sorted(str(path) for path in root.parent.rglob("*"))
        status, output, errors = world.on_windows(root, "fix", "--only", "acme/here", *TODAY)
        after = sorted(str(path) for path in root.parent.rglob("*"))
        require(before == after, f"{name}: {set(after) - set(before)} was created: {output.decode()}")
        require(not os.path.exists("/tmp/outside.txt"), f"{name}: written into /tmp")
        # A name that needs an escape is not a plain path, so no file is created.
        words = b"Nothing to fix" if "\\" in name else b"skipped"
        require(status == 0 and words in output + errors, f"{name}: {status} {output.decode()} {errors.decode()}")


@check
def updates(world):
    """update: from a folder; a copy with CRLF from git has no local edits"""
    pair = world.new_pair()
    for root in pair:
        write(root, "stanchion.toml", 'schema = 1\nfollow = ["acme/there@1"]\nregistries = ["./registry"]\n')
        checks = "  - id: x\n    text: { files: ['**/*.py'], find: debug }"
        write(root, "registry/there.md", GUIDELINE.format(name="there", version="1.0.0", checks=checks))
    world.both(pair, "update")
    same_files(*pair)
    _, text = world.both(pair, "check", "--format", "json", *TODAY)
    require(json.loads(text)["summary"]["findings"] > 3, "the copy has no findings")
    for root in pair:
        for path in (".stanchion/guidelines/acme/there.md", ".stanchion/lock.toml", "stanchion.toml"):
            (root / path).write_bytes((root / path).read_bytes().replace(b"\n", b"\r\n"))
    _, text = world.both(pair, "check", *TODAY)
    require("local edits" not in text, text)
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
    """check --staged and --since: an error outside a git repository, and as on Linux inside one"""
    pair = world.new_pair()
    status, _ = world.both(pair, "check", "--staged")
    require(status == 2, "--staged outside a git repository")
    for root in pair:
        git(root, "init")
        git(root, "add", ".")
        git(root, "commit", "-m", "x")
        write(root, "services/pay/new.py", "debug = 1\nimport requests\nrequests.get(1)\n", "\r\n")
        write(root, "services/pay/client.py", "import requests\n\n\ndef get(url):\n    return requests.get(url)\n\nrequests.get(2)\n")
        git(root, "rm", "-q", "aux.py")
        git(root, "add", "services/pay/new.py")
    for arguments in (["--staged"], ["--since", "HEAD"], ["--since", "main", "--format", "json"], ["--staged", "--format", "json"]):
        _, output = world.both(pair, "check", *arguments, *TODAY)
        require("new.py" in output, output)
    world.both([root / "services" for root in pair], "check", "--staged", "pay", *TODAY)
    world.both(pair, "check", "--hook", "all", *TODAY)


@check
def remote_machines(world):
    """a repository cannot make the program contact another machine"""
    for content in ("gitdir: //server.invalid/share/x\n", "gitdir: \\\\server.invalid\\share\\x\n", "gitdir: \\\\.\\pipe\\x\n"):
        _, root = world.new_pair()
        write(root, ".git", content)
        status, _, errors = world.on_windows(root, "check", "--staged", *TODAY)
        require(status == 2 and b"contains an invalid path" in errors, errors.decode())
        status, output, _ = world.on_windows(root, "check", "--format", "json", *TODAY)
        require(status == 0 and b"another machine" in output, f"{content}: {output.decode()[-600:]}")


@check
def links(world):
    """a folder link is not followed (Wine shows links as plain folders, so only their target path reveals them)"""
    pair = world.new_pair()
    for root in pair:
        write(root.parent, "outside/secret.py", "debug = 1\n")
        (root / "link").symlink_to("../outside", target_is_directory=True)
    status, output, _ = world.on_windows(pair[1], "check", "--format", "json", *TODAY)
    require(status == 0 and b"secret.py" not in output, "the link was followed")
    for root in pair:
        (root / "linked.py").symlink_to("../outside/secret.py")
    write(pair[1], "stanchion.toml", 'schema = 1\nfollow = ["./link"]\n')
    write(pair[1].parent, "outside/x.md", GUIDELINE.format(name="x", version="1.0.0", checks="  - id: x\n    text: { files: ['**/*.py'], find: debug }"))
    status, output, errors = world.on_windows(pair[1], "check", *TODAY)
    require(b"outside this repository" in output + errors, (output + errors).decode())


@check
def tool_results(world):
    """check --sarif-in: paths with drives, file URLs and relative paths are resolved"""
    _, root = world.new_pair()
    checks = "  - id: x\n    tool: { name: ruff, rules: [E1] }"
    write(root, "guidelines/acme/here.md", GUIDELINE.format(name="here", version="1.0.0", checks=checks))
    place = "Z:" + str(root)
    for uri in ("services/pay/client.py", f"file:///{place}/services/pay/client.py", f"{place}/services/pay/client.py", f"file:///z{place[1:]}/services/pay/client.py"):
        sarif = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "ruff"}}, "results": [{"ruleId": "E1", "message": {"text": "m"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}}]}]}]}
        write(root.parent, "r.sarif", json.dumps(sarif))
        status, output, errors = world.on_windows(root, "check", "--sarif-in", "../r.sarif", "--format", "json", *TODAY)
        found = [it["path"] for it in json.loads(output)["findings"] if it["guideline"] == "acme/here"] if output else errors
        assert_same(uri, ["services/pay/client.py"], found)


@check
def concurrent_writers(world):
    """waive: eight concurrent runs, and no waiver is lost"""
    _, root = world.new_pair()
    ids = ["resilience/http-timeouts", "debug/no-breakpoints", "containers/pinned-images", "acme/here"] * 2
    running = []
    for number, name in enumerate(ids):
        arguments = [WINE, world.windows, "waive", name, "--path", f"gone{number}/**", "--kind", "other", "--reason", f"reason number {number}", *TODAY]
        running.append(subprocess.Popen(arguments, cwd=root, env=world.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
    output = [process.communicate(timeout=300)[0].decode() for process in running]
    text = (root / ".stanchion/waivers.toml").read_text()
    lost = [number for number in range(len(ids)) if f"reason number {number}" not in text]
    require(not lost, f"lost: {lost}\n" + "\n".join(output))


@check
def hostile(world):
    """in-process: nesting that crashes a parser is refused before parsing"""
    _, root = world.new_pair()
    write(root, "k8s/deep.yaml", "a:\n" + "".join(" " * n + "a:\n" for n in range(1, 4000)))
    write(root, "k8s/flow.yaml", "a: " + "[" * 50000)
    write(root, "deep.rs", "fn f() { x.unwrap(" + "(" * 20000 + ") }")
    write(root, "deep.py", "requests.get(" + "(" * 20000)
    write(root, "package.json", '{"version":' + "[" * 100000)
    status, output, errors = world.on_windows(root, "check", "--format", "json", *TODAY)
    require(status == 0, f"status {status}: {errors.decode()[-1000:]}")
    json.loads(output)


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
            words = str(error) if isinstance(error, CheckFailed) else repr(error)
            print(f"FAILED  {function.__name__}: {function.__doc__}\n        " + words[:6000].replace("\n", "\n        "), flush=True)
    if world.complaints:
        print(f"Wine reported {len(world.complaints)} crashes of its own processes, for example: {world.complaints[0].decode()}")
    print(f"\n{len(CHECKS if not only else only) - failed} of {len(CHECKS if not only else only)} checks under Wine passed")
    sys.exit(1 if failed else 0)


main()
