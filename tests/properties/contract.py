# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contract of every module that manages something, checked once for all of them.

One example is one state of AWS and one wish for it: (a) check mode tells what the run then does and writes nothing, (b) the run reaches
the wish, (c) a second run finds nothing to do and writes nothing, (d) nothing else changed, (e) the diff tells what AWS held
before and holds after.

What AWS holds is read with boto3, and what a wish makes of it is told by a model of its own in the tests: neither asks our code.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from module_run import ModuleFailedError, Modules

if t.TYPE_CHECKING:
    from collections.abc import Mapping

Held = t.Any
Wish = dict[str, t.Any]


class Subject(t.Protocol):
    """One kind of resource: what AWS holds of it, and what a wish for it means."""

    module: str
    unforeseeable: frozenset[str]
    """Keys of the result that AWS alone decides."""

    def held(self) -> Held:
        """Everything that AWS holds, in plain values that are equal when they mean the same."""

    def options(self, wish: Wish) -> dict[str, t.Any]:
        """The module's options for the wish."""

    def wished(self, held: Held, wish: Wish) -> Held | Refusal:
        """What the wish makes of what is held."""

    def shown(self, held: Held, other: Held, wish: Wish) -> Mapping[str, t.Any]:
        """What one side of the diff says of what is held; C(other) is what is held on the other side."""

    def plain(self, shown: Mapping[str, t.Any]) -> Mapping[str, t.Any]:
        """One side of a diff, or a result, in plain values that are equal when they mean the same."""


@dataclass(frozen=True)
class Refusal:
    """The run must fail with these words, and leave everything as it is.

    :param by_aws: check mode cannot know it, and what came before the refused call is done.
    """

    words: str
    by_aws: bool = False


@dataclass
class Contract:
    """Checks examples and counts them.

    :param examples: how many were checked to the end.
    """

    subject: Subject
    modules: Modules
    examples: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)

    def hold(self, wish: Wish) -> None:
        """Check the contract for what is there now."""
        before = self.subject.held()
        expected = self.subject.wished(before, wish)
        options = self.subject.options(wish)
        if isinstance(expected, Refusal):
            self._refused(options, expected, before)
            self._count("refused")
            return
        check = self.modules.run(self.subject.module, check=True, **options)
        assert check.writes == [], f"check mode wrote: {check.writes}"
        real = self.modules.run(self.subject.module, **options)
        held = self.subject.held()
        self._same(check.result, real.result)
        assert held == expected, f"not what was wished, or something else changed: {difference(held, expected)}"
        self._diff(real.result, before, held, wish)
        again = self.modules.run(self.subject.module, **options)
        assert not again.changed, f"the second run changed {changes_of(again.result)}"
        assert again.writes == [], f"the second run wrote: {again.writes}"
        self._count(real.result.get("action", "changed" if real.changed else "none"))

    def _refused(self, options: dict[str, t.Any], refusal: Refusal, before: Held) -> None:
        for check in (True, False):
            if check and refusal.by_aws:
                assert self.modules.run(self.subject.module, check=True, **options).writes == []
                continue
            try:
                run = self.modules.run(self.subject.module, check=check, **options)
            except ModuleFailedError as failure:
                assert refusal.words in failure.result["msg"], f"not refused with {refusal.words!r}: {failure}"
                assert refusal.by_aws or self.modules.region.writes() == [], "what was refused wrote"
            else:
                raise AssertionError(f"not refused with {refusal.words!r}: {run.result}")
        assert refusal.by_aws or self.subject.held() == before, "what was refused changed something"

    def _same(self, check: Mapping[str, t.Any], real: Mapping[str, t.Any]) -> None:
        assert check.keys() == real.keys(), f"check mode returned other keys: {check.keys() ^ real.keys()}"
        foreseen, found = self.subject.plain(check), self.subject.plain(real)
        for key in check.keys() - self.subject.unforeseeable:
            told = difference(foreseen[key], found[key])
            assert foreseen[key] == found[key], f"check mode predicted another {key}: {told}"

    def _diff(self, result: Mapping[str, t.Any], before: Held, after: Held, wish: Wish) -> None:
        subject, diff = self.subject, one_diff(result["diff"])
        for side, held, other in (("before", before, after), ("after", after, before)):
            told, shown = subject.plain(diff[side]), subject.plain(subject.shown(held, other, wish))
            assert told == shown, f"the diff's {side} is not what AWS held: {difference(told, shown)}"
        assert result["changed"] or before == after, "something changed, and changed is not true"
        assert result["changed"] == bool(changes_of(result)), "changed is not whether there are changes"
        assert result["changed"] == (diff["before"] != diff["after"]), "changed is not what the diff shows"

    def _count(self, outcome: str) -> None:
        self.examples += 1
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


def one_diff(diff: t.Any) -> dict[str, t.Any]:
    """A diff as it is; those of several resources as one, each under its title."""
    if isinstance(diff, dict):
        return diff
    return {side: {each["before_header"]: each[side] for each in diff} for side in ("before", "after")}


def changes_of(result: Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """The changes of a resource, or of all resources that a result is about."""
    if "changes" in result:
        return list(result["changes"])
    return [change for part in result.values() if isinstance(part, dict) for change in part.get("changes", ())]


def difference(found: t.Any, wished: t.Any) -> t.Any:
    """Where two values differ, as pairs."""
    if not (isinstance(found, dict) and isinstance(wished, dict)):
        return found, wished
    keys = [*found, *(key for key in wished if key not in found)]
    return {key: difference(found.get(key), wished.get(key)) for key in keys if found.get(key) != wished.get(key)}
