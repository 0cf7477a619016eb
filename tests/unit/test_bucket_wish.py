# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From options to a wish, and from a wish and a state to a plan."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket_settings as settings
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_access import Cors, Policy, cors_rule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_lifecycle import Lifecycle
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_plan import plan_bucket
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_state import BucketState, Contents, Place
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_wish import (
    SECURE_DEFAULTS,
    BucketWish,
    bucket_wish,
    name_warning,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

OPTIONS: dict[str, t.Any] = {
    "name": "artifacts",
    "state": "present",
    "secure_defaults": False,
    "versioning": None,
    "encryption": None,
    "kms_key_id": None,
    "bucket_key_enabled": None,
    "public_access_block": None,
    "object_ownership": None,
    "require_tls": None,
    "restrict_to_owner_account": None,
    "trusted_account_ids": None,
    "policy_statements": None,
    "purge_policy_statements": False,
    "abort_incomplete_multipart_upload_days": None,
    "noncurrent_version_expiration_days": None,
    "lifecycle_rules": None,
    "purge_lifecycle_rules": False,
    "logging": None,
    "cors_rules": None,
    "purge_cors_rules": False,
    "tags": None,
    "purge_tags": False,
    "expected_bucket_owner": None,
    "force_delete_objects": False,
}
PLACE = Place("artifacts", "eu-west-1", "aws", "123456789012")
STATEMENT = {"Sid": "Mine", "Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
LOGGING = {"enabled": True, "target_bucket": None, "target_prefix": None, "partition_date_source": None}
CORS_RULE = {"id": "one", "allowed_methods": ["GET"], "allowed_origins": ["*"]}


def wish_of(**options: t.Any) -> BucketWish:
    return bucket_wish({**OPTIONS, **options}, "eu-west-1")


def asked(wish: BucketWish) -> set[str]:
    return {setting.name for setting in wish.settings}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, set()),
        (
            {"secure_defaults": True},
            {"versioning", "public_access_block", "object_ownership", "policy", "lifecycle_rules"},
        ),
        ({"kms_key_id": "alias/mlflow"}, {"encryption"}),
        ({"tags": {}}, {"tags"}),
        ({"policy_statements": []}, {"policy"}),
        ({"restrict_to_owner_account": False}, {"policy"}),
        ({"noncurrent_version_expiration_days": 0}, {"lifecycle_rules"}),
        ({"purge_lifecycle_rules": True, "purge_tags": True, "purge_cors_rules": True}, set()),
        ({"purge_policy_statements": True}, set()),
        ({"cors_rules": []}, {"cors_rules"}),
        ({"logging": {**LOGGING, "enabled": False}}, {"logging"}),
        ({"state": "absent", "secure_defaults": True, "tags": {"a": "b"}}, set()),
    ],
)
def test_only_what_was_asked_about_is_managed(options: dict[str, t.Any], names: set[str]) -> None:
    assert asked(wish_of(**options)) == names


