# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles document is what they do."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from local_region import REPOSITORY


def load(role: str, path: str) -> dict[str, t.Any]:
    document: dict[str, t.Any] = yaml.safe_load((REPOSITORY / "roles" / role / path).read_text())
    return document


@pytest.mark.parametrize("role", ["mlflow_server", "local_aws"])
def test_documented_defaults_are_the_real_ones(role: str) -> None:
    options = load(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert {name: option.get("default") for name, option in options.items()} == load(role, "defaults/main.yml")


SEED = {
    "project_name": "mlflow",
    "environment": "staging",
    "version": "3.0",
    "automatic_model_registration": True,
    "maintenance_window": "Tue:03:30",
    "create_bucket": True,
    "additional_role_policies": [],
}


@pytest.mark.parametrize(("name", "value"), SEED.items())
def test_defaults_of_the_terraform_module(name: str, value: object) -> None:
    assert load("mlflow_server", "defaults/main.yml")[f"mlflow_server_{name}"] == value
