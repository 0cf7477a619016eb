# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workers that share one process: each has its own answer, whoever works, fails, ends or does not come."""

from __future__ import annotations

import contextlib
import fcntl
import resource
import socket
import threading
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible import constants

from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _shared_process as shared
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._aws_action import Call
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._shared_process import Attendance, SharedProcess
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._turn import Turn

if t.TYPE_CHECKING:
    from collections.abc import Callable

HOSTS = 5


class Workers:
    """Threads in the place of processes: what they share is a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loads = 0

    def load(self) -> Callable[[shared.Request], shared.Answer]:
        """What answers doubles a number; there is no double of a text."""
        self.loads += 1
        time.sleep(0.05)
        return lambda request: {"double": 2.0 * request["number"]}

    def work(self, number: t.Any, expected: int = HOSTS, name: str = "a") -> shared.Answer | None:
        """One worker's answer."""
        attendance = Attendance(self.folder, "task", expected)
        return SharedProcess(self.folder, name).run({"number": number}, self.load, attendance)

    def all_work(self, numbers: t.Iterable[t.Any], **how: t.Any) -> list[shared.Answer | None]:
        """The answers of workers that run at the same time."""
        with ThreadPoolExecutor(HOSTS) as pool:
            return list(pool.map(lambda number: self.work(number, **how), numbers))


@pytest.fixture
def workers(tmp_path: Path) -> Workers:
    """That have a folder of their own."""
    return Workers(tmp_path)


def test_one_loads_and_each_has_its_own_answer(workers: Workers) -> None:
    assert workers.all_work(range(HOSTS)) == [{"double": 2.0 * number} for number in range(HOSTS)]
    assert workers.loads == 1
    assert [path.suffix for path in workers.folder.iterdir()] == [".lock"]


def test_nobody_waits_for_one_that_is_excused(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "LINGER", 60)
    for _host in range(2):
        Attendance(workers.folder, "task", HOSTS).excuse()
    assert None not in workers.all_work(range(HOSTS - 2))


def test_one_that_does_not_come_is_not_waited_for_long(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "LINGER", 0.2)
    assert None not in workers.all_work(range(HOSTS - 1))
    assert workers.work(7) == {"double": 14.0}
    assert workers.loads == 2


def test_environments_do_not_mix(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "LINGER", 0.1)
    assert [workers.work(1, name="a"), workers.work(1, name="b")] == [{"double": 2.0}] * 2
    assert workers.loads == 2


def test_who_is_alone_needs_nobody(workers: Workers) -> None:
    assert workers.work(1, expected=1) == {"double": 2.0}
    assert list(workers.folder.iterdir()) == []


def test_in_a_folder_with_a_long_name_each_works_for_itself(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    workers = Workers(folder)
    assert None not in workers.all_work(range(2), expected=2)
    assert workers.loads == 2


def test_where_it_is_not_possible_nobody_answers(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "load", lambda: None)
    assert workers.all_work(range(3)) == [None] * 3
    assert workers.work(1, expected=1) is None


def test_what_fails_for_another_is_left_to_the_other(workers: Workers) -> None:
    first = threading.Thread(target=workers.work, args=(1, 2))
    first.start()
    while not list(workers.folder.glob("*.lock")):
        time.sleep(0.01)
    assert workers.work("a", expected=2) is None
    first.join()


def test_what_fails_for_the_one_that_works_is_raised(workers: Workers) -> None:
    with pytest.raises(TypeError):
        workers.work("a", expected=1)


def test_the_next_one_takes_over_from_one_that_was_killed(workers: Workers) -> None:
    """The first one has asked somebody who ends without an answer."""
    address = SharedProcess(workers.folder, "a")._address
    with Path(f"{address}.lock").open("w") as lock, socket.socket(socket.AF_UNIX) as listener:
        fcntl.flock(lock, fcntl.LOCK_EX)
        listener.bind(address)
        listener.listen()
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(workers.work, 4, 1 + 1)
            connection, _address = listener.accept()
            connection.recv(1)
            connection.close()
            assert not answer.done()
            listener.close()
            fcntl.flock(lock, fcntl.LOCK_UN)
            Attendance(workers.folder, "task", 2).excuse()
            assert answer.result(timeout=30) == {"double": 8.0}


@pytest.mark.parametrize(
    ("forks", "throttle", "hosts", "waits"),
    [
        (10, 0, ["a", "b"], True),
        (10, 2, ["a", "b"], True),
        (1, 0, ["a", "b"], False),
        (10, 1, ["a", "b"], False),
        (10, 0, ["a"], False),
    ],
)
def test_where_only_one_worker_runs_nobody_is_waited_for(
    forks: int, throttle: int, hosts: list[str], waits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path), raising=False)
    task = SimpleNamespace(_uuid="task", throttle=throttle)
    turn = Turn(task, {"ansible_play_batch": hosts, "ansible_forks": forks})
    assert (not turn._attendance.is_complete(1)) == waits
    with turn:
        """Nothing to do."""
    assert turn._attendance.is_complete(1)


def test_a_turn_hands_over_what_the_task_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path), raising=False)
    asked: list[t.Any] = []
    monkeypatch.setattr(
        SharedProcess, "run", lambda process, request, _load, _attendance: asked.append((process, request))
    )
    turn = Turn(SimpleNamespace(_uuid="task"), {"ansible_play_batch": ["a", "b"], "ansible_forks": 2})
    call = Call("mlflow_environment", "mlops.sagemaker_mlflow.mlflow_environment", {"region": "us-east-1"})
    with turn:
        turn.take(call, {"AWS_PROFILE": "ml", "SAGEMAKER_MLFLOW_PROGRESS_FILE": "/lines"}, check_mode=True, diff=False)
    assert not turn._attendance.is_complete(1), "who takes the turn comes"
    ((process, request),) = asked
    assert process == SharedProcess(tmp_path, shared.name_of({"AWS_PROFILE": "ml"}))
    assert request == {
        "module": "mlflow_environment",
        "name": "mlops.sagemaker_mlflow.mlflow_environment",
        "arguments": {"region": "us-east-1"},
        "environment": {"SAGEMAKER_MLFLOW_PROGRESS_FILE": "/lines"},
        "check_mode": True,
        "diff": False,
    }


def test_the_answering_worker_may_have_many_files_open(workers: Workers, tmp_path: Path) -> None:
    """C(select) takes descriptors below 1,024 only, and nothing says how many a worker's plugins have open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.ExitStack() as stack:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _each in range(1100):
            stack.enter_context((tmp_path / "open").open("w"))
        assert workers.all_work(range(HOSTS)) == [{"double": 2.0 * number} for number in range(HOSTS)]
