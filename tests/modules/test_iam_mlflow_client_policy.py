# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""iam_mlflow_client_policy, inline: given to roles and groups, changed, adopted, left alone and taken away."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
import yaml
from client_policies import ACCOUNT, APP, BUCKET, OWN, SERVER, group_policy, make_targets, policies_of, role_policy
from mlflow_account import make_user

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role as role
from ansible_collections.mlops.sagemaker_mlflow.plugins.modules import iam_mlflow_client_policy

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

    def test_check_mode_predicts_the_whole_answer(self, modules: Modules) -> None:
        check = modules.run(MODULE, check=True, **BASE).result
        assert check == modules.run(MODULE, **BASE).result

    def test_a_second_run_reads_once_for_each(self, modules: Modules) -> None:
        modules.run(MODULE, **BASE)
        calls = modules.run(MODULE, **BASE).calls
        assert sorted(calls) == ["iam:GetGroupPolicy", "iam:GetRolePolicy", "iam:GetRolePolicy"]

    def test_roles_by_arn(self, modules: Modules, region: LocalRegion) -> None:
        arn = f"arn:aws:iam::{ACCOUNT}:role/service-role/studio"
        run = modules.converge(MODULE, **{**BASE, "roles": [arn], "groups": None})
        assert run.result["roles"] == ["studio"]
        assert policies_of(region, "studio") == {NAME, "own"}

    def test_an_app_is_warned_of(self, modules: Modules) -> None:
        result = modules.run(MODULE, **{**BASE, "resource_arns": [APP]}).result
        assert any("one action for all of MLflow's API on an App" in str(warning) for warning in result["warnings"])
        for profile, arn in (("writer", SERVER), ("admin", APP)):
            assert (
                "warnings" not in modules.run(MODULE, **{**BASE, "profiles": [profile], "resource_arns": [arn]}).result
            )

    def test_a_role_that_does_not_exist(self, modules: Modules, region: LocalRegion) -> None:
        for check in (True, False):
            message = modules.fail(MODULE, check=check, **{**BASE, "roles": ["analysts", "nobody"]})
            assert "roles: there is no role 'nobody' in this account" in message
        assert "groups: there is no group 'nobody'" in modules.fail(MODULE, **{**BASE, "groups": ["nobody"]})
        assert policies_of(region, "analysts") == {"own"}

    def test_a_role_of_another_account(self, modules: Modules) -> None:
        message = modules.fail(MODULE, **{**BASE, "roles": ["arn:aws:iam::999999999999:role/x"]})
        assert "roles: an ARN of the account 999999999999 (aws) is given, but the calls go to the account" in message


class TestKey:
    @pytest.mark.parametrize("form", ["id", "arn", "alias/mlflow"])
    def test_every_form_is_the_same_key(self, modules: Modules, region: LocalRegion, form: str) -> None:
        kms = region.client("kms")
        key = kms.create_key()["KeyMetadata"]
        kms.create_alias(AliasName="alias/mlflow", TargetKeyId=key["KeyId"])
        given = {"id": key["KeyId"], "arn": key["Arn"]}.get(form, form)
        run = modules.converge(MODULE, **BASE, kms_key_id=given)
        assert run.result["kms_key_arn"] == key["Arn"]
        assert run.result["policy_document"]["Statement"][-1]["Resource"] == key["Arn"]


