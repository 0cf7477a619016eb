# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The VPC endpoints of managed MLflow: the edge to EC2. What is decided is decided in C(_endpoint_plan)."""

from __future__ import annotations

import functools
import typing as t
import uuid
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import (
    AWS_ERRORS,
    Deadline,
    caller_identity,
    read_concurrently,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoint_options import SERVICE_NAMES, wish_from
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoint_plan import PORT, plan_endpoints
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoint_state import (
    AVAILABLE,
    GONE,
    PENDING,
    UNKNOWN_GROUP,
    Endpoint,
    EndpointsState,
    Group,
    describe,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, error_message, is_error
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import parse

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients, Identity
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoint_options import EndpointsWish
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Change, Plan

ABSENT = ("InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound", "InvalidGroup.NotFound")
OVERTAKEN = (
    "InvalidGroup.Duplicate",
    "InvalidPermission.Duplicate",
    "InvalidPermission.NotFound",
    "RouteAlreadyExists",
    "OperationInProgress",
    "IncorrectState",
)
CONFLICT = "conflicting DNS domain"
IN_USE = ("DependencyViolation",)
FIRST_DELAY, DELAY = limits.EC2_PAUSES


@dataclass(frozen=True)
class Waiting:
    """Whether to wait until the endpoints can be used, and for how many seconds."""

    wanted: bool
    timeout: float


class EndpointsResource:
    """The endpoints of one VPC with their security group, for C(_converge)."""

    def __init__(self, clients: Clients, wish: EndpointsWish, waiting: Waiting) -> None:
        self._clients = clients
        self._wish = wish
        self._waiting = waiting
        self._identity: Identity | None = None
        self._group_id: str | None = None

    @property
    def title(self) -> str:
        """How messages name them."""
        return f"VPC endpoints of MLflow in {self._wish.vpc_id}"

    def read(self) -> EndpointsState:
        """All endpoints of the VPC, our group and who we are, at once."""
        self._clients["ec2"]  # made here: only one thread may make clients
        self._clients["sts"]
        reads: dict[str, Callable[[], t.Any]] = {"endpoints": self._endpoints}
        if self._identity is None:
            reads["identity"] = functools.partial(caller_identity, self._clients)
        if self._wish.owns_group:
            reads["group"] = self._group
        found = read_concurrently(reads)
        identity: Identity = self._identity or found["identity"]
        self._identity = identity
        group: Group = found.get("group") or Group()
        self._group_id = group.group_id
        return EndpointsState(identity.partition, identity.account_id, found["endpoints"], group)

    def plan(self, state: EndpointsState) -> Plan[EndpointsState]:
        """What differs from the wish."""
        return plan_endpoints(self._wish, state)

    def settle(self, state: EndpointsState) -> EndpointsState:
        """AWS changes no endpoint that it is still making."""
        if not _pending(state):
            return state
        return self._await(lambda seen: not _pending(seen), "to be made")

    def apply(self, change: Change) -> None:
        """Make one change true; what is about the group that was made just now is told its id."""
        call = self._with_group(change.call)
        if call.operation == "create_vpc_endpoint":
            # With a token, a request that is sent again makes no second endpoint.
            call = Call(call.service, call.operation, {**call.parameters, "ClientToken": str(uuid.uuid4())})
        try:
            answer = self._send(call)
        except AWS_ERRORS as error:
            self._judge(change, error)
            return
        if call.operation == "create_security_group":
            self._group_id = str(answer["GroupId"])
        for failed in answer.get("Unsuccessful", ()):
            if failed["Error"]["Code"] not in ABSENT:
                raise MlflowError(
                    f"AWS does not delete the endpoint of {change.name} ({failed['ResourceId']}): {failed['Error']['Message']}"
                )

    def confirm(self, plan: Plan[EndpointsState]) -> EndpointsState:
        """Wait (when asked to) until AWS shows the whole plan, and each endpoint can be used."""
        if not plan.changed:
            return plan.predicted
        if self._waiting.wanted:
            return self._await(lambda seen: not _pending(seen) and not self.plan(seen).changed, "to become available")
        state = self.read()
        return plan.predicted if self.plan(state).changed else state

    def describe(self, state: EndpointsState) -> dict[str, t.Any]:
        """The module's return values."""
        return describe(self._wish, state)

    def _endpoints(self) -> dict[str, Endpoint]:
        """Of each service the one that counts: ours, else the one that answers to the service's usual name."""
        services = {self._wish.service_name(service): service for service in SERVICE_NAMES}
        pages = self._clients["ec2"].get_paginator("describe_vpc_endpoints")
        filters = [{"Name": "vpc-id", "Values": [self._wish.vpc_id]}]
        found: dict[str, Endpoint] = {}
        for answer in (each for page in pages.paginate(Filters=filters) for each in page["VpcEndpoints"]):
            service = services.get(answer["ServiceName"])
            if service is None or str(answer["State"]).lower() in GONE:
                continue
            endpoint = _endpoint(answer)
            if (service == "s3") == (endpoint.kind == "Gateway"):
                found[service] = max(found.get(service, endpoint), endpoint, key=_rank)
        return dict(sorted(found.items()))

    def _group(self) -> Group:
        filters = [
            {"Name": "vpc-id", "Values": [self._wish.vpc_id]},
            {"Name": "group-name", "Values": [self._wish.group_name]},
        ]
        groups = self._clients["ec2"].describe_security_groups(Filters=filters)["SecurityGroups"]
        if not groups:
            return Group()
        sources, odd = _sources(groups[0]["IpPermissions"])
        return Group(groups[0]["GroupId"], sources, tags.from_aws(groups[0].get("Tags", [])), odd)

    def _with_group(self, call: Call) -> Call:
        parameters = dict(call.parameters)
        if parameters.get("GroupId") == UNKNOWN_GROUP:
            parameters["GroupId"] = self._group_id
        for name in ("SecurityGroupIds", "AddSecurityGroupIds"):
            if name in parameters:
                parameters[name] = [self._group_id if each == UNKNOWN_GROUP else each for each in parameters[name]]
        return Call(call.service, call.operation, parameters)

    def _send(self, call: Call) -> dict[str, t.Any]:
        """One call. A group cannot go before the endpoints that are in it are gone."""
        if call.operation != "delete_security_group":
            return self._clients.send(call)
        refusal: Exception | None = None
        for _elapsed in Deadline(self._waiting.timeout, DELAY, first_delay=FIRST_DELAY).ticks():
            try:
                return self._clients.send(call)
            except AWS_ERRORS as error:
                if not is_error(error, IN_USE):
                    raise
                refusal = error
        raise MlflowError(
            f"The security group {call.parameters['GroupId']} is still in use after {self._waiting.timeout:g} s "
            f"({error_message(refusal) if refusal else ''}). Something else than our endpoints is in it: find it (aws ec2 "
            f"describe-network-interfaces --filters Name=group-id,Values={call.parameters['GroupId']}) and repeat the run."
        ) from refusal

    def _judge(self, change: Change, error: Exception) -> None:
        """Whether a refused write means that the world moved on, or that the wish cannot be fulfilled."""
        if is_error(error, ABSENT):
            if change.after is None:
                return
            raise Superseded from error
        if CONFLICT in error_message(error):
            if change.name in self._endpoints() and change.before is None:
                raise Superseded from error
            raise MlflowError(
                f"private_dns: the endpoint of {change.name} cannot take over the service's name in {self._wish.vpc_id}, as another "
                f"endpoint or a private hosted zone has it ({error_message(error)}). Remove that one, or set private_dns=false."
            ) from error
        if "enableDnsSupport" in error_message(error):
            raise MlflowError(
                f"private_dns: {self._wish.vpc_id} has no DNS of its own, which private names need. Switch it on (aws ec2 "
                f"modify-vpc-attribute --vpc-id {self._wish.vpc_id} --enable-dns-hostnames, and --enable-dns-support), or set "
                "private_dns=false."
            ) from error
        if is_error(error, OVERTAKEN):
            raise Superseded from error
        raise error

    def _await(self, is_reached: Callable[[EndpointsState], bool], goal: str) -> EndpointsState:
        deadline = Deadline(self._waiting.timeout, DELAY, first_delay=FIRST_DELAY)
        state: EndpointsState | None = None
        for _elapsed in deadline.ticks():
            state = self.read()
            if is_reached(state):
                return state
        states = {} if state is None else {service: each.state for service, each in state.endpoints.items()}
        raise MlflowError(
            f"Timed out after {self._waiting.timeout:g} s waiting for the {self.title} {goal}; last seen: "
            f"{', '.join(f'{service} {each}' for service, each in states.items()) or 'none'}. Repeat the run, or raise wait_timeout.",
            last_seen=states,
        )


def from_module(module: AwsModule) -> EndpointsResource:
    """The endpoints that the module's options describe."""
    options = module.params
    wish = wish_from(options, module.region)
    if options["wait_timeout"] < 1:
        raise MlflowError(f"wait_timeout: {options['wait_timeout']} is not allowed: give 1 or more seconds.")
    return EndpointsResource(module.clients, wish, Waiting(options["wait"], options["wait_timeout"]))


def _pending(state: EndpointsState) -> list[str]:
    return [service for service, each in state.endpoints.items() if each.is_ours and each.state == PENDING]


def _rank(endpoint: Endpoint) -> tuple[bool, bool, bool]:
    return endpoint.is_ours, endpoint.private_dns, endpoint.state == AVAILABLE


def _endpoint(answer: Mapping[str, t.Any]) -> Endpoint:
    document = answer.get("PolicyDocument")
    return Endpoint(
        service_name=answer["ServiceName"],
        kind=answer.get("VpcEndpointType") or "Gateway",
        state=str(answer["State"]).lower(),
        endpoint_id=answer["VpcEndpointId"],
        subnet_ids=tuple(sorted(answer.get("SubnetIds") or ())),
        route_table_ids=tuple(sorted(answer.get("RouteTableIds") or ())),
        security_group_ids=tuple(sorted(group["GroupId"] for group in answer.get("Groups") or ())),
        private_dns=bool(answer.get("PrivateDnsEnabled")),
        policy=parse(document, f"the policy of {answer['VpcEndpointId']}") if document else {},
        tags=tags.from_aws(answer.get("Tags") or []),
        dns_names=tuple(entry["DnsName"] for entry in answer.get("DnsEntries") or () if entry.get("DnsName")),
    )


def _sources(
    permissions: Iterable[Mapping[str, t.Any]],
) -> tuple[tuple[str, ...], tuple[Mapping[str, t.Any], ...]]:
    """What may reach port 443, and every rule that is of another kind."""
    sources: set[str] = set()
    odd: list[Mapping[str, t.Any]] = []
    for permission in permissions:
        plain = {key: value for key, value in permission.items() if value not in ([], None)}
        is_ours = (plain.get("IpProtocol"), plain.get("FromPort"), plain.get("ToPort")) == ("tcp", PORT, PORT)
        if not is_ours or "PrefixListIds" in plain:
            odd.append(plain)
            continue
        sources |= set(_named(plain, "IpRanges", "CidrIp"))
        sources |= set(_named(plain, "Ipv6Ranges", "CidrIpv6"))
        sources |= set(_named(plain, "UserIdGroupPairs", "GroupId"))
    return tuple(sorted(sources)), tuple(odd)


def _named(permission: Mapping[str, t.Any], lists: str, key: str) -> Sequence[str]:
    return [str(each[key]) for each in permission.get(lists, ())]
