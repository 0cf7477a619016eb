# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Histories over REST: read together where that is safe, one by one where the server would leave points out."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import Point, Run
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._rest_histories import (
    BULK_PATHS,
    SAMPLED,
    WHOLE,
    WHOLE_PATH,
    BulkReader,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Iterator


class Server:
    """A server's histories, as it hands them out."""

    def __init__(
        self, histories: dict[str, dict[str, list[Point]]], known: tuple[str, ...] = BULK_PATHS[:1], most: int = 100
    ) -> None:
        self.histories = histories
        self.known = known
        self.most = most
        self.whole: list[list[str]] = []
        self.bulk: list[str] = []
        self.single: list[tuple[str, str]] = []

    def get(self, path: str, question: dict[str, t.Any]) -> dict[str, t.Any]:
        if path not in self.known:
            raise ApiError("no such path", 404, "")
        if path == WHOLE_PATH:
            return self._whole(**question)
        self.bulk.append(question["metric_key"])
        found = []
        for run_id in question["run_ids"]:
            points = self.histories[run_id].get(question["metric_key"], [])
            kept = points[:: -(-len(points) // SAMPLED)] if len(points) > SAMPLED else points
            kept = [point for point in kept if question["start_step"] <= point.step <= question["end_step"]]
            found += [{**point._asdict(), "run_id": run_id} for point in kept]
        return {"metrics": found}

    def _whole(self, run_id: list[str], metric_key: str, max_results: int) -> dict[str, t.Any]:
        if len(run_id) > self.most:
            raise ApiError("too many runs", 400, "")
        self.whole.append(run_id)
        points = [(each, point) for each in sorted(run_id) for point in self.histories[each].get(metric_key, [])]
        return {"metrics": [{**point._asdict(), "run_id": each} for each, point in points[: min(max_results, WHOLE)]]}

    def pages(self, path: str, question: dict[str, t.Any], by_post: bool = True) -> Iterator[dict[str, t.Any]]:
        self.single.append((question["run_id"], question["metric_key"]))
        points = self.histories[question["run_id"]][question["metric_key"]]
        for start in range(0, len(points), 1000):
            yield {"metrics": [point._asdict() for point in points[start : start + 1000]]}


def history(length: int, key: str = "loss", first: int = 0) -> list[Point]:
    return [Point(key, float(number), 1000 + number, first + number) for number in range(length)]


def runs(server: Server) -> list[Run]:
    return [
        Run(
            run_id,
            "1",
            "",
            "",
            "FINISHED",
            0,
            1,
            "active",
            "",
            {},
            {},
            {key: max(points, key=lambda each: each.step) for key, points in keys.items()},
        )
        for run_id, keys in server.histories.items()
    ]


def read(server: Server) -> dict[str, list[Point]]:
    with ThreadPoolExecutor(2) as pool:
        reader = BulkReader(t.cast("t.Any", server), pool)
        all_runs = runs(server)
        found = reader.read(all_runs)
        return {run.id: sorted(point for chunk in found.points(run) for point in chunk) for run in all_runs}


def expected(server: Server) -> dict[str, list[Point]]:
    return {
        run_id: sorted(point for points in keys.values() for point in points)
        for run_id, keys in server.histories.items()
    }


@pytest.mark.parametrize("known", [(WHOLE_PATH,), (WHOLE_PATH, *BULK_PATHS), BULK_PATHS[:1], BULK_PATHS[1:], ()])
def test_everything_is_read_whatever_the_server_offers(known: tuple[str, ...]) -> None:
    server = Server({f"run{number}": {"loss": history(10), "acc": history(5, "acc", -3)} for number in range(6)}, known)
    assert read(server) == expected(server)
    assert bool(server.single) == (not known)


@pytest.mark.parametrize(
    "points",
    [history(SAMPLED), history(3 * SAMPLED + 1), history(5, first=1 << 40)],
    ids=["at the limit", "above it", "huge steps"],
)
def test_what_may_be_a_sample_is_read_again(points: list[Point]) -> None:
    server = Server({"a": {"loss": points}, "b": {"loss": history(9)}, "c": {"loss": history(9)}})
    assert read(server) == expected(server)
    assert ("a", "loss") in server.single


def test_a_choice_over_all_runs_together_is_noticed() -> None:
    """Servers before 3.17 choose among the steps of all runs: each run then has few points, and lacks some."""

    class Older(Server):
        def get(self, path: str, question: dict[str, t.Any]) -> dict[str, t.Any]:
            answer = super().get(path, question)
            steps = sorted({item["step"] for item in answer["metrics"]})
            chosen = set(steps[:: -(-len(steps) // SAMPLED)])
            return {"metrics": [item for item in answer["metrics"] if item["step"] in chosen]}

    server = Older({name: {"loss": history(1100, first=first)} for name, first in (("a", 0), ("b", 2000), ("c", 4000))})
    assert read(server) == expected(server)


def test_a_metric_of_few_runs_is_read_run_by_run() -> None:
    server = Server({"a": {"loss": history(9)}, "b": {"loss": history(9)}})
    assert read(server) == expected(server)
    assert server.bulk == []


def test_a_batch_holds_no_more_than_fits_into_memory() -> None:
    keys = ("loss", "acc", "auc")
    server = Server({f"run{number}": {key: history(1200, key) for key in keys} for number in range(4)})
    with ThreadPoolExecutor(2) as pool:
        reader = BulkReader(t.cast("t.Any", server), pool)
        for _round in range(10):
            reader.read(runs(server))
        assert reader.batch == 100_000 // 3600


@pytest.mark.parametrize(
    ("lengths", "requests", "alone"),
    [
        ([9] * 5, 1, []),
        ([10_000] * 5, 3, []),
        ([WHOLE - 1, 9, 9], 2, []),
        ([9, WHOLE, 9], 3, [1]),
        ([WHOLE + 1, 9], 2, [0]),
        ([9, 0, WHOLE + 1], 2, [2]),
    ],
    ids=["all", "in three answers", "cut in the second", "one at the limit", "one above it", "the last above it"],
)
def test_whole_histories_are_read_until_an_answer_is_cut(lengths: list[int], requests: int, alone: list[int]) -> None:
    """Of the run in which an answer ends nothing is taken: the next answer begins with it."""
    histories = {f"run{number}": {"loss": history(length)} for number, length in enumerate(lengths)}
    server = Server({run_id: keys if keys["loss"] else {} for run_id, keys in histories.items()}, (WHOLE_PATH,))
    assert read(server) == expected(server)
    assert [run_id for run_id, _key in server.single] == [f"run{number}" for number in alone]
    assert len(server.whole) == requests


def test_older_servers_take_fewer_runs_at_once() -> None:
    server = Server({f"run{number:02}": {"loss": history(9)} for number in range(50)}, (WHOLE_PATH,), most=20)
    assert read(server) == expected(server)
    assert ([len(each) for each in server.whole], server.single) == ([20, 20, 10], [])
