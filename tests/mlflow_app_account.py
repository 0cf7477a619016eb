# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account in a local AWS that has what an App needs, and runs of the module there."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from tracking_server_account import BUCKET, DELAY, OTHER_BUCKET, ROLE, ROLE_NAME, URI, trust

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules, Run

MODULE = "sagemaker_mlflow_app"
NAME = "mlflow-staging-mlflow"
DOMAIN = "d-aaaaaaaaaaaa"
OTHER_DOMAIN = "d-bbbbbbbbbbbb"


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
        """Options that can create an App."""
        return {"artifact_store_uri": URI, "role_arn": ROLE, **options}

    @staticmethod
    def _common(options: dict[str, t.Any]) -> dict[str, t.Any]:
        identity = {} if "arn" in options else {"name": NAME}
        return {**identity, "wait_delay": DELAY, "wait_timeout": 20, "role_propagation_timeout": 1, **options}

    def converge(self, **options: t.Any) -> Run:
        """Check mode, real run, second run; see Modules.converge."""
        return self.modules.converge(MODULE, **self._common(options))

    def run(self, *, check: bool = False, **options: t.Any) -> Run:
        """One run."""
        return self.modules.run(MODULE, check=check, **self._common(options))

    def fail(self, *, check: bool = False, **options: t.Any) -> str:
        """The message of a run that must fail."""
        return self.modules.fail(MODULE, check=check, **self._common(options))

    def create(self, name: str = NAME, **fields: t.Any) -> str:
        """An App that somebody else made; its ARN."""
        request = {"Name": name, "ArtifactStoreUri": URI, "RoleArn": ROLE}
        return str(self.sagemaker.create_mlflow_app(**{**request, **fields})["Arn"])

    def apps(self) -> list[dict[str, t.Any]]:
        """What AWS lists, without what is only listed still."""
        pages = self.sagemaker.get_paginator("list_mlflow_apps").paginate()
        return [each for page in pages for each in page["Summaries"] if each["Status"] != "Deleted"]

    def described(self, arn: str | None = None) -> dict[str, t.Any]:
        """What AWS holds: of this App, or of the only one."""
        answer: dict[str, t.Any] = self.sagemaker.describe_mlflow_app(Arn=arn or self._only())
        return answer

    def tags(self, arn: str | None = None) -> dict[str, str]:
        """The tags that AWS holds."""
        answer = self.sagemaker.list_tags(ResourceArn=arn or self._only())
        return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}

    def _only(self) -> str:
        (app,) = self.apps()
        return str(app["Arn"])
