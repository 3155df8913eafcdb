"""Packages, installed from the built artifacts as a user would."""

import json
import pathlib
import unittest

from world import CLIENTS, ROOT, Case

PACKAGES = ROOT / "target/packages"
VERSION = next(
    line.split('"')[1] for line in (ROOT / "Cargo.toml").read_text().splitlines() if line.startswith("version = ")
)


class Packages(Case):
    def test_the_wheel(self):
        (wheel,) = (PACKAGES / "pypi").glob("*.whl")
        venv = self.folder / "venv"
        self.run_program("python3", "-m", "venv", venv, cwd=self.folder)
        self.run_program(venv / "bin/pip", "install", "--quiet", "--no-index", "--disable-pip-version-check", wheel, cwd=self.folder)
        done = self.run_program(venv / "bin/stanchion", "--version", cwd=self.folder)
        self.assertEqual(done.stdout.strip(), f"stanchion {VERSION}")
        # The wheel does not contain the registry.
        self.assertFalse((venv / "bin/stanchion-registry").exists())
        repo = self.repository(promised=True)
        done = self.run_program(venv / "bin/stanchion", "check", cwd=repo, status=1)
        self.assertTrue(done.stdout.startswith("── promise not kept: acme/markers"))
        metadata = self.run_program(venv / "bin/pip", "show", "stanchion", cwd=self.folder).stdout
        self.assertIn("Policy as guidance", metadata)

    def test_the_npm_package(self):
        archives = sorted((PACKAGES / "npm").glob("*.tgz"))
        self.assertEqual(len(archives), 2)
        project = self.folder / "project"
        project.mkdir()
        (project / "package.json").write_text('{"private": true}')
        environment = {"npm_config_cache": str(self.folder / "npm"), "npm_config_audit": "false", "npm_config_fund": "false"}
        self.run_program("npm", "install", "--offline", "--silent", *archives, cwd=project, environment=environment)
        done = self.run_program("npx", "--offline", "stanchion", "--version", cwd=project, environment=environment)
        self.assertEqual(done.stdout.strip(), f"stanchion {VERSION}")
        # Arguments and exit statuses are passed through.
        repo = self.repository(promised=True)
        starter = project / "node_modules/.bin/stanchion"
        self.run_program(starter, "check", cwd=repo, status=1)
        self.run_program(starter, "check", "--no-such-option", cwd=repo, status=2)
        # Without the package for the platform, the message explains what to do.
        for package in (project / "node_modules/@stanchion").iterdir():
            package.rename(self.folder / package.name)
        done = self.run_program(starter, "check", cwd=repo, status=2)
        self.assertIn("optional dependency", done.stderr)

    def test_the_dockerfile(self):
        file = ROOT / "packages/docker/Dockerfile"
        self.run_program("hadolint", file, cwd=self.folder)
        # Every copied path exists, and every path that the build needs is copied.
        copied = set()
        for line in file.read_text().splitlines():
            if line.startswith("COPY ") and "--from" not in line:
                copied.update(line.split()[1:-1])
        for path in copied:
            self.assertTrue((ROOT / path).exists(), path)
        metadata = json.loads(
            self.run_program("cargo", "metadata", "--no-deps", "--offline", "--format-version", "1", cwd=ROOT).stdout
        )
        (package,) = metadata["packages"]
        needed = [target for target in package["targets"] if target["kind"] != ["test"] or target["name"] == "hostile"]
        for target in needed:
            path = pathlib.Path(target["src_path"]).relative_to(ROOT)
            self.assertTrue(any(path == pathlib.Path(it) or pathlib.Path(it) in path.parents for it in copied), path)

    def test_cargo_install_builds_the_lean_program_only(self):
        metadata = json.loads(
            self.run_program("cargo", "metadata", "--no-deps", "--offline", "--format-version", "1", cwd=ROOT).stdout
        )
        (package,) = metadata["packages"]
        default = [it["name"] for it in package["targets"] if it["kind"] == ["bin"] and not it.get("required-features")]
        self.assertEqual(default, ["stanchion"])
        # The program can contact registries (`update`, `publish`), but does not contain the registry.
        self.assertEqual(package["features"]["default"], ["online"])


if __name__ == "__main__":
    unittest.main()
