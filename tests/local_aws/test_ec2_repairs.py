# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPC endpoints of the local AWS: they come and go, and are refused, as AWS's are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from local_callers import refused
from mlflow_account import make_vpc

if TYPE_CHECKING:
    from local_callers import LocalAws

SERVER = "aws.sagemaker.us-east-1.experiments"
S3 = "com.amazonaws.us-east-1.s3"


@pytest.fixture
def network(local_aws: LocalAws) -> dict[str, Any]:
    return make_vpc(local_aws.region)


def interface(network: dict[str, Any], **more: Any) -> dict[str, Any]:
    common = {"VpcId": network["vpc_id"], "SubnetIds": network["subnet_ids"], "VpcEndpointType": "Interface"}
    return {**common, "ServiceName": SERVER, **more}


def test_it_is_pending_then_available_then_deleting_then_gone(local_aws: LocalAws, network: dict[str, Any]) -> None:
    ec2 = local_aws.client("ec2")
    local_aws.region.configure(vpc_endpoint_seconds=60)
    made = ec2.create_vpc_endpoint(**interface(network), ClientToken="once")["VpcEndpoint"]
    again = ec2.create_vpc_endpoint(**interface(network), ClientToken="once")["VpcEndpoint"]
    assert (made["State"], again["VpcEndpointId"]) == ("pending", made["VpcEndpointId"])
    local_aws.admin("POST", "clock", {"advance": 61})

    def states() -> list[str]:
        return [each["State"] for each in ec2.describe_vpc_endpoints()["VpcEndpoints"]]

    assert states() == ["available"]
    (group,) = ec2.describe_vpc_endpoints()["VpcEndpoints"][0]["Groups"]
    assert group["GroupName"] == "default"
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["Unsuccessful"] == []
    assert states() == ["deleting"]
    local_aws.admin("POST", "clock", {"advance": 61})
    assert states() == []
    (failed,) = ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["Unsuccessful"]
    assert failed["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"


def test_a_private_name_leads_to_one_endpoint(local_aws: LocalAws, network: dict[str, Any]) -> None:
    ec2 = local_aws.client("ec2")
    ec2.create_vpc_endpoint(**interface(network))
    code, _status, message = refused(lambda: ec2.create_vpc_endpoint(**interface(network)))
    assert (code, "conflicting DNS domain for us-east-1.experiments.sagemaker.aws" in message) == (
        "InvalidParameter",
        True,
    )
    second = ec2.create_vpc_endpoint(**interface(network, PrivateDnsEnabled=False))["VpcEndpoint"]["VpcEndpointId"]
    switch = {"VpcEndpointId": second, "PrivateDnsEnabled": True}
    assert "conflicting DNS domain" in refused(lambda: ec2.modify_vpc_endpoint(**switch))[2]
    ec2.modify_vpc_attribute(VpcId=network["vpc_id"], EnableDnsSupport={"Value": False})
    other = interface(network, ServiceName="com.amazonaws.us-east-1.sts")
    assert "enableDnsSupport and enableDnsHostnames" in refused(lambda: ec2.create_vpc_endpoint(**other))[2]


def test_what_else_is_refused(local_aws: LocalAws, network: dict[str, Any]) -> None:
    ec2 = local_aws.client("ec2")
    gateway = {"VpcId": network["vpc_id"], "ServiceName": S3, "RouteTableIds": network["route_table_ids"]}
    assert ec2.create_vpc_endpoint(**gateway)["VpcEndpoint"]["VpcEndpointType"] == "Gateway"
    subnet = ec2.describe_subnets(SubnetIds=network["subnet_ids"])["Subnets"][0]
    twin = ec2.create_subnet(
        VpcId=network["vpc_id"], CidrBlock="10.0.9.0/24", AvailabilityZone=subnet["AvailabilityZone"]
    )["Subnet"]["SubnetId"]
    for request, expected in (
        (gateway, "RouteAlreadyExists"),
        ({**gateway, "ServiceName": SERVER}, "InvalidParameter"),
        (interface(network, ServiceName="aws.sagemaker.us-east-1.experiment"), "InvalidServiceName"),
        (interface(network, ServiceName="com.amazonaws.eu-west-1.sts"), "InvalidServiceName"),
        (interface(network, SecurityGroupIds=["sg-0123456789abcdef0"]), "InvalidGroup.NotFound"),
        (interface(network, SubnetIds=[*network["subnet_ids"], twin]), "DuplicateSubnetsInSameZone"),
        (interface(network, PolicyDocument="{"), "InvalidPolicyDocument"),
    ):
        assert refused(lambda request=request: ec2.create_vpc_endpoint(**request))[0] == expected  # type: ignore[misc]  # bound now
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=network["vpc_id"])["GroupId"]
    ec2.create_vpc_endpoint(**interface(network, SecurityGroupIds=[group]))
    assert refused(lambda: ec2.delete_security_group(GroupId=group))[0] == "DependencyViolation"
