# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policy documents: one meaning, one canonical form; and statements merged by Sid."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _policy_document as policy_document
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    import random

Json = dict[str, t.Any]


def allow(**changes: t.Any) -> Json:
    """A plain statement with some keys of its own."""
    statement: Json = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
    return {key: value for key, value in {**statement, **changes}.items() if value is not None}


def document(*statements: Json, **keys: t.Any) -> Json:
    """A document of these statements."""
    return {"Version": "2012-10-17", **keys, "Statement": list(statements)}


SAME = {
    "a value or a list of one": (allow(), allow(Action=["s3:GetObject"], Resource=["arn:aws:s3:::bucket/*"])),
    "order of actions": (
        allow(Action=["s3:GetObject", "s3:PutObject"]),
        allow(Action=["s3:PutObject", "s3:GetObject"]),
    ),
    "case of actions": (allow(Action="S3:getobject"), allow(Action="s3:GetObject")),
    "case of negated actions": (allow(Action=None, NotAction="IAM:*"), allow(Action=None, NotAction=["iam:*"])),
    "order of resources": (allow(Resource=["b", "a"]), allow(Resource=["a", "b"])),
    "twice the same": (allow(Resource=["a", "a"]), allow(Resource="a")),
    "anybody": (allow(Principal="*"), allow(Principal={"AWS": "*"})),
    "root in aws": (
        allow(Principal={"AWS": "123456789012"}),
        allow(Principal={"AWS": "arn:aws:iam::123456789012:root"}),
    ),
    "root in aws-cn": (
        allow(Principal={"AWS": ["123456789012"]}),
        allow(Principal={"AWS": "arn:aws-cn:iam::123456789012:root"}),
    ),
    "root in aws-us-gov": (
        allow(NotPrincipal={"AWS": "123456789012"}),
        allow(NotPrincipal={"AWS": "arn:aws-us-gov:iam::123456789012:root"}),
    ),
    "order of principals": (
        allow(Principal={"Service": ["b", "a"], "AWS": "x"}),
        allow(Principal={"AWS": "x", "Service": ["a", "b"]}),
    ),
    "bool in a condition": (
        allow(Condition={"Bool": {"aws:SecureTransport": False}}),
        allow(Condition={"Bool": {"aws:SecureTransport": ["False"]}}),
    ),
    "number in a condition": (
        allow(Condition={"StringEquals": {"aws:SourceAccount": 123456789012}}),
        allow(Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}}),
    ),
    "case of a condition key": (
        allow(Condition={"ArnLike": {"AWS:sourceArn": "x"}}),
        allow(Condition={"ArnLike": {"aws:SourceArn": "x"}}),
    ),
    "empty condition": (allow(Condition={}), allow()),
    "empty Sid": (allow(Sid=""), allow()),
}

DIFFERENT = {
    "case of a resource": (allow(Resource="arn:aws:s3:::Bucket"), allow(Resource="arn:aws:s3:::bucket")),
    "effect": (allow(), allow(Effect="Deny")),
    "action": (allow(), allow(Action=["s3:GetObject", "s3:PutObject"])),
    "negation": (allow(), allow(Action=None, NotAction="s3:GetObject")),
    "Sid": (allow(Sid="One"), allow(Sid="Two")),
    "other root": (
        allow(Principal={"AWS": "123456789012"}),
        allow(Principal={"AWS": "arn:aws:iam::210987654321:root"}),
    ),
    "a user of the account": (
        allow(Principal={"AWS": "123456789012"}),
        allow(Principal={"AWS": "arn:aws:iam::123456789012:user/root"}),
    ),
    "case of a condition's string": (
        allow(Condition={"StringEquals": {"s3:prefix": "A"}}),
        allow(Condition={"StringEquals": {"s3:prefix": "a"}}),
    ),
    "operator": (
        allow(Condition={"StringEquals": {"s3:prefix": "a"}}),
        allow(Condition={"StringLike": {"s3:prefix": "a"}}),
    ),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_spellings_of_one_meaning_are_the_same(one: Json, other: Json) -> None:
    assert policy_document.same(document(one), document(other))
    assert policy_document.same(json.dumps(document(one)), {"Version": "2012-10-17", "Statement": other})


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_meanings_are_kept_apart(one: Json, other: Json) -> None:
    assert not policy_document.same(document(one), document(other))


def test_the_version_has_meaning_and_a_default() -> None:
    old = {"Version": "2008-10-17", "Statement": [allow()]}
    assert not policy_document.same(old, document(allow()))
    assert policy_document.same(old, {"Statement": [allow()]})


def test_the_id_is_part_of_a_document() -> None:
    assert policy_document.same(document(allow(), Id=""), document(allow()))
    assert not policy_document.same(document(allow(), Id="one"), document(allow(), Id="two"))


def test_no_policy_is_the_same_as_no_policy_only() -> None:
    assert policy_document.same(None, None)
    assert not policy_document.same(None, document(allow()))


def test_a_readable_document_keeps_the_case_of_actions() -> None:
    shown = policy_document.readable(document(allow(Condition={"Bool": {"aws:SecureTransport": False}})))
    assert shown["Statement"][0]["Action"] == ["s3:GetObject"]
    assert shown["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": ["false"]}}


