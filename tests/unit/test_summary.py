# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The summary at the end of a run."""

from __future__ import annotations

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _summary

CREATED = {"action": "create", "changed": True, "changes": [{"name": "bucket"}, {"name": "tags"}]}
UPDATED = {"action": "update", "changed": True, "changes": [{"name": "tags"}, {"name": "versioning"}]}
UNCHANGED = {"action": "none", "changed": False, "changes": []}


def lines() -> list[_summary.Line]:
    results = {"role": CREATED, "bucket": UPDATED, "tracking server": UNCHANGED}
    made = [_summary.line(kind, f"the-{kind.split()[-1]}", result) for kind, result in results.items()]
    return [line for line in made if line is not None]


def test_counts_and_lines_of_a_real_run() -> None:
    assert _summary.render(lines(), {}, planned=False) == [
        "Done: 1 created, 1 changed, 0 deleted, 1 unchanged.",
        "  + role             the-role",
        "  ~ bucket           the-bucket (tags, versioning)",
        "    tracking server  the-server",
    ]


def test_a_preview_speaks_of_the_future() -> None:
    assert _summary.render(lines(), {}, planned=True)[0] == "Plan: 1 to create, 1 to change, 0 to delete, 1 unchanged."


def test_an_output_that_only_aws_knows_is_named_as_such() -> None:
    text = _summary.render([], {"tracking_server_url": None, "region": "eu-west-1"}, planned=True)
    assert text[-2:] == ["  tracking_server_url = (known after the run)", "  region              = eu-west-1"]


def test_a_skipped_resource_has_no_line() -> None:
    assert _summary.line("bucket", "b", {"skipped": True, "changed": False}) is None


def test_settings_that_change_by_one_call_are_named() -> None:
    change = {
        "name": "settings",
        "before": {"tracking_server_size": "Small"},
        "after": {"tracking_server_size": "Large"},
    }
    line = _summary.line("tracking server", "s", {"action": "update", "changes": [change]})
    assert line is not None
    assert line.changes == ("tracking_server_size",)


def test_what_is_deleted_and_created_again_is_told_once() -> None:
    changes = [{"name": "server", "action": "delete"}, {"name": "server", "action": "create"}, {"name": "tags"}]
    line = _summary.line("tracking server", "s", {"action": "update", "changes": changes})
    assert line is not None
    assert line.changes == ("server anew", "tags")
