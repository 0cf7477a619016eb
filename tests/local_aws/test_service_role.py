# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service role, as iam_mlflow_role writes it: it can do its work, and nothing besides."""

from __future__ import annotations

import json
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

import mlflow
import pytest
from botocore.exceptions import ClientError
from local_aws.managed_mlflow import BUCKET, SERVICE_POLICY
from mlflow.exceptions import MlflowException
from module_run import Modules

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _policies as policies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_aws.managed_mlflow import ManagedMlflow
    from local_callers import Keys, LocalAws

ACCOUNT = "123456789012"
SAGEMAKER = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
DENIED = ("AccessDenied", "AccessDeniedException", "403")

WORK: dict[str, tuple[str, Callable[[Any], object]]] = {
    "write an artifact": ("s3", lambda s3: s3.put_object(Bucket="artifacts", Key="team/0/model.bin", Body=b"x")),
    "read an artifact": ("s3", lambda s3: s3.get_object(Bucket="artifacts", Key="team/0/model.bin")),
    "list artifacts": ("s3", lambda s3: s3.list_objects_v2(Bucket="artifacts", Prefix="team/0/")),
    "write a large artifact": ("s3", lambda s3: s3.create_multipart_upload(Bucket="artifacts", Key="team/0/large.bin")),
    "find the bucket": ("s3", lambda s3: s3.get_bucket_location(Bucket="artifacts")),
    "make a group of model packages": (
        "sagemaker",
        lambda client: client.create_model_package_group(
            ModelPackageGroupName="churn", Tags=[{"Key": "team", "Value": "a"}]
        ),
    ),
    "look at the group": (
        "sagemaker",
        lambda client: client.describe_model_package_group(ModelPackageGroupName="churn"),
    ),
    "make a model package": ("sagemaker", lambda client: client.create_model_package(ModelPackageGroupName="churn")),
    "approve it": (
        "sagemaker",
        lambda client: client.update_model_package(
            ModelPackageArn=f"{SAGEMAKER}:model-package/churn/1", ModelApprovalStatus="Approved"
        ),
    ),
}
NOT_ITS_WORK: dict[str, tuple[str, Callable[[Any], object]]] = {
    "read another prefix": ("s3", lambda s3: s3.get_object(Bucket="artifacts", Key="other/0/model.bin")),
    "read a prefix that begins alike": ("s3", lambda s3: s3.get_object(Bucket="artifacts", Key="team2/model.bin")),
    "write outside its prefix": ("s3", lambda s3: s3.put_object(Bucket="artifacts", Key="model.bin", Body=b"x")),
    "list another prefix": ("s3", lambda s3: s3.list_objects_v2(Bucket="artifacts", Prefix="other/")),
    "list the whole bucket": ("s3", lambda s3: s3.list_objects_v2(Bucket="artifacts")),
    "delete an artifact": ("s3", lambda s3: s3.delete_object(Bucket="artifacts", Key="team/0/model.bin")),
    "read an old version": (
        "s3",
        lambda s3: s3.get_object(Bucket="artifacts", Key="team/0/model.bin", VersionId="v"),
    ),
    "open its bucket": ("s3", lambda s3: s3.delete_bucket_policy(Bucket="artifacts")),
    "read another bucket": ("s3", lambda s3: s3.get_object(Bucket="others", Key="team/0/model.bin")),
    "list another bucket": ("s3", lambda s3: s3.list_objects_v2(Bucket="others", Prefix="team/")),
    "list the buckets": ("s3", lambda s3: s3.list_buckets()),
    "change itself": (
        "iam",
        lambda iam: iam.put_role_policy(RoleName="mlflow", PolicyName="x", PolicyDocument=json.dumps(SERVICE_POLICY)),
    ),
    "take another role": (
        "sts",
        lambda sts: sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/mlflow", RoleSessionName="x1"),
    ),
    "delete its own server": (
        "sagemaker",
        lambda client: client.delete_mlflow_tracking_server(TrackingServerName="mlflow"),
    ),
    "pass a role to another server": (
        "sagemaker",
        lambda client: client.create_mlflow_tracking_server(
            TrackingServerName="x", ArtifactStoreUri="s3://artifacts", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/mlflow"
        ),
    ),
    "delete a group of model packages": (
        "sagemaker",
        lambda client: client.delete_model_package_group(ModelPackageGroupName="churn"),
    ),
    "delete a model package": (
        "sagemaker",
        lambda client: client.delete_model_package(ModelPackageName=f"{SAGEMAKER}:model-package/churn/1"),
    ),
    "tag a server": (
        "sagemaker",
        lambda client: client.add_tags(
            ResourceArn=f"{SAGEMAKER}:mlflow-tracking-server/x", Tags=[{"Key": "a", "Value": "b"}]
        ),
    ),
    "list endpoints": ("sagemaker", lambda client: client.list_endpoints()),
    "use a key for itself": ("kms", lambda kms: kms.encrypt(KeyId="alias/artifacts", Plaintext=b"x")),
    "look at keys": ("kms", lambda kms: kms.describe_key(KeyId="alias/artifacts")),
}


