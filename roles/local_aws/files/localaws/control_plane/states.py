# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of tracking servers and Apps: statuses, what is allowed in which, and how a transition ends.

AWS publishes no table of legal transitions. The refusals are worded as users report them
(aws/amazon-sagemaker-feedback issue 104: the status in upper case, ValidationException although
ConflictException is declared); what nobody has reported is a setting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from localaws.control_plane import errors
from localaws.control_plane.store import Transition

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from localaws.control_plane.store import MlflowResource
    from localaws.instance import Instance
    from localaws.settings import Settings


@dataclass(frozen=True)
class Verb:
    """One thing that takes time, and the statuses it goes through."""

    transient: str
    done: str
    failed: str
    participle: str = ""
    running_after: bool | None = None


VERBS = {
    "create": Verb("Creating", "Created", "CreateFailed", running_after=True),
    "update": Verb("Updating", "Updated", "UpdateFailed", "updated"),
    "start": Verb("Starting", "Started", "StartFailed", "started", running_after=True),
    "stop": Verb("Stopping", "Stopped", "StopFailed", "stopped", running_after=False),
    "delete": Verb("Deleting", "Deleted", "DeleteFailed", "deleted", running_after=False),
    "maintenance": Verb("MaintenanceInProgress", "MaintenanceComplete", "MaintenanceFailed"),
}
TRANSIENT = frozenset(verb.transient for verb in VERBS.values())
# Nothing but deletion helps a resource that was never completely there or is half gone.
ONLY_DELETABLE = frozenset({"CreateFailed", "DeleteFailed"})
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def require(resource: MlflowResource, verb: str, settings: Settings) -> None:
    """Refuse a request that does not fit the status, with AWS's error for it."""
    if verb == "delete":
        _require_deletable(resource)
    elif resource.kind == "app":
        _require_updatable_app(resource)
    else:
        _require_settled_server(resource, verb)
        _require_power_state(resource, verb, settings)


def _is_busy(resource: MlflowResource) -> bool:
    return resource.transition is not None or resource.status in TRANSIENT


def _require_deletable(resource: MlflowResource) -> None:
    if _is_busy(resource):
        name = errors.NAMES[resource.kind]
        raise errors.validation(f"{name} is in un-deletable state ({_upper(resource)}), so it cannot be deleted.")


def _require_updatable_app(resource: MlflowResource) -> None:
    if _is_busy(resource) or resource.status in ONLY_DELETABLE:
        raise errors.conflict(_refusal(resource, "update"))


def _require_settled_server(resource: MlflowResource, verb: str) -> None:
    if _is_busy(resource) or resource.status in ONLY_DELETABLE:
        raise errors.validation(_refusal(resource, verb))


def _require_power_state(resource: MlflowResource, verb: str, settings: Settings) -> None:
    if verb == "start" and resource.running:
        raise errors.conflict(_refusal(resource, verb))
    if verb == "stop" and not resource.running:
        raise errors.conflict(_refusal(resource, verb))
    if verb == "update" and not resource.running and not settings.update_stopped_allowed:
        raise errors.conflict(_refusal(resource, verb))


def _refusal(resource: MlflowResource, verb: str) -> str:
    name = errors.NAMES[resource.kind]
    return (
        f"{name} with ARN {resource.arn} is currently in status {_upper(resource)}, can't be {VERBS[verb].participle}."
    )


def _upper(resource: MlflowResource) -> str:
    """UpdateFailed -> UPDATE_FAILED, as AWS's messages show it."""
    shown = resource.status
    if resource.transition is not None and resource.transition.verb == "maintenance":
        shown = VERBS["maintenance"].transient
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", shown).upper()


def begin(
    running: Instance,
    resource: MlflowResource,
    verb: str,
    changes: Mapping[str, object] | None = None,
    fails: bool = False,
) -> None:
    """Enter the transient status of C(verb); with a delay of nothing it is over when this returns."""
    key = setting_key(resource, verb)
    fails = bool(running.settings.fail_next.pop(key, False)) or fails
    starts_process = VERBS[verb].running_after is True
    with running.store.lock:  # the data plane looks at resources at any moment
        resource.transition = Transition(
            verb=verb,
            due=running.clock.time() + delay(running.settings, key),
            fails=fails,
            awaits_process=starts_process and not fails,
            changes=dict(changes or {}),
        )
        _enter(resource, verb, VERBS[verb].transient)
        if resource.transition.awaits_process:
            running.processes.ensure(resource)
        settle(running, resource)


