# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two who change one thing at once: before one of the calls of a run, somebody else does something from begin to end."""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass, field
from unittest import mock

from botocore.exceptions import ClientError
from fault_matrix.cells import Outcome, attempt, clean_run
from fault_matrix.facts import FINISHED
from fault_matrix.scenarios import GONE, bucket_drift, by_hand, named, ran, role_drift
from fault_matrix.shortcuts import KeptSessions
from module_run import ModuleFailedError, Modules

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _aws

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from fault_matrix.cells import Clean
    from fault_matrix.near_aws import NearAws
    from fault_matrix.scenarios import Preparation, Scenario

_OTHERS = KeptSessions()
"""The clients of the others: of one process, two runs would share them."""


@dataclass(frozen=True)
class Meeting:
    """Who meets whom.

    :param others: what somebody else does.
    """

    name: str
    scenario: Scenario
    others: tuple[Preparation, ...]


@dataclass
class Encounter:
    """The others act before the request with this number."""

    aws: NearAws
    meeting: Meeting
    position: int
    failures: list[str] = field(default_factory=list)
    seen: int = 0

    def before(self) -> None:
        """A request begins."""
        if self.seen == self.position:
            self._meet()
        self.seen += 1

    def after(self) -> None:
        """Nothing."""

    def _meet(self) -> None:
        kept = self.aws.entries()
        with mock.patch.object(_aws, "Session", _OTHERS.session):
            for act in self.meeting.others:
                try:
                    act(Modules(self.aws.region, in_controller=True))
                except (ModuleFailedError, ClientError) as failure:
                    self.failures.append(str(failure))  # there is nothing to change, or not yet
        self.aws.running.request_log.clear()
        for entry in kept:
            self.aws.running.request_log.add(entry)


def meetings(aws: NearAws, meeting: Meeting) -> Iterator[Outcome]:
    """A meeting before each call. The next run converges, and there is one of each thing."""
    clean = clean_run(aws, meeting.scenario)
    for target in clean.targets:
        yield _one(aws, clean, meeting, Outcome(meeting.name, target, "meets others"))


def _one(aws: NearAws, clean: Clean, meeting: Meeting, found: Outcome) -> Outcome:
    aws.restore(clean.start)
    aws.interposed = Encounter(aws, meeting, found.target.position)
    attempt(aws, clean.scenario, found)
    found.calls, found.seconds = len(aws.entries()), aws.slept
    aws.interposed = None
    after = Outcome(found.scenario, found.target, found.kind)
    if attempt(aws, clean.scenario, after) is None:
        found.problems.append(f"the next run failed: {after.message}")
        return found
    again = attempt(aws, clean.scenario, after)
    if again is None or again.changed or again.writes:
        found.problems.append(f"the run after the next changes {again and again.names}: {after.message}")
    found.problems.extend(f"there are {number} {thing}" for thing, number in _doubled(aws).items())
    return found


def _doubled(aws: NearAws) -> dict[str, int]:
    aws.running.clock.advance(FINISHED)
    things = Counter(f"{each.kind} {each.name}" for each in aws.running.store.all() if not each.is_deleted)
    return {thing: number for thing, number in things.items() if number > 1}


SERVER_DEPLOYMENT, APP_DEPLOYMENT = (
    named("environment with a tracking server: create"),
    named("environment with an App: create"),
)
DESTRUCTION = (
    ran("sagemaker_mlflow_server", GONE),
    ran("sagemaker_mlflow_app", GONE),
    ran("s3_mlflow_bucket", named("bucket: delete").options),
    ran("iam_mlflow_role", named("role: delete").options),
)
CONSOLE = (by_hand(role_drift), by_hand(bucket_drift))
MEETINGS = [
    *(
        Meeting(
            f"{scenario.name}, while another run does the same", scenario, (ran(scenario.module, scenario.options),)
        )
        for scenario in (SERVER_DEPLOYMENT, APP_DEPLOYMENT, named("power schedule: create"))
    ),
    *(
        Meeting(f"{scenario.name}, while another run deletes everything", scenario, DESTRUCTION)
        for scenario in (SERVER_DEPLOYMENT, APP_DEPLOYMENT)
    ),
    *(
        Meeting(f"{name}, while another run deploys", named(name), (ran(deployment.module, deployment.options),))
        for name, deployment in (
            ("role: delete", SERVER_DEPLOYMENT),
            ("bucket: delete", SERVER_DEPLOYMENT),
            ("tracking server: delete", SERVER_DEPLOYMENT),
            ("App: delete", APP_DEPLOYMENT),
        )
    ),
    *(
        Meeting(f"{name}, while somebody edits in the console", named(name), CONSOLE)
        for name in ("environment with a tracking server: create", "environment with a tracking server: repair")
    ),
]
