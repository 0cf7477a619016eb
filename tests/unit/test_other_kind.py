# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said about the kind that an environment is not deployed as."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.filter.other_kind import other_kind

SERVER_ARN = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/churn"
APP_ARN = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-ABCDEFGHIJKL"
ROLE = {
    "role_arn": "arn:aws:iam::123456789012:role/mlflow/churn-role",
    "artifact_store_uri": "s3://churn-artifacts/team",
}
SERVER = {"tracking_uri": SERVER_ARN, "is_active": True, **ROLE}
APP = {"tracking_uri": APP_ARN, **ROLE}
SKIPPED = {"skipped": True, "changed": False, "msg": "Conditional result was False"}
DENIED = {"failed": False, "msg": "AccessDenied: may not list Apps."}


def look(kind: str, *results: dict[str, t.Any]) -> dict[str, t.Any]:
    return other_kind(results, kind, "churn", "churn-role", "churn-artifacts")


@pytest.mark.parametrize("kind", ["tracking_server", "app"])
@pytest.mark.parametrize("results", [(), ({},), (SKIPPED, {"mlflow_apps": []}), ({"tracking_servers": []}, {})])
def test_nothing_is_there_and_nothing_is_said(kind: str, results: tuple[dict[str, t.Any], ...]) -> None:
    assert look(kind, *results) == {"arns": [], "uses_role": False, "uses_bucket": False, "beside": [], "stays": []}


def test_a_running_server_beside_an_app() -> None:
    found = look("app", {"tracking_servers": [SERVER]}, SKIPPED)
    assert (found["arns"], found["uses_role"], found["uses_bucket"]) == ([SERVER_ARN], True, True)
    (text,) = found["beside"]
    for words in (
        f"Beside the App churn there is the tracking server of that name ({SERVER_ARN}).",
        "0.642 USD",
        "playbooks/stop.yml -e mlflow_server_kind=tracking_server",
        "docs/apps-or-servers.md",
        "playbooks/destroy.yml -e mlflow_server_kind=tracking_server -e mlflow_server_protect=false",
    ):
        assert words in text
    (stays,) = found["stays"]
    assert f"The tracking server churn ({SERVER_ARN}) stays" in stays
    assert "the role churn-role and the bucket churn-artifacts, which it uses" in stays
    assert "-e mlflow_server_kind=tracking_server" in stays


def test_a_stopped_server_costs_no_hours() -> None:
    (text,) = look("app", {"tracking_servers": [{**SERVER, "is_active": False}]})["beside"]
    assert "AWS bills no hours of it" in text
    assert "USD" not in text


def test_apps_beside_a_server() -> None:
    second = {**APP, "tracking_uri": f"{APP_ARN}2"}
    found = look("tracking_server", SKIPPED, {"mlflow_apps": [APP, second]})
    assert found["arns"] == [APP_ARN, f"{APP_ARN}2"]
    (text,) = found["beside"]
    assert f"the App of that name ({APP_ARN}, {APP_ARN}2). It costs no compute" in text
    assert "-e mlflow_server_kind=app" in text


@pytest.mark.parametrize(
    ("other", "uses"),
    [
        ({"role_arn": "arn:aws:iam::123456789012:role/x-churn-role"}, (False, True)),
        ({"role_arn": "arn:aws:iam::123456789012:role/churn-role-2"}, (False, True)),
        ({"artifact_store_uri": "s3://churn-artifacts-2"}, (True, False)),
        ({"artifact_store_uri": "s3://churn-artifacts"}, (True, True)),
        ({"artifact_store_uri": "s3://another/churn-artifacts", "role_arn": None}, (False, False)),
    ],
)
def test_what_it_uses(other: dict[str, t.Any], uses: tuple[bool, bool]) -> None:
    found = look("app", {"tracking_servers": [{**SERVER, **other}]})
    assert (found["uses_role"], found["uses_bucket"]) == uses
    assert ("the role" in found["stays"][0], "the bucket" in found["stays"][0]) == uses


def test_what_is_not_known_is_said() -> None:
    found = look("tracking_server", SKIPPED, DENIED)
    assert found["beside"] == [
        "It is not known whether churn exists as App as well as tracking server: AccessDenied: may not list Apps."
    ]
    assert found["stays"] == []
