# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users do: a run of one module in one start state. Every call that these runs make is a row of the matrix."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from local_region import LocalRegion
    from module_run import Modules

Json = dict[str, t.Any]
Preparation = t.Callable[["Modules"], object]

ACCOUNT = "123456789012"
NAME = "mlflow-staging-mlflow"
ROLE = f"{NAME}-role"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
BUCKET = f"{NAME}-artifacts-zali"
URI = f"s3://{BUCKET}"
SERVER_ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/{NAME}"
KEY_ALIAS = "alias/artifacts"
TAGS: Json = {"tags": {"Project": "churn"}}
SECONDS = 2.0
"""What each operation of SageMaker takes: the runs look three times."""
DELAYS = dict.fromkeys(
    ("create", "update", "start", "stop", "delete", "app_create", "app_update", "app_delete"), SECONDS
)
WAIT: Json = {"wait_timeout": 300, "wait_delay": 5, "role_propagation_timeout": 60}

TEAM_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::features/*"}],
}
OTHER_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::features"}],
}
LESS_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sagemaker-mlflow:SearchExperiments", "Resource": SERVER_ARN}],
}
"""Somebody has taken rights out of the policy of clients."""
ROLE_WISH: Json = {
    "name": ROLE,
    "artifact_store_uri": URI,
    "managed_policies": ["AmazonS3ReadOnlyAccess"],
    "inline_policies": {"team": TEAM_POLICY},
    "propagation_delay": 5,
    **TAGS,
}
BULK_WISH: Json = {**ROLE_WISH, "bulk_read": True}
BUCKET_WISH: Json = {
    "name": BUCKET,
    "versioning": "Enabled",
    "restrict_to_owner_account": True,
    "noncurrent_version_expiration_days": 90,
    "cors_rules": [{"allowed_methods": ["GET"], "allowed_origins": ["https://example.com"]}],
    **TAGS,
}
SERVER_WISH: Json = {
    "name": NAME,
    "artifact_store_uri": URI,
    "role_arn": ROLE_ARN,
    "weekly_maintenance_window_start": "Tue:03:30",
    **TAGS,
    **WAIT,
}
APP_WISH: Json = {**SERVER_WISH}
POWER_WISH: Json = {
    "name": NAME,
    "timezone": "Europe/Berlin",
    "start": {"days": ["Mon"], "time": "07:30"},
    "stop": {"days": ["Fri"], "time": "19:00"},
    "role_propagation_timeout": 60,
    **TAGS,
}
CLIENT_WISH: Json = {
    "name": "mlflow-writer",
    "profiles": ["writer"],
    "resource_arns": [SERVER_ARN],
    "artifact_store_uri": URI,
    "roles": ["analysts"],
    "groups": ["people"],
}
MANAGED_CLIENT_WISH: Json = {**CLIENT_WISH, "policy_type": "managed", **TAGS}
KEY_WISH: Json = {"alias": "mlflow-staging", "users": [f"role/{ROLE}"], "buckets": [BUCKET], **TAGS}
ENVIRONMENT_PARTS: Json = {
    "role": {**ROLE_WISH},
    "bucket": {**BUCKET_WISH},
}
SERVER_ENVIRONMENT: Json = {
    **ENVIRONMENT_PARTS,
    "tracking_server": {key: value for key, value in SERVER_WISH.items() if key != "role_arn"},
}
APP_ENVIRONMENT: Json = {
    **ENVIRONMENT_PARTS,
    "app": {key: value for key, value in APP_WISH.items() if key != "role_arn"},
    "look_for_other_kind": True,
}


@dataclass(frozen=True)
class Scenario:
    """One run.

    :param before: what makes the start state, in order.
    """

    name: str
    module: str
    options: Json
    before: tuple[Preparation, ...] = ()


def ran(module: str, options: Json) -> Preparation:
    """An earlier run."""
    return lambda modules: modules.run(module, **options)


def by_hand(act: Callable[[LocalRegion], object]) -> Preparation:
    """What somebody did past the collection."""
    return lambda modules: act(modules.region)


def trust(service: str) -> str:
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def foundations(region: LocalRegion, with_role: bool = True) -> None:
    """A role and a bucket, as another tool makes them."""
    if with_role:
        region.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com"))
    region.client("s3").create_bucket(Bucket=BUCKET)


def _clients(region: LocalRegion) -> None:
    iam = region.client("iam")
    iam.create_role(RoleName="analysts", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    iam.create_group(GroupName="people")


def _key(region: LocalRegion) -> None:
    kms = region.client("kms")
    kms.create_alias(AliasName=KEY_ALIAS, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


def _key_users(region: LocalRegion) -> None:
    region.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com"))


def _objects(region: LocalRegion) -> None:
    for body in (b"old", b"new"):
        region.client("s3").put_object(Bucket=BUCKET, Key="0/run/artifacts/model.bin", Body=body)


def role_drift(region: LocalRegion) -> None:
    """Somebody has changed the role by hand; nothing when there is none."""
    iam = region.client("iam")
    iam.put_role_policy(RoleName=ROLE, PolicyName="team", PolicyDocument=json.dumps(OTHER_POLICY))
    iam.detach_role_policy(RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    iam.untag_role(RoleName=ROLE, TagKeys=["Project"])
    iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=trust("lambda.amazonaws.com"))
    iam.update_role(RoleName=ROLE, Description="changed by hand", MaxSessionDuration=7200)


def bucket_drift(region: LocalRegion) -> None:
    """Somebody has changed the bucket by hand."""
    s3 = region.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_bucket_lifecycle(Bucket=BUCKET)
    s3.delete_bucket_policy(Bucket=BUCKET)
    s3.delete_bucket_tagging(Bucket=BUCKET)
    s3.delete_bucket_cors(Bucket=BUCKET)
    s3.delete_public_access_block(Bucket=BUCKET)


def _power_drift(region: LocalRegion) -> None:
    scheduler = region.client("scheduler")
    scheduler.delete_schedule(Name=f"{NAME}-start")
    found = scheduler.get_schedule(Name=f"{NAME}-stop")
    kept = ("Name", "FlexibleTimeWindow", "Target", "ScheduleExpression")
    scheduler.update_schedule(**{key: found[key] for key in kept}, State="DISABLED")


def _client_drift(region: LocalRegion) -> None:
    region.client("iam").put_role_policy(
        RoleName="analysts", PolicyName="mlflow-writer", PolicyDocument=json.dumps(LESS_POLICY)
    )


def _managed_drift(region: LocalRegion) -> None:
    iam, arn = region.client("iam"), f"arn:aws:iam::{ACCOUNT}:policy/mlflow-writer"
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(LESS_POLICY), SetAsDefault=True)
    iam.detach_group_policy(GroupName="people", PolicyArn=arn)


def _key_drift(region: LocalRegion) -> None:
    kms = region.client("kms")
    key = kms.describe_key(KeyId="alias/mlflow-staging")["KeyMetadata"]["KeyId"]
    kms.disable_key_rotation(KeyId=key)
    kms.untag_resource(KeyId=key, TagKeys=["Project"])


def _life(
    title: str,
    module: str,
    wish: Json,
    *,
    before: tuple[Preparation, ...] = (),
    drift: tuple[Preparation, ...] = (),
    changed: Json | None = None,
    absent: Json | None = None,
    full: tuple[Preparation, ...] = (),
) -> list[Scenario]:
    """A thing that is made, is as wished, differs, and goes.

    :param changed: options that differ from those it was made with.
    :param full: what is done to it before it goes.
    """
    made = (*before, ran(module, wish))
    found = [Scenario(f"{title}: create", module, wish, before), Scenario(f"{title}: as wished", module, wish, made)]
    if drift or changed:
        found.append(Scenario(f"{title}: repair", module, {**wish, **(changed or {})}, (*made, *drift)))
    if absent:
        found.append(Scenario(f"{title}: delete", module, absent, (*made, *full)))
    return found


GONE: Json = {"name": NAME, "state": "absent", "delete_data": True, **WAIT}
FOUNDED = (by_hand(foundations),)
SERVER_MADE = (*FOUNDED, ran("sagemaker_mlflow_server", SERVER_WISH))
STOPPED = ran("sagemaker_mlflow_server", {"name": NAME, "state": "stopped", **WAIT})
SCENARIOS: list[Scenario] = [
    *_life(
        "role", "iam_mlflow_role", ROLE_WISH, drift=(by_hand(role_drift),), absent={"name": ROLE, "state": "absent"}
    ),
    Scenario("role in bulk: as wished", "iam_mlflow_role", BULK_WISH, (ran("iam_mlflow_role", ROLE_WISH),)),
    Scenario(
        "role in bulk: repair", "iam_mlflow_role", BULK_WISH, (ran("iam_mlflow_role", ROLE_WISH), by_hand(role_drift))
    ),
    *_life(
        "bucket",
        "s3_mlflow_bucket",
        {**BUCKET_WISH, "kms_key_id": KEY_ALIAS},
        before=(by_hand(_key),),
        drift=(by_hand(bucket_drift),),
        absent={"name": BUCKET, "state": "absent", "force_delete_objects": True},
        full=(by_hand(_objects),),
    ),
    *_life(
        "tracking server",
        "sagemaker_mlflow_server",
        SERVER_WISH,
        before=FOUNDED,
        changed={
            "tracking_server_size": "Medium",
            "automatic_model_registration": True,
            "tags": {"Team": "vision"},
            "purge_tags": True,
        },
        absent=GONE,
    ),
    Scenario(
        "tracking server: stop", "sagemaker_mlflow_server", {"name": NAME, "state": "stopped", **WAIT}, SERVER_MADE
    ),
    Scenario(
        "tracking server: start",
        "sagemaker_mlflow_server",
        {"name": NAME, "state": "started", **WAIT},
        (*SERVER_MADE, STOPPED),
    ),
    *_life(
        "App",
        "sagemaker_mlflow_app",
        APP_WISH,
        before=FOUNDED,
        changed={
            "account_default": True,
            "automatic_model_registration": True,
            "tags": {"Team": "vision"},
            "purge_tags": True,
        },
        absent=GONE,
    ),
    *_life(
        "power schedule",
        "scheduler_mlflow_power",
        POWER_WISH,
        before=SERVER_MADE,
        drift=(by_hand(_power_drift),),
        absent={"name": NAME, "state": "absent"},
    ),
    *_life(
        "client policy",
        "iam_mlflow_client_policy",
        CLIENT_WISH,
        before=(by_hand(_clients),),
        drift=(by_hand(_client_drift),),
        absent={**CLIENT_WISH, "state": "absent"},
    ),
    *_life(
        "managed client policy",
        "iam_mlflow_client_policy",
        MANAGED_CLIENT_WISH,
        before=(by_hand(_clients),),
        drift=(by_hand(_managed_drift),),
        absent={**MANAGED_CLIENT_WISH, "state": "absent"},
    ),
    *_life("key", "kms_mlflow_key", KEY_WISH, before=(by_hand(_key_users),), drift=(by_hand(_key_drift),)),
    *_life(
        "environment with a tracking server",
        "mlflow_environment",
        SERVER_ENVIRONMENT,
        drift=(by_hand(role_drift), by_hand(bucket_drift)),
    ),
    *_life(
        "environment with an App",
        "mlflow_environment",
        APP_ENVIRONMENT,
        drift=(by_hand(role_drift), by_hand(bucket_drift)),
    ),
    Scenario("tracking server: info", "sagemaker_mlflow_server_info", {"name": NAME}, SERVER_MADE),
    Scenario(
        "App: info", "sagemaker_mlflow_app_info", {"name": NAME}, (*FOUNDED, ran("sagemaker_mlflow_app", APP_WISH))
    ),
    Scenario(
        "tracking server: link",
        "sagemaker_mlflow_presigned_url",
        {"name": NAME, "kind": "tracking_server"},
        SERVER_MADE,
    ),
    Scenario(
        "App: link",
        "sagemaker_mlflow_presigned_url",
        {"name": NAME, "kind": "app"},
        (*FOUNDED, ran("sagemaker_mlflow_app", APP_WISH)),
    ),
]


def named(name: str) -> Scenario:
    """The scenario of this name."""
    return next(each for each in SCENARIOS if each.name == name)


KILLED = (
    "environment with a tracking server: create",
    "environment with an App: create",
    "environment with a tracking server: repair",
    "role: delete",
    "bucket: delete",
    "tracking server: delete",
    "App: delete",
    "tracking server: stop",
    "tracking server: start",
    "power schedule: create",
    "power schedule: delete",
    "key: create",
)
"""What a deployment, a destruction, stopping, starting, a schedule and a key consist of."""
