# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An environment with a key of its own: previewed, deployed, used, destroyed with and without the key."""

from __future__ import annotations

import json
import typing as t

import boto3
import pytest
from botocore.exceptions import ClientError

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from playbook_run import Project

Json = dict[str, t.Any]
BUCKET = "mlflow-test-mlflow-artifacts-suite"
ROLE = "mlflow-test-mlflow-role"
ALIAS = "alias/mlflow-test-mlflow"


DEPLOYED: Json = {
    "mlflow_server_kind": "app",
    "mlflow_server_kms_key": {"create": True, "app_key": True, "delete": True, "deletion_window_in_days": 7},
}


def key(region: LocalRegion) -> Json:
    found: Json = region.client("kms").describe_key(KeyId=ALIAS)["KeyMetadata"]
    return found


def client_of_role(region: LocalRegion, service: str) -> t.Any:
    """A client that acts as the service role, as SageMaker does."""
    iam = region.client("iam")
    trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    user = iam.create_user(UserName=f"as-{service}")["User"]
    iam.put_user_policy(
        UserName=user["UserName"],
        PolicyName="assume",
        PolicyDocument=json.dumps({**trust, "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]}),
    )
    statement = {"Effect": "Allow", "Principal": {"AWS": user["Arn"]}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps({**trust, "Statement": [statement]}))
    made = iam.create_access_key(UserName=user["UserName"])["AccessKey"]
    common: Json = {"endpoint_url": region.endpoint, "region_name": "us-east-1"}
    sts = boto3.client(
        "sts", aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"], **common
    )
    arn = iam.get_role(RoleName=ROLE)["Role"]["Arn"]
    taken = sts.assume_role(RoleArn=arn, RoleSessionName="sagemaker")["Credentials"]
    return boto3.client(
        service,  # type: ignore[call-overload]  # the service is a variable here
        aws_access_key_id=taken["AccessKeyId"],
        aws_secret_access_key=taken["SecretAccessKey"],
        aws_session_token=taken["SessionToken"],
        **common,
    )


def the_service_role_can_use_it_through_s3_only(region: LocalRegion) -> None:
    iam = region.client("iam")
    trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    arn = key(region)["Arn"]
    region.configure(iam_enforcement=True)
    s3 = client_of_role(region, "s3")
    s3.put_object(Bucket=BUCKET, Key="1/model", Body=b"weights")
    head = s3.head_object(Bucket=BUCKET, Key="1/model")
    assert (head["SSEKMSKeyId"], head["BucketKeyEnabled"]) == (arn, True)
    assert s3.get_object(Bucket=BUCKET, Key="1/model")["Body"].read() == b"weights"
    with pytest.raises(ClientError, match=r"AccessDenied.*kms:GenerateDataKey"):
        client_of_role(region, "kms").generate_data_key(KeyId=arn, KeySpec="AES_256")
    region.configure(iam_enforcement=False)
    iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(trust))


def test_from_the_preview_to_the_end(project: Project) -> None:
    project.variables |= DEPLOYED
    region = project.region
    preview = project.check("deploy")
    deployed = project.succeed("deploy")
    assert deployed.summary == preview.summary
    assert deployed.summary[0] == f"+ KMS key {ALIAS}"
    again = project.succeed("deploy")
    assert (again.changed, again.writes) == (0, [])

    sagemaker = region.client("sagemaker")
    (app,) = sagemaker.list_mlflow_apps()["Summaries"]
    assert sagemaker.describe_mlflow_app(Arn=app["Arn"])["KmsKeyId"] == key(region)["Arn"]
    the_service_role_can_use_it_through_s3_only(region)

    destroyed = project.succeed("destroy", mlflow_server_protect=False)
    assert destroyed.summary[-1] == f"- KMS key {ALIAS}"
    assert destroyed.writes[-1] == "kms:ScheduleKeyDeletion"
    assert key(region)["KeyState"] == "PendingDeletion"


WRONG: dict[str, tuple[Json, str]] = {
    "no-create": ({"mlflow_server_kms_key": {"alias": "x"}}, "does not say create: true"),
    "two-keys": (
        {"mlflow_server_kms_key": {"create": True}, "mlflow_server_kms_key_id": "alias/other"},
        "names another. Remove one of the two",
    ),
    "two-keys-of-the-app": (
        {
            "mlflow_server_kind": "app",
            "mlflow_server_kms_key": {"create": True, "app_key": True},
            "mlflow_server_app_kms_key_id": "alias/other",
        },
        "names another key for the App",
    ),
    "bucket-stays": (
        {
            "mlflow_server_state": "absent",
            "mlflow_server_keep_bucket": True,
            "mlflow_server_kms_key": {"create": True, "delete": True},
        },
        "could never be read again without its key",
    ),
    "unknown": ({"mlflow_server_kms_key": {"create": True, "rotate": True}}, "rotate"),
}


def test_what_is_wrong_is_said_before_the_first_call(project: Project) -> None:
    project.hosts = {host: values for host, (values, _words) in WRONG.items()}
    run = project.run("deploy")
    text = " ".join(run.output.split())
    assert [words for _values, words in WRONG.values() if words not in text] == []
    assert run.output.count("failed=1") == len(WRONG)
    assert run.calls == []
