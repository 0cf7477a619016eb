# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""mlflow_audit_info: green on what a deployment makes, red on exactly what was taken away, unknown where it may not look."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

import pytest
from local_callers import policy
from mlflow_account import make_user
from module_run import Modules

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket_grants as grants
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role as role
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _trail_selectors as trail_selectors
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit_controls import CONTROLS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit_reads import ACTIONS

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from local_region import LocalRegion

Json = dict[str, t.Any]
MODULE = "mlflow_audit_info"
ACCOUNT = "123456789012"
NAME, BUCKET, ROLE, LOGS = (
    "mlflow-staging-mlflow",
    "mlflow-staging-artifacts",
    "mlflow-staging-role",
    "logs-of-the-team",
)
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
BUCKET_ARN = f"arn:aws:s3:::{BUCKET}"
SERVER_ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/{NAME}"
ACCOUNT_CONTROLS = {"S3.1", "CloudTrail.1", "CloudTrail.2", "CloudTrail.4", "CloudTrail.5"}
EXCEPTED = {"S3.7", "S3.9", "S3.11", "S3.15", "S3.22", "S3.23", "MLflow.8"}
"""What a deployment with defaults does not do: of S3.20 lifecycle rules relieve."""


@dataclass
class Deployed:
    """What the role makes with its defaults and a KMS key, and audits of it."""

    region: LocalRegion
    modules: Modules
    key: str

    def deploy(self) -> None:
        """As the role does."""
        self.deploy_role()
        self.deploy_bucket()
        self.deploy_server()

    def deploy_role(self) -> None:
        self.modules.run(
            "iam_mlflow_role",
            name=ROLE,
            artifact_store_uri=f"s3://{BUCKET}",
            kms_key_id=self.key,
            model_registration=True,
            propagation_delay=0,
            purge_inline_policies=True,
            purge_managed_policies=True,
        )

    def deploy_bucket(self) -> None:
        self.modules.run(
            "s3_mlflow_bucket",
            name=BUCKET,
            kms_key_id=self.key,
            restrict_to_owner_account=True,
            noncurrent_version_expiration_days=90,
            purge_policy_statements=True,
        )

    def deploy_server(self) -> None:
        self.modules.run(
            "sagemaker_mlflow_server",
            name=NAME,
            artifact_store_uri=f"s3://{BUCKET}",
            role_arn=ROLE_ARN,
            mlflow_version="3.0",
            s3_bucket_owner_verification=True,
            wait_delay=0.05,
        )

    def audit(self, **options: t.Any) -> Json:
        """One audit; it must not write."""
        run = self.modules.run(MODULE, name=options.pop("name", NAME), **options)
        assert run.writes == []
        return run.result

    def statuses(self, **options: t.Any) -> dict[str, str]:
        """Control to status."""
        return {each["id"]: each["status"] for each in self.audit(**options)["controls"]}

    def client(self, service: str) -> t.Any:
        return self.region.client(service)


def set_up(region: LocalRegion) -> Deployed:
    key = region.client("kms").create_key()["KeyMetadata"]["KeyId"]
    region.client("kms").enable_key_rotation(KeyId=key)
    deployed = Deployed(region, Modules(region), key)
    deployed.deploy()
    return deployed


_MADE: dict[str, Deployed] = {}
_UNTOUCHED = "nothing-was-reset-since"


