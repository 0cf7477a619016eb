#!/usr/bin/env bash
# ansible-test on the committed tree:  tests/ansible-test.sh path/to/venv/bin sanity|units|integration [arguments]
#
# The venv has ansible-core; amazon.aws comes from the venv of PACKAGES_FROM (the same one by default). ansible-test finds
# further Pythons in MORE_PYTHONS, folders as in PATH.
#
# ansible-test insists on a folder .../ansible_collections/mlops/sagemaker_mlflow with amazon.aws beside it, so it gets a
# clone there; and on a home, where it keeps its virtual environments, so it gets one in build/.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(cd "$1" && pwd)
command=$2
shift 2
packages_from=$(cd "${PACKAGES_FROM:-$bin}" && pwd)
tree=$PWD/build/$command
clone=$tree/ansible_collections/mlops/sagemaker_mlflow
rm -rf "$tree"
git clone --quiet . "$clone"
packages=$("$packages_from/python" -c 'import ansible_collections.amazon as amazon; print(list(amazon.__path__)[0])')
ln -s "$packages" "$tree/ansible_collections/amazon"

# ansible-test bootstraps pip with a script that it downloads; the standard library has one too.
cache=$PWD/build/home/.ansible/test/cache
mkdir -p "$cache"
for version in 23_1_2 24_2 25_2; do
  cp tests/sanity/bootstrap_pip.py "$cache/get_pip_$version.py"
done
cd "$clone"
export HOME=${cache%/.ansible/test/cache} PATH=$bin:$packages_from${MORE_PYTHONS:+:$MORE_PYTHONS}:/usr/local/bin:/usr/bin:/bin
exec "$bin/ansible-test" "$command" --color no "$@"
