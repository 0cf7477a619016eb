# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole environment in one task: the results of the single modules, in as few calls as there can be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from collections import Counter

import module_run
import pytest
from local_region import ACCOUNT

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _aws, _reading

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules, Run

    Json = dict[str, t.Any]

MODULE = "mlflow_environment"
BUCKET = "churn-artifacts"
ROLE = "churn-role"
SERVER = "churn"
URI = f"s3://{BUCKET}"
TEAM = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}],
}
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
TAGS = {"Project": "churn"}
FAR_TOO_LONG = 60
"""Seconds."""
RUN = """
import json, sys
from pathlib import Path
from local_region import LocalRegion
from module_run import Modules
print(Modules(LocalRegion(sys.argv[1], None, Path())).fail("mlflow_environment", **json.loads(sys.argv[2])))
"""
PARTS = ("role", "bucket", "tracking_server")
PLANS = ("action", "changed", "changes", "diff")
EMPTY_ACCOUNT = Counter(
    [
        "iam:GetRole",
        "iam:ListRolePolicies",
        "iam:ListAttachedRolePolicies",
        "sagemaker:DescribeMlflowTrackingServer",
        "sts:GetCallerIdentity",
        "s3:GetPublicAccessBlock",
    ]
)
AT_REST = Counter(
    {
        "iam:GetRole": 1,
        "iam:ListRolePolicies": 1,
        "iam:ListAttachedRolePolicies": 1,
        "iam:GetRolePolicy": 2,
        "sagemaker:DescribeMlflowTrackingServer": 1,
        "sagemaker:ListTags": 1,
        "s3:GetPublicAccessBlock": 1,
        "s3:GetBucketOwnershipControls": 1,
        "s3:GetBucketEncryption": 1,
        "s3:GetBucketVersioning": 1,
        "s3:GetBucketLifecycleConfiguration": 1,
        "s3:GetBucketPolicy": 1,
        "s3:GetBucketTagging": 1,
    }
)


def wish() -> Json:
    """What the comparison with other tools deploys: everything set."""
    return {
        "role": {
            "name": ROLE,
            "artifact_store_uri": URI,
            "inline_policies": {"team": TEAM},
            "managed_policies": [READ_ONLY],
            "propagation_delay": 0,
            "tags": dict(TAGS),
        },
        "bucket": {"name": BUCKET, "encryption": "AES256", "tags": dict(TAGS)},
        "tracking_server": {
            "name": SERVER,
            "artifact_store_uri": URI,
            "mlflow_version": "3.0",
            "tracking_server_size": "Small",
            "weekly_maintenance_window_start": "Tue:03:30",
            "wait_delay": 0.05,
            "tags": dict(TAGS),
        },
    }


def merged(part: str, **options: t.Any) -> Json:
    """The wish with other options of one part."""
    wished = wish()
    wished[part] |= options
    return wished


def parts(result: Json) -> dict[str, list[str]]:
    """The names of the changes of each part that changes."""
    named = {part: [change["name"] for change in result[part]["changes"]] for part in PARTS if part in result}
    return {part: names for part, names in named.items() if names}


def writes_of(run: Run, service: str) -> list[str]:
    return [call.partition(":")[2] for call in run.writes if call.startswith(f"{service}:")]


@pytest.fixture
def deployed(modules: Modules) -> Run:
    """The environment, just made."""
    return modules.run(MODULE, **wish())


