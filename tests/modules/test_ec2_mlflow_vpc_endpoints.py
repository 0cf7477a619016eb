# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""ec2_mlflow_vpc_endpoints against the local AWS: made, changed, shared, left alone, deleted, interrupted."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

import pytest
import yaml
from mlflow_account import make_user
from module_run import ModuleFailedError

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _endpoints as endpoints_module
from ansible_collections.mlops.sagemaker_mlflow.plugins.modules import ec2_mlflow_vpc_endpoints

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

Json = dict[str, t.Any]
MODULE = "ec2_mlflow_vpc_endpoints"
ACCOUNT = "123456789012"
SAGEMAKER = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
SERVICES = {
    "control_plane": "com.amazonaws.us-east-1.sagemaker.api",
    "server": "aws.sagemaker.us-east-1.experiments",
    "app": "aws.sagemaker.us-east-1.mlflow",
    "s3": "com.amazonaws.us-east-1.s3",
    "sts": "com.amazonaws.us-east-1.sts",
}


@pytest.fixture(autouse=True)
def _quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints_module, "FIRST_DELAY", 0.02)
    monkeypatch.setattr(endpoints_module, "DELAY", 0.1)


@dataclass
class Network:
    """A VPC with two zones, and what the module is told of it."""

    region: LocalRegion
    vpc_id: str
    subnets: list[str]
    table: str

    @property
    def ec2(self) -> t.Any:
        return self.region.client("ec2")

    @property
    def wish(self) -> Json:
        return {
            "name": "staging",
            "vpc_id": self.vpc_id,
            "subnet_ids": self.subnets[:1],
            "route_table_ids": [self.table],
            "allowed_cidrs": ["10.0.0.0/16"],
            "servers": ["mlflow-staging"],
            "buckets": ["artifacts"],
        }

    def endpoints(self) -> dict[str, Json]:
        """What is in the VPC, by service."""
        filters = [{"Name": "vpc-id", "Values": [self.vpc_id]}]
        names = {name: service for service, name in SERVICES.items()}
        found = self.ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
        assert len({each["ServiceName"] for each in found}) == len(found), "two endpoints of one service"
        return {names[each["ServiceName"]]: each for each in found}

    def policy(self, service: str) -> dict[str, Json]:
        """The statements by what they are about."""
        document = json.loads(self.endpoints()[service]["PolicyDocument"])
        return {statement.get("Sid", "")[6:-8]: statement for statement in document["Statement"]}

    def group(self, name: str = "staging-mlflow-endpoints") -> Json | None:
        filters = [{"Name": "group-name", "Values": [name]}]
        found = self.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        return found[0] if found else None

    def make(self, service: str, **more: t.Any) -> str:
        """An endpoint as another tool makes it."""
        kind: Json = {"VpcEndpointType": "Interface", "SubnetIds": self.subnets[:1]}
        if service == "s3":
            kind = {"VpcEndpointType": "Gateway", "RouteTableIds": [self.table]}
        made = self.ec2.create_vpc_endpoint(VpcId=self.vpc_id, ServiceName=SERVICES[service], **{**kind, **more})
        return str(made["VpcEndpoint"]["VpcEndpointId"])


@pytest.fixture
def network(region: LocalRegion) -> Network:
    ec2 = region.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("ab")
    ]
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    return Network(region, vpc_id, subnets, table)


