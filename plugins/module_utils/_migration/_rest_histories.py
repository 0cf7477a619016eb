# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Metric histories over REST with as few requests as the server allows, and none of the points that it leaves out."""

from __future__ import annotations

import typing as t
from collections import defaultdict

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._rest_parse import point
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import Point, Run
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import MlflowApi

WHOLE_PATH = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
"""All points of a metric of several runs, run by run, up to a limit. It costs the server a fraction of what the others do."""
WHOLE = 25_000
"""Points that it returns at most."""
WHOLE_RUNS = (100, 90, 20)
"""Runs that it takes; that fit into the longest line that gunicorn reads, which ran older MLflow; that MLflow 2.8 takes."""
BULK_PATHS = (
    "/api/2.0/mlflow/metrics/get-history-bulk-interval",
    "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
)
HISTORY = "/api/2.0/mlflow/metrics/get-history"
REFUSED = (400, 403, 404, 405, 501)
"""How a server answers what it does not know, or does not allow."""
BULK_RUNS = 32
"""Runs that are read together at most: with more, the source is busy in bursts, during which nothing is written."""
SAMPLED = 2500
"""How many steps a server returns in bulk at most; of more it chooses some, in older versions over all runs together."""
SURE = SAMPLED // 2
"""Fewer steps than this are never a choice, whichever way it is made."""
HELD = 100_000
"""Points that a batch may hold in memory; the next batch is read while one is written."""
PAGE = 20_000
FIRST_BATCH = 8
FEWEST = 3
"""A key that fewer runs have is read run by run: the sampling window costs the server more than a plain read."""
STEPS = (-(1 << 31), (1 << 31) - 1)
"""Without a range, servers before 3.17 leave negative steps out."""


class BulkReader:
    """Reads the histories of several runs at a time and learns how many runs fit into memory."""

    def __init__(self, api: MlflowApi, pool: ThreadPoolExecutor) -> None:
        self._api = api
        self._pool = pool
        self._paths = list(BULK_PATHS)
        self._whole_runs = list(WHOLE_RUNS)
        self.batch = FIRST_BATCH

    def read(self, runs: Sequence[Run]) -> BulkHistories:
        """The histories of a batch that C(batch) runs long at most."""
        by_key: dict[str, list[Run]] = defaultdict(list)
        for run in runs:
            for key in run.latest:
                by_key[key].append(run)
        wanted = [(key, members) for key, members in by_key.items() if self._pays(len(members))]
        found: dict[str, dict[str, list[Point]]] = defaultdict(dict)
        total = 0
        for key, answer in self._pool.map(lambda pair: (pair[0], self._bulk(*pair)), wanted):
            for run_id, points in answer.items():
                found[run_id][key] = points
                total += len(points)
        self._learn(len(runs), total, max((len(run.latest) for run in runs), default=1))
        return BulkHistories(self._api, found)

    def _pays(self, runs: int) -> bool:
        return bool(self._whole_runs) or (runs >= FEWEST and bool(self._paths))

    def _learn(self, runs: int, points: int, keys: int) -> None:
        """Twice as many the next time, as long as what that may hold stays within bounds."""
        each = max(points / runs, keys, 1.0)
        self.batch = max(1, min(2 * self.batch, int(HELD / each), BULK_RUNS))

    def _bulk(self, key: str, runs: Sequence[Run]) -> dict[str, list[Point]]:
        """What is known to be complete: of the others, each run is asked for by itself."""
        whole = self._whole(key, [run.id for run in runs])
        if whole is None:
            return self._sampled(key, runs) if self._pays(len(runs)) else {}
        return {run.id: whole[run.id] for run in runs if run.id in whole and _has(whole[run.id], run.latest[key])}

    def _whole(self, key: str, run_ids: Sequence[str]) -> dict[str, list[Point]] | None:
        """Every point of the runs that have no more of them than the server returns; None when it does not know the way."""
        found: dict[str, list[Point]] = {}
        waiting = sorted(run_ids)
        while waiting:
            answer = self._ask_whole(key, waiting)
            if answer is None:
                return None
            asked, items = answer
            points: dict[str, list[Point]] = {run_id: [] for run_id in asked}
            for item in items:
                points[item["run_id"]].append(point(item))
            if len(items) >= WHOLE:
                # The answer ends within this run, unless that is asked for alone.
                last = items[-1]["run_id"]
                asked = asked[: asked.index(last)] or [last]
                points.pop(last)
            found.update({run_id: points[run_id] for run_id in asked if run_id in points})
            waiting = waiting[len(asked) :]
        return found

    def _ask_whole(self, key: str, run_ids: Sequence[str]) -> tuple[list[str], list[dict[str, t.Any]]] | None:
        """The first of these runs, as many as the server takes, and their points in the order of the runs."""
        for most in tuple(self._whole_runs):
            asked = list(run_ids[:most])
            try:
                answer = self._api.get(WHOLE_PATH, {"run_id": asked, "metric_key": key, "max_results": WHOLE})
            except ApiError as error:
                if error.status not in REFUSED:
                    raise
                refused = [most] if error.status == 400 else WHOLE_RUNS
                self._whole_runs = [each for each in self._whole_runs if each not in refused]
            else:
                return asked, answer.get("metrics", [])
        return None

    def _sampled(self, key: str, runs: Sequence[Run]) -> dict[str, list[Point]]:
        found: dict[str, list[Point]] = {run.id: [] for run in runs}
        for item in self._ask(key, [run.id for run in runs]).get("metrics", ()):
            found[item["run_id"]].append(point(item))
        if len({each.step for points in found.values() for each in points}) >= SURE:
            return {}
        return {
            run.id: found[run.id] for run in runs if len(found[run.id]) < SURE and _has(found[run.id], run.latest[key])
        }

    def _ask(self, key: str, run_ids: Sequence[str]) -> dict[str, t.Any]:
        question = {
            "run_ids": list(run_ids),
            "metric_key": key,
            "max_results": SAMPLED,
            "start_step": STEPS[0],
            "end_step": STEPS[1],
        }
        for path in tuple(self._paths):
            try:
                return self._api.get(path, question)
            except ApiError as error:
                # Older servers have one of the two; a managed one may allow neither.
                if error.status not in REFUSED:
                    raise
                if error.status != 400 and path in self._paths:
                    self._paths.remove(path)
        return {}


def _has(points: Sequence[Point], latest: Point) -> bool:
    return any(each.step == latest.step and each.timestamp == latest.timestamp for each in points)


class BulkHistories:
    """What was read together, and the way to the rest."""

    def __init__(self, api: MlflowApi, found: dict[str, dict[str, list[Point]]]) -> None:
        self._api = api
        self._found = found

    def points(self, run: Run) -> Iterator[list[Point]]:
        """Every point of a run; what was held for it is let go."""
        held = self._found.pop(run.id, {})
        for key in run.latest:
            if key in held:
                yield held.pop(key)
            else:
                yield from self._history(run.id, key)

    def _history(self, run_id: str, key: str) -> Iterator[list[Point]]:
        question = {"run_id": run_id, "metric_key": key, "max_results": PAGE}
        for page in self._api.pages(HISTORY, question, by_post=False):
            yield [point(item) for item in page.get("metrics", ())]