class TestCreate:
    def test_from_nothing_to_rest(self, modules: Modules, region: LocalRegion) -> None:
        preview = modules.run(MODULE, check=True, **wish())
        assert preview.writes == []
        assert Counter(preview.calls) == EMPTY_ACCOUNT
        run = modules.run(MODULE, **wish())
        assert len(run.calls) <= 18
        assert writes_of(run, "s3") == [
            "CreateBucket",
            "PutPublicAccessBlock",
            "PutBucketEncryption",
            "PutBucketVersioning",
            "PutBucketLifecycleConfiguration",
            "PutBucketPolicy",
        ], "one after the other, for S3 refuses two at once"
        assert writes_of(run, "iam") == ["CreateRole", "PutRolePolicy", "PutRolePolicy", "AttachRolePolicy"]
        assert run.writes[-1] == "sagemaker:CreateMlflowTrackingServer", "what stands on the others comes last"
        again = modules.run(MODULE, **wish())
        assert (again.changed, again.writes, Counter(again.calls)) == (False, [], AT_REST)

    def test_check_mode_predicts_the_run(self, modules: Modules) -> None:
        preview, run = modules.run(MODULE, check=True, **wish()).result, modules.run(MODULE, **wish()).result
        assert preview.keys() == run.keys()
        assert preview["diff"] == run["diff"]
        for part in PARTS:
            assert preview[part].keys() == run[part].keys()
            assert preview[part]["changes"] == run[part]["changes"]
            assert (preview[part]["action"], run[part]["action"]) == ("create", "create")

    def test_every_part_is_as_its_own_module_returns_it(self, modules: Modules, deployed: Run) -> None:
        role_arn = deployed.result["role"]["arn"]
        alone = {
            "role": modules.run("iam_mlflow_role", **wish()["role"]),
            "bucket": modules.run("s3_mlflow_bucket", **wish()["bucket"]),
            "tracking_server": modules.run("sagemaker_mlflow_server", **wish()["tracking_server"], role_arn=role_arn),
        }
        together = modules.run(MODULE, **wish()).result
        assert together["diff"] == [run.result["diff"] for run in alone.values()]
        for part, run in alone.items():
            expected = {key: value for key, value in run.result.items() if key not in ("invocation", "warnings")}
            assert together[part] == expected
            states = [set(described) - set(PLANS) for described in (expected, deployed.result[part])]
            assert [(key, deployed.result[part][key]) for key in states[0] if key not in states[1]] == []
            differing = {key for key in states[0] if deployed.result[part][key] != expected[key]}
            assert differing == set(), "what was predicted from AWS's answers is what AWS shows"

    def test_an_app_finds_the_server_beside_it(self, modules: Modules, deployed: Run) -> None:
        app = {"name": SERVER, "artifact_store_uri": URI, "wait_delay": 0.05, "tags": dict(TAGS)}
        wished = {**wish(), "app": app, "look_for_other_kind": True}
        del wished["tracking_server"]
        run = modules.run(MODULE, **wished)
        assert run.writes == ["sagemaker:CreateMlflowApp"]
        assert run.result["app"]["role_arn"] == deployed.result["role"]["arn"]
        (beside,) = run.result["other_kind"]["tracking_servers"]
        assert beside["tracking_server_name"] == SERVER
        again = modules.run(MODULE, **wished)
        assert (again.changed, again.writes) == (False, [])
        assert again.calls.count("sagemaker:DescribeMlflowTrackingServer") == 1

    def test_a_server_looks_for_an_app_once(self, modules: Modules) -> None:
        run = modules.run(MODULE, **wish(), look_for_other_kind=True)
        assert run.result["other_kind"] == {"mlflow_apps": []}
        assert run.calls.count("sagemaker:ListMlflowApps") == 1
        again = modules.run(MODULE, **wish(), look_for_other_kind=True)
        assert (again.result["other_kind"], Counter(again.calls)) == ({}, AT_REST)


DRIFT: dict[str, tuple[str, Json, dict[str, list[str]], list[str]]] = {
    "a policy": (
        "role",
        {"inline_policies": {"team": {**TEAM, "Id": "x"}}},
        {"role": ["inline_policies.team"]},
        ["PutRolePolicy"],
    ),
    "versioning": ("bucket", {"versioning": "Suspended"}, {"bucket": ["versioning"]}, ["PutBucketVersioning"]),
    "tags": ("tracking_server", {"tags": {"Project": "x"}}, {"tracking_server": ["tags"]}, ["AddTags"]),
    "size": (
        "tracking_server",
        {"tracking_server_size": "Medium"},
        {"tracking_server": ["settings"]},
        ["UpdateMlflowTrackingServer"],
    ),
}


