# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One environment in the words of both contestants: the same bucket, role and tracking server to the last setting."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from local_region import ACCOUNT, REGION

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _policies, _policy_document

if TYPE_CHECKING:
    from pathlib import Path

PARTITION = "aws"
PROJECT = "mlflow"
SUFFIX = "bench"
MANAGED_POLICIES = ["arn:aws:iam::aws:policy/AmazonSageMakerReadOnly"]
METRICS_ACCESS = {
    "Version": _policy_document.VERSION,
    "Statement": [
        {"Sid": "PutMetrics", "Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*"},
    ],
}
TEAM = {"Team": "vision"}
HOUSEKEEPING = {
    "id": "Housekeeping",
    "status": "Enabled",
    "filter": {"prefix": ""},
    "noncurrent_version_expiration": {"noncurrent_days": 90},
    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
}


class Environment:
    """The names of one environment."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.server = f"{PROJECT}-{name}-mlflow"
        self.role = f"{self.server}-role"
        self.bucket = f"{self.server}-artifacts-{SUFFIX}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags of every resource in it."""
        return {"Project": PROJECT, "Environment": self.name, "Service": "mlflow", "ManagedBy": "ansible", **TEAM}

    @property
    def role_arn(self) -> str:
        """The service role's ARN."""
        return f"arn:{PARTITION}:iam::{ACCOUNT}:role/{self.role}"

    @property
    def basic_access(self) -> _policy_document.Document:
        """The first inline policy."""
        return _policies.basic_access(PARTITION, REGION, ACCOUNT, self.bucket, model_registration=True)


def common_variables(outputs: Path, python: str = sys.executable) -> dict[str, Any]:
    """What is the same for all environments of a run of the collection.

    :param python: the interpreter of the hosts; another path than Ansible's own makes the tasks run as ordinary modules.
    """
    return {
        "ansible_connection": "local",
        "ansible_python_interpreter": python,
        "mlflow_server_project_name": PROJECT,
        "mlflow_server_bucket_name_suffix": SUFFIX,
        "mlflow_server_region": REGION,
        "mlflow_server_tags": TEAM,
        "mlflow_server_additional_role_policies": MANAGED_POLICIES,
        "mlflow_server_role_inline_policies": {"MLflowMetrics": METRICS_ACCESS},
        # The composition has one module for one rule, so here is one rule.
        "mlflow_server_bucket_noncurrent_version_expiration_days": 0,
        "mlflow_server_bucket_abort_incomplete_multipart_upload_days": 0,
        "mlflow_server_bucket_lifecycle_rules": [HOUSEKEEPING],
        "mlflow_server_outputs_dir": str(outputs),
        # The region creates servers and spreads IAM changes at once: the service's own time is no part of this.
        "mlflow_server_wait_delay": 1,
        "mlflow_server_role_propagation_delay": 0,
    }


def host_variables(environment: Environment) -> dict[str, Any]:
    """What is an environment's own, for the collection."""
    return {"mlflow_server_environment": environment.name}


def composition_variables(environment: Environment, aws_cli: str) -> dict[str, Any]:
    """The same environment for the composition of amazon.aws, community.aws and the AWS CLI."""
    return {
        "region": REGION,
        "aws_cli": aws_cli,
        "bucket_name": environment.bucket,
        "role_name": environment.role,
        "server_name": environment.server,
        "environment_tags": environment.tags,
        "managed_policies": MANAGED_POLICIES,
        "basic_access": environment.basic_access,
        "metrics_access": METRICS_ACCESS,
        "trust_policy": {
            "Version": _policy_document.VERSION,
            "Statement": [
                _policies.service_trust_statement(
                    ACCOUNT, [_policies.any_sagemaker_resource(PARTITION, REGION, ACCOUNT)]
                )
            ],
        },
        "bucket_policy": {
            "Version": _policy_document.VERSION,
            "Statement": [
                _policies.bucket_tls_only_statement(PARTITION, environment.bucket),
                _policies.bucket_owner_only_statement(PARTITION, environment.bucket, ACCOUNT),
            ],
        },
        "server": {
            "TrackingServerName": environment.server,
            "ArtifactStoreUri": f"s3://{environment.bucket}",
            "TrackingServerSize": "Small",
            "MlflowVersion": "3.0",
            "RoleArn": environment.role_arn,
            "AutomaticModelRegistration": True,
            "WeeklyMaintenanceWindowStart": "Tue:03:30",
        },
    }


def drift(client: Any, environment: Environment) -> None:
    """Change three settings behind everybody's back.

    :param client: makes a boto3 client of the service that it is given.
    """
    client("s3").put_bucket_versioning(Bucket=environment.bucket, VersioningConfiguration={"Status": "Suspended"})
    tags = [{"Key": key, "Value": value} for key, value in {**environment.tags, "Team": "nobody"}.items()]
    client("s3").put_bucket_tagging(Bucket=environment.bucket, Tagging={"TagSet": tags})
    client("iam").put_role_policy(
        RoleName=environment.role,
        PolicyName="MLflowMetrics",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
    )
