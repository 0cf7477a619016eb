# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wishes for a bucket, and what others do to one. Few names and values, so that they meet."""

from __future__ import annotations

import datetime
import json
import typing as t

from hypothesis import strategies as st
from local_region import ACCOUNT, REGION
from properties.pools import edits, lists, mixed, options, sequences

BUCKET = "artifacts"
LOGS = ("logs-one", "logs-two")
KEYS = ("11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222")
ALIAS = "alias/artifacts"
ARNS = tuple(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}" for key in KEYS)
OTHER_ACCOUNT = "210987654321"
WHOLE = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
STORAGE = ["STANDARD_IA", "GLACIER", "DEEP_ARCHIVE"]
RULE_IDS = ["one", "two"]
OWN_RULE_IDS = ["AbortIncompleteMultipartUploads", "ExpireNoncurrentVersions"]

TAG_KEYS = ["Team", "Stage", "Größe", "path/x"]
TAGS = [{}, {"Team": "a"}, {"Team": ""}, {"Team": True, "Stage": 1}, {"Stage": None}, {"Größe": "b c", "Team": "b"}]
THEIR_TAGS = [
    {},
    {"Team": "a"},
    {"Team": "", "path/x": "1"},
    {"Stage": "1", "Größe": ""},
    {"path/x": "y", "Größe": "b c"},
]

# ---- Statements of a policy ----

