# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Take a role once for a whole run: the credentials of its session are in files that Ansible removes when the run ends."""

from __future__ import annotations

import os
import typing as t
from datetime import datetime, timezone
from pathlib import Path

from ansible import constants
from ansible.errors import AnsibleActionFail

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _assumed_role
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS, client_config
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, explain, is_denied
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._environment_variables import environment

if t.TYPE_CHECKING:
    from collections.abc import Mapping

try:
    import boto3
except ImportError:
    boto3 = None  # type: ignore[assignment]  # said in words when it is needed

NOT_LOCAL = (
    "mlflow_server_session: the credentials are in files on the machine that runs Ansible, so the modules must run there: set "
    "ansible_connection: local. To run them elsewhere, give that machine credentials of its own."
)
NO_BOTO3 = "mlflow_server_session: boto3 is not installed in the Python that runs Ansible. Install boto3 1.42.62 or newer there."
REFUSED = (
    "The role must exist, its trust policy must name the caller and, where it asks for one, this external_id, and the caller "
    "must be allowed sts:AssumeRole on it. AWS does not say which of these it is."
)


def take(arguments: Mapping[str, t.Any], is_local: bool) -> dict[str, t.Any]:
    """Take the role unless this run has done so already; the keys of a result, which has no secret.

    :param arguments: those of M(mlflow_server_session).
    :param is_local: whether the modules run on this machine.
    """
    try:
        wish = _assumed_role.wish_from(arguments)
        if not is_local:
            raise MlflowError(NOT_LOCAL)
        given = {name: str(value) for name, value in arguments["environment"].items()}
        with environment(given):
            told = _taken(wish, Path(constants.DEFAULT_LOCAL_TMP), arguments["region"])
    except MlflowError as error:
        raise AnsibleActionFail(error.message) from error
    return {"role_arn": wish.role_arn, **told}


def _taken(wish: _assumed_role.SessionWish, folder: Path, region: str | None) -> dict[str, t.Any]:
    """The environment of whoever shall use the role. Ansible removes the folder when the run ends."""
    profile = _assumed_role.profile_name(wish, os.environ)
    variables = _assumed_role.variables(folder, profile)
    credentials = Path(variables["AWS_SHARED_CREDENTIALS_FILE"])
    assumed = not _assumed_role.is_fresh(credentials, profile, datetime.now(timezone.utc))
    if assumed:
        answer = _assume(wish, region)
        source = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or "default"
        present = Path(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser()
        text = present.read_text(encoding="utf-8") if present.is_file() else ""
        _assumed_role.write(Path(variables["AWS_CONFIG_FILE"]), _assumed_role.config_text(text, source, profile))
        _assumed_role.write(credentials, _assumed_role.credentials_text(profile, answer["Credentials"]))
    return {"environment": variables, "assumed": assumed}


def _assume(wish: _assumed_role.SessionWish, region: str | None) -> Mapping[str, t.Any]:
    if boto3 is None:
        raise MlflowError(NO_BOTO3)
    try:
        client = boto3.session.Session(region_name=region or None).client("sts", config=client_config())
        answer: Mapping[str, t.Any] = client.assume_role(**wish.request())
    except AWS_ERRORS as error:
        said = explain(error, f"taking the role {wish.role_arn}")
        raise MlflowError(f"{said} {REFUSED}" if is_denied(error) else said) from error
    return answer
