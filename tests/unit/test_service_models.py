# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The models of the services are those that botocore loads, wherever they come from."""

from __future__ import annotations

import gzip
import json
import os
import typing as t
from pathlib import Path
from types import SimpleNamespace

import botocore
import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import JSONFileLoader, Loader

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _service_models
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._service_models import PlainFiles, service_models
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._session import Session

TYPES = ("service-2", "paginators-1", "endpoint-rule-set-1")


@pytest.fixture(autouse=True)
def nothing_is_loaded() -> t.Iterator[None]:
    service_models.cache_clear()
    yield
    service_models.cache_clear()


def test_models_are_shared_unless_the_user_has_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = [Session("us-east-1", None, {})._session.get_component("data_loader") for _each in range(2)]
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    other = Session("us-east-1", None, {})._session.get_component("data_loader")
    assert made[0] is made[1]
    assert other is not made[0]
    assert str(tmp_path) in other.search_paths


@pytest.mark.parametrize(
    "file",
    [
        "s3/2006-03-01/service-2",
        "iam/2010-05-08/endpoint-rule-set-1",
        "sagemaker/2017-07-24/service-2",
        "sagemaker/2017-07-24/paginators-1",
        "partitions",
    ],
)
def test_models_are_what_botocore_loads(file: str) -> None:
    path = str(Path(botocore.__file__).parent / "data" / file)
    read: t.Any = getattr(JSONFileLoader(), "_load_file")  # noqa: B009  # load_file remembers in tests what clients then change
    files = PlainFiles(JSONFileLoader())
    expected = read(f"{path}.json", open) or read(f"{path}.json.gz", gzip.open)
    assert json.dumps(files.load_file(path)) == json.dumps(expected)
    assert files.exists(path)
    assert files.load_file(f"{path}-of-nothing") is None


def test_sessions_read_models_that_way() -> None:
    assert isinstance(service_models(None).file_loader, PlainFiles)


def test_a_client_looks_through_no_other_services_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: set[str] = set()
    list_folder = os.listdir

    def listed(path: t.Any = ".") -> list[str]:
        looked_at.add(Path(path).name)
        return list_folder(path)

    monkeypatch.setattr(os, "listdir", listed)
    client = service_models(None).load_service_model("iam", "service-2")
    assert client["metadata"]["serviceId"] == "IAM"
    assert looked_at == {"iam"}


@pytest.mark.parametrize("type_name", TYPES)
def test_a_service_is_known_that_botocore_lists(type_name: str) -> None:
    its_own, ours = Loader().list_available_services(type_name), service_models(None).list_available_services(type_name)
    assert list(ours) == its_own
    assert [each for each in its_own if each not in ours] == []
    assert "no-such-service" not in ours


def test_a_service_of_the_users_own_is_known(tmp_path: Path) -> None:
    folder = tmp_path / "own" / "2026-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text('{"metadata": {"serviceId": "Own"}}')
    models = service_models(str(tmp_path))
    assert models.load_service_model("own", "service-2")["metadata"] == {"serviceId": "Own"}
    assert "own" not in models.list_available_services("paginators-1")


def test_a_model_that_does_not_exist_is_botocores_error() -> None:
    with pytest.raises(UnknownServiceError, match=r"'no-such-service'.* sagemaker,"):
        service_models(None).load_service_model("no-such-service", "service-2")


def test_a_loader_of_another_botocore_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    other = SimpleNamespace()
    monkeypatch.setattr(_service_models, "create_loader", lambda _data_path: other)
    assert vars(service_models(None)) == {}
