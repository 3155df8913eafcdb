#!/usr/bin/env sh
# For any build server with a shell (Jenkins, Buildkite, Azure Pipelines, Bitbucket Pipelines, cron):
# docs/how-to/run-in-ci.md. Exits with 1 only if a promise of the repository is not kept, and with 2 if stanchion could
# not run.
set -eu

reports=${STANCHION_REPORTS:-stanchion-reports}
mkdir -p "$reports"
# `auto`: the change in a pull-request build, everything otherwise.
exec stanchion check --since auto \
  --output "junit=$reports/junit.xml" \
  --output "sarif=$reports/stanchion.sarif" \
  --output "html=$reports/index.html"
