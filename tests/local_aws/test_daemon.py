# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands: start, stop, status, env, reset, logs, and everything that can be in their way."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from localaws.__main__ import main
from localaws.settings import InvalidSettingError, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = Path(__file__).resolve().parents[2] / "roles" / "local_aws" / "files"
QUICKLY = ("--port", "0", "--mlflow", "off")


@dataclass
class Daemon:
    """The command line on one home."""

    home: Path

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "localaws", command, "--home", str(self.home), *arguments],
            env={**os.environ, "PYTHONPATH": str(FILES)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *arguments: str) -> dict[str, Any]:
        done = self.run("start", *(arguments or QUICKLY))
        assert done.returncode == 0, done.stderr
        return self.state()

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "state.json").read_text())
        return found

    def client(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]  # the service is a variable here
            endpoint_url=self.state()["endpoint"],
            region_name="us-east-1",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        )


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    found = Daemon(tmp_path / "home")
    yield found
    found.run("stop")


def exists(pid: int) -> bool:
    """Whether it runs; a container's first process may never wait for orphans that have ended."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while exists(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not exists(pid)


def test_a_life(daemon: Daemon) -> None:
    before = daemon.run("status")
    assert (before.returncode, "is not running" in before.stdout) == (3, True)
    assert daemon.run("env").returncode == 3

    first = daemon.run("start", *QUICKLY)
    assert first.returncode == 0, first.stderr
    assert re.search(r"started in \d+\.\d s: http://127\.0\.0\.1:\d+", first.stdout)
    state = daemon.state()
    again = daemon.run("start", *QUICKLY)
    assert (again.returncode, "already running" in again.stdout) == (0, True)
    assert daemon.state() == state

    status = daemon.run("status")
    assert (status.returncode, state["endpoint"] in status.stdout) == (0, True)
    assert f"export AWS_ENDPOINT_URL={state['endpoint']}\n" in daemon.run("env").stdout
    assert daemon.client("iam").list_roles()["Roles"] == []

    assert daemon.run("stop").stdout == "local AWS stopped\n"
    assert not exists(state["pid"])
    assert not (daemon.home / "state.json").exists()
    assert daemon.run("stop").stdout == "local AWS was not running\n"
    assert daemon.run("status").returncode == 3


def test_env_can_be_evaluated(daemon: Daemon) -> None:
    state = daemon.start()
    script = f"{daemon.run('env').stdout}\nenv"
    found = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()
    assert {f"SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT={state['endpoint']}", "AWS_REGION=us-east-1"} <= set(found)
    assert "AWS_DISABLE_HOST_PREFIX_INJECTION=true" in found


def test_killed_and_started_again(daemon: Daemon) -> None:
    """After kill -9 the state file lies; what was saved is back all the same."""
    killed = daemon.start()["pid"]
    daemon.client("iam").create_user(UserName="ann")
    deadline = time.monotonic() + 10
    while not (daemon.home / "snapshot").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(killed, signal.SIGKILL)
    wait_until_gone(killed)
    assert daemon.run("status").returncode == 3
    assert daemon.start()["pid"] != killed
    assert [user["UserName"] for user in daemon.client("iam").list_users()["Users"]] == ["ann"]


def test_a_state_file_that_names_somebody_else(daemon: Daemon) -> None:
    daemon.home.mkdir()
    state = {
        "pid": os.getpid(),
        "port": 9,
        "version": "0",
        "endpoint": "http://127.0.0.1:9",
        "region": "",
        "account_id": "",
    }
    (daemon.home / "state.json").write_text(json.dumps(state))
    assert daemon.run("status").returncode == 3
    assert daemon.start()["pid"] != os.getpid()


def test_a_state_file_that_cannot_be_read(daemon: Daemon) -> None:
    """The server is found all the same, and two never serve one home."""
    pid = daemon.start()["pid"]
    second = daemon.run("serve", *QUICKLY)
    assert (second.returncode, f"serves {daemon.home} already (pid {pid})" in second.stderr) == (1, True)
    (daemon.home / "state.json").write_text("not JSON")
    assert daemon.run("status").returncode == 3
    assert daemon.run("stop").stdout == "local AWS stopped\n"
    assert not exists(pid)


def test_two_starts_at_once(daemon: Daemon) -> None:
    command = [sys.executable, "-m", "localaws", "start", "--home", str(daemon.home), *QUICKLY]
    both = [
        subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(FILES)}, stdout=subprocess.PIPE, text=True)
        for _unused in range(2)
    ]
    said = sorted(process.communicate(timeout=60)[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert [("already running" in text, "started in" in text) for text in said] == [(True, False), (False, True)]


def test_a_busy_port(daemon: Daemon) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        for command in ("start", "serve"):
            done = daemon.run(command, "--port", str(port), "--mlflow", "off")
            assert done.returncode == 1
            assert f"port {port}" in done.stderr
            assert "--port" in done.stderr
            assert "Traceback" not in done.stderr
    assert daemon.run("status").returncode == 3


def test_a_port_that_another_local_aws_has(daemon: Daemon, tmp_path: Path) -> None:
    port = daemon.start()["port"]
    done = Daemon(tmp_path / "second").run("start", "--port", str(port), "--mlflow", "off")
    assert done.returncode == 1
    assert f"port {port} is used by the local AWS of {daemon.home}" in done.stderr


def leftover(*words: str) -> subprocess.Popen[bytes]:
    """A process group of its own, like an MLflow server whose local AWS was killed."""
    code = "import time; time.sleep(120)"
    return subprocess.Popen([sys.executable, "-c", code, *words], start_new_session=True)


def test_stop_ends_what_a_killed_local_aws_left_behind(daemon: Daemon) -> None:
    """And only that: a number that belongs to another program by now is left alone."""
    daemon.home.mkdir()
    ours, foreign = leftover("localaws.mlflow_processes.zygote"), leftover("somebody's work")
    try:
        (daemon.home / "children.json").write_text(json.dumps([ours.pid, foreign.pid, 1, 0, -1]))
        assert daemon.run("stop").stdout == "local AWS stopped\n"
        assert ours.wait(timeout=10) == -signal.SIGKILL
        assert foreign.poll() is None
        assert not (daemon.home / "children.json").exists()
    finally:
        for process in (ours, foreign):
            process.kill()
            process.wait()


@pytest.mark.parametrize("by_another", [False, True], ids=["deleted", "replaced"])
def test_a_server_ends_with_its_home(daemon: Daemon, tmp_path: Path, by_another: bool) -> None:
    """Nothing else could find it any more. What has taken the home's place is not touched."""
    pid = daemon.start()["pid"]
    daemon.client("s3").create_bucket(Bucket="models")
    daemon.client("s3").put_object(Bucket="models", Key="large", Body=b"x" * 100_000)
    daemon.home.rename(tmp_path / "old")
    if by_another:
        other = daemon.start()
        (daemon.home / "children.json").write_text("[]")
    wait_until_gone(pid)
    if by_another:
        assert daemon.state() == other
        assert (daemon.home / "children.json").exists()
        assert daemon.client("s3").list_buckets()["Buckets"] == []
    else:
        assert not daemon.home.exists()


