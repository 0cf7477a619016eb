# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations on MLflow Apps, apart from how requests are read and answers are written."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, cast

from localaws.control_plane import errors, requirements, states
from localaws.control_plane.servers import artifact_store_fails, change, created, user_context
from localaws.permissions import partition_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localaws.control_plane.store import Actor, MlflowResource
    from localaws.instance import Instance

REGISTRATION = {True: "AutoModelRegistrationEnabled", False: "AutoModelRegistrationDisabled"}
DEFAULT_STATUS = {True: "ENABLED", False: "DISABLED"}


def get(running: Instance, arn: str, account_id: str, region: str, deleted: bool = False) -> MlflowResource:
    """The App, or AWS's error. C(deleted): one that is gone will do, as long as it is still listed."""
    app = running.store.find(arn)
    outside = app is None or (app.account_id, app.region) != (account_id, region)
    if app is None or outside or (app.is_deleted and not deleted):
        raise errors.not_found(f"MLflow App with ARN {arn} does not exist.")
    return app


def create(running: Instance, request: Mapping[str, object], actor: Actor, account_id: str, region: str) -> str:
    """CreateMlflowApp. Unlike for servers an unusable role is an error at once (seen while IAM propagates)."""
    with running.store.lock:
        living = _require_room(running, str(request["Name"]), account_id, region)
        app = _new(running, request, actor, account_id, region)
        problem = requirements.role_problem(running, app.role_arn, app.arn)
        if problem is not None:
            raise errors.validation(problem)
        _take_defaults(running, app, living, app.account_default, app.default_domain_ids)
        fails = artifact_store_fails(running, app, {})
        running.store.add(app)
        states.begin(running, app, "create", fails=fails)
    return app.arn


def _require_room(running: Instance, name: str, account_id: str, region: str) -> list[MlflowResource]:
    apps = running.store.of("app", account_id, region)
    living = [each for each in apps if not each.is_deleted]
    if running.settings.app_names_unique and any(each.name == name for each in living):
        raise errors.error(running.settings.duplicate_name_error, f"MLflow App with name {name} already exists.")
    used = len(apps if running.settings.deleted_apps_count else living)
    if used >= running.settings.app_quota:
        raise errors.limit_exceeded("app", running.settings.app_quota, used)
    return living


def _new(
    running: Instance, request: Mapping[str, object], actor: Actor, account_id: str, region: str
) -> MlflowResource:
    identifier = "".join(secrets.choice(string.ascii_uppercase + string.digits) for _unused in range(12))
    arn = f"arn:{partition_of(region)}:sagemaker:{region}:{account_id}:mlflow-app/app-{identifier}"
    return created(
        arn,
        request,
        actor,
        running.clock.now(),
        kind="app",
        name=str(request["Name"]),
        account_id=account_id,
        region=region,
        mlflow_version=running.settings.app_mlflow_version,
        url_id=identifier.lower(),
        automatic_model_registration=request.get("ModelRegistrationMode") == REGISTRATION[True],
        bucket_owner_account_id=account_id,
        kms_key_id=_shown_key(running, request.get("KmsKeyId"), account_id, region),
        account_default=request.get("AccountDefaultStatus") == DEFAULT_STATUS[True],
        default_domain_ids=list(cast("list[str]", request.get("DefaultDomainIdList") or [])),
    )


def _shown_key(running: Instance, key: object, account_id: str, region: str) -> str | None:
    if not key:
        return None
    arn = requirements.resolved_key_arn(str(key), account_id, region)
    return arn if running.settings.app_kms_key_as_arn else str(key)


def _take_defaults(
    running: Instance, app: MlflowResource, living: list[MlflowResource], account: bool, domains: list[str]
) -> None:
    """An account has one default App, and so has each domain."""
    others = [each for each in living if each.arn != app.arn]
    holders = [
        each for each in others if (account and each.account_default) or set(domains) & set(each.default_domain_ids)
    ]
    if holders and not running.settings.app_defaults_move:
        raise errors.validation(f"MLflow App with ARN {holders[0].arn} is the default already.")
    for each in holders:
        each.account_default = each.account_default and not account
        each.default_domain_ids = [domain for domain in each.default_domain_ids if domain not in domains]


def update(running: Instance, app: MlflowResource, request: Mapping[str, object], actor: Actor) -> None:
    """UpdateMlflowApp. New values show when the update is over."""
    states.require(app, "update", running.settings)
    changes = _changes(running, request)
    living = [each for each in running.store.of("app", app.account_id, app.region) if not each.is_deleted]
    domains = cast("list[str]", changes.get("default_domain_ids", []))
    _take_defaults(running, app, living, bool(changes.get("account_default", False)), domains)
    fails = artifact_store_fails(running, app, changes)
    change(running, app, "update", actor, changes, fails)


def _changes(running: Instance, request: Mapping[str, object]) -> dict[str, object]:
    plain = {
        "Name": "name",
        "ArtifactStoreUri": "artifact_store_uri",
        "WeeklyMaintenanceWindowStart": "weekly_maintenance_window_start",
    }
    changes = {attribute: request[name] for name, attribute in plain.items() if request.get(name) is not None}
    mode = request.get("ModelRegistrationMode")
    if mode is not None or running.settings.update_omission_flips:
        # The model's text for UpdateMlflowApp: left out, it "defaults to Enabled" (CreateMlflowApp: Disabled).
        changes["automatic_model_registration"] = mode in (None, REGISTRATION[True])
    if request.get("AccountDefaultStatus") is not None:
        changes["account_default"] = request["AccountDefaultStatus"] == DEFAULT_STATUS[True]
    domains = cast("list[str] | None", request.get("DefaultDomainIdList"))
    if domains or (domains is not None and running.settings.empty_domain_list_clears):
        changes["default_domain_ids"] = list(domains)
    return changes


def described(app: MlflowResource) -> dict[str, object]:
    """The answer of DescribeMlflowApp."""
    answer: dict[str, object] = {
        **summary(app),
        "ArtifactStoreUri": app.artifact_store_uri,
        "RoleArn": app.role_arn,
        "ModelRegistrationMode": REGISTRATION[app.automatic_model_registration],
        "AccountDefaultStatus": DEFAULT_STATUS[app.account_default],
        "DefaultDomainIdList": list(app.default_domain_ids),
        "CreatedBy": user_context(app.created_by),
        "LastModifiedBy": user_context(app.last_modified_by),
        "WeeklyMaintenanceWindowStart": app.weekly_maintenance_window_start,
    }
    if app.kms_key_id is not None:
        answer["KmsKeyId"] = app.kms_key_id
    if app.maintenance_status is not None:
        answer["MaintenanceStatus"] = app.maintenance_status
    return answer


def summary(app: MlflowResource) -> dict[str, object]:
    """One entry of ListMlflowApps."""
    return {
        "Arn": app.arn,
        "Name": app.name,
        "Status": app.status,
        "CreationTime": app.creation_time,
        "LastModifiedTime": app.last_modified_time,
        "MlflowVersion": app.mlflow_version,
    }
