# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations on tracking servers, through boto3."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from local_aws.control_region import ACCOUNT, ControlRegion, aws, moto_endpoint, refused

__all__ = ["aws", "moto_endpoint"]


def describe(region: ControlRegion, name: str = "models") -> dict[str, Any]:
    answer: dict[str, Any] = region.client("sagemaker").describe_mlflow_tracking_server(TrackingServerName=name)
    answer.pop("ResponseMetadata")
    return answer


def test_defaults(aws: ControlRegion) -> None:
    server = aws.server()
    answer = describe(aws)

    assert server.arn == f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/models"
    expected = {
        "TrackingServerArn": server.arn,
        "TrackingServerSize": "Small",
        "MlflowVersion": "3.0.0",
        "AutomaticModelRegistration": False,
        "TrackingServerStatus": "Created",
        "IsActive": "Active",
        "S3BucketOwnerAccountId": ACCOUNT,
        "S3BucketOwnerVerification": True,
        "CreatedBy": {"IamIdentity": {"Arn": f"arn:aws:iam::{ACCOUNT}:root", "PrincipalId": ACCOUNT}},
    }
    assert {name: answer[name] for name in expected} == expected
    assert re.fullmatch(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun):\d\d:\d\d", answer["WeeklyMaintenanceWindowStart"])
    assert re.fullmatch(r"https://t-[a-z0-9]{12}\.us-east-1\.experiments\.sagemaker\.aws", answer["TrackingServerUrl"])


GIVEN: dict[str, Any] = {
    "ArtifactStoreUri": "s3://artifacts/some/prefix/",
    "TrackingServerSize": "Large",
    "AutomaticModelRegistration": True,
    "WeeklyMaintenanceWindowStart": "Tue:03:30",
    "S3BucketOwnerAccountId": ACCOUNT,
    "S3BucketOwnerVerification": False,
}


def test_everything_given_is_described_as_given(aws: ControlRegion) -> None:
    aws.bucket()
    aws.server(**GIVEN, MlflowVersion="2.16")
    answer = describe(aws)
    assert {name: answer[name] for name in GIVEN} == GIVEN
    assert answer["MlflowVersion"] == "2.16.2"


@pytest.mark.parametrize("version", ["2.16.2", "3.0.0", "2.99", "4.0"])
def test_versions_that_aws_refuses(aws: ControlRegion, version: str) -> None:
    needs = {"ArtifactStoreUri": aws.bucket(), "RoleArn": aws.role(), "MlflowVersion": version}
    refusal = refused(aws.client("sagemaker").create_mlflow_tracking_server, TrackingServerName="models", **needs)
    assert refusal == ("ValidationException", "The provided MLflow version is not supported", 400)
    assert aws.store.all() == []


@pytest.mark.parametrize("member", sorted(GIVEN))
def test_update_changes_what_is_given_and_nothing_else(aws: ControlRegion, member: str) -> None:
    aws.server(WeeklyMaintenanceWindowStart="Mon:00:00")
    before = describe(aws)
    aws.clock.advance(60)
    value = {"S3BucketOwnerAccountId": "210987654321"}.get(member, GIVEN[member])
    if member == "S3BucketOwnerAccountId":
        aws.settings.foreign_buckets = {"theirs"}
        aws.settings.foreign_account_id = str(value)
        uri = {"ArtifactStoreUri": "s3://theirs"}
    else:
        uri = {}
    aws.client("sagemaker").update_mlflow_tracking_server(TrackingServerName="models", **{member: value}, **uri)

    after = describe(aws)
    assert after.pop("LastModifiedTime") - before.pop("LastModifiedTime") >= timedelta(seconds=60)
    assert after["TrackingServerStatus"] == "Updated"
    assert after == {**before, member: value, **uri, "TrackingServerStatus": "Updated"}


@pytest.mark.parametrize("flips", [True, False])
def test_registration_left_out_of_an_update_falls_back_to_its_default(aws: ControlRegion, flips: bool) -> None:
    aws.settings.update_omission_flips = flips
    aws.server(AutomaticModelRegistration=True)
    aws.client("sagemaker").update_mlflow_tracking_server(TrackingServerName="models", TrackingServerSize="Medium")
    assert describe(aws)["AutomaticModelRegistration"] is not flips


