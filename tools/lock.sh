#!/usr/bin/env bash
# Pin every dependency with its hashes: no registry address is written. Needs `uv` (pip install uv).
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { uv pip compile --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet "$@"; }
compile pyproject.toml --extra build -o requirements/runtime.txt
compile pyproject.toml --extra build --extra dev -c requirements/runtime.txt -o requirements/dev.txt
compile requirements/node.in -o requirements/node.txt
compile requirements/fuzz.in -o requirements/fuzz.txt
