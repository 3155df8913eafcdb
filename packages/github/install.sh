#!/usr/bin/env bash
# First step of action.yml: installs the requested version of stanchion and adds it to PATH.
set -euo pipefail

version=${STANCHION_VERSION:-latest}
if [ "$version" = installed ]; then
  if ! command -v stanchion >/dev/null; then
    echo "::error title=stanchion is not installed::the input 'version' is 'installed', but stanchion is not on PATH"
    exit 2
  fi
  stanchion --version
  exit 0
fi
case $version in
  latest) wanted=stanchion ;;
  *[!0-9A-Za-z.+-]*)
    echo "::error title=stanchion::the input 'version' is not a valid version"
    exit 2 ;;
  *) wanted="stanchion==${version#v}" ;;
esac
# A separate virtual environment leaves the Python of the runner unchanged.
python=$(command -v python3 || command -v python)
"$python" -m venv "$RUNNER_TEMP/stanchion"
programs=$RUNNER_TEMP/stanchion/bin
if [ ! -d "$programs" ]; then programs=$RUNNER_TEMP/stanchion/Scripts; fi    # Windows
"$programs/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: "$wanted"
echo "$programs" >> "$GITHUB_PATH"
"$programs/stanchion" --version
