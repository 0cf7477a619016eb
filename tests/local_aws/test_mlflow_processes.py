# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real MLflow servers: that they start, are what was asked for, and never outlive whoever started them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest

from localaws.mlflow_processes import Processes, environment
from localaws.mlflow_processes.launch import Launch, identifier
from localaws.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILES = Path(environment.IMPORT_ROOT)
PREFIX = "arn:aws:sagemaker:us-east-1:123456789012"
REFUSED_ROLE = "arn:aws:iam::123456789012:role/refused"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


def credentials_of(role_arn: str) -> dict[str, str]:
    if role_arn == REFUSED_ROLE:
        raise PermissionError(f"{role_arn} cannot be assumed")
    return CREDENTIALS


@dataclass(frozen=True)
class Resource:
    """As much of a tracking server or App as a process depends on."""

    name: str = "models"
    kind: str = "tracking_server"
    artifact_store_uri: str = "s3://artifacts/prefix/"
    role_arn: str = "arn:aws:iam::123456789012:role/mlflow"
    region: str = "us-east-1"

    @property
    def arn(self) -> str:
        return f"{PREFIX}:mlflow-{self.kind.replace('_', '-')}/{self.name}"


@pytest.fixture(scope="module")
def zygote_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """One zygote for all tests that only need servers: its import is what costs time. Proves the shutdown on its way."""
    processes = Processes(Settings(home=tmp_path_factory.mktemp("home")), credentials_of)
    processes.prepare()
    yield processes
    started(processes, Resource())
    running = {processes.zygote_pid or 0, *processes.pids().values()}
    assert all(alive(pid) for pid in running)
    processes.shutdown()
    assert not any(alive(pid) for pid in running)
    processes.ensure(Resource())
    assert not processes.wait_until_healthy(Resource().arn), "nothing starts after a shutdown"


@pytest.fixture
def processes(zygote_processes: Processes) -> Processes:
    """The same, without servers and data of another test."""
    zygote_processes.reset()
    return zygote_processes


def started(processes: Processes, resource: Resource) -> str:
    """Start a server and return its URL."""
    processes.ensure(resource)
    assert processes.wait_until_healthy(resource.arn), processes.failed(resource.arn)
    address = processes.address(resource.arn)
    assert address is not None
    return f"http://{address[0]}:{address[1]}"


