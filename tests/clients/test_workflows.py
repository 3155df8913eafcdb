"""Recipes for build servers: the steps of the action with the files and variables of a runner, the GitLab job, the script."""

import json
import os
import pathlib
import re
import subprocess
import unittest

import yaml
from world import ROOT, Case

PACKAGES = ROOT / "target/packages"


def commands(log):
    """Commands that a runner executes in a log: a port of ActionCommand.cs, current and old form."""
    found = []
    for line in log.splitlines():
        match = re.match(r"\s*::(\w[\w-]*)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$", line)
        if match:
            properties = dict(pair.split("=", 1) for pair in (match[2] or "").split(",") if "=" in pair)
            found.append((match[1].lower(), properties, match[3]))
        elif "##[" in line:
            found.append(("old", {}, line))
    return found


class Runner:
    """Runs the steps of a composite action as the runner does."""

    def __init__(self, case, repo, inputs, event=None):
        self.case, self.repo = case, repo
        self.action = yaml.safe_load((ROOT / "action.yml").read_text())
        known = self.action["inputs"]
        case.assertLessEqual(set(inputs), set(known))
        self.inputs = {name: inputs.get(name, about.get("default", "")) for name, about in known.items()}
        self.temp = case.folder / "runner"
        self.temp.mkdir(exist_ok=True)
        self.path, self.log, self.outputs = [], "", {}
        self.summary = self.temp / "summary.md"
        self.summary.write_text("")
        self.event = event or {}

    def value(self, text):
        def of(match):
            expression = match[1].strip()
            if expression.startswith("inputs."):
                return self.inputs[expression.removeprefix("inputs.")]
            step, name = re.fullmatch(r"steps\.([\w-]+)\.outputs\.([\w-]+)", expression).groups()
            return self.outputs.get(step, {}).get(name, "")

        return re.sub(r"\$\{\{(.*?)\}\}", of, text)

    def run(self):
        """Runs until a step fails; returns its status."""
        for number, step in enumerate(self.action["runs"]["steps"]):
            # Text inserted into a script would be executed.
            self.case.assertNotIn("${{", step["run"])
            files = {name: self.temp / f"{name}-{number}" for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_ENV")}
            for file in files.values():
                file.write_text("")
            environment = {
                **self.case.environment,
                **{name: str(file) for name, file in files.items()},
                "GITHUB_ACTIONS": "true",
                "CI": "true",
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_WORKSPACE": str(self.repo),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "RUNNER_TEMP": str(self.temp),
                **self.event,
                **{name: self.value(text) for name, text in step.get("env", {}).items()},
            }
            environment["PATH"] = ":".join([*self.path, environment["PATH"]])
            script = self.temp / f"step-{number}.sh"
            script.write_text(step["run"])
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
                cwd=self.repo, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
            )
            self.log += done.stdout
            self.path = [*files["GITHUB_PATH"].read_text().splitlines(), *self.path]
            lines = files["GITHUB_OUTPUT"].read_text().splitlines()
            self.outputs[step.get("id", str(number))] = dict(line.split("=", 1) for line in lines)
            if done.returncode:
                return done.returncode
        return 0

    def output(self, name):
        return self.value(self.action["outputs"][name]["value"])


