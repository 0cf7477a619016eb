# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What must be done so that a VPC has the wished endpoints: one ordered plan, or a refusal in words. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoint_options import OWNER_TAG
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoint_state import (
    FAILED,
    Endpoint,
    EndpointsState,
    Group,
    future,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import to_json

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoint_options import EndpointsWish

GROUP = "security_group"
PORT = 443
_LISTS = {
    "subnet_ids": "SubnetIds",
    "route_table_ids": "RouteTableIds",
    "security_group_ids": "SecurityGroupIds",
}


def plan_endpoints(wish: EndpointsWish, state: EndpointsState) -> Plan[EndpointsState]:
    """The plan from this state to the wish: the group before the endpoints that are in it, and after them when all goes."""
    _refuse_foreign_group(wish, state)
    _refuse_failed(wish, state)
    after = future(wish, state)
    group = list(_group_changes(wish, state.group, after.group))
    endpoints = [
        change
        for service in sorted({*state.endpoints, *after.endpoints})
        for change in _endpoint_changes(wish, service, state.endpoints.get(service), after.endpoints.get(service))
    ]
    changes = [*group, *endpoints] if wish.present else [*endpoints, *group]
    return Plan(tuple(changes), _shown(state), _shown(after), after)


def _endpoint_changes(
    wish: EndpointsWish, service: str, before: Endpoint | None, after: Endpoint | None
) -> Iterator[Change]:
    if before is None:
        if after is not None:
            yield Change(service, None, after.shown(), Call("ec2", "create_vpc_endpoint", _creation(wish, after)))
        return
    if after is None:
        call = Call("ec2", "delete_vpc_endpoints", {"VpcEndpointIds": [before.endpoint_id]})
        yield Change(service, before.shown(), None, call)
        return
    differing = [key for key, value in after.shown().items() if key != "tags" and before.shown()[key] != value]
    if differing:
        call = Call("ec2", "modify_vpc_endpoint", _modification(before, after))
        yield Change(
            service,
            {key: before.shown()[key] for key in differing},
            {key: after.shown()[key] for key in differing},
            call,
        )
    yield from _tag_changes(f"{service}.tags", str(before.endpoint_id), before.tags, after.tags)


def _creation(wish: EndpointsWish, after: Endpoint) -> dict[str, t.Any]:
    parameters: dict[str, t.Any] = {
        "VpcId": wish.vpc_id,
        "ServiceName": after.service_name,
        "VpcEndpointType": after.kind,
        "PolicyDocument": to_json(after.policy),
        "TagSpecifications": [{"ResourceType": "vpc-endpoint", "Tags": tags.to_aws(after.tags)}],
    }
    parameters |= {name: list(getattr(after, field)) for field, name in _LISTS.items() if getattr(after, field)}
    if after.kind == "Interface":
        parameters["PrivateDnsEnabled"] = after.private_dns
    return parameters


def _modification(before: Endpoint, after: Endpoint) -> dict[str, t.Any]:
    parameters: dict[str, t.Any] = {"VpcEndpointId": before.endpoint_id}
    for field, name in _LISTS.items():
        old, new = set(getattr(before, field)), set(getattr(after, field))
        if new - old:
            parameters[f"Add{name}"] = sorted(new - old)
        if old - new:
            parameters[f"Remove{name}"] = sorted(old - new)
    if after.private_dns != before.private_dns:
        parameters["PrivateDnsEnabled"] = after.private_dns
    if after.policy != before.policy:
        parameters["PolicyDocument"] = to_json(after.policy)
    return parameters


def _group_changes(wish: EndpointsWish, before: Group, after: Group) -> Iterator[Change]:
    if after.group_id is None:
        if before.group_id is not None:
            call = Call("ec2", "delete_security_group", {"GroupId": before.group_id})
            yield Change(GROUP, _shown_group(before), None, call)
        return
    if before.group_id is None:
        parameters = {
            "GroupName": wish.group_name,
            "Description": "Reaches the VPC endpoints of managed MLflow",
            "VpcId": wish.vpc_id,
            "TagSpecifications": [{"ResourceType": "security-group", "Tags": tags.to_aws(after.tags)}],
        }
        summary = {"name": wish.group_name, "tags": dict(after.tags)}
        yield Change(GROUP, None, summary, Call("ec2", "create_security_group", parameters))
    yield from _rule_changes(before, after)
    if before.group_id is not None:
        yield from _tag_changes(f"{GROUP}.tags", before.group_id, before.tags, after.tags)


def _rule_changes(before: Group, after: Group) -> Iterator[Change]:
    added = sorted(set(after.sources) - set(before.sources))
    removed = sorted(set(before.sources) - set(after.sources))
    between = sorted({*before.sources, *added})
    if added:
        parameters = {"GroupId": after.group_id, "IpPermissions": [_permission(added)]}
        call = Call("ec2", "authorize_security_group_ingress", parameters)
        yield Change(f"{GROUP}.allowed", list(before.sources) or None, between, call)
    stale = [*([_permission(removed)] if removed else []), *before.odd_rules]
    if stale and after.group_id is not None:
        call = Call("ec2", "revoke_security_group_ingress", {"GroupId": after.group_id, "IpPermissions": stale})
        odd = [dict(rule) for rule in before.odd_rules]
        yield Change(f"{GROUP}.allowed", [*between, *odd], list(after.sources), call)


def _permission(sources: Sequence[str]) -> dict[str, t.Any]:
    """Port 443 from networks and groups."""
    permission: dict[str, t.Any] = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT}
    groups = [source for source in sources if source.startswith("sg-")]
    networks = [source for source in sources if "." in source]
    networks6 = [source for source in sources if ":" in source]
    if networks:
        permission["IpRanges"] = [{"CidrIp": network} for network in networks]
    if networks6:
        permission["Ipv6Ranges"] = [{"CidrIpv6": network} for network in networks6]
    if groups:
        permission["UserIdGroupPairs"] = [{"GroupId": group} for group in groups]
    return permission


