# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front door of the MLflow servers, request by request."""

from __future__ import annotations

import http.client
import json
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from local_aws.managed_mlflow import wait_for
from local_callers import Keys, LocalAws
from mlflow_account import make_app, make_servers

from localaws.data_plane.presigned import path_of
from localaws.data_plane.proxy import answer_headers, request_headers

if TYPE_CHECKING:
    from local_aws.managed_mlflow import ManagedMlflow
    from local_region import LocalRegion

SERVER_HEADER = "x-mlflow-sm-tracking-server-arn"
APP_HEADER = "x-sm-mlflow-app-arn"
SEARCH = "/api/2.0/mlflow/experiments/search?max_results=5"
RETRIED = {408, 429, 500, 502, 503, 504}  # by the mlflow client, for minutes


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


def send(endpoint: str, method: str, target: str, headers: dict[str, str] | None = None, body: str = "") -> Answer:
    """One request just as it is: no redirects, no cookie jar."""
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=60)
    try:
        connection.request(method, target, body.encode() or None, headers or {})
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, names, answer.read().decode())
    finally:
        connection.close()


def call(
    region: LocalRegion,
    arn: str,
    target: str = SEARCH,
    *,
    body: dict[str, Any] | None = None,
    header: str | None = None,
    service: str | None = None,
    keys: dict[str, str] | None = None,
) -> Answer:
    """A signed call, as the plugin makes it unless told otherwise."""
    is_app = ":mlflow-app/" in arn
    method, data = ("GET", "") if body is None else ("POST", json.dumps(body))
    headers = {header or (APP_HEADER if is_app else SERVER_HEADER): arn, "Content-Type": "application/json"}
    request = AWSRequest(method, region.endpoint + target, headers, data)
    known = keys or region.environment
    credentials = Credentials(known["AWS_ACCESS_KEY_ID"], known["AWS_SECRET_ACCESS_KEY"])
    SigV4Auth(credentials, service or ("sagemaker" if is_app else "sagemaker-mlflow"), "us-east-1").add_auth(request)
    return send(region.endpoint, method, target, dict(request.headers.items()), data)


def opened(managed: ManagedMlflow, url: str) -> dict[str, str]:
    """Use a link and return the headers of the session that it gives."""
    parts = urlsplit(url)
    answer = send(managed.region.endpoint, "GET", f"{parts.path}?{parts.query}")
    assert answer.status == 302, answer.text
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


