# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""How an operation on a tracking server ended, judged from what Describe says. Makes no call.

The first Describe after a call may still show the state from before it, so a settled state alone proves nothing: it
counts when it is what was wished, when something moved since the call, or when it stays for longer than any such lag.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import SETTINGS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_plan import (
    CREATE,
    DELETE,
    START,
    STOP,
    UPDATE,
    normal_setting,
)

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import State, TrackingServer

LAG = 30.0
"""Seconds for which Describe may still show the state from before a call."""


@dataclass(frozen=True)
class Operation:
    """The words for one operation.

    :param transient: the status while AWS is at it.
    :param failed: the status when it failed.
    :param goal: what is waited for, to be read after "waiting for the server".
    """

    transient: str
    failed: str
    goal: str


OPERATIONS: dict[str, Operation] = {
    CREATE: Operation("Creating", "CreateFailed", "to be created"),
    UPDATE: Operation("Updating", "UpdateFailed", "to be updated"),
    START: Operation("Starting", "StartFailed", "to start"),
    STOP: Operation("Stopping", "StopFailed", "to stop"),
    DELETE: Operation("Deleting", "DeleteFailed", "to be deleted"),
}


class Verdict(enum.Enum):
    """How far an operation is."""

    PENDING = enum.auto()
    DONE = enum.auto()
    FAILED = enum.auto()
    VANISHED = enum.auto()


@dataclass
class Outcome:
    """The judgement of one operation, look by look.

    :param call: what was sent.
    :param before: the server as it was before.
    """

    call: Call
    before: State
    _moved: bool = False

    def verdict(self, now: State, elapsed: float) -> Verdict:
        """What this look says, C(elapsed) seconds after the call."""
        if now is None:
            return self._verdict_on_nothing(elapsed)
        self._moved = self._moved or _moved(self.before, now)
        if now.in_flux:
            return Verdict.PENDING
        if self._is_reached(now):
            return Verdict.DONE
        return Verdict.FAILED if self._moved or elapsed >= LAG else Verdict.PENDING

    def _verdict_on_nothing(self, elapsed: float) -> Verdict:
        if self.call.operation == DELETE:
            return Verdict.DONE
        if self.call.operation == CREATE and not self._moved and elapsed < LAG:
            return Verdict.PENDING
        return Verdict.VANISHED

    def _is_reached(self, now: TrackingServer) -> bool:
        operation = self.call.operation
        if operation in (START, STOP):
            return now.is_active == (operation == START)
        if operation == DELETE or now.status == OPERATIONS[operation].failed:
            return False
        return operation == CREATE or self._moved or _matches(self.call, now)


def _moved(before: State, now: TrackingServer) -> bool:
    return before is None or now.in_flux or now.last_modified_time != before.last_modified_time


def _matches(call: Call, now: TrackingServer) -> bool:
    """Whether the server has every setting that the update sent."""
    return all(
        normal_setting(option, call.parameters[field], now.arn)
        == normal_setting(option, now.settings.get(option), now.arn)
        for option, field in SETTINGS.items()
        if field in call.parameters
    )
