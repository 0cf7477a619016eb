# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far away the local AWS seems, over which connections it is reached, and how round trips are counted."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import boto3
import local_region
import pytest
from botocore.exceptions import SSLError

from localaws.distance import round_trips

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_callers import LocalAws

CHAINS: list[tuple[list[tuple[float, float]], int]] = [
    ([], 0),
    ([(0, 1)], 1),
    ([(0, 1), (0, 1), (0.1, 1.2)], 1),
    ([(0, 1), (1, 2), (2, 3)], 3),
    ([(0, 1), (0.9, 1.9), (1.8, 2.8)], 2),
    ([(0, 10), (0, 1), (1, 2), (2, 3)], 3),
    ([(2, 3), (0, 1), (1, 2)], 3),
    ([(0, 1), (0, 5), (5.5, 6), (1.5, 2), (2.5, 3)], 4),
]


@pytest.mark.parametrize(("times", "length"), CHAINS)
def test_round_trips(times: list[tuple[float, float]], length: int) -> None:
    found = round_trips([{"arrived": arrived, "departed": departed} for arrived, departed in times])
    assert len(found) == length
    assert all(one["departed"] <= two["arrived"] for one, two in itertools.pairwise(found))


def test_calls_at_once_wait_at_once(local_aws: LocalAws) -> None:
    """Two rounds of eight calls, half a second away: two round trips, whatever else the machine does."""
    iam = local_aws.client("iam")
    local_aws.admin("POST", "config", {"latency_ms": 500})
    with ThreadPoolExecutor(8) as pool:
        for _round in range(2):
            list(pool.map(lambda _unused: iam.list_roles(), range(8)))
    log = local_aws.admin("GET", "log")
    assert len(log) == 16
    assert len(round_trips(log)) == 2
    assert all(call["departed"] - call["arrived"] >= 0.5 for call in log)


def test_work_is_part_of_the_latency(local_aws: LocalAws) -> None:
    """A call costs the latency or its work, whichever is more, and not both."""
    local_aws.admin("POST", "config", {"latency_ms": 300})
    local_aws.admin("POST", "faults", [{"operation": "ListUsers", "latency_ms": 200}])
    local_aws.client("iam").list_users()
    (call,) = local_aws.admin("GET", "log")
    assert call["departed"] - call["arrived"] >= 0.3
    assert call["milliseconds"] >= 200
    assert call["departed"] - call["arrived"] < 0.3 + call["milliseconds"] / 1000


def test_administrators_are_near(local_aws: LocalAws) -> None:
    local_aws.admin("POST", "config", {"latency_ms": 60_000})
    assert local_aws.admin("GET", "config")["latency_ms"] == 60_000
    with pytest.raises(HTTPError) as caught:
        local_aws.admin("POST", "config", {"latency_ms": -1})
    assert b"latency_ms must be a number of milliseconds >= 0" in caught.value.read()


def asked(connection: http.client.HTTPConnection, **headers: str) -> str | None:
    """Make a call that is refused, and read the answer; what it says of the connection."""
    connection.request("GET", "/some-bucket", headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.getheader("Connection")


def test_a_connection_is_kept_until_the_client_has_enough(local_aws: LocalAws) -> None:
    address = urlsplit(local_aws.endpoint).netloc
    one, other = http.client.HTTPConnection(address, timeout=30), http.client.HTTPConnection(address, timeout=30)
    kept = [asked(one), asked(one), asked(one, Connection="close")]
    asked(other)
    other.close()
    numbers = [call["connection"] for call in local_aws.admin("GET", "log")]
    assert kept == [None, None, "close"]
    assert numbers[0] == numbers[1] == numbers[2] != numbers[3]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local_region.LocalRegion]:
    """A local AWS that speaks TLS, too."""
    region = local_region.start(tmp_path_factory.mktemp("tls"), "--mlflow", "off", "--set", "tls=true")
    yield region
    local_region.stop(region)


def test_clients_trust_the_certificate_by_the_bundle_alone(secured: local_region.LocalRegion) -> None:
    variables = secured.admin("GET", "env")
    assert variables["AWS_ENDPOINT_URL"] == secured.endpoint.replace("http", "https")

    def client(**trust: Any) -> Any:
        return boto3.client(
            "iam",
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
            **trust,
        )

    assert client(verify=variables["AWS_CA_BUNDLE"]).list_users()["Users"] == []
    with pytest.raises(SSLError):
        client().list_users()
    assert client(verify=variables["AWS_CA_BUNDLE"]).list_users()["Users"] == [], "it survives a client that gave up"


def test_the_bundle_is_as_big_as_a_real_one(secured: local_region.LocalRegion) -> None:
    context = ssl.create_default_context(cafile=secured.admin("GET", "env")["AWS_CA_BUNDLE"])
    assert context.cert_store_stats()["x509_ca"] > 100


def test_the_command_env_leads_to_tls(secured: local_region.LocalRegion) -> None:
    command = [sys.executable, "-m", "localaws", "env", "--home", str(secured.home)]
    environment = {**os.environ, "PYTHONPATH": str(local_region.PACKAGE_ROOT)}
    done = subprocess.run(command, env=environment, text=True, capture_output=True, check=True)
    assert f"export AWS_CA_BUNDLE={secured.home}/ca-bundle.pem" in done.stdout
    assert "export AWS_ENDPOINT_URL=https://127.0.0.1:" in done.stdout


def test_the_key_is_private(secured: local_region.LocalRegion) -> None:
    assert (secured.home / "server.pem").stat().st_mode & 0o077 == 0


def test_tls_is_fixed_at_the_start(local_aws: LocalAws) -> None:
    with pytest.raises(HTTPError) as caught:
        local_aws.admin("POST", "config", {"tls": True})
    assert json.loads(caught.value.read())["error"] == "tls is fixed when the local AWS starts"