@pytest.fixture
def deployed(_running_region: LocalRegion, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """One environment for all tests that leave it as they found it, made anew only after a test of another kind."""
    monkeypatch.setattr(role, "FIRST_DELAY", 0.01)
    iam = _running_region.client("iam")
    groups = [group["GroupName"] for group in iam.list_groups()["Groups"]]
    if _UNTOUCHED not in groups:
        _running_region.reset()
        _MADE["environment"] = set_up(_running_region)
        iam.create_group(GroupName=_UNTOUCHED)
    return _MADE["environment"]


@pytest.fixture
def own(region: LocalRegion, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """An environment for one test alone."""
    monkeypatch.setattr(role, "FIRST_DELAY", 0.01)
    return set_up(region)


def red(statuses: dict[str, str]) -> set[str]:
    return {control for control, status in statuses.items() if status in ("fail", "unknown")} - ACCOUNT_CONTROLS


# ---- Ways to take one thing away ----


def with_policy(*more: Json, without: str = "") -> Callable[[Deployed], None]:
    """The bucket policy with other statements."""

    def take(deployed: Deployed) -> None:
        s3 = deployed.client("s3")
        document = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
        kept = [statement for statement in document["Statement"] if statement.get("Sid") != without]
        s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({**document, "Statement": [*kept, *more]}))

    return take


def with_bucket(operation: str, **parameters: t.Any) -> Callable[[Deployed], None]:
    """One setting of the bucket."""
    return lambda deployed: getattr(deployed.client("s3"), operation)(Bucket=BUCKET, **parameters)


def with_role_policy(*statements: Json) -> Callable[[Deployed], None]:
    """One more inline policy of the service role."""
    return lambda deployed: deployed.client("iam").put_role_policy(
        RoleName=ROLE, PolicyName="by-hand", PolicyDocument=policy(*statements)
    )


def with_managed_policy(*statements: Json, arn: str = "") -> Callable[[Deployed], None]:
    def attach(deployed: Deployed) -> None:
        iam = deployed.client("iam")
        name = f"by-hand-{len(iam.list_policies(Scope='Local')['Policies'])}"
        made = arn or iam.create_policy(PolicyName=name, PolicyDocument=policy(*statements))["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=made)

    return attach


def with_trust(*statements: Json) -> Callable[[Deployed], None]:
    return lambda deployed: deployed.client("iam").update_assume_role_policy(
        RoleName=ROLE, PolicyDocument=policy(*statements)
    )


def with_kms(operation: str, **parameters: t.Any) -> Callable[[Deployed], None]:
    return lambda deployed: getattr(deployed.client("kms"), operation)(KeyId=deployed.key, **parameters)


def with_user(*statements: Json) -> Callable[[Deployed], None]:
    def make(deployed: Deployed) -> None:
        deployed.client("iam").create_user(UserName="ana")
        deployed.client("iam").put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=policy(*statements))

    return make


def without_user(deployed: Deployed) -> None:
    deployed.client("iam").delete_user_policy(UserName="ana", PolicyName="p")
    deployed.client("iam").delete_user(UserName="ana")


def allow(*actions: str, on: str | list[str] = "*", **more: t.Any) -> Json:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def key_policy(*statements: Json) -> str:
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    return policy(own, *statements)


def unprotected(deployed: Deployed) -> None:
    """What AWS refuses to make public while the public access block is on."""
    deployed.client("s3").delete_public_access_block(Bucket=BUCKET)


def both(*steps: Callable[[Deployed], None]) -> Callable[[Deployed], None]:
    def run(deployed: Deployed) -> None:
        for step in steps:
            step(deployed)

    return run


def access_point(deployed: Deployed) -> None:
    client = s3control(deployed)
    client.create_access_point(AccountId=ACCOUNT, Name="open-door", Bucket=BUCKET, PublicAccessBlockConfiguration=OPEN)


def without_access_point(deployed: Deployed) -> None:
    s3control(deployed).delete_access_point(AccountId=ACCOUNT, Name="open-door")


def s3control(deployed: Deployed) -> t.Any:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _audit_reads

    client = deployed.client("s3control")
    _audit_reads._keep_addresses_whole(client)
    return client


OPEN = {
    **dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "RestrictPublicBuckets"), True),
    "BlockPublicPolicy": False,
}
SAGEMAKER = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
BOUND = {**SAGEMAKER, "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}
ANA = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
ALL_OBJECTS = f"{BUCKET_ARN}/*"
# What is taken away, what brings it back (a deployment, where that does it), and what must be red between.
TAKEN: dict[str, tuple[Callable[[Deployed], None], Callable[[Deployed], None], set[str]]] = {
    "everybody reads": (
        both(unprotected, with_policy(allow("s3:GetObject", on=ALL_OBJECTS, Sid="Open", Principal="*"))),
        Deployed.deploy_bucket,
        {"S3.2", "S3.8"},
    ),
    "everybody writes": (
        both(unprotected, with_policy(allow("s3:PutObject", on=ALL_OBJECTS, Sid="Open", Principal={"AWS": "*"}))),
        Deployed.deploy_bucket,
        {"S3.3", "S3.8"},
    ),
    "no TLS": (with_policy(without="DenyInsecureTransport"), Deployed.deploy_bucket, {"S3.5"}),
    "others change the policy": (
        with_policy(allow("s3:PutBucketPolicy", on=BUCKET_ARN, Sid="Friend", Principal={"AWS": "111122223333"})),
        Deployed.deploy_bucket,
        {"S3.6"},
    ),
    "public access block": (unprotected, Deployed.deploy_bucket, {"S3.8"}),
    "one switch of it": (
        with_bucket(
            "put_public_access_block",
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": False,
            },
        ),
        Deployed.deploy_bucket,
        {"S3.8"},
    ),
    "old versions": (
        with_bucket(
            "put_bucket_lifecycle_configuration",
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": "AbortIncompleteMultipartUploads",
                        "Status": "Enabled",
                        "Filter": {},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    }
                ]
            },
        ),
        Deployed.deploy_bucket,
        {"S3.10"},
    ),
    # Without a lifecycle S3 could have MFA delete: that is excepted.
    "lifecycle": (with_bucket("delete_bucket_lifecycle"), Deployed.deploy_bucket, {"S3.10", "S3.13"}),
    "ACLs count": (
        with_bucket(
            "put_bucket_ownership_controls", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
        ),
        Deployed.deploy_bucket,
        {"S3.12"},
    ),
    "versioning": (
        with_bucket("put_bucket_versioning", VersioningConfiguration={"Status": "Suspended"}),
        Deployed.deploy_bucket,
        {"S3.14"},
    ),
    "KMS": (
        with_bucket(
            "put_bucket_encryption",
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        ),
        Deployed.deploy_bucket,
        {"S3.17"},
    ),
    "an open access point": (access_point, without_access_point, {"S3.19"}),
    "other accounts": (with_policy(without="DenyOtherAccounts"), Deployed.deploy_bucket, {"MLflow.1"}),
    "administration": (
        with_role_policy(allow("*")),
        Deployed.deploy_role,
        {"IAM.1", "IAM.21", "KMS.2", "MLflow.4", "MLflow.5"},
    ),
    "a service wildcard": (with_role_policy(allow("sagemaker:*")), Deployed.deploy_role, {"IAM.21"}),
    "all keys, inline": (with_role_policy(allow("kms:Decrypt")), Deployed.deploy_role, {"KMS.2"}),
    "all keys, managed": (with_managed_policy(allow("kms:Decrypt")), Deployed.deploy_role, {"KMS.1"}),
    "other buckets": (
        with_role_policy(allow("s3:GetObject", on="arn:aws:s3:::*/*")),
        Deployed.deploy_role,
        {"MLflow.4"},
    ),
    "a policy of AWS": (
        with_managed_policy(arn="arn:aws:iam::aws:policy/AmazonS3FullAccess"),
        Deployed.deploy_role,
        {"MLflow.4"},
    ),
    "pass a role": (with_role_policy(allow("iam:PassRole")), Deployed.deploy_role, {"MLflow.5"}),
    "rights of a user": (
        with_user(allow("sagemaker-mlflow:GetRun", on=SERVER_ARN)),
        without_user,
        {"IAM.2"},
    ),
    "artifacts for a user": (with_user(allow("s3:GetObject", on=ALL_OBJECTS)), without_user, {"IAM.2"}),
    "another principal": (with_trust(BOUND, ANA), with_trust(BOUND), {"MLflow.2"}),
    "a confused deputy": (with_trust(SAGEMAKER), Deployed.deploy_role, {"MLflow.3"}),
    "bucket owner": (
        lambda deployed: deployed.client("sagemaker").update_mlflow_tracking_server(
            TrackingServerName=NAME, S3BucketOwnerVerification=False
        ),
        Deployed.deploy_server,
        {"MLflow.6"},
    ),
    "a key to be deleted": (
        with_kms("schedule_key_deletion", PendingWindowInDays=7),
        both(with_kms("cancel_key_deletion"), with_kms("enable_key"), with_kms("enable_key_rotation")),
        {"KMS.3", "KMS.4"},  # a key that waits for its deletion is not rotated
    ),
    "rotation": (with_kms("disable_key_rotation"), with_kms("enable_key_rotation"), {"KMS.4"}),
    "a key for everybody": (
        with_kms("put_key_policy", PolicyName="default", Policy=key_policy(allow("kms:Decrypt", Principal="*"))),
        with_kms("put_key_policy", PolicyName="default", Policy=key_policy()),
        {"KMS.5"},
    ),
}


