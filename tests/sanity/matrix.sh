#!/usr/bin/env bash
# ansible-test sanity with every supported ansible-core, each on the newest Python of this machine that it supports:
#   tests/sanity/matrix.sh path/to/venv/bin
# The venv has amazon.aws and shellcheck. Ends with a table, and fails when one core fails or none could run.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PACKAGES_FROM=$1
cores=(
  # ansible-core, and the Pythons of its controller
  "2.17 3.10 3.11 3.12"
  "2.18 3.11 3.12 3.13"
  "2.19 3.11 3.12 3.13"
  "2.20 3.12 3.13 3.14"
  "2.21 3.12 3.13 3.14"
)

# The folder of a Python that runs: pyenv puts a stand-in into PATH for versions that are not active.
folder_of() {
  local candidate
  for candidate in "$(command -v "python$1" || true)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/"python$1"; do
    if [ -x "$candidate" ] && "$candidate" -c 'import ensurepip' 2>/dev/null; then
      "$candidate" -c 'import os, sys; print(os.path.join(sys.base_prefix, "bin"))'
      return
    fi
  done
}

table=""
failed=0
ran=0
for core in "${cores[@]}"; do
  read -r version pythons <<<"$core"
  newest=""
  MORE_PYTHONS=""
  for python in $pythons; do
    folder=$(folder_of "$python")
    if [ -n "$folder" ]; then
      newest=$folder/python$python
      MORE_PYTHONS=$folder${MORE_PYTHONS:+:$MORE_PYTHONS}
    fi
  done
  if [ -z "$newest" ]; then
    table+="ansible-core $version  not run: it needs one of Python ${pythons// /, }"$'\n'
    continue
  fi
  venv=build/ansible-core-$version
  if ! test -x "$venv/bin/ansible-test"; then
    rm -rf "$venv"
    "$newest" -m venv "$venv"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check "ansible-core==$version.*" boto3
  fi
  ran=$((ran + 1))
  started=$SECONDS
  result=passed
  MORE_PYTHONS=$MORE_PYTHONS tests/ansible-test.sh "$venv/bin" sanity || result=FAILED
  test "$result" = passed || failed=1
  table+="ansible-core $version  ${newest##*/}  $result  $((SECONDS - started)) s"$'\n'
done
printf '\n%s' "$table"
test "$ran" -gt 0 && exit "$failed"
