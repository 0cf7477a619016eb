# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of the modules and plugins: they parse, and use only options that exist."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import ansible_collections.amazon
import pytest
import yaml
from local_region import REPOSITORY

PREFIX = "mlops.sagemaker_mlflow."
TOOLS = Path(sys.executable).parent
COLLECTIONS = REPOSITORY / "playbooks" / "collections"
MODULES = sorted(path for path in (REPOSITORY / "plugins" / "modules").glob("*.py"))
FILTERS = sorted(path for path in (REPOSITORY / "plugins" / "filter").glob("*.py"))
LOOKUPS = sorted(path for path in (REPOSITORY / "plugins" / "lookup").glob("*.py"))
INVENTORIES = sorted(path for path in (REPOSITORY / "plugins" / "inventory").glob("*.py"))
# What a task may say beside its module, as far as the examples do.
KEYWORDS = {"name", "register", "no_log", "when", "loop", "vars", "delegate_to", "environment"}
LIMIT = 120


def run(*command: str, **variables: str) -> str:
    """Run a tool of Ansible; what it printed."""
    environment = {"PATH": f"{TOOLS}:/usr/local/bin:/usr/bin:/bin", "HOME": str(Path.home()), "LC_ALL": "C.UTF-8"}
    environment |= {"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), **variables}
    done = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def examples(path: Path) -> list[dict[str, t.Any]]:
    """The tasks of a plugin's C(EXAMPLES)."""
    (tasks,) = yaml.safe_load_all(text_of_examples(path))
    return list(tasks)


def text_of_examples(path: Path) -> str:
    """A plugin's C(EXAMPLES)."""
    for statement in ast.parse(path.read_text()).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "EXAMPLES":
            return str(ast.literal_eval(statement.value))
    raise AssertionError(f"{path.name} has no examples")


@pytest.fixture(scope="module")
def documentation() -> dict[str, t.Any]:
    """Every module as ansible-doc tells of it, fragments included."""
    names = [f"{PREFIX}{path.stem}" for path in MODULES]
    told: dict[str, t.Any] = json.loads(run(str(TOOLS / "ansible-doc"), "--json", *names))
    return {name: entry["doc"]["options"] for name, entry in told.items()}


def unknown(given: object, options: dict[str, t.Any]) -> list[str]:
    """The options of a task that the documentation does not have, at any depth."""
    if isinstance(given, list):
        return [name for item in given for name in unknown(item, options)]
    if not isinstance(given, dict):
        return []
    known = {name: options[option] for option in options for name in (option, *options[option].get("aliases", ()))}
    wrong = [name for name in given if name not in known]
    nested = ((value, known[name].get("suboptions")) for name, value in given.items() if name in known)
    return wrong + [name for value, below in nested if below for name in unknown(value, below)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_examples_use_only_documented_options(path: Path, documentation: dict[str, t.Any]) -> None:
    tasks = examples(path)
    assert any(f"{PREFIX}{path.stem}" in task for task in tasks)
    for task in tasks:
        (module,) = task.keys() - KEYWORDS
        assert task["name"]
        if module.startswith(PREFIX):
            options = documentation[module]
            assert unknown(task[module], options) == [], task["name"]
            needed = {name for name, option in options.items() if option.get("required")}
            assert needed <= task[module].keys(), task["name"]
            chosen = [name for name, value in task[module].items() if unknown_choices(options.get(name, {}), value)]
            assert chosen == [], task["name"]


@pytest.mark.parametrize("path", INVENTORIES, ids=lambda path: path.stem)
def test_examples_of_inventories_use_only_documented_options(path: Path) -> None:
    name = f"{PREFIX}{path.stem}"
    told = json.loads(run(str(TOOLS / "ansible-doc"), "--json", "--type", "inventory", name))
    options = told[name]["doc"]["options"]
    configurations = list(yaml.safe_load_all(text_of_examples(path)))
    assert len(configurations) > 1
    for configuration in configurations:
        assert configuration["plugin"] == name
        assert configuration.keys() <= options.keys()
        assert [each for each, value in configuration.items() if unknown_choices(options[each], value)] == []


def unknown_choices(option: dict[str, t.Any], value: object) -> list[object]:
    """What an option may not be."""
    given = value if isinstance(value, list) else [value]
    return [each for each in given if each not in (option.get("choices") or given)]


@pytest.mark.parametrize("path", LOOKUPS, ids=lambda path: path.stem)
def test_examples_of_lookups_use_only_documented_options(path: Path) -> None:
    name = f"{PREFIX}{path.stem}"
    told = json.loads(run(str(TOOLS / "ansible-doc"), "--json", "--type", "lookup", name))
    calls = re.findall(rf"(?:lookup|query)\('{re.escape(name)}'(.*?)\) }}}}", text_of_examples(path))
    assert calls
    given = {option for call in calls for option in re.findall(r", (\w+)=", call)}
    assert given <= told[name]["doc"]["options"].keys()


def test_examples_are_valid_playbooks(tmp_path: Path) -> None:
    plays = [{"hosts": "localhost", "tasks": examples(path)} for path in (*MODULES, *FILTERS, *LOOKUPS)]
    playbook = tmp_path / "examples.yml"
    playbook.write_text(yaml.safe_dump(plays, sort_keys=False))
    run(str(TOOLS / "ansible-playbook"), "-i", "localhost,", "--syntax-check", str(playbook))


def test_antsibull_finds_nothing_in_the_documentation(tmp_path: Path) -> None:
    # It follows git: below an ignored folder such as .venv it finds no files, so amazon.aws is copied out of there.
    collections = tmp_path / "ansible_collections"
    clone = collections / "mlops" / "sagemaker_mlflow"
    subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(clone)], check=True, timeout=LIMIT)
    (installed,) = ansible_collections.amazon.__path__
    for part in ("plugins/doc_fragments", "meta", "MANIFEST.json"):
        source, target = Path(installed) / "aws" / part, collections / "amazon" / "aws" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    tool = [str(TOOLS / "antsibull-docs"), "lint-collection-docs", "--plugin-docs", str(clone)]
    # Of two copies of amazon.aws it takes the one whose path sorts first, so it gets to see one only.
    assert run(*tool, ANSIBLE_COLLECTIONS_PATH=str(tmp_path), ANSIBLE_COLLECTIONS_SCAN_SYS_PATH="false") == ""
