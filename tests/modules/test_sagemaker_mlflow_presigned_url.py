# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links to the UI of servers and Apps. What the action plugin does with them: tests/role/test_open_ui.py."""

from __future__ import annotations

import typing as t

import pytest
from local_region import ACCOUNT, REGION
from mlflow_account import make_app, make_servers, make_user

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

PRESIGN = "sagemaker_mlflow_presigned_url"
SERVER_CALLS = ["sagemaker:DescribeMlflowTrackingServer", "sagemaker:CreatePresignedMlflowTrackingServerUrl"]
APP_CALLS = ["sagemaker:DescribeMlflowApp", "sagemaker:CreatePresignedMlflowAppUrl"]
LINK_KEYS = {
    "authorized_url",
    "tracking_uri",
    "expires_in_seconds",
    "session_expiration_duration_in_seconds",
    "shown",
    "opened",
}
DENIED = {"code": "AccessDeniedException", "message": "not authorized", "status": 400, "times": 1}


def test_a_server_by_name_and_by_arn(modules: Modules, region: LocalRegion) -> None:
    (arn,) = make_servers(region, "one")
    links = set()
    targets: list[dict[str, t.Any]] = [{"name": "one"}, {"arn": arn}, {"tracking_uri": arn}]
    for target in targets:
        run = modules.run(PRESIGN, **target)
        assert not run.changed
        assert run.calls == SERVER_CALLS
        assert run.result.keys() - {"invocation"} == LINK_KEYS | {"changed"}
        assert run.result["tracking_uri"] == arn
        assert "authToken=" in run.result["authorized_url"]
        links.add(run.result["authorized_url"])
    assert len(links) == 3


def test_an_app(modules: Modules, region: LocalRegion) -> None:
    arn = make_app(region)
    run = modules.run(PRESIGN, arn=arn, expires_in_seconds=5, session_expiration_duration_in_seconds=1800)
    assert run.calls == APP_CALLS
    assert run.result["tracking_uri"] == arn
    assert (run.result["expires_in_seconds"], run.result["session_expiration_duration_in_seconds"]) == (5, 1800)
    assert "authToken=" in run.result["authorized_url"]


def test_an_app_by_its_name_among_those_that_are_gone(modules: Modules, region: LocalRegion) -> None:
    client = region.client("sagemaker")
    for _time in range(2):
        client.delete_mlflow_app(Arn=make_app(region, "one"))
    make_app(region, "two")
    arn = make_app(region, "one")
    listed = [app for app in client.list_mlflow_apps()["Summaries"] if app["Name"] == "one"]
    assert sorted(app["Status"] for app in listed) == ["Created", "Deleted", "Deleted"]
    run = modules.run(PRESIGN, name="one", kind="app")
    assert run.calls == ["sagemaker:ListMlflowApps", *APP_CALLS]
    assert run.result["tracking_uri"] == arn
    check = modules.run(PRESIGN, name="one", kind="app", check=True)
    assert check.calls == ["sagemaker:ListMlflowApps", APP_CALLS[0]]
    assert check.result["authorized_url"] is None


def test_an_app_that_is_not_there_or_twice(modules: Modules, region: LocalRegion) -> None:
    make_servers(region, "one")
    message = modules.fail(PRESIGN, name="one", kind="app")
    assert message == f"There is no MLflow App 'one' in {REGION}: check the name, the region and the account."
    assert region.calls() == ["sagemaker:ListMlflowApps"]
    check = modules.run(PRESIGN, name="one", kind="app", check=True)
    assert check.result["tracking_uri"] is None
    arns = [make_app(region, "one"), make_app(region, "one")]
    message = modules.fail(PRESIGN, name="one", kind="app")
    assert [arn for arn in arns if arn not in message] == []
    assert "by its arn instead of its name" in message


def test_check_mode_makes_no_link(modules: Modules, region: LocalRegion) -> None:
    (arn,) = make_servers(region, "one")
    run = modules.run(PRESIGN, name="one", check=True)
    assert run.calls == SERVER_CALLS[:1]
    assert not run.changed
    assert run.result["authorized_url"] is None
    assert run.result["tracking_uri"] == arn


def test_a_stopped_server(modules: Modules, region: LocalRegion) -> None:
    make_servers(region, "one")
    region.client("sagemaker").stop_mlflow_tracking_server(TrackingServerName="one")
    message = modules.fail(PRESIGN, name="one")
    assert message == (
        "The tracking server 'one' is stopped. Start it first (sagemaker_mlflow_server with state: started)."
    )
    assert region.calls() == SERVER_CALLS[:1]


def test_a_server_that_was_changed_while_stopped_still_does_not_run(modules: Modules, region: LocalRegion) -> None:
    make_servers(region, "one")
    client = region.client("sagemaker")
    client.stop_mlflow_tracking_server(TrackingServerName="one")
    client.update_mlflow_tracking_server(TrackingServerName="one", TrackingServerSize="Large")
    assert "is not running (status Updated)" in modules.fail(PRESIGN, name="one")


