# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wish makes of the VPC endpoints of managed MLflow, their group and their policies; what is somebody else's."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _endpoint_policy as endpoint_policy
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoint_options import OWNER_TAG, EndpointsWish
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoint_plan import plan_endpoints
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoint_state import (
    Endpoint,
    EndpointsState,
    Group,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import readable, to_json

ACCOUNT = "123456789012"
REGION = "eu-central-1"
VPC = "vpc-0123456789abcdef0"
A, B = "subnet-0000000a", "subnet-0000000b"
TABLE = "rtb-0000000a"
OUR_GROUP = "sg-0000000a"
NETWORK, NETWORK6, CLIENTS = "10.0.0.0/16", "2001:db8::/56", "sg-0000000c"
OPEN = endpoint_policy.open_policy()
SERVER_NAME = f"aws.sagemaker.{REGION}.experiments"
WISH = EndpointsWish(
    "prod", REGION, True, VPC, services=("server",), subnet_ids=(A,), sources=(NETWORK,), restricted=False
)
S3 = replace(WISH, services=("s3",), subnet_ids=(), sources=(), route_table_ids=(TABLE,))
ABSENT = EndpointsWish("prod", REGION, False, VPC)
GROUP_TAGS = {"Name": "prod-mlflow-endpoints", OWNER_TAG: "prod"}
TAGS = {"Name": "prod-server", OWNER_TAG: "prod"}
NOTHING = EndpointsState("aws", ACCOUNT, {}, Group())
GROUP = Group(OUR_GROUP, (NETWORK,), GROUP_TAGS)
SERVER = Endpoint(
    SERVER_NAME,
    "Interface",
    endpoint_id="vpce-1",
    subnet_ids=(A,),
    security_group_ids=(OUR_GROUP,),
    private_dns=True,
    policy=OPEN,
    tags=TAGS,
)
GATEWAY = Endpoint(
    f"com.amazonaws.{REGION}.s3",
    "Gateway",
    endpoint_id="vpce-3",
    route_table_ids=(TABLE,),
    policy=OPEN,
    tags={"Name": "prod-s3", OWNER_TAG: "prod"},
)
THERE = replace(NOTHING, endpoints={"server": SERVER}, group=GROUP)
SHOWN = {
    "policy": readable(OPEN),
    "tags": TAGS,
    "private_dns": True,
    "security_group_ids": [OUR_GROUP],
    "subnet_ids": [A],
}

Step = tuple[str, t.Any, t.Any, str, dict[str, t.Any]]


def steps(wish: EndpointsWish, state: EndpointsState) -> list[Step]:
    changes = plan_endpoints(wish, state).changes
    assert {change.call.service for change in changes} <= {"ec2"}
    return [
        (change.name, change.before, change.after, change.call.operation, dict(change.call.parameters))
        for change in changes
    ]


def with_server(**values: t.Any) -> EndpointsState:
    return replace(THERE, endpoints={"server": replace(SERVER, **values)})


def https(**sources: t.Any) -> dict[str, t.Any]:
    return {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **sources}


def aws(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def test_the_group_is_made_before_the_endpoint_that_is_in_it() -> None:
    group = {
        "GroupName": "prod-mlflow-endpoints",
        "Description": "Reaches the VPC endpoints of managed MLflow",
        "VpcId": VPC,
        "TagSpecifications": [{"ResourceType": "security-group", "Tags": aws(GROUP_TAGS)}],
    }
    unknown = "sg-00000000000000000"
    rule = {"GroupId": unknown, "IpPermissions": [https(IpRanges=[{"CidrIp": NETWORK}])]}
    endpoint = {
        "VpcId": VPC,
        "ServiceName": SERVER_NAME,
        "VpcEndpointType": "Interface",
        "PolicyDocument": to_json(OPEN),
        "TagSpecifications": [{"ResourceType": "vpc-endpoint", "Tags": aws(TAGS)}],
        "SubnetIds": [A],
        "SecurityGroupIds": [unknown],
        "PrivateDnsEnabled": True,
    }
    summary = {"name": "prod-mlflow-endpoints", "tags": GROUP_TAGS}
    created = {**SHOWN, "security_group_ids": [unknown]}
    assert steps(WISH, NOTHING) == [
        ("security_group", None, summary, "create_security_group", group),
        ("security_group.allowed", None, [NETWORK], "authorize_security_group_ingress", rule),
        ("server", None, created, "create_vpc_endpoint", endpoint),
    ]
    plan = plan_endpoints(WISH, NOTHING)
    assert plan.before is None
    assert plan.after == {"server": created, "security_group": {"allowed": [NETWORK], "tags": GROUP_TAGS}}


def test_a_gateway_has_routes_and_no_group() -> None:
    tags = {"Name": "prod-s3", OWNER_TAG: "prod"}
    endpoint = {
        "VpcId": VPC,
        "ServiceName": f"com.amazonaws.{REGION}.s3",
        "VpcEndpointType": "Gateway",
        "PolicyDocument": to_json(OPEN),
        "TagSpecifications": [{"ResourceType": "vpc-endpoint", "Tags": aws(tags)}],
        "RouteTableIds": [TABLE],
    }
    shown = {"policy": readable(OPEN), "tags": tags, "route_table_ids": [TABLE]}
    assert steps(S3, NOTHING) == [("s3", None, shown, "create_vpc_endpoint", endpoint)]
    assert plan_endpoints(S3, NOTHING).after == {"s3": shown}


def test_a_second_run_finds_nothing() -> None:
    plan = plan_endpoints(WISH, THERE)
    shown = {"server": SHOWN, "security_group": {"allowed": [NETWORK], "tags": GROUP_TAGS}}
    assert (plan.changes, plan.before, plan.after, plan.predicted) == ((), shown, shown, THERE)


ID = {"VpcEndpointId": "vpce-1"}
OWN = {
    "Version": "2012-10-17",
    "Statement": endpoint_policy.own_statements(
        "server",
        "prod",
        f"arn:aws:sagemaker:{REGION}:{ACCOUNT}",
        endpoint_policy.Reach(
            (ACCOUNT,), (f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-tracking-server/*",), ("*",), ()
        ),
    ),
}
EACH_ALONE: dict[
    str, tuple[dict[str, t.Any], dict[str, t.Any], dict[str, t.Any], dict[str, t.Any], dict[str, t.Any]]
] = {
    "a subnet more": (
        {"subnet_ids": (A, B)},
        {},
        {"subnet_ids": [A]},
        {"subnet_ids": [A, B]},
        {**ID, "AddSubnetIds": [B]},
    ),
    "others' subnet goes when it is purged": (
        {"purge": True},
        {"subnet_ids": (A, B)},
        {"subnet_ids": [A, B]},
        {"subnet_ids": [A]},
        {**ID, "RemoveSubnetIds": [B]},
    ),
    "a group more": (
        {},
        {"security_group_ids": (CLIENTS,)},
        {"security_group_ids": [CLIENTS]},
        {"security_group_ids": [OUR_GROUP, CLIENTS]},
        {**ID, "AddSecurityGroupIds": [OUR_GROUP]},
    ),
    "private names off": (
        {"private_dns": False},
        {},
        {"private_dns": True},
        {"private_dns": False},
        {**ID, "PrivateDnsEnabled": False},
    ),
    "the policy": (
        {"restricted": True},
        {},
        {"policy": readable(OPEN)},
        {"policy": readable(OWN)},
        {**ID, "PolicyDocument": to_json(OWN)},
    ),
}


@pytest.mark.parametrize("case", EACH_ALONE)
def test_each_setting_alone(case: str) -> None:
    options, held, before, after, sent = EACH_ALONE[case]
    assert steps(replace(WISH, **options), with_server(**held)) == [
        ("server", before, after, "modify_vpc_endpoint", sent)
    ]


def test_what_others_added_to_an_endpoint_stays() -> None:
    assert steps(WISH, with_server(subnet_ids=(A, B), security_group_ids=(OUR_GROUP, CLIENTS))) == []


def test_a_routes_table_more() -> None:
    state = replace(NOTHING, endpoints={"s3": GATEWAY})
    sent = {"VpcEndpointId": "vpce-3", "AddRouteTableIds": ["rtb-0000000b"]}
    before, after = {"route_table_ids": [TABLE]}, {"route_table_ids": [TABLE, "rtb-0000000b"]}
    wish = replace(S3, route_table_ids=(TABLE, "rtb-0000000b"))
    assert steps(wish, state) == [("s3", before, after, "modify_vpc_endpoint", sent)]


def test_tags_of_the_endpoint_and_of_the_group() -> None:
    wish = replace(WISH, tags={"team": "a"}, purge=True)
    state = replace(with_server(tags={**TAGS, "old": "1"}), group=replace(GROUP, tags={**GROUP_TAGS, "team": "b"}))
    new, both = {**TAGS, "team": "a"}, {**TAGS, "old": "1", "team": "a"}
    assert steps(wish, state) == [
        (
            "security_group.tags",
            {**GROUP_TAGS, "team": "b"},
            {**GROUP_TAGS, "team": "a"},
            "create_tags",
            {"Resources": [OUR_GROUP], "Tags": aws({"team": "a"})},
        ),
        (
            "server.tags",
            {**TAGS, "old": "1"},
            both,
            "create_tags",
            {"Resources": ["vpce-1"], "Tags": aws({"team": "a"})},
        ),
        ("server.tags", both, new, "delete_tags", {"Resources": ["vpce-1"], "Tags": [{"Key": "old"}]}),
    ]


def test_who_may_reach_the_group() -> None:
    wish = replace(WISH, sources=(NETWORK, NETWORK6, CLIENTS))
    stale = replace(THERE, group=replace(GROUP, sources=("192.0.2.0/24", "sg-0000000f")))
    every = sorted([NETWORK, NETWORK6, CLIENTS])
    more = https(
        IpRanges=[{"CidrIp": NETWORK}],
        Ipv6Ranges=[{"CidrIpv6": NETWORK6}],
        UserIdGroupPairs=[{"GroupId": CLIENTS}],
    )
    less = https(IpRanges=[{"CidrIp": "192.0.2.0/24"}], UserIdGroupPairs=[{"GroupId": "sg-0000000f"}])
    between = sorted([*every, "192.0.2.0/24", "sg-0000000f"])
    assert steps(wish, stale) == [
        (
            "security_group.allowed",
            ["192.0.2.0/24", "sg-0000000f"],
            between,
            "authorize_security_group_ingress",
            {"GroupId": OUR_GROUP, "IpPermissions": [more]},
        ),
        (
            "security_group.allowed",
            between,
            every,
            "revoke_security_group_ingress",
            {"GroupId": OUR_GROUP, "IpPermissions": [less]},
        ),
    ]


def test_odd_rules_of_our_group_go() -> None:
    odd = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    state = replace(THERE, group=replace(GROUP, odd_rules=(odd,)))
    sent = {"GroupId": OUR_GROUP, "IpPermissions": [odd]}
    assert steps(WISH, state) == [
        ("security_group.allowed", [NETWORK, odd], [NETWORK], "revoke_security_group_ingress", sent)
    ]
    plan = plan_endpoints(WISH, state)
    assert (plan.before or {})["security_group"] == {"allowed": [NETWORK, odd], "tags": GROUP_TAGS}
    assert plan.predicted.group == GROUP


def test_all_goes_and_the_group_last() -> None:
    group = {"allowed": [NETWORK], "tags": GROUP_TAGS}
    assert steps(ABSENT, THERE) == [
        ("server", SHOWN, None, "delete_vpc_endpoints", {"VpcEndpointIds": ["vpce-1"]}),
        ("security_group", group, None, "delete_security_group", {"GroupId": OUR_GROUP}),
    ]
    plan = plan_endpoints(ABSENT, THERE)
    assert (plan.before, plan.after) == ({"server": SHOWN, "security_group": group}, None)
    assert plan.predicted == NOTHING
    assert plan_endpoints(ABSENT, NOTHING).changes == ()


def test_a_group_that_is_left_alone_is_shown() -> None:
    state = replace(NOTHING, group=GROUP)
    assert plan_endpoints(S3, state).before == {"security_group": {"allowed": [NETWORK], "tags": GROUP_TAGS}}


THEIRS = replace(SERVER, tags={"Name": "theirs"})


@pytest.mark.parametrize("wish", [WISH, ABSENT], ids=["present", "absent"])
def test_an_endpoint_of_others_is_used_and_left_alone(wish: EndpointsWish) -> None:
    state = replace(NOTHING, endpoints={"server": THEIRS})
    plan = plan_endpoints(replace(wish, security_group_ids=(CLIENTS,)), state)
    assert (plan.changes, plan.before, plan.after, plan.predicted) == ((), None, None, state)


def test_an_endpoint_that_is_not_wished_any_more() -> None:
    state = replace(THERE, endpoints={"server": SERVER, "s3": GATEWAY})
    assert steps(WISH, state) == []
    deleted = [("s3", GATEWAY.shown(), None, "delete_vpc_endpoints", {"VpcEndpointIds": ["vpce-3"]})]
    assert steps(replace(WISH, purge=True), state) == deleted
    both = plan_endpoints(replace(WISH, services=("server", "s3"), route_table_ids=(TABLE,)), state).after or {}
    assert list(both) == ["s3", "server", "security_group"]


def test_a_group_of_others_with_our_name() -> None:
    theirs = replace(NOTHING, group=Group(OUR_GROUP, (), {"Name": "theirs"}))
    with pytest.raises(MlflowError, match=rf"'prod-mlflow-endpoints' \({OUR_GROUP}\) is in {VPC} and was not made"):
        plan_endpoints(WISH, theirs)
    assert steps(replace(WISH, security_group_ids=(CLIENTS,), sources=()), theirs)[0][0] == "server"
    assert steps(S3, theirs)[0][0] == "s3"
    assert steps(ABSENT, theirs) == []


def test_an_endpoint_that_failed() -> None:
    failed = with_server(state="failed")
    with pytest.raises(MlflowError, match=rf"endpoint of server \(vpce-1, {SERVER_NAME}\) failed, and AWS does not"):
        plan_endpoints(WISH, failed)
    assert [step[0] for step in steps(ABSENT, failed)] == ["server", "security_group"]
    both = replace(WISH, services=("control_plane", "server"))
    with pytest.raises(MlflowError, match="endpoint of server"):
        plan_endpoints(both, failed)


PLACE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
REACH = endpoint_policy.Reach(
    accounts=("2", "1", "1"),
    servers=(f"{PLACE}:mlflow-tracking-server/b", f"{PLACE}:mlflow-tracking-server/a"),
    apps=(f"{PLACE}:mlflow-app/x",),
    buckets=("arn:aws:s3:::one",),
)
SERVERS = [f"{PLACE}:mlflow-tracking-server/a", f"{PLACE}:mlflow-tracking-server/b"]
END = endpoint_policy.sid_end("prod")
ALLOWED: dict[str, list[tuple[str, list[str], list[str]]]] = {
    "control_plane": [
        ("Resources", ["sagemaker:*"], [f"{PLACE}:mlflow-app/x", *SERVERS]),
        ("NewApps", ["sagemaker:CreateMlflowApp"], [f"{PLACE}:mlflow-app/*"]),
        ("Lists", ["sagemaker:ListMlflowApps", "sagemaker:ListMlflowTrackingServers"], ["*"]),
    ],
    "server": [("Servers", ["sagemaker-mlflow:*"], SERVERS), ("Ui", ["sagemaker-mlflow:AccessUI"], ["*"])],
    "app": [("Apps", ["sagemaker:CallMlflowAppApi"], [f"{PLACE}:mlflow-app/x"])],
    "s3": [("Buckets", ["s3:*"], ["arn:aws:s3:::one", "arn:aws:s3:::one/*"])],
    "sts": [("Account", ["sts:*"], ["*"])],
}


@pytest.mark.parametrize("service", ALLOWED)
def test_what_may_be_reached(service: str) -> None:
    assert endpoint_policy.own_statements(service, "prod", PLACE, REACH) == [
        {
            "Sid": f"Mlflow{purpose}{END}",
            "Effect": "Allow",
            "Principal": "*",
            "Action": actions,
            "Resource": resources,
            "Condition": {"StringEquals": {"aws:PrincipalAccount": ["1", "2"]}},
        }
        for purpose, actions, resources in ALLOWED[service]
    ]


def test_all_buckets_of_the_accounts() -> None:
    (statement,) = endpoint_policy.own_statements("s3", "prod", PLACE, REACH._replace(buckets=()))
    assert (statement["Sid"], statement["Action"], statement["Resource"]) == (f"MlflowAccount{END}", ["s3:*"], ["*"])


def test_a_deployment_knows_its_statements() -> None:
    (ours,) = endpoint_policy.own_statements("app", "prod", PLACE, REACH)
    assert (len(END), END.isalnum(), endpoint_policy.sid_end("dev") != END) == (8, True, True)
    assert endpoint_policy.is_of(ours, "prod")
    assert not endpoint_policy.is_of(ours, "dev")
    assert endpoint_policy.is_of_a_deployment(ours)
    for other in ({"Sid": f"Theirs{END}"}, {"Sid": None}, {}):
        assert not endpoint_policy.is_of_a_deployment(other)
        assert not endpoint_policy.is_of(other, "prod")


def test_a_policy_that_reaches_everything() -> None:
    assert OPEN == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
