# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The variables of the role mlflow_server as rules look at them. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible.module_utils.common.validation import check_type_int
from ansible.module_utils.parsing.convert_bool import boolean

if t.TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Variables:
    """The rendered values by their names without the prefix, as they were given: text where an inventory gave text."""

    values: Mapping[str, t.Any]

    def text(self, name: str) -> str:
        """As it is written into a name or a message."""
        return str(self.values[name])

    def flag(self, name: str) -> bool:
        """A boolean, also as a word."""
        return bool(boolean(self.values[name], strict=False))

    def number(self, name: str) -> int:
        """A whole number, also as the text of one, as Ansible reads it."""
        return int(check_type_int(self.values[name]))

    def given(self, name: str) -> bool:
        """Whether it is not empty."""
        return self.text(name) != ""

    def mapping(self, name: str) -> Mapping[str, t.Any]:
        """A dictionary."""
        return t.cast("Mapping[str, t.Any]", self.values[name])

    def items(self, name: str) -> list[str]:
        """A list of texts."""
        return listed(self.values[name])

    def matches(self, name: str, pattern: str) -> bool:
        """Whether the whole text has this form."""
        return re.fullmatch(pattern, self.text(name)) is not None

    @property
    def created_bucket(self) -> str:
        """The name that a bucket of the role has."""
        return (
            f"{self.text('project_name')}-{self.text('environment')}-mlflow-artifacts-{self.text('bucket_name_suffix')}"
        )

    @property
    def artifact_store_uri(self) -> str:
        """Where the artifacts go."""
        return self.text("artifact_store_uri") or f"s3://{self.created_bucket}"

    @property
    def bucket(self) -> str:
        """The bucket that the artifacts go to."""
        return re.sub(r"^s3://([^/]*).*$", r"\1", self.artifact_store_uri)


def listed(value: t.Any) -> list[str]:
    """A list of texts, also when it was given as one text with commas, as a number (an account without quotes), or not at all."""
    items = value.split(",") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else [value]
    return [str(item).strip() for item in items if item is not None and str(item).strip()]
