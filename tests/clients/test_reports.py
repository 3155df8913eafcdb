"""Reports, each read by the program for which it is written."""

import json
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

import jsonschema
import junitparser
from world import CLIENTS, ROOT, Case

# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string"},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path"],
                "properties": {
                    "path": {"type": "string", "not": {"pattern": "^(/|\\./)"}},
                    "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}},
                },
            },
        },
    },
}

# The part of https://github.com/reviewdog/reviewdog/blob/master/proto/rdf/reviewdog.proto that stanchion writes.
POSITION = {
    "type": "object",
    "required": ["line"],
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
RANGE = {
    "type": "object",
    "required": ["start"],
    "properties": {"start": POSITION, "end": POSITION},
    "additionalProperties": False,
}
SOURCE = {"type": "object", "properties": {"name": {"type": "string"}, "url": {"type": "string"}}, "additionalProperties": False}
DIAGNOSTIC = {
    "type": "object",
    "required": ["message", "location"],
    "properties": {
        "message": {"type": "string"},
        "location": {
            "type": "object",
            "required": ["path"],
            "properties": {"path": {"type": "string"}, "range": RANGE},
            "additionalProperties": False,
        },
        "severity": {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]},
        "source": SOURCE,
        "code": {"type": "object", "properties": {"value": {"type": "string"}, "url": {"type": "string"}}, "additionalProperties": False},
        "suggestions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["range"],
                "properties": {"range": RANGE, "text": {"type": "string"}},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


class Sarif(Case):
    def setUp(self):
        super().setUp()
        self.schema = json.loads((CLIENTS / "sarif-schema.json").read_text())

    def check(self, text):
        document = json.loads(text)
        validator = jsonschema.validators.validator_for(self.schema)(self.schema)
        problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
        self.assertEqual(problems, [])
        return document["runs"][0]

    def test_the_official_schema(self):
        repo = self.repository(promised=True)
        run = self.check(self.report(repo, "sarif", status=1))
        self.assertEqual([result["level"] for result in run["results"]], ["error", "error", "note", "note"])
        names = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        for result in run["results"]:
            self.assertEqual(names[result["ruleIndex"]], result["ruleId"])
        missing = next(result for result in run["results"] if result["ruleId"] == "acme/present")
        place = missing["locations"][0]["physicalLocation"]
        self.assertEqual((place["artifactLocation"]["uri"], place["region"]["startLine"]), ("stanchion.toml", 2))
        reasons = [it["descriptor"]["id"] for it in run["invocations"][0]["toolExecutionNotifications"]]
        self.assertTrue(reasons)
        run = self.check(self.report(repo, "sarif", "--sarif-suppressed=include", status=1))
        suppressed = [result for result in run["results"] if result["suppressions"]]
        self.assertEqual(len(suppressed), 1)
        self.assertEqual(suppressed[0]["suppressions"][0]["justification"], "it is <i>fine</i>")

    def test_the_schema_rejects_an_invalid_report(self):
        run = self.report(self.repository(), "sarif")
        with self.assertRaises(AssertionError):
            self.check(run.replace('"startLine":1', '"startLine":"one"'))

    def test_line_hashes_are_those_of_the_upload_action(self):
        """Compares with hashes computed by a port of fingerprints.ts of codeql-action."""
        repo = self.repository()
        run = self.check(self.report(repo, "sarif"))
        seen = 0
        for result in run["results"]:
            place = result["locations"][0]["physicalLocation"]
            if place["artifactLocation"]["uri"] != "src/plain.py":
                continue
            expected = line_hashes((repo / "src/plain.py").read_text())[place["region"]["startLine"] - 1]
            self.assertEqual(result["partialFingerprints"]["primaryLocationLineHash"], expected)
            seen += 1
        self.assertEqual(seen, 2)

    def test_sarif_tools_reads_it(self):
        repo = self.repository(promised=True)
        file = self.folder / "report.sarif"
        file.write_text(self.report(repo, "sarif", status=1))
        summary = self.run_program("sarif", "summary", file, cwd=self.folder).stdout
        self.assertIn("error: 2", summary)
        self.assertIn("note: 2", summary)

    def test_the_multitool_finds_no_error(self):
        repo = self.repository(promised=True)
        file = self.folder / "report.sarif"
        file.write_text(self.report(repo, "sarif", "--sarif-suppressed=include", status=1))
        out = self.folder / "validation.sarif"
        tool = CLIENTS / "js/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
        environment = {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
        self.run_program(
            tool, "validate", file, "--output", out, "--rule-kind", "Sarif;Ghas", "--level", "Error",
            cwd=self.folder, status=None, environment=environment,
        )
        results = json.loads(out.read_text(encoding="utf-8-sig"))["runs"][0]["results"]
        errors = [f"{it['ruleId']}: {json.dumps(it['message'])}" for it in results if it.get("level", "warning") == "error"]
        self.assertEqual(errors, [])


def line_hashes(text):
    """Port of fingerprints.ts: window 100, factor 37 modulo 2**64, blanks and tabs skipped, line endings as one line feed."""
    window, lines, raw, index, number, start, after_return = [0] * 100, [-1] * 100, 0, 0, 0, True, False
    first = pow(37, 100, 1 << 64)
    counts, hashes = {}, {}

    def output():
        digits = format(raw, "x")
        counts[digits] = counts.get(digits, 0) + 1
        hashes[lines[index]] = f"{digits}:{counts[digits]}"
        lines[index] = -1

    def update(current):
        nonlocal raw, index
        begin, window[index] = window[index], current
        raw = (raw * 37 + current - first * begin) % (1 << 64)
        index = (index + 1) % 100

    units = text.encode("utf-16-le")
    for at in [*range(0, len(units), 2), None]:
        current = 65535 if at is None else units[at] | units[at + 1] << 8
        if current in (32, 9) or (after_return and current == 10):
            after_return = False
            continue
        after_return = current == 13
        current = 10 if after_return else current
        if lines[index] != -1:
            output()
        if start:
            start, number = False, number + 1
            lines[index] = number
        start = current == 10
        update(current)
    for _ in range(100):
        if lines[index] != -1:
            output()
        update(0)
    return [hashes[line] for line in sorted(hashes)]


class Others(Case):
    def test_gitlab(self):
        entries = json.loads(self.report(self.repository(promised=True), "gitlab", status=1))
        jsonschema.validate(entries, GITLAB)
        self.assertEqual([entry["severity"] for entry in entries], ["major", "major", "info", "info"])
        self.assertEqual(len({entry["fingerprint"] for entry in entries}), 4)
        self.assertIn("src/plain.py", [entry["location"]["path"] for entry in entries])

    def test_reviewdog(self):
        repo = self.repository(promised=True)
        whole = json.loads(self.report(repo, "rdjson", status=1))
        jsonschema.validate(whole["diagnostics"], {"type": "array", "items": DIAGNOSTIC})
        jsonschema.validate(whole["source"], SOURCE)
        lines = [json.loads(line) for line in self.report(repo, "rdjsonl", status=1).splitlines()]
        jsonschema.validate(lines, {"type": "array", "items": DIAGNOSTIC})
        self.assertEqual(len(lines), len(whole["diagnostics"]))
        # Columns count bytes: the `é` before it has two.
        two = next(it for it in lines if it["location"]["path"] == "src/plain.py" and it["code"]["value"] == "acme/markers")
        start = two["location"]["range"]["start"]
        line = (repo / "src/plain.py").read_bytes().splitlines()[start["line"] - 1]
        self.assertEqual(line[start["column"] - 1 :][:5], b"FIXME")

    def test_junit(self):
        file = self.folder / "junit.xml"
        file.write_text(self.report(self.repository(promised=True), "junit", status=1))
        suites = junitparser.JUnitXml.fromfile(str(file))
        cases = [case for suite in suites for case in suite]
        self.assertEqual(suites.tests, len(cases))
        failed = [case for case in cases if any(isinstance(it, junitparser.Failure) for it in case.result)]
        skipped = [case for case in cases if any(isinstance(it, junitparser.Skipped) for it in case.result)]
        self.assertEqual((len(failed), suites.failures), (2, 2))
        self.assertEqual(suites.skipped, len(skipped))
        self.assertIn("waived: it is <i>fine</i>", [it.message for case in skipped for it in case.result])
        names = [(case.classname, case.name) for case in cases]
        self.assertEqual(len(names), len(set(names)))

    def test_checkstyle(self):
        root = ElementTree.fromstring(self.report(self.repository(promised=True), "checkstyle", status=1))
        errors = [(file.get("name"), error.get("severity")) for file in root for error in file]
        self.assertEqual(sorted(severity for _, severity in errors), ["error", "error", "info", "info"])

    def test_html(self):
        """The page is valid, axe finds no violation in both themes and widths, and filters work without scripts."""
        page = self.folder / "report.html"
        page.write_text(self.report(self.repository(promised=True), "html", status=1))
        (self.folder / ".htmlvalidate.json").write_text(json.dumps({
            "root": True,
            "extends": ["html-validate:standard"],
            "rules": {"long-title": "off", "no-inline-style": "off", "no-raw-characters": "off", "void-style": "off", "no-trailing-whitespace": "off"},
        }))
        self.run_program(CLIENTS / "js/node_modules/.bin/html-validate", page, cwd=self.folder)
        done = self.run_program("node", ROOT / "tests/clients/browser.mjs", CLIENTS / "js", page, self.folder / "profile", cwd=self.folder)
        seen = json.loads(done.stdout)
        self.assertEqual(seen["violations"], [])
        self.assertEqual(seen["overflow"], [])
        self.assertEqual(seen["filters"], {"all": 5, "broken": 2, "advice": 2, "known": 0, "waived": 1})
        self.assertEqual(seen["requests"], [])

    def test_a_large_run_stays_within_limits(self):
        repo = self.repository()
        for number in range(200):
            (repo / f"src/f{number}.txt").write_text("TODO FIXME\n" * 130)
        outputs = {form: self.folder / form for form in ("sarif", "github-summary", "junit", "markdown", "html", "gitlab", "rdjson")}
        arguments = [part for form, file in outputs.items() for part in ("--output", f"{form}={file}")]
        text = self.run_program("stanchion", "check", "--format", "github", *arguments, cwd=repo).stdout
        self.assertLessEqual(sum(line.startswith("::notice ") for line in text.splitlines()), 10)
        run = json.loads(outputs["sarif"].read_text())["runs"][0]
        self.assertEqual(len(run["results"]), 25_000)
        self.assertIn("results are not in this file", json.dumps(run["invocations"]))
        self.assertLess(outputs["github-summary"].stat().st_size, 1 << 20)
        self.assertIn("truncated", outputs["github-summary"].read_text())
        self.assertLess(outputs["junit"].stat().st_size, 30_000_000)
        self.assertLess(len(outputs["markdown"].read_text()), 65_536)
        self.assertIn("are not shown here", outputs["html"].read_text())
        self.assertGreater(len(json.loads(outputs["gitlab"].read_text())), 39_000)


if __name__ == "__main__":
    unittest.main()
