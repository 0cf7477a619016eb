# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The edge to AWS for plugins of the controller, which have no AnsibleAWSModule: clients by region."""

from __future__ import annotations

import typing as t
from functools import partial

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import (
    AWS_ERRORS,
    COLLECTION_NAME,
    COLLECTION_VERSION,
    Clients,
    client_config,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, explain
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._whole_answers import require_whole_answers

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class AwsPlugin(t.Protocol):
    """What is used of a plugin that stands on amazon.aws's base classes."""

    def client(self, service: str, **extra: t.Any) -> t.Any:
        """A client with the plugin's connection options; C(extra) wins over them."""

    def get_option(self, option: str) -> t.Any:
        """The value of an option."""


def clients_by_region(plugin: AwsPlugin, regions: Iterable[str]) -> dict[str, Clients]:
    """The clients of each region, with the permissions of the role that the option C(assume_role_arn) names.

    Those of SageMaker are made here: many threads may use them, but only one may make them.
    """
    regions = list(regions)
    credentials = _assumed(plugin, regions[0])
    clients = {region: Clients(partial(_new_client, plugin, region, credentials)) for region in regions}
    for of_region in clients.values():
        of_region["sagemaker"]
    return clients


def _assumed(plugin: AwsPlugin, region: str) -> dict[str, t.Any]:
    """The credentials of the role to assume; nothing without one.

    amazon.aws's own way names the session after the plugin, and this collection's name is longer than AWS allows there.
    """
    role_arn = plugin.get_option("assume_role_arn")
    if not role_arn:
        return {}
    sts = _new_client(plugin, region, {}, "sts")
    try:
        credentials = sts.assume_role(RoleArn=role_arn, RoleSessionName=COLLECTION_NAME)["Credentials"]
    except AWS_ERRORS as error:
        raise MlflowError(explain(error, f"assuming the role {role_arn}")) from error
    return {
        "profile_name": None,
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


def _new_client(plugin: AwsPlugin, region: str, credentials: Mapping[str, t.Any], service: str) -> t.Any:
    # The name that modules give themselves is global to the process, which plugins share with those of other collections.
    config = client_config(user_agent_extra=f"{COLLECTION_NAME}/{COLLECTION_VERSION}")
    client = plugin.client(service, region=region, config=config, **credentials)
    require_whole_answers(client)
    return client
