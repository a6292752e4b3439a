#!/bin/sh
# Puts uv into .tools/bin in the first way that this machine allows: sh local/get_uv.sh VERSION
# Python 3.9 with venv, or with pip, or the rights to install python3-venv, or any uv on the PATH will do.
set -eu
version=$1

with_venv() {
    python3 -m venv .tools && .tools/bin/python -m pip install --quiet --disable-pip-version-check "uv==$version"
}
with_pip() {
    python3 -m pip install --quiet --disable-pip-version-check --target .tools/uv "uv==$version" && link ../uv/bin/uv
}
with_package_manager() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null &&
        apt-get update -qq && apt-get install -qq -y python3-venv >/dev/null && with_venv
}
already_there() {
    found=$(command -v uv) && echo "Using $found: it may not be $version" && link "$found"
}
link() {
    mkdir -p .tools/bin && ln -sf "$1" .tools/bin/uv
}

with_venv 2>/dev/null || with_pip 2>/dev/null || with_package_manager || already_there || {
    echo "uv could not be installed. Install Python's venv module (Debian: apt-get install python3-venv)" >&2
    echo "or uv itself, and run make again." >&2
    exit 1
}
.tools/bin/uv --version
