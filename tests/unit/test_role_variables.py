# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles document is what they do."""

from __future__ import annotations

import copy
import re
import typing as t

import pytest
import yaml
from local_region import REPOSITORY

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._deployment import DEFAULT_VERSION
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._variable_rules import WITHOUT_MEANING
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._role_specification import OPTIONS, errors


def load(role: str, path: str) -> dict[str, t.Any]:
    document: dict[str, t.Any] = yaml.safe_load((REPOSITORY / "roles" / role / path).read_text())
    return document


@pytest.mark.parametrize("role", ["mlflow_server", "local_aws"])
def test_documented_defaults_are_the_real_ones(role: str) -> None:
    options = load(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    real = load(role, "defaults/main.yml")
    assert options.keys() == real.keys()
    for name, option in options.items():
        if option["type"] == "int" and isinstance(real[name], str):
            # A specification can have no template where there must be a number: its text names what may come out.
            assert "default" not in option
            text = " ".join(option["description"])
            assert all(f"V({number})" in text for number in re.findall(r"\d+", real[name])), name
        else:
            assert option["default"] == real[name], name


def test_a_check_leaves_the_documented_defaults_as_they_are() -> None:
    before = copy.deepcopy(OPTIONS)
    assert errors({}) == []
    assert before == OPTIONS


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


def test_variables_of_one_kind_are_known_by_their_defaults() -> None:
    """The role warns of those that are set to something else, so what it takes for the default must be it."""
    options = load("mlflow_server", "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert WITHOUT_MEANING.keys() == set(options["mlflow_server_kind"]["choices"])
    for name in (f"mlflow_server_{short}" for names in WITHOUT_MEANING.values() for short in names):
        assert OPTIONS[name]["default"] == options[name]["default"]
    assert options["mlflow_server_version"]["default"] == DEFAULT_VERSION
