# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""playbooks/audit.yml: a table, two files, and an exit code that CI understands."""

from __future__ import annotations

import json
import typing as t

if t.TYPE_CHECKING:
    from playbook_run import Project


def report(project: Project) -> dict[str, t.Any]:
    document: dict[str, t.Any] = json.loads((project.folder / "outputs" / "mlflow-test-audit.json").read_text())
    return document


def test_green_with_a_key_and_red_without_what_was_asked_for(project: Project) -> None:
    kms = project.region.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    project.succeed("deploy", mlflow_server_kms_key_id=key)
    green = project.succeed("audit", mlflow_server_kms_key_id=key)
    assert (green.changed, green.writes) == (0, [])
    assert "Nothing that counts fails." in green.output
    assert report(project)["compliant"]
    asked = {
        "mlflow_server_bucket_logging": {"target_bucket": "logs", "target_prefix": ""},
        "mlflow_server_audit_required_controls": ["S3.7", "S3.11"],
        "mlflow_server_audit_accepted_exceptions": {"CloudTrail.1": "The organization has a trail."},
        "mlflow_server_audit_count_account": True,
        "mlflow_server_audit_fail_on": "medium",
    }
    red = project.run("audit", **asked, mlflow_server_kms_key_id=key)
    assert (red.code, red.writes) == (2, [])
    failing = ["S3.1", "S3.9", "S3.11", "CloudTrail.2"]
    assert report(project)["failing"] == failing, "those of low severity do not count, S3.7 among them"
    assert f"The audit fails because of {', '.join(failing)}." in " ".join(red.output.split())
    assert "To change: mlflow_server_bucket_logging" in red.output
    assert "CloudTrail.1  accepted: The organization has a trail." in red.output
    page = (project.folder / "outputs" / "mlflow-test-audit.md").read_text()
    assert "| S3.9 | medium | FAIL |" in page
