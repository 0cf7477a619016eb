# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account in a local AWS that has what a tracking server needs, and runs of the module there."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules, Run

MODULE = "sagemaker_mlflow_server"
NAME = "mlflow-staging-mlflow"
ROLE_NAME = "mlflow-role"
ROLE = f"arn:aws:iam::123456789012:role/{ROLE_NAME}"
BUCKET = "mlflow-artifacts-a"
OTHER_BUCKET = "mlflow-artifacts-b"
URI = f"s3://{BUCKET}"
DELAY = 0.05
"""Seconds between two looks: real pauses would make these tests last for minutes."""


def trust(service: str = "sagemaker.amazonaws.com") -> str:
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass
class Account:
    """Runs of the module against one local AWS, with the options that every run has."""

    region: LocalRegion
    modules: Modules

    def __post_init__(self) -> None:
        self.sagemaker = self.region.client("sagemaker")
        self.region.client("iam").create_role(RoleName=ROLE_NAME, AssumeRolePolicyDocument=trust())
        s3 = self.region.client("s3")
        for bucket in (BUCKET, OTHER_BUCKET):
            s3.create_bucket(Bucket=bucket)

    @staticmethod
    def full(**options: t.Any) -> dict[str, t.Any]:
        """Options that can create a server."""
        return {"artifact_store_uri": URI, "role_arn": ROLE, "mlflow_version": "3.0", **options}

    @staticmethod
    def _common(options: dict[str, t.Any]) -> dict[str, t.Any]:
        return {"name": NAME, "wait_delay": DELAY, "wait_timeout": 20, "role_propagation_timeout": 1, **options}

    def converge(self, **options: t.Any) -> Run:
        """Check mode, real run, second run; see Modules.converge."""
        return self.modules.converge(MODULE, **self._common(options))

    def run(self, *, check: bool = False, **options: t.Any) -> Run:
        """One run."""
        return self.modules.run(MODULE, check=check, **self._common(options))

    def fail(self, *, check: bool = False, **options: t.Any) -> str:
        """The message of a run that must fail."""
        return self.modules.fail(MODULE, check=check, **self._common(options))

    def create(self, **fields: t.Any) -> None:
        """A server that somebody else made."""
        request = {"TrackingServerName": NAME, "ArtifactStoreUri": URI, "RoleArn": ROLE, "MlflowVersion": "3.0"}
        self.sagemaker.create_mlflow_tracking_server(**{**request, **fields})

    def described(self) -> dict[str, t.Any]:
        """What AWS holds."""
        answer: dict[str, t.Any] = self.sagemaker.describe_mlflow_tracking_server(TrackingServerName=NAME)
        return answer

    def tags(self) -> dict[str, str]:
        """The tags that AWS holds."""
        answer = self.sagemaker.list_tags(ResourceArn=self.described()["TrackingServerArn"])
        return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}

    def exists(self) -> bool:
        """Whether AWS has the server."""
        return bool(self.sagemaker.list_mlflow_tracking_servers()["TrackingServerSummaries"])
