# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configurations of the inventory plugin, and what ansible-inventory tells of them."""

from __future__ import annotations

import json
import typing as t
from collections import Counter
from dataclasses import dataclass

import ansible_run
import yaml

if t.TYPE_CHECKING:
    from pathlib import Path

    from local_region import LocalRegion

PLUGIN = "mlops.sagemaker_mlflow.sagemaker_mlflow"


@dataclass
class Inventory:
    """What ansible-inventory tells, and what it asked AWS."""

    told: dict[str, t.Any]
    calls: Counter[str]
    warnings: str

    @property
    def hosts(self) -> dict[str, dict[str, t.Any]]:
        """The variables of each host."""
        found: dict[str, dict[str, t.Any]] = self.told["_meta"]["hostvars"]
        return found

    @property
    def groups(self) -> dict[str, set[str]]:
        """The hosts of each group that has any."""
        return {name: set(group["hosts"]) for name, group in self.told.items() if group.get("hosts")}


class Sources:
    """A folder with configurations of the plugin."""

    def __init__(self, region: LocalRegion, folder: Path) -> None:
        self.region = region
        self.folder = folder

    def write(self, file: str = "my.sagemaker_mlflow.yml", **options: t.Any) -> str:
        """Write one configuration."""
        (self.folder / file).write_text(yaml.safe_dump({"plugin": PLUGIN, **options}))
        return file

    def run(self, *files: str, **variables: str) -> ansible_run.Done:
        """One run of ansible-inventory."""
        sources = [argument for file in files for argument in (("-i", file) if file.endswith("ml") else (file,))]
        variables = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true", **variables}
        return ansible_run.run(self.region, self.folder, "ansible-inventory", "--list", *sources, **variables)

    def read(self, *files: str, **options: t.Any) -> Inventory:
        """The inventory of these files, or else of one configuration."""
        done = self.run(*(files or [self.write(**options)]))
        assert done.code == 0, done.errors
        return Inventory(json.loads(done.output, object_hook=_plain), Counter(done.calls), done.warnings)

    def fail(self, **options: t.Any) -> ansible_run.Done:
        """A run that must fail."""
        done = self.run(self.write(**options))
        assert done.code != 0, done.output
        return done


def _plain(value: dict[str, t.Any]) -> t.Any:
    """From ansible-core 2.19 on, ansible-inventory marks every text that is no template."""
    return value.get("__ansible_unsafe", value)
