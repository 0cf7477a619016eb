# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Every policy document that the collection writes, as pure functions. Least privilege, stable order.

No statement allows C(*) where a resource can be named, none allows C(service:*).
"""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import VERSION

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document, Statement

BASIC_ACCESS = "MLflowBasicAccess"
KMS_ACCESS = "MLflowKMSAccess"
SERVICE_PRINCIPAL = "sagemaker.amazonaws.com"
"""SageMaker's service principal; the same in every partition."""
SCHEDULER_PRINCIPAL = "scheduler.amazonaws.com"
POWER_ACCESS = "MLflowPower"
TLS_ONLY_SID = "DenyInsecureTransport"
OWNER_ONLY_SID = "DenyOtherAccounts"

_DNS_SUFFIXES = {
    "aws-cn": "amazonaws.com.cn",
    "aws-eusc": "amazonaws.eu",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
}


_REGIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}


def partition_of(region: str) -> str:
    """The partition that a region is in."""
    return next((partition for prefix, partition in _REGIONS.items() if region.startswith(prefix)), "aws")


def dns_suffix(partition: str) -> str:
    """The domain of a partition's service endpoints."""
    return _DNS_SUFFIXES.get(partition, "amazonaws.com")


def service_trust_statement(
    source_account: str | None, source_arns: Sequence[str], service: str = SERVICE_PRINCIPAL
) -> Statement:
    """Lets a service take the role, on behalf of this account's resources only.

    It has no Sid: in a role that is shared it takes the place of whatever statement let the service in before.

    :param source_account: the account that the service must act for; None to not ask.
    :param source_arns: patterns of the service's resources that it must act for; empty to not ask.
    :param service: the service's principal.
    """
    statement: Statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    condition: dict[str, t.Any] = {}
    if source_arns:
        condition["ArnLike"] = {"aws:SourceArn": single(source_arns)}
    if source_account is not None:
        condition["StringEquals"] = {"aws:SourceAccount": source_account}
    if condition:
        statement["Condition"] = condition
    return statement


def any_sagemaker_resource(partition: str, region: str, account_id: str) -> str:
    """The pattern of every SageMaker resource of an account in a region."""
    return f"arn:{partition}:sagemaker:{region}:{account_id}:*"


def basic_access(
    partition: str,
    region: str,
    account_id: str,
    bucket: str,
    prefix: str = "",
    *,
    artifact_deletion: bool = False,
    model_registration: bool = False,
) -> Document:
    """C(MLflowBasicAccess): what the service needs on the artifact store, and on the model registry when it is used.

    :param prefix: the folder below the bucket, without slashes at its ends; empty for the whole bucket.
    :param artifact_deletion: also allow objects to be deleted, which C(mlflow gc) needs.
    :param model_registration: also allow the writes of automatic model registration.
    """
    statements = artifact_statements(partition, bucket, prefix, deletion=artifact_deletion)
    if model_registration:
        statements += model_registry_statements(partition, region, account_id)
    return _document(statements)


def artifact_statements(
    partition: str, bucket: str, prefix: str = "", *, writing: bool = True, deletion: bool = False
) -> list[Statement]:
    """Read, write (unless told otherwise) and list the objects below the prefix, nothing else in the bucket."""
    bucket_arn = f"arn:{partition}:s3:::{bucket}"
    objects = ["s3:GetObject"]
    if writing:
        objects += ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"]
    if deletion:
        objects.append("s3:DeleteObject")
    listing: Statement = {
        "Sid": "ListArtifacts",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": bucket_arn,
    }
    if prefix:
        listing["Condition"] = {"StringLike": {"s3:prefix": [prefix, f"{prefix}/*"]}}
    return [
        {
            "Sid": "ReadAndWriteArtifacts" if writing else "ReadArtifacts",
            "Effect": "Allow",
            "Action": single(sorted(objects)),
            "Resource": f"{bucket_arn}/{prefix}/*" if prefix else f"{bucket_arn}/*",
        },
        listing,
        {
            "Sid": "LookAtBucket",
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"] if writing else "s3:GetBucketLocation",
            "Resource": bucket_arn,
        },
    ]


def model_registry_statements(partition: str, region: str, account_id: str) -> list[Statement]:
    """What the service writes when it registers MLflow's models in the SageMaker Model Registry, and their lineage."""
    base = f"arn:{partition}:sagemaker:{region}:{account_id}"
    groups, packages = f"{base}:model-package-group/*", f"{base}:model-package/*"
    actions, artifacts, contexts = f"{base}:action/*", f"{base}:artifact/*", f"{base}:context/*"
    return [
        {
            "Sid": "RegisterModels",
            "Effect": "Allow",
            "Action": [
                "sagemaker:AddTags",
                "sagemaker:CreateModelPackage",
                "sagemaker:CreateModelPackageGroup",
                "sagemaker:DescribeModelPackageGroup",
                "sagemaker:UpdateModelPackage",
            ],
            "Resource": [packages, groups],
        },
        {
            "Sid": "RecordLineage",
            "Effect": "Allow",
            "Action": ["sagemaker:AddAssociation", "sagemaker:AddTags", "sagemaker:CreateAction"],
            "Resource": [actions, artifacts, contexts],
        },
    ]


def kms_access(key_arn: str) -> Document:
    """C(MLflowKMSAccess): what the service needs on the key of the artifact store."""
    return _document([kms_statement(key_arn)])


def kms_statement(key_arn: str, *, writing: bool = True) -> Statement:
    """Use the key for the objects of S3 in the key's region, and for nothing else.

    S3 needs GenerateDataKey for a write and Decrypt for a read and for the parts of a multipart upload.
    """
    _arn, partition, _kms, region, *_rest = key_arn.split(":")
    return {
        "Sid": "UseKeyForArtifacts",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"] if writing else "kms:Decrypt",
        "Resource": key_arn,
        "Condition": {"StringEquals": {"kms:ViaService": f"s3.{region}.{dns_suffix(partition)}"}},
    }


def power_access(server_arn: str) -> Document:
    """C(MLflowPower): stop and start one tracking server, and nothing else."""
    return _document(
        [
            {
                "Sid": "StopAndStartServer",
                "Effect": "Allow",
                "Action": ["sagemaker:StartMlflowTrackingServer", "sagemaker:StopMlflowTrackingServer"],
                "Resource": server_arn,
            }
        ]
    )


def bucket_tls_only_statement(partition: str, bucket: str) -> Statement:
    """For a bucket policy: no request without TLS."""
    return {
        "Sid": TLS_ONLY_SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": _whole_bucket(partition, bucket),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def bucket_owner_only_statement(
    partition: str, bucket: str, account_id: str, trusted_account_ids: Iterable[str] = ()
) -> Statement:
    """For a bucket policy: no request from another account, whatever other statements allow.

    AWS services that act for themselves (delivery of logs) have no account and are let through; a request without
    credentials is not, for it carries neither key.
    """
    accounts = sorted({account_id, *trusted_account_ids})
    return {
        "Sid": OWNER_ONLY_SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": _whole_bucket(partition, bucket),
        "Condition": {
            "StringNotEquals": {"aws:PrincipalAccount": single(accounts)},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    }


def _whole_bucket(partition: str, bucket: str) -> list[str]:
    arn = f"arn:{partition}:s3:::{bucket}"
    return [arn, f"{arn}/*"]


def single(values: Sequence[str]) -> str | list[str]:
    """One value stands alone, several in a list: as AWS itself writes policies."""
    return values[0] if len(values) == 1 else list(values)


def _document(statements: list[Statement]) -> Document:
    return {"Version": VERSION, "Statement": statements}
