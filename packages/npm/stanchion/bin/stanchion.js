#!/usr/bin/env node
// Starts the program of the package for this platform, which npm installed beside this one.
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
  console.error("  It comes as an optional dependency: install again without --omit=optional.");
  console.error("  Where there is none for this platform, cargo install stanchion builds it.");
  process.exit(2);
}
const run = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (run.error) {
  console.error(`stanchion: ${program} cannot be started: ${run.error.message}`);
  process.exit(2);
}
if (run.signal) {
  // Whoever started us should see the same end.
  process.kill(process.pid, run.signal);
} else {
  process.exit(run.status);
}
