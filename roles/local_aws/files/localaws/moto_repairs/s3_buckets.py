# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a bucket is, where it is, how it is made."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from moto.s3.models import s3_backends

from localaws import instance
from localaws.moto_repairs import s3_documents
from localaws.moto_repairs.s3_errors import s3_error

if TYPE_CHECKING:
    from collections.abc import Mapping

CREDENTIAL = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/")
ACLS_OF_THE_OWNER = ("private", "bucket-owner-full-control")

_last_writes: dict[str, float] = {}
_last_writes_lock = threading.Lock()


def require_free_name(name: str) -> None:
    """Names are shared by all accounts."""
    if name in instance.current().settings.foreign_buckets:
        raise s3_error("BucketAlreadyExists", details={"BucketName": name})


def require_access(name: str, request: Any) -> None:
    """What S3 asks before it looks at the request itself: whose bucket, and is it here?"""
    settings = instance.current().settings
    if name in settings.foreign_buckets:
        raise s3_error("AccessDenied")
    if name not in s3_backends.bucket_accounts:
        return
    partition, owner = s3_backends.bucket_accounts[name]
    region = s3_backends[owner][partition].buckets[name].region_name
    signed_for = _signing_region(request)
    # GetBucketLocation tells everywhere; everything else is answered by the bucket's own region only.
    if settings.s3_region_redirects and "location" not in request.args and signed_for not in (None, region):
        raise s3_error("PermanentRedirect", details={"Bucket": name, "Endpoint": f"{name}.s3.{region}.amazonaws.com"})
    expected = request.headers.get("x-amz-expected-bucket-owner")
    if expected not in (None, owner):
        raise s3_error("AccessDenied")


def region_of(name: str) -> str | None:
    """Where a bucket of any account is."""
    if name not in s3_backends.bucket_accounts:
        return None
    partition, owner = s3_backends.bucket_accounts[name]
    return str(s3_backends[owner][partition].buckets[name].region_name)


def _signing_region(request: Any) -> str | None:
    """The region in the credential scope, of a header or of a presigned URL."""
    match = CREDENTIAL.search(request.headers.get("Authorization", ""))
    if match:
        return match.group(1)
    scope = parse_qs(urlsplit(request.url).query).get("X-Amz-Credential")
    return scope[0].split("/")[2] if scope else None


def require_no_conflict(name: str) -> None:
    """S3 refuses changes of one bucket that come too close together (C(s3_conflict_seconds))."""
    running = instance.current()
    pause = running.settings.s3_conflict_seconds
    if not pause:
        return
    now = running.clock.time()
    with _last_writes_lock:
        if now - _last_writes.get(name, 0.0) < pause:
            raise s3_error("OperationAborted")
        _last_writes[name] = now


def require_acl_allowed(bucket: Any, headers: Mapping[str, str]) -> None:
    """Buckets whose owner owns everything have no ACLs."""
    acl = headers.get("x-amz-acl")
    if bucket.ownership_rule == "BucketOwnerEnforced" and acl is not None and acl not in ACLS_OF_THE_OWNER:
        raise s3_error("AccessControlListNotSupported")


def set_up(bucket: Any, headers: Mapping[str, str], tags: list[dict[str, str]]) -> None:
    """What a bucket has from its first moment."""
    s3_documents.apply_encryption(bucket, s3_documents.DEFAULT_ENCRYPTION)
    backend = s3_backends[bucket.account_id][bucket.partition]
    backend.tagger.delete_all_tags_for_resource(bucket.arn)  # moto keeps those of the bucket that had the name before
    if instance.current().settings.s3_new_bucket_defaults:
        blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        backend.put_public_access_block(bucket.name, dict.fromkeys(blocked, "true"))
        bucket.ownership_rule = headers.get("x-amz-object-ownership") or "BucketOwnerEnforced"
    if tags:
        backend.put_bucket_tagging(bucket.name, {tag["Key"]: tag["Value"] for tag in tags})


def require_no_acl_at_creation(headers: Mapping[str, str]) -> None:
    """An ACL on a new bucket needs an ownership that allows ACLs."""
    ownership = headers.get("x-amz-object-ownership") or "BucketOwnerEnforced"
    acl = headers.get("x-amz-acl") or "private"
    defaults = instance.current().settings.s3_new_bucket_defaults
    if defaults and ownership == "BucketOwnerEnforced" and acl != "private":
        raise s3_error("InvalidBucketAclWithObjectOwnership")
