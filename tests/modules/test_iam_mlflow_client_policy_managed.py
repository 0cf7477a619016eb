# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""iam_mlflow_client_policy, managed: a policy of its own with its versions, attached, changed, adopted and deleted."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
import yaml
from client_policies import ACCOUNT, BUCKET, OWN, SERVER, make_targets
from mlflow_account import make_user

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role as role
from ansible_collections.mlops.sagemaker_mlflow.plugins.modules import iam_mlflow_client_policy

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

Json = dict[str, t.Any]
MODULE = "iam_mlflow_client_policy"
NAME = "mlflow-reader"
ARN = f"arn:aws:iam::{ACCOUNT}:policy/{NAME}"
BASE: Json = {
    "name": NAME,
    "policy_type": "managed",
    "profiles": ["reader"],
    "resource_arns": [SERVER],
    "artifact_store_uri": f"s3://{BUCKET}/team",
    "roles": ["analysts"],
    "groups": ["people"],
}
ABSENT: Json = {"name": NAME, "policy_type": "managed", "state": "absent"}


@pytest.fixture(autouse=True)
def _quick_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local IAM shows at once what was written."""
    monkeypatch.setattr(role, "FIRST_DELAY", 0.01)


@pytest.fixture(autouse=True)
def _targets(region: LocalRegion) -> None:
    """Two roles and a group, with policies of their own."""
    make_targets(region, roles=["analysts", "studio"], groups=["people"])


def policy_of(region: LocalRegion, arn: str = ARN) -> Json:
    """The policy as IAM has it."""
    found: Json = region.client("iam").get_policy(PolicyArn=arn)["Policy"]
    return found


def versions_of(region: LocalRegion) -> dict[str, bool]:
    """The versions, and whether each is in force."""
    versions = region.client("iam").list_policy_versions(PolicyArn=ARN)["Versions"]
    return {version["VersionId"]: version["IsDefaultVersion"] for version in versions}


def holders_of(region: LocalRegion) -> set[str]:
    """The names of all who have the policy."""
    found = region.client("iam").list_entities_for_policy(PolicyArn=ARN)
    return {each[f"{kind}Name"] for kind in ("Role", "Group", "User") for each in found[f"Policy{kind}s"]}


def another_tool_made(region: LocalRegion, document: Json) -> None:
    """A policy with this name."""
    region.client("iam").create_policy(PolicyName=NAME, PolicyDocument=json.dumps(document))


class TestCreate:
    def test_it_is_made_and_attached(self, modules: Modules, region: LocalRegion) -> None:
        run = modules.converge(MODULE, **BASE, tags={"Service": "mlflow"})
        assert run.names == ["policy", "roles.analysts", "groups.people"]
        assert run.writes == ["iam:CreatePolicy", "iam:AttachRolePolicy", "iam:AttachGroupPolicy"]
        assert run.result["policy_arn"] == ARN
        assert (run.result["roles"], run.result["groups"]) == (["analysts"], ["people"])
        assert run.result["tags"] == {"Service": "mlflow"}
        assert policy_of(region)["Tags"] == [{"Key": "Service", "Value": "mlflow"}]
        assert holders_of(region) == {"analysts", "people"}

    def test_check_mode_predicts_all_but_the_version(self, modules: Modules) -> None:
        check = modules.run(MODULE, check=True, **BASE).result
        real = modules.run(MODULE, **BASE).result
        assert (check.pop("default_version_id"), real.pop("default_version_id")) == (None, "v1")
        assert check == real

    def test_nobody_needs_to_have_it(self, modules: Modules, region: LocalRegion) -> None:
        modules.converge(MODULE, **{**BASE, "roles": None, "groups": None})
        assert holders_of(region) == set()

    def test_below_a_path(self, modules: Modules, region: LocalRegion) -> None:
        run = modules.converge(MODULE, **BASE, path="/mlflow/")
        assert run.result["policy_arn"] == f"arn:aws:iam::{ACCOUNT}:policy/mlflow/{NAME}"
        assert policy_of(region, run.result["policy_arn"])["Path"] == "/mlflow/"

    def test_a_second_run_reads_in_two_rounds(self, modules: Modules) -> None:
        modules.run(MODULE, **BASE)
        reads = ["GetCallerIdentity", "GetPolicy", "GetPolicyVersion", "ListEntitiesForPolicy", "ListPolicyVersions"]
        assert sorted(call.partition(":")[2] for call in modules.run(MODULE, **BASE).calls) == reads

    def test_a_role_that_does_not_exist(self, modules: Modules, region: LocalRegion) -> None:
        for check in (True, False):
            message = modules.fail(MODULE, check=check, **{**BASE, "roles": ["nobody"]})
            assert "roles: there is no role 'nobody'" in message
        assert region.client("iam").list_policies(Scope="Local")["Policies"] == []


class TestUpdate:
    def test_a_new_document_is_a_new_version(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        run = modules.converge(MODULE, **{**BASE, "profiles": ["writer"]})
        assert run.names == ["policy_document"]
        assert run.result["default_version_id"] == "v2"
        assert versions_of(region) == {"v1": False, "v2": True}

    def test_the_oldest_of_five_versions_goes(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        for profile in ("writer", "registry", "admin", "ui"):
            modules.run(MODULE, **{**BASE, "profiles": [profile]})
        run = modules.converge(MODULE, **BASE)
        assert run.names == ["versions.v1", "policy_document"]
        assert versions_of(region) == {"v2": False, "v3": False, "v4": False, "v5": False, "v6": True}

    def test_the_version_in_force_is_not_the_one_that_goes(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        for profile in ("writer", "registry", "admin", "ui"):
            modules.run(MODULE, **{**BASE, "profiles": [profile]})
        region.client("iam").set_default_policy_version(PolicyArn=ARN, VersionId="v1")
        assert not modules.run(MODULE, **BASE).changed
        assert modules.run(MODULE, **{**BASE, "profiles": ["writer"]}).names == ["versions.v2", "policy_document"]
        assert versions_of(region)["v1"] is False

    def test_attachments_come_and_stay(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        assert modules.converge(MODULE, **{**BASE, "roles": ["studio"]}).names == ["roles.studio"]
        assert holders_of(region) == {"analysts", "studio", "people"}

    def test_other_attachments_are_purged_when_told(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        iam = region.client("iam")
        iam.create_user(UserName="ann")
        iam.attach_user_policy(UserName="ann", PolicyArn=ARN)
        run = modules.converge(MODULE, **{**BASE, "roles": ["studio"], "groups": []}, purge_attachments=True)
        assert run.names == ["roles.studio", "roles.analysts", "groups.people"]
        assert holders_of(region) == {"studio", "ann"}

    def test_tags(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE, tags={"Service": "mlflow", "Old": "x"})
        assert not modules.run(MODULE, **BASE).changed
        run = modules.converge(MODULE, **BASE, tags={"Service": "other"}, purge_tags=True)
        assert run.names == ["tags", "tags"]
        assert run.writes == ["iam:TagPolicy", "iam:UntagPolicy"]
        assert policy_of(region)["Tags"] == [{"Key": "Service", "Value": "other"}]


class TestAdopt:
    def test_a_wide_policy_is_tightened_in_place(self, modules: Modules, region: LocalRegion) -> None:
        wide = {"Effect": "Allow", "Action": ["sagemaker-mlflow:*"], "Resource": "*"}
        another_tool_made(region, {"Version": "2012-10-17", "Statement": [wide]})
        run = modules.converge(MODULE, **BASE)
        assert run.names == ["policy_document", "roles.analysts", "groups.people"]

    @pytest.mark.parametrize("wish", [BASE, ABSENT], ids=["present", "absent"])
    def test_a_policy_about_something_else_is_left_alone(
        self, modules: Modules, region: LocalRegion, wish: Json
    ) -> None:
        another_tool_made(region, OWN)
        assert "allows nothing in MLflow: it belongs to somebody else" in modules.fail(MODULE, **wish)
        assert versions_of(region) == {"v1": True}

    def test_a_policy_at_another_path(self, modules: Modules) -> None:
        modules.run(MODULE, **BASE)
        message = modules.fail(MODULE, **BASE, path="/other/")
        assert f"but not at arn:aws:iam::{ACCOUNT}:policy/other/{NAME}" in message


class TestAbsent:
    def test_everybody_loses_it(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        modules.run(MODULE, **{**BASE, "profiles": ["writer"]})
        iam = region.client("iam")
        iam.create_user(UserName="ann")
        iam.attach_user_policy(UserName="ann", PolicyArn=ARN)
        run = modules.converge(MODULE, **ABSENT)
        assert run.names == ["users.ann", "roles.analysts", "groups.people", "versions.v1", "policy"]
        assert iam.list_policies(Scope="Local")["Policies"] == []
        assert run.result["policy_arn"] == ARN

    def test_what_is_absent_stays_absent(self, modules: Modules) -> None:
        assert not modules.converge(MODULE, **ABSENT).changed

    def test_an_interrupted_deletion_is_resumed(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        region.inject({"service": "iam", "operation": "DeletePolicy", "code": "AccessDenied", "times": 1})
        assert "DeletePolicy" in modules.fail(MODULE, **ABSENT)
        assert modules.converge(MODULE, **ABSENT).names == ["policy"]


class TestFaults:
    @pytest.mark.parametrize("operation", ["CreatePolicy", "AttachRolePolicy", "AttachGroupPolicy"])
    def test_a_lost_answer_is_made_up_for(self, modules: Modules, region: LocalRegion, operation: str) -> None:
        region.inject({"service": "iam", "operation": operation, "status": 503, "after": True, "times": 1})
        assert modules.run(MODULE, **BASE).names == ["policy", "roles.analysts", "groups.people"]
        assert not modules.run(MODULE, **BASE).changed

    def test_a_lost_answer_of_a_new_version(self, modules: Modules, region: LocalRegion) -> None:
        """IAM would make the version twice, and keeps five."""
        modules.run(MODULE, **BASE)
        region.inject({"service": "iam", "operation": "CreatePolicyVersion", "status": 503, "after": True, "times": 1})
        assert modules.run(MODULE, **{**BASE, "profiles": ["writer"]}).names == ["policy_document"]
        assert versions_of(region) == {"v1": False, "v2": True}

    @pytest.mark.parametrize("operation", ["DetachRolePolicy", "DeletePolicyVersion", "DeletePolicy"])
    def test_a_lost_answer_of_a_deletion(self, modules: Modules, region: LocalRegion, operation: str) -> None:
        modules.run(MODULE, **BASE)
        modules.run(MODULE, **{**BASE, "profiles": ["writer"]})
        region.inject({"service": "iam", "operation": operation, "status": 503, "after": True, "times": 1})
        assert modules.run(MODULE, **ABSENT).names[-1] == "policy"
        assert not modules.run(MODULE, **ABSENT).changed

    def test_a_version_that_somebody_else_made_meanwhile(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        region.inject({"service": "iam", "operation": "CreatePolicyVersion", "code": "LimitExceeded", "times": 1})
        assert modules.run(MODULE, **{**BASE, "profiles": ["writer"]}).names == ["policy_document"]

    def test_a_policy_that_somebody_else_makes_meanwhile(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **{**BASE, "profiles": ["writer"]})
        region.inject({"service": "iam", "operation": "GetPolicy", "code": "NoSuchEntity", "times": 1})
        assert modules.run(MODULE, **BASE).names == ["policy_document"]

    @pytest.mark.parametrize("operation", ["GetPolicy", "CreatePolicy", "AttachRolePolicy"])
    def test_what_is_denied_is_said(self, modules: Modules, region: LocalRegion, operation: str) -> None:
        region.inject({"service": "iam", "operation": operation, "code": "AccessDenied"})
        message = modules.fail(MODULE, **BASE)
        assert operation in message
        assert "Allow the action named above" in message

    def test_a_full_role(self, modules: Modules, region: LocalRegion) -> None:
        region.inject({"service": "iam", "operation": "AttachRolePolicy", "code": "LimitExceeded"})
        assert "changing roles.analysts of the policy" in modules.fail(MODULE, **BASE)


def test_what_the_documentation_says_is_needed_is_enough(modules: Modules, region: LocalRegion) -> None:
    note = yaml.safe_load(iam_mlflow_client_policy.DOCUMENTATION)["notes"][1]
    credentials: Json = make_user(region, *re.findall(r"C\((iam:[A-Za-z]+)\)", note))
    modules.run(MODULE, **BASE, tags={"Old": "x"}, **credentials)
    for profile in ("writer", "registry", "admin", "ui", "reader"):
        modules.run(MODULE, **{**BASE, "profiles": [profile]}, **credentials)
    other = {**BASE, "roles": ["studio"], "groups": [], "purge_attachments": True, "tags": {}, "purge_tags": True}
    modules.run(MODULE, **other, **credentials)
    region.client("iam").attach_user_policy(UserName="ana", PolicyArn=ARN)
    region.client("iam").attach_group_policy(GroupName="people", PolicyArn=ARN)
    modules.converge(MODULE, **ABSENT, **credentials)
