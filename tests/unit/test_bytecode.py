# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's own files are compiled once, wherever that can be kept, and found as ever otherwise."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import typing as t
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest
from local_region import REPOSITORY

from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._bytecode import (
    OURS,
    KeptBytecode,
    keep_bytecode,
    kept_bytecode,
)

IMPORT = """
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader()
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._bytecode import keep_bytecode
keep_bytecode()
keep_bytecode()
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _lasting
print(_lasting.__file__)
"""
UTILS = REPOSITORY / "plugins" / "module_utils"


def test_a_plain_file_is_found_with_a_loader_that_keeps_bytecode() -> None:
    spec = KeptBytecode.find_spec(f"{OURS}module_utils._lasting", [str(UTILS)])
    assert spec is not None
    assert isinstance(spec.loader, SourceFileLoader)
    assert Path(str(spec.origin)) == UTILS / "_lasting.py"
    assert spec.cached is not None


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (f"{OURS}module_utils", [str(UTILS.parent)]),
        (f"{OURS}module_utils._no_such_file", [str(UTILS)]),
        ("ansible_collections.amazon.aws.plugins.module_utils.modules", [str(UTILS)]),
        (f"{OURS}module_utils._lasting", None),
    ],
)
def test_everything_else_is_left_to_the_others(name: str, path: list[str] | None) -> None:
    assert KeptBytecode.find_spec(name, path) is None


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """The plugins as they are installed."""
    installed = tmp_path / "ansible_collections" / "mlops" / "sagemaker_mlflow"
    shutil.copytree(REPOSITORY / "plugins", installed / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPOSITORY / "meta", installed / "meta")
    return installed


def imported(collection: Path, **variables: str) -> str:
    """The file that Ansible's Python imports."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    environment = {**kept, "ANSIBLE_COLLECTIONS_PATH": str(collection.parents[2]), **variables}
    return subprocess.run(
        [sys.executable, "-c", IMPORT], env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def kept(collection: Path) -> list[str]:
    """What was compiled."""
    return [path.name.partition(".")[0] for path in (collection / "plugins" / "module_utils").rglob("*.pyc")]


def test_what_was_compiled_is_kept_and_a_changed_file_is_compiled_again(collection: Path) -> None:
    file = collection / "plugins" / "module_utils" / "_lasting.py"
    assert imported(collection) == str(file)
    assert "_lasting" in kept(collection)
    file.write_text(file.read_text() + "\nraise SystemExit('changed')\n")
    with pytest.raises(subprocess.CalledProcessError, match="1"):
        imported(collection)


def test_where_nothing_may_be_kept_it_is_found_all_the_same(collection: Path) -> None:
    assert imported(collection, PYTHONDONTWRITEBYTECODE="1").endswith("_lasting.py")
    assert kept(collection) == []


def test_the_way_to_import_is_changed_once_and_for_a_while_where_that_is_asked_for() -> None:
    before: list[t.Any] = list(sys.meta_path)
    others = [each for each in before if each is not KeptBytecode]
    try:
        sys.meta_path[:] = others
        with kept_bytecode():
            assert sys.meta_path == [KeptBytecode, *others]
        assert sys.meta_path == others
        keep_bytecode()
        keep_bytecode()
        with kept_bytecode():
            assert sys.meta_path == [KeptBytecode, *others]
        assert sys.meta_path == [KeptBytecode, *others]
    finally:
        sys.meta_path[:] = before
