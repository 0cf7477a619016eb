# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stopwatch of the benchmark counts whole trees of processes."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from benchmarks.measure import Memory, RunFailedError, cpu_of

BURN = "import time\nwhile time.process_time() < 0.3: pass"
HELD_MIB = 100


def test_cpu_of_children_counts() -> None:
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}], check=True)"
    assert cpu_of([sys.executable, "-c", program]) >= 0.3


def test_waiting_is_no_cpu() -> None:
    begun = time.monotonic()
    cpu = cpu_of([sys.executable, "-c", "import time; time.sleep(0.9)"])
    assert cpu < 0.6 < time.monotonic() - begun


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(RunFailedError, match="ended with 3"):
        cpu_of([sys.executable, "-c", "raise SystemExit(3)"])


def test_memory_of_children_counts_and_that_of_others_does_not() -> None:
    hold = f"held = bytearray({HELD_MIB} << 20); input()"
    # As the workers of Ansible, the child begins a session of its own.
    run = f"subprocess.run([sys.executable, '-c', {hold!r}], check=True, start_new_session=True)"
    program = f"import subprocess, sys; {run}"
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, start_new_session=True)
    watched, other = Memory(process.pid), Memory(process.pid + 10_000_000)
    limit = time.monotonic() + 60
    with watched, other:
        while watched.peak_mib < HELD_MIB and time.monotonic() < limit:
            time.sleep(0.05)
    process.communicate(b"\n", timeout=60)
    assert HELD_MIB <= watched.peak_mib < 3 * HELD_MIB
    assert other.peak_mib == 0
