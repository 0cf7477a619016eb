# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark makes the runs that it says, judges by its targets, and the page shows what was recorded."""

from __future__ import annotations

import re
import typing as t
from collections import Counter
from types import SimpleNamespace

import pytest

from benchmarks import page, plot, profile, tables
from benchmarks.__main__ import PAGE, PICTURE, RECORDED
from benchmarks.contestants import MODULES, OURS, PEER
from benchmarks.measure import Cost, RunFailedError
from benchmarks.results import Measurement, Results, load
from benchmarks.schedule import FULL, QUICK, Extent, Schedule
from benchmarks.targets import TARGETS, THROTTLED, THROTTLED_IN_BULK, judge

if t.TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.measure import Job

PLANNED = "  + role             r\n  + bucket           b\n  + tracking server  s\n"


def cost(job: Job, **changes: t.Any) -> Cost:
    """What a run costs here: the composition ten times as much, each environment the same."""
    is_check = "--check" in job.arguments
    size = len(job.inventory["mlflow_servers"]["hosts"])
    factor = 10 if job.name.startswith(PEER) else 1
    values: dict[str, t.Any] = {
        "wall": 0.1 * factor * size,
        "cpu": 0.1 * factor * size,
        "calls": Counter({"iam:GetRole": size * factor}),
        "writes": 0,
        "chain": factor,
        "connections": 1,
        "largest_process_mib": 1.0,
        "memory_mib": 100.0,
        "changed": 3 if is_check else 0,
        "output": PLANNED if is_check else "",
    }
    return Cost(**{**values, **changes})


def done(**_parameters: object) -> None:
    """A write of the drift."""


class FakeBench:
    """Answers as a region would whose environments exist once they were deployed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs: list[tuple[str, float]] = []
        self.region = SimpleNamespace(reset=self._reset, client=self._client)
        self._exist: set[str] = set()
        self._drifted = False

    def run(self, job: Job, latency_ms: float, *, sample_memory: bool = False, rate_limits: t.Any = None) -> Cost:
        self.jobs.append((job.name, latency_ms))
        names = set(job.inventory["mlflow_servers"]["hosts"])
        is_new = not names <= self._exist or self._drifted
        if "--check" in job.arguments or job.name.startswith("empty"):
            return cost(job)
        self._exist |= names
        self._drifted = False
        return cost(job, changed=3, writes=3) if is_new else cost(job)

    def _reset(self) -> None:
        self._exist.clear()

    def _client(self, _service: str) -> t.Any:
        self._drifted = True
        return SimpleNamespace(put_bucket_versioning=done, put_bucket_tagging=done, put_role_policy=done)


def measured(folder: Path, extent: Extent) -> tuple[FakeBench, Results]:
    bench, results = FakeBench(folder), Results()
    Schedule(t.cast("t.Any", bench), results, lambda _text: None).run(extent)
    return bench, results


def test_a_full_benchmark(tmp_path: Path) -> None:
    bench, results = measured(tmp_path, FULL)
    for scenario in ("create", "noop", "check", "drift"):
        for name in (PEER, OURS, MODULES):
            assert len(results.of(scenario, name).wall_runs) == 5, (scenario, name)
    assert len(results.of("noop", PEER, 20).wall_runs) == 3
    assert len(results.of("noop", OURS, 20).wall_runs) == 5
    assert results.find("noop", OURS, 200) is not None
    assert results.of("noop", OURS, 200).memory_mib == 100
    titles = {verdict.title for verdict in judge(results)}
    limited = "20 environments, IAM at 20/s"
    fleets = {limited, f"{limited}, in bulk", "200 environments, nothing to do"}
    assert titles == {target.title for target in TARGETS} | fleets
    chains = [name for name, latency in bench.jobs if latency == 500]
    assert len(chains) == 9
    assert not [name for name in chains if name.startswith(PEER)], "its chain is its number of calls"


def test_contestants_take_turns_and_another_one_begins_each_round(tmp_path: Path) -> None:
    bench, _results = measured(tmp_path, FULL)
    rounds = [name.partition(",")[0] for name, latency in bench.jobs if latency == 80]
    assert rounds[:7] == ["empty play", PEER, OURS, MODULES, PEER, OURS, MODULES]
    assert rounds[13:17] == ["empty play", OURS, MODULES, PEER]


def test_a_quick_benchmark_leaves_the_fleets_of_the_other_out(tmp_path: Path) -> None:
    bench, results = measured(tmp_path, QUICK)
    assert results.find("noop", PEER, 20) is None
    assert results.find("noop", OURS, 200) is None
    assert len(bench.jobs) < 50


@pytest.mark.parametrize(
    ("changes", "scenario"),
    [
        ({"changed": 0, "writes": 0}, "create"),
        ({"output": "  + role  r\n", "changed": 1}, "check"),
        ({"writes": 1}, "check"),
    ],
)
def test_a_run_that_did_not_do_its_work_is_no_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, t.Any], scenario: str
) -> None:
    run = FakeBench.run

    def failing(self: FakeBench, job: Job, latency_ms: float, **options: t.Any) -> Cost:
        done = run(self, job, latency_ms, **options)
        concerned = ("check" in job.name) == (scenario == "check") and job.name.startswith(OURS)
        return cost(job, **changes) if concerned else done

    monkeypatch.setattr(FakeBench, "run", failing)
    with pytest.raises(RunFailedError, match=f"{OURS}, {scenario}"):
        measured(tmp_path, QUICK)


def example(**changes: t.Any) -> Results:
    """A run that changes nothing, which meets every target but for what is changed."""
    ours = {"calls": {"iam:GetRole": 14}, "chain": 2, "wall_runs": [1.0, 1.0, 9.0], "cpu_runs": [1.0], **changes}
    peer = Measurement("noop", PEER, 1, [6.0], [4.0], {"iam:GetRole": 30}, 0, 30)
    return Results(measurements=[peer, Measurement("noop", OURS, 1, **ours)])


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({}, []),
        ({"calls": {"iam:GetRole": 15}}, ["calls"]),
        ({"chain": 3}, ["round trips"]),
        ({"wall_runs": [1.01]}, ["wall"]),
        ({"cpu_runs": [1.01]}, ["CPU"]),
    ],
)
def test_targets(changes: dict[str, t.Any], missed: list[str]) -> None:
    assert [verdict.measure for verdict in judge(example(**changes)) if not verdict.met] == missed
    assert ("MISSED" in tables.terminal(example(**changes))) == bool(missed)


def fleet(wall: float, cpu: float, memory: float) -> Results:
    some = Measurement("noop", OURS, 20, [3.0], [2.0], memory_mib=200.0)
    many = Measurement("noop", OURS, 200, [wall], [cpu], memory_mib=memory)
    return Results(measurements=[some, many])


@pytest.mark.parametrize(
    ("results", "missed"),
    [
        (fleet(30.0, 20.0, 300.0), []),
        (fleet(30.1, 20.0, 300.0), ["wall s"]),
        (fleet(30.0, 22.1, 300.0), ["CPU each, of one of 20"]),
        (fleet(30.0, 20.0, 301.0), ["memory, of that of 20"]),
    ],
)
def test_targets_of_the_big_fleet(results: Results, missed: list[str]) -> None:
    verdicts = [verdict for verdict in judge(results) if verdict.title.startswith("200")]
    assert [verdict.measure for verdict in verdicts if not verdict.met] == missed


@pytest.mark.parametrize(
    ("one_by_one", "in_bulk", "missed"),
    [
        (6.0, 6.0, []),
        (6.1, 6.0, ["20 environments, IAM at 20/s"]),
        (6.0, 6.1, ["20 environments, IAM at 20/s, in bulk"]),
    ],
)
def test_targets_of_a_limit_of_requests(one_by_one: float, in_bulk: float, missed: list[str]) -> None:
    """A hundred calls of IAM, of which forty may come at once and twenty a second, take three seconds."""
    calls = {"iam:GetRole": 60, "iam:GetRolePolicy": 40, "s3:GetBucketPolicy": 500}
    verdicts = judge(
        Results(
            measurements=[
                Measurement("noop", OURS, 20, [3.0], [2.0], calls),
                Measurement(THROTTLED, OURS, 20, [one_by_one], [2.0]),
                Measurement(THROTTLED_IN_BULK, OURS, 20, [in_bulk], [2.0]),
            ]
        )
    )
    assert [verdict.title for verdict in verdicts if "IAM" in verdict.title and not verdict.met] == missed


def test_the_parts_of_a_run_as_a_table() -> None:
    parts = {"empty_play": 470.4, "total": 730.0, "wall_near": 700.0, "wall_far": 890.0}
    assert [row[:2] for row in profile.rows(parts)] == [["empty play", "470"], ["total", "730"], ["distance", "0"]]
    assert "190 ms of wall" in profile.text(parts)
    assert profile.text({}) == ""


def test_imports_are_added_up_by_whom_they_are_of() -> None:
    told = """\
