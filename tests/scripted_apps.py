# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Apps of an AWS that answers by script; see scripted_sagemaker."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from mlflow_app_samples import ARN, NAME
from scripted_sagemaker import gone

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import SETTINGS as FIELDS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import MlflowApp, to_send

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call

DESCRIBE = "describe_mlflow_app"
LIST = "list_mlflow_apps"

Look: t.TypeAlias = "MlflowApp | Exception | None"


def answer_of(found: MlflowApp) -> dict[str, t.Any]:
    """The answer of Describe that shows this App."""
    values = {
        "Name": found.name,
        "Arn": found.arn,
        "RoleArn": found.role_arn,
        "Status": found.status,
        "MaintenanceStatus": found.maintenance_status,
        "LastModifiedTime": found.last_modified_time,
    }
    settings = {FIELDS[option]: to_send(option, value) for option, value in found.settings.items() if value is not None}
    return {key: value for key, value in {**values, **settings}.items() if value is not None}


@dataclass
class ScriptedApps:
    """Answers List and Describe with one look after the other (the last one for ever), and writes as is scripted for them.

    :param lists: the ARNs that each List shows under the wished name.
    """

    looks: list[Look]
    lists: list[list[str]] = field(default_factory=lambda: [[ARN]])
    answers: dict[str, list[Exception | None]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def __getitem__(self, service: str) -> ScriptedApps:
        assert service == "sagemaker"
        return self

    def send(self, call: Call) -> dict[str, t.Any]:
        """A write."""
        self.calls.append(call.operation)
        scripted = self.answers.get(call.operation, [])
        answer = scripted.pop(0) if scripted else None
        if answer is not None:
            raise answer
        return {"Arn": ARN}

    send_once = send

    def describe_mlflow_app(self, Arn: str) -> dict[str, t.Any]:  # noqa: N803  # AWS's name
        """One look."""
        self.calls.append(DESCRIBE)
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if look is None:
            raise gone()
        if isinstance(look, Exception):
            raise look
        return answer_of(look)

    def get_paginator(self, operation: str) -> ScriptedApps:
        """ListMlflowApps is paginated."""
        assert operation == LIST
        return self

    def paginate(self, **_parameters: t.Any) -> list[dict[str, t.Any]]:
        """All in one page."""
        return [self.list_mlflow_apps()]

    def list_mlflow_apps(self) -> dict[str, t.Any]:
        """One List."""
        self.calls.append(LIST)
        arns = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        return {"Summaries": [{"Name": NAME, "Arn": arn, "Status": "Created"} for arn in arns]}

    @property
    def writes(self) -> list[str]:
        """Everything but the reads."""
        return [call for call in self.calls if call not in (DESCRIBE, LIST)]
