# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies that the collection writes: what they allow, in every partition, and what they never do."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _policies as policies
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import as_list, size

ACCOUNT = "123456789012"
PARTITIONS = {
    "aws": ("eu-central-1", "amazonaws.com"),
    "aws-cn": ("cn-north-1", "amazonaws.com.cn"),
    "aws-us-gov": ("us-gov-west-1", "amazonaws.com"),
    "aws-iso": ("us-iso-east-1", "c2s.ic.gov"),
    "aws-iso-b": ("us-isob-east-1", "sc2s.sgov.gov"),
    "aws-iso-e": ("eu-isoe-west-1", "cloud.adc-e.uk"),
    "aws-iso-f": ("us-isof-south-1", "csp.hci.ic.gov"),
    "aws-eusc": ("eusc-de-east-1", "amazonaws.eu"),
}


def by_sid(document: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """The statements by their Sid."""
    return {statement["Sid"]: statement for statement in document["Statement"]}


def every_document(partition: str) -> list[dict[str, t.Any]]:
    """Every identity policy that a service role may get, at its widest."""
    region = PARTITIONS[partition][0]
    return [
        policies.basic_access(
            partition, region, ACCOUNT, "bucket", "team/a", artifact_deletion=True, model_registration=True
        ),
        policies.basic_access(partition, region, ACCOUNT, "bucket", model_registration=True),
        policies.kms_access(f"arn:{partition}:kms:{region}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    ]


@pytest.mark.parametrize("partition", PARTITIONS)
def test_no_statement_is_wider_than_it_must_be(partition: str) -> None:
    for document in every_document(partition):
        assert document["Version"] == "2012-10-17"
        for statement in document["Statement"]:
            assert statement["Effect"] == "Allow"
            assert not any("*" in action for action in as_list(statement["Action"])), "a wildcard in an action"
            for resource in as_list(statement["Resource"]):
                assert resource.startswith(f"arn:{partition}:"), "a resource of another partition"
                service, region, account = resource.split(":")[2:5]
                assert service == "s3" or (region, account) == (PARTITIONS[partition][0], ACCOUNT)


@pytest.mark.parametrize("partition", PARTITIONS)
def test_documents_fit_their_quotas(partition: str) -> None:
    assert sum(size(document) for document in every_document(partition)[::2]) < 3000


def test_artifacts_of_a_whole_bucket() -> None:
    statements = by_sid(policies.basic_access("aws", "us-east-1", ACCOUNT, "bucket"))
    assert set(statements) == {"ReadAndWriteArtifacts", "ListArtifacts", "LookAtBucket"}
    assert statements["ReadAndWriteArtifacts"]["Resource"] == "arn:aws:s3:::bucket/*"
    assert "Condition" not in statements["ListArtifacts"]
    assert statements["LookAtBucket"]["Resource"] == "arn:aws:s3:::bucket"


def test_artifacts_below_a_prefix() -> None:
    statements = by_sid(policies.basic_access("aws", "us-east-1", ACCOUNT, "bucket", "team/a"))
    assert statements["ReadAndWriteArtifacts"]["Resource"] == "arn:aws:s3:::bucket/team/a/*"
    assert statements["ListArtifacts"]["Condition"] == {"StringLike": {"s3:prefix": ["team/a", "team/a/*"]}}


def test_objects_are_deleted_only_when_wished() -> None:
    def actions(deletion: bool) -> set[str]:
        document = policies.basic_access("aws", "us-east-1", ACCOUNT, "bucket", artifact_deletion=deletion)
        return {action for statement in document["Statement"] for action in as_list(statement["Action"])}

    assert actions(True) - actions(False) == {"s3:DeleteObject"}


def test_the_model_registry_is_written_only_when_wished() -> None:
    document = policies.basic_access("aws", "us-east-1", ACCOUNT, "bucket", model_registration=True)
    statements = by_sid(document)
    assert "sagemaker:" not in str(policies.basic_access("aws", "us-east-1", ACCOUNT, "bucket"))
    base = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
    assert statements["RegisterModels"]["Resource"] == [f"{base}:model-package/*", f"{base}:model-package-group/*"]
    assert {"sagemaker:CreateModelPackage", "sagemaker:CreateModelPackageGroup"} <= set(
        statements["RegisterModels"]["Action"]
    )
    assert "sagemaker:AddAssociation" in statements["RecordLineage"]["Action"]


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_key_is_used_through_s3_only(partition: str) -> None:
    region, suffix = PARTITIONS[partition]
    arn = f"arn:{partition}:kms:{region}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    (statement,) = policies.kms_access(arn)["Statement"]
    assert statement["Resource"] == arn
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": f"s3.{region}.{suffix}"}}


def test_sagemaker_takes_the_role_for_this_account_only() -> None:
    pattern = policies.any_sagemaker_resource("aws-us-gov", "us-gov-west-1", ACCOUNT)
    statement = policies.service_trust_statement(ACCOUNT, [pattern])
    assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Condition"] == {
        "ArnLike": {"aws:SourceArn": f"arn:aws-us-gov:sagemaker:us-gov-west-1:{ACCOUNT}:*"},
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
    }


def test_the_conditions_of_the_trust_can_be_left_out() -> None:
    assert "Condition" not in policies.service_trust_statement(None, ())


def test_several_source_arns() -> None:
    statement = policies.service_trust_statement(None, ["arn:1", "arn:2"])
    assert statement["Condition"] == {"ArnLike": {"aws:SourceArn": ["arn:1", "arn:2"]}}


@pytest.mark.parametrize("partition", PARTITIONS)
def test_a_bucket_refuses_requests_without_tls(partition: str) -> None:
    statement = policies.bucket_tls_only_statement(partition, "bucket")
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Resource"] == [f"arn:{partition}:s3:::bucket", f"arn:{partition}:s3:::bucket/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_bucket_refuses_other_accounts() -> None:
    statement = policies.bucket_owner_only_statement("aws", "bucket", ACCOUNT)
    assert statement["Effect"] == "Deny"
    assert statement["Condition"]["StringNotEquals"] == {"aws:PrincipalAccount": ACCOUNT}
    assert statement["Condition"]["BoolIfExists"] == {"aws:PrincipalIsAWSService": "false"}


def test_a_bucket_lets_trusted_accounts_in() -> None:
    statement = policies.bucket_owner_only_statement("aws", "bucket", ACCOUNT, ["111111111111", ACCOUNT])
    assert statement["Condition"]["StringNotEquals"] == {"aws:PrincipalAccount": ["111111111111", ACCOUNT]}


READ_AND_WRITE = {
    "Sid": "ReadAndWriteArtifacts",
    "Effect": "Allow",
    "Action": ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
    "Resource": "arn:aws:s3:::bucket/*",
}
LIST = {"Sid": "ListArtifacts", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::bucket"}
LOOK = {
    "Sid": "LookAtBucket",
    "Effect": "Allow",
    "Action": ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
    "Resource": "arn:aws:s3:::bucket",
}


def test_the_least_that_the_service_needs() -> None:
    assert policies.basic_access("aws", "us-east-1", ACCOUNT, "bucket") == {
        "Version": "2012-10-17",
        "Statement": [READ_AND_WRITE, LIST, LOOK],
    }
    assert policies.artifact_statements("aws", "bucket") == [READ_AND_WRITE, LIST, LOOK]


def test_the_registry_comes_besides_the_artifacts() -> None:
    base = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
    register = {
        "Sid": "RegisterModels",
        "Effect": "Allow",
        "Action": [
            "sagemaker:AddTags",
            "sagemaker:CreateModelPackage",
            "sagemaker:CreateModelPackageGroup",
            "sagemaker:DescribeModelPackageGroup",
            "sagemaker:UpdateModelPackage",
        ],
        "Resource": [f"{base}:model-package/*", f"{base}:model-package-group/*"],
    }
    record = {
        "Sid": "RecordLineage",
        "Effect": "Allow",
        "Action": ["sagemaker:AddAssociation", "sagemaker:AddTags", "sagemaker:CreateAction"],
        "Resource": [f"{base}:action/*", f"{base}:artifact/*", f"{base}:context/*"],
    }
    document = policies.basic_access("aws", "us-east-1", ACCOUNT, "bucket", model_registration=True)
    assert document["Statement"] == [READ_AND_WRITE, LIST, LOOK, register, record]


def test_who_only_reads_artifacts() -> None:
    assert policies.artifact_statements("aws", "bucket", writing=False) == [
        {
            "Sid": "ReadArtifacts",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::bucket/*",
        },
        LIST,
        {**LOOK, "Action": "s3:GetBucketLocation"},
    ]
    assert policies.kms_statement("arn:aws:kms:us-east-1:1:key/1", writing=False)["Action"] == "kms:Decrypt"


def test_the_power_of_one_server() -> None:
    assert policies.power_access("arn:aws:sagemaker:us-east-1:1:mlflow-tracking-server/x") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "StopAndStartServer",
                "Effect": "Allow",
                "Action": ["sagemaker:StartMlflowTrackingServer", "sagemaker:StopMlflowTrackingServer"],
                "Resource": "arn:aws:sagemaker:us-east-1:1:mlflow-tracking-server/x",
            }
        ],
    }


def test_the_guards_of_a_bucket_are_about_all_of_it() -> None:
    everything = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
    }
    for statement in (
        policies.bucket_tls_only_statement("aws", "bucket"),
        policies.bucket_owner_only_statement("aws", "bucket", ACCOUNT),
    ):
        assert everything.items() <= statement.items()
        assert set(statement) == {*everything, "Sid", "Condition"}
