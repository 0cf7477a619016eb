# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""iam_mlflow_role against the local AWS: every aspect created, changed, adopted, left alone and deleted."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
import yaml
from mlflow_account import make_user

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role as role
from ansible_collections.mlops.sagemaker_mlflow.plugins.modules import iam_mlflow_role

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules, Run

Json = dict[str, t.Any]
MODULE = "iam_mlflow_role"
NAME = "mlflow-staging-mlflow-role"
ACCOUNT = "123456789012"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
FULL_ACCESS = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
BASE: Json = {"name": NAME, "artifact_store_uri": "s3://artifacts", "propagation_delay": 0}
TEAM: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}],
}
SAGEMAKER: Json = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
GLUE: Json = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
READS = {"iam:GetRole", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies", "iam:GetRolePolicy"}


@pytest.fixture(autouse=True)
def _quick_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local IAM shows at once what was written."""
    monkeypatch.setattr(role, "FIRST_DELAY", 0.01)


def role_of(region: LocalRegion) -> Json:
    """The role as IAM has it."""
    found: Json = region.client("iam").get_role(RoleName=NAME)["Role"]
    return found


def inline_of(region: LocalRegion) -> dict[str, Json]:
    """Its inline policies."""
    iam = region.client("iam")
    names = iam.list_role_policies(RoleName=NAME)["PolicyNames"]
    return {name: iam.get_role_policy(RoleName=NAME, PolicyName=name)["PolicyDocument"] for name in names}


def attached_of(region: LocalRegion) -> set[str]:
    """The ARNs of its managed policies."""
    attached = region.client("iam").list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]
    return {policy["PolicyArn"] for policy in attached}


def tags_of(region: LocalRegion) -> dict[str, str]:
    """Its tags."""
    return {tag["Key"]: tag["Value"] for tag in role_of(region).get("Tags", [])}


def exists(region: LocalRegion) -> bool:
    """Whether the role is there."""
    names = [found["RoleName"] for found in region.client("iam").list_roles()["Roles"]]
    return NAME in names


def managed_policy(region: LocalRegion, name: str) -> str:
    """A managed policy of the account; its ARN."""
    answer = region.client("iam").create_policy(PolicyName=name, PolicyDocument=json.dumps(TEAM))
    return str(answer["Policy"]["Arn"])


def another_tool_made(region: LocalRegion, *statements: Json, **inline: Json) -> None:
    """A role with this trust and these policies."""
    iam = region.client("iam")
    trust = {"Version": "2012-10-17", "Statement": list(statements or [SAGEMAKER])}
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(trust))
    for policy, document in inline.items():
        iam.put_role_policy(RoleName=NAME, PolicyName=policy, PolicyDocument=json.dumps(document))


class TestCreate:
    def test_the_least_role(self, modules: Modules, region: LocalRegion) -> None:
        run = modules.converge(MODULE, **BASE)
        assert run.result["action"] == "create"
        assert run.names == ["role", "inline_policies.MLflowBasicAccess"]
        assert run.writes == ["iam:CreateRole", "iam:PutRolePolicy"]
        found = role_of(region)
        assert found["Arn"] == run.result["arn"] == f"arn:aws:iam::{ACCOUNT}:role/{NAME}"
        assert found["RoleId"] == run.result["role_id"]
        (statement,) = found["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
        assert inline_of(region) == run.result["inline_policies"]
        assert "sagemaker:" not in json.dumps(inline_of(region))

    def test_the_whole_role(self, modules: Modules, region: LocalRegion) -> None:
        boundary = managed_policy(region, "boundary")
        run = modules.converge(
            MODULE,
            **BASE,
            path="/mlflow/",
            description="Service role of MLflow",
            max_session_duration=7200,
            permissions_boundary=boundary,
            model_registration=True,
            artifact_deletion=True,
            inline_policies={"team": TEAM, "text": json.dumps(TEAM)},
            managed_policies=["AmazonS3ReadOnlyAccess", FULL_ACCESS],
            tags={"Project": "mlflow", "Service": True},
        )
        found = role_of(region)
        assert found["Path"] == "/mlflow/"
        assert found["Description"] == "Service role of MLflow"
        assert found["MaxSessionDuration"] == 7200
        assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
        assert set(inline_of(region)) == {"MLflowBasicAccess", "team", "text"}
        assert "s3:DeleteObject" in json.dumps(inline_of(region)["MLflowBasicAccess"])
        assert attached_of(region) == {READ_ONLY, FULL_ACCESS}
        assert tags_of(region) == {"Project": "mlflow", "Service": "true"}
        assert run.result["arn"] == found["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/mlflow/{NAME}"

    def test_the_prediction_of_check_mode(self, modules: Modules, region: LocalRegion) -> None:
        wish = {**BASE, "tags": {"a": "b"}, "managed_policies": ["AmazonS3ReadOnlyAccess"]}
        check = modules.run(MODULE, check=True, **wish).result
        assert not exists(region)
        real = modules.run(MODULE, **wish).result
        assert (check.pop("role_id"), check.pop("create_date")) == (None, None)
        assert {key: real[key] for key in check} == check

    def test_a_second_run_reads_in_one_round(self, modules: Modules) -> None:
        wish = {**BASE, "inline_policies": {"team": TEAM}}
        modules.run(MODULE, **wish)
        calls = modules.run(MODULE, **wish).calls
        assert set(calls) == READS
        assert len(calls) == 3 + 2

    def test_the_trust_can_be_left_open(self, modules: Modules, region: LocalRegion) -> None:
        modules.converge(MODULE, **BASE, confused_deputy_protection=False)
        assert role_of(region)["AssumeRolePolicyDocument"]["Statement"] == [SAGEMAKER]

    def test_the_trust_can_name_others(self, modules: Modules, region: LocalRegion) -> None:
        arns = [f"arn:aws:sagemaker:*:{ACCOUNT}:*"]
        modules.converge(MODULE, **BASE, source_account="111111111111", source_arn=arns)
        (statement,) = role_of(region)["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Condition"] == {
            "ArnLike": {"aws:SourceArn": arns[0]},
            "StringEquals": {"aws:SourceAccount": "111111111111"},
        }

    @pytest.mark.parametrize(
        ("given", "refused"),
        [
            ({}, None),
            ({"source_arn": [f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-app/*"]}, "tracking server"),
            ({"source_arn": [f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/*"]}, "App"),
        ],
    )
    def test_the_trust_fits_both_kinds_unless_one_is_left_out(
        self, modules: Modules, region: LocalRegion, given: Json, refused: str | None
    ) -> None:
        arn = modules.run(MODULE, **BASE, model_registration=True, **given).result["arn"]
        region.client("s3").create_bucket(Bucket="artifacts")
        client = region.client("sagemaker")
        common = {"ArtifactStoreUri": "s3://artifacts", "RoleArn": arn}
        creations: dict[str, t.Callable[[], object]] = {
            "tracking server": lambda: client.create_mlflow_tracking_server(TrackingServerName="one", **common),
            "App": lambda: client.create_mlflow_app(Name="one", **common),
        }
        for kind, create in creations.items():
            if kind == refused:
                with pytest.raises(client.exceptions.ClientError, match="unable to perform: sts:AssumeRole"):
                    create()
            else:
                create()


KEY_FORMS: dict[str, t.Callable[[Json], str]] = {
    "id": lambda key: key["KeyId"],
    "ARN": lambda key: key["Arn"],
    "alias": lambda _key: "alias/mlflow",
    "alias ARN": lambda _key: f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/mlflow",
}


class TestKey:
    @pytest.fixture
    def key(self, region: LocalRegion) -> Json:
        """A key with the alias alias/mlflow."""
        kms = region.client("kms")
        metadata: Json = kms.create_key()["KeyMetadata"]
        kms.create_alias(AliasName="alias/mlflow", TargetKeyId=metadata["KeyId"])
        return metadata

    @pytest.mark.parametrize("form", KEY_FORMS)
    def test_every_form_is_the_same_key(self, modules: Modules, region: LocalRegion, key: Json, form: str) -> None:
        run = modules.converge(MODULE, **BASE, kms_key_id=KEY_FORMS[form](key))
        assert run.result["kms_key_arn"] == key["Arn"]
        (statement,) = inline_of(region)["MLflowKMSAccess"]["Statement"]
        assert statement["Resource"] == key["Arn"]
        assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
        for other in KEY_FORMS.values():
            assert not modules.run(MODULE, **BASE, kms_key_id=other(key)).changed

    def test_an_alias_is_looked_up_once(self, modules: Modules, key: Json) -> None:
        assert key["Arn"]
        assert modules.run(MODULE, **BASE, kms_key_id="alias/mlflow").calls.count("kms:DescribeKey") == 1

    def test_a_key_that_is_not_spoken_of_stays_in_reach(self, modules: Modules, region: LocalRegion, key: Json) -> None:
        modules.run(MODULE, **BASE, kms_key_id=key["Arn"])
        run = modules.converge(MODULE, **BASE, purge_inline_policies=True)
        assert not run.changed
        assert set(inline_of(region)) == {"MLflowBasicAccess", "MLflowKMSAccess"}

    def test_with_an_empty_key_its_policy_goes(self, modules: Modules, region: LocalRegion, key: Json) -> None:
        modules.run(MODULE, **BASE, kms_key_id=key["Arn"])
        run = modules.converge(MODULE, **BASE, kms_key_id="")
        assert run.names == ["inline_policies.MLflowKMSAccess"]
        assert set(inline_of(region)) == {"MLflowBasicAccess"}
        assert run.result["kms_key_arn"] is None

    def test_an_unknown_alias(self, modules: Modules, region: LocalRegion) -> None:
        message = modules.fail(MODULE, **BASE, kms_key_id="alias/unknown")
        assert "there is no KMS key 'alias/unknown'" in message
        assert not exists(region)

    def test_a_key_that_is_to_be_deleted(self, modules: Modules, region: LocalRegion, key: Json) -> None:
        region.client("kms").schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
        assert "waiting to be deleted" in modules.fail(MODULE, **BASE, kms_key_id="alias/mlflow")


START: Json = {**BASE, "tags": {"Project": "mlflow", "Old": "x"}, "inline_policies": {"team": TEAM}}
OTHER_TEAM: Json = {"Version": "2012-10-17", "Statement": [{**TEAM["Statement"][0], "Action": "s3:PutObject"}]}
UPDATES: dict[str, tuple[Json, list[str]]] = {
    "prefix": ({"artifact_store_uri": "s3://artifacts/team/"}, ["inline_policies.MLflowBasicAccess"]),
    "registration": ({"model_registration": True}, ["inline_policies.MLflowBasicAccess"]),
    "deletion": ({"artifact_deletion": True}, ["inline_policies.MLflowBasicAccess"]),
    "policy": ({"inline_policies": {"team": OTHER_TEAM}}, ["inline_policies.team"]),
    "purged policy": ({"inline_policies": {}, "purge_inline_policies": True}, ["inline_policies.team"]),
    "managed policy": ({"managed_policies": ["AmazonS3ReadOnlyAccess"]}, ["managed_policies.AmazonS3ReadOnlyAccess"]),
    "trust": ({"confused_deputy_protection": False}, ["assume_role_policy_document"]),
    "description": ({"description": "new"}, ["description"]),
    "duration": ({"max_session_duration": 43200}, ["max_session_duration"]),
    "description and duration": (
        {"description": "new", "max_session_duration": 43200},
        ["description and max_session_duration"],
    ),
    "tag": ({"tags": {"Project": "other"}}, ["tags"]),
    "purged tag": ({"tags": {"Project": "mlflow"}, "purge_tags": True}, ["tags"]),
}


class TestUpdate:
    @pytest.mark.parametrize(("changes", "names"), UPDATES.values(), ids=UPDATES)
    def test_one_aspect_is_one_change(self, modules: Modules, changes: Json, names: list[str]) -> None:
        modules.run(MODULE, **START)
        run = modules.converge(MODULE, **{**START, **changes})
        assert run.names == names
        assert len(run.writes) == 1
        assert run.result["action"] == "update"

    def test_the_boundary_comes_and_goes(self, modules: Modules, region: LocalRegion) -> None:
        boundary = managed_policy(region, "boundary")
        modules.run(MODULE, **BASE)
        assert modules.converge(MODULE, **BASE, permissions_boundary=boundary).names == ["permissions_boundary"]
        assert not modules.run(MODULE, **BASE).changed
        run = modules.converge(MODULE, **BASE, permissions_boundary="")
        assert run.names == ["permissions_boundary"]
        assert "PermissionsBoundary" not in role_of(region)

    def test_the_description_is_kept_when_the_duration_changes(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE, description="keep me", max_session_duration=7200)
        modules.converge(MODULE, **BASE, max_session_duration=3600)
        assert role_of(region)["Description"] == "keep me"
        modules.converge(MODULE, **BASE, description="")
        assert role_of(region).get("Description", "") == ""

    def test_managed_policies_are_purged_when_told(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE, managed_policies=["AmazonS3ReadOnlyAccess", FULL_ACCESS])
        assert not modules.run(MODULE, **BASE, managed_policies=[]).changed
        modules.converge(MODULE, **BASE, managed_policies=[READ_ONLY], purge_managed_policies=True)
        assert attached_of(region) == {READ_ONLY}

    def test_the_diff_shows_just_that(self, modules: Modules) -> None:
        modules.run(MODULE, **START)
        diff = modules.run(MODULE, check=True, **{**START, "tags": {"Project": "other"}}).result["diff"]
        differing = [key for key in diff["after"] if diff["before"][key] != diff["after"][key]]
        assert differing == ["tags"]
        assert diff["before"]["tags"]["Project"] == "mlflow"


SERVICE_ALL: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}],
}


class TestAdopt:
    def test_what_terraform_made_is_tightened_in_place(self, modules: Modules, region: LocalRegion) -> None:
        another_tool_made(region, {**SAGEMAKER, "Sid": ""}, MLflowBasicAccess=SERVICE_ALL, MLflowKMSAccess=SERVICE_ALL)
        before = role_of(region)
        run = modules.converge(MODULE, **BASE, kms_key_id="", tags={"ManagedBy": "ansible"})
        assert run.names == [
            "assume_role_policy_document",
            "inline_policies.MLflowBasicAccess",
            "inline_policies.MLflowKMSAccess",
            "tags",
        ]
        assert role_of(region)["RoleId"] == before["RoleId"]
        assert "sagemaker:*" not in json.dumps(inline_of(region))

    def test_what_others_added_survives(self, modules: Modules, region: LocalRegion) -> None:
        another_tool_made(region, GLUE, SAGEMAKER, audit=TEAM)
        iam = region.client("iam")
        iam.attach_role_policy(RoleName=NAME, PolicyArn=READ_ONLY)
        iam.tag_role(RoleName=NAME, Tags=[{"Key": "Owner", "Value": "them"}])
        iam.update_role(RoleName=NAME, Description="theirs", MaxSessionDuration=7200)
        run = modules.converge(MODULE, **BASE, tags={"Project": "mlflow"}, managed_policies=[FULL_ACCESS])
        found = role_of(region)
        assert GLUE in found["AssumeRolePolicyDocument"]["Statement"]
        assert inline_of(region)["audit"] == TEAM
        assert run.result["other_inline_policies"] == ["audit"]
        assert attached_of(region) == {READ_ONLY, FULL_ACCESS}
        assert tags_of(region) == {"Owner": "them", "Project": "mlflow"}
        assert (found["Description"], found["MaxSessionDuration"]) == ("theirs", 7200)

    def test_tags_of_aws_stay_when_all_are_purged(self, modules: Modules, region: LocalRegion) -> None:
        another_tool_made(region)
        foreign = [{"Key": "AmazonDataZoneProject", "Value": "p"}, {"Key": "Owner", "Value": "them"}]
        region.client("iam").tag_role(RoleName=NAME, Tags=foreign)
        modules.converge(MODULE, **BASE, tags={"Project": "mlflow"}, purge_tags=True)
        assert tags_of(region) == {"AmazonDataZoneProject": "p", "Project": "mlflow"}

    def test_a_role_of_somebody_else_is_left_alone(self, modules: Modules, region: LocalRegion) -> None:
        another_tool_made(region, GLUE)
        for wish in (BASE, {"name": NAME, "state": "absent"}):
            for check in (True, False):
                assert "belongs to somebody else" in modules.fail(MODULE, check=check, **wish)
        assert inline_of(region) == {}

    def test_our_role_is_repaired_when_its_trust_was_taken_away(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        trust = {"Version": "2012-10-17", "Statement": [GLUE]}
        region.client("iam").update_assume_role_policy(RoleName=NAME, PolicyDocument=json.dumps(trust))
        assert modules.converge(MODULE, **BASE).names == ["assume_role_policy_document"]

    def test_another_path_is_refused(self, modules: Modules, region: LocalRegion) -> None:
        another_tool_made(region)
        for check in (True, False):
            message = modules.fail(MODULE, check=check, **BASE, path="/mlflow/")
            assert "has the path '/', and AWS cannot move it to '/mlflow/'" in message
        assert inline_of(region) == {}


class TestAbsent:
    wish: t.ClassVar[Json] = {"name": NAME, "state": "absent"}

    def test_everything_goes(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **START, managed_policies=["AmazonS3ReadOnlyAccess"])
        region.client("iam").put_role_policy(RoleName=NAME, PolicyName="theirs", PolicyDocument=json.dumps(TEAM))
        run = modules.converge(MODULE, **self.wish)
        assert run.result["action"] == "delete"
        assert run.names[-1] == "role"
        assert {change["action"] for change in run.result["changes"]} == {"delete"}
        assert all(change["before"] for change in run.result["changes"])
        assert not exists(region)
        assert run.result["arn"] == f"arn:aws:iam::{ACCOUNT}:role/{NAME}"

    def test_what_is_absent_stays_absent(self, modules: Modules) -> None:
        run = modules.converge(MODULE, **self.wish)
        assert not run.changed
        assert run.result["diff"]["before"] == {}

    def test_a_shared_role_is_left_alone(self, modules: Modules, region: LocalRegion) -> None:
        another_tool_made(region, SAGEMAKER, GLUE)
        assert "also trusted to glue.amazonaws.com" in modules.fail(MODULE, **self.wish)
        assert exists(region)

    def test_a_role_of_instances_is_left_alone(self, modules: Modules, region: LocalRegion) -> None:
        another_tool_made(region, team=TEAM)
        iam = region.client("iam")
        iam.create_instance_profile(InstanceProfileName="web")
        iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName=NAME)
        assert "instance profile web" in modules.fail(MODULE, **self.wish)
        assert set(inline_of(region)) == {"team"}

    def test_an_interrupted_deletion_is_resumed(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **START)
        region.inject({"service": "iam", "operation": "DeleteRole", "code": "AccessDenied", "times": 1})
        modules.fail(MODULE, **self.wish)
        assert exists(region)
        assert modules.converge(MODULE, **self.wish).changed


RETRIED = {
    "throttled": {"code": "Throttling"},
    "internal error": {"code": "ServiceFailure"},
}
REFUSED = {
    "AccessDenied": "Allow the action named above",
    "ExpiredToken": "sign in again",
    "InvalidClientTokenId": "check AWS_PROFILE",
}
WRITES = ["CreateRole", "PutRolePolicy", "AttachRolePolicy"]
WHOLE: Json = {**BASE, "managed_policies": ["AmazonS3ReadOnlyAccess"]}


def assert_whole(region: LocalRegion) -> None:
    """The role of WHOLE is there."""
    assert set(inline_of(region)) == {"MLflowBasicAccess"}
    assert attached_of(region) == {READ_ONLY}


class TestFaults:
    @pytest.mark.parametrize("operation", ["GetRole", *WRITES])
    @pytest.mark.parametrize("fault", RETRIED)
    def test_what_passes_by_itself_is_retried(
        self, modules: Modules, region: LocalRegion, operation: str, fault: str
    ) -> None:
        region.inject({"service": "iam", "operation": operation, "times": 1, **RETRIED[fault]})
        modules.run(MODULE, **WHOLE)
        assert_whole(region)

    @pytest.mark.parametrize("operation", ["GetRole", "ListRolePolicies", *WRITES])
    @pytest.mark.parametrize(("code", "next_step"), REFUSED.items())
    def test_what_does_not_pass_is_said(
        self, modules: Modules, region: LocalRegion, operation: str, code: str, next_step: str
    ) -> None:
        region.inject({"service": "iam", "operation": operation, "code": code})
        message = modules.fail(MODULE, **WHOLE)
        assert operation in message
        assert next_step in message

    @pytest.mark.parametrize("operation", WRITES)
    def test_a_lost_answer_is_made_up_for(self, modules: Modules, region: LocalRegion, operation: str) -> None:
        region.inject({"service": "iam", "operation": operation, "status": 503, "after": True, "times": 1})
        run = modules.run(MODULE, **WHOLE)
        assert run.names == ["role", "inline_policies.MLflowBasicAccess", "managed_policies.AmazonS3ReadOnlyAccess"]
        assert_whole(region)
        assert not modules.run(MODULE, **WHOLE).changed

    @pytest.mark.parametrize("operation", ["DetachRolePolicy", "DeleteRolePolicy", "DeleteRole"])
    def test_a_lost_answer_of_a_deletion(self, modules: Modules, region: LocalRegion, operation: str) -> None:
        modules.run(MODULE, **WHOLE)
        region.inject({"service": "iam", "operation": operation, "status": 503, "after": True, "times": 1})
        run = modules.run(MODULE, name=NAME, state="absent")
        assert len(run.names) == 3
        assert not exists(region)

    @pytest.mark.parametrize("operation", WRITES)
    def test_an_interrupted_run_is_resumed(self, modules: Modules, region: LocalRegion, operation: str) -> None:
        region.inject({"service": "iam", "operation": operation, "code": "AccessDenied", "times": 1})
        modules.fail(MODULE, **WHOLE)
        modules.converge(MODULE, **WHOLE)
        assert_whole(region)

    def test_a_role_that_another_run_makes_meanwhile(self, modules: Modules, region: LocalRegion) -> None:
        another_tool_made(region)
        region.inject({"service": "iam", "operation": "GetRole", "code": "NoSuchEntity", "times": 1})
        run = modules.run(MODULE, **WHOLE)
        assert "assume_role_policy_document" in run.names
        assert_whole(region)

    def test_a_role_that_is_deleted_meanwhile(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        region.inject({"service": "iam", "operation": "AttachRolePolicy", "code": "NoSuchEntity", "times": 1})
        modules.run(MODULE, **WHOLE)
        assert_whole(region)

    def test_a_policy_that_does_not_exist(self, modules: Modules) -> None:
        message = modules.fail(MODULE, **BASE, managed_policies=[f"arn:aws:iam::{ACCOUNT}:policy/missing"])
        assert "managed_policies: there is no managed policy" in message

    def test_a_stale_look_is_not_believed(self, modules: Modules, region: LocalRegion) -> None:
        stale = {"service": "iam", "operation": "GetRolePolicy", "code": "NoSuchEntity"}
        region.inject({**stale, "skip": 1, "times": 2})
        run: Run = modules.run(MODULE, **BASE)
        assert run.result["inline_policies"]["MLflowBasicAccess"]
        assert run.calls.count("iam:GetRolePolicy") == 1 + 2 + 2

    def test_iam_that_never_shows_the_policy(self, modules: Modules, region: LocalRegion) -> None:
        region.inject({"service": "iam", "operation": "GetRolePolicy", "code": "NoSuchEntity"})
        message = modules.fail(MODULE, **BASE, wait_timeout=1)
        assert "does not show all of them after 1 s (missing: inline_policies.MLflowBasicAccess)" in message


BAD_INPUT: dict[str, Json] = {
    "artifact_store_uri": {"name": NAME},
    "artifact_store_uri: '' is no place in S3": {"name": NAME, "artifact_store_uri": None},
    "name: 'my role' is not allowed": {**BASE, "name": "my role"},
    "kms_key_id: 'mlflow' is no KMS key": {**BASE, "kms_key_id": "mlflow"},
    "wait_timeout: 0 is not allowed": {**BASE, "wait_timeout": 0},
    "propagation_delay: -1 is not allowed": {**BASE, "propagation_delay": -1},
}


@pytest.mark.parametrize(("message", "options"), BAD_INPUT.items(), ids=BAD_INPUT)
def test_bad_input_fails_before_the_first_call(
    modules: Modules, region: LocalRegion, message: str, options: Json
) -> None:
    region.clear_log()
    assert message in modules.fail(MODULE, **options)
    assert region.calls() == []


class TestPermissions:
    """What the documentation says is needed is enough, with IAM enforced."""

    notes: t.ClassVar[list[str]] = yaml.safe_load(iam_mlflow_role.DOCUMENTATION)["notes"]

    def caller(self, region: LocalRegion, *beginnings: str) -> Json:
        """The credentials, as options, of a user who may do what these notes say and no more."""
        text = " ".join(note for note in self.notes if note.startswith(beginnings))
        actions = sorted(set(re.findall(r"C\(((?:iam|kms):[A-Za-z]+)\)", text)))
        return make_user(region, *actions)

    def test_to_read(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        credentials = self.caller(region, "Needs")
        assert modules.run(MODULE, check=True, **WHOLE, **credentials).names == [
            "managed_policies.AmazonS3ReadOnlyAccess"
        ]
        assert "AttachRolePolicy" in modules.fail(MODULE, **WHOLE, **credentials)

    def test_to_change(self, modules: Modules, region: LocalRegion) -> None:
        boundary = managed_policy(region, "boundary")
        region.client("kms").create_alias(
            AliasName="alias/mlflow", TargetKeyId=region.client("kms").create_key()["KeyMetadata"]["KeyId"]
        )
        wish = {
            **START,
            "permissions_boundary": boundary,
            "managed_policies": [READ_ONLY],
            "kms_key_id": "alias/mlflow",
        }
        credentials = self.caller(region, "Needs", "To change")
        modules.converge(MODULE, **wish, **credentials)
        other = {
            **BASE,
            "permissions_boundary": "",
            "description": "new",
            "confused_deputy_protection": False,
            "managed_policies": [FULL_ACCESS],
            "tags": {"Project": "other"},
            **{f"purge_{aspect}": True for aspect in ("tags", "inline_policies", "managed_policies")},
        }
        modules.converge(MODULE, **other, **credentials)
        modules.converge(MODULE, **wish, **credentials)

    def test_to_delete(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **WHOLE)
        credentials = self.caller(region, "Needs", "To delete")
        modules.converge(MODULE, name=NAME, state="absent", **credentials)
        assert not exists(region)