def test_statements_may_be_compared_without_their_label() -> None:
    assert policy_document.same_statement(allow(Sid="One"), allow(Sid="Two"), with_sid=False)
    assert not policy_document.same_statement(allow(Sid="One"), allow(Sid="Two"))


BAD = {
    "no JSON": ("{", "not JSON"),
    "a list": ("[]", "JSON object"),
    "no statement": ('{"Version": "2012-10-17"}', "'Statement'"),
    "no statements": ('{"Statement": []}', "'Statement'"),
    "a text as statement": ('{"Statement": ["x"]}', "statement 1"),
    "a wrong effect": ('{"Statement": {"Effect": "allow", "Action": "s3:GetObject"}}', "'Allow' or 'Deny'"),
    "no action": ('{"Statement": {"Effect": "Allow", "Resource": "*"}}', "'Action' or 'NotAction'"),
}
WRONG_ELEMENTS: list[tuple[str, t.Any]] = [
    ("Sid", 5),
    ("Sid", ["a"]),
    ("Action", {"a": 1}),
    ("Action", [1]),
    ("Resource", 5),
    ("Principal", 5),
    ("Principal", ["*"]),
    ("Principal", {"AWS": {"a": 1}}),
    ("Condition", "x"),
    ("Condition", ["x"]),
    ("Condition", {"Bool": "x"}),
    ("Condition", {"Bool": {"aws:SecureTransport": None}}),
    ("Condition", {"StringEquals": {"aws:x": {"a": 1}}}),
]


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_bad_document_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(MlflowError) as failure:
        policy_document.parse(text, "inline_policies['team']")
    assert failure.value.message.startswith("inline_policies['team']")
    assert message in failure.value.message


