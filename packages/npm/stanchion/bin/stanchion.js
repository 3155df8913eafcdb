#!/usr/bin/env node
// Starts the program from the package for this platform, an optional dependency of this one.
"use strict";
const { spawnSync } = require("node:child_process");

const libc = process.platform === "linux" && isMusl() ? "-musl" : "";
const name = `@stanchion/${process.platform}-${process.arch}${libc}`;
const file = process.platform === "win32" ? "stanchion.exe" : "stanchion";

function isMusl() {
  const report = process.report && process.report.getReport();
  return Boolean(report) && !report.header.glibcVersionRuntime;
}

let program;
try {
  program = require.resolve(`${name}/bin/${file}`);
} catch {
  console.error(`stanchion: the package ${name} is not installed.`);
  console.error("  It is an optional dependency: install again without --omit=optional.");
  console.error("  If your platform has no package, build it with: cargo install stanchion");
  process.exit(2);
}
const run = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (run.error) {
  console.error(`stanchion: ${program} cannot be started: ${run.error.message}`);
  process.exit(2);
}
if (run.signal) {
  // Ends with the same signal, so that the caller sees it.
  process.kill(process.pid, run.signal);
} else {
  process.exit(run.status);
}
