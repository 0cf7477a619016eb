# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Misspelt variables."""

from __future__ import annotations

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._variable_rules import unknown_names

KNOWN = ["mlflow_server_name", "mlflow_server_size", "mlflow_server_version"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (KNOWN, []),
        (["mlflow_server_nmae"], ["mlflow_server_nmae (did you mean mlflow_server_name?)"]),
        (
            ["mlflow_server_versoin", "mlflow_server_name"],
            ["mlflow_server_versoin (did you mean mlflow_server_version?)"],
        ),
        (["zzz"], ["zzz"]),
    ],
)
def test_unknown_names(given: list[str], found: list[str]) -> None:
    assert unknown_names(given, KNOWN) == found
