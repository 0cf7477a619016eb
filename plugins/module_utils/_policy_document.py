# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Policy documents as plain values: what they mean, whether two mean the same, and merging statements into one.

AWS accepts many spellings of one policy (a value or a list of one, any order, any letter case of an action) and gives
back another than it was sent. Two documents are compared in the canonical form of C(normal).
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

Document = dict[str, t.Any]
Statement = dict[str, t.Any]

VERSION = "2012-10-17"
_DEFAULT_VERSION = "2008-10-17"  # what AWS reads into a document without a Version
_ACTIONS = ("Action", "NotAction")
_RESOURCES = ("Resource", "NotResource")
_PRINCIPALS = ("Principal", "NotPrincipal")
_ROOT = re.compile(r"^arn:[a-z0-9-]+:iam::([0-9]{12}):root$")
_BOOLEAN_OPERATOR = re.compile(r"(^|:)(Bool|Null)(IfExists)?$", re.IGNORECASE)


def parse(text: str | Mapping[str, t.Any], where: str) -> Document:
    """A policy document from JSON text or from a dict.

    :param where: what messages call it, as in "inline_policies['team']".
    """
    document = _from_json(text, where) if isinstance(text, str) else text
    if not isinstance(document, dict):
        raise MlflowError(f"{where}: a policy document is a JSON object, not {type(document).__name__}.")
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise MlflowError(f"{where}: a policy document needs the key 'Statement' with at least one statement.")
    for number, statement in enumerate(statements, start=1):
        check_statement(statement, f"{where}, statement {number}")
    return dict(document)


def normal(document: str | Mapping[str, t.Any]) -> Document:
    """The canonical form: two documents that mean the same have the same one."""
    return _document(document, fold_case=True)


def readable(document: str | Mapping[str, t.Any]) -> Document:
    """As C(normal), but with actions and condition keys in the letter case in which they are written; for a diff."""
    return _document(document, fold_case=False)


def same(one: str | Mapping[str, t.Any] | None, other: str | Mapping[str, t.Any] | None) -> bool:
    """Whether two documents mean the same; None (no policy) is the same as None only."""
    if one is None or other is None:
        return one is other
    return normal(one) == normal(other)


def same_statement(one: Mapping[str, t.Any], other: Mapping[str, t.Any], *, with_sid: bool = True) -> bool:
    """Whether two statements mean the same; the Sid is only a label, and may be left out."""
    first, second = _statement(one, fold_case=True), _statement(other, fold_case=True)
    if not with_sid:
        first.pop("Sid", None)
        second.pop("Sid", None)
    return first == second


def statements_of(document: Mapping[str, t.Any]) -> list[Statement]:
    """The statements as a list, as they are written."""
    statements = document.get("Statement") or []
    return [statements] if isinstance(statements, dict) else list(statements)


def as_list(value: t.Any) -> list[t.Any]:
    """A value that may stand alone or in a list, as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]


def with_statements(
    document: Mapping[str, t.Any] | None,
    statements: Sequence[Mapping[str, t.Any]],
    remove_sids: Collection[str] = (),
) -> Document:
    """The document with these statements in it: each replaces the one with its Sid, or is added at the end.

    Every other statement stays, as it is written and in its place. A statement that already means the same stays as it
    is written. A statement without a Sid is added unless one of the same meaning is there. The result may have no
    statement left: AWS accepts no such document, remove the policy then.
    """
    base: Document = dict(document) if document is not None else {"Version": VERSION}
    waiting = [dict(statement) for statement in statements]
    merged: list[Statement] = []
    for present in statements_of(base):
        sid = present.get("Sid") or None
        if sid is not None and sid in remove_sids and not any(wish.get("Sid") == sid for wish in statements):
            continue
        successor = _take(waiting, present)
        if successor is not None:
            merged.append(present if same_statement(present, successor) else successor)
        elif sid is None or not any(wish.get("Sid") == sid for wish in statements):
            merged.append(present)
    base["Statement"] = merged + waiting
    return base


def size(document: Mapping[str, t.Any]) -> int:
    """The characters that count against IAM's quotas: without white space between tokens."""
    return len(to_json(document))


def to_json(document: Mapping[str, t.Any]) -> str:
    """The shortest JSON text, which is what goes over the wire."""
    return json.dumps(document, separators=(",", ":"))


def _from_json(text: str, where: str) -> t.Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise MlflowError(f"{where}: this is not JSON ({error}): {text[:60]!r}.") from error


