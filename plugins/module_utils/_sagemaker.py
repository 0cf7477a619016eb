# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What tracking servers and MLflow Apps have in common: input checks, normal forms, states, and AWS's refusals."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timezone

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, error_code, is_error

if t.TYPE_CHECKING:
    from collections.abc import Mapping

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}")
_ARTIFACT_STORE_URI = re.compile(r"(https|s3)://[^/\s]+(/\S*)?")
_ROLE_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/[\w+=,.@/-]+", re.ASCII)
_MLFLOW_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:(?P<region>[a-z0-9-]+):\d{12}:mlflow-(?P<kind>tracking-server|app)/(?P<id>[a-zA-Z0-9-]+)",
    re.ASCII,
)
_VERSION = re.compile(r"(\d+\.\d+)(\.\d+)?", re.ASCII)
_WINDOW = re.compile(r"([a-zA-Z]{3}):((?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII)

STATUSES = (
    "Creating",
    "Created",
    "CreateFailed",
    "Updating",
    "Updated",
    "UpdateFailed",
    "Deleting",
    "DeleteFailed",
)
"""What a server and an App can be; each kind has some more."""
NOT_FOUND = ("ResourceNotFound", "ResourceNotFoundException")
CONFLICT = ("ConflictException", "ResourceInUse", "ResourceInUseException")
QUOTA = ("ResourceLimitExceeded", "ResourceLimitExceededException")
_BUSY_TEXTS = ("currently in status", "un-deletable state", "undeletable state")
"""AWS declares ConflictException, but answers a request that does not fit the state with ValidationException."""


def checked_name(option: str, value: str) -> str:
    """The name as AWS allows it."""
    if len(value) > 256 or not _NAME.fullmatch(value):
        raise MlflowError(
            f"{option}: '{value}' is not allowed: 1 to 256 letters, digits and hyphens, beginning and ending with a "
            "letter or a digit."
        )
    return value


def checked_artifact_store_uri(option: str, value: str) -> str:
    """The location of the artifacts, as it was given: AWS stores it with or without the trailing slash."""
    if len(value) > 1024 or not _ARTIFACT_STORE_URI.fullmatch(value):
        raise MlflowError(
            f"{option}: '{value}' is not a location: give s3://bucket or s3://bucket/prefix, at most 1024 characters."
        )
    return value


def checked_role_arn(option: str, value: str) -> str:
    """The ARN of an IAM role. A name alone would be refused by AWS with a puzzling message."""
    match = _ROLE_ARN.fullmatch(value)
    if match is None:
        raise MlflowError(f"{option}: '{value}' is not the ARN of a role, as in arn:aws:iam::123456789012:role/mlflow.")
    if match["partition"] == "aws-cn":
        raise MlflowError(f"{option}: '{value}' is in China, where AWS offers no managed MLflow.")
    return value


def checked_account_id(option: str, value: str) -> str:
    """An account id: exactly 12 digits, which a YAML number without quotes may have lost."""
    if not re.fullmatch(r"\d{12}", value, re.ASCII):
        raise MlflowError(f"{option}: '{value}' is not an account id: give its 12 digits, in quotes.")
    return value


def checked_region(region: str | None) -> str:
    """The region of the calls."""
    if not region:
        raise MlflowError("No region is known. Set the option region, or AWS_REGION.")
    if region.startswith("cn-"):
        raise MlflowError(f"region: AWS offers no managed MLflow in China ('{region}'). Choose another region.")
    return region


def require_region_of(option: str, arn: str, region: str) -> None:
    """AWS answers a call in another region as if there were no such thing."""
    there = arn.split(":")[3]
    if there != region:
        raise MlflowError(f"{option}: '{arn}' is in {there}, but the calls go to {region}. Set region: {there}.")


def mlflow_arn(option: str, value: str, region: str | None) -> re.Match[str]:
    """The parts C(kind) (C(tracking-server) or C(app)) and C(id) of an ARN.

    :param region: where the calls go, if any are made: AWS calls what is elsewhere unknown.
    """
    match = _MLFLOW_ARN.fullmatch(value)
    if match is None:
        raise MlflowError(
            f"{option}: '{value}' is not the ARN of a tracking server (arn:aws:sagemaker:<region>:<account>:mlflow-tracking-server/"
            "<name>) or of an App (arn:aws:sagemaker:<region>:<account>:mlflow-app/<id>)."
        )
    if region is not None:
        require_region_of(option, value, region)
    return match


def version_to_send(option: str, value: str) -> str:
    """Major and minor: AWS takes C(2.16), refuses C(2.16.2), and then reports C(2.16.2)."""
    match = _VERSION.fullmatch(value)
    if match is None:
        raise MlflowError(
            f"{option}: '{value}' is not an MLflow version: give major.minor in quotes, as in '3.0' or '2.16'."
        )
    return match[1]


def same_version(one: str | None, other: str | None) -> bool:
    """Whether two versions have the same major and minor number; the patch is AWS's own affair."""
    return (one or "").split(".")[:2] == (other or "").split(".")[:2]


def window_to_send(option: str, value: str) -> str:
    """The weekly window in the one letter case that AWS takes: C(TUE:03:30) becomes C(Tue:03:30)."""
    match = _WINDOW.fullmatch(value)
    if match is None or match[1].title() not in DAYS:
        raise MlflowError(
            f"{option}: '{value}' is not a weekly time: give day and UTC time as in Tue:03:30; days are {', '.join(DAYS)}."
        )
    return f"{match[1].title()}:{match[2]}"


def normal_uri(value: str | None) -> str | None:
    """A location without its trailing slashes: with and without them it is the same place."""
    return None if value is None else value.rstrip("/")


def account_of(arn: str) -> str:
    """The account id in an ARN."""
    return arn.split(":")[4]


def region_of(arn: str) -> str:
    """The region in an ARN."""
    return arn.split(":")[3]


def partition_of(arn: str) -> str:
    """The partition in an ARN."""
    return arn.split(":")[1]


def is_in_flux(status: str | None) -> bool:
    """Whether AWS is at work and takes no other change: C(Creating), C(Stopping), C(MaintenanceInProgress), ..."""
    return bool(status) and str(status).endswith(("ing", "InProgress"))


_SETTLED = {
    "Creating": "Created",
    "Updating": "Updated",
    "Starting": "Started",
    "Stopping": "Stopped",
    "MaintenanceInProgress": "MaintenanceComplete",
}


def settled_status(status: str) -> str:
    """The status once AWS has done what it is at, unless that fails: C(Stopping) becomes C(Stopped)."""
    return _SETTLED.get(status, status)


class Lifecycle:
    """What the states of a server and of an App have in common. The kinds have the fields."""

    status: str
    maintenance_status: str | None

    @property
    def in_flux(self) -> bool:
        """Whether AWS is at work on it. Maintenance shows in a field of its own too."""
        return is_in_flux(self.status) or is_in_flux(self.maintenance_status)

    @property
    def is_deleting(self) -> bool:
        """Whether it is on its way out."""
        return self.status == "Deleting"

    @property
    def never_was(self) -> bool:
        """Whether its creation failed: it holds no data, and nothing but deletion helps."""
        return self.status == "CreateFailed"


def is_failed(status: str | None) -> bool:
    """Whether the last operation failed: C(CreateFailed), C(UpdateFailed), ..."""
    return bool(status) and str(status).endswith("Failed")


def is_not_found(error: BaseException) -> bool:
    """Whether AWS says that there is no such server, App or tagged resource."""
    return error_code(error) in NOT_FOUND


def is_conflict(error: BaseException) -> bool:
    """Whether the request does not fit the present state, by the declared error or by the one that AWS really sends."""
    return error_code(error) in CONFLICT or any(is_error(error, ("ValidationException",), text) for text in _BUSY_TEXTS)


def is_name_taken(error: BaseException) -> bool:
    """Whether a create was refused because the name exists; AWS does not document by which code."""
    return error_code(error) in CONFLICT or is_error(error, ("ValidationException",), "already exist")


def is_role_not_ready(error: BaseException) -> bool:
    """Whether SageMaker cannot assume the role: for some seconds after its creation nobody can."""
    return is_error(error, ("ValidationException",), "unable to perform: sts:AssumeRole")


def was_repeated(error: BaseException) -> bool:
    """Whether botocore sent the request more than once, so that a lost first one may have been carried out."""
    response = getattr(error, "response", {})
    return int(response.get("ResponseMetadata", {}).get("RetryAttempts", 0)) > 0


def plain(value: t.Any) -> t.Any:
    """AWS's nested answer in snake_case; times in UTC, whatever zone this machine is in."""
    if isinstance(value, dict):
        converted: Mapping[str, t.Any] = camel_dict_to_snake_dict(value)
        return {key: plain(each) for key, each in converted.items()}
    return value.astimezone(timezone.utc).isoformat() if isinstance(value, datetime) else value


def likely_causes_of_failure(
    role_arn: str | None,
    artifact_store_uri: str | None,
    region: str,
    foreign_bucket: str = " (set s3_bucket_owner_account_id)",
) -> str:
    """AWS gives no reason for C(CreateFailed). These are the ones that were met, each with its check.

    :param foreign_bucket: what helps when the bucket belongs to another account.
    """
    return (
        f"AWS gives no reason; the likely ones: the role {role_arn} does not trust sagemaker.amazonaws.com, or trusts it under "
        "conditions that MLflow does not meet (confused_deputy_protection=false of iam_mlflow_role leaves them out), or was made "
        f"only seconds before; it may not list, read and write {artifact_store_uri}; the bucket is not in {region}; the bucket "
        f"belongs to another account{foreign_bucket}; the bucket is encrypted with a KMS key that the role may "
        "not use; a bucket policy denies the role. CloudTrail shows the refused calls of the role."
    )


def quota_exceeded(what: str, region: str, message: str) -> str:
    """What to do about a quota."""
    return (
        f"The account may have no more {what} in {region}: {message.rstrip('.')}. Delete one that is not needed, or ask for "
        'more: aws service-quotas list-service-quotas --service-code sagemaker --query "Quotas[?contains(QuotaName, '
        "'MLflow')]\" shows the quota's code, aws service-quotas request-service-quota-increase raises it."
    )
