# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lifecycle rules: AWS's shapes, merging, and what S3 would refuse."""

from __future__ import annotations

import datetime
import time
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
    with pytest.raises(MlflowError, match=rf"^{option}: -"):
        lifecycle_wish(abort, noncurrent, None)


def test_more_rules_than_s3_allows_are_refused() -> None:
    present = [{"id": f"{number:04}", "status": "Enabled", "filter": {}} for number in range(1000)]
    with pytest.raises(MlflowError, match="1001 rules, S3 allows 1000"):
        lifecycle.Lifecycle((lifecycle.abort_uploads_rule(7),), (), purge=False).after(present, PLACE)


IN_OUR_WORDS: dict[str, t.Any] = {
    "id": "all",
    "status": "Disabled",
    "filter": {
        "prefix": "runs/",
        "tags": {"a": "1", "b": "2"},
        "object_size_greater_than": 5,
        "object_size_less_than": 9,
    },
    "expiration": {"date": "2030-01-31"},
    "transitions": [
        {"date": "2030-01-31", "storage_class": "GLACIER"},
        {"days": 30, "storage_class": "STANDARD_IA"},
    ],
    "noncurrent_version_expiration": {"newer_noncurrent_versions": 2, "noncurrent_days": 90},
    "noncurrent_version_transitions": [
        {"newer_noncurrent_versions": 3, "noncurrent_days": 10, "storage_class": "GLACIER"}
    ],
    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
}
IN_THE_WORDS_OF_AWS: dict[str, t.Any] = {
    "ID": "all",
    "Status": "Disabled",
    "Filter": {
        "And": {
            "Prefix": "runs/",
            "ObjectSizeGreaterThan": 5,
            "ObjectSizeLessThan": 9,
            "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
        }
    },
    "Expiration": {"Date": MIDNIGHT},
    "Transitions": [
        {"Date": MIDNIGHT, "StorageClass": "GLACIER"},
        {"Days": 30, "StorageClass": "STANDARD_IA"},
    ],
    "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 2},
    "NoncurrentVersionTransitions": [{"NoncurrentDays": 10, "NewerNoncurrentVersions": 3, "StorageClass": "GLACIER"}],
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}


def test_a_rule_word_for_word() -> None:
    assert lifecycle.to_aws(IN_OUR_WORDS) == IN_THE_WORDS_OF_AWS
    assert lifecycle.from_aws(IN_THE_WORDS_OF_AWS) == IN_OUR_WORDS
    assert lifecycle.normal_rule(IN_OUR_WORDS) == IN_OUR_WORDS


@pytest.mark.parametrize(
    ("scope", "written"),
    [
        ({}, {"Prefix": ""}),
        ({"prefix": "a/"}, {"Prefix": "a/"}),
        ({"tags": {"a": "1"}}, {"Tag": {"Key": "a", "Value": "1"}}),
        ({"tags": {"a": "1", "b": "2"}}, {"And": {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}}),
        ({"object_size_less_than": 9}, {"ObjectSizeLessThan": 9}),
        ({"prefix": "a/", "object_size_greater_than": 5}, {"And": {"Prefix": "a/", "ObjectSizeGreaterThan": 5}}),
        ({"prefix": "a/", "tags": {"a": "1"}}, {"And": {"Prefix": "a/", "Tags": [{"Key": "a", "Value": "1"}]}}),
    ],
)
def test_a_filter_as_aws_takes_it(scope: dict[str, t.Any], written: dict[str, t.Any]) -> None:
    rule = {"id": "r", "status": "Enabled", "filter": scope, "expiration": {"expired_object_delete_marker": True}}
    assert lifecycle.to_aws(rule) == {
        "ID": "r",
        "Status": "Enabled",
        "Filter": written,
        "Expiration": {"ExpiredObjectDeleteMarker": True},
    }
    assert lifecycle.from_aws(lifecycle.to_aws(rule)) == rule


