# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that takes fewer requests than a fleet makes: nothing fails, nothing is made twice."""

from __future__ import annotations

import json
import queue
import threading
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.parsers import ResponseParserError
from local_region import ACCOUNT, REGION

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import client_config
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._session import Session, SharedSession

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

FEW = {"rate": 6, "burst": 2}
SAGEMAKER = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [SAGEMAKER]})


def test_a_role_is_converged_although_iam_throttles(region: LocalRegion, modules: Modules) -> None:
    wish: dict[str, t.Any] = {"name": "mlflow", "artifact_store_uri": "s3://artifacts/team", "tags": {"Team": "vision"}}
    region.configure(rate_limits={"iam": FEW})
    created = modules.run("iam_mlflow_role", **wish)
    assert created.result["arn"] == f"arn:aws:iam::{ACCOUNT}:role/mlflow"
    throttled = [entry for entry in region.log() if entry["error"] == "Throttling"]
    assert throttled, "the test does not test anything"
    succeeded = [entry["operation"] for entry in region.log() if entry["write"] and entry["status"] == 200]
    assert len(succeeded) == len(set(succeeded)), "a call was carried out twice"
    again = modules.run("iam_mlflow_role", **wish)
    assert (again.changed, again.writes) == (False, [])


def session(region: LocalRegion, made: type[Session] = Session) -> Session:
    keys = {name.lower(): region.environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    return made(REGION, region.endpoint, keys)


def make_role(region: LocalRegion) -> None:
    region.client("iam").create_role(RoleName="mlflow", AssumeRolePolicyDocument=TRUST)


def test_botocore_is_made_to_queue(region: LocalRegion) -> None:
    """botocore gives up on all throttled requests of a client together after a hundred attempts; a fleet makes more."""
    make_role(region)
    region.configure(rate_limits={"iam": {"rate": 150.0, "burst": 5.0}})
    iam = session(region, SharedSession).client("iam", client_config())
    with ThreadPoolExecutor(128) as pool:
        answers = list(pool.map(lambda _number: iam.get_role(RoleName="mlflow"), range(400)))
    assert {answer["Role"]["Arn"] for answer in answers} == {f"arn:aws:iam::{ACCOUNT}:role/mlflow"}
    assert any(answer["ResponseMetadata"]["RetryAttempts"] for answer in answers), "the test does not test anything"


@pytest.mark.parametrize(
    ("retries", "sent"),
    [
        (None, limits.THROTTLED_ATTEMPTS),
        ({"mode": "standard", "total_max_attempts": 3}, 3),
        ({"mode": "standard", "total_max_attempts": 1}, 1),
    ],
)
def test_a_throttled_request_ends_after_some_attempts(
    region: LocalRegion, retries: t.Any, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    region.inject({"service": "iam", "code": "Throttling", "times": 100})
    config = client_config() if retries is None else client_config().merge(type(client_config())(retries=retries))
    iam = session(region).client("iam", config)
    for _attempt in range(2):
        region.clear_log()
        with pytest.raises(iam.exceptions.ClientError, match="Throttling"):
            iam.get_role(RoleName="mlflow")
        assert len(region.log()) == sent


def test_an_answer_that_cannot_be_read_keeps_no_place(region: LocalRegion) -> None:
    make_role(region)
    iam = session(region).client("iam", client_config())
    region.inject({"service": "iam", "code": "Throttling", "times": 1})
    region.inject({"service": "iam", "malformed": True, "times": 1})
    with pytest.raises(ResponseParserError):
        iam.get_role(RoleName="mlflow")
    found: queue.Queue[str] = queue.Queue()
    ask = threading.Thread(target=lambda: found.put(iam.get_role(RoleName="mlflow")["Role"]["RoleName"]), daemon=True)
    ask.start()
    assert found.get(timeout=20) == "mlflow"
