# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix as a page: a table for each scenario, and the totals of all of them."""

from __future__ import annotations

import re
import typing as t
from collections import Counter

from fault_matrix.kinds import KINDS
from local_region import REPOSITORY

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fault_matrix.cells import Outcome

PAGE = REPOSITORY / "docs" / "faults.md"
TOTALS = "totals"
WITH_MESSAGES = ("environment with a tracking server: create", "environment with an App: create")
"""Scenarios that show the words in which their runs end."""
BY_ITSELF, IN_WORDS, LATER = "✓", "→", "↻"
_COUNTS = re.compile(
    r"^(\d+) calls, (\d+) cells: (\d+) runs succeed by themselves, (\d+) end in words\.$", re.MULTILINE
)
_VARYING = re.compile(r"\b(app-\w{12}|[0-9a-f]{8}-[0-9a-f-]{27})|\b\d+ s\b|\b\d+m \d+s\b|\d{4}-\d\d-\d\dT[\d:.+]+")


def section(outcomes: Sequence[Outcome]) -> str:
    """The table of one scenario."""
    names = [kind.name for kind in KINDS]
    calls: dict[str, list[Outcome]] = {}
    for each in outcomes:
        calls.setdefault(each.target.name, []).append(each)
    rows = [_row(name, found, names) for name, found in calls.items()]
    failed = sum(each.message is not None for each in outcomes)
    made = len({each.target.position for each in outcomes})
    counts = f"{made} calls, {len(outcomes)} cells: {len(outcomes) - failed} runs succeed by themselves, {failed} end in words."
    table = ["| call | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|", *rows]
    return "\n".join([counts, "", *table, *_messages(outcomes)])


def totals(page: str) -> str:
    """The sums of what the sections count."""
    sums = [sum(int(found[group]) for found in _COUNTS.finditer(page)) for group in (1, 2, 3, 4)]
    return (
        f"{sums[0]:,} calls in {len(_COUNTS.findall(page))} scenarios make {sums[1]:,} cells: {sums[2]:,} runs succeed by "
        f"themselves, {sums[3]:,} end in words and the next run converges."
    )


def page_with(page: str, sections: Mapping[str, str]) -> str:
    """The page with these sections where their marks are; those of scenarios that are gone are left out."""
    head = page.partition(_mark(TOTALS))[0]
    parts = [f"## {_title(name)}\n\n{_mark(name)}\n{text}\n<!-- end -->\n" for name, text in sections.items() if text]
    body = "\n".join(parts)
    return f"{head}{_mark(TOTALS)}\n{totals(body)}\n<!-- end -->\n\n{body}"


def section_of(page: str, name: str) -> str:
    """What the page has between a mark and its end."""
    return page.partition(f"{_mark(name)}\n")[2].partition("\n<!-- end -->")[0]


def _mark(name: str) -> str:
    return f"<!-- faults: {name} -->"


def _title(name: str) -> str:
    return name[0].upper() + name[1:]


def _row(name: str, outcomes: Iterable[Outcome], kinds: Sequence[str]) -> str:
    """One call; when a run makes it several times, all of them."""
    found: dict[str, set[str]] = {}
    positions = Counter[int]()
    for each in outcomes:
        found.setdefault(each.kind, set()).add(_end(each))
        positions[each.target.position] += 1
    times = f", {len(positions)} times" if len(positions) > 1 else ""
    return f"| `{name}`{times} | " + " | ".join(_cell(found.get(kind, set())) for kind in kinds) + " |"


def _end(outcome: Outcome) -> str:
    if outcome.message is not None:
        return IN_WORDS
    return LATER if outcome.is_mended_later else BY_ITSELF


def _cell(ends: set[str]) -> str:
    return "".join(sign for sign in (BY_ITSELF, LATER, IN_WORDS) if sign in ends)


def _messages(outcomes: Sequence[Outcome]) -> list[str]:
    """The first message of each kind of fault and service."""
    if outcomes[0].scenario not in WITH_MESSAGES:
        return []
    seen: dict[tuple[str, str], str] = {}
    for each in outcomes:
        if each.message is not None:
            words = _VARYING.sub("…", each.message).replace("|", "\\|").replace("\n", " ")
            seen.setdefault((each.kind, each.target.service), f"| {each.kind} | `{each.target.name}` | {words} |")
    return ["", "| fault | in the call | message |", "|---|---|---|", *seen.values()]