def test_new_values_show_when_the_update_is_over(aws: ControlRegion) -> None:
    aws.server()
    aws.settings.delays.update = 60.0
    aws.client("sagemaker").update_mlflow_tracking_server(TrackingServerName="models", TrackingServerSize="Medium")
    assert describe(aws)["TrackingServerSize"] == "Small"
    aws.clock.advance(61)
    assert describe(aws)["TrackingServerSize"] == "Medium"


def test_a_stopped_server_can_be_updated_unless_the_setting_says_no(aws: ControlRegion) -> None:
    aws.server()
    sagemaker = aws.client("sagemaker")
    sagemaker.stop_mlflow_tracking_server(TrackingServerName="models")
    change = {"TrackingServerName": "models", "TrackingServerSize": "Medium"}
    sagemaker.update_mlflow_tracking_server(**change)
    answer = describe(aws)
    assert (answer["TrackingServerStatus"], answer["IsActive"]) == ("Updated", "Inactive")

    aws.settings.update_stopped_allowed = False
    assert refused(sagemaker.update_mlflow_tracking_server, **change)[0] == "ConflictException"


def test_start_of_an_active_and_stop_of_a_stopped_server_conflict(aws: ControlRegion) -> None:
    aws.server()
    sagemaker = aws.client("sagemaker")
    assert refused(sagemaker.start_mlflow_tracking_server, TrackingServerName="models")[::2] == (
        "ConflictException",
        400,
    )
    sagemaker.stop_mlflow_tracking_server(TrackingServerName="models")
    assert refused(sagemaker.stop_mlflow_tracking_server, TrackingServerName="models")[0] == "ConflictException"


@pytest.mark.parametrize(
    "operation",
    [
        *(f"{verb}_mlflow_tracking_server" for verb in ("describe", "update", "delete", "start", "stop")),
        "create_presigned_mlflow_tracking_server_url",
    ],
)
def test_unknown_servers(aws: ControlRegion, operation: str) -> None:
    aws.server()
    for region, name in (("us-east-1", "other"), ("eu-west-1", "models")):
        call = getattr(aws.client("sagemaker", region), operation)
        code, message, status = refused(call, TrackingServerName=name)
        assert (code, status) == ("ResourceNotFound", 400)
        assert f":{region}:{ACCOUNT}:mlflow-tracking-server/{name} does not exist" in message


def test_a_name_is_taken_once_in_each_region(aws: ControlRegion) -> None:
    server = aws.server()
    sagemaker = aws.client("sagemaker")
    again = {
        "TrackingServerName": "models",
        "ArtifactStoreUri": server.artifact_store_uri,
        "RoleArn": server.role_arn,
    }
    assert refused(sagemaker.create_mlflow_tracking_server, **again)[0] == "ValidationException"
    aws.settings.duplicate_name_error = "ConflictException"
    assert refused(sagemaker.create_mlflow_tracking_server, **again)[0] == "ConflictException"

    elsewhere = {**again, "ArtifactStoreUri": aws.bucket("elsewhere", "eu-west-1")}
    aws.client("sagemaker", "eu-west-1").create_mlflow_tracking_server(**elsewhere)
    sagemaker.delete_mlflow_tracking_server(TrackingServerName="models")
    sagemaker.create_mlflow_tracking_server(**again)
    assert len(aws.store.all()) == 2


def test_quota(aws: ControlRegion) -> None:
    aws.settings.tracking_server_quota = 1
    server = aws.server()
    again = {"ArtifactStoreUri": server.artifact_store_uri, "RoleArn": server.role_arn}
    code, message, status = refused(
        aws.client("sagemaker").create_mlflow_tracking_server, TrackingServerName="second", **again
    )
    assert (code, status) == ("ResourceLimitExceeded", 400)
    assert "is 1 Tracking Servers, with current utilization of 1 Tracking Servers and a request delta of 1" in message


def names_of(answer: dict[str, Any]) -> list[str]:
    return [each["TrackingServerName"] for each in answer["TrackingServerSummaries"]]


