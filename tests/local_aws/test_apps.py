# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations on MLflow Apps, through boto3."""

from __future__ import annotations

import re
from typing import Any

import pytest
from local_aws.control_region import ACCOUNT, ControlRegion, aws, moto_endpoint, refused

__all__ = ["aws", "moto_endpoint"]

ENABLED, DISABLED = "AutoModelRegistrationEnabled", "AutoModelRegistrationDisabled"


def describe(region: ControlRegion, arn: str) -> dict[str, Any]:
    answer: dict[str, Any] = region.client("sagemaker").describe_mlflow_app(Arn=arn)
    answer.pop("ResponseMetadata")
    return answer


def test_defaults(aws: ControlRegion) -> None:
    app = aws.app()
    answer = describe(aws, app.arn)
    assert re.fullmatch(rf"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-app/app-[A-Z0-9]{{12}}", app.arn)
    expected = {
        "Name": "models",
        "Status": "Created",
        "MlflowVersion": "3.10.1",
        "ModelRegistrationMode": DISABLED,
        "AccountDefaultStatus": "DISABLED",
        "DefaultDomainIdList": [],
    }
    assert {name: answer[name] for name in expected} == expected
    assert "KmsKeyId" not in answer
    assert "MaintenanceStatus" not in answer


GIVEN: dict[str, Any] = {
    "Name": "other",
    "ArtifactStoreUri": "s3://artifacts/prefix/",
    "ModelRegistrationMode": ENABLED,
    "WeeklyMaintenanceWindowStart": "Tue:03:30",
    "AccountDefaultStatus": "ENABLED",
    "DefaultDomainIdList": ["d-aaaaaaaaaaaa", "d-bbbbbbbbbbbb"],
}


def test_everything_given_is_described_as_given(aws: ControlRegion) -> None:
    aws.bucket()
    answer = describe(aws, aws.app(GIVEN["Name"], **{name: GIVEN[name] for name in GIVEN if name != "Name"}).arn)
    assert {name: answer[name] for name in GIVEN} == GIVEN


@pytest.mark.parametrize("member", sorted(GIVEN))
def test_update_changes_what_is_given_and_nothing_else(aws: ControlRegion, member: str) -> None:
    aws.settings.update_omission_flips = False
    app = aws.app(WeeklyMaintenanceWindowStart="Mon:00:00")
    before = describe(aws, app.arn)
    aws.client("sagemaker").update_mlflow_app(Arn=app.arn, **{member: GIVEN[member]})
    after = describe(aws, app.arn)
    assert after.pop("LastModifiedTime") >= before.pop("LastModifiedTime")
    assert after == {**before, member: GIVEN[member], "Status": "Updated"}


def test_registration_left_out_of_an_update_becomes_enabled(aws: ControlRegion) -> None:
    app = aws.app(ModelRegistrationMode=DISABLED)
    sagemaker = aws.client("sagemaker")
    sagemaker.update_mlflow_app(Arn=app.arn, Name="other")
    assert describe(aws, app.arn)["ModelRegistrationMode"] == ENABLED
    sagemaker.update_mlflow_app(Arn=app.arn, ModelRegistrationMode=DISABLED)
    assert describe(aws, app.arn)["ModelRegistrationMode"] == DISABLED


@pytest.mark.parametrize(("clears", "expected"), [(True, []), (False, ["d-aaaaaaaaaaaa"])])
def test_an_empty_list_of_domains(aws: ControlRegion, clears: bool, expected: list[str]) -> None:
    aws.settings.empty_domain_list_clears = clears
    app = aws.app(DefaultDomainIdList=["d-aaaaaaaaaaaa"])
    aws.client("sagemaker").update_mlflow_app(Arn=app.arn, DefaultDomainIdList=[])
    assert describe(aws, app.arn)["DefaultDomainIdList"] == expected


