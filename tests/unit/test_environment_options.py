# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the whole environment are those of the single modules, also in the documentation."""

from __future__ import annotations

import re
import typing as t

import yaml

from ansible_collections.mlops.sagemaker_mlflow.plugins.doc_fragments.environment import ModuleDocFragment
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _arguments as arguments
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_arguments import bucket

Json = dict[str, t.Any]

DOCUMENTED: Json = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
SINGLE = {
    "role": arguments.role(),
    "bucket": bucket(),
    "tracking_server": arguments.tracking_server(),
    "app": arguments.app(),
}
DELETING = {"state", "force_delete_objects", "delete_data", "arn"}


def differences(documented: Json, specified: Json, where: str) -> list[str]:
    """The options that are not documented as they are."""
    found = [f"{where}.{name}" for name in documented.keys() ^ specified.keys()]
    for name in documented.keys() & specified.keys():
        told, option = documented[name], specified[name]
        same = all(told.get(key) == option.get(key) for key in ("type", "elements", "default", "choices", "aliases"))
        if not same or bool(told.get("required")) != bool(option.get("required")):
            found.append(f"{where}.{name}")
        found += differences(told.get("suboptions", {}), option.get("options", {}), f"{where}.{name}")
    return found


def test_they_are_documented_as_they_are() -> None:
    parts = {name: option for name, option in arguments.environment().items() if name in SINGLE}
    assert differences(DOCUMENTED, parts, "") == []


def test_no_option_of_a_single_module_is_missing_but_those_that_delete() -> None:
    for part, option in arguments.environment().items():
        if part in SINGLE:
            missing = SINGLE[part].keys() - option["options"].keys()
            assert missing <= DELETING, part


def test_the_documentation_speaks_of_options_that_exist() -> None:
    known = {f"{part}.{name}" for part, option in DOCUMENTED.items() for name in option["suboptions"]} | {"region"}
    mentioned = {
        match
        for part in DOCUMENTED.values()
        for option in part["suboptions"].values()
        for match in re.findall(r"\bO\(([a-z_.]+)", yaml.safe_dump(option["description"], width=10**6))
    }
    assert {name for name in mentioned if ".".join(name.split(".")[:2]) not in known} == set()