@pytest.mark.parametrize("seconds", [0.0, 0.2, 0.5])
def test_a_start_that_is_ended(daemon: Daemon, seconds: float) -> None:
    """SIGTERM while moto and MLflow are imported: nothing stays, and nothing that was saved is lost."""
    daemon.start()
    daemon.client("iam").create_user(UserName="ann")
    daemon.run("stop")
    command = [sys.executable, "-m", "localaws", "serve", "--home", str(daemon.home), "--port", "0"]
    served = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(FILES)})
    while not (daemon.home / "state.json").exists():
        time.sleep(0.01)
    time.sleep(seconds)
    served.terminate()
    assert served.wait(timeout=10) == 0
    assert sorted(path.name for path in daemon.home.glob("*.json")) == []
    listed = subprocess.run(
        ["pgrep", "-f", "localaws.mlflow_processes.zygote"], capture_output=True, text=True, check=False
    )
    assert not [pid for pid in listed.stdout.split() if daemon.home in Path(f"/proc/{pid}/cwd").resolve().parents]
    daemon.start()
    assert [user["UserName"] for user in daemon.client("iam").list_users()["Users"]] == ["ann"]


def test_reset(daemon: Daemon) -> None:
    daemon.start()
    daemon.client("iam").create_user(UserName="ann")
    assert daemon.run("reset").returncode == 0
    assert daemon.client("iam").list_users()["Users"] == []
    daemon.client("iam").create_user(UserName="bob")
    daemon.run("stop")
    assert (daemon.home / "snapshot").exists()
    assert daemon.run("reset").stdout == "local AWS is empty\n"
    daemon.start()
    assert daemon.client("iam").list_users()["Users"] == []


def test_a_snapshot_of_another_version(daemon: Daemon) -> None:
    daemon.start()
    daemon.client("iam").create_user(UserName="ann")
    daemon.run("stop")
    snapshot = daemon.home / "snapshot"
    header, _unused, rest = snapshot.read_bytes().partition(b"\n")
    snapshot.write_bytes(json.dumps({**json.loads(header), "moto": "1.0"}).encode() + b"\n" + rest)
    refused = daemon.run("start", *QUICKLY)
    assert refused.returncode == 1
    assert "moto is '1.0', not" in refused.stderr
    assert "Run 'reset'" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert daemon.run("reset").returncode == 0
    daemon.start()


