# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What to do about a tracking server, decided from two plain values: what is and what is wished. Makes no call."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from functools import partial

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker_words as words
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_plan import (
    before_and_after,
    differing,
    require_for_creation,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_tags import tag_changes
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import SETTINGS, TrackingServer

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import State, Wish

CREATE = "create_mlflow_tracking_server"
UPDATE = "update_mlflow_tracking_server"
START = "start_mlflow_tracking_server"
STOP = "stop_mlflow_tracking_server"
DELETE = "delete_mlflow_tracking_server"

DEFAULT_SIZE = "Small"


def make_plan(wish: Wish, state: State) -> Plan[State]:
    """What differs, and what to do about it in order. Raises MlflowError for what must not be done."""
    if wish.wants_gone:
        return _plan_absence(wish, state)
    if state is None or state.is_deleting:
        return _plan_creation(wish, failed=None)
    if state.never_was:
        return _plan_failed_creation(wish, state)
    _refuse_replacement(wish, state)
    return _plan_update(wish, state)


def differing_settings(wish: Wish, server: TrackingServer) -> dict[str, t.Any]:
    """The asked settings that the server has otherwise."""
    return differing(wish.settings, server.settings, partial(_normal_of, server))


def _normal_of(server: TrackingServer, option: str, value: t.Any) -> t.Any:
    return normal_setting(option, value, server.arn)


def normal_setting(option: str, value: t.Any, arn: str) -> t.Any:
    """One value for every spelling of the same thing; what AWS leaves out stands for its default."""
    if option == "artifact_store_uri":
        return sagemaker.normal_uri(value)
    if option == "weekly_maintenance_window_start" and value is not None:
        return value.title()
    if value is not None:
        return value
    defaults = {
        "tracking_server_size": DEFAULT_SIZE,
        "automatic_model_registration": False,
        "s3_bucket_owner_account_id": sagemaker.account_of(arn),
        "s3_bucket_owner_verification": True,
    }
    return defaults.get(option)


def _plan_absence(wish: Wish, state: State) -> Plan[State]:
    """Deletion. A server that is being deleted already needs no call, only patience."""
    if state is None or state.is_deleting:
        return Plan((), None, None, None)
    if not (wish.delete_data or state.never_was):
        raise MlflowError(words.data_would_be_lost(f"tracking server '{wish.name}'"), **_last_seen(state))
    before = _view_of_all(state)
    return Plan((Change("server", before, None, _call(wish, DELETE)),), before, None, None)


def _plan_failed_creation(wish: Wish, server: TrackingServer) -> Plan[State]:
    if not wish.recreate_failed:
        causes = sagemaker.likely_causes_of_failure(
            server.role_arn, server.settings.get("artifact_store_uri"), wish.region
        )
        raise MlflowError(
            f"The tracking server '{wish.name}' is in state CreateFailed. {words.after_failed_creation(causes, 'server')}",
            **_last_seen(server),
        )
    return _plan_creation(wish, failed=server)


def _plan_creation(wish: Wish, failed: State) -> Plan[State]:
    """Creation, after the remains of a failed one were removed; AWS starts what it creates."""
    created = _created(wish)
    changes = []
    before = None
    if failed is not None:
        before = _view_of_all(failed)
        changes.append(Change("server", before, None, _call(wish, DELETE)))
    changes.append(Change("server", None, _view(created, wish), Call("sagemaker", CREATE, _creation_parameters(wish))))
    predicted = created
    if wish.wants_active is False:
        changes.append(_power_change(wish, active=False))
        predicted = replace(created, status="Stopped", is_active=False)
    return Plan(tuple(changes), before, _view(predicted, wish), predicted)


def _created(wish: Wish) -> TrackingServer:
    require_for_creation(
        f"tracking server '{wish.name}'",
        wish.region,
        artifact_store_uri=wish.settings.get("artifact_store_uri"),
        role_arn=wish.role_arn,
    )
    arn = str(wish.predicted_arn)
    settings = {option: wish.settings.get(option, normal_setting(option, None, arn)) for option in SETTINGS}
    return TrackingServer(
        name=wish.name,
        arn=arn,
        role_arn=wish.role_arn,
        status="Created",
        is_active=True,
        settings=settings,
        mlflow_version=wish.mlflow_version,
        tags=None if wish.tags is None else dict(wish.tags),
    )


def _creation_parameters(wish: Wish) -> dict[str, t.Any]:
    parameters: dict[str, t.Any] = {"TrackingServerName": wish.name, "RoleArn": wish.role_arn}
    parameters.update({SETTINGS[option]: value for option, value in wish.settings.items()})
    if wish.mlflow_version is not None:
        parameters["MlflowVersion"] = wish.mlflow_version
    if wish.tags:
        parameters["Tags"] = _tags.to_aws(wish.tags)
    return parameters


def _refuse_replacement(wish: Wish, server: TrackingServer) -> None:
    """What AWS cannot change in place is never replaced: a replacement loses every experiment and model.

    What Describe leaves out (a server that is being created need not have a version yet) is no difference.
    """
    differences = []
    if None not in (wish.role_arn, server.role_arn) and wish.role_arn != server.role_arn:
        differences.append(f"role_arn is {server.role_arn}, wished is {wish.role_arn}")
    versions = (wish.mlflow_version, server.mlflow_version)
    if None not in versions and not sagemaker.same_version(*versions):
        differences.append(f"mlflow_version is {server.mlflow_version}, wished is {wish.mlflow_version}")
    if differences:
        raise MlflowError(
            words.never_replaced(f"tracking server '{wish.name}'", differences, "a server with another name"),
            **_last_seen(server),
        )


def _plan_update(wish: Wish, server: TrackingServer) -> Plan[State]:
    """Tags, then settings, then power: each waits for the one before."""
    changes: list[Change] = []
    predicted = server.settled
    if wish.tags is not None:
        after_tags = _tags.resulting(server.tags or {}, wish.tags, wish.purge_tags)
        changes.extend(tag_changes(server.arn, server.tags or {}, after_tags))
        predicted = replace(predicted, tags=after_tags)
    steps, predicted = _settings_and_power(wish, server, predicted)
    changes.extend(steps)
    return Plan(tuple(changes), _view(server, wish), _view(predicted, wish), predicted)


def _settings_and_power(
    wish: Wish, server: TrackingServer, predicted: TrackingServer
) -> tuple[list[Change], TrackingServer]:
    different = differing_settings(wish, server)
    active = server.will_be_active
    changes: list[Change] = []
    if different and not active and wish.update_stopped == "start_first":
        changes.append(_power_change(wish, active=True))
        active = True
    if different:
        changes.append(_settings_change(wish, server, different))
        predicted = replace(predicted, status="Updated", is_active=active, settings={**server.settings, **different})
    wished_active = server.will_be_active if wish.wants_active is None else wish.wants_active
    if wished_active != active:
        changes.append(_power_change(wish, active=wished_active))
        predicted = replace(predicted, status="Started" if wished_active else "Stopped", is_active=wished_active)
    return changes, predicted


def _settings_change(wish: Wish, server: TrackingServer, different: dict[str, t.Any]) -> Change:
    """One update with every changeable setting: AWS sets what is left out to its default."""
    full = {**server.settings, **different}
    parameters = {SETTINGS[option]: value for option, value in full.items() if value is not None}
    return Change(
        "settings",
        *before_and_after(different, server.settings, partial(_normal_of, server)),
        Call("sagemaker", UPDATE, {"TrackingServerName": wish.name, **parameters}),
    )


def _power_change(wish: Wish, active: bool) -> Change:
    words = ("stopped", "started") if active else ("started", "stopped")
    return Change("state", *words, _call(wish, START if active else STOP))


def _call(wish: Wish, operation: str) -> Call:
    return Call("sagemaker", operation, {"TrackingServerName": wish.name})


def _view(server: TrackingServer, wish: Wish) -> dict[str, t.Any]:
    """What a diff shows: only what was asked about, normalised."""
    shown: dict[str, t.Any] = {"name": wish.name}
    if wish.role_arn is not None:
        shown["role_arn"] = server.role_arn
    if wish.mlflow_version is not None:
        shown["mlflow_version"] = ".".join((server.mlflow_version or "").split(".")[:2])
    for option in wish.settings:
        shown[option] = normal_setting(option, server.settings.get(option), server.arn)
    if wish.tags is not None:
        shown["tags"] = dict(server.tags or {})
    if wish.wants_active is not None:
        shown["state"] = "started" if server.will_be_active else "stopped"
    return shown


def _view_of_all(server: TrackingServer) -> dict[str, t.Any]:
    """What a diff shows of a server that goes away."""
    settings = {option: normal_setting(option, server.settings.get(option), server.arn) for option in SETTINGS}
    return {
        "name": server.name,
        "role_arn": server.role_arn,
        "mlflow_version": server.mlflow_version,
        "tracking_server_status": server.status,
        **settings,
    }


def _last_seen(server: TrackingServer) -> dict[str, t.Any]:
    return {"tracking_server_arn": server.arn, "tracking_server_status": server.status}
