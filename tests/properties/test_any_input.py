# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a module or the role is given: it never breaks off, and what is refused before AWS is asked is refused by the option's name."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleActionFail
from client_policies import make_targets
from hypothesis import HealthCheck, Phase, given, seed, settings
from module_run import ModuleFailedError
from properties import any_input as pool
from properties.proof import DEEP, SEED
from role_variables import values

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._deployment import Deployment
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils import _role_specification as role
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._checked_variables import checked

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis import strategies as st
    from properties.world import World

EXAMPLES = 5_000 if DEEP else 150
NAMELESS = ("dictionary requested, could not parse", "unable to evaluate string as dictionary")
"""What ansible-core says of a text in the place of a dictionary, before it knows which option it looks at."""
A_DAY = 86_400
ONLY_LOOKED_AT = ("mlflow_migration", "sagemaker_mlflow_presigned_url")
"""What they write is not in AWS: reports, a browser's page."""


def for_all(strategy: st.SearchStrategy[t.Any], examples: int, check: Callable[[t.Any], None]) -> None:
    """Check examples, always the same ones unless the run is a deep one."""

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
    )
    @seed(SEED)
    @given(strategy)
    def run(example: t.Any) -> None:
        check(example)

    run()


def furnish(world: World) -> None:
    """What the bases speak of."""
    world.empty()
    make_targets(world.region, roles=[pool.ANALYSTS])


def refusal(world: World, module: str, arguments: pool.Json, check: bool) -> str | None:
    """The message of a run that failed. What breaks off in another way fails the test."""
    try:
        world.modules.run(module, check=check, **arguments)
    except ModuleFailedError as failure:
        message = str(failure.result["msg"])
        assert message.strip()
        assert "Traceback" not in message
        return message
    return None


def waits_for_ever(arguments: pool.Json) -> bool:
    """Whether somebody has more time than a test."""
    return any(
        waits_for_ever(value) if isinstance(value, dict) else "timeout" in name and seconds(value) > A_DAY
        for name, value in arguments.items()
    )


def seconds(value: t.Any) -> float:
    """A number, also as text; 0 for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0


@pytest.mark.parametrize("module", list(pool.modules()))
def test_any_options_of_a_module(world: World, module: str) -> None:
    furnish(world)
    base = pool.BASES[module]
    without_change = refusal(world, module, base, check=True)
    assert world.region.calls() or module == "mlflow_migration", without_change
    options = pool.specification(module)

    def check(changed: pool.Json) -> None:
        arguments = {**base, **changed}
        message = refusal(world, module, arguments, check=True)
        assert world.region.writes() == []
        if message is None and module not in ONLY_LOOKED_AT and not waits_for_ever(arguments):
            refusal(world, module, arguments, check=False)
            if world.region.writes():
                furnish(world)
        elif message is not None and message != without_change and not world.region.calls():
            is_named = any(name in message for name in (*pool.names(changed, options), *NAMELESS))
            assert is_named, f"{changed} is refused without a name: {message}"

    for_all(pool.changes(options), EXAMPLES, check)


def test_any_variables_of_the_role() -> None:
    def check(changed: pool.Json) -> None:
        try:
            found = checked(lambda value: value, {**values(), **changed})
        except AnsibleActionFail as refused:
            message = str(refused)
            assert any(name.removeprefix("mlflow_server_") in message for name in pool.names(changed, role.OPTIONS)), (
                message
            )
        else:
            Deployment(found.variables).arguments()

    for_all(pool.changes(role.OPTIONS), 10 * EXAMPLES, check)


def test_time_goes_on_after_somebody_has_slept_for_centuries(world: World) -> None:
    """Otherwise the next test that waits would wait for ever, whichever that is."""
    world.region.sleep(1e30)
    world.region.reset()
    before = world.region.monotonic()
    world.region.sleep(5)
    assert world.region.monotonic() - before == 5
