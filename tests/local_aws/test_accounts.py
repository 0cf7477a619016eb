# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several accounts in one local AWS: each has a root user, and roles lead from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from local_callers import Keys, policy, refused

if TYPE_CHECKING:
    from local_callers import LocalAws

OTHER = "210987654321"
HERE = "123456789012"
ROLE = f"arn:aws:iam::{OTHER}:role/deployer"


def root_of(local_aws: LocalAws, account: str) -> Keys:
    return Keys(f"AKIAROOT{account}", local_aws.boot_keys.secret_key)


def trusting(principal: str, external_id: str | None = None) -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    if external_id:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return policy(statement)


def test_each_account_has_a_root_user_and_resources_of_its_own(local_aws: LocalAws) -> None:
    other = root_of(local_aws, OTHER)
    assert local_aws.client("sts", other).get_caller_identity()["Arn"] == f"arn:aws:iam::{OTHER}:root"
    local_aws.client("iam", other).create_role(RoleName="deployer", AssumeRolePolicyDocument=trusting(HERE))
    assert local_aws.client("iam").list_roles()["Roles"] == []
    wrong = Keys(other.access_key, "wrong")
    assert refused(local_aws.client("sts", wrong).get_caller_identity)[0] == "SignatureDoesNotMatch"


@pytest.mark.parametrize(("external_id", "admitted"), [("secret-1", True), ("secret-2", False), (None, False)])
def test_a_role_leads_there_with_the_right_external_id(
    local_aws: LocalAws, external_id: str | None, admitted: bool
) -> None:
    document = trusting(f"arn:aws:iam::{HERE}:root", "secret-1")
    local_aws.client("iam", root_of(local_aws, OTHER)).create_role(
        RoleName="deployer", AssumeRolePolicyDocument=document
    )
    request = {"RoleArn": ROLE, "RoleSessionName": "test", **({"ExternalId": external_id} if external_id else {})}
    sts = local_aws.client("sts")
    if not admitted:
        assert refused(lambda: sts.assume_role(**request))[0] == "AccessDenied"
        return
    found = sts.assume_role(**request)["Credentials"]
    there = Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    assert local_aws.client("sts", there).get_caller_identity()["Account"] == OTHER


def test_a_bucket_belongs_to_one_account(local_aws: LocalAws) -> None:
    local_aws.client("s3", root_of(local_aws, OTHER)).create_bucket(Bucket="of-the-other")
    here = local_aws.client("s3")
    right = {"Bucket": "of-the-other", "ExpectedBucketOwner": OTHER}
    assert refused(lambda: here.get_bucket_policy(**{**right, "ExpectedBucketOwner": HERE}))[1] == 403
    assert refused(lambda: here.create_bucket(Bucket="of-the-other"))[0] == "BucketAlreadyExists"
