# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that hold a deployment's outputs."""

from __future__ import annotations

import json
import subprocess
import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _outputs

if t.TYPE_CHECKING:
    from pathlib import Path

OUTPUTS = {
    "mlflow_tracking_uri": "arn:aws:x",
    "tracking_server_url": None,
    "region": "eu-west-1",
    "odd": "two words; $HOME",
}


def write(folder: Path, outputs: dict[str, t.Any] | None) -> list[bool]:
    files = _outputs.files(folder, "host", outputs)
    for file in files:
        file.apply()
    return [file.differs for file in files]


def test_what_is_written_is_read_back_and_not_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "for it"
    assert write(folder, OUTPUTS) == [True, True]
    assert json.loads((folder / "host.json").read_text()) == OUTPUTS
    assert write(folder, OUTPUTS) == [False, False]
    assert sorted(path.name for path in folder.iterdir()) == ["host.env", "host.json"]
    assert (folder / "host.env").stat().st_mode & 0o777 == 0o644


def test_a_shell_reads_the_values_as_they_are(tmp_path: Path) -> None:
    write(tmp_path, OUTPUTS)
    script = 'set -a; . ./host.env; printf "%s|%s|%s" "$MLFLOW_TRACKING_URI" "$TRACKING_SERVER_URL" "$ODD"'
    shell = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert shell.stdout == "arn:aws:x||two words; $HOME"


def test_a_changed_output_shows_in_the_diff(tmp_path: Path) -> None:
    write(tmp_path, OUTPUTS)
    diffs = [file.diff() for file in _outputs.files(tmp_path, "host", {**OUTPUTS, "region": "eu-west-3"})]
    assert ["eu-west-1" in diff["before"] and "eu-west-3" in diff["after"] for diff in diffs] == [True, True]


def test_they_go_when_the_environment_goes(tmp_path: Path) -> None:
    write(tmp_path, OUTPUTS)
    assert write(tmp_path, None) == [True, True]
    assert list(tmp_path.iterdir()) == []
    assert write(tmp_path, None) == [False, False]


def test_what_is_no_text_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "host.env").write_bytes(b"\xff\xfe")
    assert write(tmp_path, OUTPUTS) == [True, True]
    assert write(tmp_path, OUTPUTS) == [False, False]
