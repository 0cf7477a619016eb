# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role's variables wish of each part, beside what tests/role/test_every_variable.py sees in AWS."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _arguments
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._deployment import Deployment, is_at_work
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_variables import Variables
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._role_specification import OPTIONS

Json = dict[str, t.Any]
DEFAULTS: Json = {
    **{name.removeprefix("mlflow_server_"): option.get("default") for name, option in OPTIONS.items()},
    "name": "churn",
    "role_name": "churn-role",
    "bucket_name_suffix": "a",
    "wait_timeout": 60,
    "wait_delay": "30",
}
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"


def deployment(more: Json | None = None, **values: t.Any) -> Deployment:
    """With these variables over the defaults."""
    return Deployment(Variables({**DEFAULTS, **values}), **(more or {}))


@pytest.mark.parametrize(
    ("values", "is_alone"),
    [
        ({}, True),
        ({"kind": "app"}, True),
        ({"kms_key": {"create": "yes"}}, False),
        ({"kms_key": {"create": False}}, True),
        ({"bucket_logging_manage_target": "true"}, False),
        ({"bucket_logging_manage_target": True, "create_bucket": False}, True),
        ({"artifact_bucket_owner": "123456789012"}, True),
        ({"artifact_bucket_owner": "123456789012", "create_bucket": "no"}, False),
        ({"vpc_endpoints": {"vpc_id": "vpc-1"}}, False),
        ({"power_schedule": {"state": "absent"}}, False),
        ({"audit_trail": {"name": "trail"}}, False),
    ],
)
def test_who_needs_no_other_task(values: Json, is_alone: bool) -> None:
    assert deployment(**values).is_alone == is_alone


@pytest.mark.parametrize("kind", ["tracking_server", "app"])
@pytest.mark.parametrize("purge", [False, True])
def test_the_module_knows_every_option(kind: str, purge: bool) -> None:
    wished, known = deployment(kind=kind, purge=purge).arguments(), _arguments.environment()
    assert set(wished) == {"role", "bucket", kind, "look_for_other_kind"}
    for part in ("role", "bucket", kind):
        assert set(wished[part]) <= set(known[part]["options"])
        assert [value for name, value in wished[part].items() if name.startswith("purge_")].count(not purge) == 0
    assert set(deployment().role_alone()) == {"role"}


@pytest.mark.parametrize(
    ("values", "made", "role", "bucket", "app"),
    [
        ({}, "", None, None, None),
        ({"purge": True}, "", "", None, None),
        ({"kms_key_id": "alias/own"}, "", "alias/own", "alias/own", None),
        ({"app_kms_key_id": "alias/app"}, "", None, None, "alias/app"),
        ({"kms_key": {"create": True}}, KEY, KEY, KEY, None),
        ({"kms_key": {"create": True, "app_key": "yes"}}, KEY, KEY, KEY, KEY),
        ({"kms_key": {"create": True}, "app_kms_key_id": "alias/app"}, KEY, KEY, KEY, "alias/app"),
    ],
)
def test_which_key_is_whose(values: Json, made: str, role: str | None, bucket: str | None, app: str | None) -> None:
    wished = deployment({"key_arn": made}, kind="app", **values).arguments()
    assert [wished[part].get("kms_key_id") for part in ("role", "bucket", "app")] == [role, bucket, app]


def test_what_is_left_to_aws_and_to_others() -> None:
    wished = deployment().arguments()
    assert "region" not in wished
    assert not {"permissions_boundary"} & set(wished["role"])
    assert not {"encryption", "logging", "cors_rules"} & set(wished["bucket"])
    assert not {"account_default", "default_domain_ids"} & set(deployment(kind="app").arguments()["app"])
    purged = deployment(kind="app", purge="yes", region="eu-west-1").arguments()
    assert purged["region"] == "eu-west-1"
    assert purged["bucket"]["encryption"] == "AES256"
    assert purged["bucket"]["cors_rules"] == []
    assert (purged["app"]["account_default"], purged["app"]["default_domain_ids"]) == (False, [])


@pytest.mark.parametrize(
    ("begins_only", "wait", "waits"), [(False, True, True), (False, "no", False), (True, True, False)]
)
def test_who_waits(begins_only: bool, wait: t.Any, waits: bool) -> None:
    assert deployment({"begins_only": begins_only}, wait=wait).arguments()["tracking_server"]["wait"] == waits


def test_statements_of_others_come_last() -> None:
    own, other = {"Sid": "Own"}, {"Sid": "Other"}
    wished = deployment({"statements": [other]}, bucket_policy_statements=[own]).arguments()
    assert wished["bucket"]["policy_statements"] == [own, other]


def test_a_bucket_of_others_is_left_alone() -> None:
    plan = deployment(create_bucket=False, artifact_store_uri="s3://theirs/x")
    assert "bucket" not in plan.arguments()
    assert [(each["name"], each["result"]) for each in plan.resources({"role": {}}) if each["kind"] == "bucket"] == [
        ("theirs", {"skipped": True})
    ]


@pytest.mark.parametrize(
    ("version", "runs", "is_told"), [("3.0", "3.4.0", False), ("3.4", "3.4.1", False), ("2.22", "3.4.0", True)]
)
def test_an_app_has_its_own_version(version: str, runs: str, is_told: bool) -> None:
    plan = deployment(kind="app", version=version)
    remarks = plan.remarks({"app": {"mlflow_version": runs}}, ["First."])
    assert remarks[0] == "First."
    assert (len(remarks) == 2 and f"runs MLflow {runs}" in remarks[1]) == is_told


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"changed": True, "status": "Created"}, True),
        ({"changed": False, "tracking_server_status": "Stopping"}, True),
        ({"changed": False, "status": "Created", "maintenance_status": "MaintenanceInProgress"}, True),
        ({"changed": False, "status": "Created", "maintenance_status": None}, False),
    ],
)
def test_whether_aws_is_at_work(result: Json, expected: bool) -> None:
    assert is_at_work(result) == expected
