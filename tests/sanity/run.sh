#!/usr/bin/env bash
# ansible-test sanity on the committed tree:  tests/sanity/run.sh path/to/venv/bin [arguments of ansible-test sanity]
#
# ansible-test insists on a folder .../ansible_collections/mlops/sagemaker_mlflow with amazon.aws beside it, so it gets a
# clone there; and on a home, where it keeps its virtual environments, so it gets one in build/.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=$(cd "$1" && pwd)
shift
tree=$PWD/build/sanity
clone=$tree/ansible_collections/mlops/sagemaker_mlflow
rm -rf "$tree"
git clone --quiet . "$clone"
packages=$("$bin/python" -c 'import ansible_collections.amazon as amazon; print(list(amazon.__path__)[0])')
ln -s "$packages" "$tree/ansible_collections/amazon"

# ansible-test bootstraps pip with a script that it downloads; the standard library has one too.
cache=$PWD/build/home/.ansible/test/cache
mkdir -p "$cache"
for version in 23_1_2 24_2 25_2; do
  cp tests/sanity/bootstrap_pip.py "$cache/get_pip_$version.py"
done
cd "$clone"
HOME=${cache%/.ansible/test/cache} PATH=$bin:/usr/local/bin:/usr/bin:/bin exec ansible-test sanity --color no "$@"
