# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of mlflow_environment, as the modules of the single resources document them: nothing is written twice."""

from __future__ import annotations

import ast
import re
import typing as t
from pathlib import Path

import yaml

from ansible_collections.mlops.sagemaker_mlflow.plugins.doc_fragments.attributes import ModuleDocFragment as Attributes

MODULES = Path(__file__).parent.parent / "modules"
PARTS = {
    "role": ("iam_mlflow_role", ("state",)),
    "bucket": ("s3_mlflow_bucket", ("state", "force_delete_objects")),
    "tracking_server": ("sagemaker_mlflow_server", ("delete_data",)),
    "app": ("sagemaker_mlflow_app", ("state", "delete_data", "arn")),
}
"""Each part, the module of its own, and the options that only a deletion or another name for it has."""
NEEDED = {"role": "artifact_store_uri", "app": "name"}
"""What the module of its own asks for under a condition that always holds here."""
SERVER_STATE = [
    "V(present) leaves it alone whether the server runs. AWS starts what it creates.",
    "V(started) and V(stopped) make sure that it runs, or does not run.",
]


def _documented(module: str) -> dict[str, t.Any]:
    """The options in a module's own documentation."""
    tree = ast.parse((MODULES / f"{module}.py").read_text(encoding="utf-8"))
    text = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION"
    )
    shared = yaml.safe_load(Attributes.TAGS)["options"]
    return {**yaml.safe_load(text)["options"], **shared}


def _nested(part: str, options: dict[str, t.Any], removed: t.Collection[str]) -> dict[str, t.Any]:
    """The options with every mention of one naming the part too. A mention of a removed one names its module instead."""
    names = "|".join(options)

    def renamed(match: re.Match[str]) -> str:
        return f"C({match[2]}{match[3]})" if match[2] in removed else f"{match[1]}({part}.{match[2]}{match[3]})"

    def walked(value: t.Any) -> t.Any:
        if isinstance(value, dict):
            return {key: walked(item) for key, item in value.items()}
        if isinstance(value, list):
            return [walked(item) for item in value]
        if isinstance(value, str):
            return re.sub(rf"\b(O|RV)\(({names})\b([^)]*)\)", renamed, value)
        return value

    kept = {name: option for name, option in options.items() if name not in removed}
    nested: dict[str, t.Any] = walked(kept)
    return nested


def _options() -> dict[str, t.Any]:
    options: dict[str, t.Any] = {}
    for part, (module, removed) in PARTS.items():
        nested = _nested(part, _documented(module), removed)
        if part in NEEDED:
            nested[NEEDED[part]]["required"] = True
        if part == "tracking_server":
            nested["state"] = {
                **nested["state"],
                "choices": ["present", "started", "stopped"],
                "description": SERVER_STATE,
            }
        options[part] = {
            "type": "dict",
            "description": [f"The options of M(mlops.sagemaker_mlflow.{module}). Left out, it is not touched."],
            "suboptions": nested,
        }
    return options


class ModuleDocFragment:
    """The parts of an environment."""

    DOCUMENTATION: t.ClassVar[str] = yaml.safe_dump({"options": _options()}, sort_keys=False)
