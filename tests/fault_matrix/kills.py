# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that end at one of their calls without a chance to tidy up, as after SIGKILL: AWS hears nothing of them any more."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from fault_matrix.cells import Outcome, attempt, clean_run, compare

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from fault_matrix.cells import Clean
    from fault_matrix.scenarios import Scenario
    from in_process_aws.region import InProcessRegion

MOMENTS = ("before the call", "after the call")


class Killed(BaseException):
    """The end of the process. No code of a module may see it as a failure that it could do something about."""


@dataclass
class Kill:
    """Ends the run at the call with this number, and lets nothing of it reach AWS afterwards."""

    position: int
    is_after: bool
    seen: int = 0
    is_over: bool = False

    def before(self) -> None:
        """A request begins."""
        if self.is_over or (self.seen == self.position and not self.is_after):
            self.is_over = True
            raise Killed
        self.seen += 1

    def after(self) -> None:
        """AWS has carried it out."""
        if self.seen == self.position + 1:
            self.is_over = True
            raise Killed


def kills(aws: InProcessRegion, scenario: Scenario) -> Iterator[Outcome]:
    """The run killed before and after each of its calls; each time the next run must complete it."""
    clean = clean_run(aws, scenario)
    for target in clean.targets:
        for moment in MOMENTS:
            found = Outcome(scenario.name, target, f"killed {moment}")
            _one(aws, clean, found, moment)
            yield found


def _one(aws: InProcessRegion, clean: Clean, found: Outcome, moment: str) -> None:
    aws.restore(clean.start)
    aws.interposed = Kill(found.target.position, moment == MOMENTS[1])
    try:
        attempt(aws, clean.scenario, found)
    except Killed:
        found.calls = len(aws.entries)
    else:
        found.problems.append(f"it was not killed: {found.message}")
    aws.interposed = None
    if attempt(aws, clean.scenario, found) is None:
        found.problems.append(f"the next run failed: {found.message}")
    else:
        compare(aws, clean, found, "the next run succeeded")
