# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wishes for a service role, and what others do to one."""

from __future__ import annotations

import json
import typing as t

from hypothesis import strategies as st
from local_region import ACCOUNT, REGION
from properties.pools import edits, lists, mixed, options, sequences

ROLE = "mlflow-role"
PROFILE = "theirs"
KEYS = ("11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222")
ALIAS = "alias/artifacts"
ARNS = tuple(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}" for key in KEYS)
LOGGING = f"arn:aws:iam::{ACCOUNT}:policy/logging"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/limits/boundary"
OF_AWS = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
SAGEMAKER = "sagemaker.amazonaws.com"
EC2 = "ec2.amazonaws.com"

TAGS = [{}, {"Team": "a"}, {"Team": True, "Stage": 1}, {"Stage": None}, {"Größe": "b c", "Team": "b"}]


def document(actions: t.Any, resource: t.Any, **more: t.Any) -> dict[str, t.Any]:
    """A policy."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


DOCUMENTS = [
    document("s3:GetObject", "*"),
    document(["s3:GetObject"], ["*"]),
    document(["s3:PutObject", "s3:GetObject"], ["arn:aws:s3:::b/*", "arn:aws:s3:::a/*"], Sid="Both"),
    {**document("s3:GetObject", "*", Condition={"Bool": {"aws:SecureTransport": True}}), "Id": "team"},
    {"Version": "2012-10-17", "Statement": document("s3:GetObject", "*")["Statement"][0]},
]
INLINE: list[dict[str, t.Any]] = [
    {},
    {"team": DOCUMENTS[0]},
    {"team": json.dumps(DOCUMENTS[1], indent=1)},
    {"team": DOCUMENTS[2], "more": DOCUMENTS[3]},
    {"more": DOCUMENTS[4]},
]
WISH = options(
    {
        "kms_key_id": ["", KEYS[0], ARNS[1], ALIAS],
        "model_registration": [True, False],
        "artifact_deletion": [True, False],
        "inline_policies": INLINE,
        "purge_inline_policies": [True],
        "managed_policies": lists(["AmazonS3ReadOnlyAccess", OF_AWS, LOGGING], "", 3, most=12),
        "purge_managed_policies": [True],
        "permissions_boundary": ["", BOUNDARY, OF_AWS],
        "path": ["/", "/mlflow/"],
        "description": ["", "For MLflow", "für MLflow"],
        "max_session_duration": [3600, 7200],
        "tags": TAGS,
        "purge_tags": [True],
        "propagation_delay": [0],
        "bulk_read": [True],
        "wait": [False],
    }
)
TRUST: list[dict[str, t.Any]] = [
    {},
    {"confused_deputy_protection": False},
    {"source_account": "210987654321"},
    {"source_arn": [f"arn:aws:sagemaker:*:{ACCOUNT}:*"]},
    {
        "source_account": ACCOUNT,
        "source_arn": [f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:*", f"arn:aws:sagemaker:*:{ACCOUNT}:a"],
    },
]
PLACES = ["s3://artifacts", "s3://artifacts/", "s3://shared/team/mlflow", "s3://shared/team/mlflow/"]
PRESENT = st.tuples(WISH, st.sampled_from(TRUST), st.sampled_from(PLACES)).map(
    lambda parts: {**parts[0], **parts[1], "artifact_store_uri": parts[2]}
)
WISHES = st.integers(0, 14).flatmap(lambda dice: st.just({"state": "absent"}) if dice == 14 else PRESENT)


# ---- What others do ----


def _trusts() -> list[str]:
    """Trust policies of others: ours among others' statements, others' in one with ours, and none of ours."""
    conditions: list[dict[str, t.Any]] = [
        {},
        {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}},
        {
            "Condition": {
                "StringEquals": {"aws:SourceAccount": [ACCOUNT]},
                "ArnLike": {"aws:SourceArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:*"},
            }
        },
    ]
    principals: list[dict[str, t.Any]] = [
        {"Service": SAGEMAKER},
        {"Service": [SAGEMAKER]},
        {"Service": [EC2, SAGEMAKER]},
        {"Service": SAGEMAKER, "AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        {"Service": EC2},
        {"AWS": [ACCOUNT]},
    ]
    actions: list[t.Any] = ["sts:AssumeRole", ["sts:AssumeRole", "sts:SetSourceIdentity"], "sts:SetSourceIdentity"]
    statements = [
        {"Effect": "Allow", "Principal": principal, "Action": action, **condition}
        for principal, action, condition in mixed(principals, actions, conditions)
    ]
    deny = {"Sid": "No", "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", **conditions[1]}
    found = lists([*statements, deny], "", 3, most=50)[1:]
    ours = {"Effect": "Allow", "Principal": {"Service": SAGEMAKER}, "Action": "sts:AssumeRole"}
    return [json.dumps({"Version": "2012-10-17", "Statement": each}) for each in [[ours], [ours], [ours], *found]]


TRUSTS = _trusts()
THEIR_DOCUMENTS = [json.dumps(each) for each in DOCUMENTS]
EDITS = edits(
    {
        "create_role": [
            {"AssumeRolePolicyDocument": trust, "Path": path} for trust, path in mixed(TRUSTS, ["/", "/mlflow/"])
        ],
        "update_assume_role_policy": [{"PolicyDocument": trust} for trust in TRUSTS],
        "put_role_policy": [
            {"PolicyName": name, "PolicyDocument": text}
            for name, text in mixed(["team", "theirs", "MLflowBasicAccess", "MLflowKMSAccess"], THEIR_DOCUMENTS)
        ],
        "delete_role_policy": [
            {"PolicyName": name} for name in ("team", "theirs", "MLflowBasicAccess", "MLflowKMSAccess")
        ],
        "attach_role_policy": [{"PolicyArn": arn} for arn in (LOGGING, BOUNDARY, OF_AWS)],
        "detach_role_policy": [{"PolicyArn": arn} for arn in (LOGGING, BOUNDARY, OF_AWS)],
        "tag_role": [
            {"Tags": [{"Key": key, "Value": value}]}
            for key, value in mixed(["Team", "theirs", "sagemaker:x"], ["", "a"])
        ],
        "untag_role": [{"TagKeys": ["Team", "Stage"]}],
        "update_role": [{"Description": "theirs", "MaxSessionDuration": 7200}, {"MaxSessionDuration": 3600}],
        "put_role_permissions_boundary": [{"PermissionsBoundary": arn} for arn in (BOUNDARY, OF_AWS)],
        "delete_role_permissions_boundary": [{}],
        "add_role_to_instance_profile": [{"InstanceProfileName": PROFILE}],
        "remove_role_from_instance_profile": [{"InstanceProfileName": PROFILE}],
    }
)
STEPS = sequences(EDITS, WISHES)