@pytest.mark.parametrize(("element", "value"), WRONG_ELEMENTS)
def test_an_element_of_a_wrong_form_is_refused_by_name(element: str, value: t.Any) -> None:
    statement = {"Sid": "A", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", element: value}
    with pytest.raises(MlflowError, match=f"team, statement 1: '{element}' must be"):
        policy_document.parse({"Statement": [statement]}, "team")


@pytest.mark.parametrize("value", [True, "true", ["true"], [], 5, 2.5])
def test_every_form_of_a_condition_value_is_taken(value: t.Any) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:x": value}}}
    assert policy_document.parse({"Statement": [statement]}, "team")["Statement"] == [statement]


def test_parse_takes_a_dict_as_well() -> None:
    assert policy_document.parse(document(allow()), "policy") == document(allow())


def test_size_ignores_white_space() -> None:
    assert policy_document.size({"Statement": []}) == len('{"Statement":[]}')


class TestWithStatements:
    ours: t.ClassVar[Json] = allow(Sid="Ours", Action=["s3:GetObject", "s3:PutObject"])

    def test_makes_a_document(self) -> None:
        assert policy_document.with_statements(None, [self.ours]) == document(self.ours)

    def test_replaces_in_place_and_keeps_the_rest_as_written(self) -> None:
        first, last = allow(Sid="First", Action="S3:getobject"), allow(Resource="x")
        present = document(first, allow(Sid="Ours"), last, Id="theirs")
        assert policy_document.with_statements(present, [self.ours]) == document(first, self.ours, last, Id="theirs")

    def test_keeps_the_spelling_of_what_is_already_true(self) -> None:
        present = document(allow(Sid="Ours", Action=["S3:PutObject", "s3:getobject"]))
        assert policy_document.with_statements(present, [self.ours]) == present

    def test_adds_at_the_end(self) -> None:
        assert policy_document.with_statements(document(allow()), [self.ours]) == document(allow(), self.ours)

    def test_removes_by_sid(self) -> None:
        present = document(allow(Sid="Old"), allow(Sid="Theirs"))
        assert policy_document.with_statements(present, [], ["Old", "Ours"]) == document(allow(Sid="Theirs"))

    def test_a_wish_wins_over_a_removal(self) -> None:
        merged = policy_document.with_statements(document(allow(Sid="Ours")), [self.ours], ["Ours"])
        assert merged == document(self.ours)

    def test_one_of_two_with_our_sid_goes(self) -> None:
        present = document(allow(Sid="Ours"), allow(Sid="Ours", Effect="Deny"))
        assert policy_document.with_statements(present, [self.ours]) == document(self.ours)

    def test_a_statement_without_sid_is_there_once(self) -> None:
        assert policy_document.with_statements(document(allow()), [allow()]) == document(allow())

    def test_a_single_statement_is_a_list_of_one(self) -> None:
        present = {"Version": "2012-10-17", "Statement": allow()}
        assert policy_document.with_statements(present, [self.ours])["Statement"] == [allow(), self.ours]


texts = st.sampled_from(
    ["a", "b", "c", "arn:aws:iam::123456789012:root", "123456789012", "s3:GetObject", "s3:getobject"]
)
values = st.one_of(texts, st.lists(texts, min_size=1, max_size=3))
conditions = st.dictionaries(
    st.sampled_from(["Bool", "StringEquals", "ForAnyValue:StringLike"]),
    st.dictionaries(st.sampled_from(["aws:SourceArn", "aws:SecureTransport"]), values | st.booleans(), min_size=1),
    max_size=2,
)
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": values},
    optional={
        "Sid": st.sampled_from(["", "One", "Two", "Three"]),
        "Resource": values,
        "Principal": st.just("*") | st.dictionaries(st.sampled_from(["AWS", "Service"]), values, min_size=1),
        "Condition": conditions,
    },
)
documents = st.lists(statements, min_size=1, max_size=4).map(lambda listed: document(*listed))


def respelled(value: t.Any, chance: random.Random, key: str = "") -> t.Any:
    """The same policy, written as another tool might write it."""
    if isinstance(value, dict):
        items = list(value.items())
        chance.shuffle(items)
        return {name: respelled(item, chance, name) for name, item in items}
    if isinstance(value, list):
        members = [item if isinstance(item, str) else respelled(item, chance) for item in value]
        chance.shuffle(members)
        return members[0] if len(members) == 1 and chance.random() < 0.5 else members
    if isinstance(value, str) and key == "Action" and chance.random() < 0.5:
        value = value.swapcase()
    return [value] if key in ("Action", "Resource", "AWS", "Service") and chance.random() < 0.5 else value


@given(documents, st.randoms(use_true_random=False))
def test_every_spelling_is_the_same(policy: Json, chance: random.Random) -> None:
    assert policy_document.same(policy, respelled(copy.deepcopy(policy), chance))


@given(documents)
def test_the_canonical_form_is_its_own(policy: Json) -> None:
    canonical = policy_document.normal(policy)
    assert policy_document.normal(canonical) == canonical
    assert policy_document.normal(json.dumps(canonical)) == canonical
    assert policy_document.same(policy_document.readable(policy), policy)


