# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Values at which Ansible's own check of options breaks off with a traceback, where it should refuse them."""

from __future__ import annotations

import math
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Checked = t.TypeVar("Checked")
BREAKS_OFF: tuple[type[Exception], ...] = (TypeError, OverflowError)
READ_BY_ANSIBLE: tuple[type, ...] = (dict, str)
"""What its check can look at where there must be a dictionary."""


def in_words(module: t.Any, options: Mapping[str, t.Any], check: Callable[[], Checked]) -> Checked:
    """What Ansible's check returns. Where it breaks off, the module fails with words.

    :param options: the module's argument specification.
    """
    try:
        return check()
    except BREAKS_OFF:
        wrong = broken(options, module.params)
        if not wrong:
            raise
    # Nobody has found out yet which of the arguments are secret.
    module.fail_json(msg=" ".join(wrong), invocation={})
    raise AssertionError("fail_json returned")


def broken(options: Mapping[str, t.Any], values: Mapping[str, t.Any]) -> list[str]:
    """A sentence for each such value.

    :param options: an argument specification.
    """
    found = []
    for name, option in options.items():
        value = next((values[each] for each in (name, *option.get("aliases", ())) if each in values), None)
        found += [
            f"{name}{place} must be {noun}." for place, noun in no_dictionaries(option, value, "", READ_BY_ANSIBLE)
        ]
        if has_infinity(value):
            found.append(f"{name} has an infinite number in it.")
    return found


def no_dictionaries(
    option: Mapping[str, t.Any], value: t.Any, place: str = "", allowed: tuple[type, ...] = (dict,)
) -> Iterator[tuple[str, str]]:
    """Where options within an option are described, and something else is given: their names, each after a dot, and what they must be."""
    if "options" not in option or value is None:
        return
    has_many = option.get("type") == "list"
    for each in value if has_many and isinstance(value, list) else [value]:
        if not isinstance(each, allowed):
            yield place, "a list of dictionaries" if has_many else "a dictionary"
        elif isinstance(each, dict):
            for key, part in option["options"].items():
                yield from no_dictionaries(part, each.get(key), f"{place}.{key}", allowed)


def has_infinity(value: t.Any) -> bool:
    """Whether a number in it has no end, as C(.inf) of YAML has none."""
    if isinstance(value, float):
        return math.isinf(value)
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return any(has_infinity(each) for each in parts)
