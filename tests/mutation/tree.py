# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tree that mutants live in: a mutant is known by its module, so the collection must lie where Python imports it from."""

from __future__ import annotations

import shutil
import typing as t

from mutation.subject import REPOSITORY

if t.TYPE_CHECKING:
    from pathlib import Path

COLLECTION = "ansible_collections/mlops/sagemaker_mlflow"
COPIED = {"plugins": f"{COLLECTION}/plugins", "tests": "tests", "roles/local_aws/files": "roles/local_aws/files"}
SETTINGS = """\
[tool.mutmut]
source_paths = ["ansible_collections"]

[tool.pytest.ini_options]
pythonpath = [".", "roles/local_aws/files", "tests"]
addopts = ["-p", "no:cacheprovider"]
"""


def lay(tree: Path) -> None:
    """Copy what the tests need, and the settings."""
    shutil.rmtree(tree, ignore_errors=True)
    for source, target in COPIED.items():
        shutil.copytree(REPOSITORY / source, tree / target, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