class TestCreate:
    def test_endpoints_group_and_policies(self, modules: Modules, network: Network) -> None:
        run = modules.converge(MODULE, **network.wish, tags={"Team": "vision"})
        assert run.result["action"] == "create"
        assert run.names == ["security_group", "security_group.allowed", "control_plane", "s3", "server"]
        assert (
            run.writes
            == ["ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress"] + ["ec2:CreateVpcEndpoint"] * 3
        )
        found, group = network.endpoints(), network.group()
        assert sorted(found) == ["control_plane", "s3", "server"]
        assert group is not None
        for service in ("control_plane", "server"):
            assert found[service]["VpcEndpointType"] == "Interface"
            assert found[service]["PrivateDnsEnabled"] is True
            assert found[service]["SubnetIds"] == network.subnets[:1]
            assert [each["GroupId"] for each in found[service]["Groups"]] == [group["GroupId"]]
            assert found[service]["State"] == "available"
            assert {"Key": "Team", "Value": "vision"} in found[service]["Tags"]
        assert (found["s3"]["VpcEndpointType"], found["s3"]["RouteTableIds"]) == ("Gateway", [network.table])
        (rule,) = group["IpPermissions"]
        assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443)
        assert [each["CidrIp"] for each in rule["IpRanges"]] == ["10.0.0.0/16"]
        assert run.result["endpoints"]["server"]["vpc_endpoint_id"] == found["server"]["VpcEndpointId"]
        assert run.result["security_group_id"] == group["GroupId"]
        assert run.result["foreign"] == []

    def test_each_endpoint_reaches_what_is_named_only(self, modules: Modules, network: Network) -> None:
        app = f"{SAGEMAKER}:mlflow-app/app-1"
        modules.run(MODULE, **network.wish, services=[*SERVICES], apps=[app], accounts=["210987654321"])
        server = f"{SAGEMAKER}:mlflow-tracking-server/mlflow-staging"
        assert network.policy("control_plane")["Resources"]["Resource"] == [app, server]
        assert network.policy("control_plane")["NewApps"]["Action"] == ["sagemaker:CreateMlflowApp"]
        assert network.policy("server")["Servers"]["Action"] == ["sagemaker-mlflow:*"]
        assert network.policy("server")["Servers"]["Resource"] == [server]
        assert network.policy("app")["Apps"]["Action"] == ["sagemaker:CallMlflowAppApi"]
        assert network.policy("app")["Apps"]["Resource"] == [app]
        assert network.policy("s3")["Buckets"]["Resource"] == ["arn:aws:s3:::artifacts", "arn:aws:s3:::artifacts/*"]
        assert network.policy("sts")["Account"]["Action"] == ["sts:*"]
        for service in SERVICES:
            for statement in network.policy(service).values():
                assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, "210987654321"]}}

    def test_open_endpoints_with_a_group_that_exists(self, modules: Modules, network: Network) -> None:
        group = network.ec2.create_security_group(GroupName="theirs", Description="x", VpcId=network.vpc_id)["GroupId"]
        wish = {**network.wish, "allowed_cidrs": [], "security_group_ids": [group], "endpoint_policy": "open"}
        run = modules.converge(MODULE, **wish, services=["server"], private_dns=False)
        assert run.names == ["server"]
        found = network.endpoints()["server"]
        assert ([each["GroupId"] for each in found["Groups"]], found["PrivateDnsEnabled"]) == ([group], False)
        assert json.loads(found["PolicyDocument"])["Statement"] == [
            {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        ]

    def test_a_gateway_alone_needs_no_group(self, modules: Modules, network: Network) -> None:
        wish = {**network.wish, "services": ["s3"], "subnet_ids": [], "allowed_cidrs": []}
        assert modules.converge(MODULE, **wish).names == ["s3"]
        assert network.group() is None

    def test_the_prediction_of_check_mode(self, modules: Modules, network: Network) -> None:
        check = modules.run(MODULE, check=True, **network.wish).result
        assert network.endpoints() == {}
        assert check["security_group_id"] == "sg-00000000000000000"
        assert check["endpoints"]["server"]["state"] == "available"

    def test_it_waits_until_they_can_be_used(self, modules: Modules, network: Network) -> None:
        network.region.configure(vpc_endpoint_seconds=0.3)
        run = modules.run(MODULE, **network.wish)
        assert {each["State"] for each in network.endpoints().values()} == {"available"}
        assert run.calls.count("ec2:DescribeVpcEndpoints") > 2
        network.region.configure(vpc_endpoint_seconds=60)
        message = modules.fail(MODULE, **{**network.wish, "services": ["app"]}, wait_timeout=1)
        assert "Timed out after 1 s" in message
        assert "app pending" in message
        network.region.admin("POST", "clock", {"advance": 60})
        unwaited = modules.run(MODULE, **{**network.wish, "services": ["sts"]}, wait=False)
        assert unwaited.result["endpoints"]["sts"]["state"] == "pending"


UPDATES: dict[str, tuple[Json, list[str], list[str]]] = {
    "server": ({"servers": ["other"]}, ["control_plane", "server"], ["ec2:ModifyVpcEndpoint"] * 2),
    "bucket": ({"buckets": ["artifacts", "more"]}, ["s3"], ["ec2:ModifyVpcEndpoint"]),
    "policy": ({"endpoint_policy": "open"}, ["control_plane", "s3", "server"], ["ec2:ModifyVpcEndpoint"] * 3),
    "dns": ({"private_dns": False}, ["control_plane", "server"], ["ec2:ModifyVpcEndpoint"] * 2),
    "cidr": (
        {"allowed_cidrs": ["10.0.1.0/24", "2001:db8::/32"]},
        ["security_group.allowed"] * 2,
        ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
    ),
    "service": (
        {"services": ["control_plane", "server", "s3", "app"]},
        ["app"],
        ["ec2:CreateVpcEndpoint"],
    ),
    "tag": (
        {"tags": {"Team": "speech"}},
        ["security_group.tags", "control_plane.tags", "s3.tags", "server.tags"],
        ["ec2:CreateTags"] * 4,
    ),
}


class TestUpdate:
    @pytest.mark.parametrize(("wish", "names", "writes"), UPDATES.values(), ids=UPDATES)
    def test_each_field_alone(
        self, modules: Modules, network: Network, wish: Json, names: list[str], writes: list[str]
    ) -> None:
        modules.run(MODULE, **network.wish, tags={"Team": "vision"})
        run = modules.converge(MODULE, **{**network.wish, **wish})
        assert (run.names, run.writes, run.result["action"]) == (names, writes, "update")

    def test_a_second_zone_and_another_route_table(self, modules: Modules, network: Network) -> None:
        modules.run(MODULE, **network.wish)
        table = network.ec2.create_route_table(VpcId=network.vpc_id)["RouteTable"]["RouteTableId"]
        wish = {**network.wish, "subnet_ids": network.subnets[1:], "route_table_ids": [table]}
        run = modules.converge(MODULE, **wish)
        assert run.names == ["control_plane", "s3", "server"]
        assert sorted(network.endpoints()["server"]["SubnetIds"]) == sorted(network.subnets)
        assert sorted(network.endpoints()["s3"]["RouteTableIds"]) == sorted([network.table, table])
        modules.converge(MODULE, **wish, purge=True)
        assert network.endpoints()["server"]["SubnetIds"] == network.subnets[1:]
        assert network.endpoints()["s3"]["RouteTableIds"] == [table]

    def test_a_service_that_is_not_named_goes_only_when_told(self, modules: Modules, network: Network) -> None:
        modules.run(MODULE, **network.wish)
        fewer = {**network.wish, "services": ["server"]}
        assert not modules.run(MODULE, **fewer).changed
        run = modules.converge(MODULE, **fewer, purge=True)
        assert sorted(run.names) == ["control_plane", "s3"]
        assert sorted(network.endpoints()) == ["server"]

    def test_a_rule_that_was_added_by_hand_is_closed(self, modules: Modules, network: Network) -> None:
        modules.run(MODULE, **network.wish)
        group = network.group()
        assert group is not None
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        network.ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=everything)
        assert modules.converge(MODULE, **network.wish).writes == ["ec2:RevokeSecurityGroupIngress"]


