# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invokes the targets of schedules that are due: as the clock runs, and step by step when it is moved.

A flexible window begins with its first minute here, and nothing is repeated: what the target refuses has failed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from typing import TYPE_CHECKING

from localaws import credentials
from localaws.connections import ConnectionDroppedError
from localaws.request_log import Entry
from localaws.schedules import due as dues
from localaws.schedules.invocations import Invocation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localaws.control_calls import ControlPlane
    from localaws.instance import Instance
    from localaws.protocol_errors import Answer
    from localaws.schedules.due import Due
    from localaws.schedules.invocations import Outcome

MOST_AT_ONCE = 5_000
"""Invocations of one move of the clock, or after one pause; what is due beyond them is left out, and noted."""
_SERVICE, _MARK = "sagemaker", "Mlflow"
_SESSION_NAME = "Scheduler"
_LONGEST_WAIT = 60.0  # the timer of a wait stands still while the machine sleeps
_PAUSE = 0.02

_log = logging.getLogger(__name__)


class Invoker:
    """One at a time, in the order in which they are due."""

    def __init__(self, running: Instance, control_plane: ControlPlane) -> None:
        self._running = running
        self._control_plane = control_plane
        self._turn = threading.RLock()
        self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)

    def start(self) -> None:
        """Invoke what is due from now on, and what became due since the last end."""
        self._thread.start()

    def stop(self) -> None:
        """Invoke nothing any more."""
        self._running.invocations.close()
        if self._thread.is_alive():
            self._thread.join()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is invoked meanwhile."""
        with self._turn:
            yield
        self._running.invocations.wake()

    def advance(self, seconds: float) -> None:
        """Move the clock, and carry out at its moment whatever is due on the way."""
        clock, remaining = self._running.clock, seconds
        with self.paused():
            for number in range(MOST_AT_ONCE + 1):
                due = self._next()
                ahead = 0.0 if due is None else due.moment.timestamp() - clock.time()
                if due is None or ahead > remaining:
                    break
                if number == MOST_AT_ONCE:
                    self._leave_out(clock.time() + remaining)
                    break
                step = max(0.0, ahead)
                clock.advance(step)
                remaining -= step
                self._await_processes()
                self._invoke(due)
            clock.advance(remaining)

    def view(self) -> dict[str, object]:
        """For the administrator: the schedules with their next moments, and what became of the last ones."""
        with self._running.changes.lock:
            schedules = [
                {"schedule": schedule.arn, "state": schedule.state, "next": moment and moment.isoformat()}
                for schedule, _backend in dues.schedules()
                for moment in [dues.next_moment(schedule)]
            ]
        return {"schedules": schedules, "invocations": self._running.invocations.entries()}

    def _run(self) -> None:
        while self._running.invocations.wait(self._carry_out_and_wait_for()):
            pass

    def _carry_out_and_wait_for(self) -> float | None:
        """Seconds until the next one is due; None when none is."""
        try:
            with self._turn:
                return self._carry_out()
        except Exception:
            # Nobody is above this thread, and one broken schedule must not stop all others for ever.
            _log.exception("a schedule could not be carried out")
            return _LONGEST_WAIT

    def _carry_out(self) -> float | None:
        for _number in range(MOST_AT_ONCE):
            due = self._next()
            if due is None:
                return None
            ahead = due.moment.timestamp() - self._running.clock.time()
            if ahead > 0 or self._running.invocations.closed:
                return min(max(ahead, 0.0), _LONGEST_WAIT)
            self._await_processes()
            self._invoke(due)
        self._leave_out(self._running.clock.time())
        return 0.0

    def _next(self) -> Due | None:
        with self._running.changes.lock:
            return dues.next_due()

    def _leave_out(self, until: float) -> None:
        """Too many at once: a rate of a minute, and a clock that was moved by a year."""
        with self._running.changes.lock:
            while (due := dues.next_due()) is not None and due.moment.timestamp() <= until:
                reason = (
                    f"more than {MOST_AT_ONCE} were due at once: this one and others up to {until:.0f} are left out"
                )
                self._note(due, "not carried out", reason)
                dues.done(due.schedule, due.moment.fromtimestamp(until, due.moment.tzinfo))

    def _await_processes(self) -> None:
        """The clock may have jumped over the minutes that an MLflow takes to start: let it, before something else."""
        limit = time.monotonic() + self._running.settings.mlflow_start_seconds
        while time.monotonic() < limit and self._starts_a_process() and not self._running.invocations.closed:
            time.sleep(_PAUSE)

    def _starts_a_process(self) -> bool:
        now, processes = self._running.clock.time(), self._running.processes
        awaited = [
            resource.arn
            for resource in self._running.store.all()
            if resource.transition is not None and resource.transition.awaits_process and resource.transition.due <= now
        ]
        return any(not processes.healthy(arn) and processes.failed(arn) is None for arn in awaited)

    def _invoke(self, due: Due) -> None:
        dues.done(due.schedule, due.moment)
        outcome, reason = self._invoked(due)
        self._note(due, outcome, reason)
        with self._running.changes.lock:
            if due.schedule.action_after_completion == "DELETE" and dues.next_moment(due.schedule) is None:
                due.forget()
        self._running.changes.mark()

    def _note(self, due: Due, outcome: Outcome, reason: str) -> None:
        target = due.schedule.target
        self._running.invocations.add(
            Invocation(due.moment.isoformat(), due.schedule.arn, target["Arn"], target["RoleArn"], outcome, reason)
        )

    def _invoked(self, due: Due) -> tuple[Outcome, str]:
        from localaws.schedules.responses import role_problem

        target = due.schedule.target
        operation = operation_of(target["Arn"])
        if operation is None:
            return "not carried out", "the local AWS invokes the operations of SageMaker's managed MLflow only"
        with self._running.changes.lock:
            problem = role_problem(target["RoleArn"], due.group_arn)
        if problem:
            self._log_refusal(target["RoleArn"], due.backend.region_name)
            return "refused", problem
        try:
            answer = self._call(operation, target.get("Input") or "{}", target["RoleArn"], due.backend.region_name)
        except ConnectionDroppedError:
            return "failed", "the connection was closed before an answer"
        if answer.status < 300:
            return "carried out", ""
        return ("refused" if _is_denial(answer) else "failed"), _message(answer)

    def _log_refusal(self, role_arn: str, region: str) -> None:
        entry = Entry(self._running.clock.time(), "sts", "AssumeRole", region)
        entry.status, entry.error, entry.denied, entry.resource = 403, "AccessDenied", True, role_arn
        self._running.request_log.add(entry)

    def _call(self, operation: str, text: str, role_arn: str, region: str) -> Answer:
        """The operation, called by the role as a client would call it."""
        from werkzeug.test import EnvironBuilder

        with self._running.changes.lock:
            key = credentials.role_credentials(role_arn, self._running.settings, _SESSION_NAME)
            known = credentials.find(key.access_key_id, self._running.settings)
        credential = f"{key.access_key_id}/{self._running.clock.now():%Y%m%d}/{region}/{_SERVICE}/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=internal",
            "X-Amz-Target": f"SageMaker.{operation}",
            "User-Agent": "scheduler.amazonaws.com",
        }
        builder = EnvironBuilder(
            method="POST",
            base_url=self._running.endpoint,
            headers=list(headers.items()),
            data=text.encode(),
            content_type="application/x-amz-json-1.1",
        )
        return self._control_plane.answer(builder.get_environ(), text.encode(), known.principal if known else None)


def operation_of(target_arn: str) -> str | None:
    """The operation of a universal target that is carried out here; None for every other target."""
    head, _colon, action = target_arn.rpartition(":")
    _arn, _partition, *rest = head.split(":") if head.count(":") > 1 else ("", "", "")
    is_universal = rest == ["scheduler", "", "", "aws-sdk", _SERVICE]
    if not is_universal or _MARK not in action or action.startswith(("describe", "list")):
        return None
    return action[0].upper() + action[1:]


def _is_denial(answer: Answer) -> bool:
    return b"AccessDenied" in answer.body


def _message(answer: Answer) -> str:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return answer.body[:500].decode(errors="replace")
    code = str(found.get("__type", "")).rpartition("#")[2]
    return f"{code}: {found.get('message') or found.get('Message') or ''}"
