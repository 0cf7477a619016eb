# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""A tracking server as plain data: what AWS says of it, and what the user wishes of it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Identity

SETTINGS: dict[str, str] = {
    "artifact_store_uri": "ArtifactStoreUri",
    "tracking_server_size": "TrackingServerSize",
    "automatic_model_registration": "AutomaticModelRegistration",
    "weekly_maintenance_window_start": "WeeklyMaintenanceWindowStart",
    "s3_bucket_owner_account_id": "S3BucketOwnerAccountId",
    "s3_bucket_owner_verification": "S3BucketOwnerVerification",
}
"""What UpdateMlflowTrackingServer can change: our option and AWS's field."""
BUCKET_OWNER_SETTINGS = ("s3_bucket_owner_account_id", "s3_bucket_owner_verification")


@dataclass(frozen=True)
class TrackingServer(sagemaker.Lifecycle):
    """What Describe and ListTags say, or will say after a plan. None: AWS alone knows.

    :param settings: the changeable settings by option name, as AWS spells the values.
    :param tags: None when nobody asked about tags.
    """

    name: str
    arn: str
    role_arn: str | None
    status: str
    is_active: bool
    settings: Mapping[str, t.Any]
    mlflow_version: str | None = None
    maintenance_status: str | None = None
    url: str | None = None
    creation_time: str | None = None
    created_by: Mapping[str, t.Any] | None = None
    last_modified_time: str | None = None
    last_modified_by: Mapping[str, t.Any] | None = None
    tags: Mapping[str, str] | None = None

    @property
    def will_be_active(self) -> bool:
        """Whether it runs once AWS has done what it is at. Of settled states only IsActive tells: C(Updated) does not."""
        if self.status in ("Creating", "Starting"):
            return True
        return self.is_active and self.status != "Stopping"

    @property
    def settled(self) -> TrackingServer:
        """The same once AWS has done what it is at."""
        maintenance = self.maintenance_status and sagemaker.settled_status(self.maintenance_status)
        return replace(
            self,
            status=sagemaker.settled_status(self.status),
            is_active=self.will_be_active,
            maintenance_status=maintenance,
        )


State: t.TypeAlias = "TrackingServer | None"


def from_aws(answer: Mapping[str, t.Any], tags: Mapping[str, str] | None) -> TrackingServer:
    """The answer of DescribeMlflowTrackingServer."""
    return TrackingServer(
        name=answer["TrackingServerName"],
        arn=answer["TrackingServerArn"],
        role_arn=answer.get("RoleArn"),
        status=answer["TrackingServerStatus"],
        is_active=answer.get("IsActive") == "Active",
        settings={option: answer.get(aws_field) for option, aws_field in SETTINGS.items()},
        mlflow_version=answer.get("MlflowVersion"),
        maintenance_status=answer.get("TrackingServerMaintenanceStatus"),
        url=answer.get("TrackingServerUrl"),
        creation_time=sagemaker.plain(answer.get("CreationTime")),
        created_by=sagemaker.plain(answer.get("CreatedBy")),
        last_modified_time=sagemaker.plain(answer.get("LastModifiedTime")),
        last_modified_by=sagemaker.plain(answer.get("LastModifiedBy")),
        tags=tags,
    )


def described(server: State, name: str) -> dict[str, t.Any]:
    """The module's return values: the same keys whether the server exists, will exist or does not."""
    values: dict[str, t.Any] = {
        "exists": server is not None,
        "tracking_uri": server.arn if server else None,
        "tracking_server_arn": server.arn if server else None,
        "tracking_server_name": name,
        "tracking_server_status": server.status if server else None,
        "tracking_server_maintenance_status": server.maintenance_status if server else None,
        "is_active": bool(server and server.is_active),
        "tracking_server_url": server.url if server else None,
    }
    for key in ("role_arn", "mlflow_version", "creation_time", "created_by", "last_modified_time", "last_modified_by"):
        values[key] = getattr(server, key) if server else None
    for option in SETTINGS:
        values[option] = server.settings.get(option) if server else None
    values["tags"] = dict(server.tags) if server and server.tags is not None else None
    return values


@dataclass(frozen=True)
class Wish:
    """What the user asks of the server, checked and in AWS's spelling. None: not asked about.

    :param settings: the changeable settings that were given.
    :param update_stopped: C(try) or C(start_first).
    """

    name: str
    region: str
    state: str = "present"
    role_arn: str | None = None
    mlflow_version: str | None = None
    settings: Mapping[str, t.Any] = field(default_factory=dict)
    tags: Mapping[str, str] | None = None
    purge_tags: bool = False
    delete_data: bool = False
    recreate_failed: bool = False
    update_stopped: str = "try"

    @property
    def wants_gone(self) -> bool:
        """Whether there must be no such server."""
        return self.state == "absent"

    @property
    def wants_active(self) -> bool | None:
        """Whether it must run; None when its power state is left alone."""
        return {"started": True, "stopped": False}.get(self.state)

    @property
    def predicted_arn(self) -> str | None:
        """The ARN, known beforehand from the role's: AWS lets nobody pass a role of another account or partition."""
        if self.role_arn is None:
            return None
        return self._arn_in(sagemaker.partition_of(self.role_arn), sagemaker.account_of(self.role_arn))

    def arn_in(self, account: Identity | None) -> str | None:
        """The ARN that it has in this account."""
        return None if account is None else self._arn_in(account.partition, account.account_id)

    def _arn_in(self, partition: str, account_id: str) -> str:
        return f"arn:{partition}:sagemaker:{self.region}:{account_id}:mlflow-tracking-server/{self.name}"


_CHECKS: dict[str, t.Callable[[str, t.Any], t.Any]] = {
    "artifact_store_uri": sagemaker.checked_artifact_store_uri,
    "weekly_maintenance_window_start": sagemaker.window_to_send,
    "s3_bucket_owner_account_id": sagemaker.checked_account_id,
}


def wish_from_parameters(parameters: Mapping[str, t.Any], region: str | None) -> Wish:
    """The module's options as a wish. Raises MlflowError for what AWS would refuse."""
    given = {option: parameters[option] for option in SETTINGS if parameters.get(option) is not None}
    role_arn, version = parameters.get("role_arn"), parameters.get("mlflow_version")
    return Wish(
        name=sagemaker.checked_name("name", parameters["name"]),
        region=sagemaker.checked_region(region),
        state=parameters["state"],
        role_arn=None if role_arn is None else sagemaker.checked_role_arn("role_arn", role_arn),
        mlflow_version=None if version is None else sagemaker.version_to_send("mlflow_version", version),
        settings={
            option: _CHECKS[option](option, value) if option in _CHECKS else value for option, value in given.items()
        },
        tags=_tags.wished(parameters.get("tags")),
        purge_tags=parameters["purge_tags"],
        delete_data=parameters["delete_data"],
        recreate_failed=parameters["recreate_failed"],
        update_stopped=parameters["update_stopped"],
    )


def require_known_settings(wish: Wish, known_fields: t.Collection[str], botocore_version: str) -> None:
    """Refuse what the installed botocore cannot send.

    :param known_fields: the fields of CreateMlflowTrackingServer in botocore's model; empty when it lacks the operation.
    """
    if not known_fields:
        raise MlflowError(
            f"botocore {botocore_version} does not know MLflow tracking servers. Install botocore 1.42.62 or newer."
        )
    for option in BUCKET_OWNER_SETTINGS:
        if option in wish.settings and SETTINGS[option] not in known_fields:
            raise MlflowError(
                f"{option}: botocore {botocore_version} does not know it. Install botocore 1.42.62 or newer, or leave it out."
            )
