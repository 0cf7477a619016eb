# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many hosts wait together, few of them with a worker: threads stand in for the workers, a function for AWS."""

from __future__ import annotations

import threading
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.action import mlflow_server_wait
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _waiting_together as together

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

HOSTS = [f"host{number}" for number in range(20)]
WORKERS = 5


def target(host: str, before: str = "") -> together.Target:
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/{host}"
    return together.Target(host, arn, f"tracking server {host}", {}, before)


class Aws:
    """Servers that are done a while after the first look, and what was asked about them."""

    def __init__(self, seconds: float, unknown: Sequence[str] = ()) -> None:
        self.seconds = seconds
        self.unknown = unknown
        self.first: float | None = None
        self.asked: list[tuple[int, str]] = []
        self.lines: list[str] = []
        self.others_asked_for: list[str] = []

    def look(self, targets: Sequence[together.Target]) -> Mapping[str, together.Look]:
        self.first = self.first or time.time()
        self.asked += [(threading.get_ident(), each.host) for each in targets]
        is_over = time.time() - self.first >= self.seconds
        found = together.Look("Created" if is_over else "Creating", settled=is_over)
        return {each.key: found for each in targets if each.host not in self.unknown}


def wait(
    folder: Path, aws: Aws, host: str, timeout: float = 60.0, hosts: Sequence[str] = HOSTS
) -> together.Note | None:
    def others() -> list[together.Target]:
        aws.others_asked_for.append(host)
        return [target(each) for each in hosts if each != host]

    board = together.Board(folder)
    own = target(host)
    return together.Wait(board, own, others, aws.look, aws.lines.append, timeout, 0.2).until_settled()


def test_all_hosts_take_the_time_of_one_with_few_workers_and_few_looks(tmp_path: Path) -> None:
    aws = Aws(1.0)
    began = time.time()
    with ThreadPoolExecutor(max_workers=WORKERS) as workers:
        notes = list(workers.map(lambda host: wait(tmp_path, aws, host), HOSTS))
    assert time.time() - began < 1.0 * len(HOSTS) / WORKERS, "the hosts waited one group after the other"
    assert {note.status for note in notes if note} == {"Created"}
    assert len(notes) == len(HOSTS)
    for host in HOSTS:
        assert sorted(line for line in aws.lines if line.startswith(f"{host}:")) == [
            next(line for line in aws.lines if line.startswith(f"{host}: tracking server {host}: Created (")),
            f"{host}: tracking server {host}: Creating (0s)",
        ]
    rounds = len([host for _thread, host in aws.asked if host == HOSTS[0]])
    assert len(aws.asked) <= rounds * len(HOSTS), "somebody looked besides"
    assert len(aws.others_asked_for) <= WORKERS, "who reads the notes has no need to know whom the others wait for"


def test_a_host_of_which_aws_does_not_tell_holds_nobody_up(tmp_path: Path) -> None:
    aws = Aws(0.3, unknown=[HOSTS[0]])
    assert wait(tmp_path, aws, HOSTS[0]) is None
    assert wait(tmp_path, aws, HOSTS[1]) is not None


def test_a_wait_ends_with_its_time(tmp_path: Path) -> None:
    note = wait(tmp_path, Aws(60.0), HOSTS[0], timeout=0.5)
    assert note is not None
    assert (note.status, note.settled) == ("Creating", False)
    assert note.looked - note.began >= 0.3


def test_who_is_not_known_to_the_one_that_looks_looks_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "FORGOTTEN", 0.3)
    aws = Aws(1.5)
    with ThreadPoolExecutor(max_workers=2) as workers:
        one = workers.submit(wait, tmp_path, aws, "host0", 60.0, ["host0"])
        two = workers.submit(wait, tmp_path, aws, "host1", 60.0, ["host1"])
        assert {note.status for note in (one.result(), two.result()) if note} == {"Created"}
    assert len({thread for thread, _host in aws.asked}) == 2


def test_another_wait_for_the_same_server_begins_anew(tmp_path: Path) -> None:
    board = together.Board(tmp_path)
    board.keep(target("a", "created"), together.Note("Created", True, 0.0, 0.0, 0.0))
    assert board.note(target("a", "created")) is not None
    assert board.note(target("a", "stopping")) is None


@pytest.mark.parametrize(
    ("before", "look", "now", "is_told"),
    [
        (None, together.Look("Creating", False), 5.0, True),
        (None, together.Look("Created", True), 5.0, False),
        (together.Note("Creating", False, 0.0, 5.0, 0.0), together.Look("Creating", False), 59.0, False),
        (together.Note("Creating", False, 0.0, 5.0, 0.0), together.Look("Creating", False), 60.0, True),
        (together.Note("Creating", False, 0.0, 5.0, 0.0), together.Look("CreateFailed", True), 7.0, True),
    ],
)
def test_a_line_at_each_change_and_once_a_minute(
    before: together.Note | None, look: together.Look, now: float, is_told: bool
) -> None:
    note, told = together.noted(before, look, now)
    assert told == is_told
    assert (note.status, note.looked, note.told == now) == (look.status, now, told or before is None)


class Hosts:
    """Who has not begun; looking is counted."""

    def __init__(self, *have_to: bool) -> None:
        self.answers = list(have_to)

    def have_to_begin(self) -> bool:
        return self.answers.pop(0)


def test_that_all_have_begun_is_seen_by_one_and_told_to_the_others(tmp_path: Path) -> None:
    board, hosts = together.Board(tmp_path), Hosts(True, False)
    asked = [mlflow_server_wait._have_to_begin(board, t.cast("t.Any", hosts), "batch") for _host in range(5)]
    assert (asked, hosts.answers) == ([True, False, False, False, False], [])
    assert mlflow_server_wait._have_to_begin(board, t.cast("t.Any", Hosts(True)), "another batch")


def test_hosts_are_counted_by_name(tmp_path: Path) -> None:
    board = together.Board(tmp_path)
    assert [board.count("a"), board.count("a"), board.count("b")] == [1, 2, 1]
