# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bounded wait: its pauses, its lines, its end."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import Progress
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_wait import Patience, Watch

if t.TYPE_CHECKING:
    from pathlib import Path


def watch(states: list[str], path: Path, patience: Patience) -> Watch[str]:
    """A watch that sees these states one after the other, the last one for ever."""
    return Watch(
        title="thing 'a'",
        look=lambda: states.pop(0) if len(states) > 1 else states[0],
        status=str,
        details=lambda state: {"status": state},
        patience=patience,
        progress=Progress("thing a", path),
    )


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that would be made; time passes by them alone, half a second ahead of the true clock."""
    made: list[float] = []
    begun = time.monotonic() + 0.5
    monkeypatch.setattr(time, "sleep", made.append)
    monkeypatch.setattr(time, "monotonic", lambda: begun + sum(made))
    return made


def test_the_pauses_grow_up_to_the_wished_one(tmp_path: Path, pauses: list[float]) -> None:
    states = ["Creating"] * 7 + ["Created"]
    seen = watch(states, tmp_path / "lines", Patience(3600, 30)).until(lambda state, _elapsed: state == "Created", "")
    assert seen == "Created"
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_a_long_wait_shows_a_line_a_minute(tmp_path: Path, pauses: list[float]) -> None:
    lines = tmp_path / "lines"
    with pytest.raises(MlflowError) as failure:
        watch(["Creating"], lines, Patience(1500, 30)).until(lambda _state, _elapsed: False, "to be created")
    assert sum(pauses) == pytest.approx(1500, abs=1)
    assert 20 <= len(lines.read_text().splitlines()) <= 26
    assert "Timed out after 25m 00s waiting for the thing 'a' to be created; it is Creating." in failure.value.message
    assert failure.value.details == {"elapsed": 1500, "last_seen": {"status": "Creating"}}


def test_a_wait_that_is_over_at_once_shows_nothing_even_after_another(tmp_path: Path, pauses: list[float]) -> None:
    lines = tmp_path / "lines"
    watched = watch(["Creating", "Created", "Stopped"], lines, Patience(60, 1))
    watched.until(lambda state, _elapsed: state == "Created", "")
    watched.until(lambda state, _elapsed: state == "Stopped", "")
    assert lines.read_text().splitlines() == ["thing a: Creating (0s)", "thing a: Created (1s)"]
    assert pauses == [1]
