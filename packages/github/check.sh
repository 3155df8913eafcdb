#!/usr/bin/env bash
# The second step of action.yml: one assessment, and everything that was asked for written from it.
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
# The Bash of macOS takes an empty list for one that is not set.
stanchion check "${arguments[@]}" -- ${paths[@]+"${paths[@]}"} || status=$?

{
  echo "status=$status"
  if [ -n "${STANCHION_SARIF:-}" ] && [ -f "$STANCHION_SARIF" ]; then
    # A line end in the name would begin another output.
    printf 'sarif=%s\n' "${STANCHION_SARIF//$'\n'/ }"
  fi
} >> "$GITHUB_OUTPUT"

if [ "$status" = 1 ] && [ "${STANCHION_FAIL:-true}" != true ]; then
  echo "A promise is not kept; this step was asked not to fail for that."
  exit 0
fi
exit "$status"
