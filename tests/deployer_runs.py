# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What whoever deploys does with an environment in its life, and the recording of the rights that it takes.

python tests/deployer_runs.py     runs the playbooks on a local AWS and writes tests/deployer_rights.json and docs/security.md
"""

from __future__ import annotations

import json
import sys
import tempfile
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import local_region
from deployer_policy import KINDS, page_with, policy_of, rights_of
from playbook_run import Project

if t.TYPE_CHECKING:
    from local_region import LocalRegion

RIGHTS = Path(__file__).with_name("deployer_rights.json")
PAGE = local_region.REPOSITORY / "docs" / "security.md"
NAME = "mlflow-staging-mlflow"
SUFFIX = "zali-staging"
BUCKET = f"mlflow-staging-mlflow-artifacts-{SUFFIX}"
KEY_ALIAS = "alias/mlflow-staging"
WEEK = {
    "timezone": "Europe/Berlin",
    "start": {"days": ["Mon"], "time": "07:00"},
    "stop": {"days": ["Fri"], "time": "19:00"},
}
STATEMENT = {
    "Sid": "Readers",
    "Effect": "Allow",
    "Principal": {"AWS": "123456789012"},
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{BUCKET}/*",
}
OPTIONS: dict[str, t.Any] = {
    "mlflow_server_tags": {"Team": "vision"},
    "mlflow_server_kms_key_id": KEY_ALIAS,
    "mlflow_server_maintenance_window": "Wed:03:30",
    "mlflow_server_additional_role_policies": ["AmazonS3ReadOnlyAccess"],
    "mlflow_server_role_confused_deputy_protection": False,
    "mlflow_server_role_permissions_boundary": "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess",
    "mlflow_server_role_inline_policies": {"team": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::features/*"}
    ]}},
    "mlflow_server_bucket_versioning": False,
    "mlflow_server_bucket_policy_statements": [STATEMENT],
    "mlflow_server_bucket_cors_rules": [{"allowed_methods": ["GET"], "allowed_origins": ["https://example.com"]}],
    "mlflow_server_bucket_logging": {"target_bucket": "logs-of-the-account", "target_prefix": "mlflow/"},
}  # fmt: skip
DAILY, WITH_OPTIONS = "daily", "options"


@dataclass(frozen=True)
class Run:
    """One run of a playbook.

    :param part: C(DAILY), or C(WITH_OPTIONS) when it takes rights that an environment with the defaults does not need.
    """

    playbook: str
    part: str = DAILY
    arguments: tuple[str, ...] = ()
    variables: dict[str, t.Any] = field(default_factory=dict)


CHECK = Run("deploy", arguments=("--check", "--diff"))
DEPLOY, STATUS, STOP, START = Run("deploy"), Run("status"), Run("stop"), Run("start")
DESTROY = Run("destroy", variables={"mlflow_server_protect": False})
RESET = Run("deploy", WITH_OPTIONS, variables={"mlflow_server_purge": True})
LIVES = {
    "tracking_server": [
        CHECK, DEPLOY, STATUS, STOP, START, Run("open_ui"), Run("clients"),
        Run("deploy", WITH_OPTIONS, variables={**OPTIONS, "mlflow_server_power_schedule": WEEK, "mlflow_server_size": "Medium"}),
        Run("deploy", WITH_OPTIONS, variables={**RESET.variables, "mlflow_server_power_schedule": {**WEEK, "timezone": "UTC"}}),
        Run("deploy", WITH_OPTIONS, variables={**RESET.variables, "mlflow_server_power_schedule": {"state": "absent"}}),
        Run("destroy", WITH_OPTIONS, variables={**DESTROY.variables, "mlflow_server_power_schedule": WEEK}),
        DEPLOY, DESTROY,
    ],
    "app": [
        CHECK, DEPLOY, STATUS, Run("open_ui"), Run("clients"),
        Run("deploy", WITH_OPTIONS, variables={**OPTIONS, "mlflow_server_app_account_default": True}),
        RESET, DESTROY,
        Run("deploy", WITH_OPTIONS, variables={"mlflow_server_app_kms_key_id": KEY_ALIAS}), DESTROY,
    ],
}  # fmt: skip


def environment(folder: Path, region: LocalRegion, kind: str) -> Project:
    """The inventory of an environment with the defaults."""
    folder.mkdir(exist_ok=True)
    project = Project(folder, region)
    project.variables |= {
        "mlflow_server_kind": kind,
        "mlflow_server_environment": "staging",
        "mlflow_server_bucket_name_suffix": SUFFIX,
    }
    return project


def prepare(region: LocalRegion) -> None:
    """What an account has before: a key, and a bucket for logs."""
    kms = region.client("kms")
    kms.create_alias(AliasName=KEY_ALIAS, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    region.client("s3").create_bucket(Bucket="logs-of-the-account")


def put_artifact(region: LocalRegion) -> None:
    """Something that a destruction has to delete first, with an old version of it."""
    s3 = region.client("s3")
    if any(bucket["Name"] == BUCKET for bucket in s3.list_buckets()["Buckets"]):
        for body in (b"old", b"new"):
            s3.put_object(Bucket=BUCKET, Key="0/run/artifacts/model.bin", Body=body)


def carry_out(project: Project, run: Run) -> set[str]:
    """One run, which must succeed; the rights that it took."""
    if run.playbook == "destroy":
        put_artifact(project.region)
    project.succeed(run.playbook, *run.arguments, **run.variables)
    return rights_of(project.region.log())


def record(folder: Path, region: LocalRegion) -> dict[str, dict[str, list[str]]]:
    """Kind and part to rights; what the daily part has is not repeated."""
    recorded: dict[str, dict[str, list[str]]] = {}
    for kind in KINDS:
        region.reset()
        prepare(region)
        region.configure(iam_enforcement=True)
        taken: dict[str, set[str]] = {DAILY: set(), WITH_OPTIONS: set()}
        for run in LIVES[kind]:
            print(kind, run.playbook, *run.arguments, run.part, flush=True)
            taken[run.part] |= carry_out(environment(folder / kind, region, kind), run)
        taken[WITH_OPTIONS] -= taken[DAILY]
        recorded[kind] = {part: sorted(rights) for part, rights in taken.items()}
    return recorded


def recorded_rights() -> dict[str, dict[str, list[str]]]:
    """What the last recording found."""
    rights: dict[str, dict[str, list[str]]] = json.loads(RIGHTS.read_text())
    return rights


def documented_policy(kind: str) -> dict[str, t.Any]:
    """The policy of the page: for everything that the variables of the role can ask for."""
    return policy_of(right for rights in recorded_rights()[kind].values() for right in rights)


def main() -> int:
    """Record, and write what is generated from the recording."""
    with tempfile.TemporaryDirectory() as folder:
        region = local_region.start(Path(folder) / "aws", "--mlflow", "off")
        try:
            rights = record(Path(folder), region)
        finally:
            local_region.stop(region)
    RIGHTS.write_text(json.dumps(rights, indent=2) + "\n")
    PAGE.write_text(page_with(PAGE.read_text(), {kind: documented_policy(kind) for kind in KINDS}))
    print(f"Wrote {RIGHTS.relative_to(local_region.REPOSITORY)} and {PAGE.relative_to(local_region.REPOSITORY)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
