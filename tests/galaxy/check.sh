#!/usr/bin/env bash
# What Galaxy, Automation Hub and ansible-builder make of the tarball:  tests/galaxy/check.sh path/to/galaxy/venv/bin path/to/venv/bin
# The first venv has galaxy-importer and ansible-builder, the second Ansible with amazon.aws, and ansible-lint.
# galaxy-importer fails on what it refuses only; here a warning fails, too.
set -euo pipefail
cd "$(dirname "$0")/../.."
galaxy=$(cd "$1" && pwd)
ansible=$(cd "$2" && pwd)
work=$PWD/build/galaxy
rm -rf "$work"
mkdir -p "$work"
"$ansible/ansible-galaxy" collection build --output-path "$work" . >/dev/null
tarball=("$work"/*.tar.gz)

# The importer runs the ansible-doc and the ansible-lint that it finds.
export PATH=$ansible:$PATH GALAXY_IMPORTER_CHECK_REQUIRED_TAGS=true
if ! (cd "$work" && "$galaxy/python" -m galaxy_importer.main "${tarball[0]}") >"$work/importer.log" 2>&1 \
  || grep -E '^(WARNING|ERROR|CRITICAL)' "$work/importer.log"; then
  tail -n 3 "$work/importer.log"
  echo "galaxy-importer warns of the tarball or refuses it; all that it says is in $work/importer.log." >&2
  exit 1
fi
echo "galaxy-importer takes it without a warning."

# An execution environment needs our packages and those of the collection that ours stands on.
"$ansible/ansible-galaxy" collection install --offline --no-deps --collections-path "$work" "${tarball[0]}" >/dev/null
ln -s "$("$ansible/python" -c 'import ansible_collections.amazon as amazon; print(list(amazon.__path__)[0])')" "$work/ansible_collections/amazon"
"$galaxy/ansible-builder" introspect "$work" >"$work/execution-environment.yml"
while read -r wanted; do
  if ! grep -qF -- "$wanted  # from collection mlops.sagemaker_mlflow" "$work/execution-environment.yml"; then
    cat "$work/execution-environment.yml"
    echo "ansible-builder does not find $wanted in meta/execution-environment.yml." >&2
    exit 1
  fi
done < <(grep -v '^#' meta/ee-requirements.txt)
if ! grep -q '# from collection amazon.aws' "$work/execution-environment.yml"; then
  cat "$work/execution-environment.yml"
  echo "ansible-builder does not merge what amazon.aws needs." >&2
  exit 1
fi
echo "ansible-builder merges what an execution environment needs."
