# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Condition blocks of IAM policies, as the IAM user guide's page "Condition operators" defines them."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Context = Mapping[str, Sequence[str]]
    Comparison = Callable[[str, str], bool]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*": "*", "?": "?", "$": "$"}


@lru_cache(maxsize=4096)
def _glob(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    """``*`` and ``?`` are the wildcards; a character after a backslash (our own escape) is itself."""
    parts: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            parts.append(re.escape(next(characters, "\\")))
        else:
            parts.append({"*": ".*", "?": "."}.get(character) or re.escape(character))
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def like(value: str, pattern: str, ignore_case: bool = False) -> bool:
    """Whether a value matches a pattern with IAM's wildcards."""
    return _glob(pattern, ignore_case).fullmatch(value) is not None


def with_variables(pattern: str, context: Context) -> str | None:
    """Fill in policy variables (``${aws:username}``, ``${key, 'default'}``); None when one has no value.

    AWS treats a statement with a variable that is not in the request as one that does not match.
    """
    missing = False

    def fill(found: re.Match[str]) -> str:
        nonlocal missing
        name, _unused, default = found.group(1).partition(",")
        if name in _LITERALS:
            return "\\" + name
        values = context.get(name.strip().lower())
        if values:
            return re.sub(r"([\\*?])", r"\\\1", values[0])
        if default:
            return default.strip().strip("'")
        missing = True
        return ""

    filled = _VARIABLE.sub(fill, pattern.replace("\\", "\\\\"))
    return None if missing else filled


def _plain(pattern: str) -> str:
    """A filled pattern for operators without wildcards: our escapes taken out again."""
    return re.sub(r"\\(.)", r"\1", pattern)


def _arn_like(value: str, pattern: str) -> bool:
    """Each of the six parts is matched by itself, so that ``*`` does not run over a colon."""
    values, patterns = value.split(":", 5), pattern.split(":", 5)
    if len(values) != 6 or len(patterns) != 6:
        return pattern == "*"
    return all(like(part, wanted) for part, wanted in zip(values, patterns, strict=True))


def _moment(text: str) -> float:
    """A date as ISO 8601 or as seconds since the epoch: policies may use either."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _ordered(read: Callable[[str], float], accept: Callable[[float, float], bool]) -> Comparison:
    def compare(value: str, wanted: str) -> bool:
        try:
            return accept(read(value), read(_plain(wanted)))
        except ValueError:
            return False

    return compare


def _within(value: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(_plain(network), strict=False)
    except ValueError:
        return False


def _same_bytes(value: str, wanted: str) -> bool:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(_plain(wanted), validate=True)
    except binascii.Error:
        return False


def _ordered_family(prefix: str, read: Callable[[str], float]) -> dict[str, Comparison]:
    return {
        f"{prefix}equals": _ordered(read, lambda value, wanted: value == wanted),
        f"{prefix}lessthan": _ordered(read, lambda value, wanted: value < wanted),
        f"{prefix}lessthanequals": _ordered(read, lambda value, wanted: value <= wanted),
        f"{prefix}greaterthan": _ordered(read, lambda value, wanted: value > wanted),
        f"{prefix}greaterthanequals": _ordered(read, lambda value, wanted: value >= wanted),
    }


_POSITIVE: dict[str, Comparison] = {
    "stringequals": lambda value, wanted: value == _plain(wanted),
    "stringequalsignorecase": lambda value, wanted: value.lower() == _plain(wanted).lower(),
    "stringlike": like,
    "bool": lambda value, wanted: value.lower() == _plain(wanted).lower(),
    "binaryequals": _same_bytes,
    "ipaddress": _within,
    "arnequals": _arn_like,
    "arnlike": _arn_like,
    **_ordered_family("numeric", float),
    **_ordered_family("date", _moment),
}
_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}


class UnknownOperatorError(ValueError):
    """A condition operator that IAM does not have."""


def as_list(value: object) -> list[str]:
    """Policies allow one value or a list of them everywhere; JSON booleans and numbers are strings there."""
    values = value if isinstance(value, list) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]


def conditions_hold(block: Mapping[str, Mapping[str, object]], context: Context) -> bool:
    """Whether all operators and keys of a Condition block are met."""
    return all(
        _holds(operator, as_list(wanted), context.get(key.lower(), ()), context)
        for operator, keys in block.items()
        for key, wanted in keys.items()
    )


def condition_keys(block: Mapping[str, Mapping[str, object]]) -> set[str]:
    """The context keys that a block asks for."""
    return {key for keys in block.values() for key in keys}


def _holds(operator: str, wanted: list[str], values: Sequence[str], context: Context) -> bool:
    name = operator.lower()
    qualifier = ""
    if ":" in name:
        qualifier, _unused, name = name.partition(":")
    if name == "null":
        return like(str(not values).lower(), wanted[0].lower())
    if_exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    negated = name in _NEGATED
    compare = _POSITIVE.get(_NEGATED.get(name, name))
    if compare is None or qualifier not in ("", "forallvalues", "foranyvalue"):
        raise UnknownOperatorError(operator)
    if not values:
        return qualifier == "forallvalues" or (qualifier == "" and (if_exists or negated))
    patterns = [filled for each in wanted if (filled := with_variables(each, context)) is not None]
    matches = [any(compare(value, pattern) for pattern in patterns) != negated for value in values]
    # Without a qualifier a key has one value; should it have more, a denial of any of them counts.
    return all(matches) if qualifier == "forallvalues" or (negated and not qualifier) else any(matches)
