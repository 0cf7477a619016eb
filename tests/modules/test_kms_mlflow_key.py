# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""kms_mlflow_key against the local AWS: made, changed, adopted, deleted and taken back, left alone, interrupted."""

from __future__ import annotations

import json
import re
import typing as t

import boto3
import pytest
import yaml
from local_callers import trust_of
from mlflow_account import make_user
from module_run import ModuleFailedError

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _once
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role as role
from ansible_collections.mlops.sagemaker_mlflow.plugins.modules import kms_mlflow_key

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

Json = dict[str, t.Any]
MODULE = "kms_mlflow_key"
ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/mlflow-role"
ALIAS = "alias/mlflow-staging"
BASE: Json = {"alias": "mlflow-staging", "users": ["role/mlflow-role"], "buckets": ["artifacts"]}
OPEN_SID = "Enable IAM User Permissions"


@pytest.fixture(autouse=True)
def _quick_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local KMS shows at once what was written."""
    monkeypatch.setattr(role, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(_once, "FIRST_PAUSE", 0.01)


def metadata(region: LocalRegion, key: str = ALIAS) -> Json:
    found: Json = region.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    return found


def statements(region: LocalRegion) -> dict[str, Json]:
    """The statements of the key's policy by Sid."""
    arn = metadata(region)["Arn"]
    document = json.loads(region.client("kms").get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    return {statement["Sid"]: statement for statement in document["Statement"]}


def rotation(region: LocalRegion) -> tuple[bool, int | None]:
    status = region.client("kms").get_key_rotation_status(KeyId=metadata(region)["Arn"])
    return status["KeyRotationEnabled"], status.get("RotationPeriodInDays")


def tags(region: LocalRegion) -> dict[str, str]:
    found = region.client("kms").list_resource_tags(KeyId=metadata(region)["Arn"])["Tags"]
    return {tag["TagKey"]: tag["TagValue"] for tag in found}


def keys(region: LocalRegion) -> list[str]:
    return [key["KeyArn"] for key in region.client("kms").list_keys()["Keys"]]


def make_key(region: LocalRegion, alias: str | None = ALIAS, **more: t.Any) -> str:
    """A key as another tool makes it."""
    kms = region.client("kms")
    arn = str(kms.create_key(**more)["KeyMetadata"]["Arn"])
    if alias:
        kms.create_alias(AliasName=alias, TargetKeyId=arn)
    return arn


class TestCreate:
    def test_key_alias_rotation_and_policy(self, modules: Modules, region: LocalRegion) -> None:
        run = modules.converge(MODULE, **BASE, description="Artifacts", tags={"Team": "vision", "Paid": True})
        assert run.result["action"] == "create"
        assert run.names == ["key", "alias", "enable_key_rotation"]
        assert run.writes == ["kms:CreateKey", "kms:CreateAlias", "kms:EnableKeyRotation"]
        found = metadata(region)
        assert (found["KeyState"], found["Description"], found["MultiRegion"]) == ("Enabled", "Artifacts", False)
        assert run.result["arn"] == found["Arn"]
        assert run.result["key_id"] == found["KeyId"]
        assert run.result["alias_arn"] == f"arn:aws:kms:us-east-1:{ACCOUNT}:{ALIAS}"
        assert rotation(region) == (True, 365)
        assert tags(region) == {"Team": "vision", "Paid": "true"}

    def test_the_policy_lets_the_account_administer_and_the_users_use(
        self, modules: Modules, region: LocalRegion
    ) -> None:
        modules.run(MODULE, **BASE)
        found = statements(region)
        assert sorted(found) == ["AdministerByAccount", "UseForObjectsOfS3"]
        account = found["AdministerByAccount"]
        assert account["Principal"] == {"AWS": [ROOT]}
        assert {"kms:PutKeyPolicy", "kms:DescribeKey", "kms:ScheduleKeyDeletion"} < set(account["Action"])
        assert not [action for action in account["Action"] if re.search(r"\*|crypt|Generate|CreateGrant|Sign", action)]
        use = found["UseForObjectsOfS3"]
        assert use["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
        assert use["Condition"] == {
            "ArnLike": {"aws:PrincipalArn": [ROLE]},
            "StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::artifacts", "arn:aws:s3:::artifacts/*"]},
        }

    def test_the_prediction_of_check_mode(self, modules: Modules, region: LocalRegion) -> None:
        check = modules.run(MODULE, check=True, **BASE).result
        assert keys(region) == []
        assert check["arn"] == f"arn:aws:kms:us-east-1:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000"
        real = modules.run(MODULE, **BASE).result
        known_later = ("arn", "key_id", "creation_date")
        assert {**check, **dict.fromkeys(known_later)} == {**real, **dict.fromkeys(known_later)}

    def test_everything_else(self, modules: Modules, region: LocalRegion) -> None:
        iam = region.client("iam")
        security = iam.create_role(
            RoleName="security", AssumeRolePolicyDocument=json.dumps(trust_of("x.amazonaws.com"))
        )
        run = modules.converge(
            MODULE,
            alias=ALIAS,
            rotation_period_in_days=90,
            multi_region=True,
            enabled=False,
            administrators=["role/security"],
            users=["role/team-*", "user/ann", "210987654321"],
            app_key=True,
            app_creators=["role/deployer"],
            policy_statements=[
                {"Sid": "Logs", "Effect": "Allow", "Action": "kms:Encrypt",
                 "Principal": {"Service": "logs.amazonaws.com"}}
            ],
        )  # fmt: skip
        assert run.names == ["key", "alias", "key_state"]
        found = metadata(region)
        assert (found["KeyState"], found["MultiRegion"]) == ("Disabled", True)
        policy = statements(region)
        assert policy["Administer"]["Principal"] == {"AWS": [security["Role"]["Arn"]]}
        assert policy["UseForObjectsOfS3"]["Principal"] == {"AWS": [ROOT, "arn:aws:iam::210987654321:root"]}
        assert policy["UseForObjectsOfS3"]["Condition"]["ArnLike"] == {
            "aws:PrincipalArn": [
                f"arn:aws:iam::{ACCOUNT}:role/team-*", f"arn:aws:iam::{ACCOUNT}:user/ann", "arn:aws:iam::210987654321:*",
            ]
        }  # fmt: skip
        assert "StringLike" not in policy["UseForObjectsOfS3"]["Condition"]
        assert policy["GrantToMLflowApps"]["Condition"]["StringEquals"] == {
            "kms:ViaService": "sagemaker.us-east-1.amazonaws.com"
        }
        assert policy["GrantToMLflowApps"]["Condition"]["ArnLike"] == {
            "aws:PrincipalArn": [f"arn:aws:iam::{ACCOUNT}:role/deployer"]
        }
        assert policy["Logs"]["Resource"] == "*"


