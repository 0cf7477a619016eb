# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What a run did or would do, and its outputs, as a reader of C(terraform plan) expects them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SIGNS = {"create": "+", "update": "~", "delete": "-", "none": " "}
DONE = {"create": "created", "update": "changed", "delete": "deleted", "none": "unchanged"}
PLANNED = {"create": "to create", "update": "to change", "delete": "to delete", "none": "unchanged"}
UNKNOWN = "(known after the run)"


@dataclass(frozen=True)
class Line:
    """One resource of the run.

    :param kind: C(bucket), C(role), C(tracking server), ...
    :param name: its name in AWS.
    :param action: C(create), C(update), C(delete) or C(none).
    :param changes: the names of what changes in it.
    """

    kind: str
    name: str
    action: str
    changes: tuple[str, ...]


def line(kind: str, name: str, result: Mapping[str, t.Any]) -> Line | None:
    """The line of a module's result; None when the task was skipped."""
    if result.get("skipped"):
        return None
    names = [name for change in result.get("changes", ()) for name in _names(change)]
    # What is deleted and created again changes twice.
    changes = tuple(f"{name} anew" if names.count(name) > 1 else name for name in dict.fromkeys(names))
    return Line(kind, name, str(result.get("action", "none")), changes)


def counts(lines: Sequence[Line]) -> dict[str, int]:
    """How many resources are created, updated, deleted, left."""
    return {action: sum(line.action == action for line in lines) for action in SIGNS}


def render(lines: Sequence[Line], outputs: Mapping[str, t.Any], planned: bool) -> list[str]:
    """The text of the summary, line by line.

    :param planned: whether this was a preview.
    """
    words = PLANNED if planned else DONE
    number = counts(lines)
    title = "Plan" if planned else "Done"
    text = [f"{title}: " + ", ".join(f"{number[action]} {words[action]}" for action in SIGNS) + "."]
    width = max((len(line.kind) for line in lines), default=0)
    text += [f"  {SIGNS[line.action]} {line.kind:<{width}}  {line.name}{_what(line)}" for line in lines]
    if outputs:
        wide = max(len(key) for key in outputs)
        text += ["", "Outputs:"]
        text += [f"  {key:<{wide}} = {UNKNOWN if value in (None, '') else value}" for key, value in outputs.items()]
    return text


def _names(change: Mapping[str, t.Any]) -> list[str]:
    """A change of several settings by one call is told by the settings' names."""
    if change["name"] == "settings" and isinstance(change.get("after"), dict):
        return sorted(change["after"])
    return [str(change["name"])]


def _what(line: Line) -> str:
    return f" ({', '.join(line.changes)})" if line.action == "update" else ""
