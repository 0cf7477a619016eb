# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventories that come with the repository deploy as they are."""

from __future__ import annotations

import json
import os
import subprocess
import typing as t

from local_region import REPOSITORY
from playbook_run import ANSIBLE_PLAYBOOK

if t.TYPE_CHECKING:
    from pathlib import Path

    from local_region import LocalRegion


def deploy(region: LocalRegion, folder: Path, environment: str) -> dict[str, t.Any]:
    """Deploy one of the inventories, but for the wait that a local IAM does not need; the outputs of its only host."""
    inventory = REPOSITORY / "inventories" / environment
    run = subprocess.run(
        [str(ANSIBLE_PLAYBOOK), "-i", str(inventory), "-e", "mlflow_server_role_propagation_delay=0", "deploy.yml"],
        cwd=REPOSITORY / "playbooks",
        env={**os.environ, **region.environment, "PWD": str(folder)},
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    outputs: dict[str, t.Any] = json.loads((folder / "outputs" / f"mlflow-{environment}.json").read_text())
    return outputs


def test_staging_is_the_seeds_staging(region: LocalRegion, tmp_path: Path) -> None:
    outputs = deploy(region, tmp_path, "staging")
    assert outputs["artifacts_bucket_name"] == "mlflow-staging-mlflow-artifacts-zali-staging"
    assert outputs["tracking_server_name"] == "mlflow-staging-mlflow"
    server = region.client("sagemaker").describe_mlflow_tracking_server(TrackingServerName="mlflow-staging-mlflow")
    assert (server["WeeklyMaintenanceWindowStart"], server["AutomaticModelRegistration"]) == ("Tue:03:30", True)


def test_production_is_the_seeds_enhanced_security(region: LocalRegion, tmp_path: Path) -> None:
    kms = region.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/mlflow-production", TargetKeyId=key["KeyId"])
    region.client("s3").create_bucket(Bucket="existing-sagemaker-bucket")
    outputs = deploy(region, tmp_path, "production")
    assert outputs["artifact_store_uri"] == "s3://existing-sagemaker-bucket/mlflow"
    iam = region.client("iam")
    attached = iam.list_attached_role_policies(RoleName="mlflow-prod-mlflow-role")["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == ["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"]
    access = iam.get_role_policy(RoleName="mlflow-prod-mlflow-role", PolicyName="MLflowKMSAccess")["PolicyDocument"]
    assert key["Arn"] in json.dumps(access)
