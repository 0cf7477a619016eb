# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user asks of an App, which App a name means, and what botocore must know for it."""

from __future__ import annotations

import typing as t
from unittest import mock

import boto3
import pytest
from mlflow_app_samples import ARN, DOMAINS, IN_FLUX, NAME, OTHER_ARN, ROLE, STATUSES, URI, app, wish

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import (
    Wish,
    require_known_settings,
    wish_from_parameters,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_list import (
    Listed,
    meant,
    require_free_name,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_outcome import KIND
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_resource import CREATE_OPERATION
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_outcome import LAG, Outcome, Verdict
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_resource import known_fields

SWITCHES = ("move_defaults", "purge_tags", "delete_data", "recreate_failed")


def wished(region: str = "us-east-1", **parameters: t.Any) -> Wish:
    """The wish of these options."""
    return wish_from_parameters(
        {"name": NAME, "state": "present", **dict.fromkeys(SWITCHES, False), **parameters}, region
    )


def test_a_wish_about_nothing_asks_nothing() -> None:
    assert wished() == wish(role_arn=None, settings={})


def test_everything_is_taken_in_awss_spelling() -> None:
    assert wished(
        arn=ARN,
        artifact_store_uri=URI + "/",
        role_arn=ROLE,
        kms_key_id=" alias/ours ",
        automatic_model_registration=False,
        weekly_maintenance_window_start="SUN:01:00",
        account_default=False,
        default_domain_ids=[DOMAINS[1], DOMAINS[0], DOMAINS[1]],
        new_name="renamed",
        tags={"A": 1},
    ) == Wish(
        region="us-east-1",
        name=NAME,
        arn=ARN,
        role_arn=ROLE,
        kms_key_id="alias/ours",
        settings={
            "artifact_store_uri": URI + "/",
            "automatic_model_registration": False,
            "weekly_maintenance_window_start": "Sun:01:00",
            "account_default": False,
            "default_domain_ids": [*DOMAINS[:2]],
        },
        new_name="renamed",
        tags={"A": "1"},
    )


@pytest.mark.parametrize(
    ("parameters", "hint"),
    [
        ({"name": "a" * 257}, "name: "),
        ({"arn": ARN.replace("mlflow-app", "mlflow-tracking-server")}, "is not the ARN of an MLflow App"),
        ({"arn": ARN.replace("us-east-1", "eu-west-1")}, "Set region: eu-west-1"),
        ({"artifact_store_uri": "s3:/x"}, "artifact_store_uri: "),
        ({"role_arn": "mlflow"}, "role_arn: "),
        ({"kms_key_id": "key"}, "kms_key_id: 'key' is no KMS key"),
        ({"kms_key_id": "arn:aws:kms:eu-west-1:123456789012:alias/x"}, "MLflow is in us-east-1"),
        ({"weekly_maintenance_window_start": "Tue:24:00"}, "weekly_maintenance_window_start: "),
        ({"default_domain_ids": ["d-" + "a" * 62]}, "default_domain_ids: "),
        ({"default_domain_ids": [""]}, "default_domain_ids: ''"),
        ({"state": "absent", "new_name": "renamed"}, "new_name: "),
    ],
)
def test_what_aws_would_refuse_is_refused_here(parameters: dict[str, t.Any], hint: str) -> None:
    with pytest.raises(MlflowError) as failure:
        wished(**parameters)
    assert hint in failure.value.message


def test_a_botocore_without_apps_is_named() -> None:
    with pytest.raises(MlflowError, match=r"botocore 1\.41\.6 does not know MLflow Apps. Install botocore 1\.42\.62"):
        require_known_settings(wish(), (), "1.41.6")


def test_a_botocore_without_keys_is_named_only_when_a_key_is_wished() -> None:
    require_known_settings(wish(), ("Name",), "1.43.11")
    with pytest.raises(MlflowError, match=r"kms_key_id: botocore 1\.43\.11 .* 1\.43\.76 or newer, or leave it out"):
        require_known_settings(wish(kms_key_id="alias/ours"), ("Name",), "1.43.11")
    require_known_settings(wish(kms_key_id="alias/ours"), ("Name", "KmsKeyId"), "1.43.76")


class OldModel:
    """Of a botocore that has the client, and neither of these operations."""

    operation_names: t.ClassVar = ["ListTags"]


def test_what_an_old_botocore_knows_is_asked_of_its_model() -> None:
    old: t.Any = {"sagemaker": mock.Mock(meta=mock.Mock(service_model=OldModel))}
    assert known_fields(old, CREATE_OPERATION) == ()
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    new: t.Any = {"sagemaker": client}
    assert {"Name", "ArtifactStoreUri", "KmsKeyId"} <= set(known_fields(new, CREATE_OPERATION))


def listed(letter: str, name: str = NAME, status: str = "Created") -> Listed:
    """An App as List shows it."""
    return Listed(letter, name, status, "2026-11-23T10:00:00+00:00")


GOING, LIVE, FAILED = listed("going", status="Deleting"), listed("live"), listed("failed", status="CreateFailed")
RENAMED = listed("renamed", "renamed")


@pytest.mark.parametrize(
    ("apps", "new_name", "expected"),
    [
        ([], None, None),
        ([listed("x", "another")], None, None),
        ([LIVE], None, LIVE),
        ([FAILED], None, FAILED),
        ([GOING], None, GOING),
        ([GOING, LIVE], None, LIVE),
        ([LIVE], "renamed", LIVE),
        ([RENAMED], "renamed", RENAMED),
        ([RENAMED, GOING], "renamed", RENAMED),
        ([GOING, listed("going too", "renamed", "Deleting")], "renamed", listed("going too", "renamed", "Deleting")),
        ([RENAMED], None, None),
    ],
)
def test_which_app_a_name_means(apps: list[Listed], new_name: str | None, expected: Listed | None) -> None:
    assert meant(apps, wish(new_name=new_name)) == expected


@pytest.mark.parametrize(
    ("apps", "new_name", "words"),
    [
        ([LIVE, FAILED], None, ("There are 2 live", "live (", "failed (", "CreateFailed", "2026-11-23", "by its arn")),
        ([LIVE, RENAMED], "renamed", ("new_name: ", "live (", "renamed (")),
    ],
)
def test_several_apps_are_listed(apps: list[Listed], new_name: str | None, words: tuple[str, ...]) -> None:
    with pytest.raises(MlflowError) as failure:
        meant(apps, wish(new_name=new_name))
    for word in words:
        assert word in failure.value.message


def test_a_new_name_must_be_free_for_an_arn_too() -> None:
    by_arn = wish(arn=ARN, new_name="renamed")
    require_free_name([LIVE, Listed(ARN, "renamed", "Created"), listed("x", "renamed", "Deleting")], by_arn)
    with pytest.raises(MlflowError, match="there is an App of that name already"):
        require_free_name([Listed(OTHER_ARN, "renamed", "Created")], by_arn)


@pytest.mark.parametrize("operation", KIND.operations)
@pytest.mark.parametrize("status", STATUSES)
def test_every_state_is_decided_in_the_end(operation: str, status: str) -> None:
    parameters = {"Arn": ARN, "Name": NAME, "DefaultDomainIdList": []}
    outcome = Outcome(KIND, Call("sagemaker", operation, parameters), app())
    assert (outcome.verdict(app(status), LAG) is Verdict.PENDING) == (status in IN_FLUX)
