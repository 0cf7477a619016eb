# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must hold of the variables of the role, rule by rule."""

from __future__ import annotations

import typing as t

import pytest
from local_region import ACCOUNT
from role_variables import values

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _variable_rules as rules
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _role_specification as specification

NETWORK = {
    "vpc_id": "vpc-0123456789abcdef0",
    "subnet_ids": ["subnet-1"],
    "route_table_ids": ["rtb-1"],
    "allowed_cidrs": ["10.0.0.0/8"],
}
WEEKEND = {"days": ["Fri"], "time": "19:00"}


GOOD: list[dict[str, t.Any]] = [
    {},
    {"version": "2.16.2", "maintenance_window": "SUN:23:59", "artifact_bucket_owner": ACCOUNT},
    {"region": "us-gov-west-1", "wait_delay": 60, "wait_timeout": 1},
    {"bucket_name_suffix": 20261123, "create_bucket": "yes", "project_name": 7},
    {"bucket_name_suffix": "", "create_bucket": "no", "artifact_store_uri": "s3://there/team/"},
    {"bucket_name_suffix": "", "artifact_store_uri": "s3://adopted"},
    {"artifact_store_uri": "s3://mlflow-staging-mlflow-artifacts-a/prefix"},
    {"bucket_logging": {"enabled": "false"}},
    {"bucket_logging": {"target_bucket": "logs"}},
    {"bucket_trusted_account_ids": [ACCOUNT]},
    {"kind": "app", "state": "started", "app_default_domain_ids": ["d-abcdefghijkl"]},
    {"app_default_domain_ids": "d-abcdefghijkl, d-mnopqrstuvwx"},
    {"app_kms_key_id": "alias/mlflow"},
    {"state": "absent", "protect": False},
    {"state": "absent", "protect": False, "bucket_name_suffix": "", "artifact_store_uri": "s3://adopted/"},
    {
        "state": "absent",
        "protect": False,
        "keep_bucket": True,
        "bucket_name_suffix": "",
        "artifact_store_uri": "s3://b-b/p",
    },
    {"power_schedule": {"stop": WEEKEND, "timezone": "Europe/Berlin"}},
    {"power_schedule": {"start": {"schedule_expression": "cron(0 7 ? * MON *)"}}},
    {"power_schedule": {"stop": {"days": "Friday, sat", "time": "7:30"}}},
    {"power_schedule": {"state": "absent"}},
    {"power_schedule": {"start": None, "stop": WEEKEND}},
    {"bucket_trusted_account_ids": 123456789012, "wait_delay": "30.0"},
    {"power_schedule": {"timezone": "UTC"}, "state": "absent"},
    {"kms_key": {"create": "yes", "app_key": True}, "kind": "app"},
    {"kms_key": {"create": True, "delete": True}, "state": "absent", "protect": False},
    {"vpc_endpoints": {**NETWORK, "restrict_bucket": "yes"}},
    {"vpc_endpoints": {"vpc_id": "vpc-01234567", "services": ["s3"], "route_table_ids": ["rtb-1"]}},
    {"vpc_endpoints": {"vpc_id": "vpc-01234567"}, "state": "absent"},
    {"audit_trail": {"name": "organization", "api_events": "write"}},
    {"bucket_logging_manage_target": True, "bucket_logging": {"target_bucket": "logs"}},
]


@pytest.mark.parametrize("changed", GOOD, ids=str)
def test_what_is_accepted(changed: dict[str, t.Any]) -> None:
    given = values(**changed)
    assert rules.about_forms(given, specification.OPTIONS) == []
    assert specification.errors(given) == []
    assert rules.about_meaning(given) == []


