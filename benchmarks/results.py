# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured, as plain values that go into a file and come back."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.measure import Cost


@dataclass
class Measurement:
    """All runs of one contestant in one scenario."""

    scenario: str
    contestant: str
    environments: int = 1
    wall_runs: list[float] = field(default_factory=list)
    cpu_runs: list[float] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    writes: int = 0
    chain: int = 0
    connections: int = 0
    memory_mib: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """Seconds from start to end."""
        return statistics.median(self.wall_runs) if self.wall_runs else 0.0

    @property
    def cpu(self) -> float:
        """Seconds of CPU, user and system, of all processes but the region's."""
        return statistics.median(self.cpu_runs) if self.cpu_runs else 0.0

    @property
    def total_calls(self) -> int:
        """The number of API calls."""
        return sum(self.calls.values())

    def take(self, cost: Cost) -> None:
        """Add a run. What is counted is the same in each, and where it is not, the most counts."""
        self.wall_runs.append(round(cost.wall, 3))
        self.cpu_runs.append(round(cost.cpu, 3))
        self.writes = max(self.writes, cost.writes)
        self.chain = max(self.chain, cost.chain)
        self.connections = max(self.connections, cost.connections)
        if cost.total_calls >= self.total_calls:
            self.calls = dict(sorted(cost.calls.items()))


@dataclass
class Results:
    """Everything that one benchmark measured, and with what."""

    made: dict[str, Any] = field(default_factory=dict)
    measurements: list[Measurement] = field(default_factory=list)
    profile: dict[str, float] = field(default_factory=dict)

    def of(self, scenario: str, contestant: str, environments: int = 1) -> Measurement:
        """The measurement of that name, made on first use."""
        found = self.find(scenario, contestant, environments)
        if found is None:
            found = Measurement(scenario, contestant, environments)
            self.measurements.append(found)
        return found

    def find(self, scenario: str, contestant: str, environments: int = 1) -> Measurement | None:
        """The measurement of that name, if there is one."""
        wanted = (scenario, contestant, environments)
        for each in self.measurements:
            if (each.scenario, each.contestant, each.environments) == wanted:
                return each
        return None

    def save(self, path: Path) -> None:
        """Write the file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")


def load(path: Path) -> Results:
    """Read the file."""
    document = json.loads(path.read_text())
    measurements = [Measurement(**each) for each in document["measurements"]]
    return Results(document["made"], measurements, document["profile"])
