# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every variable of the role has its effect: each is set to another value than its default, and AWS is asked.

Five environments share one run, because some values exclude others: C(every) has its own bucket, C(guest) uses a bucket of
another account, C(again) begins with a server whose creation failed, C(slow) is given too little time, C(app) is an App.
"""

from __future__ import annotations

import json
import stat
import typing as t
from dataclasses import dataclass

import yaml
from botocore.exceptions import ClientError
from local_region import ACCOUNT, REPOSITORY
from mlflow_account import make_app, make_servers, make_user, make_vpc

if t.TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from local_region import LocalRegion
    from playbook_run import PlaybookRun, Project

Json = dict[str, t.Any]

PREFIX = "mlflow_server_"
REGION = "eu-west-1"
NAME = "every-server"
ROLE = "every-role"
BUCKET = "shop-prod-mlflow-artifacts-x1"
GUEST_BUCKET = "data-of-others"
OTHER_ACCOUNT = "999988887777"
CREATION = 5.0
DELAY, DEFAULT_DELAY = 3, 10
READ_BUCKETS: Json = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
}
RECORDER = """#!/bin/sh
printf '%s\\n' "$@" > "{file}"
"""


@dataclass
class World:
    """What the runs left behind."""

    region: LocalRegion
    folder: Path
    deployed: PlaybookRun
    log: list[Json]
    key: str
    app_key: str
    user: str

    def client(self, service: str, region: str = REGION) -> t.Any:
        """A client of the region of the environment C(every)."""
        return self.region.client(service, region_name=region)

    def server(self, name: str = NAME, region: str = REGION) -> Json:
        """What Describe says."""
        answer: Json = self.client("sagemaker", region).describe_mlflow_tracking_server(TrackingServerName=name)
        return answer

    def app(self, name: str = "mlflow-app-mlflow") -> Json:
        """What Describe says of the App of a name."""
        client = self.client("sagemaker", "us-east-1")
        (arn,) = [app["Arn"] for app in client.list_mlflow_apps()["Summaries"] if app["Name"] == name]
        answer: Json = client.describe_mlflow_app(Arn=arn)
        return answer

    @property
    def role(self) -> Json:
        """The service role of C(every)."""
        role: Json = self.client("iam").get_role(RoleName=ROLE)["Role"]
        return role

    def bucket(self, what: str, **more: t.Any) -> Json:
        """One setting of the bucket of C(every)."""
        answer: Json = getattr(self.client("s3"), f"get_bucket_{what}")(Bucket=BUCKET, **more)
        return answer

    def rule(self, rule_id: str) -> Json:
        """One lifecycle rule of the bucket of C(every)."""
        rules = self.bucket("lifecycle_configuration")["Rules"]
        return next(rule for rule in rules if rule["ID"] == rule_id)

    def statements(self, bucket: str = BUCKET, region: str = REGION) -> dict[str, Json]:
        """The statements of a bucket's policy by Sid."""
        text = self.client("s3", region).get_bucket_policy(Bucket=bucket)["Policy"]
        return {statement["Sid"]: statement for statement in json.loads(text)["Statement"]}

    def output(self, host: str, folder: str = "outputs") -> Json:
        """What the run wrote for a host."""
        document: Json = json.loads((self.folder / folder / f"{host}.json").read_text())
        return document

    def recorded(self, program: str) -> list[str]:
        """The arguments with which a program of ours was started."""
        return (self.folder / f"{program}.arguments").read_text().split()

    def looks_at_creation(self) -> int:
        """How often the run looked at the server of C(every) while it was created."""
        names = [entry["operation"] for entry in self.log if entry["access_key"] == self.user]
        begin, end = names.index("CreateMlflowTrackingServer"), names.index("StopMlflowTrackingServer")
        return names[begin:end].count("DescribeMlflowTrackingServer")

    def pause_after_role(self) -> float:
        """Seconds between the last call about the role and the creation of the server that runs as it."""
        mine = [entry for entry in self.log if entry["access_key"] == self.user]
        last = max(entry["t"] for entry in mine if entry["service"] == "iam")
        (created,) = (entry["t"] for entry in mine if entry["operation"] == "CreateMlflowTrackingServer")
        return float(created - last)