BAD: list[tuple[dict[str, t.Any], str]] = [
    ({"name": "mlflow_test"}, "mlflow_server_name is 'mlflow_test'; it must be 1 to 256"),
    ({"name": "a" * 257}, "it must be 1 to 256"),
    ({"name": "mlflow\n"}, "it must be 1 to 256"),
    ({"version": 3}, "mlflow_server_version is '3'; it must be major.minor"),
    ({"maintenance_window": "Tue:24:00"}, "mlflow_server_maintenance_window is 'Tue:24:00'"),
    ({"artifact_bucket_owner": 123}, "mlflow_server_artifact_bucket_owner is '123'"),
    ({"app_kms_key_id": "my key"}, "mlflow_server_app_kms_key_id is 'my key'"),
    ({"region": "cn-north-1"}, "AWS offers no managed MLflow in China"),
    ({"kind": "app", "state": "stopped"}, "an App has no power state"),
    ({"app_default_domain_ids": ["d-abc", "studio"]}, "mlflow_server_app_default_domain_ids is d-abc, studio"),
    ({"wait_timeout": 0}, "mlflow_server_wait_timeout is 0; it must be more than 0"),
    ({"wait_delay": "61"}, "mlflow_server_wait_delay is 61; it must be 1 to 60"),
    ({"wait_delay": 0}, "mlflow_server_wait_delay is 0"),
    ({"role_propagation_delay": -1}, "it must be 0 or more seconds"),
    ({"bucket_noncurrent_version_expiration_days": -1}, "must be a number of days"),
    ({"bucket_abort_incomplete_multipart_upload_days": -1}, "must be a number of days"),
    ({"bucket_trusted_account_ids": [ACCOUNT], "bucket_restrict_to_account": "no"}, "has a meaning only with"),
    ({"bucket_logging": {"target_prefix": "x"}}, "needs the key target_bucket"),
    ({"bucket_name_suffix": ""}, "mlflow_server_bucket_name_suffix is not set"),
    ({"create_bucket": False}, "does not say which bucket to use"),
    ({"create_bucket": False, "artifact_store_uri": "bucket"}, "must be s3://bucket or s3://bucket/prefix"),
    ({"create_bucket": False, "artifact_store_uri": "s3://bucket/$x"}, "must be s3://bucket or s3://bucket/prefix"),
    ({"artifact_store_uri": "s3://other"}, "makes the bucket mlflow-staging-mlflow-artifacts-a, but"),
    ({"bucket_name_suffix": "S"}, "S3 allows 3 to 63 lower-case letters"),
    ({"bucket_name_suffix": "s" * 40}, "(72 characters)"),
    (
        {"state": "absent", "protect": "no", "bucket_name_suffix": "", "artifact_store_uri": "s3://shared/team"},
        "The bucket shared would be deleted with all that is in it, also outside of s3://shared/team",
    ),
    ({"kind": "app", "power_schedule": {"stop": WEEKEND}}, "mlflow_server_power_schedule is for a tracking server"),
    ({"power_schedule": {"timezone": "UTC"}}, "does not say when"),
    ({"power_schedule": {"stop": {"days": ["Fri"]}}}, "need a time in quotes"),
    ({"power_schedule": {"stop": {"time": 1140}}}, "need a time in quotes"),
    ({"power_schedule": {"stop": {"time": "19:00", "days": ["Fry"]}}}, "days are Mon, Tue"),
    ({"power_schedule": {"stop": WEEKEND, "timezone": "Europe Berlin"}}, "timezone is 'Europe Berlin'"),
    ({"kms_key": {"alias": "x"}}, "does not say create: true"),
    ({"kms_key": {"create": True}, "kms_key_id": "alias/x"}, "mlflow_server_kms_key_id names another"),
    (
        {"kind": "app", "kms_key": {"create": True, "app_key": True}, "app_kms_key_id": "alias/x"},
        "mlflow_server_app_kms_key_id names another key",
    ),
    (
        {"kms_key": {"create": True, "delete": True}, "state": "absent", "keep_bucket": True},
        "but the bucket mlflow-staging-mlflow-artifacts-a stays",
    ),
    ({"vpc_endpoints": {**NETWORK, "vpc_id": "vpc"}}, "needs vpc_id"),
    ({"vpc_endpoints": {**NETWORK, "subnet_ids": []}}, "needs subnet_ids"),
    ({"vpc_endpoints": {**NETWORK, "route_table_ids": None}}, "needs route_table_ids"),
    ({"vpc_endpoints": {**NETWORK, "allowed_cidrs": []}}, "does not say who may reach the endpoints"),
    (
        {
            "vpc_endpoints": {**NETWORK, "restrict_bucket": True},
            "create_bucket": False,
            "bucket_name_suffix": "",
            "artifact_store_uri": "s3://there",
        },
        "restrict_bucket: true, but with mlflow_server_create_bucket=false",
    ),
    ({"audit_trail": {"create": True}}, "mlflow_server_audit_trail has no name"),
    (
        {"audit_trail": {"name": "a", "bucket": "b"}},
        "mlflow_server_audit_trail has unknown keys: bucket. There are name,",
    ),
    ({"bucket_logging_manage_target": "yes"}, "names no target_bucket"),
    ({"artifact_bucket_assume_role_arn": "arn:aws:iam::1:role/x"}, "is for a bucket of another account"),
]


@pytest.mark.parametrize(("changed", "words"), BAD, ids=[str(changed) for changed, _words in BAD])
def test_what_is_refused_and_nothing_else_is_said(changed: dict[str, t.Any], words: str) -> None:
    said = rules.about_meaning(values(**changed))
    assert len(said) == 1
    assert words in said[0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"size": "Huge"}, "value of mlflow_server_size must be one of: Small, Medium, Large, got: Huge"),
        ({"wait_timeout": "soon"}, "mlflow_server_wait_timeout"),
        ({"wait": "perhaps"}, "mlflow_server_wait"),
        ({"power_schedule": {"stopp": WEEKEND}}, "stopp"),
        ({"power_schedule": {"stop": 19}}, "mlflow_server_power_schedule.stop must be a dictionary."),
    ],
)
def test_types_choices_and_keys_are_those_of_the_documentation(changed: dict[str, t.Any], words: str) -> None:
    assert words in " ".join(specification.errors(values(**changed)))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": None, "tags": None}, "no value (null): mlflow_server_name, mlflow_server_tags. Remove them"),
        ({"tags": '{"a": "b"}'}, "must be dictionaries: mlflow_server_tags. On the command line"),
        (
            {"wait_timeout": float("inf"), "power_schedule": {"a": [{"b": -float("inf")}]}},
            "an infinite number in them: mlflow_server_power_schedule, mlflow_server_wait_timeout.",
        ),
    ],
)
def test_forms(changed: dict[str, t.Any], words: str) -> None:
    given = values(**changed)
    assert words in " ".join(rules.about_forms(given, specification.OPTIONS))
    specification.errors(given)


KINDS: list[tuple[dict[str, t.Any], list[str]]] = [
    ({}, []),
    ({"size": "small", "verify_bucket_owner": "True", "kind": "app"}, []),
    ({"kind": "app", "size": "Large", "artifact_bucket_owner": ACCOUNT}, ["artifact_bucket_owner", "size"]),
    ({"app_move_defaults": "yes", "app_kms_key_id": "x"}, ["app_kms_key_id", "app_move_defaults"]),
    ({"app_account_default": "false", "app_default_domain_ids": []}, []),
]


@pytest.mark.parametrize(("changed", "names"), KINDS, ids=str)
def test_variables_that_the_kind_has_no_use_for_are_told(changed: dict[str, t.Any], names: list[str]) -> None:
    said = rules.about_kind(values(**changed), specification.OPTIONS)
    assert bool(said) == bool(names)
    assert ", ".join(f"mlflow_server_{name}" for name in names) in "".join(said)
