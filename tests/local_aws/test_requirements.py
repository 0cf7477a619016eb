# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server or App needs: roles that SageMaker can assume, buckets that it can use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from local_aws.control_region import ACCOUNT, TRUST, ControlRegion, aws, moto_endpoint, refused

from localaws.control_plane.requirements import bucket_name

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["aws", "moto_endpoint"]

OTHER_ACCOUNT = "210987654321"


def trust(principal: Any = None, condition: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """SageMaker's usual trust policy with something else in it."""
    statement = {**TRUST["Statement"][0], **more}
    if principal is not None:
        statement["Principal"] = principal
    if condition is not None:
        statement["Condition"] = condition
    return {**TRUST, "Statement": [statement]}


ROLES = [
    (trust(), True),
    (trust({"Service": ["lambda.amazonaws.com", "sagemaker.amazonaws.com"]}), True),
    (trust({"Service": "lambda.amazonaws.com"}), False),
    (trust({"AWS": ACCOUNT}), False),
    (trust(Effect="Deny"), False),
    (trust(Action="sts:TagSession"), False),
    (trust(condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}), True),
    (trust(condition={"StringEquals": {"aws:SourceAccount": OTHER_ACCOUNT}}), False),
    (trust(condition={"ArnLike": {"aws:SourceArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:*"}}), True),
    (trust(condition={"ArnLike": {"aws:SourceArn": f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:*"}}), False),
    (
        trust(
            condition={
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceArn": f"arn:aws:sagemaker:*:{ACCOUNT}:mlflow-*"},
            }
        ),
        True,
    ),
]


def creations(region: ControlRegion) -> dict[str, Callable[..., Any]]:
    sagemaker = region.client("sagemaker")

    def server(**parameters: Any) -> Any:
        return sagemaker.create_mlflow_tracking_server(TrackingServerName="models", **parameters)

    def app(**parameters: Any) -> Any:
        return sagemaker.create_mlflow_app(Name="models", **parameters)

    return {"server": server, "app": app}


@pytest.mark.parametrize(("document", "accepted"), ROLES)
def test_trust_policies(aws: ControlRegion, document: dict[str, Any], accepted: bool) -> None:
    uri, role = aws.bucket(), aws.role("mlflow", document)
    for create in creations(aws).values():
        if accepted:
            create(ArtifactStoreUri=uri, RoleArn=role)
            continue
        code, message, status = refused(create, ArtifactStoreUri=uri, RoleArn=role)
        assert (code, status) == ("ValidationException", 400)
        assert "SageMaker is unable to perform: sts:AssumeRole" in message
        assert role in message


def test_a_role_that_does_not_exist(aws: ControlRegion) -> None:
    uri = aws.bucket()
    for account in (ACCOUNT, OTHER_ACCOUNT):
        for create in creations(aws).values():
            refusal = refused(create, ArtifactStoreUri=uri, RoleArn=f"arn:aws:iam::{account}:role/missing")
            assert refusal[0] == "ValidationException"


def test_the_path_is_part_of_a_role(aws: ControlRegion) -> None:
    uri = aws.bucket()
    aws.client("iam").create_role(RoleName="deep", Path="/teams/vision/", AssumeRolePolicyDocument=json.dumps(TRUST))
    create = creations(aws)["server"]
    assert refused(create, ArtifactStoreUri=uri, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/deep")[0]
    create(ArtifactStoreUri=uri, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/teams/vision/deep")


@pytest.mark.parametrize("kind", ["server", "app"])
def test_a_new_role_cannot_be_assumed_at_once(aws: ControlRegion, kind: str) -> None:
    aws.settings.iam_propagation_seconds = 10.0
    aws.clock.advance(1000)
    needs = {"ArtifactStoreUri": aws.bucket(), "RoleArn": aws.role()}
    create = creations(aws)[kind]
    assert "unable to perform: sts:AssumeRole" in refused(create, **needs)[1]
    aws.clock.advance(11)
    create(**needs)


def test_a_new_trust_policy_takes_its_time_too(aws: ControlRegion) -> None:
    aws.settings.iam_propagation_seconds = 10.0
    needs = {"ArtifactStoreUri": aws.bucket(), "RoleArn": aws.role()}
    aws.clock.advance(11)
    aws.client("iam").update_assume_role_policy(RoleName="mlflow", PolicyDocument=json.dumps(TRUST))
    assert refused(creations(aws)["app"], **needs)[0] == "ValidationException"


def test_a_server_may_show_the_unusable_role_by_its_status_only(aws: ControlRegion) -> None:
    aws.settings.role_failure_is_status = True
    needs = {"ArtifactStoreUri": aws.bucket(), "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/missing"}
    creations(aws)["server"](**needs)
    assert aws.store.all()[0].status == "CreateFailed"
    assert refused(creations(aws)["app"], **needs)[0] == "ValidationException"


def missing_bucket(_region: ControlRegion) -> dict[str, Any]:
    return {"ArtifactStoreUri": "s3://missing"}


def bucket_of_another_region(region: ControlRegion) -> dict[str, Any]:
    return {"ArtifactStoreUri": region.bucket("far", "eu-west-1")}


def bucket_of_another_account(region: ControlRegion) -> dict[str, Any]:
    region.settings.foreign_buckets = {"theirs"}
    return {"ArtifactStoreUri": "s3://theirs/prefix"}


def bucket_of_nobody_expected(region: ControlRegion) -> dict[str, Any]:
    return {"ArtifactStoreUri": region.bucket(), "S3BucketOwnerAccountId": OTHER_ACCOUNT}


BUCKETS = [missing_bucket, bucket_of_another_region, bucket_of_another_account, bucket_of_nobody_expected]


@pytest.mark.parametrize("prepare", BUCKETS)
@pytest.mark.parametrize("kind", ["server", "app"])
def test_buckets_that_cannot_be_used(
    aws: ControlRegion, kind: str, prepare: Callable[[ControlRegion], dict[str, Any]]
) -> None:
    if kind == "app" and prepare is bucket_of_nobody_expected:
        prepare = missing_bucket
    parameters = {**prepare(aws), "RoleArn": aws.role()}
    creations(aws)[kind](**parameters)
    assert [each.status for each in aws.store.all()] == ["CreateFailed"]

    aws.store.clear()
    aws.settings.bucket_failure_is_status = False
    assert refused(creations(aws)[kind], **parameters)[0] == "ValidationException"
    assert aws.store.all() == []


@pytest.mark.parametrize("more", [{"S3BucketOwnerAccountId": OTHER_ACCOUNT}, {"S3BucketOwnerVerification": False}])
def test_a_bucket_of_another_account_that_is_meant(aws: ControlRegion, more: dict[str, Any]) -> None:
    aws.settings.foreign_buckets = {"theirs"}
    aws.settings.foreign_account_id = OTHER_ACCOUNT
    creations(aws)["server"](ArtifactStoreUri="s3://theirs", RoleArn=aws.role(), **more)
    assert aws.store.all()[0].status == "Created"


def test_an_update_to_an_unusable_bucket_fails_and_changes_nothing(aws: ControlRegion) -> None:
    server, app = aws.server(), aws.app()
    sagemaker = aws.client("sagemaker")
    sagemaker.update_mlflow_tracking_server(TrackingServerName="models", ArtifactStoreUri="s3://missing")
    sagemaker.update_mlflow_app(Arn=app.arn, ArtifactStoreUri="s3://missing")
    for resource in (aws.found(server.arn), aws.found(app.arn)):
        assert (resource.status, resource.artifact_store_uri) == ("UpdateFailed", "s3://artifacts")


def rights(*actions: str, resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


LIST = rights("s3:ListBucket", resource="arn:aws:s3:::artifacts")
WRITE = rights("s3:GetObject", "s3:PutObject", resource="arn:aws:s3:::artifacts/team/*")


@pytest.mark.parametrize(
    ("statements", "status"),
    [
        ([LIST, WRITE], "Created"),
        ([{**LIST, "Condition": {"StringLike": {"s3:prefix": ["team/*"]}}}, WRITE], "Created"),
        ([LIST], "CreateFailed"),
        ([WRITE], "CreateFailed"),
        ([], "CreateFailed"),
        ([LIST, WRITE, {**WRITE, "Effect": "Deny"}], "CreateFailed"),
        ([LIST, rights("s3:*", resource="arn:aws:s3:::artifacts/other/*")], "CreateFailed"),
    ],
)
@pytest.mark.parametrize("kind", ["server", "app"])
def test_a_role_without_rights_on_the_artifact_store(
    aws: ControlRegion, kind: str, statements: list[dict[str, Any]], status: str
) -> None:
    aws.settings.role_access_matters = True
    role, uri = aws.role(), aws.bucket()
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        aws.client("iam").put_role_policy(RoleName="mlflow", PolicyName="p", PolicyDocument=document)
    creations(aws)[kind](ArtifactStoreUri=f"{uri}/team", RoleArn=role)
    assert aws.store.all()[0].status == status


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("s3://bucket", "bucket"),
        ("s3://bucket/", "bucket"),
        ("s3://bucket/a/b", "bucket"),
        ("https://bucket.s3.eu-west-1.amazonaws.com/a", "bucket"),
        ("https://bucket.s3-eu-west-1.amazonaws.com/a", "bucket"),
        ("https://my.bucket.s3.amazonaws.com/a", "my.bucket"),
        ("https://s3.eu-west-1.amazonaws.com/bucket/a", "bucket"),
        ("https://bucket/a", "bucket"),
    ],
)
def test_bucket_of_an_artifact_store(uri: str, name: str) -> None:
    assert bucket_name(uri) == name
