# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles and groups that use MLflow, and the policies that they have."""

from __future__ import annotations

import json
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from local_region import LocalRegion

ACCOUNT = "123456789012"
BUCKET = "mlflow-artifacts"
SERVER = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/mlflow"
APP = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-app/app-ABCDEFGH1234"
OWN = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}],
}
"""A policy that roles and groups have besides, and that is about something else."""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
}


def make_targets(region: LocalRegion, *, roles: Sequence[str] = (), groups: Sequence[str] = ()) -> None:
    """Roles and groups (with their path when they have one), each with a policy of its own."""
    iam = region.client("iam")
    for full_name in roles:
        path, _slash, name = full_name.rpartition("/")
        iam.create_role(RoleName=name, Path=f"{path}/", AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(OWN))
    for name in groups:
        iam.create_group(GroupName=name)
        iam.put_group_policy(GroupName=name, PolicyName="own", PolicyDocument=json.dumps(OWN))


def role_policy(region: LocalRegion, role: str, policy: str) -> t.Any:
    """The document of an inline policy of a role."""
    return region.client("iam").get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]


def group_policy(region: LocalRegion, group: str, policy: str) -> t.Any:
    """The document of an inline policy of a group."""
    return region.client("iam").get_group_policy(GroupName=group, PolicyName=policy)["PolicyDocument"]


def policies_of(region: LocalRegion, role: str) -> set[str]:
    """The names of the inline policies of a role."""
    return set(region.client("iam").list_role_policies(RoleName=role)["PolicyNames"])
