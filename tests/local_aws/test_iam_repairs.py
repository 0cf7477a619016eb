# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moto's IAM and STS do not check, do not have or do not answer: each repair, through boto3."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from local_aws.control_region import ACCOUNT, TRUST, ControlRegion, aws, moto_endpoint, refused

from localaws import lean_botocore

__all__ = ["aws", "moto_endpoint"]

ROLE = f"arn:aws:iam::{ACCOUNT}:role/mlflow"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal: Any, **more: Any) -> dict[str, Any]:
    return {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": principal, **more}]}


@pytest.fixture
def iam(aws: ControlRegion) -> Any:
    """A client, and the role C(mlflow)."""
    aws.role()
    return aws.client("iam")


def test_a_role_that_is_not_in_a_profile_cannot_be_taken_out(iam: Any) -> None:
    iam.create_instance_profile(InstanceProfileName="theirs")
    out = {"InstanceProfileName": "theirs", "RoleName": "mlflow"}
    assert refused(iam.remove_role_from_instance_profile, **out)[0] == "NoSuchEntity"
    iam.add_role_to_instance_profile(**out)
    iam.remove_role_from_instance_profile(**out)
    assert iam.list_instance_profiles_for_role(RoleName="mlflow")["InstanceProfiles"] == []


BAD_TRUST = [
    ("{", "MalformedPolicyDocument"),
    (json.dumps(trust({"AWS": f"arn:aws:iam::{ACCOUNT}:role/missing"})), "MalformedPolicyDocument"),
    (json.dumps(trust({"AWS": [ROOT, f"arn:aws:iam::{ACCOUNT}:user/missing"]})), "MalformedPolicyDocument"),
    (json.dumps({**TRUST, "Statement": [allow("sts:AssumeRole")]}), "MalformedPolicyDocument"),
    (json.dumps(trust({"Service": [f"{'s' * 100}{n}.amazonaws.com" for n in range(20)]})), "LimitExceeded"),
]


@pytest.mark.parametrize(("document", "code"), BAD_TRUST)
def test_trust_policies_are_read_whenever_they_are_written(iam: Any, document: str, code: str) -> None:
    assert refused(iam.create_role, RoleName="new", AssumeRolePolicyDocument=document)[0] == code
    assert refused(iam.update_assume_role_policy, RoleName="mlflow", PolicyDocument=document)[0] == code
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["mlflow"]
    assert iam.get_role(RoleName="mlflow")["Role"]["AssumeRolePolicyDocument"] == TRUST


@pytest.mark.parametrize(
    "principal", [{"AWS": ACCOUNT}, {"AWS": ROOT}, {"AWS": ROLE}, {"AWS": "arn:aws:iam::210987654321:role/any"}, "*"]
)
def test_principals_that_can_be_trusted(iam: Any, principal: Any) -> None:
    document = trust(principal)
    iam.create_role(RoleName="new", AssumeRolePolicyDocument=json.dumps(document))
    assert iam.get_role(RoleName="new")["Role"]["AssumeRolePolicyDocument"] == document


def test_an_update_without_a_description_keeps_it(iam: Any) -> None:
    iam.update_role(RoleName="mlflow", Description="serves MLflow", MaxSessionDuration=7200)
    iam.update_role(RoleName="mlflow")
    role = iam.get_role(RoleName="mlflow")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("serves MLflow", 3600)


def test_inline_policies_have_a_limit_together(iam: Any) -> None:
    large = policy(*(allow("s3:GetObject", f"arn:aws:s3:::{'b' * 50}-{number}/*") for number in range(50)))
    put = {"RoleName": "mlflow", "PolicyDocument": large}
    iam.put_role_policy(PolicyName="first", **put)
    code, message, _unused = refused(iam.put_role_policy, PolicyName="second", **put)
    assert (code, message) == ("LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role mlflow")
    iam.put_role_policy(PolicyName="first", **put)


def managed(iam: Any, name: str, *statements: dict[str, Any]) -> str:
    return str(iam.create_policy(PolicyName=name, PolicyDocument=policy(*statements))["Policy"]["Arn"])


def test_policies_of_groups_and_managed_policies_have_limits(iam: Any) -> None:
    large = policy(*(allow("s3:GetObject", f"arn:aws:s3:::{'b' * 50}-{number}/*") for number in range(60)))
    iam.create_group(GroupName="people")
    put = {"GroupName": "people", "PolicyName": "large", "PolicyDocument": large}
    assert refused(iam.put_group_policy, **put)[:2] == (
        "LimitExceeded",
        "Maximum policy size of 5120 bytes exceeded for group people",
    )
    small = policy(allow("s3:GetObject"))
    iam.put_group_policy(**{**put, "PolicyDocument": small})
    arn = iam.create_policy(PolicyName="small", PolicyDocument=small)["Policy"]["Arn"]
    for create in (
        lambda: iam.create_policy(PolicyName="large", PolicyDocument=large),
        lambda: iam.create_policy_version(PolicyArn=arn, PolicyDocument=large),
    ):
        assert refused(create)[:2] == ("LimitExceeded", "Cannot exceed quota for PolicySize: 6144")


def test_the_name_of_a_managed_policy_is_unique_whatever_its_path(iam: Any) -> None:
    managed(iam, "once", allow("s3:GetObject"))
    again = {"PolicyName": "Once", "Path": "/other/", "PolicyDocument": policy(allow("s3:GetObject"))}
    assert refused(iam.create_policy, **again)[0] == "EntityAlreadyExists"


def test_nobody_has_a_policy_that_does_not_exist(iam: Any) -> None:
    missing = f"arn:aws:iam::{ACCOUNT}:policy/missing"
    assert refused(iam.list_entities_for_policy, PolicyArn=missing)[0] == "NoSuchEntity"


def test_managed_policies_of_a_role_have_a_limit(iam: Any) -> None:
    for number in range(11):
        arn = managed(iam, f"p{number}", allow("s3:GetObject"))
        if number < 10:
            iam.attach_role_policy(RoleName="mlflow", PolicyArn=arn)
    code, message, _unused = refused(iam.attach_role_policy, RoleName="mlflow", PolicyArn=arn)
    assert (code, message) == ("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10")


def test_attaching_twice_is_attaching_once(iam: Any) -> None:
    arn = managed(iam, "once", allow("s3:GetObject"))
    for _unused in range(2):
        iam.attach_role_policy(RoleName="mlflow", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    iam.detach_role_policy(RoleName="mlflow", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)


def test_a_boundary_is_a_policy(iam: Any) -> None:
    missing = f"arn:aws:iam::{ACCOUNT}:policy/missing"
    assert refused(iam.put_role_permissions_boundary, RoleName="mlflow", PermissionsBoundary=missing)[0] == (
        "NoSuchEntity"
    )
    new = {"RoleName": "new", "AssumeRolePolicyDocument": json.dumps(TRUST)}
    assert refused(iam.create_role, **new, PermissionsBoundary=missing)[0] == "NoSuchEntity"
    arn = managed(iam, "limit", allow("s3:*"))
    iam.create_role(**new, PermissionsBoundary=arn)
    assert iam.get_role(RoleName="new")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn


def test_aws_managed_policies_can_be_attached(iam: Any) -> None:
    lean_botocore.load_managed_policies(ACCOUNT, "us-east-1", {"AmazonSageMakerFullAccess"})
    arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
    iam.attach_role_policy(RoleName="mlflow", PolicyArn=arn)
    assert iam.list_attached_role_policies(RoleName="mlflow")["AttachedPolicies"] == [
        {"PolicyName": "AmazonSageMakerFullAccess", "PolicyArn": arn}
    ]
    results = iam.simulate_principal_policy(PolicySourceArn=ROLE, ActionNames=["sagemaker:CreateMlflowApp"])
    assert results["EvaluationResults"][0]["EvalDecision"] == "allowed"


def decisions(answer: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (each["EvalActionName"], each["EvalResourceName"]): each["EvalDecision"] for each in answer["EvaluationResults"]
    }


OBJECT, OTHER = "arn:aws:s3:::artifacts/x", "arn:aws:s3:::other/x"


def test_simulating_a_role(iam: Any) -> None:
    read = allow("s3:Get*", "arn:aws:s3:::artifacts/*")
    deny = {**allow("s3:DeleteObject"), "Effect": "Deny"}
    iam.put_role_policy(RoleName="mlflow", PolicyName="MLflowBasicAccess", PolicyDocument=policy(read, deny))
    answer = iam.simulate_principal_policy(
        PolicySourceArn=ROLE, ActionNames=["s3:GetObject", "s3:DeleteObject"], ResourceArns=[OBJECT, OTHER]
    )
    assert decisions(answer) == {
        ("s3:GetObject", OBJECT): "allowed",
        ("s3:GetObject", OTHER): "implicitDeny",
        ("s3:DeleteObject", OBJECT): "explicitDeny",
        ("s3:DeleteObject", OTHER): "explicitDeny",
    }
    first = answer["EvaluationResults"][0]
    assert [each["SourcePolicyId"] for each in first["MatchedStatements"]] == ["MLflowBasicAccess"]


def test_simulating_adds_managed_policies_groups_and_the_request(iam: Any) -> None:
    user = iam.create_user(UserName="anna")["User"]["Arn"]
    iam.create_group(GroupName="team")
    iam.add_user_to_group(GroupName="team", UserName="anna")
    iam.put_group_policy(GroupName="team", PolicyName="g", PolicyDocument=policy(allow("s3:ListBucket")))
    iam.attach_user_policy(UserName="anna", PolicyArn=managed(iam, "m", allow("s3:GetObject")))
    actions = ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    answer = iam.simulate_principal_policy(
        PolicySourceArn=user, ActionNames=actions, PolicyInputList=[policy(allow("s3:PutObject"))]
    )
    assert list(decisions(answer).values()) == ["allowed", "allowed", "allowed", "implicitDeny"]
    of_group = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:group/team", ActionNames=actions[:2]
    )
    assert list(decisions(of_group).values()) == ["allowed", "implicitDeny"]


def test_simulating_a_boundary(iam: Any) -> None:
    iam.put_role_policy(RoleName="mlflow", PolicyName="p", PolicyDocument=policy(allow("s3:*")))
    limit = managed(iam, "limit", allow("s3:GetObject"))
    iam.put_role_permissions_boundary(RoleName="mlflow", PermissionsBoundary=limit)
    answer = iam.simulate_principal_policy(PolicySourceArn=ROLE, ActionNames=["s3:GetObject", "s3:PutObject"])
    assert list(decisions(answer).values()) == ["allowed", "implicitDeny"]
    details = [each["PermissionsBoundaryDecisionDetail"] for each in answer["EvaluationResults"]]
    assert [each["AllowedByPermissionsBoundary"] for each in details] == [True, False]


def test_simulating_conditions(iam: Any) -> None:
    document = policy(
        allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}})
    )
    asked = {"PolicyInputList": [document], "ActionNames": ["iam:PassRole"]}
    without = iam.simulate_custom_policy(**asked)["EvaluationResults"][0]
    assert without["EvalDecision"] == "implicitDeny"
    assert [key.lower() for key in without["MissingContextValues"]] == ["iam:passedtoservice"]
    entry = {
        "ContextKeyName": "iam:PassedToService",
        "ContextKeyValues": ["sagemaker.amazonaws.com"],
        "ContextKeyType": "string",
    }
    given = iam.simulate_custom_policy(**asked, ContextEntries=[entry])["EvaluationResults"][0]
    assert (given["EvalDecision"], given["MissingContextValues"]) == ("allowed", [])


