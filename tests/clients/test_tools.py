"""Results of other linters: real runs of ruff and hadolint, and recorded output of semgrep."""

import json
import unittest

from world import Case

GUIDELINE = """---
schema: 1
guideline: acme/no-eval
version: 1.0.0
title: No text is run as code
summary: Evaluated strings can run any code.
stage: practice
owner: acme
applies: {{ languages: [python] }}
checks:
  - id: tool
    tool: {{ name: {name}, rules: {rules} }}
---
## Why
It can do anything.

## How to keep it
Parse it.

```files good
-- a.py --
x = 1
-- results.sarif --
{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "{name}"}}}}, "results": []}}]}}
```

```files bad
-- a.py --
x = eval("1")
-- results.sarif --
{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "{name}"}}}}, "results": [{{"ruleId": "{rule}", "message": {{"text": "no"}}, "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "a.py"}}, "region": {{"startLine": 1}}}}}}]}}]}}]}}
```

## When to step over
Seldom.
"""

# Output of semgrep 1.185.0 for a rule of ours on 2026-11-25, shortened.
SEMGREP = {
    "version": "2.1.0",
    "runs": [
        {
            "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": []}],
            "results": [
                {
                    "fingerprints": {"matchBasedId/v1": "requires login"},
                    "locations": [
                        {
                            "physicalLocation": {
                                "artifactLocation": {"uri": "src/a.py", "uriBaseId": "%SRCROOT%"},
                                "region": {"endColumn": 12, "endLine": 5, "snippet": {"text": "    exec(x)"}, "startColumn": 5, "startLine": 5},
                            }
                        }
                    ],
                    "message": {"text": "Do not exec"},
                    "properties": {},
                    "ruleId": "no-exec",
                }
            ],
            "tool": {"driver": {"name": "Semgrep OSS", "rules": [{"id": "no-exec", "name": "no-exec"}], "semanticVersion": "1.185.0"}},
        }
    ],
}


