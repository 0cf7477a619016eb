# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options into a question to AWS."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from tracking_server_samples import STATUSES

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _discovery as discovery
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tracking_server_info as info
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

UTC = timezone.utc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        (" 2026-01-31T18:30:00Z ", datetime(2026, 1, 31, 18, 30, tzinfo=UTC)),
        ("2026-01-31 18:30:00", datetime(2026, 1, 31, 18, 30, tzinfo=UTC)),
        ("2026-01-31T18:30:00+01:00", datetime(2026, 1, 31, 18, 30, tzinfo=timezone(timedelta(hours=1)))),
        ("2026-01-31T18:30:00.123000+00:00", datetime(2026, 1, 31, 18, 30, 0, 123000, tzinfo=UTC)),
    ],
)
def test_a_time(text: str, expected: datetime) -> None:
    assert discovery.moment("created_after", text) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "31.01.2026", "2026-13-01", "1767225600"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(MlflowError, match=f"created_before: '{text}' is not a time: give ISO 8601"):
        discovery.moment("created_before", text)


def test_every_filter_reaches_aws_in_its_spelling() -> None:
    question = discovery.question_from_parameters(
        info.TRACKING_SERVERS,
        {
            "created_after": "2026-01-01",
            "created_before": "2026-02-01",
            "tracking_server_status": "Stopped",
            "sort_by": "Name",
            "sort_order": "Ascending",
            "mlflow_version": "3.0.0",
            "include_tags": False,
        },
    )
    assert question == discovery.Question(
        info.TRACKING_SERVERS,
        filters={
            "CreatedAfter": datetime(2026, 1, 1, tzinfo=UTC),
            "CreatedBefore": datetime(2026, 2, 1, tzinfo=UTC),
            "TrackingServerStatus": "Stopped",
            "SortBy": "Name",
            "SortOrder": "Ascending",
        },
        mlflow_version="3.0",
        include_tags=False,
    )


def test_what_is_not_asked_is_not_sent() -> None:
    parameters: dict[str, t.Any] = dict.fromkeys(("name", "mlflow_version", *info.TRACKING_SERVERS.filters))
    assert discovery.question_from_parameters(
        info.TRACKING_SERVERS, {**parameters, "include_tags": True}
    ) == discovery.Question(
        info.TRACKING_SERVERS,
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"name": "-x"}, "name: '-x' is not allowed"),
        ({"mlflow_version": "three"}, "mlflow_version: 'three' is not an MLflow version"),
    ],
)
def test_bad_input(parameters: dict[str, t.Any], message: str) -> None:
    with pytest.raises(MlflowError, match=message):
        discovery.question_from_parameters(info.TRACKING_SERVERS, {**parameters, "include_tags": True})


def test_every_status_can_be_asked_for() -> None:
    assert info.STATUSES == STATUSES
