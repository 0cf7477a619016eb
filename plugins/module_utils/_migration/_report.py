# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The report of a migration: a file for programs, a page for people, and the map from old to new ids."""

from __future__ import annotations

import json
import typing as t
from html import escape

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import duration

if t.TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._journal import Journal

SHOWN = 500
"""Problems on the page; the file has all."""

NAMES = {
    "experiment": "Experiments",
    "run": "Runs",
    "metric_point": "Metric values",
    "dataset_input": "Dataset inputs",
    "artifact": "Files",
    "logged_model": "Logged models",
    "registered_model": "Registered models",
    "model_version": "Model versions",
    "prompt": "Prompts",
    "prompt_version": "Prompt versions",
    "trace": "Traces",
    "evaluation_dataset": "Evaluation datasets",
}
MOVED = ("found", "created", "updated", "unchanged", "left_out", "failed")
HEADS = ("Found", "New", "Changed", "Already there", "Left out", "Failed")

ARCHIVE = "archive"
SAME_IDS = "everything has the id that it had"
NEW_IDS = (
    "runs, experiments, logged models and evaluation datasets have new ids: see id_map.csv; the old ones are in the tags "
    "mlops.origin.id"
)

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
.verdict { padding: .8rem 1rem; border-left: 6px solid; font-weight: 600 }
.good { border-color: #1a7f37; background: #e9f7ee } .bad { border-color: #b42318; background: #fdecea }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100% } th, td { padding: .35rem .6rem; border-bottom: 1px solid #d5dae0; text-align: left; vertical-align: top }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums } td.what { overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem } dt { color: #57606a } dd { margin: 0; overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) {
  body { color: #e6e9ec; background: #15181c } th, td { border-color: #3a4149 } dt { color: #9aa4ae }
  .good { background: #12301d } .bad { background: #3a1714 }
}
"""


def write(folder: Path, report: dict[str, t.Any], journal: Journal) -> dict[str, str]:
    """Write the files; their paths. In an archive everything has the id that it had, so that no map is needed."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {
        name: folder / file
        for name, file in (("json", "report.json"), ("html", "report.html"), ("id_map", "id_map.csv"))
    }
    paths["json"].write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    paths["html"].write_text(page(report), encoding="utf-8")
    if report["target"]["kind"] == ARCHIVE:
        del paths["id_map"]
    else:
        journal.write_csv(paths["id_map"])
    return {name: str(path) for name, path in paths.items()}


def page(report: dict[str, t.Any]) -> str:
    """A page that needs nothing but itself."""
    parts = [
        f"<h1>{'Archive' if report['target']['kind'] == ARCHIVE else 'Migration to'} {escape(report['target']['place'])}</h1>",
        _verdict(report),
        _facts(report),
        "<h2>What moved</h2>",
        _counts(report),
        _limits(report["cannot_take"]),
        _problems("Not as it was", report["problems"], "Everything arrived as it was."),
    ]
    if report["verification"]:
        parts.append(
            _problems("Differences found by comparing both sides", report["verification"]["problems"], "None.")
        )
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Migration report</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"


def _verdict(report: dict[str, t.Any]) -> str:
    losses, differences = report["losses"], report["differences"]
    failed = [f"{losses:,} did not arrive as they were"] if losses else []
    failed += (
        [f"comparing both sides found {differences:,} difference{'s' * (differences != 1)}"] if differences else []
    )
    if failed:
        return f'<p class="verdict bad">Not complete: {" and ".join(failed)}.</p>'
    proof = "Comparing both sides found no difference." if report["verification"] else "Both sides were not compared."
    return f'<p class="verdict good">Complete. {proof}</p>'


def _facts(report: dict[str, t.Any]) -> str:
    source, target, traffic = report["source"], report["target"], report["traffic"]
    is_archive = target["kind"] == ARCHIVE
    facts = {
        "From": f"{source['place']} ({source['kind']}, {source['version']})",
        "To": f"{target['place']} ({'archive' if is_archive else 'MLflow ' + target['version']})",
        "Began": report["began"],
        "Took": duration(report["seconds"]),
        "Requests": f"{traffic['target']['requests']:,} to the target, {traffic['source']['requests']:,} to the source",
        "Files": f"{report['bytes'] / 1e6:,.1f} MB written",
        "Ids": SAME_IDS if is_archive else NEW_IDS,
    }
    return "<dl>" + "".join(f"<dt>{key}</dt><dd>{escape(value)}</dd>" for key, value in facts.items()) + "</dl>"


def _counts(report: dict[str, t.Any]) -> str:
    verified = (report["verification"] or {}).get("counts", {})
    heads = [*HEADS, "Compared", "Different"] if verified else list(HEADS)
    rows = [f"<tr><th>Kind</th>{''.join(f'<th class=number>{head}</th>' for head in heads)}</tr>"]
    for kind, name in NAMES.items():
        if kind not in report["counts"] and kind not in verified:
            continue
        count = report["counts"].get(kind, dict.fromkeys(MOVED, 0))
        numbers = [count[key] for key in MOVED]
        if verified:
            proof = verified.get(kind, {"found": 0, "failed": 0})
            numbers += [proof["found"], proof["failed"]]
        rows.append(f"<tr><td>{name}</td>{''.join(f'<td class=number>{number:,}</td>' for number in numbers)}</tr>")
    return f'<div class="scroll"><table>{"".join(rows)}</table></div>'


def _limits(losses: list[str]) -> str:
    if not losses:
        return ""
    items = "".join(f"<li>{escape(loss)}</li>" for loss in losses)
    return f"<h2>What this version of MLflow cannot take</h2><ul>{items}</ul>"


def _problems(title: str, problems: list[dict[str, t.Any]], none: str) -> str:
    if not problems:
        return f"<h2>{title}</h2><p>{none}</p>"
    rows = [
        f"<tr><td>{escape(each['kind'].replace('_', ' '))}</td><td class=what>{escape(each['name'] or each['id'])}</td>"
        f"<td class=what>{escape(each['what'])}{'' if each['is_loss'] else ' (for information)'}</td></tr>"
        for each in problems[:SHOWN]
    ]
    more = f"<p>{len(problems) - SHOWN:,} more are in report.json.</p>" if len(problems) > SHOWN else ""
    head = "<tr><th>Kind</th><th>Name</th><th>What</th></tr>"
    return f'<h2>{title}</h2><div class="scroll"><table>{head}{"".join(rows)}</table></div>{more}'
