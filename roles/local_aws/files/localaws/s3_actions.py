# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IAM actions of S3's operations, which are seldom named like the operations.

Source: "Actions, resources, and condition keys for Amazon S3" in the Service Authorization Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BUCKET_ACTIONS = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketTagging": "PutBucketTagging",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "DeleteObjects": "DeleteObject",
}
_OBJECT_ACTIONS = {
    "HeadObject": "GetObject",
    "GetObjectAttributes": "GetObject",
    "SelectObjectContent": "GetObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListParts": "ListMultipartUploadParts",
}
_CONFIGURATIONS = ("Analytics", "Inventory", "Metrics", "IntelligentTiering")
_VERSIONED = frozenset(
    ("GetObject", "DeleteObject", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging", "GetObjectAcl")
)


def bucket_arn(partition: str, bucket: str) -> str:
    """The ARN of a bucket; a bucket may also be given as an ARN (of an access point)."""
    return bucket if bucket.startswith("arn:") else f"arn:{partition}:s3:::{bucket}"


def required(operation: str, parameters: Mapping[str, Any], partition: str) -> Iterator[tuple[str, str]]:
    """The actions and the resources that a call needs rights for."""
    bucket, key = parameters.get("Bucket"), parameters.get("Key")
    if not bucket:
        yield ("s3:ListAllMyBuckets" if operation == "ListBuckets" else f"s3:{operation}"), "*"
        return
    arn = bucket_arn(partition, str(bucket))
    if operation == "DeleteObjects":
        for each in (parameters.get("Delete") or {}).get("Objects", ()):
            action = "s3:DeleteObjectVersion" if each.get("VersionId") else "s3:DeleteObject"
            yield action, f"{arn}/{each.get('Key', '')}"
        return
    if key is None:
        yield f"s3:{_bucket_action(operation)}", arn
        if operation == "CreateBucket":
            yield from _of_new_bucket(parameters, arn)
        return
    yield f"s3:{_object_action(operation, parameters)}", f"{arn}/{key}"
    yield from _of_headers(operation, parameters, f"{arn}/{key}", partition)


def _of_new_bucket(parameters: Mapping[str, Any], arn: str) -> Iterator[tuple[str, str]]:
    """What the creation of a bucket sets beside, and what it takes a right of its own to set."""
    if (parameters.get("CreateBucketConfiguration") or {}).get("Tags"):
        yield "s3:TagResource", arn
    if parameters.get("ObjectOwnership"):
        yield "s3:PutBucketOwnershipControls", arn


def _of_headers(
    operation: str, parameters: Mapping[str, Any], object_arn: str, partition: str
) -> Iterator[tuple[str, str]]:
    """What a write asks for beside the write: tags, an ACL, a hold, the right to read what it copies."""
    source = parameters.get("CopySource")
    if source:
        name = unquote(str(source)).partition("?")[0].lstrip("/")
        yield "s3:GetObject", bucket_arn(partition, name)
    if operation in ("PutObject", "CopyObject", "CreateMultipartUpload"):
        for parameter, action in (("Tagging", "s3:PutObjectTagging"), ("ACL", "s3:PutObjectAcl")):
            if parameters.get(parameter):
                yield action, object_arn


def _bucket_action(operation: str) -> str:
    for configuration in _CONFIGURATIONS:
        if operation.endswith((f"Bucket{configuration}Configuration", f"Bucket{configuration}Configurations")):
            verb = "Get" if operation.startswith(("Get", "List")) else "Put"
            return f"{verb}{configuration}Configuration"
    return _BUCKET_ACTIONS.get(operation, operation)


def _object_action(operation: str, parameters: Mapping[str, Any]) -> str:
    action = _OBJECT_ACTIONS.get(operation, operation)
    if parameters.get("VersionId") and action in _VERSIONED:
        verb, _unused, rest = action.partition("Object")
        return f"{verb}ObjectVersion{rest}"
    return action


def condition_context(parameters: Mapping[str, Any]) -> dict[str, list[str]]:
    """S3's own condition keys that the parameters give values for."""
    names = {
        "Prefix": "s3:prefix",
        "Delimiter": "s3:delimiter",
        "MaxKeys": "s3:max-keys",
        "VersionId": "s3:versionid",
        "ServerSideEncryption": "s3:x-amz-server-side-encryption",
        "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "ACL": "s3:x-amz-acl",
        "StorageClass": "s3:x-amz-storage-class",
        "CopySource": "s3:x-amz-copy-source",
        "CreateBucketConfiguration": "s3:locationconstraint",
    }
    context: dict[str, list[str]] = {}
    for parameter, key in names.items():
        value = parameters.get(parameter)
        if isinstance(value, dict):
            value = value.get("LocationConstraint")
        if value is not None:
            context[key] = [str(value)]
    return context