def setting_key(resource: MlflowResource, verb: str) -> str:
    """The name of a verb in the settings: C(update) for servers, C(app_update) for Apps."""
    return f"app_{verb}" if resource.kind == "app" and verb != "maintenance" else verb


def delay(settings: Settings, key: str) -> float:
    """Seconds that the verb takes."""
    seconds: float = getattr(settings.delays, key)
    return seconds


def _enter(resource: MlflowResource, verb: str, status: str) -> None:
    """Maintenance has a field of its own; a server shows it in its status as well, an App does not."""
    if verb == "maintenance":
        resource.maintenance_status = status
    if verb != "maintenance" or resource.kind == "tracking_server":
        resource.status = status


def settle(running: Instance, resource: MlflowResource) -> None:
    """Let everything happen to the resource that is due by now."""
    now = running.clock.time()
    if resource.deleted_at is not None:
        if now >= resource.deleted_at + running.settings.deleted_app_retention_seconds:
            running.store.remove(resource.arn)
        return
    if resource.transition is None:
        _enter_maintenance_when_due(running, resource)
    transition = resource.transition
    if transition is None or now < transition.due or _is_stuck(running, resource, transition.verb):
        return
    if transition.fails:
        _fail(running, resource, transition)
    elif transition.verb == "update" and _apply_changes(running, resource, transition):
        transition.awaits_process = True
    if resource.transition is transition:
        _finish_when_served(running, resource, transition)


def _is_stuck(running: Instance, resource: MlflowResource, verb: str) -> bool:
    return setting_key(resource, verb) in running.settings.stuck


def _apply_changes(running: Instance, resource: MlflowResource, transition: Transition) -> bool:
    """Make the new values visible. True when its MLflow had to be restarted for them."""
    changes, transition.changes = transition.changes, {}
    before = resource.artifact_store_uri
    for name, value in changes.items():
        setattr(resource, name, value)
    if resource.artifact_store_uri == before or not resource.running:
        return False
    running.processes.stop(resource.arn)
    running.processes.ensure(resource)
    return True


def _finish_when_served(running: Instance, resource: MlflowResource, transition: Transition) -> None:
    if transition.awaits_process:
        if running.processes.failed(resource.arn) is not None:
            _fail(running, resource, transition)
            return
        if not running.processes.healthy(resource.arn):
            return
    _finish(running, resource, transition)


def _fail(running: Instance, resource: MlflowResource, transition: Transition) -> None:
    resource.transition = None
    _enter(resource, transition.verb, VERBS[transition.verb].failed)
    if transition.verb in ("create", "start"):
        running.processes.stop(resource.arn)


def _finish(running: Instance, resource: MlflowResource, transition: Transition) -> None:
    verb = VERBS[transition.verb]
    resource.transition = None
    _enter(resource, transition.verb, verb.done)
    if verb.running_after is not None:
        resource.running = verb.running_after
    if verb.running_after is False:
        running.processes.stop(resource.arn)
    if transition.verb == "delete":
        _bury(running, resource, transition.due)
    if transition.verb == "maintenance" and resource.kind == "app":
        # AWS keeps Apps on the newest MLflow; tracking servers keep their version for life.
        resource.mlflow_version = running.settings.app_mlflow_version


def _bury(running: Instance, resource: MlflowResource, moment: float) -> None:
    """Metadata dies with the resource. Only Apps are listed for a while after."""
    running.processes.delete_data(resource.arn)
    if resource.kind == "app":
        resource.deleted_at = moment
        settle(running, resource)
    else:
        running.store.remove(resource.arn)


def _enter_maintenance_when_due(running: Instance, resource: MlflowResource) -> None:
    now = running.clock.now()
    looked_at, resource.maintenance_looked_at = resource.maintenance_looked_at, now.timestamp()
    if not resource.running or resource.status in ONLY_DELETABLE:
        return
    settings = running.settings
    opened = last_window(resource.weekly_maintenance_window_start, now).timestamp()
    if resource.name in settings.maintenance_next:
        settings.maintenance_next.discard(resource.name)
        opened = now.timestamp()
    elif not settings.maintenance_weekly or opened <= looked_at:
        return
    fails = bool(settings.fail_next.pop("maintenance", False))
    resource.transition = Transition("maintenance", opened + delay(settings, "maintenance"), fails=fails)
    _enter(resource, "maintenance", VERBS["maintenance"].transient)


def last_window(window: str, now: datetime) -> datetime:
    """When the weekly window (C(Tue:03:30)) last opened."""
    day, hour, minute = window.split(":")
    opened = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    opened -= timedelta(days=(opened.weekday() - DAYS.index(day)) % 7)
    return opened if opened <= now else opened - timedelta(days=7)
