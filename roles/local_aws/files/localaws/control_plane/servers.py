# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations on tracking servers, apart from how requests are read and answers are written."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Any

from localaws.control_plane import errors, requirements, states
from localaws.control_plane.store import MlflowResource
from localaws.permissions import partition_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from localaws.control_plane.store import Actor
    from localaws.instance import Instance

UPDATABLE = {
    "ArtifactStoreUri": "artifact_store_uri",
    "TrackingServerSize": "size",
    "AutomaticModelRegistration": "automatic_model_registration",
    "WeeklyMaintenanceWindowStart": "weekly_maintenance_window_start",
    "S3BucketOwnerAccountId": "bucket_owner_account_id",
    "S3BucketOwnerVerification": "bucket_owner_verification",
}


def arn_of(name: str, account_id: str, region: str) -> str:
    """A server's name is part of its ARN."""
    return f"arn:{partition_of(region)}:sagemaker:{region}:{account_id}:mlflow-tracking-server/{name}"


def get(running: Instance, name: str, account_id: str, region: str) -> MlflowResource:
    """The server, or AWS's error."""
    arn = arn_of(name, account_id, region)
    server = running.store.find(arn)
    if server is None:
        raise errors.not_found(f"Tracking Server with ARN {arn} does not exist.")
    return server


def create(running: Instance, request: Mapping[str, object], actor: Actor, account_id: str, region: str) -> str:
    """CreateMlflowTrackingServer. A server that was created starts by itself."""
    name = str(request["TrackingServerName"])
    arn = arn_of(name, account_id, region)
    with running.store.lock:
        _require_room(running, arn, account_id, region)
        server = _new(running, request, actor, arn)
        fails = _role_fails(running, server) or artifact_store_fails(running, server, {})
        running.store.add(server)
        states.begin(running, server, "create", fails=fails)
    return arn


def _require_room(running: Instance, arn: str, account_id: str, region: str) -> None:
    if running.store.find(arn) is not None:
        raise errors.error(running.settings.duplicate_name_error, f"Tracking Server with ARN {arn} already exists.")
    used = len(running.store.of("tracking_server", account_id, region))
    if used >= running.settings.tracking_server_quota:
        raise errors.limit_exceeded("tracking_server", running.settings.tracking_server_quota, used)


def _new(running: Instance, request: Mapping[str, object], actor: Actor, arn: str) -> MlflowResource:
    _unused, _unused, _unused, region, account_id, _unused = arn.split(":", 5)
    asked_version = request.get("MlflowVersion")
    return created(
        arn,
        request,
        actor,
        running.clock.now(),
        kind="tracking_server",
        name=str(request["TrackingServerName"]),
        account_id=account_id,
        region=region,
        mlflow_version=requirements.full_version(
            running.settings, None if asked_version is None else str(asked_version)
        ),
        url_id="".join(secrets.choice(string.ascii_lowercase + string.digits) for _unused in range(12)),
        automatic_model_registration=bool(request.get("AutomaticModelRegistration", False)),
        size=str(request.get("TrackingServerSize") or "Small"),
        bucket_owner_account_id=str(request.get("S3BucketOwnerAccountId") or account_id),
        bucket_owner_verification=bool(request.get("S3BucketOwnerVerification", True)),
    )


def created(arn: str, request: Mapping[str, object], actor: Actor, now: datetime, **own: Any) -> MlflowResource:
    """What every creation says of a server and of an App alike, and what its own kind says."""
    return MlflowResource(
        arn=arn,
        artifact_store_uri=str(request["ArtifactStoreUri"]),
        role_arn=str(request["RoleArn"]),
        status="Creating",
        weekly_maintenance_window_start=str(
            request.get("WeeklyMaintenanceWindowStart") or requirements.picked_window(arn)
        ),
        creation_time=now,
        created_by=actor,
        last_modified_time=now,
        last_modified_by=actor,
        maintenance_looked_at=now.timestamp(),
        **own,
    )


