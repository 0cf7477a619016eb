# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a session: who can read them, what they keep of the user's configuration, when they are used again."""

from __future__ import annotations

import configparser
import typing as t
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _assumed_role as session
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from pathlib import Path

ARN = "arn:aws:iam::123456789012:role/deployer"
RIGHT = {"role_arn": ARN, "external_id": None, "session_name": "release-42", "duration_seconds": 3600}
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)
CONFIG = """\
[profile work]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base
aws_secret_access_key = hidden
sso_session = corp
s3 =
    addressing_style = path
endpoint_url = http://127.0.0.1:1
"""


def credentials(ends: datetime = NOW + timedelta(hours=1)) -> dict[str, t.Any]:
    return {"AccessKeyId": "ASIA1", "SecretAccessKey": "se%cret", "SessionToken": "token==", "Expiration": ends}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"role_arn": "deployer"}, "role_arn: 'deployer' is not the ARN of a role"),
        ({"external_id": "a b"}, "external_id: it must be"),
        ({"session_name": "a b"}, "session_name: 'a b' is not allowed"),
        ({"duration_seconds": 60}, "duration_seconds: 60 is not allowed: 900 to 43200"),
    ],
)
def test_wrong_options(wrong: dict[str, t.Any], message: str) -> None:
    with pytest.raises(MlflowError) as caught:
        session.wish_from({**RIGHT, **wrong})
    assert message in caught.value.message
    assert "a b" not in caught.value.message or "external_id" not in wrong, "an external id is not shown"


def test_each_role_and_each_caller_has_a_profile_of_its_own() -> None:
    wish, other = session.wish_from(RIGHT), session.wish_from({**RIGHT, "external_id": "x1"})
    names = {
        session.profile_name(wish, {}),
        session.profile_name(other, {}),
        session.profile_name(wish, {"AWS_PROFILE": "work"}),
        session.profile_name(wish, {"AWS_ACCESS_KEY_ID": "AKIA1"}),
    }
    assert len(names) == 4
    assert session.profile_name(wish, {"HOME": "/x"}) == session.profile_name(wish, {})


def test_the_configuration_keeps_all_but_credentials() -> None:
    text = session.config_text(CONFIG, "work", "mlflow-1")
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    assert dict(parser["profile work"]) == dict(_parsed(CONFIG)["profile work"])
    assert set(parser["profile mlflow-1"]) == {"region", "s3", "endpoint_url"}
    assert "\n    addressing_style = path\n" in text.partition("[profile mlflow-1]")[2]
    assert session.config_text("", "default", "mlflow-1").strip() == "[profile mlflow-1]"


def test_credentials_are_used_again_while_they_last(tmp_path: Path) -> None:
    path = tmp_path / "p.credentials"
    assert not session.is_fresh(path, "p", NOW)
    session.write(path, session.credentials_text("p", credentials()))
    assert path.stat().st_mode & 0o777 == 0o600
    assert session.is_fresh(path, "p", NOW + timedelta(minutes=49))
    assert not session.is_fresh(path, "p", NOW + timedelta(minutes=51))
    assert _parsed(path.read_text())["p"]["aws_secret_access_key"] == "se%cret"
    assert [each.name for each in tmp_path.iterdir()] == ["p.credentials"]


def test_the_environment_has_no_secret_and_no_other_credentials(tmp_path: Path) -> None:
    found = session.variables(tmp_path, "p")
    assert {name for name, value in found.items() if value == ""} == set(session.SOURCES) - {
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
    }
    assert found["AWS_PROFILE"] == "p"


def _parsed(text: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return parser
