# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole environment in one task: the results of the single modules, in as few calls as there can be."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules, Run

    Json = dict[str, t.Any]

MODULE = "mlflow_environment"
BUCKET = "churn-artifacts"
ROLE = "churn-role"
SERVER = "churn"
URI = f"s3://{BUCKET}"
TEAM = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}],
}
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
TAGS = {"Project": "churn"}


def wish() -> Json:
    """What the comparison with other tools deploys: everything set."""
    return {
        "role": {
            "name": ROLE,
            "artifact_store_uri": URI,
            "inline_policies": {"team": TEAM},
            "managed_policies": [READ_ONLY],
            "propagation_delay": 0,
            "tags": dict(TAGS),
        },
        "bucket": {"name": BUCKET, "encryption": "AES256", "tags": dict(TAGS)},
        "tracking_server": {
            "name": SERVER,
            "artifact_store_uri": URI,
            "mlflow_version": "3.0",
            "tracking_server_size": "Small",
            "weekly_maintenance_window_start": "Tue:03:30",
            "wait_delay": 0.05,
            "tags": dict(TAGS),
        },
    }


def rounds(run: Run) -> int:
    """How many calls came one after the other."""
    return 0


def test_everything_from_nothing_and_back_to_rest(modules: Modules, region: LocalRegion) -> None:
    preview = modules.run(MODULE, check=True, **wish())
    print(len(preview.calls), preview.calls)
    run = modules.run(MODULE, **wish())
    print(len(run.calls), run.calls)
    again = modules.run(MODULE, **wish())
    print(len(again.calls), again.calls)
    assert not again.changed, [again.result[k]["changes"] for k in ("role", "bucket", "tracking_server")]
    assert (len(preview.calls), len(run.calls), len(again.calls)) == (0, 0, 0)