def test_an_option_wins_over_its_secure_default() -> None:
    plan = plan_bucket(
        wish_of(secure_defaults=True, versioning="Suspended", require_tls=False), BucketState(PLACE, False)
    )
    assert plan.predicted.values["versioning"] == "Suspended"
    assert plan.predicted.values["policy"] == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "ab"}, "name: 'ab' is no name"),
        ({"name": "a" * 64}, "has 3 to 63 characters"),
        ({"name": "Artifacts"}, "lower-case"),
        ({"name": "under_score"}, "lower-case"),
        ({"name": "-artifacts"}, "at both ends"),
        ({"name": "artifacts."}, "at both ends"),
        ({"name": "a..b"}, "two dots"),
        ({"name": "192.168.0.1"}, "IP address"),
        ({"name": "xn--artifacts"}, "does not begin with xn--"),
        ({"name": "sthree-artifacts"}, "does not begin with"),
        ({"name": "artifacts-s3alias"}, "does not end with -s3alias"),
        ({"name": "artifacts--x-s3"}, "does not end with"),
        ({"expected_bucket_owner": "12345"}, "expected_bucket_owner: '12345' is no account id"),
        ({"kms_key_id": "mlflow"}, "kms_key_id: 'mlflow' is no KMS key"),
        ({"kms_key_id": "arn:aws:kms:us-east-1:123456789012:alias/mlflow"}, "in us-east-1"),
        ({"kms_key_id": "alias/mlflow", "encryption": "AES256"}, "encryption 'AES256' takes no key"),
        ({"bucket_key_enabled": True}, "bucket_key_enabled: has a meaning only"),
        ({"bucket_key_enabled": True, "encryption": "AES256"}, "has no bucket keys"),
        ({"trusted_account_ids": ["210987654321"]}, "only with restrict_to_owner_account"),
        (
            {"trusted_account_ids": ["1"], "restrict_to_owner_account": True},
            "trusted_account_ids: '1' is no account id",
        ),
        ({"policy_statements": [{**STATEMENT, "Sid": ""}]}, "'Sid' is missing"),
        ({"policy_statements": [{**STATEMENT, "Effect": "Maybe"}]}, "'Effect' must be"),
        ({"policy_statements": [{**STATEMENT, "Principal": None}]}, "'Principal' is missing"),
        ({"policy_statements": [{**STATEMENT, "Resource": None}]}, "'Resource' is missing"),
        ({"policy_statements": [{**STATEMENT, "Sid": "DenyInsecureTransport"}]}, "belongs to require_tls"),
        ({"policy_statements": [STATEMENT, STATEMENT]}, "the Sid 'Mine' is given more than once"),
        ({"cors_rules": [CORS_RULE, CORS_RULE]}, "cors_rules: the id 'one' is given more than once"),
        ({"cors_rules": [{**CORS_RULE, "allowed_methods": []}]}, "cors_rules, rule 1: allowed_methods is empty"),
        ({"cors_rules": [{**CORS_RULE, "allowed_origins": []}]}, "cors_rules, rule 1: allowed_origins is empty"),
        ({"cors_rules": [{**CORS_RULE, "max_age_seconds": -1}]}, "max_age_seconds is -1"),
        (
            {"policy_statements": [{**STATEMENT, "Condition": "x"}]},
            "policy_statements, statement 1: 'Condition' must be",
        ),
        ({"name": "artifacts\n"}, "is no name for a bucket"),
        ({"expected_bucket_owner": "123456789012\n"}, "is no account id"),
        ({"logging": LOGGING}, "target_bucket is missing"),
        ({"logging": {**LOGGING, "target_bucket": "artifacts"}}, "the bucket itself"),
        ({"tags": {"aws:x": "1"}}, "begins with 'aws:'"),
    ],
)
def test_wrong_options(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(MlflowError) as failure:
        wish_of(**options)
    assert message in failure.value.message


@pytest.mark.parametrize(
    "name", ["abc", "a-b.c", "mlflow-staging-mlflow-artifacts-zali-staging", "1" * 63, "my.bucket"]
)
def test_legal_names(name: str) -> None:
    assert wish_of(name=name).name == name
    assert (name_warning(name) is None) == ("." not in name)


BOOLEANS = st.one_of(st.none(), st.booleans())
FLAGS = st.fixed_dictionaries(dict.fromkeys(SECURE_DEFAULTS["public_access_block"], st.booleans()))
WISHES = st.fixed_dictionaries(
    {
        "secure_defaults": st.booleans(),
        "versioning": st.sampled_from([None, "Enabled", "Suspended"]),
        "encryption": st.sampled_from([None, "AES256", "aws:kms"]),
        "public_access_block": st.one_of(st.none(), FLAGS),
        "object_ownership": st.sampled_from([None, "BucketOwnerEnforced", "ObjectWriter"]),
        "require_tls": BOOLEANS,
        "restrict_to_owner_account": BOOLEANS,
        "policy_statements": st.sampled_from([None, [], [STATEMENT], [{**STATEMENT, "Sid": "Other"}]]),
        "purge_policy_statements": st.booleans(),
        "abort_incomplete_multipart_upload_days": st.sampled_from([None, 0, 7]),
        "noncurrent_version_expiration_days": st.sampled_from([None, 0, 90]),
        "lifecycle_rules": st.sampled_from([None, [], [{"id": "r", "expiration": {"days": 5}}]]),
        "purge_lifecycle_rules": st.booleans(),
        "logging": st.sampled_from([None, {**LOGGING, "target_bucket": "logs"}, {**LOGGING, "enabled": False}]),
        "cors_rules": st.sampled_from([None, [], [CORS_RULE], [{**CORS_RULE, "id": None}]]),
        "purge_cors_rules": st.booleans(),
        "tags": st.sampled_from([None, {}, {"a": 1}, {"b": True}]),
        "purge_tags": st.booleans(),
    }
)


def everything(wish: BucketWish, other: BucketWish) -> BucketState:
    """A bucket as the other wish left it, read as the first one reads."""
    left = plan_bucket(other, BucketState(PLACE, False)).predicted.values
    values = {setting.name: left.get(setting.name, setting.normal({}, PLACE)) for setting in wish.settings}
    return BucketState(PLACE, True, values)


@given(start=WISHES, options=WISHES)
def test_from_any_start_one_plan_reaches_any_wish(start: dict[str, t.Any], options: dict[str, t.Any]) -> None:
    wish = wish_of(**options)
    for state in (BucketState(PLACE, False), everything(wish, wish_of(**start))):
        plan = plan_bucket(wish, state)
        assert plan.predicted.exists
        assert plan.predicted.values.keys() == asked(wish)
        again = plan_bucket(wish, plan.predicted)
        assert not again.changed, [change.name for change in again.changes]
        assert (plan.before != plan.after) == plan.changed
        assert all(change.before != change.after for change in plan.changes)
        assert all(change.call.parameters["Bucket"] == "artifacts" for change in plan.changes)


@pytest.mark.parametrize(
    ("region", "configuration"),
    [
        ("us-east-1", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("eu-west-1", {"LocationConstraint": "eu-west-1", "Tags": [{"Key": "a", "Value": "b"}]}),
    ],
)
def test_creation_carries_ownership_and_tags(region: str, configuration: dict[str, t.Any]) -> None:
    place = Place("artifacts", region, "aws", "123456789012")
    plan = plan_bucket(wish_of(object_ownership="BucketOwnerEnforced", tags={"a": "b"}), BucketState(place, False))
    assert [change.name for change in plan.changes] == ["bucket"]
    assert plan.changes[0].call.parameters == {
        "Bucket": "artifacts",
        "ObjectOwnership": "BucketOwnerEnforced",
        "CreateBucketConfiguration": configuration,
    }


def test_a_plain_bucket_in_the_first_region_has_no_configuration() -> None:
    plan = plan_bucket(wish_of(tags={}), BucketState(Place("artifacts", "us-east-1", "aws", "123456789012"), False))
    assert plan.changes[0].call.parameters == {"Bucket": "artifacts"}


def test_every_write_to_an_existing_bucket_insists_on_its_owner() -> None:
    wish = wish_of(secure_defaults=True, tags={"a": "b"}, encryption="aws:kms")
    plan = plan_bucket(wish, everything(wish, wish_of()))
    assert len(plan.changes) == 7
    assert {change.call.parameters["ExpectedBucketOwner"] for change in plan.changes} == {"123456789012"}


FULL = Contents(3, 1, 2, more=False)
MANY = Contents(1000, 0, 0, more=True)


@pytest.mark.parametrize(
    ("state", "force", "names", "deleted"),
    [
        (BucketState(PLACE, False), False, [], 0),
        (BucketState(PLACE, True, contents=Contents(0, 0, 0, more=False)), False, ["bucket"], 0),
        (BucketState(PLACE, True, contents=FULL), True, ["objects", "bucket"], 6),
        (BucketState(PLACE, True, contents=MANY), True, ["objects", "bucket"], None),
    ],
)
def test_absent(state: BucketState, force: bool, names: list[str], deleted: int | None) -> None:
    plan = plan_bucket(wish_of(state="absent", force_delete_objects=force), state)
    assert [change.name for change in plan.changes] == names
    assert plan.after is None
    assert plan.predicted.exists is False
    assert plan.predicted.deleted_objects == deleted


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        (FULL, "it holds 3 object versions, 1 delete markers and 2 incomplete uploads. Nothing was deleted"),
        (MANY, "it holds at least 1000 object versions"),
    ],
)
def test_a_bucket_that_is_not_empty_is_not_deleted(contents: Contents, words: str) -> None:
    with pytest.raises(MlflowError, match="force_delete_objects") as failure:
        plan_bucket(wish_of(state="absent"), BucketState(PLACE, True, contents=contents))
    assert words in failure.value.message


