#!/usr/bin/env bash
# Second step of action.yml: one run that writes all requested outputs.
set -euo pipefail

arguments=()
if [ -n "${STANCHION_SINCE:-}" ]; then
  arguments+=(--since "$STANCHION_SINCE")
fi
if [ "${STANCHION_ANNOTATIONS:-true}" = true ]; then
  arguments+=(--format github)
else
  arguments+=(--format human)
fi
if [ "${STANCHION_SUMMARY:-true}" = true ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  arguments+=(--output "github-summary=$GITHUB_STEP_SUMMARY")
fi
if [ -n "${STANCHION_SARIF:-}" ]; then
  arguments+=(--output "sarif=$STANCHION_SARIF")
fi
paths=()
while IFS= read -r path; do
  if [ -n "$path" ]; then paths+=("$path"); fi
done <<< "${STANCHION_PATHS:-}"

status=0
# The Bash of macOS treats an empty array as unset.
stanchion check "${arguments[@]}" -- ${paths[@]+"${paths[@]}"} || status=$?

{
  echo "status=$status"
  if [ -n "${STANCHION_SARIF:-}" ] && [ -f "$STANCHION_SARIF" ]; then
    # A line break in the name would start another output.
    printf 'sarif=%s\n' "${STANCHION_SARIF//$'\n'/ }"
  fi
} >> "$GITHUB_OUTPUT"

if [ "$status" = 1 ] && [ "${STANCHION_FAIL:-true}" != true ]; then
  echo "A promise is not kept. The step does not fail because fail-on-broken-promise is false."
  exit 0
fi
exit "$status"