class Action(Case):
    def test_advice_never_fails(self):
        runner = Runner(self, self.repository(), {"version": "installed", "since": "", "sarif": "out.sarif"})
        self.assertEqual(runner.run(), 0, runner.log)
        found = commands(runner.log)
        self.assertEqual({name for name, _, _ in found}, {"notice"})
        self.assertEqual(len(found), 4, runner.log)
        self.assertEqual(runner.output("status"), "0")
        self.assertEqual(runner.output("sarif"), "out.sarif")
        json.loads((runner.repo / "out.sarif").read_text())
        self.assertIn("### stanchion: 💡 4 pieces of advice", runner.summary.read_text())

    def test_a_broken_promise_fails_and_is_an_error_at_its_line(self):
        repo = self.repository(promised=True)
        runner = Runner(self, repo, {"version": "installed", "since": ""})
        self.assertEqual(runner.run(), 1, runner.log)
        errors = [properties for name, properties, _ in commands(runner.log) if name == "error"]
        self.assertEqual(len(errors), 2)
        self.assertEqual((errors[0]["file"], errors[0]["line"], errors[0]["col"]), ("src/plain.py", "2", "12"))
        self.assertEqual(runner.output("status"), "1")
        runner = Runner(self, repo, {"version": "installed", "since": "", "fail-on-broken-promise": "false"})
        self.assertEqual(runner.run(), 0, runner.log)
        self.assertEqual(runner.output("status"), "1")

    def test_a_pull_request_assesses_only_its_change(self):
        repo = self.repository()
        self.git(repo, "update-ref", "refs/remotes/origin/main", "HEAD")
        self.git(repo, "checkout", "--quiet", "-b", "change")
        (repo / "src/new.py").write_text("# TODO new\n")
        self.git(repo, "add", "--all")
        self.git(repo, "commit", "--quiet", "--message=change")
        runner = Runner(self, repo, {"version": "installed"}, {"GITHUB_BASE_REF": "main"})
        self.assertEqual(runner.run(), 0, runner.log)
        files = [properties.get("file") for _, properties, _ in commands(runner.log)]
        self.assertEqual(files, ["src/new.py"], runner.log)
        # On a branch without a pull request, everything is assessed.
        runner = Runner(self, repo, {"version": "installed"})
        self.assertEqual(runner.run(), 0, runner.log)
        self.assertEqual(len(commands(runner.log)), 5)
        # A shallow clone gets an error that explains how to deepen it.
        runner = Runner(self, repo, {"version": "installed"}, {"GITHUB_BASE_REF": "unknown"})
        self.assertEqual(runner.run(), 2, runner.log)
        self.assertIn("fetch-depth: 0", runner.log)

    def test_inputs_are_not_executed(self):
        repo = self.repository()
        evil = "src; touch evil\n$(touch evil)\n`touch evil`"
        runner = Runner(self, repo, {"version": "installed", "paths": evil, "since": "", "sarif": "$(touch evil)"})
        self.assertEqual(runner.run(), 2, runner.log)
        runner = Runner(self, repo, {"version": "1; touch evil"})
        self.assertEqual(runner.run(), 2, runner.log)
        self.assertFalse((repo / "evil").exists())
        runner = Runner(self, repo, {"version": "installed", "paths": "src/plain.py\nsrc/waived.py\n", "since": ""})
        self.assertEqual(runner.run(), 0, runner.log)
        self.assertEqual({properties.get("file") for _, properties, _ in commands(runner.log)}, {"src/plain.py"})

    def test_the_requested_version_is_installed(self):
        self.environment["PIP_FIND_LINKS"] = str(PACKAGES / "pypi")
        self.environment["PIP_NO_INDEX"] = "1"
        self.environment["PATH"] = os.environ["PATH"]
        runner = Runner(self, self.repository(), {"version": "v0.1.0", "since": ""})
        self.assertEqual(runner.run(), 0, runner.log)
        self.assertTrue((runner.temp / "stanchion/bin/stanchion").exists())

    def test_a_terminal_report_contains_no_runner_commands(self):
        repo = self.repository()
        (repo / "src/orders.py").write_text("::error::TODO\n##[error]TODO\n  ::stop-commands::x TODO\n")
        self.git(repo, "add", "--all")
        for annotations in ("false", "true"):
            runner = Runner(self, repo, {"version": "installed", "since": "", "annotations": annotations})
            self.assertEqual(runner.run(), 0, runner.log)
            names = {name for name, _, _ in commands(runner.log)}
            self.assertEqual(names, {"notice"} if annotations == "true" else set(), runner.log)
        # The same in a user's own step without a format.
        environment = {"GITHUB_ACTIONS": "true"}
        done = self.run_program("stanchion", "check", "--all", cwd=repo, environment=environment)
        self.assertEqual(commands(done.stdout + done.stderr), [])
        self.assertIn("#\\x23[error]TODO", done.stdout)
        done = self.run_program("stanchion", "check", cwd=repo, environment=environment)
        self.assertEqual({name for name, _, _ in commands(done.stdout)}, {"notice"})
        for other in (["--ci", "none"], ["--format", "human"]):
            done = self.run_program("stanchion", "check", *other, cwd=repo, environment=environment)
            self.assertEqual(commands(done.stdout), [])

    def test_steps_share_a_summary(self):
        repo = self.repository()
        runner = Runner(self, repo, {"version": "installed", "since": ""})
        runner.summary.write_text("# Before\n")
        self.assertEqual(runner.run(), 0, runner.log)
        text = runner.summary.read_text()
        self.assertTrue(text.startswith("# Before\n\n### stanchion"), text[:80])
        # GitHub accepts 1 MiB per step.
        runner.summary.write_text("x" * ((1 << 20) - 900))
        self.assertEqual(runner.run(), 0, runner.log)
        self.assertLessEqual(runner.summary.stat().st_size, 1 << 20)
        self.assertIn("truncated", runner.summary.read_text())


