# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of the tree's structure finds what it is for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from structure.check import COLLECTION, Source, directions, sizes

LONG_FUNCTION = "def long():\n" + "    x = 1\n" * 41
DOCUMENTATION = 'DOCUMENTATION = """\n' + "text\n" * 500 + '"""\n'


def source(path: str, text: str) -> Source:
    return Source(Path(path), text, ast.parse(text))


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("plugins/module_utils/_x.py", "x = 1\n" * 401, "401 lines of code"),
        ("plugins/module_utils/_x.py", "x = 1\n" * 400, ""),
        ("tests/unit/test_x.py", "x = 1\n" * 600, ""),
        ("tests/unit/test_x.py", "x = 1\n" * 601, "601 lines of code"),
        ("plugins/modules/x.py", DOCUMENTATION, ""),
        ("plugins/module_utils/_x.py", LONG_FUNCTION, "long has 42 lines"),
        ("plugins/modules/x.py", LONG_FUNCTION.replace("long", "main"), ""),
        ("roles/local_aws/files/localaws/x.py", LONG_FUNCTION, "long has 42 lines"),
    ],
)
def test_sizes(path: str, text: str, found: str) -> None:
    violations = list(sizes(source(path, text)))
    assert len(violations) == bool(found)
    assert all(found in violation for violation in violations)


@pytest.mark.parametrize(
    ("path", "imported", "found"),
    [
        ("plugins/module_utils/_x.py", f"{COLLECTION}.modules.x", "must not import modules"),
        ("plugins/module_utils/_x.py", f"{COLLECTION}.plugin_utils._x", "must not import plugin_utils"),
        ("plugins/module_utils/_x.py", f"{COLLECTION}.module_utils._y", ""),
        ("plugins/action/x.py", f"{COLLECTION}.modules.x", "must not import modules"),
        ("plugins/modules/x.py", "ansible_collections.amazon.aws.plugins.module_utils.modules", "import amazon.aws"),
        ("plugins/module_utils/_aws.py", "ansible_collections.amazon.aws.plugins.module_utils.modules", ""),
        ("plugins/module_utils/_x_plan.py", "botocore.exceptions", "makes no call"),
        ("plugins/module_utils/_x.py", "botocore.exceptions", ""),
        ("tests/unit/test_x.py", f"{COLLECTION}.modules.x", ""),
    ],
)
def test_directions(path: str, imported: str, found: str) -> None:
    for text in (f"import {imported}\n", f"from {imported} import name\n"):
        violations = list(directions(source(path, text)))
        assert len(violations) == bool(found)
        assert all(found in violation for violation in violations)