@pytest.fixture
def service(local_aws: LocalAws) -> Keys:
    """Somebody with the very policies of the service role of C(s3://artifacts/team); IAM is enforced."""
    for bucket in ("artifacts", "others"):
        local_aws.client("s3").create_bucket(Bucket=bucket)
    local_aws.client("s3").put_object(Bucket="artifacts", Key="team/0/model.bin", Body=b"x")
    kms = local_aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/artifacts", TargetKeyId=key)
    written = Modules(local_aws.region).run(
        "iam_mlflow_role",
        name="mlflow",
        artifact_store_uri="s3://artifacts/team",
        kms_key_id="alias/artifacts",
        model_registration=True,
        wait=False,
    )
    documents = written.result["inline_policies"].values()
    local_aws.admin("POST", "config", {"iam_enforcement": True})
    return local_aws.user("service", *(statement for document in documents for statement in document["Statement"]))


def is_denied(call: Callable[[], object], *, must_work: bool) -> bool:
    """Whether IAM says no; what it allows must also work when that is asked for."""
    try:
        call()
    except ClientError as error:
        if must_work and error.response["Error"]["Code"] not in DENIED:
            raise
        return error.response["Error"]["Code"] in DENIED
    return False


def test_it_can_do_its_work(local_aws: LocalAws, service: Keys) -> None:
    denied = [
        name
        for name, (api, call) in WORK.items()
        if is_denied(partial(call, local_aws.client(api, service)), must_work=True)
    ]
    assert denied == []


def test_it_can_do_nothing_else(local_aws: LocalAws, service: Keys) -> None:
    allowed = [
        name
        for name, (api, call) in NOT_ITS_WORK.items()
        if not is_denied(partial(call, local_aws.client(api, service)), must_work=False)
    ]
    assert allowed == []


@pytest.fixture
def least_role(
    managed_mlflow: ManagedMlflow, enforced_iam: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], None]]:
    """Gives the role of the running server the least policy for a prefix; afterwards it has its own again."""
    for name, value in managed_mlflow.region.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("SAGEMAKER_PRESIGNED_URL_UPLOAD_ENABLED", "true")
    iam = managed_mlflow.region.client("iam")

    def write(document: dict[str, Any]) -> None:
        iam.put_role_policy(RoleName="mlflow", PolicyName="artifacts", PolicyDocument=json.dumps(document))

    previous = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(managed_mlflow.server)
    yield lambda prefix: write(policies.basic_access("aws", "us-east-1", ACCOUNT, BUCKET, prefix))
    write(SERVICE_POLICY)
    mlflow.set_tracking_uri(previous)


def test_a_server_stores_artifacts_with_it(least_role: Callable[[str], None]) -> None:
    """The server signs the upload with the role's rights: below its prefix it works, with another prefix it does not."""
    mlflow.set_experiment(f"experiment {uuid.uuid4()}")
    least_role("server")
    with mlflow.start_run():
        mlflow.log_text("hello", "note.txt")
        least_role("elsewhere")
        with pytest.raises((MlflowException, OSError), match=r"403|Forbidden"):
            mlflow.log_text("hello", "another.txt")
