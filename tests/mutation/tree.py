# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tree that mutmut works in: it names mutants by their path, so the collection must lie where Python imports it from."""

from __future__ import annotations

import json
import shutil
import typing as t

from mutation.subject import REPOSITORY

if t.TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLLECTION = "ansible_collections/mlops/sagemaker_mlflow"
COPIED = {"plugins": f"{COLLECTION}/plugins", "tests": "tests", "roles/local_aws/files": "roles/local_aws/files"}
SETTINGS = """\
[tool.mutmut]
source_paths = ["{collection}/plugins"]
only_mutate = {mutated}
also_copy = ["roles"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov", "-p", "mutation.speed"]
pytest_add_cli_args_test_selection = {judging}
use_git_change_detection = false
process_isolation = "forkserver"

[tool.pytest.ini_options]
pythonpath = [".", "roles/local_aws/files", "tests"]
"""


def lay(tree: Path, mutated: Sequence[Path], judging: Sequence[Path]) -> None:
    """Copy what the tests need, and tell mutmut what to do. What lies there is brought up to date."""
    for source, target in COPIED.items():
        shutil.copytree(
            REPOSITORY / source, tree / target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    settings = SETTINGS.format(
        collection=COLLECTION,
        mutated=json.dumps([f"{COLLECTION}/{path.relative_to(REPOSITORY)}" for path in mutated]),
        judging=json.dumps([str(path.relative_to(REPOSITORY)) for path in judging]),
    )
    (tree / "pyproject.toml").write_text(settings, encoding="utf-8")
