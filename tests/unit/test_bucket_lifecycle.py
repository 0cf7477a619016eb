# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lifecycle rules: AWS's shapes, merging, and what S3 would refuse."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket_lifecycle as lifecycle
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_rules import lifecycle_wish
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_state import Place
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

PLACE = Place("artifacts", "eu-west-1", "aws", "123456789012")
MIDNIGHT = datetime.datetime(2030, 1, 31, tzinfo=datetime.timezone.utc)

DAYS = st.integers(min_value=1, max_value=400)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "prefix": st.sampled_from(["", "runs/", "archive/"]),
        "tags": st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["1", "2"])),
        "object_size_greater_than": st.integers(min_value=0, max_value=9),
        "object_size_less_than": st.integers(min_value=10, max_value=99),
    },
)
ACTIONS: st.SearchStrategy[dict[str, t.Any]] = st.fixed_dictionaries(
    {"noncurrent_version_expiration": st.fixed_dictionaries({"noncurrent_days": DAYS})},
    optional={
        "expiration": st.one_of(st.builds(dict, days=DAYS), st.builds(dict, date=st.dates().map(str))),
        "transitions": st.lists(st.builds(dict, days=DAYS, storage_class=st.sampled_from(["GLACIER", "STANDARD_IA"]))),
        "abort_incomplete_multipart_upload": st.none(),
    },
)
RULES = st.lists(
    st.builds(
        lambda name, scope, actions: lifecycle.normal_rule({"id": name, "filter": scope, **actions}),
        st.sampled_from(["one", "two", "three", "four"]),
        FILTERS,
        ACTIONS,
    ),
    unique_by=lambda rule: rule["id"],
)


@given(rules=RULES)
def test_a_rule_survives_the_way_to_aws_and_back(rules: list[lifecycle.Rule]) -> None:
    assert [lifecycle.from_aws(lifecycle.to_aws(rule)) for rule in rules] == rules


@given(present=RULES, wish=RULES, unwished=st.lists(st.sampled_from(["one", "four"])), purge=st.booleans())
def test_one_write_reaches_the_wish_and_the_next_is_empty(
    present: list[lifecycle.Rule], wish: list[lifecycle.Rule], unwished: list[str], purge: bool
) -> None:
    setting = lifecycle.Lifecycle(tuple(wish), tuple(unwished), purge)
    answer = {"Rules": [lifecycle.to_aws(rule) for rule in present]}
    after = setting.after(setting.normal(answer, PLACE), PLACE)
    operation, request = setting.request(answer, after)
    written = request["LifecycleConfiguration"] if after else {}
    assert operation == ("put_bucket_lifecycle_configuration" if after else "delete_bucket_lifecycle")
    assert setting.normal(written, PLACE) == after
    assert setting.after(after, PLACE) == after
    assert all(rule in after for rule in wish)
    wished = {rule["id"] for rule in wish}
    kept = [rule for rule in present if rule["id"] not in wished and rule["id"] not in unwished]
    assert [rule for rule in after if rule["id"] not in wished] == (
        [] if purge else sorted(kept, key=lambda r: r["id"])
    )


@pytest.mark.parametrize(
    ("answer", "scope"),
    [
        ({}, {}),
        ({"Filter": {}}, {}),
        ({"Filter": {"Prefix": ""}}, {}),
        ({"Prefix": ""}, {}),
        ({"Prefix": "old/"}, {"prefix": "old/"}),
        ({"Filter": {"Prefix": "new/"}}, {"prefix": "new/"}),
        ({"Filter": {"Tag": {"Key": "a", "Value": "1"}}}, {"tags": {"a": "1"}}),
        ({"Filter": {"ObjectSizeGreaterThan": 5}}, {"object_size_greater_than": 5}),
        (
            {"Filter": {"And": {"Prefix": "p/", "Tags": [{"Key": "a", "Value": "1"}], "ObjectSizeLessThan": 9}}},
            {"prefix": "p/", "tags": {"a": "1"}, "object_size_less_than": 9},
        ),
    ],
)
def test_shapes_of_a_filter(answer: dict[str, t.Any], scope: dict[str, t.Any]) -> None:
    rule = lifecycle.from_aws({"ID": "r", "Status": "Enabled", "Expiration": {"Days": 1}, **answer})
    assert rule["filter"] == scope


