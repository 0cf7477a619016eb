# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Print what a run did or would do to one host, and state its outputs."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.utils.display import Display

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _outputs, _summary
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._written_files import compare_and_write

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def sum_up(
    host: str,
    resources: Sequence[Mapping[str, t.Any]],
    outputs_folder: str | None,
    warnings: Sequence[str],
    check_mode: bool,
) -> dict[str, t.Any]:
    """Print the summary; the keys of a result about it and about the outputs.

    :param resources: in the order in which they are printed, each with its C(kind), C(name) and C(result).
    """
    lines = [line for each in resources if (line := _summary.line(each["kind"], each["name"], each["result"]))]
    outputs, written = _stated(host, resources, outputs_folder, check_mode) if outputs_folder else ({}, {})
    shown = _outputs.shown(outputs, is_app=any(line.kind == "App" for line in lines))
    summary = _summary.render(lines, shown, planned=check_mode)
    Display().display("\n".join(["", host, *summary, ""]))
    for warning in warnings:
        Display().warning(warning)
    return {**written, "summary": summary, "counts": _summary.counts(lines)}


def _stated(
    host: str, resources: Sequence[Mapping[str, t.Any]], outputs_folder: str, check_mode: bool
) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """The outputs, and the keys of the result about them. The files mirror the environment, so they are no change."""
    results = {each["kind"]: each["result"] for each in resources if not each["result"].get("skipped")}
    bucket = next(each["name"] for each in resources if each["kind"] == "bucket")
    folder = Path(outputs_folder)
    outputs = _outputs.stated(results, bucket)
    written = compare_and_write(folder, lambda: _outputs.files(folder, host, outputs), check_mode)
    return outputs, {"paths": written["paths"], "outputs": outputs}
