# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documented policy of whoever deploys, and nothing else, runs the playbooks; without any one of its actions they fail."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

import pytest
from deployer_policy import KINDS, actions_of, page_with, policy_of, rights_of, without
from deployer_runs import (
    BUCKET,
    CHECK,
    DEPLOY,
    DESTROY,
    KEY_ALIAS,
    NAME,
    OPTIONS,
    PAGE,
    START,
    STATUS,
    STOP,
    WEEK,
    documented_policy,
    environment,
    prepare,
    put_artifact,
    recorded_rights,
)
from local_region import LocalRegion
from module_run import ModuleFailedError

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role as role

if t.TYPE_CHECKING:
    from pathlib import Path

    from module_run import Modules

Json = dict[str, t.Any]
ACCOUNT = "123456789012"
ROLE = f"{NAME}-role"
USER = "deployer"


@dataclass
class Deployer(LocalRegion):
    """The region as somebody sees it who has an access key of their own."""

    keys: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of this caller."""
        return {**super().environment, **self.keys}


@pytest.fixture
def deployer(region: LocalRegion) -> Deployer:
    """Somebody without any right yet; IAM is enforced."""
    prepare(region)
    iam = region.client("iam")
    iam.create_user(UserName=USER)
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    region.configure(iam_enforcement=True)
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    return Deployer(region.endpoint, region.process, region.home, keys)


def give(region: LocalRegion, policy: Json) -> None:
    """From now on the deployer has this policy and nothing else. Of the recorded key the id is another one here."""
    key = region.client("kms").describe_key(KeyId=KEY_ALIAS)["KeyMetadata"]["Arn"]
    document = json.dumps(policy).replace("1234abcd-12ab-34cd-56ef-1234567890ab", key.rpartition("/")[2])
    region.client("iam").put_user_policy(UserName=USER, PolicyName="deployer", PolicyDocument=document)


PLAYBOOKS = {
    "tracking_server": [CHECK, DEPLOY, STATUS, STOP, START, DESTROY],
    "app": [DEPLOY, STATUS, DESTROY],
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_documented_policy_is_enough_for_the_playbooks(
    region: LocalRegion, deployer: Deployer, tmp_path: Path, kind: str
) -> None:
    policy = policy_of(recorded_rights()[kind]["daily"])
    give(region, policy)
    project = environment(tmp_path, deployer, kind)
    for run in PLAYBOOKS[kind]:
        if run is DESTROY:
            put_artifact(region)
        project.succeed(run.playbook, *run.arguments, **run.variables)
        log = [entry for entry in region.log() if entry["access_key"] == deployer.keys["AWS_ACCESS_KEY_ID"]]
        assert [entry["operation"] for entry in log if entry["denied"]] == []
        assert rights_of(log) <= set(recorded_rights()[kind]["daily"])


def test_the_page_has_the_policy_of_the_recording() -> None:
    page = PAGE.read_text()
    assert page == page_with(page, {kind: documented_policy(kind) for kind in KINDS}), "make policies writes it anew"


def test_a_policy_names_each_thing_of_the_environment() -> None:
    base = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
    rights = rights_of(
        [
            {"rights": [f"sagemaker:DescribeMlflowApp {base}:mlflow-app/app-XYZ", "sagemaker:ListMlflowApps *"]},
            {"rights": [f"iam:PassRole arn:aws:iam::{ACCOUNT}:role/r", "sts:GetCallerIdentity *"]},
            {"rights": ["s3:DeleteObject arn:aws:s3:::b/0/x", "s3:PutBucketTagging arn:aws:s3:::b"]},
        ]
    )
    assert policy_of(rights)["Statement"] == [
        {
            "Sid": "Apps",
            "Effect": "Allow",
            "Action": ["sagemaker:DescribeMlflowApp"],
            "Resource": [f"{base}:mlflow-app/*"],
        },
        {"Sid": "ArtifactBucket", "Effect": "Allow", "Action": ["s3:PutBucketTagging"], "Resource": ["arn:aws:s3:::b"]},
        {"Sid": "Artifacts", "Effect": "Allow", "Action": ["s3:DeleteObject"], "Resource": ["arn:aws:s3:::b/*"]},
        {"Sid": "Lists", "Effect": "Allow", "Action": ["sagemaker:ListMlflowApps"], "Resource": ["*"]},
        {
            "Sid": "PassServiceRole",
            "Effect": "Allow",
            "Action": ["iam:PassRole"],
            "Resource": [f"arn:aws:iam::{ACCOUNT}:role/r"],
            "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        },
    ]


@dataclass(frozen=True)
class Step:
    """One run of a module, as the role runs it."""

    module: str
    options: Json


ROLE_BASE: Json = {
    "name": ROLE,
    "artifact_store_uri": f"s3://{BUCKET}",
    "propagation_delay": 0,
    "model_registration": True,
}
BUCKET_BASE: Json = {
    "name": BUCKET,
    "expected_bucket_owner": ACCOUNT,
    "versioning": "Enabled",
    "restrict_to_owner_account": True,
    "noncurrent_version_expiration_days": 90,
    "abort_incomplete_multipart_upload_days": 7,
}
SERVER_BASE: Json = {
    "name": NAME,
    "artifact_store_uri": f"s3://{BUCKET}",
    "role_arn": f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
    "wait_delay": 1,
}
APP_BASE: Json = {**SERVER_BASE}
TAGS: Json = {"tags": {"Project": "mlflow", "Team": "vision"}}
NO_TAGS: Json = {"tags": {"Project": "mlflow"}, "purge_tags": True}
ROLE_STEPS = [
    Step("iam_mlflow_role", {**ROLE_BASE, **TAGS, "kms_key_id": KEY_ALIAS}),
    Step("s3_mlflow_bucket", {**BUCKET_BASE, **TAGS, "kms_key_id": KEY_ALIAS}),
]
CHANGES = [
    Step(
        "iam_mlflow_role",
        {
            **ROLE_BASE,
            "tags": {"Project": "other"},
            "confused_deputy_protection": False,
            "permissions_boundary": OPTIONS["mlflow_server_role_permissions_boundary"],
            "managed_policies": OPTIONS["mlflow_server_additional_role_policies"],
        },
    ),
    Step(
        "iam_mlflow_role",
        {
            **ROLE_BASE,
            **NO_TAGS,
            "kms_key_id": "",
            "managed_policies": [],
            "purge_managed_policies": True,
            "purge_inline_policies": True,
        },
    ),
    Step(
        "s3_mlflow_bucket",
        {
            **BUCKET_BASE,
            "cors_rules": OPTIONS["mlflow_server_bucket_cors_rules"],
            "logging": OPTIONS["mlflow_server_bucket_logging"],
            "tags": {"Project": "other"},
        },
    ),
]
END = [
    Step("iam_mlflow_role", {"name": ROLE, "state": "absent"}),
    Step("s3_mlflow_bucket", {"name": BUCKET, "state": "absent", "force_delete_objects": True}),
]
POWER: Json = {"name": NAME, "start": WEEK["start"], "stop": WEEK["stop"], "timezone": WEEK["timezone"]}
STEPS: dict[str, list[Step]] = {
    "tracking_server": [
        *ROLE_STEPS,
        Step("sagemaker_mlflow_server", {**SERVER_BASE, **TAGS}),
        Step("sagemaker_mlflow_app_info", {"name": NAME, "include_tags": False}),
        Step("scheduler_mlflow_power", {**POWER, **TAGS}),
        *CHANGES,
        Step("sagemaker_mlflow_server", {**SERVER_BASE, **NO_TAGS, "tracking_server_size": "Medium"}),
        Step("sagemaker_mlflow_server", {**SERVER_BASE, "tags": {"Project": "other"}}),
        Step("scheduler_mlflow_power", {**POWER, **NO_TAGS, "timezone": "UTC", "confused_deputy_protection": False}),
        Step("sagemaker_mlflow_server", {"name": NAME, "state": "stopped", "wait_delay": 1}),
        Step("sagemaker_mlflow_server", {"name": NAME, "state": "started", "wait_delay": 1}),
        Step("sagemaker_mlflow_presigned_url", {"name": NAME, "kind": "tracking_server"}),
        Step("scheduler_mlflow_power", {"name": NAME, "state": "absent"}),
        Step("sagemaker_mlflow_server", {"name": NAME, "state": "absent", "delete_data": True, "wait_delay": 1}),
        *END,
    ],
    "app": [
        *ROLE_STEPS,
        Step("sagemaker_mlflow_app", {**APP_BASE, **TAGS, "kms_key_id": KEY_ALIAS}),
        Step("sagemaker_mlflow_server_info", {"name": NAME, "include_tags": False}),
        *CHANGES,
        Step("sagemaker_mlflow_app", {**APP_BASE, **NO_TAGS, "automatic_model_registration": True}),
        Step("sagemaker_mlflow_app", {**APP_BASE, "tags": {"Project": "other"}}),
        Step("sagemaker_mlflow_presigned_url", {"name": NAME, "kind": "app"}),
        Step("sagemaker_mlflow_app", {"name": NAME, "state": "absent", "delete_data": True, "wait_delay": 1}),
        *END,
    ],
}


def ordered_rights(region: LocalRegion) -> dict[str, str]:
    """Action to resource, in the order in which they were asked for first."""
    rights: dict[str, str] = {}
    for entry in region.log():
        for right in entry["rights"]:
            action, _space, resource = right.partition(" ")
            rights.setdefault(action, resource)
    rights.pop("sts:GetCallerIdentity", None)
    # The tags of what does not exist yet are asked for and not missed: without this right the rest is done before the failure.
    late = {action: rights.pop(action) for action in ("sagemaker:ListTags",) if action in rights}
    return {**rights, **late}


def life(modules: Modules, steps: list[Step]) -> list[dict[str, str]]:
    """Carry all steps out as the account; the rights of each."""
    taken = []
    for step in steps:
        put_artifact(modules.region)
        modules.run(step.module, **step.options)
        taken.append(ordered_rights(modules.region))
    return taken


def outcome(modules: Modules, step: Step, credentials: Json) -> str:
    """The message with which a step fails."""
    try:
        modules.run(step.module, **step.options, **credentials)
    except ModuleFailedError as failure:
        return str(failure.result["msg"])
    return "it did not fail"


@pytest.mark.parametrize("kind", KINDS)
def test_without_any_one_action_a_run_fails_and_says_which(
    modules: Modules, region: LocalRegion, deployer: Deployer, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Before each step, once without each action that no step before has used; the failure comes where the action is needed."""
    monkeypatch.setattr(role, "FIRST_DELAY", 0.01)
    steps = STEPS[kind]
    taken = life(modules, steps)
    policy, proven = documented_policy(kind), set[str]()
    credentials: Json = {
        "access_key": deployer.keys["AWS_ACCESS_KEY_ID"],
        "secret_key": deployer.keys["AWS_SECRET_ACCESS_KEY"],
    }
    wrong = []
    for step, rights in zip(steps, taken, strict=True):
        put_artifact(region)
        for action in [each for each in rights if each not in proven]:
            give(region, without(policy, action))
            message = outcome(modules, step, credentials)
            denied = [right.partition(" ") for entry in region.log() if entry["denied"] for right in entry["rights"]]
            named = [resource for name, _space, resource in denied if name == action]
            if action not in message or not any(resource in message for resource in named):
                wrong.append(f"{action} ({step.module}): {message}")
            proven.add(action)
        give(region, policy)
        modules.run(step.module, **step.options, **credentials)
    assert wrong == []
    assert proven == actions_of(policy), "the steps are not the whole life of an environment"
