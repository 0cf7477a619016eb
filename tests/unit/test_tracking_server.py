# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options to wish, Describe to state: the checks and the normal forms."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from tracking_server_samples import ACCOUNT, ARN, IN_FLUX, NAME, REGION, ROLE, STATUSES, URI, server, wish

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import (
    SETTINGS,
    Wish,
    described,
    from_aws,
    require_known_settings,
    wish_from_parameters,
)

DEFAULTS: dict[str, t.Any] = {
    "state": "present",
    "purge_tags": False,
    "delete_data": False,
    "recreate_failed": False,
    "update_stopped": "try",
}


def wished(region: str | None = REGION, **options: t.Any) -> Wish:
    """The wish of these options."""
    return wish_from_parameters({"name": NAME, **DEFAULTS, **options}, region)


@pytest.mark.parametrize(
    ("option", "given", "sent"),
    [
        ("weekly_maintenance_window_start", "TUE:03:30", "Tue:03:30"),
        ("weekly_maintenance_window_start", "sun:23:59", "Sun:23:59"),
        ("artifact_store_uri", "s3://bucket/", "s3://bucket/"),
        ("artifact_store_uri", "s3://bucket/some/prefix", "s3://bucket/some/prefix"),
        ("artifact_store_uri", "https://bucket.s3.amazonaws.com/prefix", "https://bucket.s3.amazonaws.com/prefix"),
        ("s3_bucket_owner_account_id", "000000000001", "000000000001"),
        ("s3_bucket_owner_verification", False, False),
        ("automatic_model_registration", False, False),
        ("tracking_server_size", "Large", "Large"),
    ],
)
def test_settings_are_sent_as_aws_spells_them(option: str, given: t.Any, sent: t.Any) -> None:
    assert wished(**{option: given}).settings == {option: sent}


@pytest.mark.parametrize(("given", "sent"), [("3.0", "3.0"), ("3.0.0", "3.0"), ("2.16.2", "2.16"), ("3.10", "3.10")])
def test_a_version_is_sent_without_its_patch(given: str, sent: str) -> None:
    assert wished(mlflow_version=given).mlflow_version == sent


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("name", "-begins", "letters, digits and hyphens"),
        ("name", "ends-", "letters, digits and hyphens"),
        ("name", "under_score", "letters, digits and hyphens"),
        ("name", "", "letters, digits and hyphens"),
        ("name", "a" * 257, "1 to 256"),
        ("name", "new\nline", "letters, digits and hyphens"),
        ("artifact_store_uri", "bucket/prefix", "s3://bucket"),
        ("artifact_store_uri", "s3:///prefix", "s3://bucket"),
        ("artifact_store_uri", "s3://bucket/" + "a" * 1024, "1024"),
        ("role_arn", "mlflow-role", "arn:aws:iam::"),
        ("role_arn", "arn:aws:iam::123:role/r", "arn:aws:iam::"),
        ("role_arn", "arn:aws:iam::123456789012:user/r", "arn:aws:iam::"),
        ("role_arn", "arn:aws-cn:iam::123456789012:role/r", "China"),
        ("mlflow_version", "3", "major.minor"),
        ("mlflow_version", "latest", "major.minor"),
        ("mlflow_version", "3.0.0.1", "major.minor"),
        ("mlflow_version", "\u0663.\u0660", "major.minor"),
        ("weekly_maintenance_window_start", "Tuesday:03:30", "Tue:03:30"),
        ("weekly_maintenance_window_start", "Tue:24:00", "Tue:03:30"),
        ("weekly_maintenance_window_start", "Tue:3:30", "Tue:03:30"),
        ("weekly_maintenance_window_start", "Abc:03:30", "Sat, Sun"),
        ("s3_bucket_owner_account_id", "12345", "in quotes"),
        ("s3_bucket_owner_account_id", "12345678901x", "12 digits"),
    ],
)
def test_what_aws_would_refuse_is_refused_before_the_first_call(option: str, value: str, hint: str) -> None:
    with pytest.raises(MlflowError) as failure:
        wished(**{option: value})
    assert failure.value.message.startswith(f"{option}: '{value}'"), "names the option and the value"
    assert hint in failure.value.message


@pytest.mark.parametrize(("region", "hint"), [("cn-north-1", "China"), (None, "AWS_REGION"), ("", "AWS_REGION")])
def test_a_region_without_managed_mlflow_is_refused(region: str | None, hint: str) -> None:
    with pytest.raises(MlflowError, match=hint):
        wished(region=region)


@pytest.mark.parametrize(
    ("known", "options", "option"),
    [
        ([], {}, "MLflow tracking servers"),
        (["TrackingServerName"], {"s3_bucket_owner_verification": True}, "s3_bucket_owner_verification"),
        (["TrackingServerName"], {"s3_bucket_owner_account_id": ACCOUNT}, "s3_bucket_owner_account_id"),
    ],
)
def test_an_old_botocore_is_named(known: list[str], options: dict[str, t.Any], option: str) -> None:
    with pytest.raises(MlflowError) as failure:
        require_known_settings(wished(**options), known, "1.41.0")
    assert option in failure.value.message
    assert "1.41.0" in failure.value.message
    assert "1.42.62" in failure.value.message


