# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A little of what MLflow 2.8 and every later one holds, logged by its own client:  python workload.py URL"""

from __future__ import annotations

import math
import sys

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

T0 = 1_700_000_000_000
STEPS = 30


def main(url: str) -> None:
    """Log it."""
    # Older clients write files to the tracking URI of the process, whatever their own is.
    mlflow.set_tracking_uri(url)
    client = MlflowClient(url)
    experiment = client.create_experiment("matrix", tags={"team": "größe/läuft"})
    parent = log_run(client, experiment, "parent", {})
    log_run(client, experiment, "child", {"mlflow.parentRunId": parent})
    gone = log_run(client, experiment, "gone", {})
    client.delete_run(gone)
    client.create_registered_model("matrix-model", tags={"kind": "forest"}, description="all of it")
    for _number in range(3):
        source = f"{client.get_run(parent).info.artifact_uri}/notes"
        client.create_model_version("matrix-model", source, parent, tags={"a": "b"})
    client.delete_model_version("matrix-model", "2")
    client.set_registered_model_alias("matrix-model", "champion", "3")


def log_run(client: MlflowClient, experiment: str, name: str, tags: dict[str, str]) -> str:
    """One run with everything that a run of these versions has."""
    run_id = str(client.create_run(experiment, start_time=T0, tags=tags, run_name=name).info.run_id)
    values = [Metric("loss", 1 / (step + 1), T0 + step, step) for step in range(STEPS)]
    values += [Metric("odd", value, T0, step) for step, value in enumerate((math.nan, -1.5))]
    client.log_batch(run_id, values, [Param("p", "x" * 500)], [RunTag("note", 'it\'s 100% "quoted"')])
    dataset = Dataset("data", "0123abcd", "local", "{}", "{}", "{}")
    client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
    client.log_text(run_id, name * 100, "notes/a.txt")
    client.set_terminated(run_id, "FAILED" if name == "child" else "FINISHED", T0 + 60_000)
    return run_id


if __name__ == "__main__":
    main(sys.argv[1])