def check_statement(statement: t.Any, where: str) -> None:
    """Refuse what is no statement, and elements of a form that AWS does not know."""
    if not isinstance(statement, dict):
        raise MlflowError(f"{where}: a statement is a JSON object, not {type(statement).__name__}.")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise MlflowError(f"{where}: 'Effect' must be 'Allow' or 'Deny', not {statement.get('Effect')!r}.")
    if not any(statement.get(key) for key in _ACTIONS):
        raise MlflowError(f"{where}: 'Action' or 'NotAction' is missing.")
    for element, (is_right, form) in _FORMS.items():
        value = statement.get(element)
        if value is not None and not is_right(value):
            raise MlflowError(f"{where}: '{element}' must be {form}, not {value!r}.")


def _is_text(value: t.Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: t.Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(map(_is_text, value)))


def _is_principal(value: t.Any) -> bool:
    return value == "*" or (isinstance(value, dict) and all(map(_is_texts, value.values())))


def _is_condition(value: t.Any) -> bool:
    """Operators, in each condition keys, for each one value or several."""
    if not isinstance(value, dict) or not all(isinstance(keys, dict) for keys in value.values()):
        return False
    scalars = [
        item
        for keys in value.values()
        for wanted in keys.values()
        for item in ([None] if wanted is None else as_list(wanted))
    ]
    return all(isinstance(item, (str, int, float)) for item in scalars)


_FORMS: dict[str, tuple[t.Callable[[t.Any], bool], str]] = {
    "Sid": (_is_text, "text"),
    "Action": (_is_texts, "text or a list of texts"),
    "NotAction": (_is_texts, "text or a list of texts"),
    "Resource": (_is_texts, "text or a list of texts"),
    "NotResource": (_is_texts, "text or a list of texts"),
    "Principal": (_is_principal, "'*' or an object such as {'AWS': [...]}"),
    "NotPrincipal": (_is_principal, "'*' or an object such as {'AWS': [...]}"),
    "Condition": (_is_condition, "an object such as {'StringEquals': {'aws:PrincipalTag/team': 'vision'}}"),
}


def _take(waiting: list[Statement], present: Mapping[str, t.Any]) -> Statement | None:
    """Take the wished statement that C(present) stands for out of those that wait: by Sid, else by meaning."""
    for index, wish in enumerate(waiting):
        named = bool(wish.get("Sid"))
        if (named and wish["Sid"] == present.get("Sid")) or (not named and same_statement(wish, present)):
            return waiting.pop(index)
    return None


def _document(document: str | Mapping[str, t.Any], *, fold_case: bool) -> Document:
    plain = parse(document, "policy") if isinstance(document, str) else document
    statements = [_statement(statement, fold_case=fold_case) for statement in statements_of(plain)]
    unique = {_sort_key(statement): statement for statement in statements}
    result: Document = {"Version": plain.get("Version") or _DEFAULT_VERSION}
    if plain.get("Id"):
        result["Id"] = plain["Id"]
    result["Statement"] = [unique[key] for key in sorted(unique)]
    return result


def _sort_key(statement: Statement) -> str:
    return json.dumps([statement.get("Sid", ""), statement], sort_keys=True)


def _statement(statement: Mapping[str, t.Any], *, fold_case: bool) -> Statement:
    result: Statement = {}
    for key, value in sorted(statement.items()):
        if key in _ACTIONS:
            actions = _strings(value)
            result[key] = _unique(action.lower() for action in actions) if fold_case else _unique(actions)
        elif key in _RESOURCES:
            result[key] = _unique(_strings(value))
        elif key in _PRINCIPALS:
            result[key] = _principal(value)
        elif key == "Condition":
            if value:
                result[key] = _condition(value, fold_case=fold_case)
        elif key != "Sid" or value:
            result[key] = value
    return result


def _principal(value: t.Any) -> dict[str, list[str]]:
    """C("*") means C({"AWS": "*"}); the root of an account means the account."""
    if not isinstance(value, dict):
        return {"AWS": _unique(_strings(value))}
    return {
        kind: _unique(_ROOT.sub(r"\1", name) if kind == "AWS" else name for name in _strings(names))
        for kind, names in sorted(value.items())
    }


def _condition(value: Mapping[str, t.Any], *, fold_case: bool) -> dict[str, dict[str, list[str]]]:
    result: dict[str, dict[str, list[str]]] = {}
    for operator, keys in sorted(value.items()):
        tests: dict[str, list[str]] = {}
        for key, wanted in sorted(keys.items()):
            texts = _strings(wanted)
            if _BOOLEAN_OPERATOR.search(operator):
                texts = [text.lower() for text in texts]
            name = key.lower() if fold_case else key
            tests[name] = _unique([*tests.get(name, []), *texts])
        result[operator] = dict(sorted(tests.items()))
    return result


def _strings(value: t.Any) -> list[str]:
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in as_list(value)]


def _unique(values: Iterable[str]) -> list[str]:
    return sorted(set(values))
