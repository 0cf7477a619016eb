# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What the user wishes for the VPC endpoints of managed MLflow: the module's options, checked. Makes no call."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoint_policy import (
    APP,
    CONTROL_PLANE,
    S3,
    SERVER,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OWNER_TAG = "mlops.sagemaker_mlflow/endpoints"
"""Marks what this module made. Whatever lacks it belongs to somebody else."""
SERVICE_NAMES = {
    CONTROL_PLANE: "com.amazonaws.{region}.sagemaker.api",
    SERVER: "aws.sagemaker.{region}.experiments",
    APP: "aws.sagemaker.{region}.mlflow",
    S3: "com.amazonaws.{region}.s3",
    "sts": "com.amazonaws.{region}.sts",
    "kms": "com.amazonaws.{region}.kms",
    "logs": "com.amazonaws.{region}.logs",
}
GATEWAYS = (S3,)
_ID = "{kind}-[0-9a-f]{{8,17}}"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SERVER = re.compile(r"[a-zA-Z0-9*](-*[a-zA-Z0-9*]){0,255}")
_APP = re.compile(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]{12}:mlflow-app/[A-Za-z0-9*-]+|\*")


@dataclass(frozen=True)
class EndpointsWish:
    """The wished endpoints of one VPC.

    :param services: in our words, in the order of the table.
    :param security_group_ids: groups that exist; empty for one of our own.
    :param sources: what may reach our own group on port 443: CIDRs and ids of groups.
    :param restricted: whether the endpoints reach only what is named.
    :param tags: None leaves them as they are, apart from the mark.
    """

    name: str
    region: str
    present: bool
    vpc_id: str
    services: tuple[str, ...] = ()
    subnet_ids: tuple[str, ...] = ()
    route_table_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    private_dns: bool = True
    restricted: bool = True
    accounts: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    purge: bool = False
    tags: Mapping[str, str] | None = None

    @property
    def group_name(self) -> str:
        """The name of our own security group."""
        return f"{self.name}-mlflow-endpoints"

    @property
    def owns_group(self) -> bool:
        """Whether the security group is made and removed here."""
        return not self.security_group_ids and (not self.present or any(each not in GATEWAYS for each in self.services))

    def service_name(self, service: str) -> str:
        """AWS's name of a service."""
        return SERVICE_NAMES[service].format(region=self.region)


def wish_from(options: Mapping[str, t.Any], region: str | None) -> EndpointsWish:
    """The wish from the module's options. Raises MlflowError for what AWS would refuse."""
    region = sagemaker.checked_region(region)
    name = _checked("name", options["name"], _NAME, "letters, digits and ._-, at most 200")
    vpc_id = _id("vpc_id", "vpc", options["vpc_id"])
    if options["state"] == "absent":
        return EndpointsWish(name, region, present=False, vpc_id=vpc_id)
    services = tuple(service for service in SERVICE_NAMES if service in options["services"])
    wish = EndpointsWish(
        name=name,
        region=region,
        present=True,
        vpc_id=vpc_id,
        services=services,
        subnet_ids=_ids(options, "subnet_ids", "subnet"),
        route_table_ids=_ids(options, "route_table_ids", "rtb"),
        security_group_ids=_ids(options, "security_group_ids", "sg"),
        sources=(*_cidrs(options), *_ids(options, "allowed_security_group_ids", "sg")),
        private_dns=options["private_dns"],
        restricted=options["endpoint_policy"] == "own",
        accounts=_all(options, "accounts", _ACCOUNT, "give 12 digits, in quotes"),
        servers=_all(options, "servers", _SERVER, "give names of tracking servers"),
        apps=_all(options, "apps", _APP, "give ARNs of MLflow Apps"),
        buckets=_all(options, "buckets", _BUCKET, "give names of buckets"),
        purge=options["purge"],
        tags=tags.wished(options["tags"]),
    )
    _check_together(wish)
    return wish


def _check_together(wish: EndpointsWish) -> None:
    if not wish.services:
        raise MlflowError(f"services: name at least one of {', '.join(SERVICE_NAMES)}.")
    interfaces = [service for service in wish.services if service not in GATEWAYS]
    if interfaces and not wish.subnet_ids:
        raise MlflowError(
            f"subnet_ids: the endpoints of {', '.join(interfaces)} are in subnets: name one for each zone."
        )
    if S3 in wish.services and not wish.route_table_ids:
        raise MlflowError("route_table_ids: the gateway of s3 works by routes: name the route tables of the subnets.")
    if interfaces and wish.owns_group and not wish.sources:
        raise MlflowError(
            "allowed_cidrs and allowed_security_group_ids: say who may reach the endpoints (such as the CIDR of the VPC), or "
            "name groups that exist in security_group_ids."
        )
    if wish.security_group_ids and wish.sources:
        raise MlflowError(
            "security_group_ids names groups that are not changed, and allowed_cidrs and allowed_security_group_ids describe "
            "one that is made. Set either."
        )


def _cidrs(options: Mapping[str, t.Any]) -> tuple[str, ...]:
    found = set()
    for text in options["allowed_cidrs"] or ():
        try:
            network = ipaddress.ip_network(str(text))
        except ValueError as error:
            raise MlflowError(f"allowed_cidrs: '{text}' is no network ({error}). Give it as in 10.0.0.0/16.") from error
        if network.prefixlen == 0:
            raise MlflowError(f"allowed_cidrs: '{text}' is the whole internet. Name the networks of the clients.")
        found.add(str(network))
    return tuple(sorted(found))


def _id(option: str, kind: str, value: str) -> str:
    return _checked(option, value, re.compile(_ID.format(kind=kind)), f"give an id as {kind}-0123456789abcdef0")


def _ids(options: Mapping[str, t.Any], option: str, kind: str) -> tuple[str, ...]:
    return tuple(sorted({_id(option, kind, str(value)) for value in options[option] or ()}))


def _all(options: Mapping[str, t.Any], option: str, form: re.Pattern[str], allowed: str) -> tuple[str, ...]:
    values: Sequence[t.Any] = options[option] or ()
    return tuple(sorted({_checked(option, str(value), form, allowed) for value in values}))


def _checked(option: str, value: str, form: re.Pattern[str], allowed: str) -> str:
    if not form.fullmatch(value):
        raise MlflowError(f"{option}: '{value[:120]}' is not allowed: {allowed}.")
    return value