@pytest.mark.parametrize(
    ("delays", "operation", "reason"),
    [
        ({"create": 60}, None, "is still being created"),
        ({"start": 60}, "start_mlflow_tracking_server", "is still starting"),
        ({"stop": 60}, "stop_mlflow_tracking_server", "is stopping"),
        ({"delete": 60}, "delete_mlflow_tracking_server", "is being deleted"),
    ],
)
def test_a_server_on_its_way(
    modules: Modules, region: LocalRegion, delays: dict[str, float], operation: str | None, reason: str
) -> None:
    region.configure(delays=delays)
    make_servers(region, "one")
    client = region.client("sagemaker")
    if operation == "start_mlflow_tracking_server":
        client.stop_mlflow_tracking_server(TrackingServerName="one")
    if operation:
        getattr(client, operation)(TrackingServerName="one")
    assert reason in modules.fail(PRESIGN, name="one")
    assert region.calls() == SERVER_CALLS[:1]


def test_a_deleted_app(modules: Modules, region: LocalRegion) -> None:
    arn = make_app(region)
    region.client("sagemaker").delete_mlflow_app(Arn=arn)
    assert modules.fail(PRESIGN, arn=arn) == f"The MLflow App {arn} was deleted."


@pytest.mark.parametrize(
    ("target", "title"),
    [
        ({"name": "nobody"}, "tracking server 'nobody'"),
        (
            {"arn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-app/app-NOBODY"},
            f"MLflow App arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-app/app-NOBODY",
        ),
    ],
)
def test_what_is_not_there(modules: Modules, target: dict[str, t.Any], title: str) -> None:
    message = modules.fail(PRESIGN, **target)
    assert message == f"There is no {title} in {REGION}: check the name, the region and the account."
    preview = modules.run(PRESIGN, check=True, **target)
    assert preview.result["authorized_url"] is None
    assert preview.result["tracking_uri"] is None
    assert message in str(preview.result["warnings"])


@pytest.mark.parametrize("actions", [SERVER_CALLS, SERVER_CALLS[1:]])
def test_the_documented_permissions_are_enough(modules: Modules, region: LocalRegion, actions: list[str]) -> None:
    (arn,) = make_servers(region, "one")
    user: dict[str, t.Any] = make_user(region, *actions)
    run = modules.run(PRESIGN, name="one", **user)
    assert "authToken=" in run.result["authorized_url"]
    # Whoever may only open the UI cannot be told the ARN.
    assert run.result["tracking_uri"] == (arn if actions == SERVER_CALLS else None)


@pytest.mark.parametrize("actions", [APP_CALLS, APP_CALLS[1:]])
def test_the_documented_permissions_are_enough_for_an_app(
    modules: Modules, region: LocalRegion, actions: list[str]
) -> None:
    arn = make_app(region)
    user: dict[str, t.Any] = make_user(region, *actions)
    run = modules.run(PRESIGN, arn=arn, **user)
    assert "authToken=" in run.result["authorized_url"]
    assert run.result["tracking_uri"] == arn


def test_whoever_may_not_open_the_ui(modules: Modules, region: LocalRegion) -> None:
    make_servers(region, "one")
    region.inject({"service": "sagemaker", "operation": "CreatePresignedMlflowTrackingServerUrl", **DENIED})
    message = modules.fail(PRESIGN, name="one")
    assert "Failed while making a link to the UI of the tracking server 'one'" in message
    assert "AccessDeniedException" in message


def test_throttling_passes(modules: Modules, region: LocalRegion) -> None:
    make_servers(region, "one")
    throttled = {"code": "ThrottlingException", "message": "Rate exceeded", "status": 400, "times": 2}
    region.inject({"service": "sagemaker", "operation": "CreatePresignedMlflowTrackingServerUrl", **throttled})
    assert "authToken=" in modules.run(PRESIGN, name="one").result["authorized_url"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "one of the following is required: name, arn"),
        ({"name": "one", "arn": "arn:x"}, "mutually exclusive"),
        ({"name": "a_b"}, "name: 'a_b' is not allowed"),
        ({"arn": "one"}, "arn: 'one' is not the ARN"),
        ({"name": "one", "expires_in_seconds": 4}, "expires_in_seconds: 4 is not allowed: give 5 to 300 seconds."),
        ({"name": "one", "expires_in_seconds": 301}, "expires_in_seconds: 301 is not allowed"),
        (
            {"name": "one", "session_expiration_duration_in_seconds": 1799},
            "session_expiration_duration_in_seconds: 1799 is not allowed: give 1800 to 43200 seconds.",
        ),
        ({"name": "one", "session_expiration_duration_in_seconds": 43201}, "43201 is not allowed"),
        (
            {"arn": f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:mlflow-tracking-server/one"},
            f"is in eu-west-1, but the calls go to {REGION}",
        ),
    ],
)
def test_bad_input_makes_no_call(
    modules: Modules, region: LocalRegion, arguments: dict[str, t.Any], message: str
) -> None:
    for check in (False, True):
        assert message in modules.fail(PRESIGN, check=check, **arguments)
        assert region.calls() == []
