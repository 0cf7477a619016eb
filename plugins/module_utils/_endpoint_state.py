# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The VPC endpoints of managed MLflow as they are and as they will be: plain values. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _endpoint_policy as endpoint_policy
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoint_options import GATEWAYS, OWNER_TAG
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import (
    VERSION,
    readable,
    same,
    statements_of,
    with_statements,
)

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoint_options import EndpointsWish
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document

AVAILABLE, PENDING, FAILED = "available", "pending", "failed"
GONE = ("deleting", "deleted", "rejected", "expired")
UNKNOWN_GROUP = "sg-00000000000000000"
"""Stands for the id of a security group that does not exist yet."""


@dataclass(frozen=True)
class Endpoint:
    """One endpoint; C(endpoint_id) is None while it is only predicted."""

    service_name: str
    kind: str
    state: str = AVAILABLE
    endpoint_id: str | None = None
    subnet_ids: tuple[str, ...] = ()
    route_table_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    private_dns: bool = False
    policy: Document = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    dns_names: tuple[str, ...] = ()

    @property
    def is_ours(self) -> bool:
        """Whether this module made it, for whichever deployment."""
        return OWNER_TAG in self.tags

    def shown(self) -> dict[str, t.Any]:
        """What can change, in the words of the options."""
        common: dict[str, t.Any] = {"policy": readable(self.policy), "tags": dict(self.tags)}
        if self.kind == "Gateway":
            return {**common, "route_table_ids": list(self.route_table_ids)}
        return {
            **common,
            "private_dns": self.private_dns,
            "security_group_ids": list(self.security_group_ids),
            "subnet_ids": list(self.subnet_ids),
        }


@dataclass(frozen=True)
class Group:
    """Our own security group; C(group_id) is None while there is none.

    :param sources: what may reach port 443.
    :param odd_rules: other rules that let something in, as AWS has them.
    """

    group_id: str | None = None
    sources: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    odd_rules: tuple[Mapping[str, t.Any], ...] = ()


@dataclass(frozen=True)
class EndpointsState:
    """Everything about the endpoints of the wished services in the VPC.

    :param endpoints: by service, ours or somebody else's; the one that is used when there are several.
    """

    partition: str
    account_id: str
    endpoints: Mapping[str, Endpoint]
    group: Group

    @property
    def exists(self) -> bool:
        """Whether there is anything of ours."""
        return self.group.group_id is not None or any(each.is_ours for each in self.endpoints.values())


def reach(wish: EndpointsWish, state: EndpointsState) -> endpoint_policy.Reach:
    """What may be reached, by ARN; what is not named means all of the account."""
    place = _place(wish, state)
    apps = (f"{place}:mlflow-app/*" if app == "*" else app for app in wish.apps or ("*",))
    return endpoint_policy.Reach(
        accounts=(state.account_id, *wish.accounts),
        servers=tuple(f"{place}:mlflow-tracking-server/{name}" for name in wish.servers or ("*",)),
        apps=tuple(apps),
        buckets=tuple(f"arn:{state.partition}:s3:::{bucket}" for bucket in wish.buckets),
    )


def future(wish: EndpointsWish, state: EndpointsState) -> EndpointsState:
    """The state that the wish makes of this one."""
    if not wish.present:
        kept = {service: _left(wish, each, state.group.group_id) for service, each in state.endpoints.items()}
        endpoints = {service: each for service, each in kept.items() if each is not None}
        in_use = any(state.group.group_id in each.security_group_ids for each in endpoints.values())
        stays = in_use or OWNER_TAG not in state.group.tags
        return replace(state, endpoints=endpoints, group=state.group if stays else Group())
    group = _future_group(wish, state.group)
    endpoints = dict(state.endpoints)
    for service in set(endpoints) - set(wish.services) if wish.purge else ():
        left = _left(wish, endpoints.pop(service), state.group.group_id)
        endpoints |= {service: left} if left is not None else {}
    for service in wish.services:
        present = state.endpoints.get(service)
        if present is None or present.is_ours:
            endpoints[service] = _future_endpoint(wish, state, service, group)
    return replace(state, endpoints=endpoints, group=group)


