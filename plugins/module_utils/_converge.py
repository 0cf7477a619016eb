# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The life of a run: read, plan, apply, wait, read. The only place that asks for check mode."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, explain

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Change, Plan
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._reading import Reading

State = t.TypeVar("State")

ROUNDS = limits.ROUNDS


LOOK_AGAIN = "Somebody may be changing it, or AWS lags behind: repeat the run, which looks anew."


class Superseded(Exception):  # noqa: N818  # not an error: the world moved on, and the plan is made anew
    """The resource was changed by somebody else since it was read (or an answer of AWS was lost)."""


class Resource(t.Protocol[State]):
    """One kind of AWS resource, as the run sees it. Decisions are in C(plan), which makes no call."""

    @property
    def title(self) -> str:
        """How messages name it: C(bucket 'mlflow-staging-mlflow-artifacts-a')."""

    def read(self) -> State:
        """Everything that the wish asks about, in one round of concurrent reads."""

    def plan(self, state: State) -> Plan[State]:
        """What differs from the wish. Raises MlflowError for what must not be done. Makes no call."""

    def settle(self, state: State) -> State:
        """Wait until AWS accepts a write; the state read last (C(state) itself when nothing had to be waited for)."""

    def apply(self, change: Change) -> None:
        """Make one change true. Raises Superseded when it no longer fits what is there."""

    def confirm(self, plan: Plan[State]) -> State:
        """Wait (when asked to) until AWS shows what the plan made true; the state read last."""

    def describe(self, state: State) -> dict[str, t.Any]:
        """The module's return values for this state."""


class Member(Resource[State], t.Protocol[State]):
    """A resource that can be converged together with others."""

    def reading(self) -> Reading[State]:
        """What C(read) does, round by round."""

    def conclude(self, plan: Plan[State]) -> State:
        """What C(confirm) does, without reading what AWS's answers to the changes tell."""


def converge(resource: Resource[State], check_mode: bool) -> dict[str, t.Any]:
    """Bring one resource to its wish and return the module's result.

    In check mode nothing is written and the result is the plan's prediction, in the same shape.
    """
    applied: list[Change] = []
    with explained(resource, applied):
        observed = resource.read()
        plan = resource.plan(observed)
        if not check_mode:
            plan = apply_until_true(resource, observed, plan, applied, resource.confirm)
    return outcome(resource, plan)


@contextlib.contextmanager
def explained(resource: Resource[State], applied: list[Change]) -> Iterator[None]:
    """A failure names the resource, and tells what was written before."""
    try:
        yield
    except AWS_ERRORS as error:
        # A refused write was explained where it was made, so this was a read.
        message = explain(error, f"reading the {resource.title}", otherwise=LOOK_AGAIN)
        raise MlflowError(message, **_already_done(applied)) from error
    except MlflowError as error:
        error.details = {**_already_done(applied), **error.details}
        raise


def _already_done(applied: list[Change]) -> dict[str, t.Any]:
    """A failure after a write tells what was written."""
    return {"applied": [change.report() for change in applied]} if applied else {}


def apply_until_true(
    resource: Resource[State],
    observed: State,
    plan: Plan[State],
    applied: list[Change],
    confirm: Callable[[Plan[State]], State],
) -> Plan[State]:
    """Apply the plan; when the world moved on meanwhile, plan anew, a bounded number of times.

    :param applied: receives each change as soon as it is made.
    :param confirm: the resource's C(confirm) or C(conclude).

    Returns what this run did: from what was there before its first change, by its changes alone, to the state reached.
    """
    before = plan.before
    for _round in range(ROUNDS):
        try:
            if plan.changed:
                observed = resource.settle(observed)
                plan = resource.plan(observed)
            if not applied:
                before = plan.before
            for change in plan.changes:
                _apply(resource, change, applied)
            reached = confirm(plan)
            return replace(plan, changes=tuple(applied), before=before, predicted=reached)
        except Superseded:
            observed = resource.read()
            plan = resource.plan(observed)
    raise MlflowError(
        f"The {resource.title} was changed by somebody else {ROUNDS} times while this run was changing it. "
        "Find the other run (CloudTrail names the caller), let it end, and repeat this one."
    )


def _apply(resource: Resource[State], change: Change, applied: list[Change]) -> None:
    """One change; a refusal names it."""
    try:
        resource.apply(change)
    except AWS_ERRORS as error:
        raise MlflowError(explain(error, f"changing {change.name} of the {resource.title}")) from error
    applied.append(change)


def outcome(resource: Resource[State], plan: Plan[State]) -> dict[str, t.Any]:
    """The result of a plan that was carried out, or is to be."""
    return {
        **resource.describe(plan.predicted),
        "changed": plan.changed,
        "action": plan.action,
        "changes": [change.report() for change in plan.changes],
        "diff": plan.diff(resource.title),
    }


def run(module: AwsModule, make_resource: Callable[[AwsModule], Resource[t.Any]]) -> None:
    """The body of every module that manages one thing: converge it, and end in words."""
    finish(module, lambda: converge(make_resource(module), check_mode=module.check_mode))


def answer(module: AwsModule, ask: Callable[[AwsModule, bool], dict[str, t.Any]]) -> None:
    """The body of every module that changes nothing: C(ask(module, check_mode)) returns the result's own keys."""
    finish(module, lambda: {**ask(module, module.check_mode), "changed": False})


def perform(module: AwsModule, work: Callable[[AwsModule, bool], dict[str, t.Any]]) -> None:
    """The body of a module whose work is no state of one resource: C(work(module, check_mode)) returns the whole result
    and writes nothing when told that it is a preview.
    """
    finish(module, lambda: work(module, module.check_mode))


def finish(module: AwsModule, work: Callable[[], dict[str, t.Any]]) -> None:
    """End the module with the result of the work, or say why there is none."""
    try:
        result = work()
    except MlflowError as error:
        module.fail_json(msg=error.message, **error.details)
    except AWS_ERRORS as error:
        module.fail_json(msg=explain(error, f"reading what {module.name} is about"))
    else:
        module.exit_json(**result)
