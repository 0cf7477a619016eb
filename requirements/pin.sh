#!/usr/bin/env bash
# Writes requirements/*.txt and the local AWS's requirements.txt from their .in files:  requirements/pin.sh path/to/uv
set -euo pipefail
cd "$(dirname "$0")/.."
pin() { "$1" pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header --upgrade "${@:2}"; }
pin "$1" requirements/run.in --output-file requirements/run.txt
pin "$1" --constraints requirements/run.txt requirements/test.in --output-file requirements/test.txt
pin "$1" --constraints requirements/test.txt requirements/mutation.in --output-file requirements/mutation.txt
pin "$1" requirements/docs.in --output-file requirements/docs.txt
pin "$1" requirements/bench.in --output-file requirements/bench.txt
pin "$1" requirements/bench-migration.in --output-file requirements/bench-migration.txt
pin "$1" requirements/galaxy.in --output-file requirements/galaxy.txt
pin "$1" --constraints requirements/run.txt roles/local_aws/files/requirements.in --output-file roles/local_aws/files/requirements.txt