@pytest.mark.parametrize("kind", ["tracking_server", "app"])
def test_a_signed_call_reaches_its_mlflow(managed_mlflow: ManagedMlflow, kind: str) -> None:
    answer = call(managed_mlflow.region, managed_mlflow.arns[kind], "/api/2.0/mlflow/experiments/get?experiment_id=0")
    assert answer.status == 200
    assert json.loads(answer.text)["experiment"]["name"] == "Default"
    assert "x-localaws" in answer.headers


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("tracking_server", {"service": "sagemaker"}, "correct service: 'sagemaker-mlflow'"),
        ("app", {"service": "sagemaker-mlflow"}, "correct service: 'sagemaker'"),
        ("tracking_server", {"keys": {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN", "AWS_SECRET_ACCESS_KEY": "x"}}, "token"),
    ],
)
def test_a_wrong_signature_is_refused(
    managed_mlflow: ManagedMlflow, kind: str, changes: dict[str, Any], message: str
) -> None:
    answer = call(managed_mlflow.region, managed_mlflow.arns[kind], **changes)
    assert answer.status == 403
    assert message in answer.text


def test_a_call_without_a_signature_is_refused(managed_mlflow: ManagedMlflow) -> None:
    answer = send(managed_mlflow.region.endpoint, "GET", SEARCH, {SERVER_HEADER: managed_mlflow.server})
    assert answer.status == 403


@pytest.mark.parametrize("kind", ["tracking_server", "app"])
def test_the_arn_of_the_other_kind_is_not_found(managed_mlflow: ManagedMlflow, kind: str) -> None:
    other = managed_mlflow.arns["app" if kind == "tracking_server" else "tracking_server"]
    header, service = (SERVER_HEADER, "sagemaker-mlflow") if kind == "tracking_server" else (APP_HEADER, "sagemaker")
    assert call(managed_mlflow.region, other, header=header, service=service).status == 404


def test_the_log_names_action_and_resource(managed_mlflow: ManagedMlflow) -> None:
    region = managed_mlflow.region
    region.clear_log()
    call(region, managed_mlflow.server, "/api/2.0/mlflow/runs/search", body={"experiment_ids": ["0"]})
    call(region, managed_mlflow.server, "/api/2.0/mlflow/runs/create", body={"experiment_id": "0"})
    call(region, managed_mlflow.app, "/api/2.0/mlflow/runs/create", body={"experiment_id": "0"})
    entries = [entry for entry in region.log() if entry["plane"] == "data"]
    seen = [(f"{each['service']}:{each['operation']}", each["resource"], each["write"]) for each in entries]
    assert seen == [
        ("sagemaker-mlflow:SearchRuns", managed_mlflow.server, False),
        ("sagemaker-mlflow:CreateRun", managed_mlflow.server, True),
        ("sagemaker:CallMlflowAppApi", managed_mlflow.app, True),
    ]
    assert {entry["status"] for entry in entries} == {200}


def test_another_servers_arn_is_denied(managed_mlflow: ManagedMlflow, enforced_iam: None) -> None:
    keys = managed_mlflow.user("narrow", "sagemaker-mlflow:SearchExperiments")
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sagemaker-mlflow:*", "Resource": managed_mlflow.server + "-not-this-one"}
        ],
    }
    iam = managed_mlflow.region.client("iam")
    iam.put_user_policy(UserName="narrow", PolicyName="only", PolicyDocument=json.dumps(document))
    managed_mlflow.region.clear_log()
    answer = call(managed_mlflow.region, managed_mlflow.server, keys=keys)
    assert (answer.status, "sagemaker-mlflow:SearchExperiments" in answer.text) == (403, True)
    entry = managed_mlflow.region.log()[-1]
    assert (entry["denied"], entry["error"]) == (True, "AccessDeniedException")