def rights(*actions: str, **more: t.Any) -> Json:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


class TestWhoMayUseIt:
    """With enforcement on, with IAM policies that allow everything: the key's own policy decides."""

    @pytest.fixture
    def users(self, modules: Modules, region: LocalRegion) -> dict[str, dict[str, str]]:
        found = {}
        for name in ("mlflow", "stranger"):
            iam = region.client("iam")
            iam.create_user(UserName=name)
            document = json.dumps({"Version": "2012-10-17", "Statement": [rights("*")]})
            iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=document)
            key = iam.create_access_key(UserName=name)["AccessKey"]
            found[name] = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
        modules.run(MODULE, **{**BASE, "users": ["user/mlflow"], "app_key": True, "app_creators": ["user/mlflow"]})
        for bucket in ("artifacts", "other"):
            modules.run("s3_mlflow_bucket", name=bucket, kms_key_id=ALIAS)
        region.configure(iam_enforcement=True)
        return found

    @staticmethod
    def client(region: LocalRegion, user: dict[str, str], service: str) -> t.Any:
        return boto3.client(
            service,  # type: ignore[call-overload]  # the service is a variable here
            endpoint_url=region.endpoint,
            region_name="us-east-1",
            aws_access_key_id=user["access_key"],
            aws_secret_access_key=user["secret_key"],
        )

    def test_through_s3_in_this_bucket_and_nowhere_else(
        self, users: dict[str, dict[str, str]], region: LocalRegion
    ) -> None:
        s3, arn = self.client(region, users["mlflow"], "s3"), metadata(region)["Arn"]
        s3.put_object(Bucket="artifacts", Key="a/model", Body=b"weights")
        head = s3.head_object(Bucket="artifacts", Key="a/model")
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"], head["BucketKeyEnabled"]) == ("aws:kms", arn, True)
        assert s3.get_object(Bucket="artifacts", Key="a/model")["Body"].read() == b"weights"
        kms = self.client(region, users["mlflow"], "kms")
        stranger = self.client(region, users["stranger"], "s3")
        attempts: tuple[t.Callable[[], object], ...] = (
            lambda: s3.put_object(Bucket="other", Key="a", Body=b""),
            lambda: kms.generate_data_key(KeyId=arn, KeySpec="AES_256"),
            lambda: kms.encrypt(KeyId=arn, Plaintext=b"x"),
            lambda: kms.create_grant(KeyId=arn, GranteePrincipal=ROLE, Operations=["Decrypt"]),
            lambda: stranger.get_object(Bucket="artifacts", Key="a/model"),
            lambda: stranger.put_object(Bucket="artifacts", Key="b", Body=b""),
        )
        for denied in attempts:
            with pytest.raises(Exception, match=r"AccessDenied.*no resource-based policy allows the kms:"):
                denied()

    def test_an_app_gets_it_from_its_creator_only(self, users: dict[str, dict[str, str]], region: LocalRegion) -> None:
        trust = json.dumps(trust_of("sagemaker.amazonaws.com"))
        service = region.client("iam").create_role(RoleName="service", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        app: Json = {"ArtifactStoreUri": "s3://artifacts", "RoleArn": service, "KmsKeyId": metadata(region)["Arn"]}
        stranger = self.client(region, users["stranger"], "sagemaker")
        with pytest.raises(Exception, match="no resource-based policy allows the kms:"):
            stranger.create_mlflow_app(Name="theirs", **app)
        assert self.client(region, users["mlflow"], "sagemaker").create_mlflow_app(Name="ours", **app)["Arn"]


UPDATES: dict[str, tuple[Json, list[str], list[str]]] = {
    "description": ({"description": "New"}, ["description"], ["kms:UpdateKeyDescription"]),
    "rotation off": ({"enable_key_rotation": False}, ["enable_key_rotation"], ["kms:DisableKeyRotation"]),
    "rotation period": ({"rotation_period_in_days": 180}, ["enable_key_rotation"], ["kms:EnableKeyRotation"]),
    "disabled": ({"enabled": False}, ["key_state"], ["kms:DisableKey"]),
    "users": ({"users": ["role/other"]}, ["policy"], ["kms:PutKeyPolicy"]),
    "nobody": ({"users": [], "buckets": []}, ["policy"], ["kms:PutKeyPolicy"]),
    "buckets": ({"buckets": ["artifacts", "more"]}, ["policy"], ["kms:PutKeyPolicy"]),
    "app": ({"app_key": True}, ["policy"], ["kms:PutKeyPolicy"]),
    "statement": (
        {"policy_statements": [{"Sid": "S", **rights("kms:Encrypt"), "Principal": {"AWS": ROOT}}]},
        ["policy"],
        ["kms:PutKeyPolicy"],
    ),
    "tag": ({"tags": {"Team": "speech"}}, ["tags"], ["kms:TagResource"]),
    "tags purged": ({"tags": {}, "purge_tags": True}, ["tags"], ["kms:UntagResource"]),
}


class TestUpdate:
    @pytest.mark.parametrize(("wish", "names", "writes"), UPDATES.values(), ids=UPDATES)
    def test_each_field_alone(self, modules: Modules, wish: Json, names: list[str], writes: list[str]) -> None:
        modules.run(MODULE, **BASE, tags={"Team": "vision"})
        run = modules.converge(MODULE, **{**BASE, **wish})
        assert (run.names, run.writes, run.result["action"]) == (names, writes, "update")

    def test_what_is_not_named_stays(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE, description="Kept", rotation_period_in_days=200, tags={"Team": "vision"})
        again = modules.run(MODULE, **BASE)
        assert (again.changed, again.writes) == (False, [])
        assert (metadata(region)["Description"], rotation(region)) == ("Kept", (True, 200))

    def test_a_disabled_key_is_enabled_before_its_rotation(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE, enabled=False)
        run = modules.converge(MODULE, **BASE)
        assert run.writes == ["kms:EnableKey", "kms:EnableKeyRotation"]
        assert metadata(region)["KeyState"] == "Enabled"

    def test_the_same_policy_in_another_spelling_is_no_change(self, modules: Modules, region: LocalRegion) -> None:
        arn = str(modules.run(MODULE, **BASE).result["arn"])
        kms = region.client("kms")
        policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
        for statement in policy["Statement"]:
            statement["Action"] = [action.upper().replace("KMS:", "kms:") for action in reversed(statement["Action"])]
            statement["Principal"]["AWS"] = ACCOUNT
        policy["Statement"].reverse()
        kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps(policy))
        assert not modules.run(MODULE, **BASE).changed