class Others(Case):
    def test_the_gitlab_job(self):
        job = yaml.safe_load((ROOT / "packages/gitlab/stanchion.gitlab-ci.yml").read_text())["stanchion"]
        repo = self.repository(promised=True)
        first = self.git(repo, "rev-parse", "HEAD").stdout.strip()
        (repo / "src/new.py").write_text("# TODO new\n")
        self.git(repo, "add", "--all")
        self.git(repo, "commit", "--quiet", "--message=change")
        script = "\n".join(job["script"])
        reports = job["artifacts"]["reports"]
        environment = {"GITLAB_CI": "true", "CI": "true", **job["variables"]}
        # A branch build assesses the whole repository, where the promise was already broken.
        self.run_program("sh", "-e", "-c", script, cwd=repo, status=1, environment=environment)
        entries = json.loads((repo / reports["codequality"]).read_text())
        self.assertEqual(len(entries), 5)
        self.assertTrue((repo / reports["junit"]).read_text().startswith("<?xml"))
        # A merge request reports its change as advice, and judges promises on the whole repository.
        environment["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = first
        self.run_program("sh", "-e", "-c", script, cwd=repo, status=1, environment=environment)
        entries = json.loads((repo / reports["codequality"]).read_text())
        self.assertEqual(sorted(it["location"]["path"] for it in entries if it["severity"] == "info"), ["src/new.py"])
        self.assertEqual(job["artifacts"]["when"], "always")

    def test_the_recipe_for_any_shell(self):
        repo = self.repository()
        for server in (
            {"JENKINS_URL": "https://ci.example"},
            {"BUILDKITE": "true", "BUILDKITE_PULL_REQUEST_BASE_BRANCH": ""},
            {"TF_BUILD": "True"},
            {"BITBUCKET_BUILD_NUMBER": "7"},
            {},
        ):
            reports = self.folder / f"reports-{len(server)}-{next(iter(server), 'none')}"
            environment = {**server, "STANCHION_REPORTS": str(reports)}
            done = self.run_program(ROOT / "packages/shell/ci.sh", cwd=repo, environment=environment)
            self.assertIn("acme/leftovers", done.stdout)
            self.assertEqual(sorted(it.name for it in reports.iterdir()), ["index.html", "junit.xml", "stanchion.sarif"])

    def test_one_run_writes_all_outputs_completely_or_not_at_all(self):
        repo = self.repository()
        outputs = [f"{form}={self.folder / form}" for form in ("sarif", "junit", "json", "html", "human")]
        arguments = [part for it in outputs for part in ("--output", it)]
        self.run_program("stanchion", "check", *arguments, cwd=repo)
        before = (self.folder / "sarif").read_bytes()
        self.run_program("stanchion", "check", *arguments, cwd=repo)
        self.assertEqual((self.folder / "sarif").read_bytes(), before)
        # A missing folder is named in the error, and no partial file is left.
        done = self.run_program("stanchion", "check", "--output", "sarif=none/x.sarif", cwd=repo, status=2)
        self.assertIn("none/x.sarif", done.stderr)
        self.assertEqual([it.name for it in self.folder.iterdir() if it.name.endswith(".tmp")], [])

    def test_scripts_are_sound(self):
        for script in [*(ROOT / "packages").rglob("*.sh"), ROOT / "scripts/package", ROOT / "scripts/clients"]:
            self.run_program("bash", "-n", script, cwd=self.folder)
            self.assertTrue(os.access(script, os.X_OK), script)


if __name__ == "__main__":
    unittest.main()