def _role_fails(running: Instance, server: MlflowResource) -> bool:
    problem = requirements.role_problem(running, server.role_arn, server.arn)
    if problem is not None and not running.settings.role_failure_is_status:
        raise errors.validation(problem)
    return problem is not None


def artifact_store_fails(running: Instance, resource: MlflowResource, changes: Mapping[str, object]) -> bool:
    """Whether the artifact store is unusable. AWS tells only by the status, never why: there is no reason field."""
    verified = bool(changes.get("bucket_owner_verification", resource.bucket_owner_verification))
    owner = str(changes.get("bucket_owner_account_id", resource.bucket_owner_account_id))
    uri = str(changes.get("artifact_store_uri", resource.artifact_store_uri))
    problem = requirements.bucket_problem(running.settings, uri, resource.region, owner if verified else None)
    if problem is not None and not running.settings.bucket_failure_is_status:
        raise errors.validation(problem)
    return problem is not None or requirements.lacks_access(running, resource.role_arn, uri)


def update(running: Instance, server: MlflowResource, request: Mapping[str, object], actor: Actor) -> None:
    """UpdateMlflowTrackingServer. New values show when the update is over."""
    states.require(server, "update", running.settings)
    changes = {attribute: request[name] for name, attribute in UPDATABLE.items() if request.get(name) is not None}
    if running.settings.update_omission_flips:
        # The model's text for Update: "If not specified, AutomaticModelRegistration defaults to False".
        changes.setdefault("automatic_model_registration", False)
    fails = artifact_store_fails(running, server, changes)
    change(running, server, "update", actor, changes, fails)


def change(
    running: Instance,
    resource: MlflowResource,
    verb: str,
    actor: Actor,
    changes: Mapping[str, object] | None = None,
    fails: bool = False,
) -> None:
    """Begin a permitted change in somebody's name."""
    resource.last_modified_time = running.clock.now()
    resource.last_modified_by = actor
    states.begin(running, resource, verb, changes, fails)


def described(server: MlflowResource) -> dict[str, object]:
    """The answer of DescribeMlflowTrackingServer."""
    domain = "amazonaws.com.cn" if server.region.startswith("cn-") else "sagemaker.aws"
    answer: dict[str, object] = {
        "TrackingServerArn": server.arn,
        "TrackingServerName": server.name,
        "ArtifactStoreUri": server.artifact_store_uri,
        "TrackingServerSize": server.size,
        "MlflowVersion": server.mlflow_version,
        "RoleArn": server.role_arn,
        "TrackingServerStatus": server.status,
        "IsActive": "Active" if server.running else "Inactive",
        "TrackingServerUrl": f"https://t-{server.url_id}.{server.region}.experiments.{domain}",
        "WeeklyMaintenanceWindowStart": server.weekly_maintenance_window_start,
        "AutomaticModelRegistration": server.automatic_model_registration,
        "CreationTime": server.creation_time,
        "CreatedBy": user_context(server.created_by),
        "LastModifiedTime": server.last_modified_time,
        "LastModifiedBy": user_context(server.last_modified_by),
        "S3BucketOwnerAccountId": server.bucket_owner_account_id,
        "S3BucketOwnerVerification": server.bucket_owner_verification,
    }
    if server.maintenance_status is not None:
        answer["TrackingServerMaintenanceStatus"] = server.maintenance_status
    return answer


def summary(server: MlflowResource) -> dict[str, object]:
    """One entry of ListMlflowTrackingServers."""
    return {
        "TrackingServerArn": server.arn,
        "TrackingServerName": server.name,
        "CreationTime": server.creation_time,
        "LastModifiedTime": server.last_modified_time,
        "TrackingServerStatus": server.status,
        "IsActive": "Active" if server.running else "Inactive",
        "MlflowVersion": server.mlflow_version,
    }


def user_context(actor: Actor) -> dict[str, object]:
    """Callers with plain IAM credentials have no Studio profile."""
    return {"IamIdentity": {"Arn": actor.arn, "PrincipalId": actor.principal_id}}
