# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An AWS that answers by script: lags, lost answers and other people's hands, which a well-behaved one shows too rarely."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from botocore.exceptions import ClientError
from tracking_server_samples import NAME

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import SETTINGS as FIELDS

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import TrackingServer

DESCRIBE = "describe_mlflow_tracking_server"


def refusal(code: str, message: str = "", attempts: int = 0) -> ClientError:
    """An error as botocore raises it; C(attempts) repetitions were made before."""
    answer: t.Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"RetryAttempts": attempts}}
    return ClientError(answer, "Operation")


def gone() -> ClientError:
    """What Describe says of a server that does not exist."""
    return refusal("ResourceNotFound", "does not exist")


def answer_of(found: TrackingServer) -> dict[str, t.Any]:
    """The answer of Describe that shows this server."""
    values = {
        "TrackingServerName": found.name,
        "TrackingServerArn": found.arn,
        "RoleArn": found.role_arn,
        "TrackingServerStatus": found.status,
        "IsActive": "Active" if found.is_active else "Inactive",
        "MlflowVersion": found.mlflow_version,
        "LastModifiedTime": found.last_modified_time,
        **{aws_field: found.settings.get(option) for option, aws_field in FIELDS.items()},
    }
    return {key: value for key, value in values.items() if value is not None}


Look: t.TypeAlias = "TrackingServer | Exception | None"


@dataclass
class ScriptedAws:
    """Answers Describe with one look after the other (the last one for ever), and writes with what is scripted for them."""

    looks: list[Look]
    answers: dict[str, list[Exception | None]] = field(default_factory=dict)
    tags: dict[str, str] | Exception = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def __getitem__(self, service: str) -> ScriptedAws:
        assert service == "sagemaker"
        return self

    def send(self, call: Call) -> dict[str, t.Any]:
        """A write."""
        self.calls.append(call.operation)
        scripted = self.answers.get(call.operation, [])
        answer = scripted.pop(0) if scripted else None
        if answer is not None:
            raise answer
        return {}

    def describe_mlflow_tracking_server(self, TrackingServerName: str) -> dict[str, t.Any]:  # noqa: N803  # AWS's name
        """One look."""
        assert TrackingServerName == NAME
        self.calls.append(DESCRIBE)
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if look is None:
            raise gone()
        if isinstance(look, Exception):
            raise look
        return answer_of(look)

    def get_paginator(self, operation: str) -> ScriptedAws:
        """ListTags is paginated."""
        assert operation == "list_tags"
        return self

    def paginate(self, ResourceArn: str) -> list[dict[str, t.Any]]:  # noqa: N803  # AWS's name
        """All tags in one page."""
        self.calls.append(f"list_tags {ResourceArn}")
        if isinstance(self.tags, Exception):
            raise self.tags
        return [{"Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()]}]

    @property
    def writes(self) -> list[str]:
        """Everything but the reads."""
        return [call for call in self.calls if call != DESCRIBE and not call.startswith("list_tags")]
