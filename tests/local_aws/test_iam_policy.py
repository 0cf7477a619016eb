# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evaluator against the rules of the IAM user guide."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.iam_conditions import conditions_hold, like, with_variables
from localaws.iam_decision import PolicySet, decide
from localaws.iam_policy import (
    Caller,
    Effect,
    InvalidPolicyError,
    Match,
    Policy,
    Request,
    evaluate,
    evaluate_resource_policy,
)

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/data"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/data/work"
SERVER = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/ts"
ANN = Caller((USER,), ACCOUNT)
DATA = Caller((SESSION, ROLE), ACCOUNT)
STRANGER = Caller(("arn:aws:iam::999999999999:user/eve",), "999999999999")


def allow(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "*", "Resource": "*", **elements}


def deny(**elements: Any) -> dict[str, Any]:
    return {**allow(**elements), "Effect": "Deny"}


def without(statement: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in statement.items() if name not in names}


def policy(*statements: dict[str, Any], name: str = "p") -> Policy:
    return Policy.parse({"Version": "2012-10-17", "Statement": list(statements)}, name)


def request(caller: Caller = ANN) -> Request:
    context = {"aws:securetransport": ["true"], "aws:requestedregion": ["us-east-1"]}
    return Request("sagemaker:DescribeMlflowTrackingServer", SERVER, context, caller)


@pytest.mark.parametrize(
    ("statement", "effect"),
    [
        (allow(), Effect.ALLOW),
        (allow(Action="sagemaker:*"), Effect.ALLOW),
        (allow(Action="SageMaker:describemlflow*"), Effect.ALLOW),
        (allow(Action=["s3:*", "sagemaker:Describe*Server"]), Effect.ALLOW),
        (allow(Action="sagemaker:Describe"), Effect.NONE),
        (allow(Action="sagemaker:DescribeMlflowTrackingServe?"), Effect.ALLOW),
        (allow(Resource=SERVER), Effect.ALLOW),
        (allow(Resource=SERVER.upper()), Effect.NONE),
        (allow(Resource=f"arn:aws:sagemaker:*:{ACCOUNT}:mlflow-tracking-server/*"), Effect.ALLOW),
        (allow(Resource=[SERVER + "x", "arn:aws:s3:::*"]), Effect.NONE),
        (without(allow(NotAction="iam:*"), "Action"), Effect.ALLOW),
        (without(allow(NotAction="sagemaker:*"), "Action"), Effect.NONE),
        (without(allow(NotResource=SERVER), "Resource"), Effect.NONE),
        (without(allow(NotResource="arn:aws:s3:::*"), "Resource"), Effect.ALLOW),
        (deny(), Effect.DENY),
        (deny(Condition={"Bool": {"aws:SecureTransport": "false"}}), Effect.NONE),
        (allow(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}), Effect.NONE),
        (allow(Condition={"NoSuchOperator": {"a": "b"}}), Effect.NONE),
        (deny(Condition={"NoSuchOperator": {"a": "b"}}), Effect.DENY),
    ],
)
def test_statement(statement: dict[str, Any], effect: Effect) -> None:
    assert evaluate([policy(statement)], request()).effect is effect


def test_a_denial_beats_every_allowance() -> None:
    finding = evaluate([policy(allow()), policy(deny(Sid="No"))], request())
    assert (finding.effect, [each.sid for each in finding.statements]) == (Effect.DENY, ["No"])


