# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags: whose stay, whose go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

KEYS = st.sampled_from(
    ["a", "b", "Project", "aws:cloudformation:stack", "sagemaker:domain-arn", "AmazonDataZoneProject"]
)
TAGS = st.dictionaries(KEYS, st.sampled_from(["", "1", "two"]))
WISHES = st.one_of(
    st.none(), st.dictionaries(st.sampled_from(["a", "b", "Project"]), st.sampled_from(["", "1", "two"]))
)


@given(present=TAGS, wish=WISHES, purge=st.booleans())
def test_one_apply_reaches_the_wish_and_the_next_is_empty(
    present: dict[str, str], wish: dict[str, str] | None, purge: bool
) -> None:
    after = _tags.resulting(present, wish, purge)
    applied = {key: value for key, value in present.items() if key not in _tags.to_remove(present, after)}
    applied.update(_tags.to_set(present, after))
    assert applied == after
    assert _tags.resulting(after, wish, purge) == after
    assert (wish or {}).items() <= after.items()
    foreign = {key: value for key, value in present.items() if _tags.is_foreign(key)}
    assert foreign.items() <= after.items()
    if wish is None or not purge:
        assert present.keys() <= after.keys()


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), (3, "3"), (None, ""), ("x", "x")])
def test_values_become_the_strings_that_aws_stores(value: object, text: str) -> None:
    assert _tags.wished({"key": value}) == {"key": text}


@pytest.mark.parametrize("text", ["Größe 日本", "a_b.c:d/e=f+g-h@i", "\u00a0", "\u0661"])
def test_letters_digits_spaces_and_signs_are_allowed(text: str) -> None:
    assert _tags.wished({text: text}) == {text: text}


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"aws:x": "1"}, "begins with 'aws:'"),
        ({"": "1"}, "0 characters"),
        ({"k" * 129: "1"}, "129 characters"),
        ({"k": "v" * 257}, "257 characters"),
        ({str(number): "" for number in range(51)}, "51 tags"),
        ({"k": "a<b"}, "value of 'k' has the character '<'"),
        ({"k!": ""}, "the key has the character '!'"),
        ({"k": "two\nlines"}, r"the character '.n'"),
        ({"k": ["a"]}, r"the character '\['"),
        ({"X" + "k" * 200: "1"}, rf"the key 'X{'k' * 39}' has 201 characters"),
    ],
)
def test_what_aws_would_refuse_is_refused_before_a_call(tags: dict[str, str], words: str) -> None:
    with pytest.raises(MlflowError, match=words):
        _tags.wished(tags)


def test_what_aws_just_allows() -> None:
    for tags in ({"k" * 128: "v" * 256}, {"k": ""}, {str(number): "" for number in range(50)}):
        assert _tags.wished(tags) == tags


def test_tags_in_one_order() -> None:
    written = [{"Key": key, "Value": value} for key, value in (("b", "1"), ("a", "2"), ("c", "0"))]
    assert list(_tags.from_aws(written).items()) == [("a", "2"), ("b", "1"), ("c", "0")]
    assert _tags.to_aws({"b": "1", "a": "2"}) == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "1"}]
