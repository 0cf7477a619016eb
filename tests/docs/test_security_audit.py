# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide's table of controls is the one in the code."""

from __future__ import annotations

import re

import yaml
from local_region import REPOSITORY

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit_control import ACCOUNT
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit_controls import CONTROLS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit_reads import ACTIONS
from ansible_collections.mlops.sagemaker_mlflow.plugins.modules import mlflow_audit_info

GUIDE = REPOSITORY / "docs" / "security-audit.md"


def controls_table() -> list[str]:
    head = [
        "| Control | Severity | What must hold | What to change | Accepted unless asked for |",
        "|---|---|---|---|---|",
    ]
    rows = [
        (
            f"{control.id}{' (account)' if control.scope == ACCOUNT else ''}",
            control.severity,
            control.title,
            control.remedy,
            control.exception or "\u2013",
        )
        for control in CONTROLS
    ]
    return head + ["| " + " | ".join(row) + " |" for row in rows]


def test_the_table_of_controls() -> None:
    wanted = controls_table()
    _before, heading, rest = GUIDE.read_text().partition(wanted[0] + "\n")
    assert heading, "the heading of the table is missing"
    table = [heading.strip(), *rest.partition("\n\n")[0].splitlines()]
    assert table == wanted, "the table in the code is:\n" + "\n".join(wanted)


def test_remedies_name_variables_that_exist() -> None:
    path = REPOSITORY / "roles" / "mlflow_server" / "defaults" / "main.yml"
    known = set(yaml.safe_load(path.read_text()))
    named = {
        name
        for control in CONTROLS
        for name in re.findall(r"mlflow_server_\w+", f"{control.remedy} {control.exception}")
    }
    assert named - known == set()


def test_the_module_names_every_action_that_it_needs() -> None:
    notes = " ".join(yaml.safe_load(mlflow_audit_info.DOCUMENTATION)["notes"])
    assert [action for action in ACTIONS if f"C({action})" not in notes] == []