@given(st.none() | documents, st.lists(statements, max_size=3), st.sets(st.sampled_from(["One", "Two"])))
def test_merging_twice_is_merging_once(present: Json | None, wish: list[Json], removed: set[str]) -> None:
    before = copy.deepcopy(present)
    merged = policy_document.with_statements(present, wish, removed)
    assert present == before, "the argument was changed"
    assert policy_document.same(merged, policy_document.with_statements(merged, wish, removed))


@given(documents, st.lists(statements, max_size=3), st.sets(st.sampled_from(["One", "Two"])))
def test_statements_of_others_survive_in_order(present: Json, wish: list[Json], removed: set[str]) -> None:
    ours = {statement["Sid"] for statement in wish if statement.get("Sid")} | removed
    theirs = [statement for statement in present["Statement"] if statement.get("Sid", "") not in ours]
    merged = policy_document.with_statements(present, wish, removed)["Statement"]
    assert [statement for statement in merged if statement in theirs][: len(theirs)] == theirs


WRITTEN: Json = {
    "Statement": {
        "Sid": "One",
        "Resource": ["b", "a", "b"],
        "NotPrincipal": {"Service": "x", "AWS": ["arn:aws:iam::123456789012:root", "arn:aws:iam::1:user/a"]},
        "Principal": "*",
        "NotResource": "c",
        "Effect": "Allow",
        "Action": ["s3:PutObject", "S3:getObject", "s3:GetObject"],
        "NotAction": "IAM:PassRole",
        "Condition": {
            "StringLike": {"s3:Prefix": ["b", "A"], "aws:SourceAccount": 5},
            "Bool": {"AWS:SecureTransport": True, "aws:securetransport": "False"},
            "ForAllValues:BoolIfExists": {"aws:x": "TRUE"},
            "Nullable": {"aws:y": "TRUE"},
        },
    },
    "Id": "id",
}
READABLE: Json = {
    "Version": "2008-10-17",
    "Id": "id",
    "Statement": [
        {
            "Action": ["S3:getObject", "s3:GetObject", "s3:PutObject"],
            "Condition": {
                "Bool": {"AWS:SecureTransport": ["true"], "aws:securetransport": ["false"]},
                "ForAllValues:BoolIfExists": {"aws:x": ["true"]},
                "Nullable": {"aws:y": ["TRUE"]},
                "StringLike": {"aws:SourceAccount": ["5"], "s3:Prefix": ["A", "b"]},
            },
            "Effect": "Allow",
            "NotAction": ["IAM:PassRole"],
            "NotPrincipal": {"AWS": ["123456789012", "arn:aws:iam::1:user/a"], "Service": ["x"]},
            "NotResource": ["c"],
            "Principal": {"AWS": ["*"]},
            "Resource": ["a", "b"],
            "Sid": "One",
        }
    ],
}


def test_the_canonical_form_word_for_word() -> None:
    assert policy_document.readable(WRITTEN) == READABLE
    statement: Json = {
        **READABLE["Statement"][0],
        "Action": ["s3:getobject", "s3:putobject"],
        "NotAction": ["iam:passrole"],
        "Condition": {
            "Bool": {"aws:securetransport": ["false", "true"]},
            "ForAllValues:BoolIfExists": {"aws:x": ["true"]},
            "Nullable": {"aws:y": ["TRUE"]},
            "StringLike": {"aws:sourceaccount": ["5"], "s3:prefix": ["A", "b"]},
        },
    }
    assert policy_document.normal(WRITTEN) == {**READABLE, "Statement": [statement]}
    assert list(policy_document.normal(WRITTEN)["Statement"][0]) == sorted(statement)
    assert policy_document.normal({}) == {"Version": "2008-10-17", "Statement": []}


def test_statements_are_sorted_by_their_label_and_stand_there_once() -> None:
    one, two = allow(Sid="A", Action="z:Z"), allow(Sid="B", Action="a:A")
    canonical = policy_document.normal(document(two, one, two, allow()))
    assert [statement.get("Sid") for statement in canonical["Statement"]] == [None, "A", "B"]


