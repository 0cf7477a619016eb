# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that takes fewer requests than a fleet makes: nothing fails, nothing is made twice."""

from __future__ import annotations

import typing as t

from local_region import ACCOUNT

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

FEW = {"rate": 6, "burst": 2}


def test_a_role_is_converged_although_iam_throttles(region: LocalRegion, modules: Modules) -> None:
    wish: dict[str, t.Any] = {"name": "mlflow", "artifact_store_uri": "s3://artifacts/team", "tags": {"Team": "vision"}}
    region.configure(rate_limits={"iam": FEW})
    created = modules.run("iam_mlflow_role", **wish)
    assert created.result["arn"] == f"arn:aws:iam::{ACCOUNT}:role/mlflow"
    throttled = [entry for entry in region.log() if entry["error"] == "Throttling"]
    assert throttled, "the test does not test anything"
    succeeded = [entry["operation"] for entry in region.log() if entry["write"] and entry["status"] == 200]
    assert len(succeeded) == len(set(succeeded)), "a call was carried out twice"
    again = modules.run("iam_mlflow_role", **wish)
    assert (again.changed, again.writes) == (False, [])
