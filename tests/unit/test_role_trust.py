# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trust policies: our statement takes the place of SageMaker's others, everybody else's stay."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role_trust as role_trust
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import TrustWish

Json = dict[str, t.Any]
SAGEMAKER = "sagemaker.amazonaws.com"
OURS = role_trust.wished_statement(TrustWish(True, None, ()), "aws", "123456789012", "us-east-1")


def trust(*statements: Json) -> Json:
    """A trust policy."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(principal: t.Any, action: t.Any = "sts:AssumeRole", **keys: t.Any) -> Json:
    """A statement of a trust policy."""
    return {"Effect": "Allow", "Principal": principal, "Action": action, **keys}


LAMBDA = allow({"Service": "lambda.amazonaws.com"}, Sid="Lambda")
PLAIN = allow({"Service": SAGEMAKER})
DENY = {
    "Effect": "Deny",
    "Principal": {"Service": SAGEMAKER},
    "Action": "sts:AssumeRole",
    "Condition": {"Bool": {"a": "b"}},
}

MERGES: dict[str, tuple[Json | None, Json]] = {
    "a new role": (None, trust(OURS)),
    "the statement of another tool": (trust({**PLAIN, "Sid": ""}), trust(OURS)),
    "a single statement": ({"Version": "2012-10-17", "Statement": PLAIN}, trust(OURS)),
    "two that let SageMaker in": (trust(PLAIN, LAMBDA, {**PLAIN, "Sid": "B"}), trust(OURS, LAMBDA)),
    "another service": (trust(LAMBDA), trust(LAMBDA, OURS)),
    "services in one statement": (
        trust(allow({"Service": [SAGEMAKER, "glue.amazonaws.com"]}, Sid="Both")),
        trust(OURS, allow({"Service": ["glue.amazonaws.com"]}, Sid="Both")),
    ),
    "an account in one statement": (
        trust(allow({"Service": SAGEMAKER, "AWS": "123456789012"})),
        trust(OURS, allow({"AWS": "123456789012"})),
    ),
    "more than to take the role": (
        trust(allow({"Service": SAGEMAKER}, ["sts:AssumeRole", "sts:SetSourceIdentity"], Sid="Studio")),
        trust(OURS, allow({"Service": SAGEMAKER}, ["sts:SetSourceIdentity"], Sid="Studio")),
    ),
    "more for more": (
        trust(allow({"Service": [SAGEMAKER, "glue.amazonaws.com"]}, ["sts:AssumeRole", "sts:TagSession"], Sid="A")),
        trust(
            OURS,
            allow({"Service": ["glue.amazonaws.com"]}, ["sts:AssumeRole", "sts:TagSession"], Sid="A"),
            allow({"Service": SAGEMAKER}, ["sts:TagSession"]),
        ),
    ),
    "a wildcard": (trust(allow({"Service": SAGEMAKER}, "STS:Assume*")), trust(OURS)),
    "a refusal": (trust(DENY, PLAIN), trust(DENY, OURS)),
    "everybody": (trust(allow("*")), trust(allow("*"), OURS)),
}


@pytest.mark.parametrize(("present", "expected"), MERGES.values(), ids=MERGES)
def test_merged(present: Json | None, expected: Json) -> None:
    merged = role_trust.merged(present, OURS)
    assert merged == expected
    assert role_trust.merged(merged, OURS) == merged
    assert role_trust.admits(merged)


def test_what_already_means_the_same_keeps_its_label_and_spelling() -> None:
    written = {**OURS, "Sid": "Handmade", "Action": ["STS:AssumeRole"]}
    assert role_trust.merged(trust(written), OURS) == trust(written)


def test_the_other_keys_of_the_document_stay() -> None:
    assert role_trust.merged({**trust(PLAIN), "Id": "theirs"}, OURS)["Id"] == "theirs"


def test_the_conditions_name_the_account_and_region() -> None:
    assert OURS["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": "arn:aws:sagemaker:us-east-1:123456789012:*"},
    }


def test_the_conditions_can_be_chosen() -> None:
    wish = TrustWish(True, "111111111111", ())
    other = role_trust.wished_statement(wish, "aws-us-gov", "123456789012", "us-gov-west-1")["Condition"]
    assert other["ArnLike"] == {"aws:SourceArn": "arn:aws-us-gov:sagemaker:us-gov-west-1:111111111111:*"}
    arns = ("arn:aws:sagemaker:a:123456789012:*", "arn:aws:sagemaker:b:123456789012:*")
    both = role_trust.wished_statement(TrustWish(True, None, arns), "aws", "123456789012", "a")["Condition"]
    assert both["ArnLike"] == {"aws:SourceArn": list(arns)}


def test_the_conditions_can_be_removed() -> None:
    open_to_all = role_trust.wished_statement(TrustWish(False, None, ()), "aws", "123456789012", "us-east-1")
    assert role_trust.merged(trust(OURS, LAMBDA), open_to_all) == trust(open_to_all, LAMBDA)


NAMES = {
    "nobody else": (trust(OURS), True, []),
    "a refusal only": (trust(DENY), False, []),
    "another action only": (trust(allow({"Service": SAGEMAKER}, "sts:TagSession")), False, []),
    "others": (trust(LAMBDA, allow({"AWS": ["b", "a"]})), False, ["a", "b", "lambda.amazonaws.com"]),
    "everybody": (trust(allow("*"), PLAIN), True, ["*"]),
    "others after a refusal": (trust(DENY, LAMBDA), False, ["lambda.amazonaws.com"]),
}


@pytest.mark.parametrize(("document", "sagemaker", "others"), NAMES.values(), ids=NAMES)
def test_who_may_take_the_role(document: Json, sagemaker: bool, others: list[str]) -> None:
    assert role_trust.admits(document) is sagemaker
    assert role_trust.others(document) == others