def test_all_green_on_what_a_deployment_makes(deployed: Deployed) -> None:
    result = deployed.audit()
    statuses = {each["id"]: each["status"] for each in result["controls"]}
    assert [each["id"] for each in result["controls"]] == [control.id for control in CONTROLS]
    assert red(statuses) == set()
    assert {control for control, status in statuses.items() if status == "accepted"} == EXCEPTED
    assert (result["compliant"], result["failing"]) == (True, [])
    assert result["counts"]["fail"] == len(ACCOUNT_CONTROLS)
    assert all(each["reason"] for each in result["controls"] if each["status"] == "accepted")
    assert all(each["remedy"] for each in result["controls"] if each["status"] == "fail")


def test_exceptions(deployed: Deployed) -> None:
    result = deployed.audit(
        accepted_exceptions={"S3.9": "", "S3.1": "The organization does it."},
        required_controls=["S3.7"],
        fail_on="medium",
    )
    by_id = {each["id"]: each for each in result["controls"]}
    assert (by_id["S3.1"]["status"], by_id["S3.1"]["reason"]) == ("accepted", "The organization does it.")
    assert (by_id["S3.7"]["status"], by_id["S3.7"]["counts"]) == ("fail", False), "its severity is low"
    assert result["failing"] == ["S3.9"]
    assert deployed.audit(accepted_exceptions={"S3.9": None}, fail_on="none")["compliant"]


