# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wishes for a bucket, and what others do to one. Few names and values, so that they meet."""

from __future__ import annotations

import datetime
import json
import typing as t

from hypothesis import strategies as st
from local_region import ACCOUNT, REGION

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

DAYS = st.sampled_from([1, 7, 30])
TEXT_TAGS = st.dictionaries(st.sampled_from(["Team", "Stage", "Größe", "path/x"]), st.sampled_from(["", "a", "b c"]), max_size=3)
TAGS = st.dictionaries(
    st.sampled_from(["Team", "Stage", "Größe"]), st.sampled_from(["", "a", "b c", 1, True, None]), max_size=3
)


def options(**each: st.SearchStrategy[t.Any]) -> st.SearchStrategy[dict[str, t.Any]]:
    """Any of these options, each with a value or left out."""
    return st.fixed_dictionaries({}, optional=each)


# ---- Statements of a policy ----

PRINCIPALS = st.sampled_from(
    [
        {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"},
        {"AWS": [OTHER_ACCOUNT]},
        {"Service": "logging.s3.amazonaws.com"},
    ]
)
CONDITIONS = st.sampled_from(
    [
        {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
        {"Bool": {"aws:SecureTransport": "true"}, "StringLike": {"aws:PrincipalArn": ["a", "b"]}},
        {"Bool": {"aws:SecureTransport": True}},
    ]
)


def statements(sids: st.SearchStrategy[str | None]) -> st.SearchStrategy[dict[str, t.Any]]:
    """A statement about the bucket."""
    return st.builds(
        _statement,
        sids,
        PRINCIPALS,
        st.sampled_from(["s3:GetObject", ["s3:GetObject"], ["s3:ListBucket", "s3:GetObject"], "s3:getobject"]),
        st.sampled_from([WHOLE, WHOLE[::-1], WHOLE[1]]),
        st.none() | CONDITIONS,
    )


def _statement(
    sid: str | None, principal: t.Any, action: t.Any, resource: t.Any, condition: t.Any, effect: str = "Allow"
) -> dict[str, t.Any]:
    named = {} if sid is None else {"Sid": sid}
    conditions = {} if condition is None else {"Condition": condition}
    parts = {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource}
    return {**named, **parts, **conditions}


# ---- Lifecycle rules, in the words of the option and in AWS's ----


def _wished_rule(identifier: str, scope: dict[str, t.Any] | None, action: dict[str, t.Any], status: str | None) -> t.Any:
    rule = {"id": identifier, **action}
    return {**rule, **({} if scope is None else {"filter": scope}), **({} if status is None else {"status": status})}


WISHED_RULES = st.builds(
    _wished_rule,
    st.sampled_from(RULE_IDS),
    st.none()
    | options(
        prefix=st.sampled_from(["", "runs/"]),
        tags=st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["1", ""]), max_size=2),
        object_size_greater_than=st.sampled_from([0, 5]),
        object_size_less_than=st.just(900),
    ),
    st.fixed_dictionaries(
        {"noncurrent_version_expiration": st.builds(dict, noncurrent_days=DAYS)},
        optional={
            "expiration": st.builds(dict, days=DAYS) | st.just({"date": "2030-01-31"}),
            "transitions": st.lists(
                st.builds(dict, days=DAYS, storage_class=st.sampled_from(STORAGE)), min_size=1, max_size=2
            ),
        },
    ),
    st.sampled_from([None, "Enabled", "Disabled"]),
)
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
    {"NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 2}},
    {"Transitions": [{"Days": 30, "StorageClass": "GLACIER"}, {"Days": 7, "StorageClass": "STANDARD_IA"}]},
    {"NoncurrentVersionTransitions": [{"NoncurrentDays": 7, "StorageClass": "GLACIER"}]},
]