def call(url: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        content: dict[str, Any] = json.loads(answer.read())
    return content


def create_experiment(url: str, name: str) -> dict[str, Any]:
    identity = call(url, "/api/2.0/mlflow/experiments/create", {"name": name})["experiment_id"]
    experiment: dict[str, Any] = call(url, f"/api/2.0/mlflow/experiments/get?experiment_id={identity}")["experiment"]
    return experiment


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def children(pid: int) -> set[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {int(child) for task in tasks for child in (task / "children").read_text(encoding="ascii").split()}


def descendants(pid: int) -> set[int]:
    found = children(pid)
    return found.union(*(descendants(child) for child in found))


def test_a_server_is_what_its_resource_says(processes: Processes) -> None:
    experiment = create_experiment(started(processes, Resource()), "prices")
    assert experiment["artifact_location"] == "s3://artifacts/prefix/1"


def test_only_apps_have_workspaces(processes: Processes) -> None:
    app = started(processes, Resource(name="app-ABCDEFGHIJKL", kind="app"))
    assert [each["name"] for each in call(app, "/api/3.0/mlflow/workspaces")["workspaces"]] == ["default"]
    server = started(processes, Resource())
    with pytest.raises(HTTPError) as refused:
        call(server, "/api/3.0/mlflow/workspaces")
    assert "without workspaces support" in refused.value.read().decode()


def test_a_second_server_costs_little(processes: Processes) -> None:
    started(processes, Resource())
    before = time.monotonic()
    second = Resource(name="second")
    started(processes, second)
    seconds = time.monotonic() - before
    pages = Path(f"/proc/{processes.pids()[second.arn]}/smaps_rollup").read_text(encoding="ascii").splitlines()
    mebibytes = next(int(line.split()[1]) for line in pages if line.startswith("Pss:")) / 1024
    assert seconds < 3, "a forked server starts in some 0.2 s, an importing one takes 3 s and more"
    assert mebibytes < 130, "a forked server has some 80 MiB of its own, an importing one 200"


def test_the_same_wish_changes_nothing(processes: Processes) -> None:
    started(processes, Resource())
    before = processes.pids()
    started(processes, Resource())
    assert processes.pids() == before


@pytest.mark.parametrize("change", [{"artifact_store_uri": "s3://other"}, {"role_arn": "arn:aws:iam::1:role/other"}])
def test_another_wish_restarts_with_the_data_kept(processes: Processes, change: dict[str, str]) -> None:
    create_experiment(started(processes, Resource()), "kept")
    before = processes.pids()
    url = started(processes, replace(Resource(), **change))
    assert processes.pids()[Resource().arn] not in before.values()
    assert call(url, "/api/2.0/mlflow/experiments/get-by-name?experiment_name=kept")["experiment"]["name"] == "kept"


def test_stop_keeps_the_data_and_delete_forgets_it(processes: Processes) -> None:
    create_experiment(started(processes, Resource()), "kept")
    pid = processes.pids()[Resource().arn]
    processes.stop(Resource().arn)
    assert not processes.healthy(Resource().arn)
    assert processes.address(Resource().arn) is None
    assert eventually(lambda: not alive(pid))
    by_name = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=kept"
    assert call(started(processes, Resource()), by_name)["experiment"]["name"] == "kept"
    processes.delete_data(Resource().arn)
    with pytest.raises(HTTPError) as missing:
        call(started(processes, Resource()), by_name)
    assert missing.value.code == 404


def test_a_server_that_died_comes_back_with_its_data(processes: Processes) -> None:
    create_experiment(started(processes, Resource()), "kept")
    os.kill(processes.pids()[Resource().arn], signal.SIGKILL)
    assert eventually(lambda: not processes.healthy(Resource().arn))
    assert create_experiment(started(processes, Resource()), "more")["experiment_id"] == "2"


def test_a_database_of_another_mlflow_is_migrated(processes: Processes) -> None:
    started(processes, Resource())
    processes.stop(Resource().arn)
    directory = next(processes.directory.rglob(identifier(Resource().arn)))
    (directory / "mlflow-version").write_text("2.13.2", encoding="utf-8")
    started(processes, Resource())
    assert (directory / "mlflow-version").read_text(encoding="utf-8") != "2.13.2"


def test_a_server_that_cannot_work_fails_with_the_end_of_its_log(processes: Processes) -> None:
    started(processes, Resource())
    processes.stop(Resource().arn)
    directory = next(processes.directory.rglob(identifier(Resource().arn)))
    (directory / "mlflow.db").write_bytes(b"this is no database, " * 100)
    processes.ensure(Resource())
    assert not processes.wait_until_healthy(Resource().arn)
    assert "file is not a database" in (processes.failed(Resource().arn) or "")


def test_the_death_of_the_zygote_ends_its_servers_and_heals(processes: Processes) -> None:
    create_experiment(started(processes, Resource()), "kept")
    zygote, server = processes.zygote_pid, processes.pids()[Resource().arn]
    assert zygote is not None
    os.kill(zygote, signal.SIGKILL)
    assert eventually(lambda: not alive(server))
    assert eventually(lambda: not processes.healthy(Resource().arn))
    url = started(processes, Resource())
    assert call(url, "/api/2.0/mlflow/experiments/get-by-name?experiment_name=kept")["experiment"]["name"] == "kept"


DAEMON = """
import sys, time
from pathlib import Path
from localaws.mlflow_processes import Processes
from localaws.settings import Settings
from test_mlflow_processes import Resource, credentials_of, started
processes = Processes(Settings(home=Path(sys.argv[1]), mlflow=sys.argv[2]), credentials_of)
print(started(processes, Resource()), flush=True)
time.sleep(600)
"""


@pytest.fixture
def run_daemon(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Runs a process that has one MLflow server, in a mode, and prints its URL."""
    daemons: list[subprocess.Popen[str]] = []

    def run(mode: str) -> subprocess.Popen[str]:
        path = f"{FILES}{os.pathsep}{Path(__file__).parent}"
        command = [sys.executable, "-c", DAEMON, str(tmp_path), mode]
        environ = {**os.environ, "PYTHONPATH": path}
        daemons.append(subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True))
        return daemons[-1]

    yield run
    for daemon in daemons:
        daemon.kill()
        daemon.communicate()


def first_line(daemon: subprocess.Popen[str]) -> str:
    assert daemon.stdout is not None
    return daemon.stdout.readline().strip()


@pytest.mark.parametrize("with_zygote", [False, True])
@pytest.mark.parametrize("mode", ["zygote", "uvicorn", "cli"])
def test_every_mode_serves_and_dies_with_a_killed_daemon(
    mode: str, with_zygote: bool, run_daemon: Callable[[str], subprocess.Popen[str]]
) -> None:
    """Also when its zygote is killed with it, and nobody is left who could end anything."""
    daemon = run_daemon(mode)
    url = first_line(daemon)
    assert create_experiment(url, "prices")["artifact_location"] == "s3://artifacts/prefix/1"
    family = descendants(daemon.pid)
    (zygote,) = children(daemon.pid)
    assert len(family) >= 2, "the zygote and a server"
    if with_zygote:
        daemon.send_signal(signal.SIGSTOP)
        os.kill(zygote, signal.SIGKILL)
    daemon.kill()
    assert eventually(lambda: not any(alive(pid) for pid in family)), [pid for pid in family if alive(pid)]


def test_an_import_under_way_dies_with_a_killed_daemon(run_daemon: Callable[[str], subprocess.Popen[str]]) -> None:
    """It takes seconds, in which nothing else asks whether the daemon is still there."""
    daemon = run_daemon("zygote")
    assert eventually(lambda: bool(children(daemon.pid)))
    (zygote,) = children(daemon.pid)
    assert eventually(lambda: imports(zygote, "sqlalchemy"))
    daemon.kill()
    daemon.wait()
    assert eventually(lambda: not alive(zygote), 0.5)


def imports(pid: int, package: str) -> bool:
    """Whether a process has one of a package's libraries in its memory."""
    return f"/{package}/" in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")


def test_an_interpreter_without_mlflow_says_so(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'No module named mlflow' >&2\nexit 1\n", encoding="utf-8")
    python.chmod(0o700)
    processes = Processes(Settings(home=tmp_path / "home", mlflow_python=python), credentials_of)
    processes.ensure(Resource())
    assert not processes.wait_until_healthy(Resource().arn)
    assert "No module named mlflow" in (processes.failed(Resource().arn) or "")
    processes.shutdown()


def test_a_start_is_bounded(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec cat\n", encoding="utf-8")
    python.chmod(0o700)
    settings = Settings(home=tmp_path / "home", mlflow_python=python, mlflow_start_seconds=0.2)
    processes = Processes(settings, credentials_of)
    processes.ensure(Resource())
    assert eventually(lambda: processes.failed(Resource().arn) is not None, 5)
    assert "within 0.2 seconds" in (processes.failed(Resource().arn) or "")
    processes.shutdown()


def test_switched_off_everything_counts_as_healthy(tmp_path: Path) -> None:
    processes = Processes(Settings(home=tmp_path, mlflow="off"), credentials_of)
    processes.ensure(Resource())
    assert processes.healthy(Resource().arn)
    assert processes.address(Resource().arn) is None
    assert processes.zygote_pid is None
    processes.shutdown()


def test_a_role_without_credentials_fails_the_start(processes: Processes) -> None:
    resource = Resource(role_arn=REFUSED_ROLE)
    processes.ensure(resource)
    assert not processes.wait_until_healthy(resource.arn)
    assert f"{REFUSED_ROLE} cannot be assumed" in (processes.failed(resource.arn) or "")


SHELL = {
    "MLFLOW_TRACKING_URI": f"{PREFIX}:mlflow-tracking-server/x",
    "_MLFLOW_SERVER_FILE_STORE": "sqlite:////elsewhere.db",
    "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "http://127.0.0.1:1",
    "SAGEMAKER_PRESIGNED_URL_UPLOAD_ENABLED": "true",
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAREALONE",
    "AWS_ENDPOINT_URL_S3": "http://elsewhere",
    "HTTPS_PROXY": "http://proxy",
    "PYTHONPATH": "/somewhere",
    "PATH": "/bin",
}


@pytest.mark.parametrize("name", sorted(set(SHELL) - {"PATH"}))
def test_nothing_of_the_shell_reaches_mlflow(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable, value in SHELL.items():
        monkeypatch.setenv(variable, value)
    launch = Launch.of(Resource(), tmp_path)
    child = environment.of_server(launch, "http://127.0.0.1:5566", CREDENTIALS)
    assert child.get(name) != SHELL[name]
    assert child["PATH"] == "/bin"
    assert child["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5566"
    assert child["AWS_ACCESS_KEY_ID"] == "AKIDEXAMPLE"


@pytest.mark.parametrize("account", ["123456789012", "210987654321"])
@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_identifiers_are_safe_and_unequal(account: str, region: str) -> None:
    arns = [f"arn:aws:sagemaker:{region}:{account}:mlflow-tracking-server/{name}" for name in ("a", "A", "a" * 256)]
    identifiers = {identifier(arn) for arn in arns}
    assert len(identifiers) == len(arns)
    assert all(len(each) < 64 and "/" not in each for each in identifiers)
    assert identifiers.isdisjoint({identifier(f"{PREFIX}:mlflow-app/a")})
