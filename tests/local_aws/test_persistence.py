# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""State comes back as it was: of moto's services, of ours, and of what belongs to neither."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import local_region
import pytest
from local_callers import LocalAws, trust_of

from localaws.changes import Changes
from localaws.persistence import Persistence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_region import LocalRegion


class Restartable:
    """A local AWS that can be started anew on the same home."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._region: LocalRegion | None = None

    def restart(self, *arguments: str) -> LocalAws:
        self.stop()
        self._region = local_region.start(self._home, "--mlflow", "off", *arguments)
        return LocalAws(self._region)

    def stop(self) -> None:
        if self._region is not None:
            local_region.stop(self._region)
            self._region = None

    def path(self, name: str) -> Path:
        return self._home / name


@pytest.fixture
def restartable(tmp_path: Path) -> Iterator[Restartable]:
    found = Restartable(tmp_path / "home")
    yield found
    found.stop()


def without_request(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def everything(aws: LocalAws) -> dict[str, Any]:
    """What AWS says about all that ``deploy`` made; times and ids included."""
    iam, s3, sagemaker = aws.client("iam"), aws.client("s3"), aws.client("sagemaker")
    server = sagemaker.describe_mlflow_tracking_server(TrackingServerName="ts")
    answers = {
        "role": iam.get_role(RoleName="service"),
        "attached": iam.list_attached_role_policies(RoleName="service"),
        "buckets": s3.list_buckets(),
        "versioning": s3.get_bucket_versioning(Bucket="artifacts"),
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket="artifacts"),
        "objects": s3.list_objects_v2(Bucket="artifacts"),
        "server": server,
        "tags": sagemaker.list_tags(ResourceArn=server["TrackingServerArn"]),
        "keys": aws.client("kms").list_keys(),
        "schedules": aws.client("scheduler").list_schedules(),
    }
    return {name: without_request(answer) for name, answer in answers.items()}


def deploy(aws: LocalAws) -> None:
    role = aws.role("service")
    aws.client("iam").attach_role_policy(RoleName="service", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="artifacts")
    s3.put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket="artifacts", LifecycleConfiguration={"Rules": [rule]})
    s3.put_object(Bucket="artifacts", Key="small", Body=b"small")
    s3.put_object(Bucket="artifacts", Key="big", Body=b"big" * 100_000)
    aws.client("kms").create_key()
    aws.client("kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    aws.client("sagemaker").create_mlflow_tracking_server(
        TrackingServerName="ts",
        ArtifactStoreUri="s3://artifacts/x",
        RoleArn=role,
        Tags=[{"Key": "team", "Value": "a"}],
    )
    stopper = aws.role("stopper", trust_of("scheduler.amazonaws.com"))
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:stopMlflowTrackingServer", "RoleArn": stopper}
    aws.client("scheduler").create_schedule(
        Name="stop", ScheduleExpression="cron(0 19 ? * FRI 2199)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )


def test_everything_is_back(restartable: Restartable) -> None:
    aws = restartable.restart()
    deploy(aws)
    before = everything(aws)
    aws = restartable.restart()
    assert everything(aws) == before
    assert aws.client("s3").get_object(Bucket="artifacts", Key="big")["Body"].read() == b"big" * 100_000
    assert aws.client("s3").get_object(Bucket="artifacts", Key="small")["Body"].read() == b"small"
    # moto keeps whose a bucket is beside its backends; SageMaker asks for it.
    aws.client("sagemaker").create_mlflow_tracking_server(
        TrackingServerName="second", ArtifactStoreUri="s3://artifacts/y", RoleArn=before["role"]["Role"]["Arn"]
    )
    second = aws.client("sagemaker").describe_mlflow_tracking_server(TrackingServerName="second")
    assert second["TrackingServerStatus"] == "Created"


def test_sessions_of_roles_are_back(restartable: Restartable) -> None:
    """The processes behind tracking servers sign with such a session before and after."""
    aws = restartable.restart()
    keys = aws.user("ann")
    aws = restartable.restart()
    assert aws.client("sts", keys).get_caller_identity()["Arn"].endswith(":user/ann")


def test_the_clock_and_changed_settings_are_back(restartable: Restartable) -> None:
    aws = restartable.restart()
    aws.admin("POST", "clock", {"advance": 3600})
    aws.admin("POST", "config", {"app_quota": 9, "delays": {"create": 4}})
    aws = restartable.restart()
    assert aws.admin("GET", "clock")["offset"] == 3600
    config = aws.admin("GET", "config")
    assert (config["app_quota"], config["delays"]["create"]) == (9, 4)
    aws = restartable.restart("--set", "app_quota=2")
    assert aws.admin("GET", "config")["app_quota"] == 2


def test_a_timer_runs_on_over_a_restart(restartable: Restartable) -> None:
    aws = restartable.restart("--delay", "create=600")
    role = aws.role("service")
    aws.client("s3").create_bucket(Bucket="artifacts")
    aws.client("sagemaker").create_mlflow_tracking_server(
        TrackingServerName="ts", ArtifactStoreUri="s3://artifacts", RoleArn=role
    )
    aws = restartable.restart()
    sagemaker = aws.client("sagemaker")
    assert sagemaker.describe_mlflow_tracking_server(TrackingServerName="ts")["TrackingServerStatus"] == "Creating"
    aws.admin("POST", "clock", {"advance": 601})
    assert sagemaker.describe_mlflow_tracking_server(TrackingServerName="ts")["TrackingServerStatus"] == "Created"


def test_contents_are_written_once_and_deleted_with_their_object(restartable: Restartable) -> None:
    aws = restartable.restart()
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="artifacts")
    content = b"x" * 50_000
    for key in ("one", "two"):
        s3.put_object(Bucket="artifacts", Key=key, Body=content)
    s3.put_object(Bucket="artifacts", Key="other", Body=b"y" * 50_000)
    aws.admin("POST", "save")
    objects = restartable.path("objects")
    names = {hashlib.sha256(content).hexdigest(), hashlib.sha256(b"y" * 50_000).hexdigest()}
    assert {path.name for path in objects.iterdir()} == names
    times = {path.name: path.stat().st_mtime_ns for path in objects.iterdir()}
    s3.put_object(Bucket="artifacts", Key="small", Body=b"z")
    aws.admin("POST", "save")
    assert {path.name: path.stat().st_mtime_ns for path in objects.iterdir()} == times
    assert restartable.path("snapshot").stat().st_size < 50_000
    s3.delete_object(Bucket="artifacts", Key="other")
    aws.admin("POST", "save")
    assert {path.name for path in objects.iterdir()} == {hashlib.sha256(content).hexdigest()}


def test_reset_empties_what_is_saved_too(restartable: Restartable) -> None:
    aws = restartable.restart()
    deploy(aws)
    aws.admin("POST", "clock", {"advance": 60})
    aws.admin("POST", "save")
    aws.admin("POST", "reset")
    for _unused in range(2):
        assert aws.client("iam").list_roles()["Roles"] == []
        assert aws.client("s3").list_buckets()["Buckets"] == []
        assert aws.client("sagemaker").list_mlflow_tracking_servers()["TrackingServerSummaries"] == []
        assert aws.admin("GET", "clock")["offset"] == 0
        aws = restartable.restart()
    assert list(restartable.path("objects").iterdir()) == []


def test_the_first_line_says_what_wrote_it(restartable: Restartable) -> None:
    restartable.restart().client("iam").create_user(UserName="ann")
    restartable.stop()
    with restartable.path("snapshot").open("rb") as file:
        header = json.loads(file.readline())
    assert {"schema", "moto", "python", "region", "account_id", "localaws"} <= set(header)


@pytest.mark.parametrize(("cost", "pauses"), [(0.01, [1.0, 1.0, 1.0]), (0.5, [1.0, 10.0, 10.0])])
def test_a_large_state_is_saved_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cost: float, pauses: list[float]
) -> None:
    """Whatever a save takes, it is a twentieth of the time."""
    spent, paused = [0.0], list[float]()
    changes = Changes()
    persistence = Persistence(tmp_path, changes, {}, {}, lambda: True)
    monkeypatch.setattr("time.thread_time", lambda: spent[0])
    monkeypatch.setattr(changes, "wait", lambda: len(paused) < len(pauses))
    monkeypatch.setattr(changes, "wait_closed", paused.append)
    monkeypatch.setattr(persistence, "save", lambda: spent.__setitem__(0, spent[0] + cost))
    persistence.start()
    persistence.stop()
    assert paused == pytest.approx(pauses)
