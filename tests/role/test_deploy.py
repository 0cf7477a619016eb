# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deploy an environment, preview it, change it: what a platform engineer does."""

from __future__ import annotations

import typing as t

import pytest
from local_region import ACCOUNT

if t.TYPE_CHECKING:
    from playbook_run import Project

BUCKET = "mlflow-test-mlflow-artifacts-suite"
SERVER = "mlflow-test-mlflow"
ROLE = "mlflow-test-mlflow-role"
OUTPUT_KEYS = {
    "mlflow_tracking_uri",
    "tracking_server_name",
    "tracking_server_arn",
    "tracking_server_url",
    "mlflow_version",
    "status",
    "artifact_store_uri",
    "artifacts_bucket_name",
    "artifacts_bucket_arn",
    "mlflow_role_name",
    "mlflow_role_arn",
    "region",
    "account_id",
}


def test_an_empty_account(project: Project) -> None:
    preview = project.check("deploy")
    assert preview.summary == [f"+ role {ROLE}", f"+ bucket {BUCKET}", f"+ tracking server {SERVER}"]
    assert "tracking_server_url   = (known after the run)" in preview.output
    assert f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/{SERVER}" in preview.output
    assert not (project.folder / "outputs").exists()

    deployed = project.succeed("deploy")
    assert deployed.summary == preview.summary
    assert deployed.changed == preview.changed
    assert project.outputs.keys() == OUTPUT_KEYS
    assert all(project.outputs.values())
    assert project.outputs["mlflow_tracking_uri"].endswith(f":mlflow-tracking-server/{SERVER}")
    environment = (project.folder / "outputs" / "mlflow-test.env").read_text().splitlines()
    assert f"MLFLOW_TRACKING_URI={project.outputs['mlflow_tracking_uri']}" in environment
    assert len(environment) == len(OUTPUT_KEYS)

    again = project.succeed("deploy")
    assert (again.changed, again.writes) == (0, [])
    assert project.check("deploy").changed == 0


CHANGES: list[tuple[dict[str, t.Any], list[str]]] = [
    (
        {"mlflow_server_tags": {"Team": "vision"}},
        [f"~ role {ROLE} (tags)", f"~ bucket {BUCKET} (tags)", f"~ tracking server {SERVER} (tags)"],
    ),
    ({"mlflow_server_size": "Medium"}, [f"~ tracking server {SERVER} (tracking_server_size)"]),
    (
        {"mlflow_server_maintenance_window": "sun:01:00"},
        [f"~ tracking server {SERVER} (weekly_maintenance_window_start)"],
    ),
    ({"mlflow_server_bucket_noncurrent_version_expiration_days": 30}, [f"~ bucket {BUCKET} (lifecycle_rules)"]),
    (
        {
            "mlflow_server_bucket_policy_statements": [
                {
                    "Sid": "Auditor",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": "s3:GetBucketTagging",
                    "Resource": f"arn:aws:s3:::{BUCKET}",
                }
            ]
        },
        [f"~ bucket {BUCKET} (policy)"],
    ),
    (
        {"mlflow_server_automatic_model_registration": False},
        [
            f"~ role {ROLE} (inline_policies.MLflowBasicAccess)",
            f"~ tracking server {SERVER} (automatic_model_registration)",
        ],
    ),
]


def changed_lines(summary: list[str]) -> list[str]:
    return [line for line in summary if line[0] in "+~-"]


@pytest.mark.parametrize(("variables", "expected"), CHANGES, ids=[next(iter(change[0])) for change in CHANGES])
def test_one_variable_changes_just_that(project: Project, variables: dict[str, t.Any], expected: list[str]) -> None:
    project.succeed("deploy")
    preview = project.check("deploy", **variables)
    assert changed_lines(preview.summary) == expected
    deployed = project.succeed("deploy", **variables)
    assert deployed.summary == preview.summary
    assert deployed.changed == preview.changed == 1, "one task converges everything"
    again = project.succeed("deploy", **variables)
    assert (again.changed, again.writes) == (0, [])


def test_what_a_variable_names_no_more_goes_only_when_told(project: Project) -> None:
    rule = {"id": "old-models", "status": "Enabled", "filter": {"prefix": "old/"}, "expiration": {"days": 365}}
    project.succeed("deploy", mlflow_server_bucket_lifecycle_rules=[rule], mlflow_server_tags={"Team": "vision"})
    kept = project.succeed("deploy")
    assert (kept.changed, kept.writes) == (0, [])
    preview = project.check("deploy", mlflow_server_purge=True)
    purged = project.succeed("deploy", mlflow_server_purge=True)
    assert changed_lines(purged.summary) == changed_lines(preview.summary)
    rules = project.region.client("s3").get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert "old-models" not in [rule["ID"] for rule in rules]
    assert "Team" not in [tag["Key"] for tag in project.region.client("s3").get_bucket_tagging(Bucket=BUCKET)["TagSet"]]
    again = project.succeed("deploy", mlflow_server_purge=True)
    assert (again.changed, again.writes) == (0, [])


def test_a_key_that_is_named_no_more_goes_only_when_told_from_role_and_bucket_alike(project: Project) -> None:
    key = project.region.client("kms").create_key()["KeyMetadata"]["Arn"]
    cors = [{"allowed_methods": ["GET"], "allowed_origins": ["https://example.com"]}]
    project.succeed("deploy", mlflow_server_kms_key_id=key, mlflow_server_bucket_cors_rules=cors)
    kept = project.succeed("deploy")
    assert (kept.changed, kept.writes) == (0, [])
    preview = project.check("deploy", mlflow_server_purge=True)
    assert changed_lines(preview.summary) == [
        f"~ role {ROLE} (inline_policies.MLflowKMSAccess)",
        f"~ bucket {BUCKET} (encryption, cors_rules)",
    ]
    purged = project.succeed("deploy", mlflow_server_purge=True)
    assert purged.summary == preview.summary
    again = project.succeed("deploy", mlflow_server_purge=True)
    assert (again.changed, again.writes) == (0, [])


def test_two_environments_in_one_inventory(project: Project) -> None:
    project.hosts = {
        "mlflow-test": {},
        "mlflow-prod": {"mlflow_server_environment": "prod", "mlflow_server_size": "Large"},
    }
    project.succeed("deploy")
    servers = project.region.client("sagemaker").list_mlflow_tracking_servers()["TrackingServerSummaries"]
    assert {server["TrackingServerName"] for server in servers} == {SERVER, "mlflow-prod-mlflow"}
    again = project.succeed("deploy")
    assert (again.changed, again.writes) == (0, [])


def test_status_compares_and_changes_nothing(project: Project) -> None:
    project.succeed("deploy")
    status = project.succeed("status", mlflow_server_size="Large")
    assert status.writes == []
    assert changed_lines(status.summary) == [f"~ tracking server {SERVER} (tracking_server_size)"]


@pytest.mark.parametrize("state", ["stopped", "started"])
def test_power_state(project: Project, state: str) -> None:
    project.succeed("deploy", mlflow_server_state={"stopped": "started", "started": "stopped"}[state])
    preview = project.check("deploy", mlflow_server_state=state)
    deployed = project.succeed("deploy", mlflow_server_state=state)
    assert deployed.summary == preview.summary
    assert project.outputs["status"] == state.capitalize()
    again = project.succeed("deploy", mlflow_server_state=state)
    assert (again.changed, again.writes) == (0, [])
