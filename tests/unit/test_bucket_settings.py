# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each setting of a bucket: AWS's answer, the wish, and the request that leads from one to the other."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket_access as access
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket_settings as settings
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_state import Place
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:eu-west-1:123456789012:key/{KEY_ID}"
OTHER_KEY = KEY_ARN.replace("1234abcd", "9999abcd")
PLACE = Place("artifacts", "eu-west-1", "aws", "123456789012", KEY_ARN)
FOREIGN = {
    "Sid": "Theirs",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::artifacts/*",
}
MINE = {**FOREIGN, "Sid": "Mine"}


def encryption_answer(
    algorithm: str, key: str | None = None, bucket_key: bool = False, **rule: t.Any
) -> dict[str, t.Any]:
    by_default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
    rule = {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": bucket_key, **rule}
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


@pytest.mark.parametrize(
    ("answer", "wish", "key", "bucket_key"),
    [
        pytest.param({}, settings.Encryption("AES256", False, None), None, False, id="new"),
        pytest.param({}, settings.Encryption("aws:kms", True, True), KEY_ARN, True, id="new-key"),
        pytest.param(
            encryption_answer("aws:kms", OTHER_KEY, True),
            settings.Encryption("aws:kms", False, None),
            OTHER_KEY,
            True,
            id="key-not-asked-about-stays",
        ),
        pytest.param(
            encryption_answer("aws:kms", OTHER_KEY), settings.Encryption("aws:kms", True, True), KEY_ARN, True, id="key"
        ),
        pytest.param(
            encryption_answer("aws:kms", OTHER_KEY, True),
            settings.Encryption("AES256", False, None),
            None,
            False,
            id="another-algorithm-drops-the-key",
        ),
        pytest.param(
            encryption_answer("aws:kms", KEY_ID, True),
            settings.Encryption("aws:kms", True, None),
            KEY_ARN,
            True,
            id="bare-id-is-the-same-key",
        ),
    ],
)
def test_encryption(answer: dict[str, t.Any], wish: settings.Encryption, key: str | None, bucket_key: bool) -> None:
    after = wish.after(wish.normal(answer, PLACE), PLACE)
    assert after == {"sse_algorithm": wish.algorithm, "kms_key_id": key, "bucket_key_enabled": bucket_key}
    _operation, request = wish.request(answer, after)
    assert wish.normal(request, PLACE) == after, "the request does not make the wish true"


def test_encryption_of_a_key_by_its_bare_id_is_no_change() -> None:
    wish = settings.Encryption("aws:kms", True, True)
    present = wish.normal(encryption_answer("aws:kms", KEY_ID, True), PLACE)
    assert wish.after(present, PLACE) == present


@pytest.mark.parametrize(
    ("answer", "blocked"),
    [
        ({}, {"EncryptionType": ["SSE-C"]}),
        (encryption_answer("AES256"), None),
        (
            encryption_answer("AES256", BlockedEncryptionTypes={"EncryptionType": ["NONE"]}),
            {"EncryptionType": ["NONE"]},
        ),
    ],
)
def test_a_write_of_encryption_keeps_what_is_blocked(answer: dict[str, t.Any], blocked: t.Any) -> None:
    after = {"sse_algorithm": "aws:kms", "kms_key_id": KEY_ARN, "bucket_key_enabled": True}
    _operation, request = settings.Encryption("aws:kms", True, True).request(answer, after)
    assert request["ServerSideEncryptionConfiguration"]["Rules"][0].get("BlockedEncryptionTypes") == blocked


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (settings.Versioning("Enabled"), "Unversioned"),
        (settings.ObjectOwnership("BucketOwnerEnforced"), "ObjectWriter"),
        (settings.PublicAccessBlock({}), dict.fromkeys(settings.PUBLIC_ACCESS_FLAGS, False)),
        (settings.Logging(None), {}),
        (settings.Tags({}, False), {}),
        (access.Policy(True, None, (), (), False), {}),
        (access.Cors((), False), []),
    ],
)
def test_nothing_set(setting: settings.Setting, value: t.Any) -> None:
    assert setting.normal({}, PLACE) == value


LOGGED = {
    "LoggingEnabled": {
        "TargetBucket": "logs",
        "TargetPrefix": "theirs/",
        "TargetGrants": [{"Grantee": {"Type": "Group", "URI": "uri"}, "Permission": "READ"}],
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
    }
}


@pytest.mark.parametrize(
    ("answer", "wish", "enabled"),
    [
        pytest.param(
            {}, settings.Logging("logs"), {"TargetBucket": "logs", "TargetPrefix": "artifacts/"}, id="default-prefix"
        ),
        pytest.param(
            LOGGED,
            settings.Logging("logs", "mine/"),
            {**LOGGED["LoggingEnabled"], "TargetPrefix": "mine/"},
            id="prefix",
        ),
        pytest.param(
            LOGGED,
            settings.Logging("other"),
            {
                "TargetBucket": "other",
                "TargetPrefix": "theirs/",
                "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
            },
            id="another-target-loses-the-grants",
        ),
        pytest.param(LOGGED, settings.Logging("logs"), LOGGED["LoggingEnabled"], id="as-it-is"),
        pytest.param(LOGGED, settings.Logging(None), None, id="off"),
    ],
)
def test_logging(answer: dict[str, t.Any], wish: settings.Logging, enabled: t.Any) -> None:
    after = wish.after(wish.normal(answer, PLACE), PLACE)
    _operation, request = wish.request(answer, after)
    assert request["BucketLoggingStatus"].get("LoggingEnabled") == enabled
    assert wish.normal(request["BucketLoggingStatus"], PLACE) == after


def policy(*statements: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": list(statements)})}


@pytest.mark.parametrize(
    ("answer", "wish", "sids"),
    [
        pytest.param({}, access.Policy(True, None, (), (), False), ["DenyInsecureTransport"], id="new"),
        pytest.param(
            policy(FOREIGN),
            access.Policy(True, True, (), (MINE,), False),
            ["Theirs", "DenyInsecureTransport", "DenyOtherAccounts", "Mine"],
            id="merged",
        ),
        pytest.param(policy(FOREIGN), access.Policy(None, None, (), (MINE,), True), ["Mine"], id="purged"),
        pytest.param(
            policy({**MINE, "Action": "s3:*"}, FOREIGN),
            access.Policy(None, None, (), (MINE,), False),
            ["Mine", "Theirs"],
            id="replaced-in-place",
        ),
        pytest.param(policy(FOREIGN), access.Policy(False, False, (), (), False), ["Theirs"], id="nothing-to-remove"),
    ],
)
def test_policy(answer: dict[str, t.Any], wish: access.Policy, sids: list[str]) -> None:
    after = wish.after(wish.normal(answer, PLACE), PLACE)
    assert [statement["Sid"] for statement in after["Statement"]] == sids
    for statement in after["Statement"]:
        assert statement == {"Theirs": FOREIGN, "Mine": MINE}.get(statement["Sid"], statement)
    assert wish.after(after, PLACE) == after
    _operation, request = wish.request(answer, after)
    assert json.loads(request["Policy"]) == after


def test_removing_the_last_statement_removes_the_policy() -> None:
    present = access.Policy(True, None, (), (), False).after({}, PLACE)
    wish = access.Policy(False, None, (), (), False)
    assert wish.after(present, PLACE) == {}
    assert wish.request({}, {}) == ("delete_bucket_policy", {})


def test_a_policy_written_another_way_is_no_change() -> None:
    wish = access.Policy(True, None, (), (), False)
    own = wish.after({}, PLACE)["Statement"][0]
    spelt = {**own, "Principal": {"AWS": ["*"]}, "Action": ["S3:*"], "Resource": list(reversed(own["Resource"]))}
    present = wish.normal(policy(spelt, FOREIGN), PLACE)
    assert wish.after(present, PLACE) == present


def test_a_trusted_account_is_let_through() -> None:
    after = access.Policy(None, True, ("210987654321",), (), False).after({}, PLACE)
    condition = after["Statement"][0]["Condition"]["StringNotEquals"]["aws:PrincipalAccount"]
    assert condition == ["123456789012", "210987654321"]


def test_a_policy_above_the_limit_is_refused() -> None:
    long = {**MINE, "Resource": [f"arn:aws:s3:::artifacts/{'x' * 900}/{number}" for number in range(30)]}
    with pytest.raises(MlflowError, match=r"policy_statements: .* S3 allows 20480"):
        access.Policy(None, None, (), (long,), False).after({}, PLACE)


GET_RULE = access.cors_rule({"id": "get", "allowed_methods": ["GET"], "allowed_origins": ["*"]})
PUT_RULE = access.cors_rule({"allowed_methods": ["PUT"], "allowed_origins": ["https://b", "https://a"]})
HEAD_RULE = access.cors_rule({"id": "get", "allowed_methods": ["HEAD"], "allowed_origins": ["*"], "max_age_seconds": 9})


@pytest.mark.parametrize(
    ("present", "wish", "after"),
    [
        pytest.param([], (GET_RULE, PUT_RULE), [GET_RULE, PUT_RULE], id="new"),
        pytest.param([GET_RULE, PUT_RULE], (PUT_RULE,), [GET_RULE, PUT_RULE], id="there"),
        pytest.param([GET_RULE, PUT_RULE], (HEAD_RULE,), [HEAD_RULE, PUT_RULE], id="replaced-in-place"),
    ],
)
def test_cors(
    present: list[dict[str, t.Any]], wish: tuple[dict[str, t.Any], ...], after: list[dict[str, t.Any]]
) -> None:
    setting = access.Cors(wish, purge=False)
    assert setting.after(present, PLACE) == after
    _operation, request = setting.request({}, after)
    assert setting.normal(request["CORSConfiguration"], PLACE) == after


def test_cors_purged_to_nothing_is_deleted() -> None:
    setting = access.Cors((), purge=True)
    assert setting.request({}, setting.after([GET_RULE], PLACE)) == ("delete_bucket_cors", {})


def test_more_cors_rules_than_s3_allows_are_refused() -> None:
    rules = tuple({**GET_RULE, "id": str(number)} for number in range(101))
    with pytest.raises(MlflowError, match="101 rules, S3 allows 100"):
        access.Cors(rules, purge=False).after([], PLACE)


ALL_ON = dict.fromkeys(settings.PUBLIC_ACCESS_FLAGS, True)
BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
ENCRYPTED = {"sse_algorithm": "aws:kms", "kms_key_id": KEY_ARN, "bucket_key_enabled": True}
LOGS = {"target_bucket": "logs", "target_prefix": "theirs/", "partition_date_source": "EventTime"}
WORD_FOR_WORD: dict[str, tuple[settings.Setting, dict[str, t.Any], t.Any, settings.Request]] = {
    "versioning": (
        settings.Versioning("Enabled"),
        {"Status": "Suspended"},
        "Suspended",
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
    ),
    "encryption": (
        settings.Encryption("aws:kms", True, True),
        encryption_answer("AES256"),
        {"sse_algorithm": "AES256", "kms_key_id": None, "bucket_key_enabled": False},
        ("put_bucket_encryption", encryption_answer("aws:kms", KEY_ARN, True)),
    ),
    "encryption without a key": (
        settings.Encryption("AES256", False, None),
        {**encryption_answer("aws:kms", "alias/theirs", True)},
        {"sse_algorithm": "aws:kms", "kms_key_id": "alias/theirs", "bucket_key_enabled": True},
        ("put_bucket_encryption", encryption_answer("AES256")),
    ),
    "public access block": (
        settings.PublicAccessBlock(ALL_ON),
        {"PublicAccessBlockConfiguration": {"IgnorePublicAcls": True}},
        {**dict.fromkeys(ALL_ON, False), "ignore_public_acls": True},
        ("put_public_access_block", {"PublicAccessBlockConfiguration": BLOCKED}),
    ),
    "object ownership": (
        settings.ObjectOwnership("BucketOwnerEnforced"),
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}},
        "BucketOwnerPreferred",
        (
            "put_bucket_ownership_controls",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
        ),
    ),
    "logging": (
        settings.Logging("logs", "mine/", "DeliveryTime"),
        LOGGED,
        LOGS,
        (
            "put_bucket_logging",
            {
                "BucketLoggingStatus": {
                    "LoggingEnabled": {
                        **LOGGED["LoggingEnabled"],
                        "TargetPrefix": "mine/",
                        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "DeliveryTime"}},
                    }
                }
            },
        ),
    ),
    "logging with the simple format": (
        settings.Logging("logs"),
        {"LoggingEnabled": {"TargetBucket": "old", "TargetObjectKeyFormat": {"SimplePrefix": {}}}},
        {"target_bucket": "old", "target_prefix": "", "partition_date_source": None},
        (
            "put_bucket_logging",
            {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": ""}}},
        ),
    ),
    "no logging": (settings.Logging(None), LOGGED, LOGS, ("put_bucket_logging", {"BucketLoggingStatus": {}})),
    "tags": (
        settings.Tags({"b": "2"}, False),
        {"TagSet": [{"Key": "a", "Value": "1"}]},
        {"a": "1"},
        (
            "put_bucket_tagging",
            {"Tagging": {"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}},
        ),
    ),
    "no tags": (
        settings.Tags({}, True),
        {"TagSet": [{"Key": "a", "Value": "1"}]},
        {"a": "1"},
        ("delete_bucket_tagging", {}),
    ),
}


@pytest.mark.parametrize("case", WORD_FOR_WORD)
def test_answers_and_requests_word_for_word(case: str) -> None:
    setting, answer, present, request = WORD_FOR_WORD[case]
    assert setting.normal(answer, PLACE) == present
    after = setting.after(present, PLACE)
    assert after != present
    assert setting.request(answer, after) == request
    assert setting.shown(present) == present


def test_what_the_creation_of_a_bucket_carries() -> None:
    assert settings.ObjectOwnership("x").at_creation("BucketOwnerEnforced") == {
        "ObjectOwnership": "BucketOwnerEnforced"
    }
    tagged = {"CreateBucketConfiguration": {"Tags": [{"Key": "a", "Value": "1"}]}}
    assert settings.Tags({}, False).at_creation({"a": "1"}) == tagged
    assert settings.Tags({}, False).at_creation({}) == {}
    assert settings.Versioning("Enabled").at_creation("Enabled") is None
    assert settings.Encryption("aws:kms", True, True).at_creation(ENCRYPTED) is None


@pytest.mark.parametrize(
    ("written", "arn"), [(None, None), ("", ""), ("alias/a", "alias/a"), (KEY_ARN, KEY_ARN), (KEY_ID, KEY_ARN)]
)
def test_a_key_in_one_form(written: str | None, arn: str | None) -> None:
    present = {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"KMSMasterKeyID": written}}]
        }
    }
    assert settings.Encryption("aws:kms", True, None).normal(present, PLACE)["kms_key_id"] == arn


def test_a_bucket_key_that_is_wished_off_goes() -> None:
    present = {"sse_algorithm": "aws:kms", "kms_key_id": OTHER_KEY, "bucket_key_enabled": True}
    assert settings.Encryption("aws:kms", False, False).after(present, PLACE)["bucket_key_enabled"] is False
    assert settings.Encryption("aws:kms:dsse", False, None).after(present, PLACE)["bucket_key_enabled"] is False


def test_a_bucket_without_a_word_about_bucket_keys_has_none() -> None:
    answer: dict[str, t.Any] = {
        "ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": {}}]}
    }
    nothing = {"sse_algorithm": None, "kms_key_id": None, "bucket_key_enabled": False}
    assert settings.Encryption("aws:kms", False, None).normal(answer, PLACE) == nothing
