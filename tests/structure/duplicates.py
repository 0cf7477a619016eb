# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether something is said twice: lines of code, and of the YAML of roles and playbooks, that are the same in two files.

Not counted: documentation and docstrings (the page of each module stands alone, and Ansible has no fragments for return values),
imports, signatures and comments.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import typing as t

from pylint.checkers.symilar import Symilar

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LINES = 6
TEST_LINES = 8  # two resources with the same life have tests that read alike
TREES = {
    "plugins/": LINES,
    "roles/mlflow_server/": LINES,
    # A judge of its own: what AWS does is written there from AWS's documentation, never taken from the code under test.
    "roles/local_aws/": LINES,
    "playbooks/": LINES,
    "extensions/": LINES,
    "benchmarks/": LINES,
    "tests/": TEST_LINES,
}
"""How many lines in a row two files of a tree may have in common."""


def code(text: str) -> str:
    """The lines of a Python file that do something, each where it was."""
    lines = text.split("\n")
    for node in ast.walk(ast.parse(text)):
        for line in _without_deed(node):
            lines[line - 1] = ""
    return "\n".join(lines)


def _without_deed(node: ast.AST) -> Iterable[int]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        return range(first, node.body[0].lineno)
    if isinstance(node, ast.Import | ast.ImportFrom) or (
        isinstance(node, ast.Assign | ast.Expr) and _is_text(node.value)
    ):
        return range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return ()


def _is_text(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def duplicates(files: Mapping[str, str]) -> Iterator[str]:
    """What is said twice in one tree, longest first, each with its places.

    :param files: path and text of each Python or YAML file.
    """
    for tree, limit in TREES.items():
        inside = {path: text for path, text in files.items() if path.startswith(tree)}
        for count, places in _similar(inside, limit) if inside else ():
            yield f"{', '.join(places)}: the same {count} lines; more than {limit} are said once"


def _similar(files: Mapping[str, str], limit: int) -> Iterator[tuple[str, list[str]]]:
    symilar = Symilar(min_lines=limit, ignore_comments=True)
    for path, text in files.items():
        symilar.append_stream(path, io.StringIO(code(text) if path.endswith(".py") else text))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        symilar.run()
    for block in re.split(r"\n(?=\d+ similar lines in )", printed.getvalue()):
        if match := re.match(r"(\d+) similar lines", block.lstrip()):
            places = re.findall(r"^==(\S+):\[(\d+):", block, re.MULTILINE)  # counted from 0
            yield match[1], [f"{path}:{int(line) + 1}" for path, line in places]