import time: self [us] | cumulative | imported package
import time:      1500 |      30000 |   ansible.cli
import time:       500 |        500 | json
import time:      2000 |       2000 |     botocore.session
import time:      1000 |       1000 | ansible_collections.amazon.aws
import time:      4000 |       4000 | ansible_collections.mlops.sagemaker_mlflow.plugins.action
TASK [import time: 7 | 7 | x]
"""
    assert profile.imports(told) == {"import_ansible": 2.0, "import_aws": 3.0, "import_collection": 4.0}


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    results = example()
    results.profile = {"total": 1.0}
    results.save(tmp_path / "results.json")
    assert load(tmp_path / "results.json") == results


def test_the_page_shows_what_was_recorded() -> None:
    assert page.filled(PAGE.read_text(), load(RECORDED)) == PAGE.read_text()


@pytest.mark.parametrize(("rounds", "load", "warned"), [(5, 0.5, False), (4, 0.5, True), (5, 2.1, True)])
def test_the_page_says_when_its_numbers_are_preliminary(rounds: int, load: float, warned: bool) -> None:
    names = ("python", "ansible_core", "amazon_aws", "boto3")
    made = {**dict.fromkeys(names, "1"), "rounds": rounds, "load": load, "cpus": 2, "latency_ms": 80.0}
    assert ("Preliminary" in page.made(Results(made=made))) == warned


def test_the_picture_shows_what_was_recorded(tmp_path: Path) -> None:
    plot.draw(load(RECORDED), tmp_path / "speed.svg")
    drawn, picture = (re.findall(r">([^<>]+)</text>", path.read_text()) for path in (tmp_path / "speed.svg", PICTURE))
    assert drawn == picture
    assert len(drawn) > 30