@pytest.mark.parametrize("what", TAKEN)
def test_red_on_exactly_what_was_taken_away(deployed: Deployed, what: str) -> None:
    take, mend, expected = TAKEN[what]
    take(deployed)
    try:
        result = deployed.audit()
        statuses = {each["id"]: each["status"] for each in result["controls"]}
        assert red(statuses) == expected
        assert set(result["failing"]) == expected
        assert not result["compliant"]
    finally:
        mend(deployed)


def test_what_the_tests_before_took_away_is_back(deployed: Deployed) -> None:
    assert red(deployed.statuses()) == set()


def test_each_control_of_the_environment_was_red_once() -> None:
    could_not_be = {"S3.20", *EXCEPTED, "MLflow.7"}  # with tests of their own below
    seen = set().union(*(expected for _take, _mend, expected in TAKEN.values()))
    assert seen == {control.id for control in CONTROLS} - could_not_be - ACCOUNT_CONTROLS


def make_trail(deployed: Deployed, *selectors: Json, logging: bool = True, **more: t.Any) -> None:
    """The trail of the account, with these selectors."""
    arn = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/all"
    s3, client = deployed.client("s3"), deployed.client("cloudtrail")
    s3.create_bucket(Bucket=LOGS)
    s3.put_bucket_policy(Bucket=LOGS, Policy=policy(*grants.trail_statements(LOGS, "", arn)))
    client.create_trail(Name="all", S3BucketName=LOGS, **more)
    if selectors:
        client.put_event_selectors(TrailName="all", AdvancedEventSelectors=list(selectors))
    if logging:
        client.start_logging(Name="all")


def test_what_is_asked_for_beyond_a_deployment(own: Deployed) -> None:
    """Green once it is there, red when it is required and taken away."""
    required = sorted(EXCEPTED - {"S3.7", "S3.11", "S3.15"})
    assert set(own.audit(required_controls=required)["failing"]) == set(required)
    s3 = own.client("s3")
    everything = [
        trail_selectors.api_selector("x", "AWS::SageMaker::MlflowTrackingServer", SERVER_ARN, "all"),
        trail_selectors.artifacts_selector("x", f"{BUCKET_ARN}/", "all"),
        trail_selectors.management_selector(),
    ]
    kms = {"KmsKeyId": own.client("kms").create_key()["KeyMetadata"]["Arn"]}
    make_trail(own, *everything, IsMultiRegionTrail=True, EnableLogFileValidation=True, **kms)
    statements = grants.access_log_statements("aws", "access-logs-x", "", BUCKET, ACCOUNT)
    s3.create_bucket(Bucket="access-logs-x")
    s3.put_bucket_policy(Bucket="access-logs-x", Policy=policy(*statements))
    target = {"TargetBucket": "access-logs-x", "TargetPrefix": ""}
    s3.put_bucket_logging(Bucket=BUCKET, BucketLoggingStatus={"LoggingEnabled": target})
    result = own.audit(required_controls=required, count_account=True)
    assert set(result["failing"]) == {"S3.1", "CloudTrail.5"}
    account = s3control(own)
    account.put_public_access_block(
        AccountId=ACCOUNT, PublicAccessBlockConfiguration=dict.fromkeys([*OPEN, "BlockPublicPolicy"], True)
    )
    assert own.audit(count_account=True)["failing"] == ["CloudTrail.5"]
    for control, recorded in {"S3.22": "read", "S3.23": "write"}.items():
        narrowed = trail_selectors.artifacts_selector("x", f"{BUCKET_ARN}/", recorded)
        own.client("cloudtrail").put_event_selectors(
            TrailName="all", AdvancedEventSelectors=[everything[0], narrowed, everything[2]]
        )
        assert own.audit(required_controls=required)["failing"] == [control]
    own.client("cloudtrail").stop_logging(Name="all")
    off = own.audit(required_controls=required, count_account=True)["failing"]
    assert off == ["S3.22", "S3.23", "CloudTrail.1", "CloudTrail.5", "MLflow.8"]