def test_a_list_in_every_form() -> None:
    assert policy_document.as_list(None) == []
    assert policy_document.as_list("ab") == ["ab"]
    assert policy_document.as_list({"a": 1}) == [{"a": 1}]
    for several in (["a"], ("a",), {"a"}, frozenset("a")):
        assert policy_document.as_list(several) == ["a"]


REFUSALS: dict[str, tuple[t.Any, str]] = {
    "no JSON": (
        "{" + "x" * 90,
        f"team: this is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1)): {'{' + 'x' * 59!r}.",
    ),
    "a list": ("[]", "team: a policy document is a JSON object, not list."),
    "no statements": (
        {"Statement": []},
        "team: a policy document needs the key 'Statement' with at least one statement.",
    ),
    "a text": ({"Statement": "x"}, "team: a policy document needs the key 'Statement' with at least one statement."),
    "a text in a list": (
        document(allow(), t.cast("Json", "x")),
        "team, statement 2: a statement is a JSON object, not str.",
    ),
    "an effect": (
        document(allow(Effect="allow")),
        "team, statement 1: 'Effect' must be 'Allow' or 'Deny', not 'allow'.",
    ),
    "no effect": (document(allow(Effect=None)), "team, statement 1: 'Effect' must be 'Allow' or 'Deny', not None."),
    "no action": (document(allow(Action=None)), "team, statement 1: 'Action' or 'NotAction' is missing."),
    "a resource": (
        document(allow(Resource=5)),
        "team, statement 1: 'Resource' must be text or a list of texts, not 5.",
    ),
    "a condition": (
        document(allow(Condition="x")),
        "team, statement 1: 'Condition' must be an object such as {'StringEquals': {'aws:PrincipalTag/team': 'vision'}}, not 'x'.",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_word_for_word(case: str) -> None:
    written, message = REFUSALS[case]
    with pytest.raises(MlflowError) as refused:
        policy_document.parse(written, "team")
    assert refused.value.message == message


def test_what_stands_in_the_place_of_an_action_or_a_resource() -> None:
    for statement in (
        allow(Action=None, NotAction=["iam:*"]),
        allow(Resource=None, NotResource="a"),
        allow(Principal={}),
    ):
        assert policy_document.parse(document(statement), "team") == document(statement)


def test_two_statements_without_a_label() -> None:
    one, other, third = allow(Action="a:A"), allow(Action="b:B"), allow(Action="c:C")
    merged = policy_document.with_statements(document(other), [one, other, third])
    assert merged == document(other, one, third)
    labelled = allow(Sid="L", Action="a:A")
    assert policy_document.with_statements(document(one), [labelled]) == document(one, labelled)


def test_a_wish_stays_in_the_place_of_what_it_replaces() -> None:
    ours, theirs = allow(Sid="Ours", Action="a:A"), allow(Sid="Theirs")
    present = document(allow(Sid="Ours"), theirs)
    assert policy_document.with_statements(present, [ours], ["Ours"]) == document(ours, theirs)
    other = allow(Sid="Other")
    assert policy_document.with_statements(present, [ours, other], ["Ours"]) == document(ours, theirs, other)


def test_truth_is_written_as_json_writes_it() -> None:
    shown = policy_document.readable(document(allow(Condition={"StringEquals": {"aws:x": True}})))
    assert shown["Statement"][0]["Condition"] == {"StringEquals": {"aws:x": ["true"]}}


def test_only_an_account_of_aws_has_a_root() -> None:
    root = "arn:aws:iam::123456789012:root"
    shown = policy_document.readable(document(allow(Principal={"Federated": root})))
    assert shown["Statement"][0]["Principal"] == {"Federated": [root]}


def test_a_text_that_is_no_document_is_called_a_policy() -> None:
    with pytest.raises(MlflowError, match=r"^policy: this is not JSON"):
        policy_document.normal("{")
