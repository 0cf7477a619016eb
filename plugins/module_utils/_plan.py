# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The difference between what is and what is wished, as plain data.

C(changed), the diff, the check-mode result and the calls that are made all come from one Plan, so they cannot disagree.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

if t.TYPE_CHECKING:
    from collections.abc import Mapping

State = t.TypeVar("State")


@dataclass(frozen=True)
class Call:
    """One call of the AWS API: C(Call("s3", "put_bucket_versioning", {...}))."""

    service: str
    operation: str
    parameters: Mapping[str, t.Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One thing that differs, and the one call that makes it true.

    :param name: what changes, in the words of the module's options (C(versioning), C(tags), C(server)).
    :param before: the present value, normalised; None when absent.
    :param after: the wished value, normalised; None when it goes away.
    :param call: what makes it true.
    """

    name: str
    before: t.Any
    after: t.Any
    call: Call

    @property
    def action(self) -> str:
        """C(create), C(update) or C(delete): the sign a reader of a plan looks for."""
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "update"

    def report(self) -> dict[str, t.Any]:
        """What the user is told of this change."""
        return {"name": self.name, "action": self.action, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class Plan(t.Generic[State]):
    """An ordered list of changes with what they lead from and to.

    :param changes: in the order in which they must be made.
    :param before: the normalised present, None when the resource is absent; what C(--diff) shows.
    :param after: the normalised future, None when the resource will be absent.
    :param predicted: the state that a read will find once every change is made.
    """

    changes: tuple[Change, ...]
    before: Mapping[str, t.Any] | None
    after: Mapping[str, t.Any] | None
    predicted: State

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return bool(self.changes)

    @property
    def action(self) -> str:
        """What happens to the resource as a whole: C(create), C(update), C(delete) or C(none)."""
        if not self.changes:
            return "none"
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "update"

    def diff(self, title: str) -> dict[str, t.Any]:
        """The diff in the form that Ansible prints under C(--diff)."""
        return {
            "before_header": title,
            "after_header": title,
            "before": dict(self.before or {}),
            "after": dict(self.after or {}),
        }