RULE = {"id": "r", "status": "Enabled", "filter": {}, "expiration": {"days": 1}}


def test_a_wish_with_everything_in_the_order_in_which_it_is_written() -> None:
    flags = dict.fromkeys(SECURE_DEFAULTS["public_access_block"], False)
    wish = wish_of(
        versioning="Suspended",
        encryption="aws:kms:dsse",
        kms_key_id="alias/mlflow",
        public_access_block={**flags, "unknown": True},
        object_ownership="ObjectWriter",
        require_tls=False,
        restrict_to_owner_account=True,
        trusted_account_ids=["210987654321"],
        policy_statements=[STATEMENT],
        purge_policy_statements=True,
        abort_incomplete_multipart_upload_days=0,
        lifecycle_rules=[{"id": "r", "expiration": {"days": 1}}],
        purge_lifecycle_rules=True,
        logging={**LOGGING, "target_bucket": "logs", "target_prefix": "a/", "partition_date_source": "EventTime"},
        cors_rules=[CORS_RULE],
        purge_cors_rules=True,
        tags={"a": 1},
        purge_tags=True,
        expected_bucket_owner="210987654321",
    )
    assert wish == BucketWish(
        "artifacts",
        True,
        (
            settings.PublicAccessBlock(flags),
            settings.ObjectOwnership("ObjectWriter"),
            settings.Encryption("aws:kms:dsse", True, None),
            settings.Versioning("Suspended"),
            Lifecycle((RULE,), ("AbortIncompleteMultipartUploads",), True),
            settings.Logging("logs", "a/", "EventTime"),
            Cors((cors_rule(CORS_RULE),), True),
            Policy(False, True, ("210987654321",), (STATEMENT,), True),
            settings.Tags({"a": "1"}, True),
        ),
        "alias/mlflow",
        "210987654321",
    )


