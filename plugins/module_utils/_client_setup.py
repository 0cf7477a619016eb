# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What people need to use a managed MLflow, as files: for Python, shells, notebooks and training jobs. Pure.

None of it is a secret: everybody uses credentials of their own.
"""

from __future__ import annotations

import json
import re
import shlex
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _client_versions as versions
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker import mlflow_arn

if t.TYPE_CHECKING:
    from collections.abc import Mapping

EXPERIMENT = "getting-started"
NOTEBOOK = "quickstart.ipynb"
FILES = (
    "requirements.txt",
    "mlflow.sh",
    "mlflow.env",
    "quickstart.py",
    NOTEBOOK,
    "training_job.json",
    "train.py",
)

_OF_CLIENTS = re.compile(
    r"AWS_ENDPOINT_URL(_[A-Z0-9_]+)?|AWS_USE_(FIPS|DUALSTACK)_ENDPOINT|AWS_DISABLE_HOST_PREFIX_INJECTION"
    r"|SAGEMAKER_ENDPOINT_URL|SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT"
)
"""The variables that say where AWS answers. Others are the affair of whoever deploys, or secrets."""
_PLAIN = re.compile(r"[\w.:/?=&%~,+\[\]-]+", re.ASCII)
_RIGHTS = {False: "sagemaker-mlflow:*", True: "sagemaker:CallMlflowAppApi"}
_KINDS = {False: "tracking server", True: "App"}


@dataclass(frozen=True)
class ClientSetup:
    """How a client reaches one MLflow.

    :param variables: where AWS answers, when that is not where it always does.
    """

    tracking_uri: str
    is_app: bool
    mlflow_version: str
    requirements: tuple[str, ...]
    variables: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a shell, a container or a job."""
        return {"MLFLOW_TRACKING_URI": self.tracking_uri, **self.variables}


def setup(tracking_uri: str, mlflow_version: str | None, environment: Mapping[str, t.Any]) -> ClientSetup:
    """The set-up for one MLflow. Raises MlflowError for what no client could use.

    :param environment: environment variables of the deployment; those that clients need are picked.
    """
    is_app = mlflow_arn("tracking_uri", tracking_uri, None)["kind"] == "app"
    requirements = versions.requirements(mlflow_version, is_app)
    return ClientSetup(tracking_uri, is_app, str(mlflow_version), requirements, _for_clients(environment))


def _for_clients(environment: Mapping[str, t.Any]) -> dict[str, str]:
    picked = {str(name): str(value) for name, value in sorted(environment.items()) if _OF_CLIENTS.fullmatch(str(name))}
    for name, value in picked.items():
        if value and not _PLAIN.fullmatch(value):
            raise MlflowError(
                f"environment: the value of {name} has characters that are neither an address nor a switch; an address with a "
                "user name and a password would be written to files that are handed on. Give it without them."
            )
    return {name: value for name, value in picked.items() if value}


def contents(wish: ClientSetup) -> dict[str, str]:
    """File name to content, in the order in which a person needs them."""
    written = (
        _requirements(wish),
        _shell(wish),
        _env(wish),
        _python(wish),
        _notebook(wish),
        _training_job(wish),
        _training_script(),
    )
    return dict(zip(FILES, written, strict=True))


def rendered(wish: ClientSetup, folder: str) -> str:
    """All of it as text for a terminal; the notebook is a file only."""
    parts = [f"MLflow {wish.mlflow_version} ({_KINDS[wish.is_app]}): set-up for its clients, also in {folder}"]
    parts += [f"--- {name}\n{text.rstrip()}" for name, text in contents(wish).items() if name != NOTEBOOK]
    return "\n\n".join([*parts, f"--- {NOTEBOOK}\n(open it in Jupyter or in SageMaker Studio)"])


def _requirements(wish: ClientSetup) -> str:
    head = f"# For MLflow {wish.mlflow_version} ({_KINDS[wish.is_app]}), with Python {versions.OLDEST_PYTHON} or newer."
    return "\n".join([head, *wish.requirements]) + "\n"


def _shell(wish: ClientSetup) -> str:
    lines = [f"export {name}={shlex.quote(value)}" for name, value in wish.environment.items()]
    return "\n".join(["# Read it into a shell:  . ./mlflow.sh", *lines]) + "\n"


def _env(wish: ClientSetup) -> str:
    """Without quotes: containers take the line as it is."""
    return "".join(f"{name}={value}\n" for name, value in wish.environment.items())


def _python(wish: ClientSetup) -> str:
    return f'''\
"""Log a first run and read it back.

Before: pip install -r requirements.txt, and AWS credentials that allow {_RIGHTS[wish.is_app]}
on the MLflow and s3:GetObject, s3:PutObject and s3:ListBucket on its artifacts.
"""

{_connect(wish)}

{_log()}
'''


def _connect(wish: ClientSetup) -> str:
    lines = [
        f"os.environ.setdefault({json.dumps(name)}, {json.dumps(value)})" for name, value in wish.variables.items()
    ]
    first = ["import os", "", *lines, ""] if lines else []
    return "\n".join([*first, "import mlflow", "", f"mlflow.set_tracking_uri({json.dumps(wish.tracking_uri)})"])


def _log() -> str:
    return f'''\
mlflow.set_experiment("{EXPERIMENT}")
with mlflow.start_run() as run:
    mlflow.log_param("algorithm", "xgboost")
    mlflow.log_metric("accuracy", 0.95)
    mlflow.log_text("The client writes artifacts to S3 itself.\\n", "notes.txt")

data = mlflow.get_run(run.info.run_id).data
print(run.info.run_id, data.params, data.metrics)'''


def _notebook(wish: ClientSetup) -> str:
    packages = " ".join(shlex.quote(line) for line in wish.requirements)
    cells = [
        _cell("intro", "markdown", f"# MLflow\n\n`{wish.tracking_uri}`\n\nRestart the kernel after the next cell."),
        _cell("install", "code", f"%pip install --quiet {packages}"),
        _cell("connect", "code", _connect(wish)),
        _cell("log", "code", _log()),
    ]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def _cell(identity: str, kind: str, text: str) -> dict[str, t.Any]:
    cell: dict[str, t.Any] = {
        "cell_type": kind,
        "id": identity,
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
    return {**cell, "execution_count": None, "outputs": []} if kind == "code" else cell


def _training_job(wish: ClientSetup) -> str:
    """The part of CreateTrainingJob that makes a job's run an MLflow run."""
    environment = {**wish.environment, "MLFLOW_EXPERIMENT_NAME": EXPERIMENT}
    config = {"MlflowResourceArn": wish.tracking_uri, "MlflowExperimentName": EXPERIMENT}
    return json.dumps({"Environment": environment, "MlflowConfig": config}, indent=4) + "\n"


def _training_script() -> str:
    return '''\
"""A training script that logs to MLflow, in a SageMaker training job and on a laptop alike.

The environment says where: MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME. A job has them from Environment in
training_job.json, a laptop from mlflow.sh. SageMaker installs the requirements.txt that lies beside the script.
"""

import os

import mlflow

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
with mlflow.start_run(run_name=os.environ.get("TRAINING_JOB_NAME")):
    mlflow.log_param("algorithm", "xgboost")
    mlflow.log_metric("accuracy", 0.95)
'''
