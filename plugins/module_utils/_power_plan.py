# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What must be done so that a tracking server is stopped and started as wished: one ordered plan. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policies import POWER_ACCESS, power_access
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import as_list, statements_of
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_options import VERBS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_state import (
    Group,
    PowerState,
    Schedule,
    group_arn,
    role_arn,
    server_arn,
    target_arn,
    to_aws,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_timetable import same_moments
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_plan import plan_role

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_options import PowerWish
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import RoleWish
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_state import RoleState

SERVER_KIND = ":mlflow-tracking-server/"


def plan_power(wish: PowerWish, state: PowerState) -> Plan[PowerState]:
    """The plan from this state to the wish: what a schedule needs before it, and after it what it needed."""
    for verb, schedule in state.schedules.items():
        _refuse_foreign(wish, state, verb, schedule)
    role = _role_plan(wish, state)
    after = _future(wish, replace(state, role=role.predicted if role else None))
    changes = [
        *_group_changes(wish, state, after),
        *(_of_role(change) for change in (role.changes if role and wish.present else ())),
        *_schedule_changes(wish, state, after),
        *(_of_role(change) for change in (role.changes if role and not wish.present else ())),
    ]
    shown_role = (role.before, role.after) if role else (None, None)
    return Plan(tuple(changes), _shown(wish, state, shown_role[0]), _shown(wish, after, shown_role[1]), predicted=after)


def role_wish(wish: PowerWish, state: PowerState) -> RoleWish:
    """Our own role, with what depends on the account: this one server, on behalf of this one group."""
    return replace(
        wish.role,
        own_policies={POWER_ACCESS: power_access(server_arn(wish, state))},
        trust=replace(wish.role.trust, source_arns=(group_arn(wish, state),)),
    )


def _role_plan(wish: PowerWish, state: PowerState) -> Plan[RoleState] | None:
    if state.role is None:
        return None
    _refuse_other_server(wish, state)
    try:
        return plan_role(role_wish(wish, state), state.role)
    except MlflowError as error:
        if error.message.startswith(("name:", "path:", "permissions_boundary:")):
            raise MlflowError(f"role_{error.message}", **error.details) from error
        raise


def _of_role(change: Change) -> Change:
    return change if change.name == "role" else replace(change, name=f"role.{change.name}")


def _future(wish: PowerWish, state: PowerState) -> PowerState:
    """The state that the wish makes of this one, whose role is already the future one."""
    schedules = {
        verb: _future_schedule(wish, state, verb, expression) for verb, expression in sorted(wish.expressions.items())
    }
    group = state.group
    if group is not None:
        group = Group(exists=True, tags=tags.resulting(group.tags, wish.tags, purge=False))
    return replace(state, schedules=schedules, group=group)


def _future_schedule(wish: PowerWish, state: PowerState, verb: str, expression: str) -> Schedule:
    """The present one as it is written, when it already means the same."""
    present = state.schedules.get(verb)
    wished = Schedule(
        expression=expression,
        timezone=wish.timezone,
        enabled=wish.enabled,
        target_arn=target_arn(state.partition, verb),
        server=wish.name,
        role_arn=role_arn(wish, state),
        delivery=wish.delivery,
        kept={"Description": f"Managed by Ansible: {verb} {wish.name}"[:512]} if present is None else present.kept,
    )
    if present is not None and same_moments(present.expression, present.timezone, wished.expression, wished.timezone):
        return replace(wished, expression=present.expression, timezone=present.timezone)
    return wished


def _group_changes(wish: PowerWish, state: PowerState, after: PowerState) -> Iterator[Change]:
    before, group = state.group, after.group
    if before is None or group is None:
        return
    if not before.exists:
        call = Call("scheduler", "create_schedule_group", {"Name": wish.group, **_tag_parameter(group)})
        yield Change("schedule_group", None, {"name": wish.group, "tags": dict(group.tags)}, call)
        return
    added = tags.to_set(before.tags, group.tags)
    if added:
        parameters = {"ResourceArn": group_arn(wish, state), "Tags": tags.to_aws(added)}
        call = Call("scheduler", "tag_resource", parameters)
        yield Change("schedule_group.tags", dict(before.tags), dict(group.tags), call)


def _tag_parameter(group: Group) -> dict[str, t.Any]:
    return {"Tags": tags.to_aws(group.tags)} if group.tags else {}


def _schedule_changes(wish: PowerWish, state: PowerState, after: PowerState) -> Iterator[Change]:
    for verb in VERBS:
        before, wished = state.schedules.get(verb), after.schedules.get(verb)
        if before == wished:
            continue
        if wished is None:
            parameters = {"Name": wish.schedule_name(verb), "GroupName": wish.group}
            call = Call("scheduler", "delete_schedule", parameters)
        else:
            operation = "create_schedule" if before is None else "update_schedule"
            call = Call("scheduler", operation, to_aws(wish, verb, wished))
        yield Change(verb, before.shown() if before else None, wished.shown() if wished else None, call)


def _shown(wish: PowerWish, state: PowerState, role: t.Mapping[str, t.Any] | None) -> dict[str, t.Any] | None:
    """What a diff shows."""
    if not state.exists:
        return None
    shown: dict[str, t.Any] = {verb: schedule.shown() for verb, schedule in sorted(state.schedules.items())}
    if role is not None:
        shown["role"] = {"name": wish.role.name, **role}
    if state.group is not None and state.group.exists:
        shown["schedule_group"] = {"name": wish.group, "tags": dict(state.group.tags)}
    return shown


def _refuse_foreign(wish: PowerWish, state: PowerState, verb: str, schedule: Schedule) -> None:
    """A schedule of this name that does something else belongs to somebody else."""
    if schedule.target_arn.lower() == target_arn(state.partition, verb).lower() and schedule.server == wish.name:
        return
    raise MlflowError(
        f"name: the schedule '{wish.schedule_name(verb)}' in the group '{wish.group}' exists, but does not {verb} the "
        f"tracking server '{wish.name}' (its target is {schedule.target_arn}, its tracking server "
        f"{schedule.server or 'none'}): it belongs to somebody else and was left alone. Choose another schedule_group."
    )


def _refuse_other_server(wish: PowerWish, state: PowerState) -> None:
    """Two timetables with one role would each take the other's right away."""
    document = state.role.inline_policies.get(POWER_ACCESS, {}) if state.role else {}
    named = {str(resource) for statement in statements_of(document) for resource in as_list(statement.get("Resource"))}
    others = sorted(arn for arn in named - {server_arn(wish, state)} if SERVER_KIND in arn and "*" not in arn)
    if others:
        raise MlflowError(
            f"role_name: the role '{wish.role.name}' belongs to the timetable of {', '.join(others)} and was left alone. "
            "Each server needs a role of its own: leave role_name out, or give another one."
        )
