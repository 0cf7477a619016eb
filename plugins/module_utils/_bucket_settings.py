# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

# ruff: noqa: ARG002  # every setting has the signatures of Setting, whether it needs each argument or not

"""The settings of a bucket: how each is read, what a wish makes of its present value, and which call writes it.

A write replaces a whole setting, so every request starts from AWS's last answer and keeps what nobody asked about.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_state import Place

Answer = t.Mapping[str, t.Any]
Request = tuple[str, dict[str, t.Any]]
PUBLIC_ACCESS_FLAGS = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}
NEVER_VERSIONED = "Unversioned"
KMS_ALGORITHMS = ("aws:kms", "aws:kms:dsse")


class Setting:
    """One setting of a bucket with the wish for it. No method makes a call."""

    name: t.ClassVar[str]
    operation: t.ClassVar[str]
    """What reads it."""
    missing: t.ClassVar[str] = ""
    """AWS's error code when the bucket has nothing of the kind."""

    def normal(self, answer: Answer, place: Place) -> t.Any:
        """AWS's answer as a plain value; C({}) is the answer of a bucket that has nothing of the kind."""
        raise NotImplementedError

    def after(self, present: t.Any, place: Place) -> t.Any:
        """What the wish makes of the present value; equal to it when nothing is to be done."""
        raise NotImplementedError

    def request(self, answer: Answer, after: t.Any) -> Request:
        """The operation that brings the setting from AWS's last answer to C(after), and its parameters."""
        raise NotImplementedError

    def at_creation(self, after: t.Any) -> dict[str, t.Any] | None:
        """The parameters of CreateBucket that carry the setting; None when a call of its own must."""
        return None

    def shown(self, value: t.Any) -> t.Any:
        """The value as a diff shows it."""
        return value


@dataclass(frozen=True)
class Versioning(Setting):
    """Whether S3 keeps the former versions of an object."""

    name = "versioning"
    operation = "get_bucket_versioning"
    status: str

    def normal(self, answer: Answer, place: Place) -> str:
        """C(Enabled), C(Suspended), or C(Unversioned) when it never was enabled."""
        return str(answer.get("Status", NEVER_VERSIONED))

    def after(self, present: str, place: Place) -> str:
        """The wished status."""
        return self.status

    def request(self, answer: Answer, after: str) -> Request:
        """MFADelete is left out, which leaves it as it is."""
        return "put_bucket_versioning", {"VersioningConfiguration": {"Status": after}}