def test_an_old_botocore_is_enough_for_what_it_knows() -> None:
    require_known_settings(wished(artifact_store_uri=URI), ["TrackingServerName"], "1.41.0")


@pytest.mark.parametrize(
    ("role_arn", "region", "arn"),
    [
        (ROLE, REGION, ARN),
        (
            "arn:aws-us-gov:iam::210987654321:role/path/r",
            "us-gov-west-1",
            f"arn:aws-us-gov:sagemaker:us-gov-west-1:210987654321:mlflow-tracking-server/{NAME}",
        ),
        (None, REGION, None),
    ],
)
def test_the_arn_is_known_beforehand(role_arn: str | None, region: str, arn: str | None) -> None:
    assert wished(region=region, role_arn=role_arn).predicted_arn == arn


@pytest.mark.parametrize("status", STATUSES)
def test_every_state_is_settled_or_in_flux(status: str) -> None:
    assert server(status).in_flux == (status in IN_FLUX)
    assert sagemaker.is_failed(status) == (status.endswith("Failed"))


def test_maintenance_shows_in_its_own_field_too() -> None:
    assert server("Started", maintenance_status="MaintenanceInProgress").in_flux
    assert not server("Started", maintenance_status="MaintenanceComplete").in_flux


@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("status", STATUSES)
def test_isactive_tells_whether_a_settled_server_runs(status: str, is_active: bool) -> None:
    expected = {"Creating": True, "Starting": True, "Stopping": False}.get(status, is_active)
    assert server(status, is_active=is_active).will_be_active == expected


ANSWER: dict[str, t.Any] = {
    "TrackingServerArn": ARN,
    "TrackingServerName": NAME,
    "ArtifactStoreUri": URI,
    "TrackingServerSize": "Medium",
    "MlflowVersion": "3.0.0",
    "RoleArn": ROLE,
    "TrackingServerStatus": "Updated",
    "TrackingServerMaintenanceStatus": "MaintenanceComplete",
    "IsActive": "Active",
    "TrackingServerUrl": "https://t-abc.us-east-1.experiments.sagemaker.aws",
    "WeeklyMaintenanceWindowStart": "Tue:03:30",
    "AutomaticModelRegistration": False,
    "CreationTime": datetime.datetime(2026, 11, 23, 10, tzinfo=datetime.timezone.utc),
    "CreatedBy": {"UserProfileName": "ada", "IamIdentity": {"Arn": "arn:aws:iam::1:user/Ada", "PrincipalId": "AIDA"}},
    "LastModifiedTime": datetime.datetime(2026, 11, 23, 11, tzinfo=datetime.timezone.utc),
    "LastModifiedBy": {"DomainId": "d-1"},
    "S3BucketOwnerAccountId": ACCOUNT,
    "S3BucketOwnerVerification": True,
}


def test_everything_that_describe_says_is_returned() -> None:
    values = described(from_aws(ANSWER, {"Team": "ml"}), NAME)
    assert values == {
        "exists": True,
        "tracking_uri": ARN,
        "tracking_server_arn": ARN,
        "tracking_server_name": NAME,
        "tracking_server_status": "Updated",
        "tracking_server_maintenance_status": "MaintenanceComplete",
        "is_active": True,
        "tracking_server_url": "https://t-abc.us-east-1.experiments.sagemaker.aws",
        "artifact_store_uri": URI,
        "role_arn": ROLE,
        "tracking_server_size": "Medium",
        "mlflow_version": "3.0.0",
        "automatic_model_registration": False,
        "weekly_maintenance_window_start": "Tue:03:30",
        "s3_bucket_owner_account_id": ACCOUNT,
        "s3_bucket_owner_verification": True,
        "creation_time": "2026-11-23T10:00:00+00:00",
        "created_by": {
            "user_profile_name": "ada",
            "iam_identity": {"arn": "arn:aws:iam::1:user/Ada", "principal_id": "AIDA"},
        },
        "last_modified_time": "2026-11-23T11:00:00+00:00",
        "last_modified_by": {"domain_id": "d-1"},
        "tags": {"Team": "ml"},
    }


def test_the_keys_are_the_same_when_there_is_no_server() -> None:
    absent = described(None, NAME)
    assert absent.keys() == described(server(), NAME).keys()
    assert absent["tracking_server_name"] == NAME
    assert {key for key, value in absent.items() if value is not None} == {
        "exists",
        "is_active",
        "tracking_server_name",
    }


def test_an_answer_without_optional_fields_is_understood() -> None:
    required = ("TrackingServerArn", "TrackingServerName", "TrackingServerStatus")
    bare = from_aws({key: ANSWER[key] for key in required}, None)
    assert bare.settings == dict.fromkeys(SETTINGS)
    assert not bare.is_active


def test_a_wish_about_nothing_asks_nothing() -> None:
    assert wished() == wish(role_arn=None, mlflow_version=None, settings={})
