# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a statement of a policy reaches: what the audit calls public, administrative, or open to other accounts."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _policy_reach as reach

Statement = dict[str, t.Any]
ACCOUNT, OTHER = "123456789012", "111111111111"


def allow(**parts: t.Any) -> Statement:
    return {"Effect": "Allow", **parts}


def test_only_what_allows_something() -> None:
    one, other = allow(Action="s3:GetObject"), allow(Action="kms:Decrypt")
    documents: dict[str, t.Any] = {
        "first": {"Statement": [one, {"Effect": "Deny", "Action": "*"}, {"Action": "*"}]},
        "second": {"Statement": other},
    }
    assert reach.allowing(documents) == [("first", one), ("second", other)]


@pytest.mark.parametrize(
    ("statement", "action", "covered"),
    [
        (allow(Action="s3:GetObject"), "s3:GetObject", True),
        (allow(Action="S3:getobject"), "s3:GetObject", True),
        (allow(Action=["kms:*", "s3:Get*"]), "s3:GetObject", True),
        (allow(Action="s3:Put*"), "s3:GetObject", False),
        (allow(Action="*"), "s3:GetObject", True),
        (allow(NotAction="iam:*"), "s3:GetObject", True),
        (allow(NotAction=["iam:*", "S3:Get*"]), "s3:GetObject", False),
        (allow(), "s3:GetObject", False),
    ],
)
def test_what_a_statement_is_about(statement: Statement, action: str, covered: bool) -> None:
    assert reach.covers(statement, action) is covered
    assert reach.covers_any(statement, ["iam:PassRole", action]) is covered
    assert reach.covers_any(statement, []) is False


@pytest.mark.parametrize(
    ("statement", "administrative"),
    [
        (allow(Action="*", Resource="*"), True),
        (allow(Action=["s3:GetObject", "*:*"], Resource=["arn:aws:s3:::b", "*"]), True),
        (allow(Action="*", Resource="arn:aws:s3:::b"), False),
        (allow(Action="s3:*", Resource="*"), False),
        (allow(Resource="*"), False),
        (allow(Action="*"), False),
    ],
)
def test_what_is_administrative(statement: Statement, administrative: bool) -> None:
    assert reach.is_administrative(statement) is administrative


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            allow(Action=["s3:*", "S3:Get*", "*", "sagemaker-mlflow:*", "kms:Decrypt"]),
            ["s3:*", "*", "sagemaker-mlflow:*"],
        ),
        (allow(Action="SageMaker:*"), ["SageMaker:*"]),
        (allow(NotAction="iam:*"), ["NotAction"]),
        (allow(Action="s3:GetObject"), []),
        (allow(), []),
    ],
)
def test_what_stands_for_every_action(statement: Statement, found: list[str]) -> None:
    assert reach.wildcards(statement) == found


@pytest.mark.parametrize(
    ("statement", "any_key"),
    [
        (allow(Action="kms:Decrypt", Resource="*"), True),
        (allow(Action="kms:ReEncrypt*", Resource=["arn:aws:s3:::b", "arn:aws:kms:*:*:key/*"]), True),
        (allow(Action="kms:*", Resource=f"arn:aws:kms:eu-west-1:{ACCOUNT}:*"), True),
        (allow(Action="kms:Decrypt", NotResource="arn:aws:kms:eu-west-1:1:key/1"), True),
        (allow(Action="kms:Decrypt", Resource=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234"), False),
        (allow(Action="kms:GenerateDataKey", Resource="*"), False),
        (allow(Action="kms:GenerateDataKey", NotResource="x"), False),
        (allow(Action="kms:Decrypt"), False),
    ],
)
def test_who_decrypts_whatever_there_is(statement: Statement, any_key: bool) -> None:
    assert reach.decrypts_with_any_key(statement) is any_key


def test_conditions_in_one_spelling() -> None:
    condition = {
        "StringEquals": {"aws:SourceVpce": ["VPCE-1", "vpce-2"], "aws:PrincipalAccount": ACCOUNT},
        "StringLike": {"AWS:SourceVpce": "vpce-3"},
        "Bool": {"aws:SecureTransport": True},
    }
    assert reach.conditions(allow(Condition=condition)) == {
        "aws:sourcevpce": ["vpce-1", "vpce-2", "vpce-3"],
        "aws:principalaccount": [ACCOUNT],
        "aws:securetransport": ["true"],
    }
    assert reach.conditions(allow()) == reach.conditions(allow(Condition=None)) == {}


ANYBODY: tuple[t.Any, ...] = ("*", {"AWS": "*"}, {"AWS": [f"arn:aws:iam::{ACCOUNT}:root", "*"]})
SOMEBODY: tuple[t.Any, ...] = (None, "x", {"Service": "*"}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})


def test_who_is_everybody() -> None:
    assert all(reach.is_for_everybody(allow(Principal=principal)) for principal in ANYBODY)
    assert not any(reach.is_for_everybody(allow(Principal=principal)) for principal in SOMEBODY)


@pytest.mark.parametrize(
    ("statement", "public"),
    [
        (allow(Principal="*"), True),
        (allow(NotPrincipal={"AWS": ACCOUNT}), True),
        (allow(Principal="*", Condition={"Bool": {"aws:SecureTransport": "true"}}), True),
        (allow(Principal="*", Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}), False),
        (allow(Principal={"AWS": ACCOUNT}), False),
        ({"Effect": "Deny", "Principal": "*"}, False),
        ({"Principal": "*"}, False),
    ],
)
def test_what_is_public(statement: Statement, public: bool) -> None:
    assert reach.is_public(statement) is public


@pytest.mark.parametrize(
    ("principal", "accounts"),
    [
        ("*", ["*"]),
        ({"AWS": OTHER}, [OTHER]),
        ({"AWS": [f"arn:aws:iam::{OTHER}:root", f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b", "AIDAEXAMPLE"]}, [OTHER]),
        ({"AWS": [f"arn:aws:iam::{OTHER}:role/b", "000000000000"]}, ["000000000000", OTHER]),
        ({"Service": "sagemaker.amazonaws.com"}, []),
        (None, []),
    ],
)
def test_other_accounts(principal: t.Any, accounts: list[str]) -> None:
    assert reach.foreign_accounts(allow(Principal=principal), ACCOUNT) == accounts


def test_resources() -> None:
    assert reach.resources(allow(Resource=["a", "b"])) == ["a", "b"]
    assert reach.resources(allow(Resource="a")) == ["a"]
    assert reach.resources(allow(NotResource="a", Resource="b")) == ["*"]
    assert reach.resources(allow()) == []
