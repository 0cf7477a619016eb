# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The timetable of a tracking server: the edge to Scheduler. What is decided is decided in C(_power_plan)."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS, Deadline, read_concurrently
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, error_message, is_error
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._iam_calls import make_true, unless_absent
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_options import VERBS, wish_from
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_plan import plan_power
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_state import (
    Group,
    PowerState,
    describe,
    from_aws,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role import Patience, RoleResource, confirm_shown

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_options import PowerWish
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_state import Schedule

ABSENT = ("ResourceNotFoundException",)
OVERTAKEN = ("ConflictException",)
_NOT_ASSUMABLE = "to assume the role"
ROLE_FIRST_PAUSE, ROLE_PAUSE = limits.SCHEDULER_ROLE_PAUSES


@dataclass(frozen=True)
class Waiting:
    """The options about waiting.

    :param wanted: whether to wait until AWS shows what was written.
    :param timeout: for how many seconds.
    :param role_timeout: for how many seconds a role that Scheduler cannot take yet is waited for.
    """

    wanted: bool
    timeout: float
    role_timeout: float


class PowerResource:
    """The schedules of one tracking server with their role, for C(_converge)."""

    def __init__(self, clients: Clients, wish: PowerWish, waiting: Waiting) -> None:
        self._clients = clients
        self._wish = wish
        self._waiting = waiting
        # The schedules show at once whether the role works, so nothing is gained by waiting for it beforehand.
        self._role = RoleResource(clients, wish.role, Patience(False, waiting.timeout, propagation_delay=0))

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"power schedule of the tracking server '{self._wish.name}'"

    def read(self) -> PowerState:
        """Both schedules, their group and our own role, all at once."""
        found = read_concurrently(self._reads())
        role = found.get("role")
        if role is not None:
            partition, account_id = role.partition, role.account_id
        else:
            _arn, partition, _iam, _region, account_id, _name = str(self._wish.role_arn).split(":", 5)
        schedules = {verb: found[verb] for verb in VERBS if found[verb] is not None}
        return PowerState(partition, account_id, schedules, role, found.get("group"))

    def plan(self, state: PowerState) -> Plan[PowerState]:
        """What differs from the wish."""
        return plan_power(self._wish, state)

    def settle(self, state: PowerState) -> PowerState:
        """Neither IAM nor Scheduler has a state in which it refuses a write."""
        return state

    def apply(self, change: Change) -> None:
        """Make one change true."""
        if change.call.service == "iam":
            self._role.apply(change)
            return
        make_true(change, self._send, ABSENT, OVERTAKEN)

    def confirm(self, plan: Plan[PowerState]) -> PowerState:
        """Wait (when asked to) until IAM and Scheduler show the whole plan."""
        return confirm_shown(self, plan, self._waiting.timeout if self._waiting.wanted else None)

    def describe(self, state: PowerState) -> dict[str, t.Any]:
        """The module's return values."""
        return describe(self._wish, state)

    def _reads(self) -> dict[str, Callable[[], t.Any]]:
        """Every read, by name. Makes the clients that they need."""
        self._clients["scheduler"]
        reads: dict[str, Callable[[], t.Any]] = {verb: functools.partial(self._schedule, verb) for verb in VERBS}
        if self._wish.names_group and self._wish.present:
            reads["group"] = self._group
        if self._wish.owns_role:
            self._clients["iam"]  # made here: only one thread may make clients
            reads["role"] = self._role.read
        return reads

    def _schedule(self, verb: str) -> Schedule | None:
        name, group = self._wish.schedule_name(verb), self._wish.group
        answer = unless_absent(lambda: self._clients["scheduler"].get_schedule(Name=name, GroupName=group), ABSENT)
        return None if answer is None else from_aws(answer)

    def _group(self) -> Group:
        scheduler = self._clients["scheduler"]
        answer = unless_absent(lambda: scheduler.get_schedule_group(Name=self._wish.group), ABSENT)
        if answer is None:
            return Group(exists=False)
        if self._wish.tags is None:
            return Group(exists=True)
        return Group(True, tags.from_aws(scheduler.list_tags_for_resource(ResourceArn=answer["Arn"])["Tags"]))

    def _send(self, call: Call) -> None:
        """One call. A role that was made moments ago cannot be taken yet: then repeat, as nothing else helps."""
        deadline = Deadline(self._waiting.role_timeout, ROLE_PAUSE, first_delay=ROLE_FIRST_PAUSE)
        refusal = ""
        for _elapsed in deadline.ticks():
            try:
                self._clients.send(call)
                return
            except AWS_ERRORS as error:
                if not is_error(error, ("ValidationException",), _NOT_ASSUMABLE):
                    raise
                refusal = error_message(error)
        raise MlflowError(
            f"Scheduler cannot take the role {call.parameters['Target']['RoleArn']} of the {self.title}, also after "
            f"{deadline.elapsed:.0f} s: {refusal.rstrip('.')}. Its trust policy must let scheduler.amazonaws.com take it, on "
            f"behalf of the group '{self._wish.group}' (aws:SourceArn names the group, never a schedule). When it does, "
            "repeat the run, raise role_propagation_timeout, or leave the conditions out with "
            "confused_deputy_protection=false."
        )


def from_module(module: AwsModule) -> PowerResource:
    """The timetable that the module's options describe."""
    options = module.params
    wish = wish_from(options, module.region)
    for option, least in (("wait_timeout", 1), ("role_propagation_timeout", 0)):
        if options[option] < least:
            raise MlflowError(f"{option}: {options[option]} is not allowed: give {least} or more seconds.")
    waiting = Waiting(options["wait"], options["wait_timeout"], options["role_propagation_timeout"])
    return PowerResource(module.clients, wish, waiting)
