# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Markdown pages of the repository, taken apart: blocks, tables, links, headings."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from pathlib import Path

FENCE = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (?P<title>.+)$", re.MULTILINE)
ROW = re.compile(r"^\|(?P<cells>.+)\|$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """One fenced block and where it is."""

    place: str
    language: str
    text: str


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    page = path.read_text()
    return [
        Block(f"{path.name}:{page.count(chr(10), 0, match.start()) + 1}", match["language"], match["text"])
        for match in FENCE.finditer(page)
    ]


def links(path: Path) -> list[str]:
    """The targets of a page's links."""
    return [match["target"] for match in LINK.finditer(_prose(path))]


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    return {
        re.sub(r"[^\w\- ]", "", match["title"].lower()).replace(" ", "-") for match in HEADING.finditer(_prose(path))
    }


def rows(path: Path) -> list[list[str]]:
    """The cells of every table row."""
    return [[cell.strip() for cell in match["cells"].split("|")] for match in ROW.finditer(_prose(path))]


def codes(text: str) -> list[str]:
    """The words in backticks."""
    return CODE.findall(text)


def _prose(path: Path) -> str:
    return FENCE.sub("", path.read_text())
