# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The credentials of a role that a whole run uses, in files that only their owner can read. Pure but for C(write).

Environment variables would show in Ansible's most verbose output, so they name the files and hold no secret.
"""

from __future__ import annotations

import configparser
import hashlib
import io
import os
import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker import checked_role_arn

if t.TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SOURCES = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_ACCESS_KEY",
    "EC2_ACCESS_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "EC2_SECRET_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "EC2_SECURITY_TOKEN",
)
"""Environment variables by which boto3 or amazon.aws would find other credentials."""
LEAST_REMAINING = timedelta(minutes=10)
"""A session that ends sooner is not used again."""
_OF_CREDENTIALS = ("aws_", "credential_", "external_id", "mfa_", "role_", "source_profile", "sso_", "web_identity_")
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_SHORTEST, _LONGEST = 900, 43200


@dataclass(frozen=True)
class SessionWish:
    """The role to take, and how."""

    role_arn: str
    external_id: str | None
    session_name: str
    duration_seconds: int

    def request(self) -> dict[str, t.Any]:
        """The parameters of AssumeRole."""
        more = {"ExternalId": self.external_id} if self.external_id else {}
        return {
            "RoleArn": self.role_arn,
            "RoleSessionName": self.session_name,
            "DurationSeconds": self.duration_seconds,
            **more,
        }


def wish_from(arguments: Mapping[str, t.Any]) -> SessionWish:
    """The wish from the options. Raises MlflowError for what AWS would refuse."""
    external_id, name = arguments.get("external_id") or None, arguments["session_name"]
    if external_id is not None and not _EXTERNAL_ID.fullmatch(external_id):
        raise MlflowError("external_id: it must be 2 to 1224 letters, digits and +=,.@:/_- (it is not shown here).")
    if not _SESSION_NAME.fullmatch(name):
        raise MlflowError(f"session_name: '{name}' is not allowed: 2 to 64 letters, digits and +=,.@_-.")
    duration = arguments["duration_seconds"]
    if not _SHORTEST <= duration <= _LONGEST:
        raise MlflowError(f"duration_seconds: {duration} is not allowed: {_SHORTEST} to {_LONGEST}.")
    return SessionWish(checked_role_arn("role_arn", arguments["role_arn"]), external_id, name, duration)


def profile_name(wish: SessionWish, environment: Mapping[str, str]) -> str:
    """A name of its own for each role, taken with each credentials."""
    source = [environment.get(name, "") for name in SOURCES]
    digest = hashlib.sha256(repr((wish, source)).encode()).hexdigest()[:16]
    return f"mlflow-{digest}"


def variables(folder: Path, profile: str) -> dict[str, str]:
    """What makes boto3, in whatever process, use the files and nothing else."""
    return {
        **dict.fromkeys(SOURCES, ""),
        "AWS_PROFILE": profile,
        "AWS_DEFAULT_PROFILE": profile,
        "AWS_CONFIG_FILE": str(folder / f"{profile}.config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / f"{profile}.credentials"),
    }


def config_text(present: str, source_profile: str, profile: str) -> str:
    """The user's configuration with one more profile: Region, endpoints and all else of the source but its credentials."""
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(present)
    section = "default" if source_profile == "default" else f"profile {source_profile}"
    items = dict(parser[section]) if parser.has_section(section) else {}
    lines = [
        f"{key} = {value}".replace("\n", "\n    ")
        for key, value in items.items()
        if not key.startswith(_OF_CREDENTIALS) and key != "duration_seconds"
    ]
    return "\n".join([present.rstrip("\n"), f"[profile {profile}]", *lines, ""])


def credentials_text(profile: str, credentials: Mapping[str, t.Any]) -> str:
    """The credentials as boto3 reads them, with the time at which they end."""
    parser = configparser.RawConfigParser()
    parser[profile] = {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
        "expiration": credentials["Expiration"].astimezone(timezone.utc).isoformat(),
    }
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def is_fresh(path: Path, profile: str, now: datetime) -> bool:
    """Whether the file holds credentials that last for a while."""
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
        ends = datetime.fromisoformat(parser[profile]["expiration"])
    except (KeyError, ValueError, configparser.Error):
        return False
    return ends - now > LEAST_REMAINING


def write(path: Path, text: str) -> None:
    """For the owner alone; a reader finds all of it or nothing."""
    new = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)