def test_a_broken_snapshot(daemon: Daemon) -> None:
    daemon.home.mkdir()
    (daemon.home / "snapshot").write_bytes(b"\x00\x01nothing")
    refused = daemon.run("start", *QUICKLY)
    assert (refused.returncode, "Run 'reset'" in refused.stderr) == (1, True)


def test_logs(daemon: Daemon) -> None:
    assert daemon.run("logs").returncode == 1
    daemon.start()
    (daemon.home / "localaws.log").write_text("one\ntwo\nthree\n")
    assert daemon.run("logs").stdout == "one\ntwo\nthree\n"
    assert daemon.run("logs", "--lines", "1").stdout == "three\n"


def test_files_are_for_their_owner_only(daemon: Daemon) -> None:
    daemon.start()
    daemon.client("iam").create_user(UserName="ann")
    daemon.run("stop")
    for name in ("snapshot", "requests.jsonl", "localaws.log"):
        assert (daemon.home / name).stat().st_mode & 0o077 == 0, name


def memory(pid: int) -> dict[str, float]:
    """Mebibytes now (VmRSS) and at most so far (VmHWM)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return {name: int(size) / 1024 for name, size in re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB", status, re.M)}


FIRST_CALLS = (
    ("iam", "list_roles"),
    ("kms", "list_keys"),
    ("s3", "list_buckets"),
    ("sagemaker", "list_mlflow_tracking_servers"),
    ("sts", "get_caller_identity"),
)


def test_it_is_light(daemon: Daemon) -> None:
    """Below 100 MiB, also at the worst moment: a deployment's first calls come at once, several of each service."""
    pid = daemon.start()["pid"]
    clients = {service: daemon.client(service) for service, _unused in FIRST_CALLS}
    with ThreadPoolExecutor(len(FIRST_CALLS) * 6) as callers:
        calls = [callers.submit(getattr(clients[service], call)) for service, call in FIRST_CALLS * 6]
    assert all(call.result() for call in calls)
    used = memory(pid)
    assert used["VmRSS"] < 90, "81 measured; 97 when each call reads the models anew"
    assert used["VmHWM"] < 100, "85 measured"


def test_a_large_object_is_in_memory_once_and_not_for_long(daemon: Daemon) -> None:
    """Models are large. Their content belongs on disk."""
    pid, s3 = daemon.start()["pid"], daemon.client("s3")
    s3.create_bucket(Bucket="models")
    size = 64
    s3.put_object(Bucket="models", Key="large", Body=bytes(size * 1024 * 1024))
    deadline = time.monotonic() + 10
    while (memory(pid)["VmRSS"] > 100 or not list(daemon.home.glob("objects/*"))) and time.monotonic() < deadline:
        time.sleep(0.05)
    used = memory(pid)
    assert used["VmRSS"] < 100, "77 measured; 325 when the garbage collector must find the last body"
    assert used["VmHWM"] < 100 + 1.5 * size, "141 measured; 269 when the body is copied on its way"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--delay", "create"), "'create' is not NAME=VALUE"),
        (("--delay", "fly=1"), "there is no delay 'fly'"),
        (("--delay", "create=-1"), "must be a number of seconds >= 0"),
        (("--set", "nothing=1"), "there is no setting 'nothing'"),
        (("--set", "app_quota=many"), "app_quota must be int, not 'many'"),
    ],
)
def test_bad_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, str], words: str
) -> None:
    assert main(["start", "--home", str(tmp_path), *arguments]) == 1
    assert words in capsys.readouterr().err


def test_options_reach_the_daemon(daemon: Daemon) -> None:
    daemon.start(*QUICKLY, "--iam", "--delay", "create=5", "--set", "app_quota=7", "--set", 'stuck=["update"]')
    with urllib.request.urlopen(f"{daemon.state()['endpoint']}/_localaws/config", timeout=30) as answer:
        config = json.load(answer)
    assert (config["iam_enforcement"], config["app_quota"], config["stuck"]) == (True, 7, ["update"])
    assert config["delays"]["create"] == 5.0


def test_settings_survive_json(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.set_initial(settings.as_json())
    assert settings == Settings(home=tmp_path)


def test_what_is_fixed_at_start(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with pytest.raises(InvalidSettingError, match="region is fixed"):
        settings.change({"validation": False, "region": "eu-west-1"})
    assert settings.validation


def test_a_start_that_says_otherwise_wins_over_what_was_changed_before(tmp_path: Path) -> None:
    before = Settings(home=tmp_path)
    before.change({"iam_enforcement": True, "app_quota": 5})
    after = Settings(home=tmp_path, app_quota=7)
    after.load(before.dump())
    assert (after.iam_enforcement, after.app_quota) == (True, 7)
