#!/usr/bin/env sh
# Any build server with a shell (Jenkins, Buildkite, Azure Pipelines, Bitbucket Pipelines, cron): docs/ci.md.
# Fails (1) only where a promise of the repository is not kept, or (2) where stanchion could not look.
set -eu

reports=${STANCHION_REPORTS:-stanchion-reports}
mkdir -p "$reports"
# `auto`: what the build is about, where the server says so, and else everything.
exec stanchion check --since auto \
  --output "junit=$reports/junit.xml" \
  --output "sarif=$reports/stanchion.sarif" \
  --output "html=$reports/index.html"
