# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The KMS keys of objects: S3 uses them in the name of whoever reads or writes, and says for what.

Source: "Using server-side encryption with AWS KMS keys" in the user guide of S3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from localaws.protocol_errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from localaws.identify import Call

_WRITES = frozenset(("PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy"))
_PARTS = frozenset(("UploadPart", "UploadPartCopy", "CompleteMultipartUpload"))
_READS = frozenset(("GetObject", "GetObjectAttributes", "SelectObjectContent"))
_OF_AWS = "alias/aws/"


@dataclass(frozen=True)
class KeyUse:
    """One use of a key: the action, the key as it is named, and what S3 puts into the encryption context."""

    action: str
    key: str
    context_arn: str


def uses(operation: str, parameters: Mapping[str, Any], partition: str) -> Iterator[KeyUse]:
    """Every use of a customer's key that a call of S3 makes."""
    bucket, key = str(parameters.get("Bucket") or ""), str(parameters.get("Key") or "")
    if not bucket or not key:
        return
    if operation in _WRITES or operation in _PARTS:
        written = _key_to_write(bucket, parameters)
        if written is not None:
            name, bucket_key = written
            context = _context(partition, bucket, key, bucket_key)
            if operation in _WRITES:
                yield KeyUse("kms:GenerateDataKey", name, context)
            if operation in _PARTS:
                yield KeyUse("kms:Decrypt", name, context)
    for source_bucket, source_key, version in _read(operation, parameters, bucket, key):
        found = _object(source_bucket, source_key, version)
        stored = getattr(found, "kms_key_id", None)
        if stored and not str(stored).startswith(_OF_AWS):
            bucket_key = bool(getattr(found, "bucket_key_enabled", False))
            yield KeyUse("kms:Decrypt", str(stored), _context(partition, source_bucket, source_key, bucket_key))


def require_usable(call: Call, account_id: str) -> None:
    """Raise what S3 answers when a key that it needs is gone, disabled or waiting to be deleted."""
    for use in uses(call.operation, call.parameters, "aws"):
        refusal = _refusal(use.key, account_id, call.region)
        if refusal is not None:
            raise ServiceError(*refusal, 400)


def _refusal(name: str, account_id: str, region: str) -> tuple[str, str] | None:
    from localaws.iam_resources import kms_key

    key = kms_key(name, account_id, region)
    if key is None:
        return "KMS.NotFoundException", f"Key '{name}' does not exist"
    if key.key_state == "Disabled":
        return "KMS.DisabledException", f"{key.arn} is disabled."
    if key.key_state == "PendingDeletion":
        return "KMS.KMSInvalidStateException", f"{key.arn} is pending deletion."
    return None


def _context(partition: str, bucket: str, key: str, bucket_key: bool) -> str:
    """With a bucket key, KMS hears of the bucket only."""
    arn = f"arn:{partition}:s3:::{bucket}"
    return arn if bucket_key else f"{arn}/{key}"


def _key_to_write(bucket: str, parameters: Mapping[str, Any]) -> tuple[str, bool] | None:
    """What the request says, else the bucket's default; None when neither names a key of the customer's."""
    asked = parameters.get("ServerSideEncryption")
    default = _default_encryption(bucket)
    by_default = default.get("ApplyServerSideEncryptionByDefault", {})
    if asked and not str(asked).startswith("aws:kms"):
        return None
    if not asked and not str(by_default.get("SSEAlgorithm", "")).startswith("aws:kms"):
        return None
    name = parameters.get("SSEKMSKeyId") or by_default.get("KMSMasterKeyID")
    if not name or str(name).startswith(_OF_AWS):
        return None
    bucket_key = parameters.get("BucketKeyEnabled")
    is_enabled = default.get("BucketKeyEnabled", False) if bucket_key is None else bucket_key
    return str(name), str(is_enabled).lower() == "true"


def _read(
    operation: str, parameters: Mapping[str, Any], bucket: str, key: str
) -> Iterator[tuple[str, str, str | None]]:
    """Bucket, key and version of what a call reads."""
    if operation in _READS:
        yield bucket, key, parameters.get("VersionId")
    source = parameters.get("CopySource")
    if source and operation in ("CopyObject", "UploadPartCopy"):
        name, _unused, query = unquote(str(source)).lstrip("/").partition("?versionId=")
        source_bucket, _unused, source_key = name.partition("/")
        yield source_bucket, source_key, query or None


def _bucket(name: str) -> Any | None:
    from moto.s3.models import s3_backends

    partition, account_id = s3_backends.bucket_accounts.get(name, (None, None))
    return None if partition is None else s3_backends[account_id][partition].buckets.get(name)


def _default_encryption(name: str) -> Mapping[str, Any]:
    bucket = _bucket(name)
    encryption = getattr(bucket, "encryption", None) or {}
    rule: Mapping[str, Any] = encryption.get("Rule", {})
    return rule


def _object(bucket: str, key: str, version: str | None) -> Any | None:
    found = _bucket(bucket)
    if found is None:
        return None
    versions = found.keys.getlist(key, [])
    if version is not None:
        return next((each for each in versions if str(each.version_id) == str(version)), None)
    return versions[-1] if versions else None
