# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two who change one thing at once: before one of the calls of a run, somebody else does something from begin to end."""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass, field

from botocore.exceptions import ClientError
from fault_matrix.cells import Outcome, attempt, clean_run
from fault_matrix.facts import FINISHED
from fault_matrix.scenarios import GONE, bucket_drift, by_hand, named, ran, role_drift
from module_run import ModuleFailedError, Modules

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from fault_matrix.cells import Clean
    from fault_matrix.scenarios import Preparation, Scenario
    from in_process_aws.place import Place
    from in_process_aws.region import InProcessRegion


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

    place: Place
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
        with self.place.others(), self.place.region.unlogged():
            for act in self.meeting.others:
                try:
                    act(Modules(self.place.region, in_controller=True))
                except (ModuleFailedError, ClientError) as failure:
                    self.failures.append(str(failure))  # there is nothing to change, or not yet


def meetings(place: Place, meeting: Meeting) -> Iterator[Outcome]:
    """A meeting before each call. The next run converges, and there is one of each thing."""
    clean = clean_run(place.region, meeting.scenario)
    for target in clean.targets:
        yield _one(place, clean, meeting, Outcome(meeting.name, target, "meets others"))


def _one(place: Place, clean: Clean, meeting: Meeting, found: Outcome) -> Outcome:
    aws = place.region
    aws.restore(clean.start)
    aws.interposed = Encounter(place, meeting, found.target.position)
    attempt(aws, clean.scenario, found)
    found.calls, found.seconds = len(aws.entries), aws.slept
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


def _doubled(aws: InProcessRegion) -> dict[str, int]:
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