def test_a_wish_for_absence() -> None:
    wish = wish_of(state="absent", expected_bucket_owner="210987654321", force_delete_objects=True)
    assert wish == BucketWish("artifacts", False, (), None, "210987654321", True)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"kms_key_id": "alias/a"}, settings.Encryption("aws:kms", True, None)),
        ({"kms_key_id": "alias/a", "secure_defaults": True}, settings.Encryption("aws:kms", True, True)),
        ({"encryption": "aws:kms", "secure_defaults": True}, settings.Encryption("aws:kms", False, True)),
        (
            {"encryption": "aws:kms", "bucket_key_enabled": False, "secure_defaults": True},
            settings.Encryption("aws:kms", False, False),
        ),
        ({"encryption": "aws:kms", "bucket_key_enabled": True}, settings.Encryption("aws:kms", False, True)),
        ({"encryption": "AES256", "bucket_key_enabled": False}, settings.Encryption("AES256", False, False)),
        ({"encryption": "AES256", "secure_defaults": True}, settings.Encryption("AES256", False, None)),
        ({"encryption": "aws:kms:dsse", "kms_key_id": "alias/a"}, settings.Encryption("aws:kms:dsse", True, None)),
    ],
)
def test_encryption(options: dict[str, t.Any], expected: settings.Encryption) -> None:
    (found,) = [setting for setting in wish_of(**options).settings if setting.name == "encryption"]
    assert found == expected


