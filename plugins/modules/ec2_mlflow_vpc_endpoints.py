#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_mlflow_vpc_endpoints
version_added: 0.1.0
short_description: Manage the VPC endpoints through which clients reach Amazon SageMaker managed MLflow
description:
  - Makes the interface endpoints of SageMaker's API, of the data plane of tracking servers and of MLflow Apps, a gateway endpoint
    of S3 and others in one VPC, with a security group and with policies that let them reach what is named only.
  - A VPC has one endpoint for a service. One that somebody else made is used as it is, never changed and never deleted; the result
    names it in RV(foreign). One that this module made for another deployment is shared. Its subnets, groups, routes and the
    statements of its policy that others need stay.
options:
  name:
    description:
      - What the endpoints are for. It marks them and the security group, C(<name>-mlflow-endpoints), and the statements of this
        deployment in the policies of endpoints that are shared.
    type: str
    required: true
  vpc_id:
    description:
      - The VPC of the clients.
    type: str
    required: true
  state:
    description:
      - V(present) makes sure that the endpoints exist and are as described.
      - V(absent) deletes the endpoints and the group that were made for O(name). An endpoint that another deployment shares stays,
        without the statements of this one.
    type: str
    choices: [present, absent]
    default: present
  services:
    description:
      - What is reached through endpoints. V(control_plane) is SageMaker's API, where links to the UI come from as well. V(server) is
        the data plane of tracking servers, V(app) that of Apps. V(s3) is a gateway, which costs nothing. V(sts), V(kms) and V(logs)
        are for clients without another way out.
    type: list
    elements: str
    choices: [control_plane, server, app, s3, sts, kms, logs]
    default: [control_plane, server, s3]
  subnet_ids:
    description:
      - The subnets of the interface endpoints, one for each zone in which clients are. Each costs by the hour.
    type: list
    elements: str
  route_table_ids:
    description:
      - The route tables of the clients' subnets, for the gateway of S3.
    type: list
    elements: str
  security_group_ids:
    description:
      - Security groups of the interface endpoints that exist. They are not changed. When omitted, one is made.
    type: list
    elements: str
  allowed_cidrs:
    description:
      - The networks that may reach the endpoints, on port 443 of the group that is made. Nothing else may.
    type: list
    elements: str
  allowed_security_group_ids:
    description:
      - The security groups whose members may reach the endpoints, beside O(allowed_cidrs).
    type: list
    elements: str
  private_dns:
    description:
      - Whether the service's usual names lead to the endpoints in the whole VPC. Without it, clients must be told the names of the
        endpoints.
    type: bool
    default: true
  endpoint_policy:
    description:
      - V(own) lets the endpoints reach what O(servers), O(apps) and O(buckets) name, as principals of the account and of
        O(accounts). With O(private_dns), everything else at SageMaker's API is then out of reach in this VPC, and with V(s3) every
        other bucket from these route tables.
      - V(open) lets them reach everything that IAM allows.
    type: str
    choices: [own, open]
    default: own
  accounts:
    description:
      - Further accounts whose principals may use the endpoints, 12 digits in quotes.
    type: list
    elements: str
  servers:
    description:
      - Names of the tracking servers that can be reached; C(*) is a wildcard. All of the account when omitted.
    type: list
    elements: str
  apps:
    description:
      - ARNs of the MLflow Apps that can be reached. All of the account when omitted.
    type: list
    elements: str
  buckets:
    description:
      - Names of the buckets that can be reached. All when omitted.
    type: list
    elements: str
  purge:
    description:
      - Whether subnets, groups, routes, statements and (with O(tags)) tags that are not named here are removed from the endpoints
        of this module, and endpoints of services that are not named any more are deleted.
    type: bool
    default: false
  tags:
    description:
      - Tags that the endpoints and the group must carry, beside C(Name) and the mark of this module. Values are turned into strings.
    type: dict
    aliases: [resource_tags]
  wait:
    description:
      - Whether to wait until the endpoints are available.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait. AWS takes some minutes for an interface endpoint.
    type: int
    default: 900
notes:
  - In check mode, a security group that does not exist yet has the id C(sg-00000000000000000), as AWS chooses the real one.
  - Needs C(ec2:DescribeVpcEndpoints) and C(ec2:DescribeSecurityGroups) to read. C(sts:GetCallerIdentity) is called; it needs no
    permission.
  - To change, needs C(ec2:CreateVpcEndpoint), C(ec2:ModifyVpcEndpoint), C(ec2:DeleteVpcEndpoints), C(ec2:CreateTags) and
    C(ec2:DeleteTags), and for a group that is made C(ec2:CreateSecurityGroup), C(ec2:AuthorizeSecurityGroupIngress),
    C(ec2:RevokeSecurityGroupIngress) and C(ec2:DeleteSecurityGroup). Private names also need
    C(route53:AssociateVPCWithHostedZone).
  - Endpoints alone keep nobody from reaching MLflow by the public addresses. The policies of clients and of the bucket can.
  - An interface endpoint costs about 0.01 USD an hour in each subnet, and about 0.01 USD for each GB.