def test_a_tag_opens_the_data_plane(managed_mlflow: ManagedMlflow, enforced_iam: None) -> None:
    keys = managed_mlflow.user("tagged", "sagemaker-mlflow:SearchExperiments")
    condition = {"StringEquals": {"aws:ResourceTag/team": "pricing"}}
    statement = {"Effect": "Allow", "Action": "sagemaker-mlflow:*", "Resource": "*", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    managed_mlflow.region.client("iam").put_user_policy(UserName="tagged", PolicyName="only", PolicyDocument=document)
    assert call(managed_mlflow.region, managed_mlflow.server, keys=keys).status == 403
    sagemaker = managed_mlflow.region.client("sagemaker")
    sagemaker.add_tags(ResourceArn=managed_mlflow.server, Tags=[{"Key": "team", "Value": "pricing"}])
    assert call(managed_mlflow.region, managed_mlflow.server, keys=keys).status == 200
    sagemaker.delete_tags(ResourceArn=managed_mlflow.server, TagKeys=["team"])


def test_a_server_that_died_answers_again(managed_mlflow: ManagedMlflow) -> None:
    pids = managed_mlflow.region.admin("GET", "health")["mlflow_servers"]
    os.kill(pids[managed_mlflow.server], signal.SIGKILL)
    wait_for(lambda: managed_mlflow.server not in managed_mlflow.region.admin("GET", "health")["mlflow_servers"])
    assert call(managed_mlflow.region, managed_mlflow.server).status == 200


def test_without_mlflow_the_data_plane_says_so(region: LocalRegion) -> None:
    arn = make_servers(region, "plain")[0]
    answer = call(region, arn)
    assert answer.status not in RETRIED
    assert "without MLflow" in answer.text


def test_a_stopped_server_answers_what_the_setting_says(region: LocalRegion) -> None:
    arn = make_servers(region, "resting")[0]
    region.client("sagemaker").stop_mlflow_tracking_server(TrackingServerName="resting")
    answer = call(region, arn)
    assert answer.status not in RETRIED
    assert "not running" in answer.text
    region.configure(stopped_status=499, stopped_body="asleep")
    answer = call(region, arn)
    assert (answer.status, answer.text) == (499, "asleep")


def test_a_deleted_app_is_not_found(region: LocalRegion) -> None:
    arn = make_app(region)
    region.client("sagemaker").delete_mlflow_app(Arn=arn)
    assert call(region, arn).status == 404


def test_a_link_opens_a_session(managed_mlflow: ManagedMlflow) -> None:
    url = managed_mlflow.presigned_url(SessionExpirationDurationInSeconds=1800)
    parts = urlsplit(url)
    first = send(managed_mlflow.region.endpoint, "GET", f"{parts.path}?{parts.query}")
    ui_path = path_of(managed_mlflow.server)
    assert (first.status, first.headers["location"]) == (302, ui_path)
    attributes = [each.strip() for each in first.headers["set-cookie"].split(";")[1:]]
    assert attributes == [f"Path={ui_path}", "Max-Age=1800", "HttpOnly", "SameSite=Strict"]
    second = send(managed_mlflow.region.endpoint, "GET", f"{parts.path}?{parts.query}")
    assert (second.status, second.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "used already" in second.text
    assert "create-presigned-mlflow-tracking-server-url" in second.text, "it says what to do"


@pytest.mark.parametrize("kind", ["tracking_server", "app"])
def test_a_session_serves_the_ui_and_its_calls(managed_mlflow: ManagedMlflow, kind: str) -> None:
    endpoint, ui_path = managed_mlflow.region.endpoint, path_of(managed_mlflow.arns[kind])
    session = opened(managed_mlflow, managed_mlflow.presigned_url(kind))
    page = send(endpoint, "GET", ui_path, session)
    assert (page.status, "<title>MLflow</title>" in page.text) == (200, True)
    assert send(endpoint, "GET", ui_path.rstrip("/")).headers["location"] == ui_path
    body = json.dumps({"max_results": 1})
    headers = {**session, "Content-Type": "application/json", "Origin": endpoint}
    found = send(endpoint, "POST", f"{ui_path}ajax-api/2.0/mlflow/experiments/search", headers, body)
    assert (found.status, "experiments" in json.loads(found.text)) == (200, True)


@pytest.mark.parametrize("path", ["assistant/config", "assistant", "%61ssistant/config"])
def test_the_ui_has_no_assistant(managed_mlflow: ManagedMlflow, path: str) -> None:
    """MLflow's own runs programs on the machine of its server."""
    session = opened(managed_mlflow, managed_mlflow.presigned_url())
    target = f"ajax-api/3.0/mlflow/{path}"
    answer = send(managed_mlflow.region.endpoint, "GET", path_of(managed_mlflow.server) + target, session)
    assert (answer.status, answer.text) == (403, "Managed MLflow has no assistant.")
    assert call(managed_mlflow.region, managed_mlflow.server, f"/{target}").status == 403


def test_the_ui_is_told_to_report_nothing(managed_mlflow: ManagedMlflow) -> None:
    """Its page says that MLflow collects usage data; it asks here whether it may."""
    session = opened(managed_mlflow, managed_mlflow.presigned_url())
    target = f"{path_of(managed_mlflow.server)}ajax-api/3.0/mlflow/ui-telemetry"
    told = json.loads(send(managed_mlflow.region.endpoint, "GET", target, session).text)
    assert (told["disable_ui_telemetry"], told["ui_rollout_percentage"]) == (True, 0)
    headers = {**session, "Content-Type": "application/json", "Origin": managed_mlflow.region.endpoint}
    answer = send(managed_mlflow.region.endpoint, "POST", target, headers, '{"records": [{}]}')
    assert json.loads(answer.text) == {"status": "disabled"}


def test_no_session_no_ui(managed_mlflow: ManagedMlflow) -> None:
    endpoint, ui_path = managed_mlflow.region.endpoint, path_of(managed_mlflow.server)
    session_of_app = opened(managed_mlflow, managed_mlflow.presigned_url("app"))
    for headers in ({}, {"Cookie": "localaws-mlflow-session=invented"}, {"Cookie": '"'}, session_of_app):
        answer = send(endpoint, "GET", f"{ui_path}ajax-api/2.0/mlflow/experiments/search", headers)
        assert answer.status == 403, headers
        assert "<h1>" in answer.text


def test_a_session_does_not_replace_a_signature(managed_mlflow: ManagedMlflow) -> None:
    session = opened(managed_mlflow, managed_mlflow.presigned_url())
    headers = {**session, SERVER_HEADER: managed_mlflow.server}
    assert send(managed_mlflow.region.endpoint, "GET", SEARCH, headers).status == 403


def test_links_and_sessions_end_by_the_movable_clock(managed_mlflow: ManagedMlflow) -> None:
    endpoint, ui_path = managed_mlflow.region.endpoint, path_of(managed_mlflow.server)
    late = urlsplit(managed_mlflow.presigned_url(ExpiresInSeconds=5))
    session = opened(managed_mlflow, managed_mlflow.presigned_url(SessionExpirationDurationInSeconds=1800))
    managed_mlflow.region.admin("POST", "clock", {"advance": 6})
    assert "expired" in send(endpoint, "GET", f"{late.path}?{late.query}").text
    assert send(endpoint, "GET", ui_path, session).status == 200
    managed_mlflow.region.admin("POST", "clock", {"advance": 1800})
    assert send(endpoint, "GET", ui_path, session).status == 403


def test_the_ui_needs_access_ui(managed_mlflow: ManagedMlflow, enforced_iam: None) -> None:
    """In the name of whoever made the link."""
    endpoint, ui_path = managed_mlflow.region.endpoint, path_of(managed_mlflow.server)
    creating = "sagemaker:CreatePresignedMlflowTrackingServerUrl"
    for name, actions, status in (("blind", [creating], 403), ("seeing", [creating, "sagemaker-mlflow:AccessUI"], 200)):
        keys = Keys(*managed_mlflow.user(name, *actions).values())
        client = LocalAws(managed_mlflow.region).client("sagemaker", keys)
        session = opened(managed_mlflow, managed_mlflow.presigned_url(client=client))
        assert send(endpoint, "GET", ui_path, session).status == status, name


def test_mlflow_learns_neither_signatures_nor_sessions() -> None:
    environ = {
        "HTTP_HOST": "127.0.0.1:5566",
        "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=...",
        "HTTP_X_AMZ_SECURITY_TOKEN": "token",
        "HTTP_X_AMZ_DATE": "20261123T120000Z",
        "HTTP_COOKIE": "localaws-mlflow-session=value",
        "HTTP_CONNECTION": "keep-alive",
        "HTTP_X_MLFLOW_WORKSPACE": "team",
        "CONTENT_TYPE": "application/json",
    }
    expected = {"host": "127.0.0.1:40001", "x-mlflow-workspace": "team", "content-type": "application/json"}
    assert request_headers(environ, ("127.0.0.1", 40001)) == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://127.0.0.1:40001/ajax-api/3.0/x/", "/_mlflow/models-1/ajax-api/3.0/x/"),
        ("https://mlflow.org/docs", "https://mlflow.org/docs"),
        ("../relative", "../relative"),
    ],
)
def test_a_redirect_of_mlflow_stays_below_its_path(location: str, expected: str) -> None:
    received = [("Location", location), ("Transfer-Encoding", "chunked"), ("Content-Type", "text/html")]
    answered = answer_headers(received, ("127.0.0.1", 40001), "/_mlflow/models-1")
    assert answered == [("Location", expected), ("Content-Type", "text/html")]
