# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What to do about an MLflow App, decided from plain values: what is, what is around it, what is wished. Makes no call."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker_words as words
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import SETTINGS, MlflowApp, to_send
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_plan import (
    before_and_after,
    differing,
    require_for_creation,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_tags import tag_changes

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import State, Wish

CREATE = "create_mlflow_app"
UPDATE = "update_mlflow_app"
DELETE = "delete_mlflow_app"
DEFAULTS = "defaults"
"""The change by which another App ceases to be a default."""
AWS_OWNED_KEY = "a key that AWS owns"


@dataclass(frozen=True)
class Around:
    """What a plan depends on beside the App itself. Read only where it matters.

    :param key_arns: the ARN of a key by how it was named.
    :param holders: other Apps that are the default of what the wish wants: of the account, of domains.
    """

    key_arns: Mapping[str, str] = field(default_factory=dict)
    holders: tuple[MlflowApp, ...] = ()


def make_plan(wish: Wish, app: State, around: Around) -> Plan[State]:
    """What differs, and what to do about it in order. Raises MlflowError for what must not be done."""
    if wish.wants_gone:
        return _plan_absence(wish, app)
    if app is None or app.is_deleting:
        return _plan_creation(wish, around, failed=None)
    _require_agreeing_name(wish, app)
    if app.never_was:
        return _plan_failed_creation(wish, around, app)
    _refuse_replacement(wish, app, around)
    return _plan_update(wish, app, around)


def differing_settings(wish: Wish, app: MlflowApp) -> dict[str, t.Any]:
    """The asked settings that the App has otherwise."""
    return differing(wish.settings, app.settings, normal_setting)


def normal_setting(option: str, value: t.Any) -> t.Any:
    """One value for every spelling of the same thing; what AWS leaves out stands for its default."""
    if option == "artifact_store_uri":
        return sagemaker.normal_uri(value)
    if option == "default_domain_ids":
        return sorted(set(value or []))
    if option == "weekly_maintenance_window_start":
        return value and value.title()
    return bool(value)


def lacking_domains(wish: Wish, app: State) -> list[str]:
    """The domains whose default the App shall become."""
    present = set(app.settings.get("default_domain_ids") or []) if app else set()
    return [each for each in wish.settings.get("default_domain_ids") or [] if each not in present]


def lacks_account_default(wish: Wish, app: State) -> bool:
    """Whether the App shall become the account's default."""
    return bool(wish.settings.get("account_default")) and not (app and app.settings.get("account_default"))


def _plan_absence(wish: Wish, app: State) -> Plan[State]:
    """Deletion. An App that is being deleted already needs no call, only patience."""
    if app is None or app.is_deleting:
        return Plan((), None, None, None)
    _require_agreeing_name(wish, app)
    if not (wish.delete_data or app.never_was):
        raise MlflowError(words.data_would_be_lost(wish.title), **_last_seen(app))
    before = _view_of_all(app)
    return Plan((Change("app", before, None, _delete(app)),), before, None, None)


def _require_agreeing_name(wish: Wish, app: MlflowApp) -> None:
    """With both, the ARN decides; a name that does not fit is a mistake in one of them, or a wish to rename."""
    if wish.name is not None and app.name not in wish.names:
        raise MlflowError(
            f"name: the {wish.title} is named '{app.name}', not '{wish.name}'. Give the name that it has, leave name out, or "
            f"rename it by name: {app.name}, new_name: {wish.new_name or wish.name}.",
            **_last_seen(app),
        )


def _plan_failed_creation(wish: Wish, around: Around, app: MlflowApp) -> Plan[State]:
    if not wish.recreate_failed:
        causes = likely_causes_of_failure(app, wish.region)
        raise MlflowError(
            f"The {wish.title} is in state CreateFailed. {words.after_failed_creation(causes, 'App')}",
            **_last_seen(app),
        )
    if wish.arn is not None:
        raise MlflowError(
            f"recreate_failed: the {wish.title} cannot be created anew with the same ARN, as AWS chooses it. Give name: "
            f"{app.name} instead of arn.",
            **_last_seen(app),
        )
    return _plan_creation(wish, around, failed=app)


def likely_causes_of_failure(app: MlflowApp, region: str) -> str:
    """The causes that were met, in the words of the App's options."""
    uri = app.settings.get("artifact_store_uri")
    return sagemaker.likely_causes_of_failure(app.role_arn, uri, region, foreign_bucket="")


def _plan_creation(wish: Wish, around: Around, failed: State) -> Plan[State]:
    """Creation, after the remains of a failed one were removed."""
    created = _created(wish)
    changes = []
    before = None
    if failed is not None:
        before = _view_of_all(failed)
        changes.append(Change("app", before, None, _delete(failed)))
    changes.extend(_changes_of_holders(wish, None, around))
    after = _view(created, wish)
    changes.append(Change("app", None, after, Call("sagemaker", CREATE, _creation_parameters(wish))))
    return Plan(tuple(changes), before, after, created)


def _created(wish: Wish) -> MlflowApp:
    if wish.arn is not None:
        raise MlflowError(
            f"There is no {wish.title}. AWS chooses the ARN of a new App: to create one, give name and leave arn out."
        )
    uri = wish.settings.get("artifact_store_uri")
    require_for_creation(wish.title, wish.region, artifact_store_uri=uri, role_arn=wish.role_arn)
    return MlflowApp(
        name=wish.names[0],
        arn=None,
        role_arn=wish.role_arn,
        status="Created",
        settings={option: wish.settings.get(option, normal_setting(option, None)) for option in SETTINGS},
        kms_key_id=wish.kms_key_id,
        tags=None if wish.tags is None else dict(wish.tags),
    )


def _creation_parameters(wish: Wish) -> dict[str, t.Any]:
    parameters: dict[str, t.Any] = {"Name": wish.names[0], "RoleArn": wish.role_arn}
    parameters.update({SETTINGS[option]: to_send(option, value) for option, value in wish.settings.items()})
    if wish.kms_key_id is not None:
        parameters["KmsKeyId"] = wish.kms_key_id
    if wish.tags:
        parameters["Tags"] = _tags.to_aws(wish.tags)
    return parameters


def _refuse_replacement(wish: Wish, app: MlflowApp, around: Around) -> None:
    """What AWS cannot change in place is never replaced: a replacement loses every experiment and model."""
    differences = []
    if None not in (wish.role_arn, app.role_arn) and wish.role_arn != app.role_arn:
        differences.append(f"role_arn is {app.role_arn}, wished is {wish.role_arn}")
    if not _has_wished_key(wish, app, around):
        differences.append(f"kms_key_id is {app.kms_key_id or AWS_OWNED_KEY}, wished is {wish.kms_key_id}")
    if differences:
        raise MlflowError(
            words.never_replaced(wish.title, differences, "an App with another name"),
            **_last_seen(app),
        )


def _has_wished_key(wish: Wish, app: MlflowApp, around: Around) -> bool:
    """Whether both name the same key, by whatever name. What is only being created need not show its key yet."""
    if wish.kms_key_id in (None, app.kms_key_id) or (app.kms_key_id is None and app.status == "Creating"):
        return True
    arns = around.key_arns
    wished, present = arns.get(str(wish.kms_key_id)), arns.get(str(app.kms_key_id))
    return wished is not None and wished == present


def _plan_update(wish: Wish, app: MlflowApp, around: Around) -> Plan[State]:
    """Tags, then what other Apps must give up, then settings."""
    changes: list[Change] = []
    predicted = app.settled
    if wish.tags is not None and app.arn is not None:
        after_tags = _tags.resulting(app.tags or {}, wish.tags, wish.purge_tags)
        changes.extend(tag_changes(app.arn, app.tags or {}, after_tags))
        predicted = replace(predicted, tags=after_tags)
    changes.extend(_changes_of_holders(wish, app, around))
    different = differing_settings(wish, app)
    name = wish.new_name or app.name
    if different or name != app.name:
        changes.append(_settings_change(app, name, different))
        predicted = replace(predicted, name=name, status="Updated", settings={**app.settings, **different})
    return Plan(tuple(changes), _view(app, wish), _view(predicted, wish), predicted)


def _settings_change(app: MlflowApp, name: str, different: Mapping[str, t.Any]) -> Change:
    before, after = before_and_after(different, app.settings, normal_setting)
    if name != app.name:
        before, after = {"name": app.name, **before}, {"name": name, **after}
    return Change("settings", before, after, _update(app, name, different))


def _update(app: MlflowApp, name: str, different: Mapping[str, t.Any]) -> Call:
    """One update with everything that can change: AWS sets some of what is left out to its default, or to the other one.

    An empty list of domains is sent only where it is the wish: what it does is not documented.
    """
    shown = {option: normal_setting(option, None) if value is None else value for option, value in app.settings.items()}
    full = {**shown, **different}
    parameters = {
        SETTINGS[option]: to_send(option, value)
        for option, value in full.items()
        if value is not None and (value != [] or option in different)
    }
    return Call("sagemaker", UPDATE, {"Arn": app.arn, "Name": name, **parameters})


def _changes_of_holders(wish: Wish, app: State, around: Around) -> list[Change]:
    """What AWS does when a second App is made the default is not documented: the first one must give it up before."""
    wanted = set(lacking_domains(wish, app))
    takes_account = lacks_account_default(wish, app)
    conflicts = []
    changes = []
    for holder in around.holders:
        domains = normal_setting("default_domain_ids", holder.settings.get("default_domain_ids"))
        given_up: dict[str, t.Any] = {}
        if takes_account and holder.settings.get("account_default"):
            given_up["account_default"] = False
        if wanted & set(domains):
            given_up["default_domain_ids"] = sorted(set(domains) - wanted)
        if given_up:
            conflicts.append(_conflict(holder, given_up))
            before, after = before_and_after(given_up, holder.settings, normal_setting)
            call = _update(holder, holder.name, given_up)
            changes.append(Change(DEFAULTS, {"arn": holder.arn, **before}, {"arn": holder.arn, **after}, call))
    if conflicts and not wish.move_defaults:
        raise MlflowError(
            f"The {wish.title} cannot become the default: {'; '.join(conflicts)}. AWS does not document what becomes of the "
            "present default then. Set move_defaults=true, and this run takes it from there first."
        )
    return changes


def _conflict(holder: MlflowApp, given_up: Iterable[str]) -> str:
    return f"'{holder.name}' ({holder.arn}) is it already ({' and '.join(given_up)})"


def _delete(app: MlflowApp) -> Call:
    return Call("sagemaker", DELETE, {"Arn": app.arn})


def _view(app: MlflowApp, wish: Wish) -> dict[str, t.Any]:
    """What a diff shows: only what was asked about, normalised."""
    shown: dict[str, t.Any] = {"name": app.name}
    if wish.role_arn is not None:
        shown["role_arn"] = app.role_arn
    if wish.kms_key_id is not None:
        # Another key was refused: this is the same one in the user's own words.
        shown["kms_key_id"] = wish.kms_key_id
    for option in wish.settings:
        shown[option] = normal_setting(option, app.settings.get(option))
    if wish.tags is not None:
        shown["tags"] = dict(app.tags or {})
    return shown


def _view_of_all(app: MlflowApp) -> dict[str, t.Any]:
    """What a diff shows of an App that goes away."""
    return {
        "name": app.name,
        "arn": app.arn,
        "role_arn": app.role_arn,
        "kms_key_id": app.kms_key_id,
        "mlflow_version": app.mlflow_version,
        "status": app.status,
        **{option: normal_setting(option, app.settings.get(option)) for option in SETTINGS},
    }


def _last_seen(app: MlflowApp) -> dict[str, t.Any]:
    return {"arn": app.arn, "status": app.status}