class TestOthers:
    def test_an_endpoint_of_somebody_else_is_used_and_never_changed(self, modules: Modules, network: Network) -> None:
        theirs = {network.make("server"), network.make("s3")}
        run = modules.converge(MODULE, **network.wish)
        assert (run.result["foreign"], run.writes.count("ec2:CreateVpcEndpoint")) == (["server", "s3"], 1)
        run = modules.converge(MODULE, name="staging", vpc_id=network.vpc_id, state="absent")
        assert run.names == ["control_plane", "security_group"]
        assert {each["VpcEndpointId"] for each in network.endpoints().values()} == theirs

    def test_two_deployments_share_an_endpoint(self, modules: Modules, network: Network) -> None:
        modules.run(MODULE, **network.wish)
        second = {**network.wish, "name": "second", "servers": ["second"], "services": ["server"]}
        modules.converge(MODULE, **second)
        assert not modules.run(MODULE, **network.wish).changed
        text = network.endpoints()["server"]["PolicyDocument"]
        assert "server/mlflow-staging" in text
        assert "server/second" in text

        first_gone = modules.converge(MODULE, name="staging", vpc_id=network.vpc_id, state="absent")
        assert sorted(first_gone.names) == ["control_plane", "s3", "security_group", "server"]
        assert sorted(network.endpoints()) == ["server"]
        assert "server/mlflow-staging" not in network.endpoints()["server"]["PolicyDocument"]
        assert [each["GroupName"] for each in network.endpoints()["server"]["Groups"]] == ["second-mlflow-endpoints"]
        modules.converge(MODULE, name="second", vpc_id=network.vpc_id, state="absent")
        assert network.endpoints() == {}

    def test_a_group_of_somebody_else_is_left_alone(self, modules: Modules, network: Network) -> None:
        name = "staging-mlflow-endpoints"
        network.ec2.create_security_group(GroupName=name, Description="x", VpcId=network.vpc_id)
        assert "was not made by this module" in modules.fail(MODULE, **network.wish)
        assert not modules.run(MODULE, name="staging", vpc_id=network.vpc_id, state="absent").changed
        assert network.group() is not None


