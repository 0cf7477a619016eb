# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A local AWS of its own for a test process, and what a test asks of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import boto3

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE_ROOT = REPOSITORY / "roles" / "local_aws" / "files"
ACCOUNT = "123456789012"
REGION = "us-east-1"
START_LIMIT = 30.0


@dataclass
class LocalRegion:
    """One running local AWS: its endpoint, boto3 clients, and its admin interface."""

    endpoint: str
    process: subprocess.Popen[bytes]
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point any AWS client at this region."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": self.endpoint,
        }

    def client(self, service: str, **settings: t.Any) -> t.Any:
        """A boto3 client of this region, with the boot credentials."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # the service is a variable here
            endpoint_url=self.endpoint,
            region_name=settings.pop("region_name", REGION),
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            **settings,
        )

    def admin(self, method: str, path: str, body: t.Any = None) -> t.Any:
        """One call of the admin interface, as in C(admin("POST", "clock", {"advance": 60}))."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_localaws/{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
        return json.loads(content) if content.strip() else None

    def log(self) -> list[dict[str, t.Any]]:
        """Every request since the log was cleared."""
        return list(self.admin("GET", "log"))

    def calls(self) -> list[str]:
        """C(service:Operation) of every request since the log was cleared, in order."""
        return [f"{entry['service']}:{entry['operation']}" for entry in self.log()]

    def writes(self) -> list[str]:
        """The calls that change something."""
        return [f"{entry['service']}:{entry['operation']}" for entry in self.log() if entry["write"]]

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self.admin("DELETE", "log")

    def configure(self, **settings: t.Any) -> None:
        """Change settings of the running local AWS."""
        self.admin("POST", "config", settings)

    def inject(self, *faults: dict[str, t.Any]) -> None:
        """Make the next matching calls fail."""
        self.admin("POST", "faults", list(faults))

    def reset(self) -> None:
        """An empty account with the settings and faults of the start."""
        self.admin("POST", "reset")


def start(home: Path, *arguments: str) -> LocalRegion:
    """Start a local AWS on a free port and wait until it answers."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)}
    log = (home / "serve.log").open("wb")
    command = [sys.executable, "-m", "localaws", "serve", "--home", str(home), "--port", "0", *arguments]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    state = home / "state.json"
    limit = time.monotonic() + START_LIMIT
    while time.monotonic() < limit and process.poll() is None:
        if state.exists():
            region = LocalRegion(json.loads(state.read_text())["endpoint"], process, home)
            if _answers(region):
                return region
        time.sleep(0.05)
    raise RuntimeError(f"the local AWS did not start: {(home / 'serve.log').read_text()[-2000:]}")


def stop(region: LocalRegion) -> None:
    """End the local AWS and everything that it started."""
    region.process.terminate()
    region.process.wait(timeout=20)


def _answers(region: LocalRegion) -> bool:
    try:
        region.admin("GET", "health")
    except OSError:
        return False
    return True
