# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""A tracking server or an App in AWS: one operation after the other, each waited for and judged.

What to do is decided in the plan of its kind; which calls read it is in the resource of its kind.
"""

from __future__ import annotations

import abc
import typing as t
from dataclasses import dataclass
from functools import partial

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._account import Account
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS, Deadline
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, error_message, is_error
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._reading import read
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_outcome import (
    Kept,
    Managed,
    Outcome,
    Verdict,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_tags import read_tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_wait import (
    Patience,
    Watch,
    checked_patience,
)

if t.TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import Progress
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._reading import Reading
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_outcome import Kind
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_words import Words

REFUSALS = limits.SAGEMAKER_REFUSALS
REFUSAL_PAUSE = limits.SAGEMAKER_REFUSAL_PAUSE
ROLE_PAUSE = limits.SAGEMAKER_ROLE_PAUSE


@dataclass(frozen=True)
class Waiting:
    """The options about waiting.

    :param wanted: whether the module waits for the last operation (it always waits between two).
    :param role_timeout: seconds for which a role that cannot be assumed yet is waited for.
    """

    wanted: bool
    patience: Patience
    role_timeout: float

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, t.Any]) -> Waiting:
        """The module's options."""
        patience = checked_patience(parameters["wait_timeout"], parameters["wait_delay"])
        return cls(parameters["wait"], patience, parameters["role_propagation_timeout"])


class Wished(t.Protocol):
    """What the wishes of both kinds have in common."""

    @property
    def role_arn(self) -> str | None:
        """The service role."""

    @property
    def tags(self) -> Mapping[str, str] | None:
        """None: not asked about."""

    @property
    def wants_gone(self) -> bool:
        """Whether there must be none."""


