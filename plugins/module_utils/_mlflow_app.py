# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""An MLflow App as plain data: what AWS says of it, and what the user wishes of it."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _kms, _tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Mapping

REGISTRATION_MODES = {True: "AutoModelRegistrationEnabled", False: "AutoModelRegistrationDisabled"}
DEFAULT_STATUSES = {True: "ENABLED", False: "DISABLED"}
SETTINGS: dict[str, str] = {
    "artifact_store_uri": "ArtifactStoreUri",
    "automatic_model_registration": "ModelRegistrationMode",
    "weekly_maintenance_window_start": "WeeklyMaintenanceWindowStart",
    "account_default": "AccountDefaultStatus",
    "default_domain_ids": "DefaultDomainIdList",
}
"""What UpdateMlflowApp can change beside the name: our option and AWS's field."""

_ARN = re.compile(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:mlflow-app/[a-zA-Z0-9-]+", re.ASCII)
_DOMAIN_ID = re.compile(r"d-(-*[a-z0-9]){1,61}", re.ASCII)


@dataclass(frozen=True)
class MlflowApp(sagemaker.Lifecycle):
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
    def is_deleted(self) -> bool:
        """Whether it is gone, and only listed still: AWS goes on showing deleted Apps for a time."""
        return self.status == "Deleted"

    @property
    def settled(self) -> MlflowApp:
        """The same once AWS has done what it is at."""
        maintenance = self.maintenance_status and sagemaker.settled_status(self.maintenance_status)
        return replace(self, status=sagemaker.settled_status(self.status), maintenance_status=maintenance)


def from_aws(answer: Mapping[str, t.Any], tags: Mapping[str, str] | None) -> MlflowApp:
    """The answer of DescribeMlflowApp."""
    return MlflowApp(
        name=answer["Name"],
        arn=answer["Arn"],
        role_arn=answer.get("RoleArn"),
        status=answer["Status"],
        settings=settings_from_aws(answer),
        kms_key_id=answer.get("KmsKeyId"),
        mlflow_version=answer.get("MlflowVersion"),
        maintenance_status=answer.get("MaintenanceStatus"),
        creation_time=sagemaker.plain(answer.get("CreationTime")),
        created_by=sagemaker.plain(answer.get("CreatedBy")),
        last_modified_time=sagemaker.plain(answer.get("LastModifiedTime")),
        last_modified_by=sagemaker.plain(answer.get("LastModifiedBy")),
        tags=tags,
    )


def settings_from_aws(values: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The changeable settings in an answer of Describe, or in what an update sends."""
    return {
        "artifact_store_uri": values.get("ArtifactStoreUri"),
        "automatic_model_registration": _is(values.get("ModelRegistrationMode"), REGISTRATION_MODES),
        "weekly_maintenance_window_start": values.get("WeeklyMaintenanceWindowStart"),
        "account_default": _is(values.get("AccountDefaultStatus"), DEFAULT_STATUSES),
        "default_domain_ids": sorted(values.get("DefaultDomainIdList") or []),
    }


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
    for option in SETTINGS:
        values[option] = app.settings.get(option) if app else None
    values["tags"] = dict(app.tags) if app and app.tags is not None else None
    return values


State: t.TypeAlias = "MlflowApp | None"


@dataclass(frozen=True)
class Wish:
    """What the user asks of the App, checked and in our spelling. None: not asked about.

    :param name: its name now; None when only C(arn) was given.
    :param settings: the changeable settings that were given.
    :param new_name: the name that it gets.
    :param move_defaults: whether another App that is the default ceases to be it.
    """

    region: str
    name: str | None = None
    arn: str | None = None
    state: str = "present"
    role_arn: str | None = None
    kms_key_id: str | None = None
    settings: Mapping[str, t.Any] = field(default_factory=dict)
    new_name: str | None = None
    move_defaults: bool = False
    tags: Mapping[str, str] | None = None
    purge_tags: bool = False
    delete_data: bool = False
    recreate_failed: bool = False

    @property
    def wants_gone(self) -> bool:
        """Whether there must be no such App."""
        return self.state == "absent"

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which it may be found, the wished one first."""
        return tuple(name for name in dict.fromkeys((self.new_name, self.name)) if name is not None)

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"MLflow App {self.arn}" if self.arn else f"MLflow App '{self.name}'"


def to_send(option: str, value: t.Any) -> t.Any:
    """A setting as AWS takes it."""
    if option == "automatic_model_registration":
        return REGISTRATION_MODES[value]
    if option == "account_default":
        return DEFAULT_STATUSES[value]
    return value


def checked_arn(option: str, value: str, region: str) -> str:
    """The ARN of an App in the region of the calls."""
    if not _ARN.fullmatch(value):
        raise MlflowError(
            f"{option}: '{value}' is not the ARN of an MLflow App, as in "
            f"arn:aws:sagemaker:{region}:123456789012:mlflow-app/app-ABCDEFGH1234."
        )
    sagemaker.require_region_of(option, value, region)
    return value


def checked_domain_ids(option: str, value: t.Sequence[t.Any]) -> list[str]:
    """Ids of SageMaker domains, each once, in stable order."""
    return sorted({checked_domain_id(option, each) for each in value})


def checked_domain_id(option: str, value: object) -> str:
    """The id of a SageMaker domain."""
    if len(str(value)) > 63 or not _DOMAIN_ID.fullmatch(str(value)):
        raise MlflowError(f"{option}: '{value}' is not the id of a SageMaker domain, as in d-abcdefghijkl.")
    return str(value)


_CHECKS: dict[str, t.Callable[[str, t.Any], t.Any]] = {
    "artifact_store_uri": sagemaker.checked_artifact_store_uri,
    "weekly_maintenance_window_start": sagemaker.window_to_send,
    "default_domain_ids": checked_domain_ids,
}


def wish_from_parameters(parameters: Mapping[str, t.Any], region: str | None) -> Wish:
    """The module's options as a wish. Raises MlflowError for what AWS would refuse."""
    region = sagemaker.checked_region(region)
    given = {option: parameters[option] for option in SETTINGS if parameters.get(option) is not None}
    wish = Wish(
        region=region,
        name=_if_given(parameters, "name", sagemaker.checked_name),
        arn=_if_given(parameters, "arn", lambda option, arn: checked_arn(option, arn, region)),
        state=parameters["state"],
        role_arn=_if_given(parameters, "role_arn", sagemaker.checked_role_arn),
        kms_key_id=_if_given(parameters, "kms_key_id", lambda option, key: _checked_key(option, key, region)),
        settings={
            option: _CHECKS[option](option, value) if option in _CHECKS else value for option, value in given.items()
        },
        new_name=_if_given(parameters, "new_name", sagemaker.checked_name),
        move_defaults=parameters["move_defaults"],
        tags=_tags.wished(parameters.get("tags")),
        purge_tags=parameters["purge_tags"],
        delete_data=parameters["delete_data"],
        recreate_failed=parameters["recreate_failed"],
    )
    if wish.wants_gone and wish.new_name is not None:
        raise MlflowError("new_name: an App that must be absent cannot be renamed. Leave new_name out.")
    return wish


def _if_given(parameters: Mapping[str, t.Any], option: str, check: t.Callable[[str, str], str]) -> str | None:
    value = parameters.get(option)
    return None if value is None else check(option, value)


def _checked_key(option: str, value: str, region: str) -> str:
    reference = _kms.parse_key(value, option)
    _kms.check_region(reference, region, option, "MLflow is")
    return reference.text


def require_known_settings(wish: Wish, known_fields: t.Collection[str], botocore_version: str) -> None:
    """Refuse what the installed botocore cannot send.

    :param known_fields: the fields of CreateMlflowApp in botocore's model; empty when it lacks the operation.
    """
    if not known_fields:
        raise MlflowError(f"botocore {botocore_version} does not know MLflow Apps. Install botocore 1.42.62 or newer.")
    if wish.kms_key_id is not None and "KmsKeyId" not in known_fields:
        raise MlflowError(
            f"kms_key_id: botocore {botocore_version} does not know it. Install botocore 1.43.76 or newer, or leave it out."
        )