OTHER_SERVER = f"{SERVER}-2"
UPDATES: dict[str, Json] = {
    "profiles": {"profiles": ["writer", "ui"]},
    "resource_arns": {"resource_arns": [SERVER, OTHER_SERVER]},
    "App": {"resource_arns": [SERVER, APP]},
    "additional_actions": {"additional_actions": ["sagemaker-mlflow:CreateLoggedModel"]},
    "artifact_store_uri": {"artifact_store_uri": f"s3://{BUCKET}/other"},
    "no artifact_store_uri": {"artifact_store_uri": None},
    "kms_key_id": {"kms_key_id": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"},
    "resource_tag_conditions": {"resource_tag_conditions": {"Team": "vision"}},
    "principal_tag_conditions": {"principal_tag_conditions": ["Team"]},
    "source_vpce": {"source_vpce": ["vpce-0123456789abcdef0"]},
    "source_vpc": {"source_vpc": ["vpc-0123456789abcdef0"]},
    "source_ip": {"source_ip": ["203.0.113.0/24"]},
}


class TestUpdate:
    @pytest.mark.parametrize("changes", UPDATES.values(), ids=UPDATES)
    def test_one_aspect_changes_everybody_s_policy(self, modules: Modules, region: LocalRegion, changes: Json) -> None:
        modules.run(MODULE, **BASE)
        run = modules.converge(MODULE, **{**BASE, **changes})
        assert run.result["action"] == "update"
        assert run.names == ["roles.studio", "roles.analysts", "groups.people"]
        assert run.writes == WRITES
        assert group_policy(region, "people", NAME) == run.result["policy_document"]

    def test_a_new_role_changes_nobody_else_s(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **{**BASE, "roles": ["studio"]})
        run = modules.converge(MODULE, **BASE)
        assert run.names == ["roles.analysts"]
        assert run.writes == ["iam:PutRolePolicy"]

    def test_a_role_that_is_no_longer_named_keeps_it(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        assert not modules.converge(MODULE, **{**BASE, "roles": ["studio"]}).changed
        assert NAME in policies_of(region, "analysts")

    def test_the_same_meaning_is_no_change(self, modules: Modules, region: LocalRegion) -> None:
        """Another order, another letter case, a list of one instead of a value."""
        modules.run(MODULE, **BASE)
        document = role_policy(region, "studio", NAME)
        for statement in document["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            statement["Action"] = [action.upper() for action in reversed(actions)]
            statement["Resource"] = [statement["Resource"]]
        document["Statement"].reverse()
        rewritten = json.dumps(document)
        region.client("iam").put_role_policy(RoleName="studio", PolicyName=NAME, PolicyDocument=rewritten)
        assert not modules.converge(MODULE, **BASE).changed
        assert role_policy(region, "studio", NAME) == document

    def test_the_diff_shows_who_has_what(self, modules: Modules) -> None:
        modules.run(MODULE, **{**BASE, "groups": None})
        diff = modules.run(MODULE, check=True, **BASE).result["diff"]
        assert set(diff["before"]) == {"roles"}
        assert diff["after"]["groups"]["people"] == diff["before"]["roles"]["studio"]


WIDE: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sagemaker-mlflow:*", "Resource": "*"}],
}


class TestAdopt:
    def test_a_wide_policy_is_tightened_in_place(self, modules: Modules, region: LocalRegion) -> None:
        iam = region.client("iam")
        iam.put_role_policy(RoleName="studio", PolicyName=NAME, PolicyDocument=json.dumps(WIDE))
        run = modules.converge(MODULE, **{**BASE, "roles": ["studio"], "groups": None})
        (change,) = run.result["changes"]
        assert (change["name"], change["action"]) == ("roles.studio", "update")
        assert "sagemaker-mlflow:*" not in json.dumps(role_policy(region, "studio", NAME))
        assert role_policy(region, "studio", "own") == OWN

    @pytest.mark.parametrize("state", ["present", "absent"])
    def test_a_policy_about_something_else_is_left_alone(
        self, modules: Modules, region: LocalRegion, state: str
    ) -> None:
        message = modules.fail(MODULE, **{**BASE, "name": "own", "state": state})
        assert "the role 'studio' has a policy 'own' that allows nothing in MLflow" in message
        assert role_policy(region, "studio", "own") == OWN


class TestAbsent:
    wish: t.ClassVar[Json] = {"name": NAME, "state": "absent", "roles": ["analysts", "studio"], "groups": ["people"]}

    def test_it_is_taken_from_those_that_are_named(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        run = modules.converge(MODULE, **{**self.wish, "roles": ["studio"]})
        assert run.result["action"] == "delete"
        assert run.names == ["roles.studio", "groups.people"]
        assert policies_of(region, "studio") == {"own"}
        assert policies_of(region, "analysts") == {NAME, "own"}
        assert group_policy(region, "people", "own") == OWN

    def test_what_is_absent_stays_absent(self, modules: Modules) -> None:
        run = modules.converge(MODULE, **{**self.wish, "roles": ["analysts", "nobody"]})
        assert not run.changed
        assert run.result["policy_document"] == {}


class TestFaults:
    @pytest.mark.parametrize("operation", ["GetRolePolicy", "GetRole", "GetGroup", "PutRolePolicy", "PutGroupPolicy"])
    def test_what_passes_by_itself_is_retried(self, modules: Modules, region: LocalRegion, operation: str) -> None:
        region.inject({"service": "iam", "operation": operation, "code": "Throttling", "times": 1})
        assert len(modules.run(MODULE, **BASE).names) == 3
        assert not modules.run(MODULE, **BASE).changed

    @pytest.mark.parametrize("operation", ["GetRolePolicy", "GetRole", "PutRolePolicy", "PutGroupPolicy"])
    def test_what_is_denied_is_said(self, modules: Modules, region: LocalRegion, operation: str) -> None:
        region.inject({"service": "iam", "operation": operation, "code": "AccessDenied"})
        message = modules.fail(MODULE, **BASE)
        assert operation in message
        assert "Allow the action named above" in message

    @pytest.mark.parametrize("operation", ["PutRolePolicy", "PutGroupPolicy"])
    def test_a_lost_answer_is_made_up_for(self, modules: Modules, region: LocalRegion, operation: str) -> None:
        region.inject({"service": "iam", "operation": operation, "status": 503, "after": True, "times": 1})
        assert len(modules.run(MODULE, **BASE).names) == 3
        assert not modules.run(MODULE, **BASE).changed

    @pytest.mark.parametrize("operation", ["DeleteRolePolicy", "DeleteGroupPolicy"])
    def test_a_lost_answer_of_a_removal(self, modules: Modules, region: LocalRegion, operation: str) -> None:
        modules.run(MODULE, **BASE)
        region.inject({"service": "iam", "operation": operation, "status": 503, "after": True, "times": 1})
        assert len(modules.run(MODULE, **TestAbsent.wish).names) == 3
        assert policies_of(region, "studio") == {"own"}

    def test_an_interrupted_run_is_resumed(self, modules: Modules, region: LocalRegion) -> None:
        region.inject({"service": "iam", "operation": "PutGroupPolicy", "code": "AccessDenied", "times": 1})
        modules.fail(MODULE, **BASE)
        assert modules.converge(MODULE, **BASE).names == ["groups.people"]

    def test_a_role_that_is_deleted_meanwhile(self, modules: Modules, region: LocalRegion) -> None:
        region.inject({"service": "iam", "operation": "PutRolePolicy", "code": "NoSuchEntity", "times": 1})
        region.inject({"service": "iam", "operation": "GetRole", "code": "NoSuchEntity", "skip": 2})
        assert "there is no role 'studio'" in modules.fail(MODULE, **BASE)

    def test_a_role_that_is_full(self, modules: Modules, region: LocalRegion) -> None:
        region.inject({"service": "iam", "operation": "PutRolePolicy", "code": "LimitExceeded"})
        assert "changing roles.studio of the policy" in modules.fail(MODULE, **BASE)

    def test_a_stale_look_is_not_believed(self, modules: Modules, region: LocalRegion) -> None:
        stale = {"service": "iam", "operation": "GetGroupPolicy", "code": "NoSuchEntity"}
        region.inject({**stale, "skip": 1, "times": 1})
        assert modules.run(MODULE, **BASE).calls.count("iam:GetGroupPolicy") == 1 + 1 + 2

    def test_without_waiting_nothing_is_read_twice(self, modules: Modules) -> None:
        run = modules.run(MODULE, **BASE, wait=False)
        assert run.calls.count("iam:GetGroupPolicy") == 2


class TestPermissions:
    """What the documentation says is needed is enough, with IAM enforced."""

    def test_they_are_enough(self, modules: Modules, region: LocalRegion) -> None:
        note = yaml.safe_load(iam_mlflow_client_policy.DOCUMENTATION)["notes"][0]
        credentials = make_user(region, *re.findall(r"C\((iam:[A-Za-z]+)\)", note))
        modules.converge(MODULE, **BASE, **credentials)
        modules.converge(MODULE, **TestAbsent.wish, **credentials)
        assert policies_of(region, "studio") == {"own"}