def test_what_says_nothing_is_left_out() -> None:
    rule: dict[str, t.Any] = {
        "id": "r",
        "status": None,
        "filter": {"prefix": "", "tags": {}, "object_size_less_than": None, "object_size_greater_than": 0},
        "expiration": {"days": None, "expired_object_delete_marker": False},
        "transitions": [],
        "noncurrent_version_expiration": None,
        "noncurrent_version_transitions": [
            {"noncurrent_days": 9, "storage_class": "b", "newer_noncurrent_versions": None},
            {"storage_class": "a", "noncurrent_days": 0},
        ],
    }
    assert lifecycle.normal_rule(rule) == {
        "id": "r",
        "status": "Enabled",
        "filter": {"object_size_greater_than": 0},
        "noncurrent_version_transitions": [
            {"noncurrent_days": 0, "storage_class": "a"},
            {"noncurrent_days": 9, "storage_class": "b"},
        ],
    }
    assert lifecycle.normal_rule({"id": "r"}) == {"id": "r", "status": "Enabled", "filter": {}}
    evening = datetime.datetime(2030, 1, 30, 23, tzinfo=datetime.timezone(datetime.timedelta(hours=-1)))
    assert lifecycle.from_aws({"Status": "Enabled", "Expiration": {"Date": evening}}) == {
        "id": "",
        "status": "Enabled",
        "filter": {},
        "expiration": {"date": "2030-01-31"},
    }


def test_the_rules_of_the_options_in_days() -> None:
    wish = lifecycle_wish(7, 90, [RULE])
    assert wish is not None
    assert wish.unwished == ()
    assert wish.rules == (
        {"id": "r", "status": "Enabled", "filter": {}, "expiration": {"days": 1}},
        {
            "id": "AbortIncompleteMultipartUploads",
            "status": "Enabled",
            "filter": {},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        },
        {
            "id": "ExpireNoncurrentVersions",
            "status": "Enabled",
            "filter": {},
            "expiration": {"expired_object_delete_marker": True},
            "noncurrent_version_expiration": {"noncurrent_days": 90},
        },
    )
    for one in (lifecycle_wish(None, 2**31 - 1, None), lifecycle_wish(1, None, None), lifecycle_wish(None, None, [])):
        assert one is not None
        assert one.unwished == ()


