"""Hooks of the pre-commit framework and of prek, from the packages to publish, and git's own hooks."""

import json
import os
import pathlib
import shutil
import unittest

from world import ROOT, Case

PACKAGES = ROOT / "target/packages"


class Hooks(Case):
    def repository(self, promised=False):
        """Creates a repository without the file that is not UTF-8, because promises about it cannot be judged."""
        repo = super().repository(promised)
        self.git(repo, "rm", "--quiet", "src/broken.txt")
        self.git(repo, "commit", "--quiet", "--message=readable")
        return repo


class Frameworks(Hooks):
    """Tests that run with pre-commit and with prek."""

    def install(self, tool, repo, stages=("pre-commit", "pre-merge-commit")):
        """Publishes the mirror as a local repository and configures both hooks; the wheel comes from a folder."""
        mirror = self.folder / "mirror"
        shutil.copytree(PACKAGES / "mirror", mirror)
        self.git(mirror, "init", "--quiet", "--initial-branch=main")
        self.git(mirror, "add", "--all")
        self.git(mirror, "commit", "--quiet", "--message=mirror")
        revision = self.git(mirror, "rev-parse", "HEAD").stdout.strip()
        (repo / ".pre-commit-config.yaml").write_text(
            f"repos:\n  - repo: {mirror}\n    rev: {revision}\n    hooks:\n      - id: stanchion\n"
            "      - id: stanchion-advice\n        verbose: true\n"
        )
        # The wheel otherwise comes from PyPI. Setuptools, which builds the empty package, still does.
        self.environment["PIP_FIND_LINKS"] = f"{self.environment.get('PIP_FIND_LINKS', '')} {PACKAGES / 'pypi'}".strip()
        self.environment["UV_FIND_LINKS"] = str(PACKAGES / "pypi")
        self.environment["PRE_COMMIT_HOME"] = str(self.folder / f"{tool}-home")
        self.environment["PREK_HOME"] = str(self.folder / f"{tool}-home")
        self.git(repo, "add", "--all")
        self.git(repo, "commit", "--quiet", "--message=configuration")
        for stage in stages:
            self.run_program(tool, "install", "--hook-type", stage, cwd=repo)

    def commit_with_hooks(self, tool):
        repo = self.repository()
        self.install(tool, repo)
        # Without new findings, both hooks print nothing.
        (repo / "src/new.py").write_text("x = 1\n")
        self.git(repo, "add", "--all")
        done = self.git(repo, "commit", "--message=unchanged")
        self.assertNotIn("promise not kept", done.stdout + done.stderr)
        self.assertNotIn("finding", done.stdout + done.stderr)
        # Advice is shown and does not stop the commit.
        (repo / "src/new.py").write_text("x = 1  # TODO later\n")
        self.git(repo, "add", "--all")
        done = self.git(repo, "commit", "--message=advice")
        self.assertIn("acme/leftovers", done.stdout + done.stderr)
        self.assertIn("src/new.py:1:10", done.stdout + done.stderr)
        # A commit that breaks a promise is stopped.
        self.run_program("stanchion", "promise", "acme/markers", "--from-here", cwd=repo)
        self.git(repo, "add", "--all")
        self.git(repo, "commit", "--message=promise")
        (repo / "src/new.py").write_text("x = 1  # FIXME now\n")
        self.git(repo, "add", "--all")
        done = self.git(repo, "commit", "--message=broken", status=1)
        self.assertIn("promise not kept: acme/markers", done.stdout + done.stderr)
        self.assertEqual(self.git(repo, "log", "-1", "--format=%s").stdout.strip(), "promise")
        # Only staged content counts, not the work tree.
        (repo / "src/new.py").write_text("x = 1\n")
        self.git(repo, "add", "--all")
        (repo / "src/new.py").write_text("x = 1  # FIXME not staged\n")
        self.git(repo, "commit", "--message=staged")
        self.assertEqual((repo / "src/new.py").read_text(), "x = 1  # FIXME not staged\n")
        self.git(repo, "checkout", "--quiet", "src/new.py")
        # A staged finding that is fixed in the work tree counts.
        (repo / "src/new.py").write_text("x = 1  # FIXME staged\n")
        self.git(repo, "add", "--all")
        (repo / "src/new.py").write_text("x = 1\n")
        self.git(repo, "commit", "--message=staged", status=1)
        self.git(repo, "reset", "--quiet", "--hard")
        # A merge commit is also assessed.
        self.git(repo, "checkout", "--quiet", "-b", "side", "HEAD~1")
        (repo / "src/side.py").write_text("y = 1  # FIXME on the side\n")
        self.git(repo, "add", "--all")
        self.git(repo, "commit", "--quiet", "--no-verify", "--message=side")
        self.git(repo, "checkout", "--quiet", "main")
        done = self.git(repo, "merge", "--no-ff", "--message=merge", "side", status=None)
        self.assertNotEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("promise not kept: acme/markers", done.stdout + done.stderr)
        (repo / "src/side.py").write_text("y = 1\n")
        self.git(repo, "add", "--all")
        self.git(repo, "commit", "--quiet", "--message=merge")
        # A manual run assesses the whole repository.
        done = self.run_program(tool, "run", "--all-files", cwd=repo, status=None)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_pre_commit(self):
        self.commit_with_hooks("pre-commit")

    def test_prek(self):
        self.commit_with_hooks("prek")

    def test_pushed_commits_are_assessed(self):
        """Before a push the framework passes the revision of the remote."""
        repo = self.repository()
        self.install("pre-commit", repo, stages=("pre-push",))
        self.run_program("stanchion", "promise", "acme/markers", "--from-here", cwd=repo)
        self.git(repo, "add", "--all")
        self.git(repo, "commit", "--quiet", "--message=promise")
        other = self.folder / "other.git"
        self.git(self.folder, "init", "--quiet", "--bare", str(other))
        self.git(repo, "remote", "add", "origin", str(other))
        self.git(repo, "push", "--quiet", "origin", "main")
        (repo / "src/pushed.py").write_text("x = 1  # FIXME pushed\n")
        self.git(repo, "add", "--all")
        self.git(repo, "commit", "--quiet", "--message=pushed")
        done = self.git(repo, "push", "origin", "main", status=1)
        self.assertIn("promise not kept: acme/markers", done.stdout + done.stderr)

    def test_both_files_offer_the_same_hooks(self):
        import yaml

        def hooks(path):
            return [{key: value for key, value in hook.items() if key != "language"} for hook in yaml.safe_load(path.read_text())]

        self.assertEqual(hooks(ROOT / ".pre-commit-hooks.yaml"), hooks(ROOT / "packages/pre-commit/.pre-commit-hooks.yaml"))
        for path in (ROOT, ROOT / "packages/pre-commit"):
            self.run_program("pre-commit", "validate-manifest", path / ".pre-commit-hooks.yaml", cwd=self.folder)