class TestDelete:
    def test_all_of_it_twice(self, modules: Modules, network: Network) -> None:
        modules.run(MODULE, **network.wish)
        network.region.configure(vpc_endpoint_seconds=0.2)
        gone: Json = {"name": "staging", "vpc_id": network.vpc_id, "state": "absent"}
        run = modules.converge(MODULE, **gone)
        assert (run.result["action"], sorted(run.names)) == (
            "delete",
            ["control_plane", "s3", "security_group", "server"],
        )
        assert run.writes.count("ec2:DeleteSecurityGroup") > 1, "a group goes after the endpoints in it"
        assert (network.endpoints(), network.group()) == ({}, None)
        assert modules.run(MODULE, **gone).result["action"] == "none"


FAULTS: dict[str, Json] = {
    "throttled": {"operation": "CreateVpcEndpoint", "code": "RequestLimitExceeded", "times": 2},
    "answer lost": {"operation": "CreateVpcEndpoint", "reset": True, "after": True},
    "group's answer lost": {"operation": "CreateSecurityGroup", "reset": True, "after": True},
    "rule's answer lost": {"operation": "AuthorizeSecurityGroupIngress", "reset": True, "after": True},
    "busy": {"operation": "CreateVpcEndpoint", "code": "OperationInProgress"},
}


