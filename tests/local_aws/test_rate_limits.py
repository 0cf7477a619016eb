# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that gets more requests than it takes, and what clients make of its refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from local_callers import LocalAws, refused

from localaws.rate_limits import RateLimits
from localaws.settings import InvalidSettingError, Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIMIT = {"iam": {"rate": 2.0, "burst": 3.0}}


def test_a_burst_then_the_rate() -> None:
    limits = RateLimits()
    served = [limits.admit("iam", LIMIT, now) for now in (0.0, 0.0, 0.0, 0.0, 0.4, 0.5, 0.6, 1.0, 9.0, 9.0, 9.0, 9.0)]
    assert served == [True, True, True, False, False, True, False, True, True, True, True, False]
    assert limits.admit("s3", LIMIT, 9.0)
    limits.clear()
    assert limits.admit("iam", LIMIT, 9.0)


@pytest.mark.parametrize(
    "wrong",
    [[], {"iam": 20}, {"iam": {"rate": 20}}, {"iam": {"rate": 0, "burst": 1}}, {"iam": {"rate": "1", "burst": 1}}],
)
def test_what_is_no_limit(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(InvalidSettingError, match="rate_limits"):
        Settings(home=tmp_path).change({"rate_limits": wrong})


CALLS: list[tuple[str, Callable[[Any], object], tuple[str, int]]] = [
    ("iam", lambda client: client.list_roles(), ("Throttling", 400)),
    ("sagemaker", lambda client: client.list_mlflow_apps(), ("ThrottlingException", 400)),
    ("s3", lambda client: client.list_buckets(), ("SlowDown", 503)),
]


@pytest.mark.parametrize(("service", "call", "expected"), CALLS)
def test_each_service_refuses_in_its_own_words_and_clients_try_again(
    local_aws: LocalAws, service: str, call: Callable[[Any], object], expected: tuple[str, int]
) -> None:
    once, patient = (
        local_aws.client(service, config=Config(retries={"mode": "standard", "total_max_attempts": attempts}))
        for attempts in (1, 8)
    )
    local_aws.admin("POST", "config", {"rate_limits": {service: {"rate": 0.001, "burst": 1}}})
    try:
        call(once)
        assert refused(lambda: call(once))[:2] == expected
        local_aws.admin("POST", "config", {"rate_limits": {service: {"rate": 4, "burst": 1}}})
        call(once)
        assert refused(lambda: call(once))[:2] == expected
        call(patient)
    finally:
        local_aws.admin("POST", "config", {"rate_limits": {}})
