# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation on managed MLflow answers what botocore's model declares: no more, no less, no value out of bounds."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from local_aws.control_region import ACCOUNT, ControlRegion, aws, moto_endpoint
from moto.core.utils import get_service_model

from localaws.validation import violations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["aws", "moto_endpoint"]

ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/models"
# Members that only exist under circumstances which test_complete_descriptions brings about.
CONDITIONAL = {"NextToken", "TrackingServerMaintenanceStatus", "MaintenanceStatus", "KmsKeyId"}
# Studio's, never there for callers with plain IAM credentials.
STUDIO = {"UserProfileArn", "UserProfileName", "DomainId", "SourceIdentity"}


def a_server(region: ControlRegion) -> dict[str, Any]:
    region.server(Tags=[{"Key": "team", "Value": "vision"}])
    return {"TrackingServerName": "models"}


def a_stopped_server(region: ControlRegion) -> dict[str, Any]:
    region.server().running = False
    return {"TrackingServerName": "models"}


def an_app(region: ControlRegion) -> dict[str, Any]:
    return {"Arn": region.app(DefaultDomainIdList=["d-abcdefghijkl"]).arn}


def a_tagged_server(region: ControlRegion) -> dict[str, Any]:
    a_server(region)
    return {"ResourceArn": ARN}


def a_server_to_create(region: ControlRegion) -> dict[str, Any]:
    return {"TrackingServerName": "models", "ArtifactStoreUri": region.bucket(), "RoleArn": region.role()}


def an_app_to_create(region: ControlRegion) -> dict[str, Any]:
    return {"Name": "models", "ArtifactStoreUri": region.bucket(), "RoleArn": region.role()}


def some_servers(region: ControlRegion) -> dict[str, Any]:
    a_server(region)
    return {}


def some_apps(region: ControlRegion) -> dict[str, Any]:
    an_app(region)
    return {}


OPERATIONS: dict[str, Callable[[ControlRegion], dict[str, Any]]] = {
    "CreateMlflowTrackingServer": a_server_to_create,
    "DescribeMlflowTrackingServer": a_server,
    "UpdateMlflowTrackingServer": a_server,
    "DeleteMlflowTrackingServer": a_server,
    "StartMlflowTrackingServer": a_stopped_server,
    "StopMlflowTrackingServer": a_server,
    "ListMlflowTrackingServers": some_servers,
    "CreatePresignedMlflowTrackingServerUrl": a_server,
    "CreateMlflowApp": an_app_to_create,
    "DescribeMlflowApp": an_app,
    "UpdateMlflowApp": an_app,
    "DeleteMlflowApp": an_app,
    "ListMlflowApps": some_apps,
    "CreatePresignedMlflowAppUrl": an_app,
    "AddTags": lambda region: {**a_tagged_server(region), "Tags": [{"Key": "a", "Value": "b"}]},
    "DeleteTags": lambda region: {**a_tagged_server(region), "TagKeys": ["team"]},
    "ListTags": a_tagged_server,
}


def test_no_operation_of_the_model_is_left_out() -> None:
    declared = {name for name in get_service_model("sagemaker").operation_names if "Mlflow" in name}
    assert declared == {name for name in OPERATIONS if "Mlflow" in name}


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_answer_has_the_declared_shape(aws: ControlRegion, operation: str) -> None:
    answer = raw_answer(aws, operation, OPERATIONS[operation](aws))

    shape = get_service_model("sagemaker").operation_model(operation).output_shape
    if shape is None:
        assert not answer
        return
    assert violations(shape, with_moments(shape, answer)) == []
    assert list(undeclared(shape, answer)) == []
    assert set(shape.members) - set(answer) <= CONDITIONAL


def test_complete_descriptions(aws: ControlRegion) -> None:
    aws.settings.maintenance_next = {"models"}
    server = raw_answer(aws, "DescribeMlflowTrackingServer", a_server(aws))
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    app = aws.app("models", KmsKeyId=key)
    aws.settings.maintenance_next = {"models"}
    described = raw_answer(aws, "DescribeMlflowApp", {"Arn": app.arn})

    model = get_service_model("sagemaker")
    assert set(server) == set(model.shape_for("DescribeMlflowTrackingServerResponse").members)
    assert set(described) == set(model.shape_for("DescribeMlflowAppResponse").members)


def raw_answer(region: ControlRegion, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The answer before botocore drops what it does not know."""
    client = region.client("sagemaker")
    bodies: list[bytes] = []

    def keep(http_response: Any, **_event: Any) -> None:
        bodies.append(http_response.content)

    client.meta.events.register("after-call.sagemaker", keep)
    methods = {name: method for method, name in client.meta.method_to_api_mapping.items()}
    getattr(client, methods[operation])(**parameters)
    client.meta.events.unregister("after-call.sagemaker", keep)
    answer: dict[str, Any] = json.loads(bodies[-1] or b"{}")
    return answer


def undeclared(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    """Members that the model does not have, and members of the model that are missing."""
    if shape.type_name == "structure":
        for name, each in value.items():
            if name not in shape.members:
                yield f"{path}.{name}"
            else:
                yield from undeclared(shape.members[name], each, f"{path}.{name}")
        if path:
            yield from (f"{path} without {name}" for name in set(shape.members) - set(value) - STUDIO)
    elif shape.type_name == "list":
        for each in value:
            yield from undeclared(shape.member, each, f"{path}[]")


def with_moments(shape: Any, value: Any) -> Any:
    """Numbers where the model wants moments are moments on the wire."""
    if shape.type_name == "structure":
        return {name: with_moments(shape.members[name], each) for name, each in value.items() if name in shape.members}
    if shape.type_name == "list":
        return [with_moments(shape.member, each) for each in value]
    if shape.type_name == "timestamp":
        return datetime.fromtimestamp(value, timezone.utc)
    return value