def variables(values: Json) -> Json:
    """The values as variables of the role."""
    return {f"{PREFIX}{name}": value for name, value in values.items()}


def every(project: Project, key: str, user: dict[str, str]) -> Json:
    """The environment with its own bucket."""
    return {
        "project_name": "shop",
        "environment": "prod",
        "name": NAME,
        "tags": {"Team": "vision"},
        "state": "stopped",
        "region": REGION,
        "environment_variables": {
            "AWS_ACCESS_KEY_ID": user["access_key"],
            "AWS_SECRET_ACCESS_KEY": user["secret_key"],
        },
        "version": "2.16",
        "size": "Large",
        "automatic_model_registration": False,
        "maintenance_window": "sun:01:00",
        "verify_bucket_owner": False,
        **every_of_the_bucket(key),
        "role_name": ROLE,
        "role_path": "/mlflow/",
        "role_permissions_boundary": f"arn:aws:iam::{ACCOUNT}:policy/boundary",
        "role_confused_deputy_protection": False,
        "role_inline_policies": {"read-buckets": READ_BUCKETS},
        "role_propagation_delay": DELAY,
        "role_bulk_read": True,
        "additional_role_policies": [f"arn:aws:iam::{ACCOUNT}:policy/extra"],
        "wait_delay": 1,
        "outputs_dir": str(project.folder / "elsewhere"),
    }


def every_of_the_bucket(key: str) -> Json:
    """The bucket's part of it."""
    return {
        "bucket_name_suffix": "x1",
        "artifact_store_uri": f"s3://{BUCKET}/team",
        "kms_key_id": key,
        "bucket_versioning": False,
        "bucket_noncurrent_version_expiration_days": 30,
        "bucket_abort_incomplete_multipart_upload_days": 3,
        "bucket_lifecycle_rules": [{"id": "old", "filter": {"prefix": "old/"}, "expiration": {"days": 365}}],
        "bucket_trusted_account_ids": ["210987654321"],
        "bucket_policy_statements": [
            {
                "Sid": "Auditor",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "s3:GetBucketTagging",
                "Resource": f"arn:aws:s3:::{BUCKET}",
            }
        ],
        "bucket_logging": {"target_bucket": "logs-of-shop", "target_prefix": "artifacts/"},
        "bucket_logging_manage_target": True,
        "bucket_cors_rules": [{"allowed_methods": ["GET"], "allowed_origins": ["https://ui.example.com"]}],
    }


GUEST: Json = {
    "environment": "guest",
    "create_bucket": False,
    "bucket_name_suffix": "",
    "artifact_store_uri": f"s3://{GUEST_BUCKET}/team",
    "artifact_bucket_owner": OTHER_ACCOUNT,
    "wait": False,
}
AGAIN: Json = {
    "environment": "again",
    "recreate_failed": True,
    "power_schedule": {"stop": {"time": "19:00"}},
    "kms_key": {"create": True, "alias": "again"},
    "bucket_restrict_to_account": False,
    "purge": True,
    "protect": False,
    "keep_bucket": True,
    "verify_keep": True,
    "open_browser": True,
}
SLOW: Json = {"environment": "slow", "wait_timeout": 2}


def an_app(key: str) -> Json:
    """The environment that is an App, and takes the defaults from the one of Studio."""
    return {
        "environment": "app",
        "kind": "app",
        "app_kms_key_id": key,
        "app_account_default": True,
        "app_default_domain_ids": ["d-abcdefghijkl"],
        "app_move_defaults": True,
    }


AGAIN_SERVER, AGAIN_BUCKET = "mlflow-again-mlflow", "mlflow-again-mlflow-artifacts-suite"


def others_bucket_tags(world: World) -> list[str]:
    tags = world.client("s3", "us-east-1").get_bucket_tagging(Bucket=AGAIN_BUCKET)["TagSet"]
    return [tag["Key"] for tag in tags]