@st.composite
def lifecycles(draw: st.DrawFn) -> dict[str, t.Any]:
    """A lifecycle as another tool writes it; one that uses the old form of a scope uses it in all rules."""
    scopes = draw(st.sampled_from([SCOPES, OLD_SCOPES]))
    rules = []
    for identifier in draw(st.lists(st.sampled_from([*RULE_IDS, *OWN_RULE_IDS, "theirs"]), unique=True, min_size=1, max_size=3)):
        scope, action = draw(st.sampled_from(scopes)), draw(st.sampled_from(ACTIONS))
        rules.append({"ID": identifier, "Status": draw(st.sampled_from(["Enabled", "Disabled"])), **scope, **action})
    default = draw(st.sampled_from([{}, {"TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}]))
    return {"LifecycleConfiguration": {"Rules": rules}, **default}


# ---- The wish ----

FLAGS = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
CORS_RULES = st.fixed_dictionaries(
    {
        "allowed_methods": st.sampled_from([["GET"], ["PUT", "GET"]]),
        "allowed_origins": st.sampled_from([["*"], ["https://b.example", "https://a.example"]]),
    },
    optional={
        "id": st.sampled_from(["one", "two"]),
        "allowed_headers": st.sampled_from([[], ["x-b", "x-a"]]),
        "expose_headers": st.just(["etag"]),
        "max_age_seconds": st.sampled_from([0, 60]),
    },
)
ENCRYPTION = st.one_of(
    st.just({}),
    st.just({"encryption": "AES256"}),
    options(
        kms_key_id=st.sampled_from([KEYS[0], ARNS[0], ARNS[1], ALIAS]),
        encryption=st.just("aws:kms"),
        bucket_key_enabled=st.booleans(),
    ).filter(lambda wish: "kms_key_id" in wish or "encryption" in wish),
    st.builds(dict, encryption=st.just("aws:kms:dsse"), kms_key_id=st.sampled_from(ARNS)),
)
ACCESS = st.one_of(
    st.just({}),
    st.just({"restrict_to_owner_account": False}),
    st.builds(
        dict, restrict_to_owner_account=st.just(True), trusted_account_ids=st.sampled_from([[], [OTHER_ACCOUNT, ACCOUNT]])
    ),
)
LOGGING = st.just({"enabled": False}) | st.fixed_dictionaries(
    {"target_bucket": st.sampled_from(LOGS)},
    optional={
        "target_prefix": st.sampled_from(["", "mine/"]),
        "partition_date_source": st.sampled_from(["EventTime", "DeliveryTime"]),
    },
)
SETTINGS = options(
    secure_defaults=st.booleans(),
    versioning=st.sampled_from(["Enabled", "Suspended"]),
    public_access_block=st.fixed_dictionaries({}, optional=dict.fromkeys(FLAGS, st.booleans())),
    object_ownership=st.sampled_from(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]),
    require_tls=st.booleans(),
    policy_statements=st.lists(
        statements(st.sampled_from(["Mine", "Theirs"])), max_size=2, unique_by=lambda statement: statement["Sid"]
    ),
    purge_policy_statements=st.booleans(),
    abort_incomplete_multipart_upload_days=st.sampled_from([0, 1, 7]),
    noncurrent_version_expiration_days=st.sampled_from([0, 30]),
    lifecycle_rules=st.lists(WISHED_RULES, max_size=2, unique_by=lambda rule: rule["id"]),
    purge_lifecycle_rules=st.booleans(),
    logging=LOGGING,
    cors_rules=st.lists(CORS_RULES, max_size=3, unique_by=lambda rule: rule.get("id", str(rule))),
    purge_cors_rules=st.booleans(),
    tags=TAGS,
    purge_tags=st.booleans(),
    expected_bucket_owner=st.just(ACCOUNT),
)
ABSENT = st.builds(dict, state=st.just("absent"), force_delete_objects=st.booleans())
PRESENT = st.builds(lambda *parts: {key: value for part in parts for key, value in part.items()}, SETTINGS, ENCRYPTION, ACCESS)
WISHES = st.integers(0, 9).flatmap(lambda dice: ABSENT if dice == 9 else PRESENT)

# ---- What others do ----


def _policies(sids: list[str | None]) -> st.SearchStrategy[str]:
    listed = st.lists(statements(st.sampled_from(sids)), min_size=1, max_size=3, unique_by=lambda each: each.get("Sid") or str(each))
    return st.builds(
        lambda found, more: json.dumps({**more, "Statement": found}),
        listed | statements(st.sampled_from(sids)),
        st.sampled_from([{"Version": "2012-10-17"}, {"Version": "2012-10-17", "Id": "theirs"}, {"Version": "2008-10-17"}]),
    )


def _call(operation: str, parameters: st.SearchStrategy[dict[str, t.Any]]) -> st.SearchStrategy[tuple[str, dict[str, t.Any]]]:
    return st.tuples(st.just(operation), parameters)


EDITS = st.one_of(
    _call("create_bucket", st.just({})),
    _call("delete_bucket", st.just({})),
    _call(
        "put_bucket_versioning",
        st.builds(lambda status: {"VersioningConfiguration": {"Status": status}}, st.sampled_from(["Enabled", "Suspended"])),
    ),
    _call("put_bucket_tagging", st.builds(lambda tags: {"Tagging": {"TagSet": [{"Key": k, "Value": v} for k, v in tags.items()]}}, TEXT_TAGS)),
    _call("delete_bucket_tagging", st.just({})),
    _call("put_bucket_policy", st.builds(lambda text: {"Policy": text}, _policies(["Mine", "Theirs", "DenyInsecureTransport", None]))),
    _call("delete_bucket_policy", st.just({})),
    _call("put_bucket_lifecycle_configuration", lifecycles()),
    _call("delete_bucket_lifecycle", st.just({})),
    _call("delete_public_access_block", st.just({})),
    _call("delete_bucket_ownership_controls", st.just({})),
    _call(
        "put_bucket_encryption",
        st.builds(
            lambda by_default, more: {
                "ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": by_default, **more}]}
            },
            st.sampled_from(
                [
                    {"SSEAlgorithm": "AES256"},
                    {"SSEAlgorithm": "aws:kms"},
                    {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEYS[1]},
                    {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": ALIAS},
                    {"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": ARNS[0]},
                ]
            ),
            st.sampled_from([{}, {"BucketKeyEnabled": True}, {"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}]),
        ),
    ),
    _call(
        "put_bucket_logging",
        st.builds(
            lambda enabled: {"BucketLoggingStatus": {"LoggingEnabled": enabled} if enabled else {}},
            st.none()
            | st.fixed_dictionaries(
                {"TargetBucket": st.sampled_from(LOGS), "TargetPrefix": st.sampled_from(["", "theirs/"])},
                optional={
                    "TargetObjectKeyFormat": st.sampled_from(
                        [{"SimplePrefix": {}}, {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}]
                    ),
                    "TargetGrants": st.just(
                        [{"Grantee": {"Type": "CanonicalUser", "ID": "a" * 64}, "Permission": "READ"}]
                    ),
                },
            ),
        ),
    ),
    _call(
        "put_bucket_cors",
        st.builds(
            lambda rules: {"CORSConfiguration": {"CORSRules": rules}},
            st.lists(
                st.fixed_dictionaries(
                    {"AllowedMethods": st.just(["GET"]), "AllowedOrigins": st.sampled_from([["*"], ["https://a.example"]])},
                    optional={"ID": st.sampled_from(["one", "two", "theirs"]), "MaxAgeSeconds": st.just(60)},
                ),
                min_size=1,
                max_size=3,
                unique_by=lambda rule: rule.get("ID", str(rule)),
            ),
        ),
    ),
    _call("delete_bucket_cors", st.just({})),
    _call("put_bucket_accelerate_configuration", st.just({"AccelerateConfiguration": {"Status": "Enabled"}})),
    _call("put_bucket_request_payment", st.just({"RequestPaymentConfiguration": {"Payer": "Requester"}})),
    _call("put_bucket_notification_configuration", st.just({"NotificationConfiguration": {"EventBridgeConfiguration": {}}})),
    _call("put_bucket_website", st.just({"WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}})),
    _call("put_object", st.builds(lambda key: {"Key": key, "Body": b"x"}, st.sampled_from(["runs/1", "runs/2"]))),
    _call("delete_object", st.builds(lambda key: {"Key": key}, st.sampled_from(["runs/1", "runs/2"]))),
    _call("create_multipart_upload", st.just({"Key": "runs/3"})),
)
STEPS = st.lists(st.tuples(st.lists(EDITS, max_size=3), WISHES), min_size=1, max_size=12)