def test_a_rule_of_somebody_else_goes_back_as_it_came() -> None:
    theirs = {"ID": "theirs", "Status": "Enabled", "Prefix": "old/", "Expiration": {"Date": MIDNIGHT}, "Unknown": 1}
    answer = {"Rules": [theirs], "TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}
    setting = lifecycle.Lifecycle((lifecycle.abort_uploads_rule(7),), (), purge=False)
    present = setting.normal(answer, PLACE)
    assert present[0]["expiration"] == {"date": "2030-01-31"}
    _operation, request = setting.request(answer, setting.after(present, PLACE))
    kept = request["LifecycleConfiguration"]["Rules"][1]
    assert kept == {
        "ID": "theirs",
        "Status": "Enabled",
        "Filter": {"Prefix": "old/"},
        "Expiration": {"Date": MIDNIGHT},
        "Unknown": 1,
    }
    assert request["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"


def test_the_options_in_days_make_rules_and_zero_takes_them_away() -> None:
    wish = lifecycle_wish(7, 90, None)
    assert wish is not None
    assert [rule["id"] for rule in wish.rules] == ["AbortIncompleteMultipartUploads", "ExpireNoncurrentVersions"]
    wish = lifecycle_wish(0, 0, [])
    assert wish is not None
    assert wish.rules == ()
    assert wish.unwished == ("AbortIncompleteMultipartUploads", "ExpireNoncurrentVersions")
    assert lifecycle_wish(None, None, None) is None


RULE = {"id": "r", "expiration": {"days": 1}}


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([RULE, RULE], "the id 'r' is given more than once"),
        ([{"id": "r"}], "the rule does nothing"),
        ([{"id": "r", "expiration": {"expired_object_delete_marker": False}}], "the rule does nothing"),
        ([{**RULE, "id": ""}], "1 to 255 characters"),
        ([{**RULE, "id": "x" * 256}], "1 to 255 characters"),
        ([{**RULE, "id": "ExpireNoncurrentVersions"}], "belongs to the option noncurrent_version_expiration_days"),
        ([{"id": "r", "expiration": {"days": 0}}], "days is 0, the least is 1"),
        ([{"id": "r", "expiration": {"days": 1, "date": "2030-01-01"}}], "exactly one of days, date"),
        ([{"id": "r", "expiration": {"date": "1.1.2030"}}], "'1.1.2030' is not of the form YYYY-MM-DD"),
        ([{"id": "r", "transitions": [{"storage_class": "GLACIER"}]}], "not none of them"),
        ([{"id": "r", "noncurrent_version_expiration": {"noncurrent_days": 0}}], "noncurrent_days is 0"),
        (
            [
                {
                    "id": "r",
                    "filter": {"tags": {"a": "1"}},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
                }
            ],
            "by prefix only",
        ),
        ([{**RULE, "filter": {"object_size_greater_than": 10, "object_size_less_than": 10}}], "more than 10 and less"),
        ([{**RULE, "filter": {"object_size_greater_than": -1}}], "more than -1"),
        ([{"id": "r", "expiration": {"days": 2**31}}], "the most is 2147483647"),
        (
            [{"id": "r", "filter": {"tags": {"a": "1"}}, "expiration": {"expired_object_delete_marker": True}}],
            "cannot be filtered by tags",
        ),
    ],
)
def test_rules_that_s3_would_refuse(rules: list[dict[str, t.Any]], message: str) -> None:
    with pytest.raises(MlflowError, match="lifecycle_rules") as failure:
        lifecycle_wish(None, None, rules)
    assert message in failure.value.message


def test_values_of_tags_are_text_as_s3_gives_them_back() -> None:
    wish = lifecycle_wish(None, None, [{**RULE, "filter": {"tags": {"b": 1, "a": True}}}])
    assert wish is not None
    assert wish.rules[0]["filter"] == {"tags": {"a": "true", "b": "1"}}
    assert lifecycle.from_aws(lifecycle.to_aws(wish.rules[0])) == wish.rules[0]


@pytest.mark.parametrize("option", [0, 1])
def test_more_days_than_s3_can_keep(option: int) -> None:
    days: list[int | None] = [None, None]
    days[option] = 2**31
    with pytest.raises(MlflowError, match="is too many days, the most is 2147483647"):
        lifecycle_wish(days[0], days[1], None)


@pytest.mark.parametrize(
    ("abort", "noncurrent", "option"),
    [(-1, None, "abort_incomplete_multipart_upload_days"), (None, -5, "noncurrent_version_expiration_days")],
)
def test_negative_days(abort: int | None, noncurrent: int | None, option: str) -> None:
    with pytest.raises(MlflowError, match=f"^{option}: -"):
        lifecycle_wish(abort, noncurrent, None)


def test_more_rules_than_s3_allows_are_refused() -> None:
    present = [{"id": f"{number:04}", "status": "Enabled", "filter": {}} for number in range(1000)]
    with pytest.raises(MlflowError, match="1001 rules, S3 allows 1000"):
        lifecycle.Lifecycle((lifecycle.abort_uploads_rule(7),), (), purge=False).after(present, PLACE)