class TestChange:
    @pytest.mark.usefixtures("deployed")
    def test_each_part_changes_alone(self, modules: Modules) -> None:
        for title, (part, options, changes, calls) in DRIFT.items():
            preview = modules.run(MODULE, check=True, **merged(part, **options))
            run = modules.run(MODULE, **merged(part, **options))
            assert parts(preview.result) == parts(run.result) == changes, title
            assert [call.partition(":")[2] for call in run.writes] == calls, title
            modules.run(MODULE, **wish())
            assert not modules.run(MODULE, **wish()).changed, title

    @pytest.mark.usefixtures("deployed")
    def test_three_settings_by_hand(self, modules: Modules, region: LocalRegion) -> None:
        s3, iam = region.client("s3"), region.client("iam")
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
        s3.delete_bucket_tagging(Bucket=BUCKET)
        iam.detach_role_policy(RoleName=ROLE, PolicyArn=READ_ONLY)
        run = modules.run(MODULE, **wish())
        assert len(run.calls) == 17
        assert sorted(run.writes) == ["iam:AttachRolePolicy", "s3:PutBucketTagging", "s3:PutBucketVersioning"]
        assert not modules.run(MODULE, **wish()).changed

    @pytest.mark.usefixtures("deployed")
    def test_only_the_role_is_gone(self, modules: Modules, region: LocalRegion) -> None:
        iam = region.client("iam")
        for policy in iam.list_role_policies(RoleName=ROLE)["PolicyNames"]:
            iam.delete_role_policy(RoleName=ROLE, PolicyName=policy)
        iam.detach_role_policy(RoleName=ROLE, PolicyArn=READ_ONLY)
        iam.delete_role(RoleName=ROLE)
        run = modules.run(MODULE, **wish())
        assert parts(run.result).keys() == {"role"}
        assert "sts:GetCallerIdentity" not in run.calls, "the server tells the account"

    @pytest.mark.usefixtures("deployed")
    def test_an_account_that_comes_with_the_credentials_saves_a_round(
        self, modules: Modules, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ACCOUNT_ID", ACCOUNT)
        rounds: list[int] = []

        def counted(reads: t.Any) -> t.Any:
            rounds.append(len(reads))
            return _aws.attempt_concurrently(reads)

        monkeypatch.setattr(_reading, "attempt_concurrently", counted)
        run = modules.run(MODULE, **wish())
        assert (rounds, Counter(run.calls)) == ([14], AT_REST)
        monkeypatch.delenv("AWS_ACCOUNT_ID")
        modules.run(MODULE, **wish())
        assert rounds == [14, 4, 10], "otherwise what needs the account waits for the first answers"

    def test_a_region_that_is_newer_than_botocore_is_no_obstacle(
        self, modules: Modules, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ACCOUNT_ID", ACCOUNT)
        run = modules.run(MODULE, check=True, **{**wish(), "region": "zz-new-1"})
        assert run.result["role"]["arn"].startswith(f"arn:aws:iam::{ACCOUNT}:role/")


class TestRefusals:
    def test_a_run_that_fails_does_not_wait_for_what_it_asked_meanwhile(self, region: LocalRegion) -> None:
        region.inject({"service": "sagemaker", "operation": "ListMlflowApps", "latency_ms": 1000 * FAR_TOO_LONG})
        # Late enough for the answer to be there that the server is not, after which Apps are listed.
        region.inject({"service": "iam", "operation": "GetRole", "code": "AccessDenied", "latency_ms": 2000})
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-c", RUN, region.endpoint, json.dumps({**wish(), "look_for_other_kind": True})]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=FAR_TOO_LONG / 2
        )
        assert "AccessDenied" in done.stdout
        assert [fault["fired"] for fault in region.admin("GET", "faults")] == [1, 1]

    def test_nothing_is_written_when_one_part_refuses(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **wish())
        region.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="team")
        with pytest.raises(module_run.ModuleFailedError) as failure:
            modules.run(MODULE, **merged("tracking_server", mlflow_version="2.16"))
        assert "mlflow_version is 3.0.0, wished is 2.16" in str(failure.value)
        assert region.writes() == []

    def test_a_failed_lane_tells_what_all_of_them_did(self, modules: Modules, region: LocalRegion) -> None:
        region.inject({"service": "s3", "operation": "PutBucketPolicy", "code": "AccessDenied", "times": 1})
        with pytest.raises(module_run.ModuleFailedError) as failure:
            modules.run(MODULE, **wish())
        result = failure.value.result
        assert "changing policy of the bucket 'churn-artifacts'" in result["msg"]
        applied = {(change["resource"], change["name"]) for change in result["applied"]}
        assert {("role", "role"), ("role", "inline_policies.team"), ("bucket", "bucket")} <= applied
        assert "sagemaker:CreateMlflowTrackingServer" not in region.writes(), "nothing is built on it"
        run = modules.run(MODULE, **wish())
        assert (
            parts(run.result) == {"bucket": ["policy", "lifecycle_rules"], "tracking_server": ["server"]} or run.changed
        )
        assert not modules.run(MODULE, **wish()).changed

    def test_another_owner_for_a_bucket_of_this_account(self, modules: Modules, region: LocalRegion) -> None:
        message = modules.fail(MODULE, **merged("tracking_server", s3_bucket_owner_account_id="210987654321"))
        assert f"'{BUCKET}' is made in the account {ACCOUNT}" in message
        assert region.writes() == []

    def test_a_role_is_told_once(self, modules: Modules, region: LocalRegion) -> None:
        message = modules.fail(MODULE, **merged("tracking_server", role_arn=f"arn:aws:iam::{ACCOUNT}:role/other"))
        assert "tracking_server: it has a role_arn" in message
        assert region.calls() == []

    def test_a_wrong_option_names_its_part(self, modules: Modules, region: LocalRegion) -> None:
        message = modules.fail(MODULE, **merged("tracking_server", weekly_maintenance_window_start="noon"))
        assert message.startswith("tracking_server: weekly_maintenance_window_start: 'noon'")
        assert region.calls() == []
