# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""One run of a migration: look, then either tell what would move, or move it, compare both sides, and report."""

from __future__ import annotations

import time
import typing as t
from concurrent.futures import Future
from datetime import datetime, timezone
from pathlib import Path
from threading import Thread

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _report as reports
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive import Archive
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive_transfer import ArchiveTransfer
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Context, Filters, Work
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._ends import Ends, open_ends
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._journal import Journal, SameIds
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._tally import Tally
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._transfer import Transfer
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._transfer_progress import (
    TransferProgress,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._verify import Verification
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import Progress

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import Experiment
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._source import Source

TOLD = 20
"""Problems that the module returns; the report has all."""


def migrate(module: AwsModule, check_mode: bool) -> dict[str, t.Any]:
    """The module's result. Raises MlflowError when something did not arrive, unless that is allowed."""
    filters = filters_from_parameters(module.params)
    began = time.monotonic()
    began_at = datetime.now(tz=timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    ends = open_ends(module)
    try:
        transfer = _transfer(ends, filters, module.params["concurrency"])
        transfer.survey()
        _warn(module, ends)
        if check_mode:
            return _preview(module, ends, transfer)
        verification = _move(module, ends, transfer)
        report = _report(ends, transfer.work, verification, began_at, time.monotonic() - began)
        return _result(module, transfer.work, report)
    finally:
        ends.close()


def _transfer(ends: Ends, filters: Filters, workers: int) -> Transfer | ArchiveTransfer:
    if isinstance(ends.target, Archive):
        work = Work(ends.source, SameIds(), Tally(), filters, workers)
        return ArchiveTransfer(work, ends.target)
    return Transfer(Context(ends.source, Journal(), Tally(), filters, workers, target=ends.target))


def filters_from_parameters(parameters: Mapping[str, t.Any]) -> Filters:
    """What of the source is meant. Raises MlflowError for times that are none."""
    since, until = (_milliseconds(option, parameters[option]) for option in ("since", "until"))
    if since is not None and until is not None and since >= until:
        raise MlflowError(f"since: '{parameters['since']}' is not before until: '{parameters['until']}'.")
    return Filters(
        tuple(parameters["experiments"] or ()), tuple(parameters["models"] or ()), since, until, parameters["deleted"]
    )


def _milliseconds(option: str, text: str | None) -> int | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise MlflowError(
            f"{option}: '{text}' is no time: write it as 2026-01-31 or 2026-01-31T12:00:00+00:00."
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return int(moment.timestamp() * 1000)


def _cannot_take(ends: Ends) -> list[str]:
    """What is in the source's kind of MLflow and not in the target's."""
    facts, can = ends.source.facts, ends.target_can
    has = {"logged_models": facts.has_logged_models, "traces": facts.has_traces}
    has.update(evaluation_datasets=facts.has_evaluation_datasets, prompts=facts.has_logged_models)
    return [loss for feature, loss in can.losses().items() if has[feature]]


def _warn(module: AwsModule, ends: Ends) -> None:
    for loss in _cannot_take(ends):
        module.warn(f"The target (MLflow {ends.target_can.version}) cannot take {loss}.")


def _preview(module: AwsModule, ends: Ends, transfer: Transfer | ArchiveTransfer) -> dict[str, t.Any]:
    found = transfer.forecast()
    api = ends.target_api
    rate: float | None = (module.params["requests_per_second"] or api.pace.rate) if api else None
    return {
        "changed": any(found.counts.values()),
        "plan": found.report(rate),
        "cannot_take": _cannot_take(ends),
        "counts": {},
        "problems": [],
        "losses": 0,
        "differences": 0,
        "report_paths": {},
        "traffic": ends.traffic(),
    }


def _move(module: AwsModule, ends: Ends, transfer: Transfer | ArchiveTransfer) -> Tally | None:
    work = transfer.work
    progress = Progress.of_task(f"migration to {ends.target_place}")
    total = _counted(ends.source, transfer.experiments) if progress.is_read else None
    work.advance = TransferProgress(progress, "moving", total).advance
    transfer.move()
    for each in ends.source.unreadable():
        work.tally.add(each.kind, failed=1)
        work.tally.problem(*each)
    if module.params["verify"] == "none":
        return None
    work.advance = TransferProgress(progress, "comparing", total).advance
    is_full = module.params["verify"] == "content"
    verification = Verification(work, ends.target_as_source, ends.target_can, is_full)
    return verification.run(transfer.experiments)


def _counted(source: Source, experiments: Sequence[Experiment]) -> Future[int]:
    """Known some time: a server has to be asked for all of its runs, and nothing waits for that, not even the end."""
    total: Future[int] = Future()

    def count() -> None:
        try:
            total.set_result(source.count_runs(experiments))
        except Exception as error:
            total.set_exception(error)

    Thread(target=count, daemon=True).start()
    return total


def _report(ends: Ends, work: Work, verification: Tally | None, began: str, seconds: float) -> dict[str, t.Any]:
    facts = ends.source.facts
    return {
        "source": {"kind": facts.kind, "place": facts.place, "version": facts.version},
        "target": {
            "kind": reports.ARCHIVE if isinstance(ends.target, Archive) else "server",
            "place": ends.target_place,
            "version": ends.target_can.version,
        },
        "began": began,
        "seconds": round(seconds, 1),
        "traffic": ends.traffic(),
        "cannot_take": _cannot_take(ends),
        "losses": work.tally.losses,
        "differences": verification.losses if verification else 0,
        **work.tally.report(),
        "verification": verification.report() if verification else None,
    }


def _result(module: AwsModule, work: Work, report: dict[str, t.Any]) -> dict[str, t.Any]:
    folder = module.params["report_dir"]
    paths = reports.write(Path(folder), report, work.journal) if folder else {}
    verification = report["verification"]
    problems = [*report["problems"], *(verification["problems"] if verification else ())]
    result = {
        "changed": work.tally.changed,
        "plan": None,
        "cannot_take": report["cannot_take"],
        "counts": report["counts"],
        "problems": problems[:TOLD],
        "losses": report["losses"],
        "differences": report["differences"],
        "report_paths": paths,
        "traffic": report["traffic"],
    }
    if (report["losses"] or report["differences"]) and module.params["fail_on_loss"]:
        raise MlflowError(_verdict(report, problems, paths), **result)
    return result


def _verdict(report: dict[str, t.Any], problems: list[dict[str, t.Any]], paths: dict[str, str]) -> str:
    first = next(each for each in problems if each["is_loss"])
    where = f" All of them are in {paths['html']}." if paths else " Set report_dir to have all of them in a report."
    return (
        f"The migration is not complete: {report['losses']} things did not arrive as they were, and comparing both sides found "
        f"{report['differences']} differences. The first: {first['kind'].replace('_', ' ')} '{first['name'] or first['id']}': "
        f"{first['what']}.{where} Repeat the run to move what failed; what is there is not moved again."
    )