def test_what_is_written_and_what_goes_back_as_it_came() -> None:
    theirs = {"ID": "z", "Status": "Enabled", "Expiration": {"Days": 3}, "Unknown": 1}
    changed = {"ID": "r", "Status": "Disabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}, "Unknown": 2}
    setting = lifecycle.Lifecycle((lifecycle.normal_rule(RULE),), ("gone",), purge=False)
    answer = {"Rules": [theirs, {**changed, "ID": "gone"}, changed]}
    after = setting.after(setting.normal(answer, PLACE), PLACE)
    assert [rule["id"] for rule in after] == ["r", "z"]
    written = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    assert setting.request(answer, after) == (
        "put_bucket_lifecycle_configuration",
        {"LifecycleConfiguration": {"Rules": [written, {**theirs, "Filter": {"Prefix": ""}}]}},
    )
    assert setting.request(answer, []) == ("delete_bucket_lifecycle", {})


def test_as_many_rules_as_s3_allows() -> None:
    present = [{"id": f"{number:04}", "status": "Enabled", "filter": {}} for number in range(999)]
    setting = lifecycle.Lifecycle((lifecycle.abort_uploads_rule(7),), (), purge=False)
    assert len(setting.after(present, PLACE)) == 1000
    with pytest.raises(MlflowError, match=r"^lifecycle_rules: the bucket 'artifacts' would have 1001 rules"):
        setting.after([*present, {"id": "z", "status": "Enabled", "filter": {}}], PLACE)


JUST_ALLOWED: dict[str, dict[str, t.Any]] = {
    "a long id": {**RULE, "id": "x" * 255},
    "a short id": {**RULE, "id": "x"},
    "the most days": {"id": "r", "expiration": {"days": 2**31 - 1}},
    "at once": {"id": "r", "transitions": [{"days": 0, "storage_class": "GLACIER"}]},
    "one byte between": {**RULE, "filter": {"object_size_greater_than": 10, "object_size_less_than": 11}},
    "from nothing on": {**RULE, "filter": {"object_size_greater_than": 0}},
    "uploads by prefix": {
        "id": "r",
        "filter": {"prefix": "a/"},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
    },
    "markers by prefix": {"id": "r", "filter": {"prefix": "a/"}, "expiration": {"expired_object_delete_marker": True}},
    "versions": {
        "id": "r",
        "noncurrent_version_expiration": {"noncurrent_days": 1, "newer_noncurrent_versions": 1},
        "noncurrent_version_transitions": [
            {"noncurrent_days": 0, "newer_noncurrent_versions": 1, "storage_class": "GLACIER"}
        ],
    },
    "a date with a time": {"id": "r", "expiration": {"date": "2030-01-31T00:00:00Z"}},
}


@pytest.mark.parametrize("case", JUST_ALLOWED)
def test_what_s3_just_allows(case: str) -> None:
    wish = lifecycle_wish(None, None, [JUST_ALLOWED[case]])
    assert wish is not None
    assert len(wish.rules) == 1


def test_dates_in_one_form() -> None:
    actions = {
        "expiration": {"date": "2030-01-31T00:00:00Z"},
        "transitions": [{"date": datetime.date(2030, 1, 31), "storage_class": "GLACIER"}],
    }
    wish = lifecycle_wish(None, None, [{"id": "r", **actions}])
    assert wish is not None
    assert wish.rules[0]["expiration"] == {"date": "2030-01-31"}
    assert wish.rules[0]["transitions"] == [{"date": "2030-01-31", "storage_class": "GLACIER"}]


WHERE = "^lifecycle_rules, rule 2 \\('r'\\)"
WRONG_SECOND: dict[str, tuple[dict[str, t.Any], str]] = {
    "nothing": (
        {},
        f"{WHERE}: the rule does nothing. Give at least one of expiration, transitions, noncurrent_version_exp",
    ),
    "too few days": ({"expiration": {"days": 0}}, f"{WHERE}, expiration: days is 0, the least is 1"),
    "too few in a list": (
        {"transitions": [{"days": 1}, {"days": -1, "storage_class": "GLACIER"}]},
        f"{WHERE}, transitions: days is -1, the least is 0",
    ),
    "versions": (
        {"noncurrent_version_transitions": [{"noncurrent_days": 0, "newer_noncurrent_versions": 0}]},
        f"{WHERE}, noncurrent_version_transitions: newer_noncurrent_versions is 0, the least is 1",
    ),
    "uploads": (
        {"abort_incomplete_multipart_upload": {"days_after_initiation": 0}},
        f"{WHERE}, abort_incomplete_multipart_upload: days_after_initiation is 0, the least is 1",
    ),
    "two of a kind": (
        {"expiration": {"days": 1, "expired_object_delete_marker": True}},
        f"{WHERE}, expiration: give exactly one of days, date, expired_object_delete_marker, not days, expired_object_",
    ),
    "two in a transition": (
        {"transitions": [{"days": 1, "date": "2030-01-31"}]},
        f"{WHERE}, transitions: give exactly one of days, date, not days, date",
    ),
    "a date": ({"expiration": {"date": "soon"}}, f"{WHERE}, expiration: the date 'soon' is not"),
    "a date in a list": ({"transitions": [{"date": "soon"}]}, f"{WHERE}, transitions: the date 'soon' is not"),
    "sizes": ({**RULE, "filter": {"object_size_less_than": 0}}, f"{WHERE}: no object has more than 0 and less than 0"),
    "uploads by size": (
        {"filter": {"object_size_less_than": 9}, "abort_incomplete_multipart_upload": {"days_after_initiation": 1}},
        f"{WHERE}: a rule with abort_incomplete_multipart_upload can",
    ),
}


@pytest.mark.parametrize("case", WRONG_SECOND)
def test_a_refusal_says_where(case: str) -> None:
    rule, message = WRONG_SECOND[case]
    with pytest.raises(MlflowError, match=message):
        lifecycle_wish(None, None, [{**RULE, "id": "first"}, {**rule, "id": "r"}])
    assert lifecycle_wish(None, None, [{**RULE, "id": "first"}, {**RULE, "id": "r"}]) is not None


def test_rules_are_sorted_by_id_and_others_go_when_they_are_purged() -> None:
    present = [lifecycle.normal_rule({**RULE, "id": name}) for name in ("a", "z")]
    wished = lifecycle.normal_rule({**RULE, "id": "m"})
    after = lifecycle.Lifecycle((wished,), (), purge=False).after(present, PLACE)
    assert [rule["id"] for rule in after] == ["a", "m", "z"]
    assert lifecycle.Lifecycle((wished,), (), purge=True).after(present, PLACE) == [wished]


def test_a_filter_of_somebody_else_stays() -> None:
    theirs = {"ID": "t", "Status": "Enabled", "Filter": {"Prefix": "t/"}, "Expiration": {"Days": 1}, "Unknown": 1}
    assert lifecycle.with_filter(theirs) == theirs


def test_a_day_of_aws_is_a_day_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "America/Lima")
        time.tzset()
        rule = lifecycle.from_aws({"Status": "Enabled", "Expiration": {"Date": MIDNIGHT}})
    time.tzset()
    assert rule["expiration"] == {"date": "2030-01-31"}
