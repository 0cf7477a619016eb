# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""How an operation on a tracking server or an App ended, judged from what Describe says. Makes no call.

The first Describe after a call may still show the state from before it, so a settled state alone proves nothing: it
counts when it is what was wished, when something moved since the call, or when it stays for longer than any such lag.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call

LAG = limits.SAGEMAKER_LAG


class Managed(t.Protocol):
    """What a tracking server and an App have in common."""

    @property
    def arn(self) -> str | None:
        """None: not known before it exists."""

    @property
    def role_arn(self) -> str | None:
        """The service role."""

    @property
    def status(self) -> str:
        """AWS's word."""

    @property
    def maintenance_status(self) -> str | None:
        """How the last maintenance went, or goes."""

    @property
    def settings(self) -> Mapping[str, t.Any]:
        """The changeable settings by option name."""

    @property
    def tags(self) -> Mapping[str, str] | None:
        """None: not asked about."""

    @property
    def last_modified_time(self) -> str | None:
        """When something changed last."""

    @property
    def in_flux(self) -> bool:
        """Whether AWS is at work on it."""

    @property
    def is_deleting(self) -> bool:
        """Whether it is on its way out."""

    @property
    def never_was(self) -> bool:
        """Whether its creation failed."""


Kept = t.TypeVar("Kept", bound=Managed)


@dataclass(frozen=True)
class Operation:
    """The words for one operation.

    :param transient: the status while AWS is at it.
    :param failed: the status when it failed.
    :param goal: what is waited for, to be read after "waiting for the server".
    :param doing: what is done, to be read before "the server".
    """

    transient: str
    failed: str
    goal: str
    doing: str


@dataclass(frozen=True)
class Kind(t.Generic[Kept]):
    """One of the two products, as far as its operations differ from the other's.

    :param noun: what messages call one of them for short.
    :param plural: what messages call many of them.
    :param operations: what takes AWS a while, by the name of the call.
    :param is_updated: whether every setting is as the call for an update asked for.
    :param is_switched: whether it is as another operation than create, update and delete wants it.
    """

    noun: str
    plural: str
    create: str
    update: str
    delete: str
    operations: Mapping[str, Operation]
    is_updated: Callable[[Call, Kept], bool]
    is_switched: Callable[[str, Kept], bool]


class Verdict(enum.Enum):
    """How far an operation is."""

    PENDING = enum.auto()
    DONE = enum.auto()
    FAILED = enum.auto()
    VANISHED = enum.auto()


@dataclass
class Outcome(t.Generic[Kept]):
    """The judgement of one operation, look by look.

    :param call: what was sent.
    :param before: what was there before.
    """

    kind: Kind[Kept]
    call: Call
    before: Kept | None
    _moved: bool = False

    def verdict(self, now: Kept | None, elapsed: float) -> Verdict:
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
        if self.call.operation == self.kind.delete:
            return Verdict.DONE
        if self.call.operation == self.kind.create and not self._moved and elapsed < LAG:
            return Verdict.PENDING
        return Verdict.VANISHED

    def _is_reached(self, now: Kept) -> bool:
        kind, operation = self.kind, self.call.operation
        if operation not in (kind.create, kind.update, kind.delete):
            return kind.is_switched(operation, now)
        if operation == kind.delete or now.status == kind.operations[operation].failed:
            return False
        return operation == kind.create or self._moved or kind.is_updated(self.call, now)


def _moved(before: Managed | None, now: Managed) -> bool:
    return before is None or now.in_flux or now.last_modified_time != before.last_modified_time
