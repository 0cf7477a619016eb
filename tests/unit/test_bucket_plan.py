# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wish makes of a bucket, call by call; what of it is shown, and what the module returns."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_plan import plan_bucket
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_settings import (
    Encryption,
    Logging,
    Tags,
    Versioning,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_state import (
    SETTING_NAMES,
    BucketState,
    Contents,
    Place,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_wish import BucketWish
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

PLACE = Place("artifacts", "eu-west-1", "aws-eusc", "123456789012")
NAMED = {"name": "artifacts", "region": "eu-west-1"}
OWNED = {"Bucket": "artifacts", "ExpectedBucketOwner": "123456789012"}
FULL = Contents(3, 1, 2, more=False)
MANY = Contents(1000, 0, 0, more=True)
GONE = BucketWish("artifacts", False, ())
EMPTIED = BucketWish("artifacts", False, (), force_delete_objects=True)
Step = tuple[str, t.Any, t.Any, str, dict[str, t.Any]]


def steps(wish: BucketWish, state: BucketState) -> list[Step]:
    changes = plan_bucket(wish, state).changes
    assert {change.call.service for change in changes} <= {"s3"}
    return [
        (change.name, change.before, change.after, change.call.operation, dict(change.call.parameters))
        for change in changes
    ]


def test_an_empty_bucket_is_deleted() -> None:
    for contents in (None, Contents(0, 0, 0, more=False)):
        state = BucketState(PLACE, True, contents=contents)
        plan = plan_bucket(GONE, state)
        assert steps(GONE, state) == [("bucket", NAMED, None, "delete_bucket", OWNED)]
        assert (plan.before, plan.after, plan.predicted) == (NAMED, None, BucketState(PLACE, False))


def test_a_bucket_is_emptied_before_it_is_deleted() -> None:
    report = {"object_versions": 3, "delete_markers": 1, "multipart_uploads": 2, "more": False}
    state = BucketState(PLACE, True, contents=FULL)
    plan = plan_bucket(EMPTIED, state)
    assert steps(EMPTIED, state) == [
        ("objects", report, None, "delete_objects", OWNED),
        ("bucket", NAMED, None, "delete_bucket", OWNED),
    ]
    assert (plan.before, plan.after) == ({**NAMED, "objects": report}, None)
    assert plan.predicted == BucketState(PLACE, False, deleted_objects=6)


def test_a_bucket_that_is_absent_stays_so() -> None:
    plan = plan_bucket(GONE, BucketState(PLACE, False))
    assert (plan.changes, plan.before, plan.after, plan.predicted) == ((), None, None, BucketState(PLACE, False))


@pytest.mark.parametrize(
    ("contents", "held", "counted"),
    [
        (FULL, "3 object versions", ". Nothing"),
        (MANY, "at least 1000 object versions", " (counted up to 1000 of a kind). Nothing"),
    ],
)
def test_what_a_refusal_to_delete_says(contents: Contents, held: str, counted: str) -> None:
    with pytest.raises(MlflowError) as refused:
        plan_bucket(GONE, BucketState(PLACE, True, contents=contents))
    assert refused.value.message == (
        f"The bucket 'artifacts' is not empty: it holds {held}, {contents.delete_markers} delete markers and "
        f"{contents.multipart_uploads} incomplete uploads{counted} was deleted. Copy what you want to keep (aws s3 sync), "
        "then set force_delete_objects to true to delete all of it for good, or empty the bucket yourself."
    )


WISH = BucketWish("artifacts", True, (Versioning("Enabled"), Tags({"a": "1"}, False)))


def test_a_bucket_is_created_with_its_settings() -> None:
    created = {**NAMED, "tags": {"a": "1"}}
    configuration = {"LocationConstraint": "eu-west-1", "Tags": [{"Key": "a", "Value": "1"}]}
    enable = {**OWNED, "VersioningConfiguration": {"Status": "Enabled"}}
    state = BucketState(PLACE, False)
    plan = plan_bucket(WISH, state)
    assert steps(WISH, state) == [
        (
            "bucket",
            None,
            created,
            "create_bucket",
            {"Bucket": "artifacts", "CreateBucketConfiguration": configuration},
        ),
        ("versioning", None, "Enabled", "put_bucket_versioning", enable),
    ]
    values = {"versioning": "Enabled", "tags": {"a": "1"}}
    assert (plan.before, plan.after) == (None, {**NAMED, **values})
    assert plan.predicted == BucketState(PLACE, True, values=values)


def test_only_what_differs_is_written() -> None:
    answers = {"versioning": {"Status": "Suspended", "MFADelete": "Disabled"}}
    held = {"versioning": "Suspended", "tags": {"a": "1"}}
    state = BucketState(PLACE, True, values=held, answers=answers)
    plan = plan_bucket(WISH, state)
    ((name, before, after, operation, sent),) = steps(WISH, state)
    assert (name, before, after, operation) == ("versioning", "Suspended", "Enabled", "put_bucket_versioning")
    assert OWNED.items() <= sent.items()
    assert (plan.before, plan.after) == ({**NAMED, **held}, {**NAMED, **held, "versioning": "Enabled"})
    assert plan.predicted == BucketState(PLACE, True, values={**held, "versioning": "Enabled"}, answers=answers)


def test_the_first_and_the_last_of_a_setting() -> None:
    tagging = BucketWish("artifacts", True, (Tags({"a": "1"}, False),))
    none_of_them = BucketWish("artifacts", True, (Tags({}, True),))
    untagged, tagged = (BucketState(PLACE, True, values={"tags": tags}) for tags in ({}, {"a": "1"}))
    assert [step[1:3] for step in steps(tagging, untagged)] == [(None, {"a": "1"})]
    assert [step[1:3] for step in steps(none_of_them, tagged)] == [({"a": "1"}, None)]
    assert steps(none_of_them, untagged) == []


def test_a_setting_that_is_empty_needs_no_call() -> None:
    first = Place("artifacts", "us-east-1", "aws", "123456789012")
    plan = plan_bucket(BucketWish("artifacts", True, (Tags({}, False),)), BucketState(first, False))
    assert [(each.name, each.call.operation, each.call.parameters) for each in plan.changes] == [
        ("bucket", "create_bucket", {"Bucket": "artifacts"})
    ]
    assert plan.predicted.values == {"tags": {}}


def test_what_the_module_returns() -> None:
    state = BucketState(PLACE, True, values={"versioning": "Enabled"}, deleted_objects=None)
    assert state.describe() == {
        **dict.fromkeys(SETTING_NAMES),
        "name": "artifacts",
        "arn": "arn:aws-eusc:s3:::artifacts",
        "region": "eu-west-1",
        "account_id": "123456789012",
        "exists": True,
        "deleted_objects": None,
        "versioning": "Enabled",
    }


def test_a_write_starts_from_the_last_answer() -> None:
    blocked = {"EncryptionType": ["NONE"]}
    answer = {"ServerSideEncryptionConfiguration": {"Rules": [{"BlockedEncryptionTypes": blocked}]}}
    wish = BucketWish("artifacts", True, (Encryption("AES256", False, None),))
    present = wish.settings[0].normal(answer, PLACE)
    state = BucketState(PLACE, True, values={"encryption": present}, answers={"encryption": answer})
    ((_name, _before, _after, _operation, sent),) = steps(wish, state)
    assert sent["ServerSideEncryptionConfiguration"]["Rules"][0]["BlockedEncryptionTypes"] == blocked


def test_a_new_bucket_is_encrypted_and_logged_by_where_it_is() -> None:
    place = Place("artifacts", "eu-west-1", "aws", "123456789012", "arn:key")
    wish = BucketWish("artifacts", True, (Encryption("aws:kms", True, None), Logging("logs")), "alias/a")
    values = plan_bucket(wish, BucketState(place, False)).predicted.values
    assert (values["encryption"]["kms_key_id"], values["logging"]["target_prefix"]) == ("arn:key", "artifacts/")
