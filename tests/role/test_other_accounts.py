# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A role taken for each environment, a bucket in another account, and a trail that records it all."""

from __future__ import annotations

import json
import typing as t

import boto3
from local_callers import policy

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from playbook_run import Project

HERE, THERE = "123456789012", "210987654321"
BUCKET, LOGS = "artifacts-of-the-other", "trail-logs-suite"
SECRETS = ("aws_secret_access_key", "SecretAccessKey", "ASIA", "AWS_SESSION_TOKEN=F")


def there(region: LocalRegion, service: str) -> t.Any:
    """A client of the other account's root user."""
    return boto3.client(
        service,  # type: ignore[call-overload]  # the service is a variable here
        endpoint_url=region.endpoint,
        region_name="us-east-1",
        aws_access_key_id=f"AKIAROOT{THERE}",
        aws_secret_access_key=region.environment["AWS_SECRET_ACCESS_KEY"],
    )


def role(client: t.Any, name: str, external_id: str) -> str:
    """A role that may do everything, for whoever knows the external id."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{HERE}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }
    document = policy(statement)
    # Nobody gets a session longer than an hour unless asked for, and AWS refuses one that is too long.
    made = client.create_role(RoleName=name, AssumeRolePolicyDocument=document, MaxSessionDuration=7200)["Role"]["Arn"]
    everything = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    client.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=everything)
    return str(made)


def text(run: t.Any) -> str:
    return " ".join(run.output.split())


def with_roles(owner: str, deployer: str) -> dict[str, t.Any]:
    """The variables of an environment whose bucket is in another account."""
    return {
        "mlflow_server_create_bucket": False,
        "mlflow_server_artifact_store_uri": f"s3://{BUCKET}/mlflow",
        "mlflow_server_artifact_bucket_owner": THERE,
        "mlflow_server_artifact_bucket_assume_role_arn": owner,
        "mlflow_server_assume_role_arn": deployer,
        "mlflow_server_assume_role_external_id": "secret-1",
        "mlflow_server_assume_role_session_name": "release-42",
        "mlflow_server_assume_role_duration": 7200,
        "mlflow_server_audit_trail": {"name": "mlflow", "create": True, "create_bucket": True, "s3_bucket_name": LOGS},
    }


def test_with_a_role_a_foreign_bucket_and_a_trail(project: Project) -> None:
    region = project.region
    there(region, "s3").create_bucket(Bucket=BUCKET)
    owner = role(there(region, "iam"), "bucket-owner", "secret-1")
    deployer = role(region.client("iam"), "deployer", "secret-1")
    region.configure(iam_enforcement=True)
    asked = with_roles(owner, deployer)
    refused = project.run("deploy", **{**asked, "mlflow_server_assume_role_external_id": "secret-2"})
    assert refused.code == 2
    assert f"Failed while taking the role {deployer}" in text(refused)
    assert "where it asks for one, this external_id" in text(refused)
    assert refused.calls == ["sts:AssumeRole"]

    run = project.succeed("deploy", "-vvv", **asked)
    assert run.calls.count("sts:AssumeRole") == 2, "one for the deployer, one for the owner of the bucket"
    assert [word for word in SECRETS if word in run.output] == []
    statements = json.loads(there(region, "s3").get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert {each["Principal"]["AWS"] for each in statements} == {project.outputs["mlflow_role_arn"]}
    assert f"arn:aws:s3:::{BUCKET}/mlflow/*" in [each["Resource"] for each in statements]
    server = region.client("sagemaker").describe_mlflow_tracking_server(TrackingServerName="mlflow-test-mlflow")
    assert server["CreatedBy"]["IamIdentity"]["Arn"].endswith("assumed-role/deployer/release-42")
    trail = region.client("cloudtrail").get_event_selectors(TrailName="mlflow")
    names = [each["Name"] for each in trail["AdvancedEventSelectors"]]
    assert names[1:] == [
        f"us-east-1 mlflow-tracking-server/mlflow-test-mlflow: {what}" for what in ("API", "artifacts")
    ]
    again = project.succeed("deploy", **asked)
    assert (again.changed, again.writes) == (0, [])
    audit = project.run("audit", **asked, mlflow_server_audit_fail_on="none")
    assert audit.code == 0
    found = json.loads((project.folder / "outputs" / "mlflow-test-audit.json").read_text())["controls"]
    recorded = {each["id"]: each["status"] for each in found if each["id"] in ("S3.22", "S3.23", "MLflow.8")}
    assert recorded == dict.fromkeys(recorded, "pass")
    assert {each["status"] for each in found if each["id"].startswith("S3.") and each["scope"] != "account"} >= {
        "unknown"
    }


def test_without_a_role_of_the_owner_its_statements_are_printed(project: Project) -> None:
    there(project.region, "s3").create_bucket(Bucket=BUCKET)
    key = f"arn:aws:kms:us-east-1:{THERE}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    run = project.check(
        "deploy",
        mlflow_server_create_bucket=False,
        mlflow_server_artifact_store_uri=f"s3://{BUCKET}/mlflow",
        mlflow_server_artifact_bucket_owner=THERE,
        mlflow_server_kms_key_id=key,
    )
    assert f"The bucket {BUCKET} belongs to the account {THERE}. Its policy there must have these statements:" in text(
        run
    )
    assert "Sid: MlflowReadAndWriteArtifactsMlflowTestMlflowRole" in run.output
    assert f"The policy of the key {key} must have these:" in text(run)
    assert "kms:ViaService: s3.us-east-1.amazonaws.com" in run.output