WORD_FOR_WORD: list[tuple[dict[str, t.Any], str]] = [
    (
        {"name": "ab"},
        (
            "name: 'ab' is no name for a bucket. A name has 3 to 63 characters: lower-case letters, digits, hyphens and dots, with a "
            "letter or digit at both ends."
        ),
    ),
    ({"name": "a..b"}, "name: 'a..b' is no name for a bucket. A name has no two dots beside each other."),
    ({"name": "10.0.0.1"}, "name: '10.0.0.1' is no name for a bucket. A name does not look like an IP address."),
    (
        {"name": "xn--a"},
        (
            "name: 'xn--a' is no name for a bucket. A name does not begin with xn--, sthree-, amzn-s3-demo-: AWS keeps these for "
            "itself."
        ),
    ),
    (
        {"name": "a.mrap"},
        (
            "name: 'a.mrap' is no name for a bucket. A name does not end with -s3alias, --ol-s3, .mrap, --x-s3, --table-s3: AWS keeps "
            "these for itself."
        ),
    ),
    (
        {"bucket_key_enabled": False},
        "bucket_key_enabled: has a meaning only with encryption 'aws:kms'. Set encryption too.",
    ),
    (
        {"logging": LOGGING},
        "logging: target_bucket is missing. Name the bucket that takes the logs, or set enabled to false.",
    ),
    (
        {"logging": {**LOGGING, "target_bucket": "artifacts"}},
        "logging: target_bucket is the bucket itself, where every log would cause another one.",
    ),
    (
        {"cors_rules": [{**CORS_RULE, "max_age_seconds": 0}, {**CORS_RULE, "id": None, "max_age_seconds": -1}]},
        "cors_rules, rule 2: max_age_seconds is -1, the least is 0.",
    ),
    (
        {"trusted_account_ids": ["210987654321"], "restrict_to_owner_account": False},
        "trusted_account_ids: has a meaning only with restrict_to_owner_account set to true.",
    ),
    (
        {"policy_statements": [STATEMENT, {**STATEMENT, "Sid": None}]},
        "policy_statements, statement 2: 'Sid' is missing. It tells which statement of the present policy is meant.",
    ),
    (
        {"policy_statements": [{**STATEMENT, "Sid": "DenyOtherAccounts"}]},
        (
            "policy_statements, statement 1: the Sid 'DenyOtherAccounts' belongs to require_tls and restrict_to_owner_account. "
            "Choose another."
        ),
    ),
    (
        {"policy_statements": [{**STATEMENT, "Sid": sid} for sid in "BABA"]},
        "policy_statements: the Sid 'A' is given more than once.",
    ),
]


@pytest.mark.parametrize(("options", "message"), WORD_FOR_WORD)
def test_a_refusal_word_for_word(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(MlflowError) as refused:
        wish_of(**options)
    assert refused.value.message == message


def test_what_stands_in_the_place_of_a_principal_or_a_resource() -> None:
    other = {key: value for key, value in STATEMENT.items() if key not in ("Principal", "Resource")}
    statement = {**other, "NotPrincipal": {"AWS": "123456789012"}, "NotResource": "arn:aws:s3:::x"}
    assert asked(wish_of(policy_statements=[statement])) == {"policy"}
    assert asked(wish_of(cors_rules=[{**CORS_RULE, "id": None}, {**CORS_RULE, "id": None}])) == {"cors_rules"}


def test_dots_in_a_name_are_warned_of() -> None:
    assert name_warning("a.b") == (
        "name: 'a.b' contains dots. TLS certificates of S3 do not cover such names, so clients that address buckets by host "
        "name fail. Use hyphens in the names of new buckets."
    )


def test_a_key_of_the_region_of_the_bucket() -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:alias/mlflow"
    assert wish_of(kms_key_id=key).key == key