@dataclass(frozen=True)
class Encryption(Setting):
    """The encryption of objects that are written without naming one.

    :param with_key: whether a KMS key was asked for (its ARN is in the Place).
    :param bucket_key_enabled: None keeps what a bucket with this algorithm has.
    """

    name = "encryption"
    operation = "get_bucket_encryption"
    missing = "ServerSideEncryptionConfigurationNotFoundError"
    algorithm: str
    with_key: bool
    bucket_key_enabled: bool | None

    def normal(self, answer: Answer, place: Place) -> dict[str, t.Any]:
        """Algorithm, key ARN and bucket key."""
        rule = _encryption_rule(answer)
        by_default = rule.get("ApplyServerSideEncryptionByDefault", {})
        return {
            "sse_algorithm": by_default.get("SSEAlgorithm"),
            "kms_key_id": _key_arn(by_default.get("KMSMasterKeyID"), place),
            "bucket_key_enabled": bool(rule.get("BucketKeyEnabled", False)),
        }

    def after(self, present: Mapping[str, t.Any], place: Place) -> dict[str, t.Any]:
        """A key and a bucket key that were not asked about stay, as long as the algorithm does."""
        kept = present if present["sse_algorithm"] == self.algorithm else {}
        bucket_key = kept.get("bucket_key_enabled", False)
        if self.bucket_key_enabled is not None:
            bucket_key = self.bucket_key_enabled
        return {
            "sse_algorithm": self.algorithm,
            "kms_key_id": place.key_arn if self.with_key else kept.get("kms_key_id"),
            "bucket_key_enabled": bucket_key,
        }

    def request(self, answer: Answer, after: Mapping[str, t.Any]) -> Request:
        """A new bucket keeps the block of SSE-C, with which AWS makes buckets: nobody but the writer could read those objects."""
        by_default = {"SSEAlgorithm": after["sse_algorithm"]}
        if after["kms_key_id"]:
            by_default["KMSMasterKeyID"] = after["kms_key_id"]
        rule: dict[str, t.Any] = {
            "ApplyServerSideEncryptionByDefault": by_default,
            "BucketKeyEnabled": after["bucket_key_enabled"],
        }
        blocked = _encryption_rule(answer).get("BlockedEncryptionTypes") if answer else {"EncryptionType": ["SSE-C"]}
        if blocked:
            rule["BlockedEncryptionTypes"] = blocked
        return "put_bucket_encryption", {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


@dataclass(frozen=True)
class PublicAccessBlock(Setting):
    """The four switches that keep a bucket from being public whatever ACLs and policies say."""

    name = "public_access_block"
    operation = "get_public_access_block"
    missing = "NoSuchPublicAccessBlockConfiguration"
    flags: Mapping[str, bool]

    def normal(self, answer: Answer, place: Place) -> dict[str, bool]:
        """The four switches; all off when there is no configuration."""
        configuration = answer.get("PublicAccessBlockConfiguration", {})
        return {flag: bool(configuration.get(word, False)) for flag, word in PUBLIC_ACCESS_FLAGS.items()}

    def after(self, present: Mapping[str, bool], place: Place) -> dict[str, bool]:
        """The wished switches."""
        return dict(self.flags)

    def request(self, answer: Answer, after: Mapping[str, bool]) -> Request:
        """AWS replaces all four."""
        configuration = {word: after[flag] for flag, word in PUBLIC_ACCESS_FLAGS.items()}
        return "put_public_access_block", {"PublicAccessBlockConfiguration": configuration}


@dataclass(frozen=True)
class ObjectOwnership(Setting):
    """Who owns an object that another account writes, and whether ACLs count."""

    name = "object_ownership"
    operation = "get_bucket_ownership_controls"
    missing = "OwnershipControlsNotFoundError"
    ownership: str

    def normal(self, answer: Answer, place: Place) -> str:
        """A bucket without ownership controls behaves as C(ObjectWriter)."""
        rules = answer.get("OwnershipControls", {}).get("Rules") or [{"ObjectOwnership": "ObjectWriter"}]
        return str(rules[0]["ObjectOwnership"])

    def after(self, present: str, place: Place) -> str:
        """The wished ownership."""
        return self.ownership

    def request(self, answer: Answer, after: str) -> Request:
        """The one rule that AWS allows."""
        return "put_bucket_ownership_controls", {"OwnershipControls": {"Rules": [{"ObjectOwnership": after}]}}

    def at_creation(self, after: str) -> dict[str, t.Any] | None:
        """CreateBucket carries it."""
        return {"ObjectOwnership": after}


@dataclass(frozen=True)
class Logging(Setting):
    """Where S3 writes a record of each request.

    :param target_bucket: None switches logging off.
    :param target_prefix: None keeps the present one, else the bucket's name and a slash.
    :param partition_date_source: None keeps the present format of the keys.
    """

    name = "logging"
    operation = "get_bucket_logging"
    target_bucket: str | None
    target_prefix: str | None = None
    partition_date_source: str | None = None

    def normal(self, answer: Answer, place: Place) -> dict[str, t.Any]:
        """C({}) when logging is off."""
        enabled = answer.get("LoggingEnabled")
        if not enabled:
            return {}
        partitioned = enabled.get("TargetObjectKeyFormat", {}).get("PartitionedPrefix") or {}
        return {
            "target_bucket": enabled["TargetBucket"],
            "target_prefix": enabled.get("TargetPrefix", ""),
            "partition_date_source": partitioned.get("PartitionDateSource"),
        }

    def after(self, present: Mapping[str, t.Any], place: Place) -> dict[str, t.Any]:
        """What was not asked about stays."""
        if self.target_bucket is None:
            return {}
        prefix, source = self.target_prefix, self.partition_date_source
        return {
            "target_bucket": self.target_bucket,
            "target_prefix": present.get("target_prefix", f"{place.bucket}/") if prefix is None else prefix,
            "partition_date_source": present.get("partition_date_source") if source is None else source,
        }

    def request(self, answer: Answer, after: Mapping[str, t.Any]) -> Request:
        """Grants on the logs stay as long as the target does."""
        if not after:
            return "put_bucket_logging", {"BucketLoggingStatus": {}}
        present = answer.get("LoggingEnabled", {})
        enabled: dict[str, t.Any] = dict(present) if present.get("TargetBucket") == after["target_bucket"] else {}
        enabled.update(TargetBucket=after["target_bucket"], TargetPrefix=after["target_prefix"])
        source = after["partition_date_source"]
        if source:
            enabled["TargetObjectKeyFormat"] = {"PartitionedPrefix": {"PartitionDateSource": source}}
        return "put_bucket_logging", {"BucketLoggingStatus": {"LoggingEnabled": enabled}}


@dataclass(frozen=True)
class Tags(Setting):
    """The bucket's tags."""

    name = "tags"
    operation = "get_bucket_tagging"
    missing = "NoSuchTagSet"
    wish: Mapping[str, str]
    purge: bool

    def normal(self, answer: Answer, place: Place) -> dict[str, str]:
        """A plain dict."""
        return _tags.from_aws(answer.get("TagSet", []))

    def after(self, present: Mapping[str, str], place: Place) -> dict[str, str]:
        """The wish over the present."""
        return _tags.resulting(present, self.wish, self.purge)

    def request(self, answer: Answer, after: Mapping[str, str]) -> Request:
        """AWS replaces the whole set."""
        if not after:
            return "delete_bucket_tagging", {}
        return "put_bucket_tagging", {"Tagging": {"TagSet": _tags.to_aws(after)}}

    def at_creation(self, after: Mapping[str, str]) -> dict[str, t.Any] | None:
        """CreateBucket carries them."""
        return {"CreateBucketConfiguration": {"Tags": _tags.to_aws(after)}} if after else {}


def _encryption_rule(answer: Answer) -> Mapping[str, t.Any]:
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules") or [{}]
    rule: Mapping[str, t.Any] = rules[0]
    return rule


def _key_arn(key: str | None, place: Place) -> str | None:
    """AWS gives the key back as it was written; a bare id means a key of the bucket's account and region."""
    if not key or key.startswith(("arn:", "alias/")):
        return key
    return f"arn:{place.partition}:kms:{place.region}:{place.account_id}:key/{key}"
