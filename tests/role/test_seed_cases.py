# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cases of the Terraform module that this collection replaces."""

from __future__ import annotations

import json
import typing as t

import pytest
from local_region import ACCOUNT

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from playbook_run import Project

BUCKET = "mlflow-test-mlflow-artifacts-suite"
SERVER = "mlflow-test-mlflow"
ROLE = "mlflow-test-mlflow-role"


def key_in_form(key: dict[str, str], form: str) -> str:
    return {
        "id": key["KeyId"],
        "ARN": key["Arn"],
        "alias": "alias/mlflow",
        "alias ARN": f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/mlflow",
    }[form]


def inline_policy(region: LocalRegion, name: str) -> dict[str, t.Any]:
    document: dict[str, t.Any] = region.client("iam").get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"]
    return document


def test_an_existing_bucket_with_a_prefix_is_used_and_not_touched(project: Project) -> None:
    project.region.client("s3").create_bucket(Bucket="studio-bucket")
    variables = {"mlflow_server_create_bucket": False, "mlflow_server_artifact_store_uri": "s3://studio-bucket/mlflow/"}
    deployed = project.succeed("deploy", **variables)
    assert not [call for call in deployed.writes if call.startswith("s3:")]
    assert project.outputs["artifacts_bucket_name"] == "studio-bucket"
    resources = json.dumps(inline_policy(project.region, "MLflowBasicAccess"))
    assert "arn:aws:s3:::studio-bucket/mlflow/*" in resources
    assert "arn:aws:s3:::studio-bucket/*" not in resources
    again = project.succeed("deploy", **variables)
    assert (again.changed, again.writes) == (0, [])


@pytest.mark.parametrize("form", ["id", "ARN", "alias", "alias ARN"])
def test_a_key_in_every_form(project: Project, form: str) -> None:
    kms = project.region.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/mlflow", TargetKeyId=key["KeyId"])
    project.variables["mlflow_server_kms_key_id"] = key_in_form(key, form)
    preview = project.check("deploy")
    deployed = project.succeed("deploy")
    assert deployed.summary == preview.summary
    assert key["Arn"] in json.dumps(inline_policy(project.region, "MLflowKMSAccess"))
    encryption = project.region.client("s3").get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key["Arn"]
    project.variables["mlflow_server_kms_key_id"] = key["Arn"]
    again = project.succeed("deploy")
    assert (again.changed, again.writes) == (0, [])


def test_additional_policies_upper_case_window_and_short_version(project: Project) -> None:
    policy = project.region.client("iam").create_policy(
        PolicyName="extra",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
            }
        ),
    )["Policy"]["Arn"]
    variables = {
        "mlflow_server_additional_role_policies": [policy],
        "mlflow_server_maintenance_window": "TUE:03:30",
        "mlflow_server_version": "3.0",
    }
    project.succeed("deploy", **variables)
    assert project.outputs["mlflow_version"] == "3.0.0"
    attached = project.region.client("iam").list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    assert [entry["PolicyArn"] for entry in attached] == [policy]
    again = project.succeed("deploy", **variables)
    assert (again.changed, again.writes) == (0, [])


def test_what_terraform_made_is_adopted_and_tightened_in_place(project: Project) -> None:
    server_before, role_before = terraform_apply(project.region)
    preview = project.check("deploy")
    assert [line[0] for line in preview.summary] == ["~", "~", "~"]
    deployed = project.succeed("deploy")
    assert deployed.summary == preview.summary
    server = project.region.client("sagemaker").describe_mlflow_tracking_server(TrackingServerName=SERVER)
    assert server["CreationTime"] == server_before["CreationTime"]
    role = project.region.client("iam").get_role(RoleName=ROLE)["Role"]
    assert role["RoleId"] == role_before["RoleId"]
    assert "sagemaker:*" not in json.dumps(inline_policy(project.region, "MLflowBasicAccess"))
    assert not [call for call in deployed.writes if "Delete" in call or "Create" in call]
    tags = project.region.client("sagemaker").list_tags(ResourceArn=server["TrackingServerArn"])["Tags"]
    assert {"Key": "CostCenter", "Value": "42"} in tags
    assert {"Key": "ManagedBy", "Value": "ansible"} in tags
    again = project.succeed("deploy")
    assert (again.changed, again.writes) == (0, [])


def test_version_drift_fails_and_replaces_nothing(project: Project) -> None:
    project.succeed("deploy", mlflow_server_version="2.16")
    refused = project.run("deploy", mlflow_server_version="3.0")
    assert refused.code != 0
    assert "2.16" in refused.output
    assert not [call for call in refused.writes if call.startswith("sagemaker:")]


def terraform_apply(region: LocalRegion) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """What the Terraform module creates, with its over-broad policy and its tags."""
    tags = {
        "Project": "mlflow",
        "Environment": "test",
        "Service": "mlflow",
        "ManagedBy": "terraform",
        "CostCenter": "42",
    }
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    s3, iam, sagemaker = region.client("s3"), region.client("iam"), region.client("sagemaker")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": pairs})
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    broad = {"Effect": "Allow", "Action": ["sagemaker:*", "s3:GetObject"], "Resource": "*"}
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=policy(trust), Tags=pairs)
    iam.put_role_policy(RoleName=ROLE, PolicyName="MLflowBasicAccess", PolicyDocument=policy(broad))
    role = iam.get_role(RoleName=ROLE)["Role"]
    sagemaker.create_mlflow_tracking_server(
        TrackingServerName=SERVER,
        ArtifactStoreUri=f"s3://{BUCKET}",
        RoleArn=role["Arn"],
        MlflowVersion="3.0",
        AutomaticModelRegistration=True,
        WeeklyMaintenanceWindowStart="Tue:03:30",
        Tags=pairs,
    )
    return sagemaker.describe_mlflow_tracking_server(TrackingServerName=SERVER), role


def policy(*statements: dict[str, t.Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