def tags_of_server(world: World) -> Json:
    arn = world.server()["TrackingServerArn"]
    return {tag["Key"]: tag["Value"] for tag in world.client("sagemaker").list_tags(ResourceArn=arn)["Tags"]}


def encryption(world: World) -> Json:
    rule: Json = world.bucket("encryption")["ServerSideEncryptionConfiguration"]["Rules"][0]
    return t.cast("Json", rule["ApplyServerSideEncryptionByDefault"])


def default_key(world: World, bucket: str) -> str:
    encrypted = world.client("s3", "us-east-1").get_bucket_encryption(Bucket=bucket)
    (rule,) = encrypted["ServerSideEncryptionConfiguration"]["Rules"]
    return str(rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"])


def attached(world: World) -> list[str]:
    policies = world.client("iam").list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    return [policy["PolicyName"] for policy in policies]


def inline(world: World, name: str) -> Json:
    document: Json = world.client("iam").get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"]
    return document


def servers(world: World) -> list[str]:
    found = world.client("sagemaker", "us-east-1").list_mlflow_tracking_servers()["TrackingServerSummaries"]
    return [server["TrackingServerName"] for server in found]


AFTER_DEPLOY: dict[str, Callable[[World], bool]] = {
    "project_name": lambda world: tags_of_server(world)["Project"] == "shop",
    "environment": lambda world: tags_of_server(world)["Environment"] == "prod",
    "name": lambda world: world.server()["TrackingServerName"] == NAME,
    "tags": lambda world: tags_of_server(world)["Team"] == "vision",
    "purge": lambda world: "Old" not in others_bucket_tags(world),
    "state": lambda world: world.server()["TrackingServerStatus"] == "Stopped",
    "region": lambda world: f":{REGION}:" in world.server()["TrackingServerArn"],
    "environment_variables": lambda world: any(entry["access_key"] == world.user for entry in world.log),
    "version": lambda world: world.server()["MlflowVersion"] == "2.16.2",
    "size": lambda world: world.server()["TrackingServerSize"] == "Large",
    "automatic_model_registration": lambda world: (
        world.server()["AutomaticModelRegistration"] is False
        and "sagemaker:" not in json.dumps(inline(world, "MLflowBasicAccess"))
    ),
    "maintenance_window": lambda world: world.server()["WeeklyMaintenanceWindowStart"] == "Sun:01:00",
    "artifact_bucket_owner": lambda world: (
        world.server("mlflow-guest-mlflow", "us-east-1")["S3BucketOwnerAccountId"] == OTHER_ACCOUNT
    ),
    "kind": lambda world: world.output("app")["mlflow_tracking_uri"] == world.app()["Arn"],
    "app_kms_key_id": lambda world: world.app()["KmsKeyId"] == world.app_key,
    "app_account_default": lambda world: world.app()["AccountDefaultStatus"] == "ENABLED",
    "app_default_domain_ids": lambda world: world.app()["DefaultDomainIdList"] == ["d-abcdefghijkl"],
    "app_move_defaults": lambda world: world.app("studio")["AccountDefaultStatus"] == "DISABLED",
    "verify_bucket_owner": lambda world: world.server()["S3BucketOwnerVerification"] is False,
    "recreate_failed": lambda world: world.server(AGAIN_SERVER, "us-east-1")["TrackingServerStatus"] == "Created",
    "power_schedule": lambda world: (
        world.client("scheduler", "us-east-1").get_schedule(Name=f"{AGAIN_SERVER}-stop")["ScheduleExpression"]
        == "cron(0 19 * * ? *)"
    ),
    "create_bucket": lambda world: world.output("guest")["artifacts_bucket_name"] == GUEST_BUCKET,
    "bucket_name_suffix": lambda world: bool(world.client("s3").head_bucket(Bucket=BUCKET)),
    "artifact_store_uri": lambda world: world.server()["ArtifactStoreUri"] == f"s3://{BUCKET}/team",
    "kms_key_id": lambda world: encryption(world)["KMSMasterKeyID"] == world.key,
    "kms_key": lambda world: (
        default_key(world, AGAIN_BUCKET)
        == world.client("kms", "us-east-1").describe_key(KeyId="alias/again")["KeyMetadata"]["Arn"]
    ),
    "bucket_versioning": lambda world: world.bucket("versioning")["Status"] == "Suspended",
    "bucket_noncurrent_version_expiration_days": lambda world: (
        world.rule("ExpireNoncurrentVersions")["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30
    ),
    "bucket_abort_incomplete_multipart_upload_days": lambda world: (
        world.rule("AbortIncompleteMultipartUploads")["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 3
    ),
    "bucket_lifecycle_rules": lambda world: world.rule("old")["Expiration"]["Days"] == 365,
    "bucket_restrict_to_account": lambda world: (
        set(world.statements(AGAIN_BUCKET, "us-east-1")) == {"DenyInsecureTransport"}
    ),
    "bucket_trusted_account_ids": lambda world: "210987654321" in json.dumps(world.statements()["DenyOtherAccounts"]),
    "bucket_policy_statements": lambda world: world.statements()["Auditor"]["Action"] == "s3:GetBucketTagging",
    "bucket_logging": lambda world: world.bucket("logging")["LoggingEnabled"]["TargetPrefix"] == "artifacts/",
    "bucket_logging_manage_target": lambda world: any(
        sid.startswith("AccessLogs") for sid in world.statements("logs-of-shop")
    ),
    "bucket_cors_rules": lambda world: (
        world.bucket("cors")["CORSRules"][0]["AllowedOrigins"] == ["https://ui.example.com"]
    ),
    "role_name": lambda world: world.server()["RoleArn"].endswith(f"/{ROLE}"),
    "role_path": lambda world: world.role["Path"] == "/mlflow/",
    "role_permissions_boundary": lambda world: world.role["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith(
        "policy/boundary"
    ),
    "role_confused_deputy_protection": lambda world: (
        "Condition" not in world.role["AssumeRolePolicyDocument"]["Statement"][0]
    ),
    "role_inline_policies": lambda world: inline(world, "read-buckets") == READ_BUCKETS,
    "role_propagation_delay": lambda world: DELAY <= world.pause_after_role() < DEFAULT_DELAY,
    "role_bulk_read": lambda world: "GetAccountAuthorizationDetails" in {entry["operation"] for entry in world.log},
    "additional_role_policies": lambda world: attached(world) == ["extra"],
    "vpc_endpoints": lambda world: (
        len(world.client("ec2", "us-east-1").describe_vpc_endpoints()["VpcEndpoints"]) == len(("api", "server", "s3"))
    ),
    "wait": lambda world: world.output("guest")["status"] == "Creating",
    "wait_timeout": lambda world: "Timed out after 2s" in world.deployed.output,
    "wait_delay": lambda world: world.looks_at_creation() >= CREATION,
    "outputs_dir": lambda world: world.output("every", "elsewhere")["tracking_server_name"] == NAME,
    "verify_python": lambda world: world.recorded("python")[0].endswith("verify.py"),
    "verify_keep": lambda world: world.recorded("python")[-1] == "--keep",
    "open_browser": lambda world: "authToken=" in world.recorded("browser")[0],
}
# Variables of other playbooks, and of what needs accounts of its own: the file whose tests set them.
ELSEWHERE = {
    "audit_accepted_exceptions": "test_audit.py",
    "audit_required_controls": "test_audit.py",
    "audit_count_account": "test_audit.py",
    "audit_fail_on": "test_audit.py",
    "audit_trail": "test_other_accounts.py",
    "artifact_bucket_assume_role_arn": "test_other_accounts.py",
    "assume_role_arn": "test_other_accounts.py",
    "assume_role_external_id": "test_other_accounts.py",
    "assume_role_session_name": "test_other_accounts.py",
    "assume_role_duration": "test_other_accounts.py",
}
AFTER_DESTROY: dict[str, Callable[[World], bool]] = {
    "protect": lambda world: AGAIN_SERVER not in servers(world),
    "keep_bucket": lambda world: bool(world.client("s3", "us-east-1").head_bucket(Bucket=AGAIN_BUCKET)),
}


def without_effect(proofs: dict[str, Callable[[World], bool]], world: World) -> list[str]:
    """The variables whose proof fails."""
    return [name for name, proof in proofs.items() if not is_proved(proof, world)]


def is_proved(proof: Callable[[World], bool], world: World) -> bool:
    """What is not there at all is no proof either, and must not hide what else is missing."""
    try:
        return proof(world)
    except (LookupError, StopIteration, ValueError, OSError, ClientError):
        return False


def recorder(folder: Path, program: str) -> str:
    """A program that writes down its arguments."""
    path = folder / program
    path.write_text(RECORDER.format(file=folder / f"{program}.arguments"))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def prepare(project: Project) -> tuple[str, str, dict[str, str]]:
    """What the environments find: keys, policies, buckets, a user, Studio's App, a server whose creation failed."""
    region = project.region
    iam, s3 = region.client("iam"), region.client("s3")
    for name in ("boundary", "extra"):
        iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(READ_BUCKETS))
    s3.create_bucket(Bucket=AGAIN_BUCKET)
    s3.put_bucket_tagging(Bucket=AGAIN_BUCKET, Tagging={"TagSet": [{"Key": "Old", "Value": "x"}]})
    region.client("s3", region_name=REGION).create_bucket(
        Bucket="logs-of-shop", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    make_app(region, "studio", AccountDefaultStatus="ENABLED")
    user = make_user(region, "*")
    region.configure(fail_next={"create": True})
    make_servers(region, AGAIN_SERVER)
    region.configure(
        iam_enforcement=False,
        foreign_buckets=[GUEST_BUCKET],
        foreign_account_id=OTHER_ACCOUNT,
        delays={"create": CREATION},
    )
    keys = [region.client("kms", region_name=each).create_key() for each in (REGION, "us-east-1")]
    artifacts, metadata = [key["KeyMetadata"]["Arn"] for key in keys]
    return artifacts, metadata, user


def test_every_variable_has_its_effect(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    key, app_key, user = prepare(project)
    network = make_vpc(project.region)
    again = {**AGAIN, "verify_python": recorder(project.folder, "python"), "vpc_endpoints": network}
    given = {"every": every(project, key, user), "guest": GUEST, "again": again, "slow": SLOW, "app": an_app(app_key)}
    project.hosts = {host: variables(values) for host, values in given.items()}
    deployed = project.run("deploy")
    world = World(project.region, project.folder, deployed, project.region.log(), key, app_key, user["access_key"])
    project.region.admin("POST", "clock", {"advance": 60})
    project.succeed("verify", "--limit", "again")
    monkeypatch.setenv("BROWSER", recorder(project.folder, "browser"))
    project.succeed("open_ui", "--limit", "again")
    assert without_effect(AFTER_DEPLOY, world) == [], deployed.output
    destroyed = project.succeed("destroy", "--limit", "again")
    assert "The KMS key alias/again stays" in " ".join(destroyed.output.split())
    assert without_effect(AFTER_DESTROY, world) == []
    unset = set(AFTER_DEPLOY) - {name for values in given.values() for name in values}
    assert unset == set(), "proved by nothing but its default"


def test_no_variable_is_forgotten() -> None:
    path = REPOSITORY / "roles" / "mlflow_server" / "meta" / "argument_specs.yml"
    options = yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]
    assert {name.removeprefix(PREFIX) for name in options} == {*AFTER_DEPLOY, *AFTER_DESTROY, *ELSEWHERE}
    folder = REPOSITORY / "tests" / "role"
    assert [name for name, file in ELSEWHERE.items() if f"{PREFIX}{name}" not in (folder / file).read_text()] == []
