#!/bin/sh
# Install uv into .tools/bin, in the version and with the hashes of local/uv.txt.
# Tries in turn: Python's venv, pip, installing the package python3-venv as root, and any uv that is on the PATH.
set -eu
pinned="--require-hashes --only-binary :all: --requirement local/uv.txt"

using_venv() {
    python3 -m venv .tools && .tools/bin/python -m pip install --quiet --disable-pip-version-check $pinned
}
using_pip() {
    python3 -m pip install --quiet --disable-pip-version-check --target .tools/uv $pinned && link ../uv/bin/uv
}
using_apt() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null &&
        apt-get update -qq && apt-get install -qq -y python3-venv >/dev/null && using_venv
}
from_path() {
    found=$(command -v uv) && echo "Using $found: it may not be the version of local/uv.txt" && link "$found"
}
link() {
    mkdir -p .tools/bin && ln -sf "$1" .tools/bin/uv
}

using_venv 2>/dev/null || using_pip 2>/dev/null || using_apt || from_path || {
    echo "uv could not be installed. Install Python's venv module (Debian: apt-get install python3-venv)" >&2
    echo "or uv itself, and run make again." >&2
    exit 1
}
.tools/bin/uv --version
