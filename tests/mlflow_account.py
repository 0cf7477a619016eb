# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tracking servers and Apps that somebody made without this collection."""

from __future__ import annotations

import contextlib
import json
import typing as t

if t.TYPE_CHECKING:
    from local_region import LocalRegion

BUCKET = "artifacts-of-others"
ROLE = "mlflow-of-others"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def needs(region: LocalRegion) -> dict[str, str]:
    """A role and a bucket, made when they are not there: what every create asks for."""
    region.client("s3").create_bucket(Bucket=BUCKET)
    client = region.client("iam")
    with contextlib.suppress(client.exceptions.EntityAlreadyExistsException):
        client.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
    return {"ArtifactStoreUri": f"s3://{BUCKET}", "RoleArn": client.get_role(RoleName=ROLE)["Role"]["Arn"]}


def make_servers(region: LocalRegion, *names: str, **more: t.Any) -> list[str]:
    """Tracking servers with what they need, all alike; their ARNs."""
    client, common = region.client("sagemaker"), needs(region)
    return [
        str(client.create_mlflow_tracking_server(TrackingServerName=name, **common, **more)["TrackingServerArn"])
        for name in names
    ]


def make_app(region: LocalRegion, name: str = "studio", **more: t.Any) -> str:
    """An App with what it needs; its ARN."""
    return str(region.client("sagemaker").create_mlflow_app(Name=name, **needs(region), **more)["Arn"])


def make_user(region: LocalRegion, *actions: str) -> dict[str, str]:
    """A user who may do nothing but this; the module options that make a run this user's."""
    client = region.client("iam")
    client.create_user(UserName="ana")
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client.put_user_policy(UserName="ana", PolicyName="only", PolicyDocument=document)
    key = client.create_access_key(UserName="ana")["AccessKey"]
    region.configure(iam_enforcement=True)
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


def make_vpc(region: LocalRegion) -> dict[str, t.Any]:
    """A VPC with one zone, as the variable names it."""
    ec2 = region.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    return {
        "vpc_id": vpc_id,
        "subnet_ids": [subnet],
        "route_table_ids": [table],
        "allowed_cidrs": ["10.0.0.0/16"],
    }
