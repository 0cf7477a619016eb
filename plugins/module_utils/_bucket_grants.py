# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Statements for the policies of buckets and keys that others own, by which they let a managed MLflow work. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policies import (
    artifact_statements,
    dns_suffix,
)

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Statement

ACCESS_LOGS_SID, TRAIL_CHECK_SID, TRAIL_WRITE_SID = "AccessLogs", "CloudTrailAclCheck", "CloudTrailWrite"
LOGGING_PRINCIPAL, TRAIL_PRINCIPAL = "logging.s3.amazonaws.com", "cloudtrail.amazonaws.com"


def sid(beginning: str, name: str) -> str:
    """A Sid of its own for each that a statement is about: letters and digits only."""
    return beginning + "".join(character for character in name.title() if character.isalnum())


def access_log_statements(
    partition: str, target: str, prefix: str, source_bucket: str, source_account: str
) -> list[Statement]:
    """S3 may deliver the access logs of one bucket."""
    return [
        {
            "Sid": sid(ACCESS_LOGS_SID, source_bucket),
            "Effect": "Allow",
            "Principal": {"Service": LOGGING_PRINCIPAL},
            "Action": "s3:PutObject",
            "Resource": f"arn:{partition}:s3:::{target}/{prefix}*",
            "Condition": {
                "ArnLike": {"aws:SourceArn": f"arn:{partition}:s3:::{source_bucket}"},
                "StringEquals": {"aws:SourceAccount": source_account},
            },
        }
    ]


def trail_statements(bucket: str, prefix: str, trail_arn: str) -> list[Statement]:
    """CloudTrail may deliver the log files of one trail, and nothing else."""
    _arn, partition, _service, _region, account, resource = trail_arn.split(":", 5)
    name = resource.rpartition("/")[2]
    bucket_arn, folder = f"arn:{partition}:s3:::{bucket}", f"{prefix.strip('/')}/" if prefix else ""
    principal = {"Service": TRAIL_PRINCIPAL}
    return [
        {
            "Sid": sid(TRAIL_CHECK_SID, name),
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:GetBucketAcl",
            "Resource": bucket_arn,
            "Condition": {"StringEquals": {"aws:SourceArn": trail_arn}},
        },
        {
            "Sid": sid(TRAIL_WRITE_SID, name),
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:PutObject",
            "Resource": f"{bucket_arn}/{folder}AWSLogs/{account}/*",
            "Condition": {
                "StringEquals": {"aws:SourceArn": trail_arn, "s3:x-amz-acl": "bucket-owner-full-control"},
            },
        },
    ]


def trail_key_statements(trail_arn: str) -> list[Statement]:
    """CloudTrail may encrypt the log files of one trail with the key that has these in its policy."""
    _arn, partition, _service, _region, account, resource = trail_arn.split(":", 5)
    name, principal = resource.rpartition("/")[2], {"Service": TRAIL_PRINCIPAL}
    context = f"arn:{partition}:cloudtrail:*:{account}:trail/*"
    return [
        {
            "Sid": sid("CloudTrailEncrypt", name),
            "Effect": "Allow",
            "Principal": principal,
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": {
                "StringEquals": {"aws:SourceArn": trail_arn},
                "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": context},
            },
        },
        {
            "Sid": sid("CloudTrailDescribe", name),
            "Effect": "Allow",
            "Principal": principal,
            "Action": "kms:DescribeKey",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceArn": trail_arn}},
        },
    ]


def artifact_bucket_statements(bucket: str, prefix: str, role_arn: str) -> list[Statement]:
    """What the owner of an artifact bucket in another account adds, so that the service role can do its work."""
    partition = role_arn.split(":")[1]
    name = role_arn.rpartition("/")[2]
    return [
        {**statement, "Sid": sid(f"Mlflow{statement['Sid']}", name), "Principal": {"AWS": role_arn}}
        for statement in artifact_statements(partition, bucket, prefix)
    ]


def artifact_key_statements(key_arn: str, role_arn: str) -> list[Statement]:
    """What the owner of the bucket's key in another account adds, so that the service role can read and write."""
    _arn, partition, _kms, region, _rest = key_arn.split(":", 4)
    return [
        {
            "Sid": sid("MlflowUseKey", role_arn.rpartition("/")[2]),
            "Effect": "Allow",
            "Principal": {"AWS": role_arn},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:ViaService": f"s3.{region}.{dns_suffix(partition)}"}},
        }
    ]