CONDITIONS: list[tuple[str, dict[str, Any], dict[str, list[str]], bool]] = [
    ("equal", {"StringEquals": {"k": "a"}}, {"k": ["a"]}, True),
    ("one of several", {"StringEquals": {"k": ["a", "b"]}}, {"k": ["b"]}, True),
    ("case counts", {"StringEquals": {"k": "a"}}, {"k": ["A"]}, False),
    ("case does not count", {"StringEqualsIgnoreCase": {"k": "a"}}, {"k": ["A"]}, True),
    ("the key's case does not count", {"StringEquals": {"AWS:Key": "a"}}, {"aws:key": ["a"]}, True),
    ("no wildcards in equals", {"StringEquals": {"k": "a*"}}, {"k": ["ab"]}, False),
    ("wildcards in like", {"StringLike": {"k": "a*d?"}}, {"k": ["abcde"]}, True),
    ("missing", {"StringEquals": {"k": "a"}}, {}, False),
    ("missing, if exists", {"StringEqualsIfExists": {"k": "a"}}, {}, True),
    ("present, if exists", {"StringEqualsIfExists": {"k": "a"}}, {"k": ["b"]}, False),
    ("not equal", {"StringNotEquals": {"k": ["a", "b"]}}, {"k": ["c"]}, True),
    ("not equal to any", {"StringNotEquals": {"k": ["a", "b"]}}, {"k": ["b"]}, False),
    ("not equal and missing", {"StringNotEquals": {"k": "a"}}, {}, True),
    ("not like", {"StringNotLike": {"k": "a*"}}, {"k": ["abc"]}, False),
    ("all keys", {"StringEquals": {"k": "a", "l": "b"}}, {"k": ["a"], "l": ["c"]}, False),
    ("all operators", {"StringEquals": {"k": "a"}, "Bool": {"l": "true"}}, {"k": ["a"], "l": ["true"]}, True),
    ("bool", {"Bool": {"k": True}}, {"k": ["TRUE"]}, True),
    ("number", {"NumericLessThanEquals": {"k": "10"}}, {"k": ["10"]}, True),
    ("number as number", {"NumericGreaterThan": {"k": 9}}, {"k": ["10"]}, True),
    ("no number", {"NumericEquals": {"k": "1"}}, {"k": ["one"]}, False),
    ("not that number", {"NumericNotEquals": {"k": "1"}}, {"k": ["1.0"]}, False),
    ("date", {"DateGreaterThan": {"k": "2026-01-01T00:00:00Z"}}, {"k": ["2026-01-02T00:00:00Z"]}, True),
    ("date in seconds", {"DateLessThan": {"k": "1800000000"}}, {"k": ["2026-01-02T00:00:00Z"]}, True),
    ("address", {"IpAddress": {"k": "10.0.0.0/8"}}, {"k": ["10.1.2.3"]}, True),
    ("other address", {"NotIpAddress": {"k": "10.0.0.0/8"}}, {"k": ["10.1.2.3"]}, False),
    ("address of version 6", {"IpAddress": {"k": "2001:db8::/32"}}, {"k": ["2001:db8::1"]}, True),
    ("ARN", {"ArnLike": {"k": "arn:aws:iam::*:role/a*"}}, {"k": [f"arn:aws:iam::{ACCOUNT}:role/ab"]}, True),
    ("a wildcard ends at a colon", {"ArnLike": {"k": "arn:aws:*:role/a"}}, {"k": ["arn:aws:iam::1:role/a"]}, False),
    ("ARN equals takes wildcards", {"ArnEquals": {"k": "arn:aws:s3:::b*"}}, {"k": ["arn:aws:s3:::bucket"]}, True),
    ("not that ARN", {"ArnNotLike": {"k": "arn:aws:s3:::b*"}}, {"k": ["arn:aws:s3:::bucket"]}, False),
    ("binary", {"BinaryEquals": {"k": "YWI="}}, {"k": ["YWI="]}, True),
    ("absent", {"Null": {"k": "true"}}, {}, True),
    ("not absent", {"Null": {"k": "true"}}, {"k": ["a"]}, False),
    ("present", {"Null": {"k": False}}, {"k": ["a"]}, True),
    ("any value", {"ForAnyValue:StringEquals": {"k": ["a", "b"]}}, {"k": ["x", "b"]}, True),
    ("none of the values", {"ForAnyValue:StringEquals": {"k": ["a"]}}, {"k": ["x", "y"]}, False),
    ("any value of none", {"ForAnyValue:StringEquals": {"k": ["a"]}}, {}, False),
    ("all values", {"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "b"]}, True),
    ("not all values", {"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "c"]}, False),
    ("all values of none", {"ForAllValues:StringEquals": {"k": ["a"]}}, {}, True),
    ("all values unlike", {"ForAllValues:StringNotLike": {"k": ["a*"]}}, {"k": ["b", "ab"]}, False),
    ("any value unlike", {"ForAnyValue:StringNotLike": {"k": ["a*"]}}, {"k": ["b", "ab"]}, True),
    ("a variable", {"StringEquals": {"k": "${aws:username}"}}, {"k": ["ann"], "aws:username": ["ann"]}, True),
    ("a variable without value", {"StringEquals": {"k": "${aws:username}"}}, {"k": ["ann"]}, False),
    ("a variable's default", {"StringEquals": {"k": "${aws:username, 'ann'}"}}, {"k": ["ann"]}, True),
]


@pytest.mark.parametrize(
    ("block", "context", "holds"), [case[1:] for case in CONDITIONS], ids=[c[0] for c in CONDITIONS]
)
def test_condition(block: dict[str, Any], context: dict[str, list[str]], holds: bool) -> None:
    assert conditions_hold(block, context) is holds


def test_what_fills_a_variable_is_no_pattern() -> None:
    """A user who calls themselves ``*`` must not reach everybody's folder."""
    filled = with_variables("home/${aws:username}/*", {"aws:username": ["*"]})
    assert filled is not None
    assert like("home/*/file", filled)
    assert not like("home/ann/file", filled)


def test_a_variable_can_stand_for_a_wildcard_character() -> None:
    filled = with_variables("a${*}b${?}${$}", {})
    assert filled is not None
    assert like("a*b?$", filled)
    assert not like("axxbxx", filled)


@pytest.mark.parametrize(
    ("principal", "caller", "match"),
    [
        ("*", STRANGER, Match.DIRECT),
        ({"AWS": "*"}, STRANGER, Match.DIRECT),
        ({"AWS": ACCOUNT}, ANN, Match.ACCOUNT),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, ANN, Match.ACCOUNT),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, STRANGER, Match.NO),
        ({"AWS": [USER, "arn:aws:iam::1:user/x"]}, ANN, Match.ITSELF),
        ({"AWS": ROLE}, DATA, Match.DIRECT),
        ({"AWS": SESSION}, DATA, Match.ITSELF),
        ({"Service": "sagemaker.amazonaws.com"}, ANN, Match.NO),
        ({"Service": ["s3.amazonaws.com"]}, Caller((), ACCOUNT, "s3.amazonaws.com"), Match.DIRECT),
        ({"AWS": "*"}, Caller((), ACCOUNT, "s3.amazonaws.com"), Match.NO),
    ],
)
def test_principal(principal: Any, caller: Caller, match: Match) -> None:
    document = policy({"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*"})
    finding, found = evaluate_resource_policy(document, request(caller=caller))
    assert found is match
    assert finding.effect is (Effect.NONE if match is Match.NO else Effect.ALLOW)


def test_not_principal() -> None:
    document = policy({"Effect": "Deny", "NotPrincipal": {"AWS": [USER]}, "Action": "*", "Resource": "*"})
    assert evaluate_resource_policy(document, request(caller=ANN))[0].effect is Effect.NONE
    assert evaluate_resource_policy(document, request(caller=DATA))[0].effect is Effect.DENY


ALL = [policy(allow())]
OWN_GRANT = policy({**allow(), "Principal": {"AWS": USER}})
ROLE_GRANT = policy({**allow(), "Principal": {"AWS": ROLE}})
ACCOUNT_GRANT = policy({**allow(), "Principal": {"AWS": ACCOUNT}})
STRANGER_GRANT = policy({**allow(), "Principal": {"AWS": "999999999999"}})
FORBIDDING = policy({**deny(), "Principal": "*"})


@pytest.mark.parametrize(
    ("policies", "caller", "reason"),
    [
        (PolicySet(), ANN, "because no identity-based policy allows"),
        (PolicySet(identity=ALL), ANN, None),
        (PolicySet(identity=[policy(deny())], resource=OWN_GRANT), ANN, "with an explicit deny in an identity-based"),
        (PolicySet(identity=ALL, boundary=[]), ANN, "because no permissions boundary allows"),
        (PolicySet(identity=ALL, boundary=[policy(allow(Action="s3:*"))]), ANN, "because no permissions boundary"),
        (PolicySet(identity=ALL, boundary=ALL), ANN, None),
        (PolicySet(boundary=ALL), ANN, "because no identity-based policy allows"),
        (PolicySet(identity=ALL, boundary=[policy(deny())]), ANN, "with an explicit deny in a permissions boundary"),
        (PolicySet(identity=ALL, session=[]), DATA, "because no session policy allows"),
        (PolicySet(identity=ALL, session=ALL), DATA, None),
        (PolicySet(identity=ALL, resource=FORBIDDING), ANN, "with an explicit deny in a resource-based policy"),
        (PolicySet(resource=OWN_GRANT), ANN, None),
        (PolicySet(resource=OWN_GRANT, boundary=[]), ANN, None),
        (PolicySet(resource=ROLE_GRANT, boundary=[]), DATA, "because no permissions boundary allows"),
        (PolicySet(resource=ACCOUNT_GRANT), ANN, "because no identity-based policy allows"),
        (PolicySet(identity=ALL, resource_policy_decides=True), ANN, "because no resource-based policy allows"),
        (PolicySet(identity=ALL, resource=ACCOUNT_GRANT, resource_policy_decides=True), ANN, None),
        (PolicySet(identity=ALL, resource_account_id=ACCOUNT), STRANGER, "because no resource-based policy allows"),
        (PolicySet(identity=ALL, resource=STRANGER_GRANT, resource_account_id=ACCOUNT), STRANGER, None),
        (PolicySet(resource=STRANGER_GRANT, resource_account_id=ACCOUNT), STRANGER, "because no identity-based"),
    ],
)
def test_decision(policies: PolicySet, caller: Caller, reason: str | None) -> None:
    verdict = decide(request(caller=caller), policies)
    assert verdict.allowed is (reason is None)
    assert verdict.reason.startswith(reason or "")


@pytest.mark.parametrize("document", ["", "not JSON", "[]", "{}", '{"Statement": ["x"]}', '"*"'])
def test_no_policy(document: str) -> None:
    with pytest.raises(InvalidPolicyError):
        Policy.parse(document)
