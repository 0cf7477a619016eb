# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy of a KMS key: who administers it, who uses it for objects of S3, and who hands it to Apps."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _key_policy as key_policy
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

ACCOUNT, OTHER = "123456789012", "210987654321"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"
TEAM = f"arn:aws:iam::{ACCOUNT}:role/team-*"
ROOT, OTHER_ROOT = f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{OTHER}:root"


def allow(sid: str, principals: list[str], actions: t.Sequence[str], **condition: t.Any) -> dict[str, t.Any]:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": principals},
        "Action": sorted(actions),
        "Resource": "*",
    }
    return {**statement, "Condition": condition} if condition else statement


def test_administration() -> None:
    account = allow("AdministerByAccount", [f"arn:aws-cn:iam::{ACCOUNT}:root"], key_policy.ADMINISTRATION)
    assert key_policy.administration_statements("aws-cn", ACCOUNT, []) == [account]
    named = allow("Administer", [ADMIN, f"{ADMIN}-2"], key_policy.ADMINISTRATION)
    administrators = [f"{ADMIN}-2", ADMIN, ADMIN]
    assert key_policy.administration_statements("aws-cn", ACCOUNT, administrators) == [account, named]


def test_use_for_objects_of_s3() -> None:
    statement = key_policy.use_statement("aws-cn", "cn-north-1", [TEAM, OTHER_ROOT, ADMIN], ["b", "a", "a"])
    assert statement == allow(
        "UseForObjectsOfS3",
        [ROOT, OTHER_ROOT],
        ["kms:Decrypt", "kms:GenerateDataKey"],
        ArnLike={"aws:PrincipalArn": [ADMIN, TEAM, f"arn:aws:iam::{OTHER}:*"]},
        StringEquals={"kms:ViaService": "s3.cn-north-1.amazonaws.com.cn"},
        StringLike={
            "kms:EncryptionContext:aws:s3:arn": [
                "arn:aws-cn:s3:::a",
                "arn:aws-cn:s3:::a/*",
                "arn:aws-cn:s3:::b",
                "arn:aws-cn:s3:::b/*",
            ]
        },
    )
    assert "StringLike" not in key_policy.use_statement("aws", "us-east-1", [TEAM], [])["Condition"]


def test_handing_the_key_to_apps() -> None:
    via = {"kms:ViaService": "sagemaker.us-east-1.amazonaws.com"}
    named = {"aws:PrincipalArn": [ADMIN]}
    grant = allow("GrantToMLflowApps", [ROOT], ["kms:CreateGrant"], ArnLike=named, StringEquals=via)
    grant["Condition"]["ForAllValues:StringEquals"] = {"kms:GrantOperations": list(key_policy.GRANTED_TO_APPS)}
    describe = allow("DescribeForMLflowApps", [ROOT], ["kms:DescribeKey"], ArnLike=named, StringEquals=via)
    assert key_policy.app_statements("aws", "us-east-1", [ADMIN]) == [describe, grant]


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        (ACCOUNT, f"arn:aws-cn:iam::{ACCOUNT}:root"),
        ("role/team/admin", f"arn:aws-cn:iam::{OTHER}:role/team/admin"),
        ("user/ana", f"arn:aws-cn:iam::{OTHER}:user/ana"),
        (ADMIN, ADMIN),
        (ROOT, ROOT),
    ],
)
def test_a_principal_as_it_is_named_and_as_aws_names_it(name: str, arn: str) -> None:
    assert key_policy.checked_principal("users", f" {name} ", wildcards=False) == name
    assert key_policy.principal_arn(name, "aws-cn", OTHER) == arn


@pytest.mark.parametrize(
    "name",
    ["12345", "ana", "group/x", "role/", "role//x", "role/x/", "arn:aws:iam::1:role/x", "*", f"{ADMIN} x", "role/ä"],
)
def test_what_is_no_principal(name: str) -> None:
    with pytest.raises(MlflowError) as refused:
        key_policy.checked_principal("users", name, wildcards=True)
    assert refused.value.message == (
        f"users: '{name}' is no principal. Give the ARN of an IAM role or user, role/<path and name> or user/<name> of this "
        "account, or an account id (12 digits in quotes)."
    )
    with pytest.raises(MlflowError, match=f"'{'x' * 120}' is no principal"):
        key_policy.checked_principal("users", "x" * 121, wildcards=True)


@pytest.mark.parametrize("name", ["role/team-*", "user/a?a", TEAM])
def test_patterns_of_names(name: str) -> None:
    assert key_policy.checked_principal("users", name, wildcards=True) == name
    with pytest.raises(MlflowError, match=r"^administrators: '.*' has a wildcard, and AWS takes none there"):
        key_policy.checked_principal("administrators", name, wildcards=False)


def test_apps_elsewhere() -> None:
    for statement in key_policy.app_statements("aws-cn", "cn-north-1", [ADMIN]):
        via = {"kms:ViaService": "sagemaker.cn-north-1.amazonaws.com.cn"}
        assert statement["Condition"]["StringEquals"] == via