def test_defaults_move_to_whoever_takes_them(aws: ControlRegion) -> None:
    old = aws.app("old", AccountDefaultStatus="ENABLED", DefaultDomainIdList=["d-aaaaaaaaaaaa", "d-bbbbbbbbbbbb"])
    new = aws.app("new", AccountDefaultStatus="ENABLED", DefaultDomainIdList=["d-aaaaaaaaaaaa"])
    answer = describe(aws, old.arn)
    assert (answer["AccountDefaultStatus"], answer["DefaultDomainIdList"]) == ("DISABLED", ["d-bbbbbbbbbbbb"])

    aws.settings.app_defaults_move = False
    update = aws.client("sagemaker").update_mlflow_app
    for wanted in ({"AccountDefaultStatus": "ENABLED"}, {"DefaultDomainIdList": ["d-aaaaaaaaaaaa"]}):
        code, message, _unused = refused(update, Arn=old.arn, **wanted)
        assert (code, new.arn in message) == ("ValidationException", True)


@pytest.mark.parametrize("shown_as_arn", [False, True])
@pytest.mark.parametrize("form", ["id", "arn", "alias", "alias_arn"])
def test_keys_by_every_name(aws: ControlRegion, form: str, shown_as_arn: bool) -> None:
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]
    alias = f"alias/mlflow-{form.replace('_', '-')}-{shown_as_arn}"
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    given = {
        "id": key["KeyId"],
        "arn": key["Arn"],
        "alias": alias,
        "alias_arn": f"arn:aws:kms:us-east-1:{ACCOUNT}:{alias}",
    }[form]
    assert kms.describe_key(KeyId=given)["KeyMetadata"]["Arn"] == key["Arn"]

    aws.settings.app_kms_key_as_arn = shown_as_arn
    shown = describe(aws, aws.app(KmsKeyId=given).arn)["KmsKeyId"]
    assert shown == (key["Arn"] if shown_as_arn else given)


@pytest.mark.parametrize("state", ["missing", "missing alias", "disabled", "asymmetric"])
def test_keys_that_cannot_protect_an_app(aws: ControlRegion, state: str) -> None:
    kms = aws.client("kms")
    key = {"missing": "12345678-1234-1234-1234-123456789012", "missing alias": "alias/none"}.get(state)
    if key is None:
        spec = {"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"} if state == "asymmetric" else {}
        key = kms.create_key(**spec)["KeyMetadata"]["KeyId"]
    if state == "disabled":
        kms.disable_key(KeyId=key)
    needs = {"ArtifactStoreUri": aws.bucket(), "RoleArn": aws.role()}
    assert refused(aws.client("sagemaker").create_mlflow_app, Name="models", KmsKeyId=key, **needs)[0] == (
        "ValidationException"
    )


def test_a_deleted_app_is_listed_as_deleted_and_is_gone_for_everything_else(aws: ControlRegion) -> None:
    app = aws.app()
    sagemaker = aws.client("sagemaker")
    assert sagemaker.delete_mlflow_app(Arn=app.arn)["Arn"] == app.arn

    assert [each["Status"] for each in sagemaker.list_mlflow_apps()["Summaries"]] == ["Deleted"]
    assert sagemaker.describe_mlflow_app(Arn=app.arn)["Status"] == "Deleted"
    for operation in ("update_mlflow_app", "delete_mlflow_app", "create_presigned_mlflow_app_url"):
        assert refused(getattr(sagemaker, operation), Arn=app.arn)[0] == "ResourceNotFound"
    assert refused(sagemaker.list_tags, ResourceArn=app.arn)[0] == "ResourceNotFound"

    aws.clock.advance(aws.settings.deleted_app_retention_seconds + 1)
    assert sagemaker.list_mlflow_apps()["Summaries"] == []


