# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The tracking server in AWS: reads, calls, waits. What to do is decided in _tracking_server_plan."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from importlib.metadata import version

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tracking_server_words as words
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS, Deadline, read_concurrently
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, error_message, is_error
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import Progress
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_tags import read_tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_wait import (
    Patience,
    Watch,
    checked_patience,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import (
    described,
    from_aws,
    require_known_settings,
    wish_from_parameters,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_outcome import (
    OPERATIONS,
    Outcome,
    Verdict,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_plan import (
    CREATE,
    DELETE,
    make_plan,
)

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import State, Wish

REFUSALS = 2
"""How often AWS may refuse an operation in one settled state before that is believed: the first may be a lag."""
REFUSAL_PAUSE = 10.0
ROLE_PAUSE = 5.0
CREATE_OPERATION = "CreateMlflowTrackingServer"


@dataclass(frozen=True)
class Waiting:
    """The options about waiting.

    :param wanted: whether the module waits for the last operation (it always waits between two).
    :param role_timeout: seconds for which a role that cannot be assumed yet is waited for.
    """

    wanted: bool
    patience: Patience
    role_timeout: float


class TrackingServerResource:
    """One tracking server, as _converge sees it."""

    def __init__(
        self,
        wish: Wish,
        clients: Clients,
        waiting: Waiting,
        progress: Progress,
        warn: t.Callable[[str], None],
    ) -> None:
        self.wish = wish
        self._clients = clients
        self._waiting = waiting
        self._progress = progress
        self._warn = warn
        self._last: State = None
        self._pending: Outcome | None = None
        self._refusals: dict[str, int] = {}

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"tracking server '{self.wish.name}'"

    def read(self) -> State:
        """Describe and, when tags were asked about, ListTags at the same time: the ARN is known beforehand."""
        arn = self.wish.predicted_arn
        if self.wish.tags is None or self.wish.wants_gone or arn is None:
            self._last = self._with_tags(self._describe())
        else:
            self._clients["sagemaker"]  # made here: threads may use a client, not make one
            reads = read_concurrently({"server": self._describe, "tags": lambda: self._tags_or_error(arn)})
            self._last = self._combined(reads["server"], arn, reads["tags"])
        if self._last is not None and sagemaker.is_failed(self._last.status) and not self._last.never_was:
            self._warn(
                f"The {self.title} is in state {self._last.status}: its last operation failed. "
                "This run goes by its settings and by IsActive."
            )
        return self._last

    def plan(self, state: State) -> Plan[State]:
        """See _tracking_server_plan."""
        return make_plan(self.wish, state)

    def settle(self, state: State) -> State:
        """Wait until AWS takes a change. A server that is on its way out is waited away."""
        if state is None or not state.in_flux:
            return state
        settled = self._watch(self._waiting.patience).until(
            lambda now, _elapsed: now is None or not now.in_flux, "to settle"
        )
        if settled is None and not (state.is_deleting or self.wish.wants_gone):
            raise MlflowError(words.vanished(self.title, "to settle"))
        self._last = self._with_tags(settled)
        return self._last

    def apply(self, change: Change) -> None:
        """Make one change true; AWS takes one operation at a time, so the one before is waited for."""
        self._finish()
        before = self._last
        self._send(change.call)
        if change.call.operation in OPERATIONS:
            self._pending = Outcome(change.call, before)

    def confirm(self, plan: Plan[State]) -> State:
        """Wait, when asked to, until AWS shows what the plan made true."""
        if not plan.changed:
            return self._resume()
        if not self._waiting.wanted or self._pending is None:
            self._pending = None
            return self.read() or plan.predicted
        self._finish()
        self._last = self._with_tags(self._last)
        return self._last

    def describe(self, state: State) -> dict[str, t.Any]:
        """The module's return values."""
        return described(state, self.wish.name)

    def _describe(self) -> State:
        try:
            answer = self._clients["sagemaker"].describe_mlflow_tracking_server(TrackingServerName=self.wish.name)
        except AWS_ERRORS as error:
            if sagemaker.is_not_found(error):
                return None
            raise
        return from_aws(answer, None)

    def _tags_or_error(self, arn: str) -> dict[str, str] | Exception:
        """A server that does not exist has no tags to list; AWS does not document by which error it says so."""
        try:
            return read_tags(self._clients, arn)
        except AWS_ERRORS as error:
            return error

    def _combined(self, server: State, arn: str, tags: dict[str, str] | Exception) -> State:
        if server is None:
            return None
        if server.arn != arn:
            return self._with_tags(server)
        if isinstance(tags, Exception):
            raise tags
        return replace(server, tags=tags)

    def _with_tags(self, server: State) -> State:
        if server is None or self.wish.tags is None or self.wish.wants_gone:
            return server
        return replace(server, tags=read_tags(self._clients, server.arn))

    def _watch(self, patience: Patience) -> Watch[State]:
        return Watch(
            title=self.title,
            look=self._describe,
            status=lambda server: server.status if server else "gone",
            details=self.describe,
            patience=patience,
            progress=self._progress,
        )

    def _resume(self) -> State:
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
        found_failed = pending.before is not None and pending.before.status == OPERATIONS[operation].failed
        verdict = self._await(pending)
        if verdict is Verdict.FAILED and operation != CREATE and not found_failed:
            again = Outcome(pending.call, self._last)
            self._send(pending.call)
            verdict = self._await(again)
        if verdict is Verdict.VANISHED:
            raise MlflowError(words.vanished(self.title, OPERATIONS[operation].goal))
        if verdict is Verdict.FAILED and self._last is not None:
            raise MlflowError(
                words.failed(self.title, operation, self._last, self.wish.region), last_seen=self.describe(self._last)
            )

    def _await(self, pending: Outcome) -> Verdict:
        verdict = Verdict.PENDING

        def is_over(now: State, elapsed: float) -> bool:
            nonlocal verdict
            verdict = pending.verdict(now, elapsed)
            return verdict is not Verdict.PENDING

        self._last = self._watch(self._waiting.patience).until(is_over, OPERATIONS[pending.call.operation].goal)
        return verdict

    def _send(self, call: Call) -> None:
        """One call. A role that was made moments ago cannot be assumed yet: then repeat, as nothing else helps."""
        pause = min(ROLE_PAUSE, self._waiting.patience.delay)
        deadline = Deadline(self._waiting.role_timeout, pause)
        self._progress.begin()
        for elapsed in deadline.ticks():
            try:
                self._clients.send(call)
                return
            except AWS_ERRORS as error:
                if not sagemaker.is_role_not_ready(error):
                    self._refused(error, call)
                    return
                refusal = error_message(error)
            self._progress.waiting("waiting until its role can be assumed", elapsed)
        raise MlflowError(words.role_not_ready(self.title, self.wish.role_arn, deadline.elapsed, refusal))

    def _refused(self, error: Exception, call: Call) -> None:
        """Return when the call was carried out after all; raise Superseded when a new plan may do better."""
        operation = call.operation
        if sagemaker.is_not_found(error):
            if operation == DELETE:
                return
            raise Superseded from error
        if is_error(error, sagemaker.QUOTA):
            raise MlflowError(
                sagemaker.quota_exceeded("tracking servers", self.wish.region, error_message(error))
            ) from error
        if sagemaker.is_conflict(error) or (operation == CREATE and sagemaker.is_name_taken(error)):
            self._resolve_conflict(error, call)
            return
        raise MlflowError(words.refused(self.title, error, call)) from error

    def _resolve_conflict(self, error: Exception, call: Call) -> None:
        """The state does not fit. Ours, when an answer was lost; else somebody was faster; else a refusal to believe."""
        now = self.read()
        if sagemaker.was_repeated(error) and self._is_carried_out(call, now):
            return
        if now is None or now.in_flux or call not in [change.call for change in self.plan(now).changes]:
            raise Superseded from error
        self._refusals[call.operation] = self._refusals.get(call.operation, 0) + 1
        if self._refusals[call.operation] >= REFUSALS:
            raise MlflowError(words.does_not_fit(self.title, error, call, now), last_seen=self.describe(now)) from error
        pause = min(REFUSAL_PAUSE, self._waiting.patience.delay)
        self._watch(Patience(pause, pause)).until(
            lambda seen, elapsed: seen is None or seen.in_flux or elapsed >= pause, "to show its state"
        )
        raise Superseded from error

    def _is_carried_out(self, call: Call, now: State) -> bool:
        """Whether a repeated call was refused because the first one, whose answer was lost, did it already."""
        if now is None:
            return call.operation == DELETE
        changes = self.plan(now).changes
        if call.operation == CREATE:
            return all(change.name == "state" for change in changes)
        is_under_way = call.operation in OPERATIONS and now.status == OPERATIONS[call.operation].transient
        return is_under_way or call not in [change.call for change in changes]


def from_module(module: AwsModule) -> TrackingServerResource:
    """The server that a module's options describe."""
    parameters = module.params
    wish = wish_from_parameters(parameters, module.region)
    patience = checked_patience(parameters["wait_timeout"], parameters["wait_delay"])
    model = module.clients["sagemaker"].meta.service_model
    known_fields = (
        model.operation_model(CREATE_OPERATION).input_shape.members if CREATE_OPERATION in model.operation_names else ()
    )
    require_known_settings(wish, known_fields, version("botocore"))
    return TrackingServerResource(
        wish,
        module.clients,
        Waiting(parameters["wait"], patience, parameters["role_propagation_timeout"]),
        Progress.of_task(f"tracking server {wish.name}"),
        module.warn,
    )