PRINCIPALS: list[t.Any] = [
    {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"},
    {"AWS": [OTHER_ACCOUNT]},
    {"Service": "logging.s3.amazonaws.com"},
]
CONDITIONS: list[t.Any] = [
    None,
    {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
    {"Bool": {"aws:SecureTransport": "true"}, "StringLike": {"aws:PrincipalArn": ["a", "b"]}},
    {"Bool": {"aws:SecureTransport": True}},
]


def _statements(sids: list[str | None]) -> list[dict[str, t.Any]]:
    actions = ["s3:GetObject", ["s3:GetObject"], ["s3:ListBucket", "s3:GetObject"]]
    return [
        {
            **({} if sid is None else {"Sid": sid}),
            "Effect": "Allow",
            "Principal": principal,
            "Action": action,
            "Resource": resource,
            **({} if condition is None else {"Condition": condition}),
        }
        for sid, principal, action, resource, condition in mixed(
            sids, PRINCIPALS, actions, [WHOLE, WHOLE[::-1], WHOLE[1]], CONDITIONS, most=40
        )
    ]


def _policies() -> list[str]:
    found = lists(_statements(["Mine", "Theirs", "DenyInsecureTransport", None]), "Sid", 3)[1:]
    heads = [{"Version": "2012-10-17"}, {"Version": "2012-10-17", "Id": "theirs"}, {"Version": "2008-10-17"}]
    return [
        json.dumps({**head, "Statement": statements if len(statements) > 1 else statements[0]})
        for head, statements in mixed(heads, found)
    ]


# ---- Lifecycle rules, in the words of the option and in AWS's ----

FILTERS: list[t.Any] = [
    None,
    {},
    {"prefix": "runs/"},
    {"prefix": "", "tags": {"a": "1"}},
    {"tags": {"a": "1", "b": ""}},
    {"object_size_greater_than": 0},
    {"prefix": "runs/", "tags": {"a": "1"}, "object_size_greater_than": 5, "object_size_less_than": 900},
]
RULE_ACTIONS: list[dict[str, t.Any]] = [
    {"noncurrent_version_expiration": {"noncurrent_days": 30}},
    {"noncurrent_version_expiration": {"noncurrent_days": 30, "newer_noncurrent_versions": 2}},
    {"expiration": {"days": 7}},
    {"expiration": {"date": "2030-01-31"}, "noncurrent_version_expiration": {"noncurrent_days": 1}},
    {"transitions": [{"days": 30, "storage_class": "GLACIER"}, {"days": 7, "storage_class": "STANDARD_IA"}]},
    {"noncurrent_version_transitions": [{"noncurrent_days": 7, "storage_class": "GLACIER"}]},
]
STATUSES: list[dict[str, str]] = [{}, {"status": "Enabled"}, {"status": "Disabled"}]
WISHED_RULES = [
    {"id": identifier, **({} if scope is None else {"filter": scope}), **action, **status}
    for identifier, scope, action, status in mixed(RULE_IDS, FILTERS, RULE_ACTIONS, STATUSES, most=80)
]
SCOPES: list[dict[str, t.Any]] = [
    {"Filter": {}},
    {"Filter": {"Prefix": ""}},
    {"Filter": {"Prefix": "runs/"}},
    {"Filter": {"Tag": {"Key": "a", "Value": "1"}}},
    {"Filter": {"ObjectSizeGreaterThan": 5}},
    {"Filter": {"And": {"Prefix": "runs/", "Tags": [{"Key": "a", "Value": "1"}], "ObjectSizeLessThan": 900}}},
]
OLD_SCOPES: list[dict[str, t.Any]] = [{"Prefix": ""}, {"Prefix": "old/"}]
MIDNIGHT = datetime.datetime(2030, 1, 31, tzinfo=datetime.timezone.utc)
ACTIONS: list[dict[str, t.Any]] = [
    {"Expiration": {"Days": 7}},
    {"Expiration": {"Date": MIDNIGHT}},
    {"Expiration": {"ExpiredObjectDeleteMarker": True}},
    {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
    {"NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 2}},
    {"Transitions": [{"Days": 30, "StorageClass": "GLACIER"}, {"Days": 7, "StorageClass": "STANDARD_IA"}]},
    {"NoncurrentVersionTransitions": [{"NoncurrentDays": 7, "StorageClass": "GLACIER"}]},
]


def _lifecycles() -> list[dict[str, t.Any]]:
    """As another tool writes them; one that uses the old form of a scope uses it in all rules."""
    defaults = [{}, {"TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}]
    found = []
    for scopes in (SCOPES, OLD_SCOPES):
        rules = [
            {"ID": identifier, "Status": status, **scope, **action}
            for identifier, status, scope, action in mixed(
                [*RULE_IDS, *OWN_RULE_IDS, "theirs"], ["Enabled", "Disabled"], scopes, ACTIONS, most=80
            )
            if scope.keys() != {"Filter"} or _is_legal(scope["Filter"], action)
        ]
        found += [
            {"LifecycleConfiguration": {"Rules": listed}, **default}
            for listed, default in mixed(lists(rules, "ID", 3)[1:], defaults, most=30)
        ]
    return found


def _is_legal(scope: dict[str, t.Any], action: dict[str, t.Any]) -> bool:
    """S3 knows no tags or sizes of what is not complete, nor of delete markers."""
    anything = {"AbortIncompleteMultipartUpload": {}, "Expiration": {"ExpiredObjectDeleteMarker": True}}
    return scope.keys() <= {"Prefix"} or not any(
        word in action and (not value or action[word] == value) for word, value in anything.items()
    )


# ---- The wish ----

FLAGS = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
CORS_RULES = [
    {**named, "allowed_methods": methods, "allowed_origins": origins, **more}
    for named, methods, origins, more in mixed(
        [{}, {"id": "one"}, {"id": "two"}],
        [["GET"], ["PUT", "GET"]],
        [["*"], ["https://b.example", "https://a.example"]],
        [
            {},
            {"allowed_headers": [], "max_age_seconds": 0},
            {"allowed_headers": ["x-b", "x-a"], "expose_headers": ["etag"]},
        ],
    )
]
ENCRYPTION: list[dict[str, t.Any]] = [
    {},
    {"encryption": "AES256"},
    {"encryption": "aws:kms"},
    {"encryption": "aws:kms", "bucket_key_enabled": False},
    {"kms_key_id": KEYS[0]},
    {"kms_key_id": ARNS[0], "encryption": "aws:kms"},
    {"kms_key_id": ARNS[1], "bucket_key_enabled": True},
    {"kms_key_id": ALIAS},
    {"kms_key_id": ARNS[0], "encryption": "aws:kms:dsse"},
    {"encryption": "aws:kms:dsse"},
]
ACCESS: list[dict[str, t.Any]] = [
    {},
    {"restrict_to_owner_account": False},
    {"restrict_to_owner_account": True},
    {"restrict_to_owner_account": True, "trusted_account_ids": [OTHER_ACCOUNT, ACCOUNT]},
]
SETTINGS = options(
    {
        "secure_defaults": [False, True],
        "versioning": ["Enabled", "Suspended"],
        "public_access_block": [
            dict(zip(FLAGS, flags, strict=False)) for flags in [(), (False,), (True, False), (False,) * 4]
        ],
        "object_ownership": ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"],
        "require_tls": [False, True],
        "policy_statements": lists(_statements(["Mine", "Theirs"]), "Sid", 2),
        "purge_policy_statements": [True],
        "abort_incomplete_multipart_upload_days": [0, 1, 7],
        "noncurrent_version_expiration_days": [0, 30],
        "lifecycle_rules": lists(WISHED_RULES, "id", 2),
        "purge_lifecycle_rules": [True],
        "logging": [
            {"enabled": False},
            {"target_bucket": LOGS[0]},
            {"target_bucket": LOGS[1], "target_prefix": ""},
            {"target_bucket": LOGS[0], "target_prefix": "mine/", "partition_date_source": "EventTime"},
            {"target_bucket": LOGS[0], "partition_date_source": "DeliveryTime"},
        ],
        "cors_rules": lists(CORS_RULES, "id", 3),
        "purge_cors_rules": [True],
        "tags": TAGS,
        "purge_tags": [True],
        "expected_bucket_owner": [ACCOUNT],
    }
)
PRESENT = st.tuples(SETTINGS, st.sampled_from(ENCRYPTION), st.sampled_from(ACCESS)).map(
    lambda parts: {key: value for part in parts for key, value in part.items()}
)
ABSENT = st.sampled_from([{"state": "absent", "force_delete_objects": force} for force in (False, True)])
WISHES = st.integers(0, 14).flatmap(lambda dice: ABSENT if dice == 14 else PRESENT)

# ---- What others do ----

BY_DEFAULT: list[dict[str, str]] = [
    {"SSEAlgorithm": "AES256"},
    {"SSEAlgorithm": "aws:kms"},
    {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEYS[1]},
    {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": ALIAS},
    {"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": ARNS[0]},
]
ENCRYPTED: list[dict[str, t.Any]] = [
    {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": by_default, **more}]}}
    for by_default, more in mixed(
        BY_DEFAULT, [{}, {"BucketKeyEnabled": True}, {"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}]
    )
]
LOGGED = [
    {"TargetBucket": LOGS[0], "TargetPrefix": ""},
    {"TargetBucket": LOGS[1], "TargetPrefix": "theirs/", "TargetObjectKeyFormat": {"SimplePrefix": {}}},
    {
        "TargetBucket": LOGS[0],
        "TargetPrefix": "theirs/",
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
        "TargetGrants": [{"Grantee": {"Type": "CanonicalUser", "ID": "a" * 64}, "Permission": "READ"}],
    },
]
THEIR_CORS_RULES = [
    {**named, "AllowedMethods": ["GET"], "AllowedOrigins": origins, **more}
    for named, origins, more in mixed(
        [{}, {"ID": "one"}, {"ID": "theirs"}], [["*"], ["https://a.example"]], [{}, {"MaxAgeSeconds": 60}]
    )
]
OBJECTS = [{"Key": "runs/1"}, {"Key": "runs/2"}]
EDITS = edits(
    {
        "create_bucket": [{}],
        "delete_bucket": [{}],
        "put_bucket_versioning": [{"VersioningConfiguration": {"Status": each}} for each in ("Enabled", "Suspended")],
        "put_bucket_tagging": [
            {"Tagging": {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}}
            for tags in THEIR_TAGS
        ],
        "delete_bucket_tagging": [{}],
        "put_bucket_policy": [{"Policy": policy} for policy in _policies()],
        "delete_bucket_policy": [{}],
        "put_bucket_lifecycle_configuration": _lifecycles(),
        "delete_bucket_lifecycle": [{}],
        "delete_public_access_block": [{}],
        "delete_bucket_ownership_controls": [{}],
        "put_bucket_encryption": ENCRYPTED,
        "delete_bucket_encryption": [{}],
        "put_bucket_logging": [
            {"BucketLoggingStatus": each} for each in [{}, *({"LoggingEnabled": on} for on in LOGGED)]
        ],
        "put_bucket_cors": [
            {"CORSConfiguration": {"CORSRules": rules}} for rules in lists(THEIR_CORS_RULES, "ID", 3)[1:]
        ],
        "delete_bucket_cors": [{}],
        "put_bucket_accelerate_configuration": [{"AccelerateConfiguration": {"Status": "Enabled"}}],
        "put_bucket_request_payment": [{"RequestPaymentConfiguration": {"Payer": "Requester"}}],
        "put_bucket_notification_configuration": [{"NotificationConfiguration": {"EventBridgeConfiguration": {}}}],
        "put_bucket_website": [{"WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}}],
        "put_object": [{**each, "Body": b"x"} for each in OBJECTS],
        "delete_object": OBJECTS,
        "create_multipart_upload": [{"Key": "runs/3"}],
    }
)
STEPS = sequences(EDITS, WISHES)
