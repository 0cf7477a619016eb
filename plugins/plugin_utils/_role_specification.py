# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The argument specification of the role mlflow_server, read once a run.

Ansible loads an action plugin in its main process before it forks a worker for each host, so what is read while this module
is imported is there in every worker.
"""

from __future__ import annotations

import copy
import typing as t
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._broken_values import has_infinity, no_dictionaries

FILE = Path(__file__).resolve().parents[2] / "roles" / "mlflow_server" / "meta" / "argument_specs.yml"


def _without_words(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the check needs: not the descriptions."""
    return {
        name: {
            key: _without_words(value) if key == "options" else value
            for key, value in option.items()
            if key != "description"
        }
        for name, option in options.items()
    }


OPTIONS: dict[str, t.Any] = _without_words(
    yaml_load(FILE.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
)
"""Every variable of the role with its type, its choices, its default and its keys."""

_VALIDATOR = ArgumentSpecValidator(copy.deepcopy(OPTIONS))  # it fills in defaults within the defaults it was given


def errors(values: t.Mapping[str, t.Any]) -> list[str]:
    """What Ansible's own check has against these values, a sentence each.

    It takes some texts for dictionaries, which the role does not, and breaks off at infinite numbers: both are told elsewhere.
    """
    wrong = {name: list(no_dictionaries(OPTIONS[name], value)) for name, value in values.items()}
    told = [f"{name}{place} must be {noun}." for name, places in wrong.items() for place, noun in places if place]
    checked = {
        name: value
        for name, value in values.items()
        if not (wrong[name] or has_infinity(value) or (OPTIONS[name]["type"] == "dict" and not isinstance(value, dict)))
    }
    return [*told, *(f"{message.rstrip('.')}." for message in _VALIDATOR.validate(checked).error_messages)]