class Native(Hooks):
    """`stanchion hook`."""

    def test_install_run_and_uninstall(self):
        repo = self.repository()
        hooks = repo / ".git/hooks"
        mine = "#!/bin/sh\necho mine; exit ${MINE:-0}\n"
        (hooks / "pre-commit").write_text(mine)
        (hooks / "pre-commit").chmod(0o755)
        for _ in range(2):
            self.run_program("stanchion", "hook", "install", cwd=repo)
        self.assertEqual((hooks / "pre-commit.before-stanchion").read_text(), mine)
        status = self.run_program("stanchion", "hook", "status", cwd=repo / "src").stdout
        self.assertIn("after the previous hook", status)
        (repo / "src/new.py").write_text("x = 1  # TODO later\n")
        self.git(repo, "add", "--all")
        done = self.git(repo, "commit", "--message=advice")
        self.assertIn("mine", done.stderr)
        self.assertIn("src/new.py:1:10", done.stdout + done.stderr)
        # The previous hook still decides.
        (repo / "src/new.py").write_text("x = 2\n")
        self.git(repo, "add", "--all")
        self.run_program("git", "commit", "--message=stopped", cwd=repo, status=1, environment={"MINE": "3"})
        done = self.git(repo, "commit", "--message=unchanged")
        self.assertEqual(done.stderr.strip(), "mine")
        # A broken promise stops the commit. An invalid configuration is reported and does not stop it.
        self.run_program("stanchion", "promise", "acme/markers", "--from-here", cwd=repo)
        (repo / "src/new.py").write_text("x = 1  # FIXME now\n")
        self.git(repo, "add", "--all")
        self.git(repo, "commit", "--message=broken", status=1)
        self.git(repo, "reset", "--quiet", "--hard")
        (repo / "stanchion.toml").write_text("follow = 7\n")
        self.git(repo, "add", "--all")
        done = self.git(repo, "commit", "--message=unusable")
        self.assertIn("stanchion.toml cannot be used", done.stderr)
        self.run_program("stanchion", "hook", "uninstall", cwd=repo)
        self.assertEqual((hooks / "pre-commit").read_text(), mine)
        self.assertTrue(os.access(hooks / "pre-commit", os.X_OK))
        self.assertFalse((hooks / "pre-merge-commit").exists())
        self.assertIn("nothing to do", self.run_program("stanchion", "hook", "uninstall", cwd=repo).stdout)

    def test_a_merge_commit(self):
        repo = self.repository()
        self.run_program("stanchion", "promise", "acme/markers", "--from-here", cwd=repo)
        self.git(repo, "add", "--all")
        self.git(repo, "commit", "--quiet", "--message=promise")
        self.git(repo, "checkout", "--quiet", "-b", "side")
        (repo / "src/side.py").write_text("y = 1  # FIXME on the side\n")
        self.git(repo, "add", "--all")
        self.git(repo, "commit", "--quiet", "--message=side")
        self.git(repo, "checkout", "--quiet", "main")
        self.run_program("stanchion", "hook", "install", "--promises", cwd=repo)
        done = self.git(repo, "merge", "--no-ff", "--message=merge", "side", status=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("promise not kept: acme/markers", done.stdout + done.stderr)

    def test_hooks_are_installed_where_git_reads_them(self):
        repo = self.repository()
        # A hooks folder inside the repository.
        self.git(repo, "config", "core.hooksPath", ".githooks")
        self.assertIn("can be committed", self.run_program("stanchion", "hook", "install", cwd=repo).stdout)
        self.assertTrue((repo / ".githooks/pre-commit").exists())
        # A hooks folder that other repositories share: refused, and the message shows the line to add.
        shared = self.folder / "shared"
        shared.mkdir()
        self.git(repo, "config", "core.hooksPath", str(shared))
        done = self.run_program("stanchion", "hook", "install", cwd=repo, status=2)
        self.assertIn("stanchion check --hook all", done.stderr)
        self.assertEqual(list(shared.iterdir()), [])
        # A linked work tree shares the hooks of its repository.
        self.git(repo, "config", "--unset", "core.hooksPath")
        linked = self.folder / "linked"
        self.git(repo, "worktree", "add", "--quiet", str(linked))
        self.run_program("stanchion", "hook", "install", cwd=linked)
        self.assertTrue((repo / ".git/hooks/pre-commit").exists())
        # Outside a repository.
        done = self.run_program("stanchion", "hook", "status", cwd=shared, status=2)
        self.assertIn("change to a folder of a git repository", done.stderr)

    def test_a_clone_without_stanchion_commits(self):
        repo = self.repository()
        self.run_program("stanchion", "hook", "install", cwd=repo)
        (repo / "src/new.py").write_text("x = 1\n")
        self.git(repo, "add", "--all")
        bare = self.folder / "bin"
        bare.mkdir()
        for name in ("git", "sh", "dirname"):
            (bare / name).symlink_to(shutil.which(name))
        done = self.run_program("git", "commit", "--message=without", cwd=repo, environment={"PATH": str(bare)})
        self.assertIn("stanchion is not installed, so promises are not checked", done.stderr)


if __name__ == "__main__":
    unittest.main()