class Tools(Case):
    def tooled(self, name, rules, rule):
        repo = self.folder / "repository"
        (repo / "guidelines/acme").mkdir(parents=True)
        (repo / "src").mkdir()
        (repo / "guidelines/acme/no-eval.md").write_text(GUIDELINE.format(name=name, rules=json.dumps(rules), rule=rule))
        (repo / "stanchion.toml").write_text('schema = 1\nfollow = ["./guidelines"]\n')
        (repo / "src/a.py").write_text("import os\n\ndef f(x):\n    é = eval(x)\n    exec(x)\n    assert x\n    return é\n")
        self.git(repo, "init", "--quiet", "--initial-branch=main")
        self.git(repo, "add", "--all")
        self.git(repo, "commit", "--quiet", "--message=begin")
        return repo

    def findings(self, repo, *files, status=0):
        arguments = [part for file in files for part in ("--sarif-in", file)]
        report = json.loads(self.report(repo, "json", *arguments, status=status))
        return report, [(it["path"], it["start"]["line"], it["start"]["column"], it["message"]) for it in report["findings"]]

    def ruff(self, repo):
        file = self.folder / "ruff.sarif"
        arguments = ["check", "--quiet", "--isolated", "--no-cache", "--exit-zero", "--select", "S", "--output-format", "sarif", "--output-file"]
        self.run_program("ruff", *arguments, file, ".", cwd=repo)
        return file

    def test_ruff(self):
        repo = self.tooled("ruff", ["S307", "S102"], "S307")
        self.run_program("stanchion", "test", "guidelines", cwd=repo)
        # Without results the guideline is not "kept".
        report, found = self.findings(repo)
        self.assertEqual((report["summary"]["cannot_tell"], found), (1, []))
        self.assertEqual(report["not_assessed"][0]["reason"], "no-results")
        file = self.ruff(repo)
        report, found = self.findings(repo, file)
        self.assertEqual([it[:3] for it in found], [("src/a.py", 4, 9), ("src/a.py", 5, 5)])
        self.assertIn("(ruff S307)", found[0][3])
        # A promise counts the results, a waiver covers one, and a baseline survives moved lines.
        self.run_program("stanchion", "promise", "acme/no-eval", "--from-here", "--sarif-in", file, cwd=repo)
        self.findings(repo, file)
        source = repo / "src/a.py"
        source.write_text("# moved\n\n" + source.read_text())
        self.findings(repo, self.ruff(repo))
        source.write_text(source.read_text() + "\ndef g(y):\n    return eval(y + y)\n")
        self.findings(repo, self.ruff(repo), status=1)
        source.write_text(source.read_text().replace("eval(y + y)", "eval(y + y)  # stanchion: waive acme/no-eval until=2999-01-01 kind=cost -- it is our own text"))
        report, _ = self.findings(repo, self.ruff(repo))
        self.assertEqual(report["summary"]["findings_waived"], 1)
        # After the fix, a run without results keeps the guideline.
        source.write_text("x = 1\n")
        report, found = self.findings(repo, self.ruff(repo))
        self.assertEqual((report["summary"]["kept"], found), (1, []))

    def test_a_change(self):
        """Results outside the change are not reported."""
        repo = self.tooled("ruff", ["S*"], "S307")
        (repo / "src/b.py").write_text("y = eval('1')\n")
        file = self.ruff(repo)
        arguments = ("--since", "HEAD", "--sarif-in", str(file))
        self.git(repo, "add", "--all")
        report = json.loads(self.report(repo, "json", *arguments))
        self.assertEqual([it["path"] for it in report["findings"]], ["src/b.py"])

    def test_hadolint(self):
        repo = self.tooled("hadolint", ["DL*"], "DL3006")
        guideline = repo / "guidelines/acme/no-eval.md"
        guideline.write_text(guideline.read_text().replace("applies: { languages: [python] }\n", ""))
        (repo / "Dockerfile").write_text("FROM debian\nRUN cd /tmp\n")
        done = self.run_program("hadolint", "--no-fail", "--format", "sarif", "Dockerfile", cwd=repo)
        file = self.folder / "hadolint.sarif"
        file.write_text(done.stdout)
        _, found = self.findings(repo, file)
        self.assertEqual([it[:2] for it in found], [("Dockerfile", 1), ("Dockerfile", 2)])
        # The same results from standard input.
        done = self.run_program("stanchion", "check", "--format", "json", "--sarif-in", "-", cwd=repo, input=file.read_text())
        self.assertEqual(len(json.loads(done.stdout)["findings"]), 2)

    def test_semgrep(self):
        repo = self.tooled("semgrep", ["*no-exec"], "no-exec")
        file = self.folder / "semgrep.sarif"
        file.write_text(json.dumps(SEMGREP))
        _, found = self.findings(repo, file)
        self.assertEqual(found, [("src/a.py", 5, 5, "Do not exec (semgrep no-exec)")])
        # The same file given twice is one finding; results for a missing file are reported in a note.
        self.assertEqual(len(self.findings(repo, file, file)[1]), 1)
        file.write_text(json.dumps(SEMGREP).replace("src/a.py", "src/gone.py"))
        report, found = self.findings(repo, file)
        self.assertEqual((found, [note["code"] for note in report["notes"]]), ([], ["results-elsewhere"]))
        # Results of a failed run are not used.
        file.write_text(json.dumps(SEMGREP).replace('"executionSuccessful": true', '"executionSuccessful": false').replace("no-exec", "other"))
        self.assertEqual(self.findings(repo, file)[0]["summary"]["cannot_tell"], 1)

    def test_invalid_sarif_is_an_error(self):
        repo = self.tooled("ruff", ["*"], "S307")
        for text, words in (("{", "ends too early"), ("<x/>", "not valid JSON"), ("{}", "`runs` is missing")):
            file = self.folder / "bad.sarif"
            file.write_text(text)
            done = self.run_program("stanchion", "check", "--sarif-in", file, cwd=repo, status=2)
            self.assertIn(words, done.stderr)
        done = self.run_program("stanchion", "check", "--sarif-in", "none.sarif", cwd=repo, status=2)
        self.assertIn("none.sarif: no such file", done.stderr)


if __name__ == "__main__":
    unittest.main()