def _tag_changes(name: str, resource: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    added, removed = tags.to_set(before, after), tags.to_remove(before, after)
    between = dict(sorted({**before, **added}.items()))
    if added:
        call = Call("ec2", "create_tags", {"Resources": [resource], "Tags": tags.to_aws(added)})
        yield Change(name, dict(before), between, call)
    if removed:
        parameters = {"Resources": [resource], "Tags": [{"Key": key} for key in removed]}
        yield Change(name, between, dict(after), Call("ec2", "delete_tags", parameters))


def _shown(state: EndpointsState) -> dict[str, t.Any] | None:
    """What a diff shows: ours."""
    if not state.exists:
        return None
    shown: dict[str, t.Any] = {
        service: each.shown() for service, each in sorted(state.endpoints.items()) if each.is_ours
    }
    if state.group.group_id is not None:
        shown[GROUP] = _shown_group(state.group)
    return shown


def _shown_group(group: Group) -> dict[str, t.Any]:
    return {
        "allowed": [*group.sources, *(dict(rule) for rule in group.odd_rules)],
        "tags": dict(group.tags),
    }


def _refuse_foreign_group(wish: EndpointsWish, state: EndpointsState) -> None:
    group = state.group
    if wish.present and wish.owns_group and group.group_id is not None and OWNER_TAG not in group.tags:
        raise MlflowError(
            f"name: the security group '{wish.group_name}' ({group.group_id}) is in {wish.vpc_id} and was not made by this module: "
            f"it was left alone. Name it in security_group_ids to use it as it is, or choose another name."
        )


def _refuse_failed(wish: EndpointsWish, state: EndpointsState) -> None:
    """AWS never repairs an endpoint that failed."""
    for service in wish.services:
        endpoint = state.endpoints.get(service)
        if endpoint is not None and endpoint.state == FAILED:
            raise MlflowError(
                f"The endpoint of {service} ({endpoint.endpoint_id}, {endpoint.service_name}) failed, and AWS does not repair it. "
                f"Delete it (aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {endpoint.endpoint_id}) and repeat the run."
            )
