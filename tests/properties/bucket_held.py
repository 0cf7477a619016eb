# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What S3 holds of a bucket, read with boto3, in plain values that are equal when they mean the same."""

from __future__ import annotations

import json
import typing as t

from botocore.exceptions import ClientError
from local_region import ACCOUNT, REGION
from properties.statements import policy_meaning

OWNER = ACCOUNT
KEY_PREFIX = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/"
FLAGS = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}
OPEN = dict.fromkeys(FLAGS.values(), False)
"""How a bucket without a block of public access behaves."""
OLD_OWNERSHIP = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
"""How a bucket without ownership controls behaves."""
OTHERS = {
    "acl": "get_bucket_acl",
    "notification": "get_bucket_notification_configuration",
    "website": "get_bucket_website",
    "accelerate": "get_bucket_accelerate_configuration",
    "payment": "get_bucket_request_payment",
}
"""What our module never speaks of."""
NOTHING = {
    "NoSuchBucketPolicy",
    "NoSuchCORSConfiguration",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "NoSuchWebsiteConfiguration",
    "OwnershipControlsNotFoundError",
}
Bucket = dict[str, t.Any]


def bucket_held(s3: t.Any, name: str) -> Bucket | None:
    """Everything that S3 tells of the bucket; None when there is none."""
    try:
        versioning = s3.get_bucket_versioning(Bucket=name, ExpectedBucketOwner=OWNER)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return None
        raise
    policy = _answer(s3, "get_bucket_policy", name).get("Policy")
    lifecycle = _answer(s3, "get_bucket_lifecycle_configuration", name)
    return {
        "versioning": versioning.get("Status"),
        "encryption": _encryption(_answer(s3, "get_bucket_encryption", name)),
        "public_access_block": _answer(s3, "get_public_access_block", name).get("PublicAccessBlockConfiguration", OPEN),
        "ownership": _answer(s3, "get_bucket_ownership_controls", name).get("OwnershipControls", OLD_OWNERSHIP),
        "policy": policy_meaning(json.loads(policy)) if policy else None,
        "lifecycle": {rule["ID"]: rule_meaning(rule) for rule in lifecycle.get("Rules", [])},
        "transition_default": lifecycle.get("TransitionDefaultMinimumObjectSize"),
        "logging": _answer(s3, "get_bucket_logging", name).get("LoggingEnabled"),
        "cors": [cors_meaning(rule) for rule in _answer(s3, "get_bucket_cors", name).get("CORSRules", [])],
        "tags": {tag["Key"]: tag["Value"] for tag in _answer(s3, "get_bucket_tagging", name).get("TagSet", [])},
        "others": {what: _answer(s3, operation, name) for what, operation in OTHERS.items()},
        "contents": _contents(s3, name),
    }


def rule_meaning(rule: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A lifecycle rule: one scope in the place of AWS's five forms of a filter, transitions in any order."""
    meaning = {key: value for key, value in rule.items() if key not in ("Filter", "Prefix", "ID")}
    scope = rule.get("Filter") or {"Prefix": rule.get("Prefix")}
    conditions = scope.get("And") or scope
    tags = [*conditions.get("Tags", []), *([conditions["Tag"]] if conditions.get("Tag") else [])]
    meaning["Scope"] = {
        "Prefix": conditions.get("Prefix") or "",
        "Tags": {tag["Key"]: tag["Value"] for tag in tags},
        "More": conditions.get("ObjectSizeGreaterThan"),
        "Less": conditions.get("ObjectSizeLessThan"),
    }
    for listed in ("Transitions", "NoncurrentVersionTransitions"):
        if listed in meaning:
            meaning[listed] = sorted(meaning[listed], key=str)
    return meaning


def cors_meaning(rule: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A CORS rule: the order inside its lists means nothing."""
    return {key: sorted(set(value)) if isinstance(value, list) else value for key, value in rule.items()}


def _answer(s3: t.Any, operation: str, name: str) -> dict[str, t.Any]:
    try:
        answer: dict[str, t.Any] = getattr(s3, operation)(Bucket=name, ExpectedBucketOwner=OWNER)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOTHING:
            return {}
        raise
    answer.pop("ResponseMetadata")
    return answer


def _encryption(answer: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    rule = dict(answer["ServerSideEncryptionConfiguration"]["Rules"][0])
    by_default = dict(rule["ApplyServerSideEncryptionByDefault"])
    key = by_default.get("KMSMasterKeyID")
    if key and "/" not in key:
        by_default["KMSMasterKeyID"] = f"{KEY_PREFIX}{key}"
    return {**rule, "ApplyServerSideEncryptionByDefault": by_default}


def _contents(s3: t.Any, name: str) -> list[tuple[str, str]]:
    listed = s3.list_object_versions(Bucket=name, ExpectedBucketOwner=OWNER)
    uploads = s3.list_multipart_uploads(Bucket=name, ExpectedBucketOwner=OWNER)
    return [
        *((item["Key"], item["VersionId"]) for kind in ("Versions", "DeleteMarkers") for item in listed.get(kind, [])),
        *((upload["Key"], upload["UploadId"]) for upload in uploads.get("Uploads", [])),
    ]