def test_without_permissions_controls_are_unknown_and_name_the_action(own: Deployed) -> None:
    caller = make_user(own.region, "sagemaker:DescribeMlflowTrackingServer")
    result = own.audit(**caller)
    by_id = {each["id"]: each for each in result["controls"]}
    unknown = {control for control, each in by_id.items() if each["status"] == "unknown"}
    assert unknown == set(by_id) - EXCEPTED - {"S3.20", "MLflow.6", "MLflow.7"}
    assert "s3:GetBucketPolicy" in by_id["S3.5"]["found"]
    assert by_id["MLflow.2"]["found"] == "Not known: the caller may not iam:GetRole."
    assert by_id["S3.1"]["found"] == "Not known: the caller may not s3:GetAccountPublicAccessBlock."
    assert by_id["CloudTrail.1"]["found"] == "Not known: the caller may not cloudtrail:DescribeTrails."
    assert "S3.5" in result["failing"], "what is not known is not proved"


def test_the_documented_permissions_are_enough(own: Deployed) -> None:
    caller = make_user(own.region, "sagemaker:DescribeMlflowTrackingServer", *ACTIONS)
    assert red(own.statuses(**caller)) == set()


def test_role_and_bucket_that_are_gone(own: Deployed) -> None:
    iam, s3 = own.client("iam"), own.client("s3")
    for name in iam.list_role_policies(RoleName=ROLE)["PolicyNames"]:
        iam.delete_role_policy(RoleName=ROLE, PolicyName=name)
    iam.delete_role(RoleName=ROLE)
    s3.delete_bucket(Bucket=BUCKET)
    found = {each["id"]: each["found"] for each in own.audit()["controls"]}
    assert found["MLflow.2"] == "Not known: the service role does not exist."
    assert found["S3.5"] == f"Not known: the bucket {BUCKET} does not exist."


def test_an_app_and_its_key(own: Deployed) -> None:
    client = own.client("sagemaker")
    common = {"ArtifactStoreUri": f"s3://{BUCKET}", "RoleArn": ROLE_ARN}
    client.create_mlflow_app(Name="plain", **common)
    client.create_mlflow_app(Name="own-key", KmsKeyId=own.key, **common)
    plain = own.audit(name="plain", kind="app")
    assert plain["failing"] == ["MLflow.7"]
    assert {each["id"]: each["status"] for each in plain["controls"]}["MLflow.6"] == "not_applicable"
    assert own.audit(name="own-key", kind="app")["compliant"]


def test_without_lifecycle_and_without_exception_mfa_delete_is_missing(own: Deployed) -> None:
    own.client("s3").delete_bucket_lifecycle(Bucket=BUCKET)
    assert own.audit(required_controls=["S3.20"])["failing"] == ["S3.10", "S3.13", "S3.20"]


WRONG: dict[str, Json] = {
    "accepted_exceptions: there is no control S3.99": {"accepted_exceptions": {"S3.99": "x"}},
    "required_controls: there is no control x": {"required_controls": ["x"]},
    "S3.9 cannot be required and be excepted": {"required_controls": ["S3.9"], "accepted_exceptions": {"S3.9": "x"}},
    "expected_bucket_owner: '1' is not an account id": {"expected_bucket_owner": "1"},
    "name: 'a_b' is not allowed": {"name": "a_b"},
}


@pytest.mark.parametrize("message", WRONG)
def test_bad_input_fails_before_the_first_call(modules: Modules, region: LocalRegion, message: str) -> None:
    region.clear_log()
    assert message in modules.fail(MODULE, **{"name": NAME, **WRONG[message]})
    assert region.calls() == []


def test_one_that_is_not_there(modules: Modules) -> None:
    assert f"name: there is no tracking server '{NAME}' in us-east-1" in modules.fail(MODULE, name=NAME)
    assert f"name: there is no MLflow App '{NAME}'" in modules.fail(MODULE, name=NAME, kind="app")