def test_simulating_in_pages(iam: Any) -> None:
    actions = [f"s3:Action{number}" for number in range(5)]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[policy(allow("s3:*"))], ActionNames=actions, PaginationConfig={"PageSize": 2}
    )
    shown = [[each["EvalActionName"] for each in page["EvaluationResults"]] for page in pages]
    assert shown == [actions[:2], actions[2:4], actions[4:]]


def test_simulating_what_cannot_be_read(iam: Any) -> None:
    missing = f"arn:aws:iam::{ACCOUNT}:role/missing"
    assert refused(iam.simulate_principal_policy, PolicySourceArn=missing, ActionNames=["s3:Get"])[::2] == (
        "NoSuchEntity",
        404,
    )
    broken = {"PolicyInputList": ["{"], "ActionNames": ["s3:GetObject"]}
    assert refused(iam.simulate_custom_policy, **broken)[::2] == ("InvalidInput", 400)


def test_the_boot_key_is_the_account(aws: ControlRegion) -> None:
    answer = aws.client("sts").get_caller_identity()
    assert (answer["Arn"], answer["Account"], answer["UserId"]) == (ROOT, ACCOUNT, ACCOUNT)


def assume(region: ControlRegion, arn: str = ROLE, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = region.client("sts").assume_role(RoleArn=arn, RoleSessionName="test", **more)
    return answer


@pytest.mark.parametrize(
    ("document", "parameters", "allowed"),
    [
        (TRUST, {}, False),
        (trust({"AWS": ROOT}), {}, True),
        (trust({"AWS": ACCOUNT}), {}, True),
        (trust({"AWS": "210987654321"}), {}, False),
        (trust("*"), {}, True),
        (trust({"AWS": ROOT}, Effect="Deny"), {}, False),
        (trust({"AWS": ROOT}, Condition={"StringEquals": {"sts:ExternalId": "x1"}}), {}, False),
        (trust({"AWS": ROOT}, Condition={"StringEquals": {"sts:ExternalId": "x1"}}), {"ExternalId": "x1"}, True),
    ],
)
def test_a_role_must_trust_who_assumes_it(
    aws: ControlRegion, document: dict[str, Any], parameters: dict[str, str], allowed: bool
) -> None:
    aws.role("mlflow", document)
    if allowed:
        identity = assume(aws, **parameters)["AssumedRoleUser"]["Arn"]
        assert identity == f"arn:aws:sts::{ACCOUNT}:assumed-role/mlflow/test"
        return
    sts = aws.client("sts")
    code, message, status = refused(sts.assume_role, RoleArn=ROLE, RoleSessionName="test", **parameters)
    assert (code, status) == ("AccessDenied", 403)
    assert message == f"User: {ROOT} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"


@pytest.mark.parametrize(
    "arn", [f"arn:aws:iam::{ACCOUNT}:role/missing", "arn:aws:iam::210987654321:role/any", "nothing-like-an-arn-at-all"]
)
def test_a_role_must_exist_to_be_assumed(aws: ControlRegion, arn: str) -> None:
    assert refused(aws.client("sts").assume_role, RoleArn=arn, RoleSessionName="test")[0] == "AccessDenied"


def test_sessions_end_on_the_moved_clock_and_not_later_than_the_role_says(aws: ControlRegion) -> None:
    aws.role("mlflow", trust({"AWS": ROOT}))
    aws.clock.advance(7200)
    expiration = assume(aws)["Credentials"]["Expiration"]
    assert abs(expiration - aws.clock.now() - timedelta(hours=1)) < timedelta(seconds=10)
    too_long = {"RoleArn": ROLE, "RoleSessionName": "test", "DurationSeconds": 7200}
    assert refused(aws.client("sts").assume_role, **too_long)[0] == "ValidationError"
