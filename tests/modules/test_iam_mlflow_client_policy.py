# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""iam_mlflow_client_policy, inline: given to roles and groups, changed, adopted, left alone and taken away."""

from __future__ import annotations

import json
import typing as t

import pytest
from client_policies import ACCOUNT, APP, BUCKET, SERVER, group_policy, make_targets, role_policy

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role as role

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

Json = dict[str, t.Any]
MODULE = "iam_mlflow_client_policy"
NAME = "mlflow-writer"
BASE: Json = {
    "name": NAME,
    "profiles": ["writer"],
    "resource_arns": [SERVER],
    "artifact_store_uri": f"s3://{BUCKET}/team",
    "roles": ["analysts", "studio"],
    "groups": ["people"],
}
WRITES = ["iam:PutRolePolicy", "iam:PutRolePolicy", "iam:PutGroupPolicy"]


@pytest.fixture(autouse=True)
def _quick_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local IAM shows at once what was written."""
    monkeypatch.setattr(role, "FIRST_DELAY", 0.01)


@pytest.fixture(autouse=True)
def _targets(region: LocalRegion) -> None:
    """Two roles and a group, with policies of their own."""
    make_targets(region, roles=["analysts", "/service-role/studio"], groups=["people"])


class TestCreate:
    def test_everybody_gets_it(self, modules: Modules, region: LocalRegion) -> None:
        run = modules.converge(MODULE, **BASE)
        assert run.result["action"] == "create"
        assert run.names == ["roles.studio", "roles.analysts", "groups.people"]
        assert run.writes == WRITES
        document = run.result["policy_document"]
        assert role_policy(region, "studio", NAME) == role_policy(region, "analysts", NAME) == document
        assert group_policy(region, "people", NAME) == document