class TestAdopt:
    def test_a_key_with_the_alias(self, modules: Modules, region: LocalRegion) -> None:
        arn = make_key(region, Tags=[{"TagKey": "Owner", "TagValue": "them"}])
        run = modules.converge(MODULE, **BASE, tags={"Team": "vision"})
        assert (run.result["arn"], run.names) == (arn, ["policy", "enable_key_rotation", "tags"])
        assert tags(region) == {"Owner": "them", "Team": "vision"}
        assert OPEN_SID in statements(region)

    def test_and_its_other_statements_go_when_told(self, modules: Modules, region: LocalRegion) -> None:
        make_key(region)
        modules.converge(MODULE, **BASE, purge_policy_statements=True)
        assert sorted(statements(region)) == ["AdministerByAccount", "UseForObjectsOfS3"]

    @pytest.mark.parametrize("by", ["KeyId", "Arn"])
    def test_a_key_that_is_named_gets_the_alias(self, modules: Modules, region: LocalRegion, by: str) -> None:
        named = metadata(region, make_key(region, alias=None))[by]
        run = modules.converge(MODULE, **BASE, key_id=named)
        assert run.names == ["policy", "enable_key_rotation", "alias"]
        assert metadata(region)[by] == named
        assert not modules.run(MODULE, **BASE).changed

    def test_an_alias_is_never_moved(self, modules: Modules, region: LocalRegion) -> None:
        theirs, other = make_key(region), make_key(region, alias=None)
        message = modules.fail(MODULE, **BASE, key_id=other)
        assert theirs in message
        assert "choose another alias" in message
        assert metadata(region)["Arn"] == theirs

    def test_a_key_for_something_else_is_left_alone(self, modules: Modules, region: LocalRegion) -> None:
        make_key(region, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
        assert "RSA_2048 for SIGN_VERIFY" in modules.fail(MODULE, **BASE)
        assert "left alone" in modules.fail(MODULE, alias=ALIAS, state="absent", delete_key=True)

    def test_one_region_stays_one_region(self, modules: Modules, region: LocalRegion) -> None:
        make_key(region)
        assert "AWS cannot change that" in modules.fail(MODULE, **BASE, multi_region=True)
        assert modules.run(MODULE, **BASE, multi_region=False).result["multi_region"] is False


class TestDelete:
    def test_not_without_the_second_switch(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        for check in (True, False):
            message = modules.fail(MODULE, alias=ALIAS, state="absent", check=check)
            assert "delete_key=true" in message
            assert "can never be read again" in message
        assert metadata(region)["KeyState"] == "Enabled"

    def test_scheduled_once_and_taken_back(self, modules: Modules, region: LocalRegion) -> None:
        arn = modules.run(MODULE, **BASE, tags={"Team": "vision"}).result["arn"]
        gone: Json = {"alias": ALIAS, "state": "absent", "delete_key": True, "deletion_window_in_days": 7}
        run = modules.converge(MODULE, **gone)
        assert (run.result["action"], run.writes) == ("delete", ["kms:ScheduleKeyDeletion"])
        assert run.result["key_state"] == "PendingDeletion"
        assert run.result["deletion_date"]
        days = metadata(region)["DeletionDate"] - metadata(region)["CreationDate"]
        assert days.days == 7
        assert modules.run(MODULE, alias=ALIAS, state="absent").result["action"] == "none"
        back = modules.converge(MODULE, **BASE)
        assert back.writes == ["kms:CancelKeyDeletion", "kms:EnableKey", "kms:EnableKeyRotation"]
        assert (metadata(region)["Arn"], metadata(region)["KeyState"], rotation(region)) == (
            arn,
            "Enabled",
            (True, 365),
        )

    def test_when_there_is_none(self, modules: Modules) -> None:
        for _time in range(2):
            run = modules.converge(MODULE, alias=ALIAS, state="absent", delete_key=True)
            assert (run.changed, run.result["arn"]) == (False, None)

    def test_after_the_window_a_new_one_is_made(self, modules: Modules, region: LocalRegion) -> None:
        first = modules.run(MODULE, **BASE).result["arn"]
        modules.run(MODULE, alias=ALIAS, state="absent", delete_key=True, deletion_window_in_days=7)
        region.admin("POST", "clock", {"advance": 8 * 86_400})
        assert modules.run(MODULE, **BASE).result["arn"] != first


FAULTS: dict[str, tuple[Json, str]] = {
    "throttled": ({"operation": "CreateKey", "code": "ThrottlingException", "times": 2}, ""),
    "answer lost": ({"operation": "CreateKey", "reset": True, "after": True}, ""),
    "request lost": ({"operation": "CreateKey", "reset": True}, ""),
    "alias' answer lost": ({"operation": "CreateAlias", "reset": True, "after": True}, ""),
    "read throttled": ({"operation": "DescribeKey", "code": "ThrottlingException", "times": 2}, ""),
    "no more keys": ({"operation": "CreateKey", "code": "LimitExceededException", "times": 9}, "aws service-quotas"),
    "policy refused": (
        {"operation": "CreateKey", "code": "MalformedPolicyDocumentException", "times": 9},
        "must exist",
    ),
}


class TestFaults:
    @pytest.mark.parametrize(("fault", "words"), FAULTS.values(), ids=FAULTS)
    def test_what_passes_is_outlasted_and_the_rest_is_explained(
        self, modules: Modules, region: LocalRegion, fault: Json, words: str
    ) -> None:
        region.inject({"service": "kms", "times": 1, **fault})
        if words:
            assert words in modules.fail(MODULE, **BASE)
            assert keys(region) == []
            return
        assert modules.run(MODULE, **BASE).changed
        assert len(keys(region)) == 1, "a key that nobody knows was left behind"
        assert not modules.run(MODULE, **BASE).changed

    def test_a_key_whose_alias_was_refused_is_named(self, modules: Modules, region: LocalRegion) -> None:
        region.inject({"service": "kms", "operation": "CreateAlias", "code": "AccessDeniedException", "times": 1})
        with pytest.raises(ModuleFailedError) as failure:
            modules.run(MODULE, **BASE)
        (arn,) = keys(region)
        assert f"key_id={arn}" in failure.value.result["msg"]
        assert failure.value.result["arn"] == arn
        assert modules.converge(MODULE, **BASE, key_id=arn).names == ["enable_key_rotation", "alias"]

    @pytest.mark.parametrize("wish", [{}, {"users": ["role/other"], "tags": {"Team": "vision"}}])
    def test_a_key_that_a_run_could_not_give_its_alias_is_found_by_the_next(
        self, modules: Modules, region: LocalRegion, wish: Json
    ) -> None:
        make_key(region, alias=None)
        make_key(region, alias=None, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
        region.inject({"service": "kms", "operation": "CreateAlias", "code": "AccessDeniedException", "times": 1})
        modules.fail(MODULE, **BASE)
        made = set(keys(region))
        run = modules.converge(MODULE, **{**BASE, "description": "Artifacts", **wish})
        assert run.names[-1] == "alias"
        assert run.result["action"] == "update"
        assert set(keys(region)) == made

    def test_of_another_alias_it_is_left_alone(self, modules: Modules, region: LocalRegion) -> None:
        region.inject({"service": "kms", "operation": "CreateAlias", "code": "AccessDeniedException", "times": 1})
        modules.fail(MODULE, **BASE)
        other = modules.run(MODULE, **{**BASE, "alias": "other"}).result["arn"]
        assert len(keys(region)) == 2
        assert modules.run(MODULE, **BASE).result["arn"] != other

    def test_of_two_that_are_left_the_user_chooses(self, modules: Modules, region: LocalRegion) -> None:
        kms, arns = region.client("kms"), []
        for _time in range(2):
            arns.append(modules.run(MODULE, **BASE).result["arn"])
            kms.delete_alias(AliasName=ALIAS)
            kms.disable_key(KeyId=arns[-1])
        for arn in arns:
            kms.enable_key(KeyId=arn)
        message = modules.fail(MODULE, **BASE, check=True)
        assert all(arn in message for arn in arns)
        assert "key_id" in message
        assert modules.run(MODULE, **BASE, key_id=arns[1]).result["arn"] == arns[1]

    def test_who_may_not_list_keys_makes_one(self, modules: Modules, region: LocalRegion) -> None:
        rights_to_create = ("kms:CreateKey", "kms:CreateAlias", "kms:EnableKeyRotation")
        reads = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus")
        user = make_user(region, *rights_to_create, *reads)
        assert modules.run(MODULE, **{**BASE, **user}).names == ["key", "alias", "enable_key_rotation"]

    def test_deleted_by_somebody_else_meanwhile(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        fault = {
            "service": "kms",
            "operation": "ScheduleKeyDeletion",
            "code": "KMSInvalidStateException",
            "after": True,
        }
        region.inject(fault)
        assert modules.run(MODULE, alias=ALIAS, state="absent", delete_key=True).changed
        assert metadata(region)["KeyState"] == "PendingDeletion"

    def test_disabled_by_somebody_else_meanwhile(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        region.inject({"service": "kms", "operation": "EnableKeyRotation", "code": "DisabledException", "times": 1})
        assert modules.run(MODULE, **BASE, rotation_period_in_days=100).names == ["enable_key_rotation"]
        assert rotation(region) == (True, 100)

    @pytest.mark.parametrize("denied", ["kms:CreateKey", "kms:DescribeKey", "kms:GetKeyPolicy"])
    def test_a_missing_right_is_named(self, modules: Modules, region: LocalRegion, denied: str) -> None:
        modules.run(MODULE, alias="other", users=BASE["users"])
        actions = {
            "kms:CreateKey",
            "kms:CreateAlias",
            "kms:DescribeKey",
            "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus",
        }
        user = make_user(region, *sorted(actions - {denied}))
        alias = "new" if denied == "kms:CreateKey" else "other"
        message = modules.fail(MODULE, **{**BASE, "alias": alias, **user})
        assert "AccessDenied" in message
        assert denied in message


WRONG: dict[str, tuple[Json, str]] = {
    "alias": ({"alias": "my key"}, "alias: 'my key'"),
    "alias of AWS": ({"alias": "alias/aws/s3"}, "keeps alias/aws/"),
    "key": ({"key_id": "mine"}, "key_id: 'mine' is no KMS key"),
    "key alias": ({"key_id": "alias/other"}, "is an alias"),
    "key elsewhere": (
        {"key_id": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"},
        "eu-west-1",
    ),
    "period": ({"rotation_period_in_days": 30}, "90 to 2560"),
    "period of nothing": (
        {"rotation_period_in_days": 90, "enable_key_rotation": False},
        "only with enable_key_rotation",
    ),
    "window": ({"deletion_window_in_days": 3}, "7 to 30"),
    "description": ({"description": "d" * 8193}, "AWS allows 8192"),
    "user": ({"users": ["ann"]}, "users: 'ann' is no principal"),
    "everybody": ({"users": ["*"]}, "users: '*' is no principal"),
    "any account": ({"users": ["arn:aws:iam::*:role/x"]}, "is no principal"),
    "injection": ({"users": ['role/x"],"Effect":"Allow']}, "is no principal"),
    "path tricks": ({"users": ["role//x"]}, "is no principal"),
    "administrators": ({"administrators": ["role/team-*"]}, "AWS takes none there"),
    "bucket": ({"buckets": ["s3://artifacts"]}, "is no name of a bucket"),
    "buckets of nobody": ({"users": [], "buckets": ["artifacts"]}, "names nobody"),
    "creators": ({"app_creators": ["role/x"]}, "only with app_key=true"),
    "no sid": ({"policy_statements": [{**rights("kms:Encrypt"), "Principal": {"AWS": ROOT}}]}, "needs a Sid"),
    "our sid": (
        {"policy_statements": [{"Sid": "Administer", **rights("kms:Encrypt"), "Principal": {"AWS": ROOT}}]},
        "needs a Sid of its own",
    ),
    "no principal": ({"policy_statements": [{"Sid": "S", **rights("kms:Encrypt")}]}, "'Principal' is missing"),
    "public": ({"policy_statements": [{"Sid": "S", **rights("kms:*"), "Principal": "*"}]}, "everybody in the world"),
    "too long": ({"users": [f"role/{number:04d}{'x' * 60}" for number in range(400)]}, "AWS allows 32768"),
    "tag": ({"tags": {"aws:x": "y"}}, "begins with 'aws:'"),
    "wait": ({"wait_timeout": 0}, "wait_timeout: 0"),
}


@pytest.mark.parametrize(("wish", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_before_any_write(modules: Modules, region: LocalRegion, wish: Json, words: str) -> None:
    message = modules.fail(MODULE, **{**BASE, **wish})
    assert words in message
    assert region.writes() == []
    assert words == "AWS allows 32768" or region.calls() == []


def test_a_key_that_is_named_must_exist(modules: Modules, region: LocalRegion) -> None:
    message = modules.fail(MODULE, **BASE, key_id="1234abcd-12ab-34cd-56ef-1234567890ab")
    assert "there is no KMS key '1234abcd" in message
    assert region.writes() == []


def test_one_call_for_what_and_one_round_for_everything_else(modules: Modules) -> None:
    modules.run(MODULE, **BASE)
    again = modules.run(MODULE, **BASE)
    assert again.calls[0] == "kms:DescribeKey"
    assert sorted(again.calls[1:]) == ["kms:GetKeyPolicy", "kms:GetKeyRotationStatus"]


def test_the_documentation_has_every_key_of_the_result(modules: Modules) -> None:
    documented = set(yaml.safe_load(kms_mlflow_key.RETURN))
    result = modules.run(MODULE, **BASE).result
    own = {"changed", "diff", "invocation"}
    assert set(result) - own == documented
