# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles and wishes to test with, as plain data."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policies import (
    any_sagemaker_resource,
    service_trust_statement,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import RoleWish
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_plan import plan_role
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_state import RoleState

Json = dict[str, t.Any]
ACCOUNT, REGION = "123456789012", "us-east-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
TEAM = f"arn:aws:iam::{ACCOUNT}:policy/team"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
OTHER_SERVICE: Json = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
UNPROTECTED: Json = {"Version": "2012-10-17", "Statement": [service_trust_statement(None, ())]}
PROTECTED: Json = {
    "Version": "2012-10-17",
    "Statement": [service_trust_statement(ACCOUNT, [any_sagemaker_resource("aws", REGION, ACCOUNT)])],
}
ABSENT = RoleState(partition="aws", account_id=ACCOUNT, exists=False)
SERVICE_ALL: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}],
}


def policy(action: str) -> Json:
    """A small policy."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "arn:aws:s3:::x"}]}


def wish(**values: t.Any) -> RoleWish:
    """A wish for a role with the artifact store s3://bucket."""
    return RoleWish(**{"name": "role", "present": True, "region": REGION, "bucket": "bucket", **values})


def converged(made: RoleWish, start: RoleState = ABSENT) -> RoleState:
    """The state after this wish."""
    return plan_role(made, start).predicted


FOREIGN_TRUST: Json = {"Version": "2012-10-17", "Statement": [OTHER_SERVICE]}
GONE = RoleWish(name="role", present=False, region=REGION)
EXISTING = converged(wish())
