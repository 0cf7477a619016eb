# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wish for a bucket means, told without our code, in S3's words and in those of the diff."""

from __future__ import annotations

import copy
import datetime
import typing as t

from local_region import ACCOUNT, REGION
from properties.bucket_held import FLAGS, bucket_held, cors_meaning, rule_meaning
from properties.bucket_wishes import ALIAS, ARNS, BUCKET, WHOLE
from properties.contract import Refusal
from properties.statements import in_any_order, policy_meaning, statement_meaning

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from properties.bucket_held import Bucket
    from properties.contract import Wish

SECURE = {
    "versioning": "Enabled",
    "public_access_block": {},
    "object_ownership": "BucketOwnerEnforced",
    "require_tls": True,
    "abort_incomplete_multipart_upload_days": 7,
}
TLS = {
    "Sid": "DenyInsecureTransport",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": WHOLE,
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
OWNER_ONLY = "DenyOtherAccounts"


class BucketSubject:
    """The module s3_mlflow_bucket."""

    module = "s3_mlflow_bucket"
    unforeseeable: frozenset[str] = frozenset()

    def __init__(self, s3: t.Any, new: Bucket) -> None:
        """C(new) is what S3 makes of a bucket that nobody set anything of."""
        self._s3 = s3
        self._new = new

    def held(self) -> Bucket | None:
        """Everything of the bucket."""
        return bucket_held(self._s3, BUCKET)

    def options(self, wish: Wish) -> dict[str, t.Any]:
        """The wish with the bucket's name."""
        return {"name": BUCKET, **wish}

    def wished(self, held: Bucket | None, wish: Wish) -> Bucket | Refusal | None:
        """Each setting that is asked about as asked, the others as they are."""
        if wish.get("state") == "absent":
            if held and held["contents"] and not wish["force_delete_objects"]:
                return Refusal("is not empty")
            return None
        wish = _with_defaults(wish)
        after = copy.deepcopy(self._new if held is None else held)
        for apply in (_plain_settings, _encryption, _lifecycle, _logging, _cors, _policy):
            apply(after, wish, held is None)
        return after

    def shown(self, held: Bucket | None, other: Bucket | None, wish: Wish) -> dict[str, t.Any]:
        """What was asked about, in the words of the options."""
        if held is None:
            return {}
        told: dict[str, t.Any] = {"name": BUCKET, "region": REGION}
        if wish.get("state") == "absent":
            return {**told, **({"objects": True} if held["contents"] else {})}
        wish = _with_defaults(wish)
        return {**told, **{what: show(held) for what, (asked, show) in SHOWN.items() if set(asked) & wish.keys()}}

    def plain(self, shown: Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Policies by their meaning; of objects, whether there are any."""
        plain = dict(shown)
        if plain.get("policy"):
            plain["policy"] = policy_meaning(plain["policy"])
        if "objects" in plain:
            plain["objects"] = bool(plain["objects"])
        return plain


def _with_defaults(wish: Wish) -> Wish:
    return {**SECURE, **wish} if wish.get("secure_defaults", True) else wish


def _plain_settings(after: Bucket, wish: Wish, _is_new: bool) -> None:
    if "versioning" in wish:
        after["versioning"] = wish["versioning"]
    if "public_access_block" in wish:
        flags = wish["public_access_block"]
        after["public_access_block"] = {word: flags.get(flag, True) for flag, word in FLAGS.items()}
    if "object_ownership" in wish:
        after["ownership"] = {"Rules": [{"ObjectOwnership": wish["object_ownership"]}]}
    if "tags" in wish:
        purge = wish.get("purge_tags", False)
        kept = {key: value for key, value in after["tags"].items() if not purge or key.startswith(STUDIO)}
        after["tags"] = {**kept, **{key: _text(value) for key, value in wish["tags"].items()}}


STUDIO = ("aws:", "sagemaker:", "AmazonDataZone")


def _text(value: t.Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _encryption(after: Bucket, wish: Wish, is_new: bool) -> None:
    key = wish.get("kms_key_id")
    algorithm = wish.get("encryption") or ("aws:kms" if key else None)
    if algorithm is None:
        return
    rule = after["encryption"]
    present = rule["ApplyServerSideEncryptionByDefault"]
    stays = present["SSEAlgorithm"] == algorithm
    arn = {ALIAS: ARNS[0]}.get(
        key or "", key and (key if key.startswith("arn:") else f"{ARNS[0].rpartition('/')[0]}/{key}")
    )
    by_default = {"SSEAlgorithm": algorithm}
    wished_key = arn or (present.get("KMSMasterKeyID") if stays else None)
    if wished_key:
        by_default["KMSMasterKeyID"] = wished_key
    bucket_key = rule["BucketKeyEnabled"] if stays else False
    if "bucket_key_enabled" in wish:
        bucket_key = wish["bucket_key_enabled"]
    elif algorithm == "aws:kms" and wish.get("secure_defaults", True):
        bucket_key = True
    rule.update(ApplyServerSideEncryptionByDefault=by_default, BucketKeyEnabled=bucket_key)
    if is_new:
        rule["BlockedEncryptionTypes"] = {"EncryptionType": ["SSE-C"]}


def _lifecycle(after: Bucket, wish: Wish, _is_new: bool) -> None:
    abort, expire = (
        wish.get(f"{name}_days") for name in ("abort_incomplete_multipart_upload", "noncurrent_version_expiration")
    )
    rules = wish.get("lifecycle_rules")
    if abort is None and expire is None and rules is None:
        return
    wished = {rule["id"]: rule_meaning(_rule(rule)) for rule in rules or ()}
    every = {"Status": "Enabled", "Filter": {}}
    if abort:
        only = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": abort}}
        wished["AbortIncompleteMultipartUploads"] = rule_meaning({**every, **only})
    if expire:
        both = {
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "NoncurrentVersionExpiration": {"NoncurrentDays": expire},
        }
        wished["ExpireNoncurrentVersions"] = rule_meaning({**every, **both})
    kept = {} if wish.get("purge_lifecycle_rules") else dict(after["lifecycle"])
    for identifier, days in (("AbortIncompleteMultipartUploads", abort), ("ExpireNoncurrentVersions", expire)):
        if days == 0:
            kept.pop(identifier, None)
    after["lifecycle"] = {**kept, **wished}
    if not after["lifecycle"]:
        after["transition_default"] = None
    elif after["transition_default"] is None:
        after["transition_default"] = "all_storage_classes_128K"


WORDS = {
    "days": "Days",
    "date": "Date",
    "storage_class": "StorageClass",
    "expired_object_delete_marker": "ExpiredObjectDeleteMarker",
    "noncurrent_days": "NoncurrentDays",
    "newer_noncurrent_versions": "NewerNoncurrentVersions",
    "days_after_initiation": "DaysAfterInitiation",
}
ACTIONS = {
    "expiration": "Expiration",
    "transitions": "Transitions",
    "noncurrent_version_expiration": "NoncurrentVersionExpiration",
    "noncurrent_version_transitions": "NoncurrentVersionTransitions",
    "abort_incomplete_multipart_upload": "AbortIncompleteMultipartUpload",
}


def _rule(rule: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A rule of the option as AWS writes one."""
    scope = rule.get("filter") or {}
    conditions = {
        "Prefix": scope.get("prefix", ""),
        "Tags": [{"Key": key, "Value": value} for key, value in (scope.get("tags") or {}).items()],
        "ObjectSizeGreaterThan": scope.get("object_size_greater_than"),
        "ObjectSizeLessThan": scope.get("object_size_less_than"),
    }
    made: dict[str, t.Any] = {"Status": rule.get("status", "Enabled"), "Filter": {"And": conditions}}
    for action, word in ACTIONS.items():
        value = rule.get(action)
        if value is not None:
            made[word] = [_fields(item) for item in value] if isinstance(value, list) else _fields(value)
    return made


def _fields(value: Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {WORDS[key]: _moment(item) if key == "date" else item for key, item in value.items()}


def _moment(date: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(f"{date}T00:00:00+00:00")


def _logging(after: Bucket, wish: Wish, _is_new: bool) -> None:
    asked = wish.get("logging")
    if asked is None:
        return
    if not asked.get("enabled", True):
        after["logging"] = None
        return
    present = after["logging"] or {"TargetPrefix": f"{BUCKET}/"}
    stays = present.get("TargetBucket") == asked["target_bucket"]
    made = dict(present) if stays else {}
    made |= {
        "TargetBucket": asked["target_bucket"],
        "TargetPrefix": asked.get("target_prefix", present["TargetPrefix"]),
    }
    source = asked.get("partition_date_source") or _partition(present)
    if source:
        made["TargetObjectKeyFormat"] = {"PartitionedPrefix": {"PartitionDateSource": source}}
    after["logging"] = made


def _partition(enabled: Mapping[str, t.Any]) -> str | None:
    found: str | None = enabled.get("TargetObjectKeyFormat", {}).get("PartitionedPrefix", {}).get("PartitionDateSource")
    return found


CORS_WORDS = {
    "id": "ID",
    "allowed_methods": "AllowedMethods",
    "allowed_origins": "AllowedOrigins",
    "allowed_headers": "AllowedHeaders",
    "expose_headers": "ExposeHeaders",
    "max_age_seconds": "MaxAgeSeconds",
}


def _cors(after: Bucket, wish: Wish, _is_new: bool) -> None:
    if "cors_rules" not in wish:
        return
    wished = [
        cors_meaning({CORS_WORDS[key]: value for key, value in rule.items() if value not in (None, [])})
        for rule in wish["cors_rules"]
    ]
    if wish.get("purge_cors_rules"):
        after["cors"] = wished
        return
    named = {rule["ID"]: rule for rule in wished if "ID" in rule}
    after["cors"] = [named.get(rule.get("ID"), rule) for rule in after["cors"]]
    after["cors"] += [rule for rule in wished if rule not in after["cors"]]


def _policy(after: Bucket, wish: Wish, _is_new: bool) -> None:
    asked = ("require_tls", "restrict_to_owner_account", "policy_statements")
    if not set(asked) & wish.keys():
        return
    wished = [statement_meaning(statement) for statement in wish.get("policy_statements", ())]
    if wish.get("require_tls"):
        wished.append(statement_meaning(TLS))
    if wish.get("restrict_to_owner_account"):
        wished.append(statement_meaning(_owner_only(wish.get("trusted_account_ids", []))))
    gone = {statement["Sid"] for statement in wished}
    gone |= {TLS["Sid"]} if wish.get("require_tls") is False else set()
    gone |= {OWNER_ONLY} if wish.get("restrict_to_owner_account") is False else set()
    present: dict[str, t.Any] = {"Version": "2012-10-17", "Id": None, "Statement": []}
    if after["policy"] and not wish.get("purge_policy_statements"):
        present = after["policy"]
    kept = [statement for statement in present["Statement"] if statement.get("Sid") not in gone]
    after["policy"] = {**present, "Statement": in_any_order([*kept, *wished])} if kept or wished else None


def _owner_only(trusted: list[str]) -> dict[str, t.Any]:
    return {
        **TLS,
        "Sid": OWNER_ONLY,
        "Condition": {
            "StringNotEquals": {"aws:PrincipalAccount": [ACCOUNT, *trusted]},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    }


# ---- The words of the diff ----


def _shown_encryption(held: Bucket) -> dict[str, t.Any]:
    by_default = held["encryption"]["ApplyServerSideEncryptionByDefault"]
    return {
        "sse_algorithm": by_default["SSEAlgorithm"],
        "kms_key_id": by_default.get("KMSMasterKeyID"),
        "bucket_key_enabled": held["encryption"]["BucketKeyEnabled"],
    }


def _shown_rule(identifier: str, rule: Mapping[str, t.Any]) -> dict[str, t.Any]:
    scope = rule["Scope"]
    found = {
        "prefix": scope["Prefix"] or None,
        "tags": scope["Tags"] or None,
        "object_size_greater_than": scope["More"],
        "object_size_less_than": scope["Less"],
    }
    words = {word: key for key, word in WORDS.items()}

    def fields(value: Mapping[str, t.Any]) -> dict[str, t.Any]:
        return {
            words[key]: item.date().isoformat() if isinstance(item, datetime.datetime) else item
            for key, item in value.items()
        }

    actions: dict[str, t.Any] = {}
    for action, word in ACTIONS.items():
        if word in rule:
            value = rule[word]
            listed = isinstance(value, list)
            actions[action] = (
                sorted(map(fields, value), key=lambda i: sorted(map(str, i.items()))) if listed else fields(value)
            )
    scoped = {key: value for key, value in found.items() if value is not None}
    return {"id": identifier, "status": rule["Status"], "filter": scoped, **actions}


def _shown_logging(held: Bucket) -> dict[str, t.Any]:
    enabled = held["logging"]
    if not enabled:
        return {}
    return {
        "target_bucket": enabled["TargetBucket"],
        "target_prefix": enabled["TargetPrefix"],
        "partition_date_source": _partition(enabled),
    }


def _shown_cors(rule: Mapping[str, t.Any]) -> dict[str, t.Any]:
    lists = {key: rule.get(word, []) for key, word in CORS_WORDS.items() if key.startswith(("allowed", "expose"))}
    return {"id": rule.get("ID"), **lists, "max_age_seconds": rule.get("MaxAgeSeconds")}


SHOWN: dict[str, tuple[tuple[str, ...], t.Callable[[Bucket], t.Any]]] = {
    "versioning": (("versioning",), lambda held: held["versioning"] or "Unversioned"),
    "encryption": (("encryption", "kms_key_id"), _shown_encryption),
    "public_access_block": (
        ("public_access_block",),
        lambda held: {flag: held["public_access_block"][word] for flag, word in FLAGS.items()},
    ),
    "object_ownership": (
        ("object_ownership",),
        lambda held: held["ownership"]["Rules"][0]["ObjectOwnership"],
    ),
    "policy": (("require_tls", "restrict_to_owner_account", "policy_statements"), lambda held: held["policy"] or {}),
    "lifecycle_rules": (
        ("abort_incomplete_multipart_upload_days", "noncurrent_version_expiration_days", "lifecycle_rules"),
        lambda held: [_shown_rule(*each) for each in sorted(held["lifecycle"].items())],
    ),
    "logging": (("logging",), _shown_logging),
    "cors_rules": (("cors_rules",), lambda held: [_shown_cors(rule) for rule in held["cors"]]),
    "tags": (("tags",), lambda held: held["tags"]),
}
"""The keys of the diff, the options that ask for each, and what it says."""