seealso:
  - name: Connect to MLflow through interface endpoints
    description: What AWS says about the endpoints.
    link: https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-interface-endpoint.html
  - module: mlops.sagemaker_mlflow.s3_mlflow_bucket
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - mlops.sagemaker_mlflow.attributes
author: The mlops.sagemaker_mlflow contributors (@mlops)
"""

EXAMPLES = r"""
- name: Reach one tracking server and its bucket from a VPC without a way out
  mlops.sagemaker_mlflow.ec2_mlflow_vpc_endpoints:
    name: mlflow-staging
    vpc_id: vpc-0123456789abcdef0
    subnet_ids: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
    route_table_ids: [rtb-0123456789abcdef0]
    allowed_cidrs: [10.0.0.0/16]
    servers: [mlflow-staging-mlflow]
    buckets: [mlflow-staging-mlflow-artifacts-a1]
    tags:
      Project: mlflow

- name: Apps, with a security group that exists, in a VPC that uses SageMaker for other things too
  mlops.sagemaker_mlflow.ec2_mlflow_vpc_endpoints:
    name: mlflow-apps
    vpc_id: vpc-0123456789abcdef0
    services: [control_plane, app, sts]
    subnet_ids: [subnet-0123456789abcdef0]
    security_group_ids: [sg-0123456789abcdef0]
    endpoint_policy: open

- name: Remove what was made for one deployment
  mlops.sagemaker_mlflow.ec2_mlflow_vpc_endpoints:
    name: mlflow-staging
    vpc_id: vpc-0123456789abcdef0
    state: absent
"""

RETURN = r"""
action:
  description: What happened, or would happen in check mode.
  returned: success
  type: str
  sample: create
changes:
  description: What differed, in the order in which it was made true.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: What differed, a service or V(security_group) with what changes in it.
      type: str
      sample: server
    action:
      description: V(create), V(update) or V(delete).
      type: str
      sample: create
    before:
      description: The value before; null when absent.
      type: raw
    after:
      description: The value after; null when it goes away.
      type: raw
name:
  description: What the endpoints are for.
  returned: success
  type: str
  sample: mlflow-staging
vpc_id:
  description: The VPC.
  returned: success
  type: str
  sample: vpc-0123456789abcdef0
region:
  description: The Region of the VPC.
  returned: success
  type: str
  sample: us-east-1
account_id:
  description: The account of the caller.
  returned: success
  type: str
  sample: "123456789012"
security_group_id:
  description: The security group that was made; null when there is none.
  returned: success
  type: str
  sample: sg-0123456789abcdef0
endpoints:
  description: The endpoints in the VPC by service, with those of others.
  returned: success
  type: dict
  sample:
    server:
      vpc_endpoint_id: vpce-0123456789abcdef0
      service_name: aws.sagemaker.us-east-1.experiments
      vpc_endpoint_type: Interface
      state: available
      managed: true
      private_dns: true
      subnet_ids: [subnet-0123456789abcdef0]
      security_group_ids: [sg-0123456789abcdef0]
foreign:
  description: The services among O(services) whose endpoint somebody else made. They are used as they are.
  returned: success
  type: list
  elements: str
  sample: [s3]
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import run
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._endpoints import from_module


def main() -> None:
    """Declare the options and converge."""
    module = AwsModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "vpc_id": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "services": {
                "type": "list",
                "elements": "str",
                "choices": ["control_plane", "server", "app", "s3", "sts", "kms", "logs"],
                "default": ["control_plane", "server", "s3"],
            },
            "subnet_ids": {"type": "list", "elements": "str"},
            "route_table_ids": {"type": "list", "elements": "str"},
            "security_group_ids": {"type": "list", "elements": "str"},
            "allowed_cidrs": {"type": "list", "elements": "str"},
            "allowed_security_group_ids": {"type": "list", "elements": "str"},
            "private_dns": {"type": "bool", "default": True},
            "endpoint_policy": {"type": "str", "choices": ["own", "open"], "default": "own"},
            "accounts": {"type": "list", "elements": "str"},
            "servers": {"type": "list", "elements": "str"},
            "apps": {"type": "list", "elements": "str"},
            "buckets": {"type": "list", "elements": "str"},
            "purge": {"type": "bool", "default": False},
            "tags": {"type": "dict", "aliases": ["resource_tags"]},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 900},
        },
        supports_check_mode=True,
    )
    run(module, from_module)


if __name__ == "__main__":
    main()