def test_quota_and_tombstones(aws: ControlRegion) -> None:
    aws.settings.app_quota = 1
    app = aws.app()
    sagemaker = aws.client("sagemaker")
    again = {"Name": "next", "ArtifactStoreUri": app.artifact_store_uri, "RoleArn": app.role_arn}
    assert refused(sagemaker.create_mlflow_app, **again)[0] == "ResourceLimitExceeded"

    sagemaker.delete_mlflow_app(Arn=app.arn)
    aws.settings.deleted_apps_count = True
    assert refused(sagemaker.create_mlflow_app, **again)[0] == "ResourceLimitExceeded"
    aws.settings.deleted_apps_count = False
    sagemaker.create_mlflow_app(**again)


def test_names_repeat_unless_the_setting_says_no(aws: ControlRegion) -> None:
    first = aws.app()
    assert aws.app().arn != first.arn
    aws.settings.app_names_unique = True
    again = {"Name": "models", "ArtifactStoreUri": first.artifact_store_uri, "RoleArn": first.role_arn}
    assert refused(aws.client("sagemaker").create_mlflow_app, **again)[0] == "ValidationException"


@pytest.mark.parametrize(
    "operation",
    ["describe_mlflow_app", "update_mlflow_app", "delete_mlflow_app", "create_presigned_mlflow_app_url"],
)
def test_unknown_apps(aws: ControlRegion, operation: str) -> None:
    app = aws.app()
    for region, arn in (("us-east-1", f"{app.arn}X"), ("eu-west-1", app.arn)):
        code, _unused, status = refused(getattr(aws.client("sagemaker", region), operation), Arn=arn)
        assert (code, status) == ("ResourceNotFound", 400)


@pytest.fixture
def fleet(aws: ControlRegion) -> ControlRegion:
    """Three Apps, a minute apart; the first is the account's default, the second a domain's."""
    for name, more in (
        ("bravo", {"AccountDefaultStatus": "ENABLED"}),
        ("alpha", {"DefaultDomainIdList": ["d-aaaaaaaaaaaa"]}),
        ("charlie", {}),
    ):
        aws.app(name, **more)
        aws.clock.advance(60)
    aws.client("sagemaker").update_mlflow_app(Arn=aws.store.all()[1].arn, WeeklyMaintenanceWindowStart="Tue:03:30")
    return aws


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ["charlie", "alpha", "bravo"]),
        ({"SortBy": "Name", "SortOrder": "Ascending"}, ["alpha", "bravo", "charlie"]),
        ({"Status": "Updated"}, ["alpha"]),
        ({"Status": "Deleted"}, []),
        ({"AccountDefaultStatus": "ENABLED"}, ["bravo"]),
        ({"AccountDefaultStatus": "DISABLED"}, ["charlie", "alpha"]),
        ({"DefaultForDomainId": "d-aaaaaaaaaaaa"}, ["alpha"]),
        ({"DefaultForDomainId": "d-cccccccccccc"}, []),
        ({"MlflowVersion": "3.10"}, ["charlie", "alpha", "bravo"]),
        ({"MlflowVersion": "3.4"}, []),
    ],
)
def test_list_filters_and_orders(fleet: ControlRegion, parameters: dict[str, str], expected: list[str]) -> None:
    answer = fleet.client("sagemaker").list_mlflow_apps(**parameters)
    assert [each["Name"] for each in answer["Summaries"]] == expected


def test_pages(fleet: ControlRegion) -> None:
    pages = fleet.client("sagemaker").get_paginator("list_mlflow_apps").paginate(PaginationConfig={"PageSize": 1})
    assert [[each["Name"] for each in page["Summaries"]] for page in pages] == [["charlie"], ["alpha"], ["bravo"]]


def test_presigned_url(aws: ControlRegion) -> None:
    app = aws.app()
    presign = aws.client("sagemaker").create_presigned_mlflow_app_url
    presign(Arn=app.arn)
    presign(Arn=app.arn, ExpiresInSeconds=60, SessionExpirationDurationInSeconds=3600)
    assert aws.links.issued == [(app.arn, 300, 43200), (app.arn, 60, 3600)]
