# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The life of a run over several resources that were read together: plan all, apply in lanes."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Failed, attempt_concurrently
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import (
    apply_until_true,
    explained,
    outcome,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Member
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Change, Plan
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._reading import Reading


@dataclass
class Lane:
    """One resource on its way: what was seen, what is planned, what was done.

    :param name: the key of its result.
    """

    name: str
    resource: Member[t.Any]
    was_read: bool = False
    observed: t.Any = None
    plan: Plan[t.Any] | None = None
    applied: list[Change] = field(default_factory=list)

    @property
    def planned(self) -> Plan[t.Any]:
        """The plan, once there is one."""
        return t.cast("Plan[t.Any]", self.plan)

    def reading(self) -> Reading[None]:
        """Read the resource; a failure names it."""
        with explained(self.resource, []):
            self.observed = yield from self.resource.reading()
            self.was_read = True

    def make_plan(self) -> None:
        """Plan, or refuse to. Makes no call."""
        self.plan = self.resource.plan(self.observed)

    def run(self) -> None:
        """Make the plan true."""
        with explained(self.resource, self.applied):
            self.plan = apply_until_true(
                self.resource, self.observed, self.planned, self.applied, self.resource.conclude
            )

    def report(self) -> list[dict[str, t.Any]]:
        """What the user is told of the changes that were made."""
        return [{"resource": self.name, **change.report()} for change in self.applied]


def converge_together(
    foundations: Sequence[Lane], building: Lane | None, connect: Callable[[], None], check_mode: bool
) -> dict[str, t.Any]:
    """Bring all resources to their wishes and return a module's result: that of each by its name.

    Nothing is written before all of it is planned.

    :param foundations: do not depend on each other, and are written at the same time.
    :param building: stands on them, and is written when they are done.
    :param connect: tells C(building) of the foundations as they are planned, or as they became.
    """
    lanes = [*foundations, *([building] if building else [])]
    for lane in lanes:
        if lane is building:
            connect()
        lane.make_plan()
    if not check_mode:
        _apply(foundations, building, connect)
    results = {lane.name: outcome(lane.resource, lane.planned) for lane in lanes}
    return {
        **results,
        "changed": any(result["changed"] for result in results.values()),
        "diff": [result["diff"] for result in results.values()],
    }


def _apply(foundations: Sequence[Lane], building: Lane | None, connect: Callable[[], None]) -> None:
    """A lane that fails does not stop the others halfway, but nothing is built on it."""
    try:
        for end in attempt_concurrently({lane.name: lane.run for lane in foundations}).values():
            if isinstance(end, Failed):
                raise end.error
        if building is not None:
            connect()
            building.make_plan()
            building.run()
    except MlflowError as error:
        lanes = [*foundations, *([building] if building else [])]
        applied = [report for lane in lanes for report in lane.report()]
        error.details = {**error.details, **({"applied": applied} if applied else {})}
        raise
