# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is new in a thing that moved: its ids, wherever they are written."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _origin as origin
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._compare import HistoryDigest
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Context, Filters
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import Experiment, Point, Run
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._journal import Journal, Moved
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_runs import is_complete
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._tally import Tally

OLD, NEW = "a" * 32, "b" * 32
OLD_MODEL, NEW_MODEL = f"m-{'1' * 32}", f"m-{'2' * 32}"


@pytest.fixture
def context() -> Context:
    journal = Journal()
    where = {"old_uri": f"mlflow-artifacts:/3/{OLD}/artifacts", "uri": f"s3://bucket/7/{NEW}/artifacts"}
    journal.put(Moved("run", OLD, NEW, "", where))
    place = {
        "old_uri": f"mlflow-artifacts:/3/models/{OLD_MODEL}/artifacts",
        "uri": f"s3://bucket/7/models/{NEW_MODEL}/artifacts",
    }
    journal.put(Moved("model", OLD_MODEL, NEW_MODEL, "", place))
    nothing = t.cast("t.Any", None)
    return Context(source=nothing, target=nothing, journal=journal, tally=Tally())


def run(**fields: t.Any) -> Run:
    known: dict[str, t.Any] = {
        "id": OLD,
        "experiment_id": "3",
        "name": "name",
        "user_id": "me",
        "status": "FINISHED",
        "start_time": 1,
        "end_time": 2,
        "lifecycle_stage": "active",
        "artifact_uri": "",
        "params": {},
        "tags": {},
        "latest": {},
    }
    return Run(**{**known, **fields})


@pytest.mark.parametrize(
    ("source", "run_id", "expected"),
    [
        (f"mlflow-artifacts:/3/{OLD}/artifacts/model", OLD, f"s3://bucket/7/{NEW}/artifacts/model"),
        (f"mlflow-artifacts:/3/{OLD}/artifacts/model", None, f"s3://bucket/7/{NEW}/artifacts/model"),
        (f"mlflow-artifacts:/3/{OLD}/artifacts", OLD, f"s3://bucket/7/{NEW}/artifacts"),
        (f"mlflow-artifacts:/3/models/{OLD_MODEL}/artifacts", OLD, f"s3://bucket/7/models/{NEW_MODEL}/artifacts"),
        (f"models:/{OLD_MODEL}", None, f"models:/{NEW_MODEL}"),
        (f"models:/{OLD_MODEL}/data", None, f"models:/{NEW_MODEL}/data"),
        (f"models:/m-{'9' * 32}", None, None),
        (f"runs:/{OLD}/model", OLD, f"runs:/{NEW}/model"),
        ("models:/registered/3", None, "models:/registered/3"),
        ("s3://elsewhere/model", None, None),
        (f"mlflow-artifacts:/3/{OLD}/artifacts-of-others/x", OLD, None),
    ],
)
def test_the_place_of_a_model_version(context: Context, source: str, run_id: str | None, expected: str | None) -> None:
    assert context.new_source(source, run_id) == expected


def test_a_model_whose_files_are_among_those_of_its_run(context: Context) -> None:
    context.journal.put(Moved("model", OLD_MODEL, "", "", {"uri": "s3://bucket/7/run/artifacts/model", "old_uri": ""}))
    assert context.new_source(f"models:/{OLD_MODEL}", OLD) == "s3://bucket/7/run/artifacts/model"


def test_the_tags_of_a_run(context: Context) -> None:
    history = f'[{{"run_id": "{OLD}"}}]'
    tags = {
        "mlflow.parentRunId": OLD,
        "mlflow.runName": "n",
        "mlflow.log-model.history": history,
        "own": OLD,
        origin.DIGEST: "x",
    }
    moved = run(tags=tags)
    assert context.run_tags(moved) == {"mlflow.parentRunId": NEW, "own": OLD, origin.ID: OLD}
    assert context.late_tags(moved) == {"mlflow.log-model.history": history.replace(OLD, NEW)}


def test_the_file_that_says_whose_a_model_is(context: Context) -> None:
    content = (
        f"artifact_path: model\nmodel_id: {OLD_MODEL}\nrun_id: {OLD}\nmodel_uuid: {OLD}\nflavors: {{run_id: {OLD}}}\n"
    )
    rewritten = context.rewrite(content.encode()).decode()
    assert rewritten.splitlines()[:4] == [
        "artifact_path: model",
        f"model_id: {NEW_MODEL}",
        f"run_id: {NEW}",
        f"model_uuid: {OLD}",
    ]


@pytest.mark.parametrize(
    ("before", "there", "is_whole"),
    [
        ({}, {}, True),
        ({}, {"status": "RUNNING", "end_time": None}, False),
        ({}, {"end_time": 3}, False),
        ({"lifecycle_stage": "deleted"}, {}, False),
        ({"lifecycle_stage": "deleted"}, {"lifecycle": "deleted"}, True),
    ],
)
def test_when_a_run_is_complete(before: dict[str, t.Any], there: dict[str, t.Any], is_whole: bool) -> None:
    moved = run(**before)
    facts = {"status": "FINISHED", "end_time": 2, "lifecycle": "active", **there}
    assert is_complete(moved, Moved("run", OLD, NEW, origin.run_digest(moved), facts)) is is_whole
    assert not is_complete(moved, None)


@pytest.mark.parametrize(
    "change",
    [
        {"params": {"p": "1"}},
        {"tags": {"t": "1"}},
        {"latest": {"m": Point("m", 1.0, 1, 1)}},
        {"status": "FAILED"},
        {"name": "other"},
        {"end_time": 9},
    ],
)
def test_a_change_of_the_source_is_seen(change: dict[str, t.Any]) -> None:
    facts = {"status": "FINISHED", "end_time": 2, "lifecycle": "active"}
    assert not is_complete(run(**change), Moved("run", OLD, NEW, origin.run_digest(run()), facts))


def test_a_history_is_the_same_in_any_order_but_not_with_a_point_twice() -> None:
    points = [Point("a", float(number), number, -number) for number in range(10)]
    one, other, more = (HistoryDigest().add(each) for each in (points, points[::-1], [*points, points[0]]))
    assert one.value == other.value != more.value
    assert (
        HistoryDigest().add([Point("a", float("nan"), 1, 1)]).value
        == HistoryDigest().add([Point("a", float("nan"), 1, 1)]).value
    )


def experiment(name: str, lifecycle: str = "active") -> Experiment:
    return Experiment("1", name, "", lifecycle, None, None, {})


@pytest.mark.parametrize(
    ("filters", "name", "lifecycle", "is_meant"),
    [
        (Filters(), "any", "active", True),
        (Filters(), "any", "deleted", True),
        (Filters(deleted=False), "any", "deleted", False),
        (Filters(experiments=("vision-*", "nlp")), "vision-1", "active", True),
        (Filters(experiments=("vision-*", "nlp")), "Vision-1", "active", False),
        (Filters(experiments=("vision-*", "nlp")), "nlp2", "active", False),
    ],
)
def test_filters_of_experiments(filters: Filters, name: str, lifecycle: str, is_meant: bool) -> None:
    assert filters.takes_experiment(experiment(name, lifecycle)) is is_meant


@pytest.mark.parametrize(("start", "is_meant"), [(99, False), (100, True), (199, True), (200, False)])
def test_filters_of_time(start: int, is_meant: bool) -> None:
    assert Filters(since=100, until=200).takes_run(run(start_time=start)) is is_meant
