# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the tree is built as CONTRIBUTING.md says:  PYTHONPATH=tests python -m structure.check

Sizes of files and functions, who may import whom, and what is said twice. Prints each violation with its place, and fails when
there is one.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

from structure.duplicates import duplicates

if t.TYPE_CHECKING:
    from collections.abc import Iterator

FILE_LINES = 400
TEST_FILE_LINES = 600  # the cases of one subject stay together
FUNCTION_LINES = 40
COLLECTION = "ansible_collections.mlops.sagemaker_mlflow.plugins"
MAY_IMPORT = {
    "module_utils": {"module_utils"},
    "plugin_utils": {"module_utils", "plugin_utils"},
    "modules": {"module_utils"},
    "action": {"module_utils", "plugin_utils"},
    "inventory": {"module_utils", "plugin_utils"},
    "lookup": {"module_utils", "plugin_utils"},
    "filter": {"module_utils"},
    "doc_fragments": {"doc_fragments"},
}
USES_AMAZON_AWS = {"module_utils/_aws.py", "inventory/sagemaker_mlflow.py", "lookup/tracking_uri.py"}
"""The edge to AWS, and the plugins that extend a plugin of amazon.aws."""
DECISIONS = ("_plan.py", "_policies.py", "_policy_document.py", "_tags.py", "_wish.py", "_state.py")
"""Files that decide: they make no call, so they have no client and no library of AWS's."""


@dataclass(frozen=True)
class Source:
    """One file of the tree, read and parsed once."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def folder(self) -> str:
        """The kind of plugin; empty outside plugins/."""
        return self.path.parts[1] if self.path.parts[0] == "plugins" else ""

    def imports(self) -> Iterator[tuple[int, str]]:
        """Every module that it imports, with the line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.lineno, node.module or ""


def lines_of_code(source: Source) -> int:
    """Lines without the documentation that Ansible reads from module-level texts."""
    documentation = [
        node
        for node in source.tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    return source.text.count("\n") - sum((node.end_lineno or 0) - node.lineno for node in documentation)


def sizes(source: Source) -> Iterator[str]:
    """Files and functions that are two things."""
    limit = TEST_FILE_LINES if source.path.parts[0] == "tests" else FILE_LINES
    if lines_of_code(source) > limit:
        yield f"{source.path}: {lines_of_code(source)} lines of code; more than {limit} are two things"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > FUNCTION_LINES and not _is_main_of_module(source, node):
                yield f"{source.path}:{node.lineno}: {node.name} has {length} lines; more than {FUNCTION_LINES} are two things"


def _is_main_of_module(source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A module's main is its table of options, and as long as that."""
    return source.folder == "modules" and node.name == "main"


def directions(source: Source) -> Iterator[str]:
    """Imports against the direction: wiring -> resources -> decisions, never back."""
    if not source.folder:
        return
    for line, name in source.imports():
        place = f"{source.path}:{line}"
        parts = name.removeprefix(f"{COLLECTION}.").split(".")
        if name.startswith(COLLECTION) and parts[0] not in MAY_IMPORT[source.folder]:
            yield f"{place}: {source.folder} must not import {parts[0]}"
        if name.startswith("ansible_collections.amazon") and "/".join(source.path.parts[1:]) not in USES_AMAZON_AWS:
            yield f"{place}: only {', '.join(sorted(USES_AMAZON_AWS))} import amazon.aws"
        if name.split(".")[0] in {"boto3", "botocore"} and source.path.name.endswith(DECISIONS):
            yield f"{place}: {source.path.name} decides, and makes no call"


def texts() -> dict[str, str]:
    """Every Python and YAML file that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.py", "*.yml"], check=True, capture_output=True, text=True
    ).stdout
    return {name: Path(name).read_text(encoding="utf-8") for name in filter(None, listed.split("\0"))}


def main() -> int:
    """Print what is wrong; 1 when something is."""
    files = texts()
    sources = [Source(Path(name), text, ast.parse(text)) for name, text in files.items() if name.endswith(".py")]
    wrong = [violation for source in sources for check in (sizes, directions) for violation in check(source)]
    wrong += duplicates(files)
    for violation in wrong:
        print(violation, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