class SageMakerResource(abc.ABC, t.Generic[Kept]):
    """One tracking server or App, as _converge sees it."""

    def __init__(
        self,
        kind: Kind[Kept],
        words: Words[Kept],
        wish: Wished,
        clients: Clients,
        waiting: Waiting,
        progress: Progress,
        warn: t.Callable[[str], None],
        account: Account | None = None,
    ) -> None:
        self._kind = kind
        self._words = words
        self._wished = wish
        self._clients = clients
        self._waiting = waiting
        self._progress = progress
        self._warn = warn
        self._account = account or Account(clients)
        self._last: Kept | None = None
        self._pending: Outcome[Kept] | None = None
        self._refusals: dict[str, int] = {}

    @property
    def title(self) -> str:
        """How messages name it."""
        return self._words.title

    @abc.abstractmethod
    def plan(self, state: Kept | None) -> Plan[Kept | None]:
        """See the plan of its kind."""

    @abc.abstractmethod
    def describe(self, state: Kept | None) -> dict[str, t.Any]:
        """The module's return values."""

    @abc.abstractmethod
    def _observing(self) -> Reading[Kept | None]:
        """Everything that the wish asks about."""

    @abc.abstractmethod
    def _look(self) -> Kept | None:
        """Describe alone, for waiting."""

    @abc.abstractmethod
    def _tagged(self, state: Kept, tags: Mapping[str, str]) -> Kept:
        """The same with its tags."""

    def read(self) -> Kept | None:
        """Everything that the wish asks about, with a warning when its last operation failed."""
        return read(self.reading())

    def reading(self) -> Reading[Kept | None]:
        """What to read, round by round."""
        self._last = yield from self._observing()
        if self._last is not None and self._last.arn is not None:
            self._account.learn(self._last.arn)
        if self._last is not None and sagemaker.is_failed(self._last.status) and not self._last.never_was:
            self._warn(self._words.found_failed(self._last))
        return self._last

    def settle(self, state: Kept | None) -> Kept | None:
        """Wait until AWS takes a change. What is on its way out is waited away."""
        if state is None or not state.in_flux:
            return state
        settled = self._watch(self._waiting.patience).until(
            lambda now, _elapsed: now is None or not now.in_flux, "to settle"
        )
        if settled is None and not (state.is_deleting or self._wished.wants_gone):
            raise MlflowError(self._words.vanished("to settle"))
        self._last = self._with_tags(settled)
        return self._last

    def apply(self, change: Change) -> None:
        """Make one change true; AWS takes one operation at a time, so the one before is waited for."""
        self._finish()
        before = self._last
        self._send(change.call)
        if change.call.operation in self._kind.operations:
            self._pending = Outcome(self._kind, change.call, before)

    def confirm(self, plan: Plan[Kept | None]) -> Kept | None:
        """Wait, when asked to, until AWS shows what the plan made true."""
        if not plan.changed:
            return self._resume()
        if not self._waiting.wanted or self._pending is None:
            self._pending = None
            return self.read() or self._unseen(plan.predicted)
        self._finish()
        self._last = self._with_tags(self._last)
        return self._last

    def conclude(self, plan: Plan[Kept | None]) -> Kept | None:
        """The same with as few calls as tell it: that AWS took the tags needs no second word."""
        if not plan.changed or not self._waiting.wanted:
            return self.confirm(plan)
        self._finish()
        if self._last is not None and plan.predicted is not None and self._asks_for_tags():
            self._last = self._tagged(self._last, plan.predicted.tags or {})
        return self._last

    def _unseen(self, predicted: Kept | None) -> Kept | None:
        """What is returned for a creation that Describe does not show yet."""
        return predicted

    def _asks_for_tags(self) -> bool:
        return self._wished.tags is not None and not self._wished.wants_gone

    def _tags_or_error(self, arn: str) -> dict[str, str] | Exception:
        """What does not exist has no tags to list; AWS does not document by which error it says so."""
        try:
            return read_tags(self._clients, arn)
        except AWS_ERRORS as error:
            return error

    def _tag_reading(self, state: Kept | None) -> Reading[Kept | None]:
        if state is None or state.arn is None or not self._asks_for_tags():
            return state
        found = yield {"tags": partial(read_tags, self._clients, state.arn)}
        return self._tagged(state, found["tags"])

    def _with_tags(self, state: Kept | None) -> Kept | None:
        return read(self._tag_reading(state))

    def _watch(self, patience: Patience) -> Watch[Kept | None]:
        return Watch(
            title=self.title,
            look=self._look,
            status=lambda state: _shown_status(state) if state else "gone",
            details=self.describe,
            patience=patience,
            progress=self._progress,
        )

    def _resume(self) -> Kept | None:
        """Nothing to change, but perhaps an interrupted run left AWS at work: wait, and look whether it is as wished."""
        if not self._waiting.wanted or self._last is None or not self._last.in_flux:
            return self._last
        settled = self.settle(self._last)
        if self.plan(settled).changed:
            raise Superseded
        return settled

    def _finish(self) -> None:
        """Wait for the operation sent last. One that failed is sent once more, unless it was found failed already."""
        pending, self._pending = self._pending, None
        if pending is None:
            return
        operation = pending.call.operation
        found_failed = pending.before is not None and pending.before.status == self._kind.operations[operation].failed
        verdict = self._await(pending)
        if verdict is Verdict.FAILED and operation != self._kind.create and not found_failed:
            again = Outcome(self._kind, pending.call, self._last)
            self._send(pending.call)
            verdict = self._await(again)
        if verdict is Verdict.VANISHED:
            raise MlflowError(self._words.vanished(self._kind.operations[operation].goal))
        if verdict is Verdict.FAILED and self._last is not None:
            if self._last.status != self._kind.operations[operation].failed:
                self._check_result(pending.call)
            raise MlflowError(self._words.failed(operation, self._last), last_seen=self.describe(self._last))
        self._check_result(pending.call)

    def _check_result(self, call: Call) -> None:
        """Raise MlflowError when AWS carried the call out, and the result still is not what it asked for."""

    def _await(self, pending: Outcome[Kept]) -> Verdict:
        verdict = Verdict.PENDING

        def is_over(now: Kept | None, elapsed: float) -> bool:
            nonlocal verdict
            verdict = pending.verdict(now, elapsed)
            return verdict is not Verdict.PENDING

        self._last = self._watch(self._waiting.patience).until(
            is_over, self._kind.operations[pending.call.operation].goal
        )
        return verdict

    def _send(self, call: Call) -> None:
        """One call. A role that was made moments ago cannot be assumed yet: then repeat, as nothing else helps."""
        pause = min(ROLE_PAUSE, self._waiting.patience.delay)
        deadline = Deadline(self._waiting.role_timeout, pause)
        self._progress.begin()
        for elapsed in deadline.ticks():
            try:
                self._transmit(call)
                return
            except AWS_ERRORS as error:
                if not sagemaker.is_role_not_ready(error):
                    self._refused(error, call)
                    return
                refusal = error_message(error)
            self._progress.waiting("waiting until its role can be assumed", elapsed)
        raise MlflowError(self._words.role_not_ready(self._wished.role_arn, deadline.elapsed, refusal))

    def _transmit(self, call: Call) -> None:
        """Make the call."""
        self._clients.send(call)

    def _refused(self, error: Exception, call: Call) -> None:
        """Return when the call was carried out after all; raise Superseded when a new plan may do better."""
        operation = call.operation
        if sagemaker.is_not_found(error):
            if operation == self._kind.delete:
                return
            raise Superseded from error
        if is_error(error, sagemaker.QUOTA):
            raise MlflowError(self._words.quota_exceeded(error)) from error
        if sagemaker.is_conflict(error) or (operation == self._kind.create and sagemaker.is_name_taken(error)):
            self._resolve_conflict(error, call)
            return
        raise MlflowError(self._words.refused(error, call)) from error

    def _resolve_conflict(self, error: Exception, call: Call) -> None:
        """The state does not fit. Ours, when an answer was lost; else somebody was faster; else a refusal to believe."""
        now = self.read()
        if sagemaker.was_repeated(error) and self._is_carried_out(call, now):
            return
        if now is None or now.in_flux or call not in [change.call for change in self.plan(now).changes]:
            raise Superseded from error
        self._refusals[call.operation] = self._refusals.get(call.operation, 0) + 1
        if self._refusals[call.operation] >= REFUSALS:
            raise MlflowError(self._words.does_not_fit(error, call, now), last_seen=self.describe(now)) from error
        pause = min(REFUSAL_PAUSE, self._waiting.patience.delay)
        self._watch(Patience(pause, pause)).until(
            lambda seen, elapsed: seen is None or seen.in_flux or elapsed >= pause, "to show its state"
        )
        raise Superseded from error

    def _is_carried_out(self, call: Call, now: Kept | None) -> bool:
        """Whether a repeated call was refused because the first one, whose answer was lost, did it already."""
        if now is None:
            return call.operation == self._kind.delete
        changes = self.plan(now).changes
        if call.operation == self._kind.create:
            return all(change.name == "state" for change in changes)
        is_under_way = (
            call.operation in self._kind.operations and now.status == self._kind.operations[call.operation].transient
        )
        return is_under_way or call not in [change.call for change in changes]


def _shown_status(state: Managed) -> str:
    """AWS's word; an App in maintenance keeps its status and shows the maintenance beside it."""
    if sagemaker.is_in_flux(state.maintenance_status) and not sagemaker.is_in_flux(state.status):
        return str(state.maintenance_status)
    return state.status


def known_fields(clients: Clients, operation: str) -> Collection[str]:
    """The parameters of an operation in the installed botocore's model; none when it lacks the operation."""
    model = clients["sagemaker"].meta.service_model
    if operation not in model.operation_names:
        return ()
    members: Collection[str] = model.operation_model(operation).input_shape.members
    return members
