# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates are parsed beside what else a run begins with, and only where there is TLS."""

from __future__ import annotations

import threading
import typing as t

import pytest
from botocore import httpsession

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _session

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from module_run import Modules


@pytest.fixture(autouse=True)
def nothing_is_loaded() -> Iterator[None]:
    _session._loaded.cache_clear()
    yield
    _session._loaded.cache_clear()


@pytest.fixture
def loaded_in(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """The threads that certificates were loaded in."""
    threads: list[threading.Thread] = []
    monkeypatch.setattr(_session.Session, "load_trust", lambda _session: threads.append(threading.current_thread()))
    return threads


def ask(modules: Modules, scheme: str) -> str:
    """Run a module against a port where nobody listens, and return its message."""
    once = {"retries": {"total_max_attempts": 1}}
    return modules.fail("sagemaker_mlflow_server_info", endpoint_url=f"{scheme}://127.0.0.1:1", aws_config=once)


def test_the_first_client_has_them_loaded_in_a_thread_of_its_own(
    modules: Modules, loaded_in: list[threading.Thread]
) -> None:
    assert "127.0.0.1:1" in ask(modules, "https")
    assert len(loaded_in) == 1
    assert loaded_in[0] is not threading.current_thread()


def test_what_is_loaded_is_not_loaded_again(modules: Modules, loaded_in: list[threading.Thread]) -> None:
    _session._trusting(str(httpsession.get_cert_path(True)))
    ask(modules, "https")
    assert loaded_in == []


def test_nobody_needs_them_without_tls(modules: Modules, loaded_in: list[threading.Thread]) -> None:
    ask(modules, "http")
    assert loaded_in == []


def test_a_bundle_that_is_not_there_is_told_by_the_request(modules: Modules, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/bundle.pem")
    assert "the certificates in '/nowhere/bundle.pem' cannot be loaded ([Errno 2] " in ask(modules, "https")