def describe(wish: EndpointsWish, state: EndpointsState) -> dict[str, t.Any]:
    """The module's return values."""
    return {
        "name": wish.name,
        "vpc_id": wish.vpc_id,
        "region": wish.region,
        "account_id": state.account_id,
        "security_group_id": state.group.group_id,
        "endpoints": {
            service: {
                "vpc_endpoint_id": each.endpoint_id,
                "service_name": each.service_name,
                "vpc_endpoint_type": each.kind,
                "state": each.state,
                "managed": each.is_ours,
                "dns_names": list(each.dns_names),
                **each.shown(),
            }
            for service, each in sorted(state.endpoints.items())
        },
        "foreign": [
            service for service in wish.services if service in state.endpoints and not state.endpoints[service].is_ours
        ],
    }


def _place(wish: EndpointsWish, state: EndpointsState) -> str:
    return f"arn:{state.partition}:sagemaker:{wish.region}:{state.account_id}"


def _future_group(wish: EndpointsWish, present: Group) -> Group:
    if not wish.owns_group:
        return present
    wished = {**(wish.tags or {}), OWNER_TAG: wish.name, "Name": wish.group_name}
    return Group(
        group_id=present.group_id or UNKNOWN_GROUP,
        sources=tuple(sorted(wish.sources)),
        tags=tags.resulting(present.tags, wished, purge=wish.purge and wish.tags is not None),
    )


def _future_endpoint(wish: EndpointsWish, state: EndpointsState, service: str, group: Group) -> Endpoint:
    is_gateway = service in GATEWAYS
    present = state.endpoints.get(service) or Endpoint(
        wish.service_name(service), "Gateway" if is_gateway else "Interface"
    )
    groups = wish.security_group_ids or ((group.group_id,) if group.group_id else ())
    mark = {
        OWNER_TAG: present.tags.get(OWNER_TAG, wish.name),
        "Name": present.tags.get("Name", f"{wish.name}-{service}"),
    }
    return replace(
        present,
        state=AVAILABLE,
        subnet_ids=() if is_gateway else _united(present.subnet_ids, wish.subnet_ids, wish.purge),
        route_table_ids=_united(present.route_table_ids, wish.route_table_ids, wish.purge) if is_gateway else (),
        security_group_ids=() if is_gateway else _united(present.security_group_ids, groups, wish.purge),
        private_dns=not is_gateway and wish.private_dns,
        policy=_policy(wish, state, service, present),
        tags=tags.resulting(present.tags, {**(wish.tags or {}), **mark}, purge=wish.purge and wish.tags is not None),
    )


def _united(present: Sequence[str], wished: Sequence[str], purge: bool) -> tuple[str, ...]:
    """What others added stays, for several deployments may share an endpoint."""
    return tuple(sorted(set(wished) if purge else {*present, *wished}))


def _policy(wish: EndpointsWish, state: EndpointsState, service: str, present: Endpoint) -> Document:
    """As it is written when it already means that."""
    if not wish.restricted:
        document = endpoint_policy.open_policy()
    else:
        statements = endpoint_policy.own_statements(service, wish.name, _place(wish, state), reach(wish, state))
        if wish.purge or not present.policy:
            document = {"Version": VERSION, "Statement": statements}
        else:
            old = {each["Sid"] for each in statements_of(present.policy) if endpoint_policy.is_of(each, wish.name)}
            document = with_statements(present.policy, statements, remove_sids=old)
            document["Statement"] = [each for each in document["Statement"] if not _is_open(each)] or statements
    return present.policy if present.policy and same(present.policy, document) else document


def _is_open(statement: Mapping[str, t.Any]) -> bool:
    """The statement of a policy that was not restricted before: it would make the others pointless."""
    return same({"Version": VERSION, "Statement": [dict(statement)]}, endpoint_policy.open_policy())


def _left(wish: EndpointsWish, present: Endpoint, group_id: str | None) -> Endpoint | None:
    """What a deployment leaves of an endpoint: the last one nothing; before that, what the others have of it."""
    if not present.is_ours:
        return present
    statements = statements_of(present.policy)
    others = [each for each in statements if not endpoint_policy.is_of(each, wish.name)]
    takes_part = len(others) < len(statements)
    if not any(endpoint_policy.is_of_a_deployment(each) for each in others):
        return None if takes_part or present.tags[OWNER_TAG] == wish.name else present
    if not takes_part:
        return present
    groups = tuple(each for each in present.security_group_ids if each != group_id)
    policy = {**present.policy, "Statement": others}
    return replace(present, policy=policy, security_group_ids=groups or present.security_group_ids)
