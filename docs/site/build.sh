#!/usr/bin/env bash
# The documentation site:  docs/site/build.sh path/to/docs/venv/bin path/to/venv/bin
# The first has Sphinx and antsibull-docs, the second Ansible with amazon.aws.
# Warnings are errors. The site is in build/site/html.
set -euo pipefail
cd "$(dirname "$0")/../.."
docs=$(cd "$1" && pwd)
ansible=$(cd "$2" && pwd)
site=$PWD/build/site
source=$site/source
rm -rf "$site"
mkdir -p "$source"

# The pages lie as in the repository, so their links to each other hold.
git ls-files -z -- '*.md' '*.svg' LICENSE ansible.cfg inventories benchmarks/composition 'roles/*/defaults/*' | xargs -0 cp --parents --target-directory "$source"
rm -r "$source/docs/site" "$source/.github"
cp docs/site/conf.py docs/site/index.md docs/site/ansible.rst "$source"

mkdir -m 0700 "$source/plugins"  # antsibull-docs writes to no folder that others may write to
# antsibull-docs reads the collection where Ansible finds it; amazon.aws, whose options ours extend, comes from the venv.
ANSIBLE_COLLECTIONS_PATH=$PWD/playbooks/collections PATH=$ansible:$PATH "$docs/antsibull-docs" \
  collection --use-current --squash-hierarchy --fail-on-error \
  --dest-dir "$source/plugins" mlops.sagemaker_mlflow

"$docs/python" -m sphinx -b html --fail-on-warning --keep-going --quiet "$source" "$site/html"
echo "The site is in build/site/html/index.html."
