# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPC endpoints as moto knows them, with their states and with what AWS refuses."""

from __future__ import annotations

import json
import re
from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidSecurityGroupNotFoundError
from moto.ec2.models.vpcs import AWS_ENDPOINT_SERVICES
from moto.ec2.responses import EC2Response

from localaws.instance import current

_OF_SAGEMAKER = ("experiments", "mlflow", "notebook", "studio")
_GATEWAYS = ("s3", "dynamodb")
_PUBLIC_NAMES = {
    "experiments": "{region}.experiments.sagemaker.aws",
    "mlflow": "mlflow.sagemaker.{region}.app.aws",
}
# Kept on moto's own objects, so that they are saved, restored and deleted with them.
_MADE, _DELETED = "localaws_made", "localaws_deleted"


class RepairedEc2Response(EC2Response):  # type: ignore[misc]  # moto has no type information
    """moto's EC2 with VPC endpoints that come and go as AWS's do."""

    def create_vpc_endpoint(self) -> Any:
        repeated = self._made_with(self._get_param("ClientToken"))
        if repeated is not None:
            return self._answer({"VpcEndpoint": repeated})
        self._check_new()
        answer = super().create_vpc_endpoint()
        endpoint = list(self.ec2_backend.vpc_end_points.values())[-1]
        setattr(endpoint, _MADE, current().clock.time())
        endpoint.state = "pending"
        endpoint.vpc_endpoint_type = endpoint.vpc_endpoint_type or "Gateway"
        if endpoint.vpc_endpoint_type == "Interface":
            endpoint.security_group_ids = endpoint.security_group_ids or [self._default_group(endpoint.vpc_id)]
        else:
            endpoint.private_dns_enabled = False
        return answer

    def modify_vpc_endpoint(self) -> Any:
        endpoint = self._existing(self._get_param("VpcEndpointId"))
        self._check_groups(self._get_param("AddSecurityGroupIds", []))
        self._check_policy(self._get_param("PolicyDocument"))
        private_dns = self._get_bool_param("PrivateDnsEnabled")
        if private_dns and not endpoint.private_dns_enabled:
            self._check_private_dns(endpoint.vpc_id, endpoint.service_name)
        routes = self._get_param("AddRouteTableIds", [])
        self._check_routes(endpoint.service_name, routes, other_than=endpoint)
        answer = super().modify_vpc_endpoint()
        if private_dns is not None:
            endpoint.private_dns_enabled = private_dns
        return answer

    def describe_vpc_endpoints(self) -> Any:
        self._move_on()
        return super().describe_vpc_endpoints()

    def delete_vpc_endpoints(self) -> Any:
        self._move_on()
        unsuccessful = []
        for endpoint_id in self._get_param("VpcEndpointIds", []):
            endpoint = self.ec2_backend.vpc_end_points.get(endpoint_id)
            if endpoint is None:
                error = {
                    "Code": "InvalidVpcEndpoint.NotFound",
                    "Message": f"The VpcEndpoint Id '{endpoint_id}' does not exist",
                }
                unsuccessful.append({"ResourceId": endpoint_id, "Error": error})
            elif not hasattr(endpoint, _DELETED):
                self._remove_routes(endpoint)
                endpoint.state = "deleting"
                setattr(endpoint, _DELETED, current().clock.time())
        return self._answer({"Unsuccessful": unsuccessful})

    def delete_security_group(self) -> Any:
        self._move_on()
        group_id = self._get_param("GroupId")
        for endpoint in self.ec2_backend.vpc_end_points.values():
            if group_id and group_id in endpoint.security_group_ids:
                raise EC2ClientError("DependencyViolation", f"resource {group_id} has a dependent object")
        return super().delete_security_group()

    def _answer(self, result: dict[str, Any]) -> Any:
        from moto.core.responses import ActionResult

        return ActionResult(result)

    def _move_on(self) -> None:
        """What takes AWS minutes takes the seconds of a setting here."""
        now, seconds = current().clock.time(), current().settings.vpc_endpoint_seconds
        for endpoint_id, endpoint in list(self.ec2_backend.vpc_end_points.items()):
            if hasattr(endpoint, _DELETED):
                if now >= getattr(endpoint, _DELETED) + seconds:
                    for interface in endpoint.network_interface_ids:
                        self.ec2_backend.enis.pop(interface, None)
                    del self.ec2_backend.vpc_end_points[endpoint_id]
            elif endpoint.state == "pending" and now >= getattr(endpoint, _MADE, now) + seconds:
                endpoint.state = "available"

    def _living(self) -> list[Any]:
        self._move_on()
        return [each for each in self.ec2_backend.vpc_end_points.values() if not hasattr(each, _DELETED)]

    def _made_with(self, token: str | None) -> Any | None:
        return next((each for each in self._living() if token and each.client_token == token), None)

    def _existing(self, endpoint_id: str) -> Any:
        found = next((each for each in self._living() if each.id == endpoint_id), None)
        if found is None:
            raise EC2ClientError("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{endpoint_id}' does not exist")
        return found

    def _check_new(self) -> None:
        vpc_id, name = self._get_param("VpcId"), self._get_param("ServiceName")
        self.ec2_backend.get_vpc(vpc_id)
        is_gateway = (self._get_param("VpcEndpointType") or "Gateway") == "Gateway"
        service = self._known_service(name)
        if is_gateway and service not in _GATEWAYS:
            raise EC2ClientError(
                "InvalidParameter", "Endpoint type (Gateway) does not match available service types ([Interface])."
            )
        self._check_policy(self._get_param("PolicyDocument"))
        self._check_routes(name, self._get_param("RouteTableIds", []), other_than=None)
        if not is_gateway:
            self._check_groups(self._get_param("SecurityGroupIds", []))
            self._check_zones(self._get_param("SubnetIds", []))
            if self._get_bool_param("PrivateDnsEnabled", if_none=True):
                self._check_private_dns(vpc_id, name)

    def _known_service(self, name: str) -> str:
        found = re.fullmatch(rf"(com\.amazonaws|aws\.sagemaker)\.{re.escape(self.region)}\.(.+)", name)
        known = found is not None and (
            found[2] in _OF_SAGEMAKER
            if found[1] == "aws.sagemaker"
            else found[2] in (*AWS_ENDPOINT_SERVICES, *_GATEWAYS)
        )
        if found is None or not known:
            raise EC2ClientError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
        return str(found[2])

    def _check_private_dns(self, vpc_id: str, name: str) -> None:
        vpc = self.ec2_backend.get_vpc(vpc_id)
        if not all(str(each).lower() == "true" for each in (vpc.enable_dns_support, vpc.enable_dns_hostnames)):
            raise EC2ClientError(
                "InvalidParameter",
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for "
                f"{vpc_id}",
            )
        for each in self._living():
            if (each.vpc_id, each.service_name) == (vpc_id, name) and each.private_dns_enabled:
                domain = _PUBLIC_NAMES.get(name.rpartition(".")[2], "{region}.amazonaws.com").format(region=self.region)
                raise EC2ClientError(
                    "InvalidParameter",
                    f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {domain} in the "
                    f"VPC {vpc_id}",
                )

    def _check_routes(self, name: str, route_tables: list[str], other_than: Any | None) -> None:
        for each in self._living():
            if each is other_than or each.service_name != name:
                continue
            for table in set(route_tables) & set(each.route_table_ids):
                raise EC2ClientError(
                    "RouteAlreadyExists",
                    f"route table {table} already has a route with destination-prefix-list-id {each.destination_prefix_list_id}",
                )

    def _check_groups(self, group_ids: list[str]) -> None:
        for group_id in group_ids:
            if self.ec2_backend.get_security_group_from_id(group_id) is None:
                raise InvalidSecurityGroupNotFoundError(group_id)

    def _check_zones(self, subnet_ids: list[str]) -> None:
        zones = [self.ec2_backend.get_subnet(subnet_id).availability_zone for subnet_id in subnet_ids]
        if len(set(zones)) < len(zones):
            raise EC2ClientError(
                "DuplicateSubnetsInSameZone",
                "Found another VPC endpoint subnet in the availability zone of a given subnet",
            )

    @staticmethod
    def _check_policy(document: str | None) -> None:
        try:
            statements = json.loads(document or "{}")
        except ValueError:
            statements = None
        if not isinstance(statements, dict):
            raise EC2ClientError("InvalidPolicyDocument", "The policy document is not valid JSON")

    def _default_group(self, vpc_id: str) -> str:
        return str(self.ec2_backend.get_default_security_group(vpc_id).id)

    def _remove_routes(self, endpoint: Any) -> None:
        if endpoint.vpc_endpoint_type == "Gateway" and endpoint.destination_prefix_list_id:
            for table in endpoint.route_table_ids:
                self.ec2_backend.delete_route(table, endpoint.destination_prefix_list_id)
