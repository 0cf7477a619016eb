# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""An MLflow App as plain data: what AWS says of it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker

if t.TYPE_CHECKING:
    from collections.abc import Mapping

REGISTRATION_MODES = {True: "AutoModelRegistrationEnabled", False: "AutoModelRegistrationDisabled"}
DEFAULT_STATUSES = {True: "ENABLED", False: "DISABLED"}


@dataclass(frozen=True)
class MlflowApp:
    """What DescribeMlflowApp and ListTags say, or will say after a plan. None: AWS alone knows.

    :param settings: the changeable settings by option name, as AWS spells the values, apart from C(name).
    :param tags: None when nobody asked about tags.
    """

    name: str
    arn: str | None
    role_arn: str | None
    status: str
    settings: Mapping[str, t.Any]
    kms_key_id: str | None = None
    mlflow_version: str | None = None
    maintenance_status: str | None = None
    creation_time: str | None = None
    created_by: Mapping[str, t.Any] | None = None
    last_modified_time: str | None = None
    last_modified_by: Mapping[str, t.Any] | None = None
    tags: Mapping[str, str] | None = None

    @property
    def in_flux(self) -> bool:
        """Whether AWS is at work on it."""
        return sagemaker.is_in_flux(self.status) or sagemaker.is_in_flux(self.maintenance_status)

    @property
    def is_deleting(self) -> bool:
        """Whether it is on its way out."""
        return self.status == "Deleting"

    @property
    def is_deleted(self) -> bool:
        """Whether it is gone, and only listed still: AWS goes on showing deleted Apps for a time."""
        return self.status == "Deleted"

    @property
    def never_was(self) -> bool:
        """Whether its creation failed: it holds no data, and nothing but deletion helps."""
        return self.status == "CreateFailed"


def from_aws(answer: Mapping[str, t.Any], tags: Mapping[str, str] | None) -> MlflowApp:
    """The answer of DescribeMlflowApp."""
    return MlflowApp(
        name=answer["Name"],
        arn=answer["Arn"],
        role_arn=answer.get("RoleArn"),
        status=answer["Status"],
        settings={
            "artifact_store_uri": answer.get("ArtifactStoreUri"),
            "automatic_model_registration": _is(answer.get("ModelRegistrationMode"), REGISTRATION_MODES),
            "weekly_maintenance_window_start": answer.get("WeeklyMaintenanceWindowStart"),
            "account_default": _is(answer.get("AccountDefaultStatus"), DEFAULT_STATUSES),
            "default_domain_ids": sorted(answer.get("DefaultDomainIdList") or []),
        },
        kms_key_id=answer.get("KmsKeyId"),
        mlflow_version=answer.get("MlflowVersion"),
        maintenance_status=answer.get("MaintenanceStatus"),
        creation_time=sagemaker.plain(answer.get("CreationTime")),
        created_by=sagemaker.plain(answer.get("CreatedBy")),
        last_modified_time=sagemaker.plain(answer.get("LastModifiedTime")),
        last_modified_by=sagemaker.plain(answer.get("LastModifiedBy")),
        tags=tags,
    )


def _is(said: str | None, words: Mapping[bool, str]) -> bool | None:
    return None if said is None else said == words[True]


def described(app: MlflowApp | None, name: str | None = None) -> dict[str, t.Any]:
    """The return values of a module: the same keys whether the App exists, will exist or does not."""
    values: dict[str, t.Any] = {
        "exists": app is not None and not app.is_deleted,
        "is_deleted": app is not None and app.is_deleted,
        "tracking_uri": app.arn if app else None,
        "name": app.name if app else name,
    }
    for key in (
        "arn",
        "status",
        "maintenance_status",
        "role_arn",
        "kms_key_id",
        "mlflow_version",
        "creation_time",
        "created_by",
        "last_modified_time",
        "last_modified_by",
    ):
        values[key] = getattr(app, key) if app else None
    for option in (
        "artifact_store_uri",
        "automatic_model_registration",
        "weekly_maintenance_window_start",
        "account_default",
        "default_domain_ids",
    ):
        values[option] = app.settings.get(option) if app else None
    values["tags"] = dict(app.tags) if app and app.tags is not None else None
    return values
