# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of the tree's structure finds what it is for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from structure.check import COLLECTION, Source, directions, sizes
from structure.duplicates import LINES, TEST_LINES, duplicates

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


def deeds(count: int, prefix: str = "") -> str:
    return prefix + "".join(f"call_{number}(here)\n" for number in range(count))


@pytest.mark.parametrize(
    ("one", "other", "text", "found"),
    [
        ("plugins/a.py", "plugins/b.py", deeds(LINES + 1), 1),
        ("plugins/a.py", "plugins/b.py", deeds(LINES), 0),
        ("plugins/a.py", "roles/local_aws/files/b.py", deeds(LINES + 1), 0),
        ("tests/a.py", "tests/b.py", deeds(TEST_LINES + 1), 1),
        ("tests/a.py", "tests/b.py", deeds(TEST_LINES), 0),
        ("playbooks/a.yml", "playbooks/b.yml", "".join(f"- name: {each}\n" for each in range(LINES + 1)), 1),
        ("plugins/a.py", "plugins/b.py", DOCUMENTATION, 0),
        ("plugins/a.py", "plugins/b.py", "".join(f"import module_{each}\n" for each in range(20)), 0),
        (
            "plugins/a.py",
            "plugins/b.py",
            "def f(\n" + "".join(f"    p{each}: int,\n" for each in range(9)) + ") -> None:\n    g()\n",
            0,
        ),
    ],
)
def test_duplicates(one: str, other: str, text: str, found: int) -> None:
    violations = list(duplicates({one: text, other: "x = 1\n" + text}))
    assert len(violations) == found
    assert all(f"{one}:1, {other}:2: the same " in violation for violation in violations)
