# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that people get: valid in the language of each, the same every time, without a secret."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import typing as t

import boto3
import pytest
from botocore.validate import ParamValidator
from tracking_server_samples import ARN

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _client_setup as clients
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from pathlib import Path

APP = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-ABCDEFGHIJKL"
LOCAL = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:5566",
    "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "http://127.0.0.1:5566",
    "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
}
SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "a-token",
    "AWS_PROFILE": "ana",
    "MLFLOW_TRACKING_PASSWORD": "a-password",
}
WISHES = [(ARN, "3.0.0", {}), (APP, "3.10.1", {}), (ARN, "2.13.2", LOCAL), (APP, "3.4.0", {**LOCAL, **SECRETS})]
# What every job needs beside the part that names the MLflow.
JOB = {
    "TrainingJobName": "churn-1",
    "RoleArn": "arn:aws:iam::123456789012:role/training",
    "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://bucket"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}


@pytest.fixture(params=WISHES, ids=["server", "app", "local-server", "local-app"])
def wish(request: pytest.FixtureRequest) -> clients.ClientSetup:
    return clients.setup(*request.param)


@pytest.fixture
def files(wish: clients.ClientSetup) -> dict[str, str]:
    return clients.contents(wish)


def test_programs_are_programs(files: dict[str, str]) -> None:
    for name in ("quickstart.py", "train.py"):
        compile(files[name], name, "exec")


def test_python_names_the_mlflow_before_it_imports_the_client(wish: clients.ClientSetup, files: dict[str, str]) -> None:
    text = files["quickstart.py"]
    assert f'mlflow.set_tracking_uri("{wish.tracking_uri}")' in text
    ends = {name: text.find(f'os.environ.setdefault("{name}", "{value}")') for name, value in wish.variables.items()}
    assert all(0 <= position < text.index("import mlflow") for position in ends.values())
    assert ("import os" in text) == bool(wish.variables), "nobody likes an unused import"


def test_a_shell_reads_the_variables(wish: clients.ClientSetup, files: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "mlflow.sh").write_text(files["mlflow.sh"])
    shell = subprocess.run(
        ["sh", "-euc", ". ./mlflow.sh; env"], cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    )
    read = dict(line.split("=", 1) for line in shell.stdout.splitlines())
    assert wish.environment.items() <= read.items()


def test_a_container_reads_the_variables(wish: clients.ClientSetup, files: dict[str, str]) -> None:
    assert dict(line.split("=", 1) for line in files["mlflow.env"].splitlines()) == wish.environment


def test_the_notebook_is_one(wish: clients.ClientSetup, files: dict[str, str]) -> None:
    """What the schema of nbformat 4.5 asks for."""
    notebook = json.loads(files[clients.NOTEBOOK])
    assert notebook.keys() == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert {"name", "display_name"} <= notebook["metadata"]["kernelspec"].keys()
    assert "name" in notebook["metadata"]["language_info"]
    identities = [cell["id"] for cell in notebook["cells"]]
    assert len(set(identities)) == len(identities)
    for cell in notebook["cells"]:
        assert re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", cell["id"])
        of_code: dict[str, t.Any] = {"execution_count": None, "outputs": []} if cell["cell_type"] == "code" else {}
        assert cell["cell_type"] in ("code", "markdown")
        assert all(isinstance(line, str) for line in cell["source"])
        assert cell == {
            "id": cell["id"], "cell_type": cell["cell_type"], "source": cell["source"], "metadata": {}, **of_code
        }  # fmt: skip
    code = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert shlex.split(code[0]) == ["%pip", "install", "--quiet", *wish.requirements]
    program = ast.parse("\n\n".join(code[1:]))
    assert ast.dump(program) == ast.dump(ast.parse(_without_documentation(files["quickstart.py"])))


def _without_documentation(program: str) -> str:
    return program.split('"""', 2)[2]


def test_aws_takes_the_training_job(wish: clients.ClientSetup, files: dict[str, str]) -> None:
    part = json.loads(files["training_job.json"])
    assert part["MlflowConfig"]["MlflowResourceArn"] == part["Environment"]["MLFLOW_TRACKING_URI"] == wish.tracking_uri
    assert part["MlflowConfig"]["MlflowExperimentName"] == part["Environment"]["MLFLOW_EXPERIMENT_NAME"]
    model = boto3.client("sagemaker", region_name="us-east-1").meta.service_model
    shape = model.operation_model("CreateTrainingJob").input_shape
    assert shape is not None
    report = ParamValidator().validate({**JOB, **part}, shape)
    assert not report.has_errors(), report.generate_report()
    arn = shape.members["MlflowConfig"].members["MlflowResourceArn"]  # type: ignore[attr-defined]  # the stubs know no members of a shape
    assert re.fullmatch(arn.metadata["pattern"], wish.tracking_uri)
    for name, value in part["Environment"].items():
        assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]{0,511}", name)
        assert len(value) <= 512


def test_pip_reads_the_requirements(wish: clients.ClientSetup, files: dict[str, str]) -> None:
    lines = [line for line in files["requirements.txt"].splitlines() if not line.startswith("#")]
    assert lines == list(wish.requirements)


def test_no_secret_is_in_any_file(wish: clients.ClientSetup, files: dict[str, str]) -> None:
    everything = "".join(files.values()) + clients.rendered(wish, "/outputs")
    assert [name for name, value in SECRETS.items() if name in everything or value in everything] == []


def test_the_terminal_shows_all_but_the_notebook(wish: clients.ClientSetup, files: dict[str, str]) -> None:
    text = clients.rendered(wish, "/outputs/mlflow-test-clients")
    assert wish.mlflow_version in text.splitlines()[0]
    assert "/outputs/mlflow-test-clients" in text.splitlines()[0]
    for name, content in files.items():
        assert f"--- {name}\n" in text
        assert (content.rstrip() in text) == (name != clients.NOTEBOOK)


def test_it_is_the_same_every_time_and_in_the_order_of_its_list(wish: clients.ClientSetup) -> None:
    again = clients.contents(wish)
    assert list(again) == list(clients.FILES)
    assert again == clients.contents(wish)
    assert all(content.endswith("\n") for content in again.values())


@pytest.mark.parametrize(
    "address", ["https://ana:secret@proxy", "http://x y", "http://$(id)", 'http://"', "http://a\nb"]
)
def test_an_address_that_is_none_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(MlflowError, match="the value of AWS_ENDPOINT_URL has characters") as refusal:
        clients.setup(ARN, "3.0.0", {"AWS_ENDPOINT_URL": address})
    assert address not in refusal.value.message


def test_an_empty_variable_is_none() -> None:
    assert clients.setup(ARN, "3.0.0", {"AWS_ENDPOINT_URL": ""}).variables == {}


def test_what_is_no_tracking_uri() -> None:
    with pytest.raises(MlflowError, match="tracking_uri: 'https://t-abc' is not the ARN of a tracking server"):
        clients.setup("https://t-abc", "3.0.0", {})