@pytest.fixture
def fleet(aws: ControlRegion) -> ControlRegion:
    """Three servers, a minute apart; the second is stopped, the third older software."""
    for name, more in (("bravo", {}), ("alpha", {}), ("charlie", {"MlflowVersion": "2.16"})):
        aws.server(name, **more)
        aws.clock.advance(60)
    aws.client("sagemaker").stop_mlflow_tracking_server(TrackingServerName="alpha")
    return aws


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ["charlie", "alpha", "bravo"]),
        ({"SortOrder": "Ascending"}, ["bravo", "alpha", "charlie"]),
        ({"SortBy": "Name"}, ["charlie", "bravo", "alpha"]),
        ({"SortBy": "Name", "SortOrder": "Ascending"}, ["alpha", "bravo", "charlie"]),
        ({"SortBy": "Status", "SortOrder": "Ascending"}, ["bravo", "charlie", "alpha"]),
        ({"TrackingServerStatus": "Stopped"}, ["alpha"]),
        ({"MlflowVersion": "2.16.2"}, ["charlie"]),
        ({"MlflowVersion": "3.0"}, ["alpha", "bravo"]),
        ({"MlflowVersion": "3"}, ["alpha", "bravo"]),
    ],
)
def test_list_filters_and_orders(fleet: ControlRegion, parameters: dict[str, str], expected: list[str]) -> None:
    assert names_of(fleet.client("sagemaker").list_mlflow_tracking_servers(**parameters)) == expected


def test_list_between_moments(fleet: ControlRegion) -> None:
    sagemaker = fleet.client("sagemaker")
    second = describe(fleet, "alpha")["CreationTime"]
    apart = timedelta(seconds=1)
    assert names_of(sagemaker.list_mlflow_tracking_servers(CreatedAfter=second + apart)) == ["charlie"]
    assert names_of(sagemaker.list_mlflow_tracking_servers(CreatedBefore=second - apart)) == ["bravo"]
    both = {"CreatedAfter": second - apart, "CreatedBefore": second + apart}
    assert names_of(sagemaker.list_mlflow_tracking_servers(**both)) == ["alpha"]
    assert names_of(fleet.client("sagemaker", "eu-west-1").list_mlflow_tracking_servers()) == []


def test_pages(fleet: ControlRegion) -> None:
    sagemaker = fleet.client("sagemaker")
    pages = sagemaker.get_paginator("list_mlflow_tracking_servers").paginate(
        SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )
    assert [names_of(page) for page in pages] == [["alpha", "bravo"], ["charlie"]]

    fleet.settings.list_page_size = 1
    first = sagemaker.list_mlflow_tracking_servers()
    assert len(names_of(first)) == 1
    for question in ({"SortBy": "Name", "NextToken": first["NextToken"]}, {"NextToken": "invented"}):
        assert refused(sagemaker.list_mlflow_tracking_servers, **question)[0] == "ValidationException"


def test_presigned_url(aws: ControlRegion) -> None:
    server = aws.server()
    presign = aws.client("sagemaker").create_presigned_mlflow_tracking_server_url
    assert presign(TrackingServerName="models")["AuthorizedUrl"].startswith(f"http://127.0.0.1:{5566}/_mlflow/")
    presign(TrackingServerName="models", ExpiresInSeconds=5, SessionExpirationDurationInSeconds=1800)
    assert aws.links.issued == [(server.arn, 300, 43200), (server.arn, 5, 1800)]

    aws.client("sagemaker").stop_mlflow_tracking_server(TrackingServerName="models")
    assert refused(presign, TrackingServerName="models")[0] == "ValidationException"
    aws.settings.presign_inactive_allowed = True
    presign(TrackingServerName="models")


def test_changes_are_signed_by_who_made_them(aws: ControlRegion) -> None:
    aws.server()
    iam = aws.client("iam")
    user = iam.create_user(UserName="anna")["User"]
    key = iam.create_access_key(UserName="anna")["AccessKey"]
    hers = aws.client("sagemaker", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    hers.update_mlflow_tracking_server(TrackingServerName="models", TrackingServerSize="Medium")

    answer = describe(aws)
    assert answer["LastModifiedBy"]["IamIdentity"] == {"Arn": user["Arn"], "PrincipalId": user["UserId"]}
    assert answer["CreatedBy"]["IamIdentity"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
