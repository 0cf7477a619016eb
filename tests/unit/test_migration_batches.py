# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fewest log-batch requests within MLflow's limits, and nothing lost between them."""

from __future__ import annotations

import json
import math

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._batches import (
    MOST_BYTES,
    MeasuredModel,
    batches,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import Point


def points(number: int, key: str = "loss") -> list[Point]:
    return [Point(key, step / 7, 1000 + step, step) for step in range(number)]


@pytest.mark.parametrize(
    ("metrics", "params", "tags", "requests"),
    [
        (0, 0, 0, 0),
        (0, 1, 0, 1),
        (990, 10, 0, 1),
        (991, 10, 0, 2),
        (1600, 10, 0, 2),
        (0, 250, 0, 3),
        (0, 100, 100, 1),
        (2000, 250, 120, 3),
        (5000, 0, 0, 5),
    ],
)
def test_everything_travels_in_the_fewest_requests(metrics: int, params: int, tags: int, requests: int) -> None:
    wanted = {f"p{number}": "v" for number in range(params)}, {f"t{number}": "v" for number in range(tags)}
    made = [json.loads(batch.body("run")) for batch in batches([points(metrics)], *wanted, {})]
    assert len(made) == requests
    for body in made:
        sizes = [len(body.get(kind, ())) for kind in ("metrics", "params", "tags")]
        assert sum(sizes) <= 1000 and sizes[1] <= 100 and sizes[2] <= 100
    assert [item["step"] for body in made for item in body.get("metrics", ())] == list(range(metrics))
    assert {item["key"] for body in made for item in body.get("params", ())} == wanted[0].keys()
    assert {item["key"] for body in made for item in body.get("tags", ())} == wanted[1].keys()


def test_a_request_stays_within_the_bytes_that_are_allowed() -> None:
    params = {f"p{number}": "ü" * 6000 for number in range(200)}
    made = [batch.body("run") for batch in batches([points(3000, "k" * 250)], params, {}, {})]
    assert all(len(body) < 1_000_000 for body in made)
    assert sum(len(body) for body in made) > 2 * MOST_BYTES
    assert len({item["key"] for body in made for item in json.loads(body).get("params", ())}) == 200


@pytest.mark.parametrize(
    ("value", "sent"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity"), (0.1, 0.1)]
)
def test_values_that_json_does_not_know(value: float, sent: object) -> None:
    (batch,) = batches([[Point('"quoted"', value, 1, -5)]], {}, {}, {})
    (item,) = json.loads(batch.body("run"))["metrics"]
    assert item == {"key": '"quoted"', "value": sent, "timestamp": 1, "step": -5}


def test_a_point_about_a_logged_model_names_it() -> None:
    about = {("loss", 1001, 1): [MeasuredModel("m-1", "data", "abc"), MeasuredModel("m-2", None, None)]}
    (batch,) = batches([points(2)], {}, {}, about)
    items = json.loads(batch.body("run"))["metrics"]
    assert [item.get("model_id") for item in items] == [None, "m-1", "m-2"]
    assert (items[1]["dataset_name"], items[1]["dataset_digest"]) == ("data", "abc")


def test_halves_hold_the_same_items() -> None:
    (batch,) = batches([points(5)], {"p": "1"}, {"t": "2"}, {})
    first, second = batch.halves()
    together = [*first.metrics, *first.params, *first.tags, *second.metrics, *second.params, *second.tags]
    assert sorted(together) == sorted([*batch.metrics, *batch.params, *batch.tags])
    assert abs(len(first) - len(second)) <= 1
