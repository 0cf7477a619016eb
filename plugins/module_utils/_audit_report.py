# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The result of an audit for people and programs: a table, Markdown, JSON. Pure."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit_control import ACCOUNT, STATUSES

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Audit = Mapping[str, t.Any]
    Result = Mapping[str, t.Any]

WORDS = {"pass": "pass", "fail": "FAIL", "unknown": "UNKNOWN", "accepted": "accepted", "not_applicable": "n/a"}
KEYS = ("name", "kind", "arn", "region", "account_id", "controls", "counts", "failing", "compliant")
"""What a report needs of the result of the module mlflow_audit_info."""
_HEADINGS = ("control", "severity", "status", "title")


def file_contents(name: str, audit: Audit) -> dict[str, str | None]:
    """File name to content. Nothing in them changes when nothing changed, so they can be compared."""
    return {f"{name}-audit.json": as_json(audit), f"{name}-audit.md": as_markdown(audit)}


def as_json(audit: Audit) -> str:
    """The audit as it is, keys in alphabetical order."""
    return json.dumps(audit, indent=4, sort_keys=True) + "\n"


def as_table(audit: Audit) -> list[str]:
    """Lines for a terminal: every control, and then what to do about those that are not as they should be."""
    rows = [_HEADINGS, *(_row(result) for result in audit["controls"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS) - 1)]
    table = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]
    return [f"{_noun(audit)} {audit['name']}: {summary(audit)}", "", *table, *_advice(audit["controls"])]


def summary(audit: Audit) -> str:
    """One sentence."""
    counted = ", ".join(f"{audit['counts'][status]} {WORDS[status].lower()}" for status in reversed(STATUSES))
    if audit["compliant"]:
        return f"{counted}. Nothing that counts fails."
    return f"{counted}. The audit fails because of {', '.join(audit['failing'])}."


def as_markdown(audit: Audit) -> str:
    """A page with one table."""
    head = [
        f"# Audit of the {_noun(audit)} {audit['name']}",
        "",
        f"`{audit['arn']}`: {summary(audit)}",
        "",
        "| Control | Severity | Status | What must hold | Resource | Found | What to change |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(_markdown_row(result) for result in audit["controls"])]) + "\n"


def _noun(audit: Audit) -> str:
    return {"app": "App", "tracking_server": "tracking server"}[audit["kind"]]


def _row(result: Result) -> tuple[str, str, str, str]:
    status = WORDS[result["status"]]
    return (
        result["id"],
        result["severity"],
        status,
        f"{result['title']}{'' if result['counts'] else _uncounted(result)}",
    )


def _uncounted(result: Result) -> str:
    return " (the account's)" if result["scope"] == ACCOUNT else " (does not count)"


def _advice(results: Iterable[Result]) -> list[str]:
    lines: list[str] = []
    for result in results:
        if result["status"] in ("fail", "unknown"):
            lines += [
                "",
                f"{result['id']}  {result['resource']}",
                f"  {result['found']}",
                f"  To change: {result['remedy']}",
            ]
        elif result["status"] == "accepted":
            lines += ["", f"{result['id']}  accepted: {result['reason']}"]
    return lines


def _markdown_row(result: Result) -> str:
    change = f"Accepted: {result['reason']}" if result["reason"] else result["remedy"]
    cells = (
        result["id"],
        result["severity"],
        WORDS[result["status"]],
        result["title"],
        f"`{result['resource']}`",
        result["found"],
        change,
    )
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