class TestFaults:
    @pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
    def test_what_passes_is_outlasted(self, modules: Modules, network: Network, fault: Json) -> None:
        network.region.inject({"service": "ec2", "times": 1, **fault})
        modules.run(MODULE, **network.wish)
        assert sorted(network.endpoints()) == ["control_plane", "s3", "server"]
        assert not modules.run(MODULE, **network.wish).changed

    def test_deleted_by_somebody_else_meanwhile(self, modules: Modules, network: Network) -> None:
        modules.run(MODULE, **network.wish)
        network.region.inject({"service": "ec2", "operation": "DeleteVpcEndpoints", "times": 1, "after": True,
                               "code": "InvalidVpcEndpointId.NotFound"})  # fmt: skip
        modules.run(MODULE, name="staging", vpc_id=network.vpc_id, state="absent")
        assert network.endpoints() == {}

    def test_without_dns_in_the_vpc(self, modules: Modules, network: Network) -> None:
        network.ec2.modify_vpc_attribute(VpcId=network.vpc_id, EnableDnsHostnames={"Value": False})
        with pytest.raises(ModuleFailedError) as failure:
            modules.run(MODULE, **network.wish)
        assert "--enable-dns-hostnames" in failure.value.result["msg"]
        assert [change["name"] for change in failure.value.result["applied"]] == [
            "security_group",
            "security_group.allowed",
        ]
        assert modules.run(MODULE, **network.wish, private_dns=False).changed

    def test_a_missing_right_is_named(self, modules: Modules, network: Network) -> None:
        user = make_user(network.region, "ec2:Describe*", "ec2:CreateSecurityGroup", "ec2:CreateTags")
        message = modules.fail(MODULE, **{**network.wish, **user})
        assert "AuthorizeSecurityGroupIngress" in message
        assert "UnauthorizedOperation" in message


WRONG: dict[str, tuple[Json, str]] = {
    "vpc": ({"vpc_id": "my-vpc"}, "vpc_id: 'my-vpc'"),
    "name": ({"name": "a b"}, "name: 'a b'"),
    "subnet": ({"subnet_ids": ["subnet-x"]}, "subnet_ids: 'subnet-x'"),
    "no subnet": ({"subnet_ids": []}, "name one for each zone"),
    "no table": ({"route_table_ids": []}, "works by routes"),
    "nobody": ({"allowed_cidrs": []}, "say who may reach"),
    "everybody": ({"allowed_cidrs": ["0.0.0.0/0"]}, "the whole internet"),
    "cidr": ({"allowed_cidrs": ["10.0.0.1/16"]}, "is no network"),
    "both": ({"security_group_ids": ["sg-0123456789abcdef0"]}, "Set either"),
    "no service": ({"services": []}, "services: name at least one"),
    "server": ({"servers": ["a/../b"]}, "servers: 'a/../b'"),
    "app": ({"apps": ["app-1"]}, "apps: 'app-1'"),
    "bucket": ({"buckets": ['x","y']}, "buckets: 'x"),
    "account": ({"accounts": ["12"]}, "accounts: '12'"),
    "tag": ({"tags": {"aws:x": "y"}}, "begins with 'aws:'"),
    "wait": ({"wait_timeout": 0}, "wait_timeout: 0"),
}
WHOLE: Json = {
    "name": "staging",
    "vpc_id": "vpc-0123456789abcdef0",
    "subnet_ids": ["subnet-0123456789abcdef0"],
    "route_table_ids": ["rtb-0123456789abcdef0"],
    "allowed_cidrs": ["10.0.0.0/16"],
}


@pytest.mark.parametrize(("wish", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_before_the_first_call(
    modules: Modules, region: LocalRegion, wish: Json, words: str
) -> None:
    assert words in modules.fail(MODULE, **{**WHOLE, **wish})
    assert region.calls() == []


def test_one_round_of_reads(modules: Modules, network: Network) -> None:
    modules.run(MODULE, **network.wish)
    again = modules.run(MODULE, **network.wish)
    assert sorted(again.calls) == ["ec2:DescribeSecurityGroups", "ec2:DescribeVpcEndpoints", "sts:GetCallerIdentity"]


def test_the_documentation_has_every_key_of_the_result(modules: Modules, network: Network) -> None:
    documented = set(yaml.safe_load(ec2_mlflow_vpc_endpoints.RETURN))
    result = modules.run(MODULE, check=True, **network.wish).result
    assert set(result) - {"changed", "diff", "invocation"} == documented
