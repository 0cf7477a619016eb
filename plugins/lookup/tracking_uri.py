# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tracking URI of a tracking server or App, by its name."""

from __future__ import annotations

DOCUMENTATION = r"""
name: tracking_uri
short_description: The tracking URI of an Amazon SageMaker managed MLflow, by its name
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Returns what an MLflow client with the package sagemaker-mlflow takes as tracking URI, which is the ARN.
  - The ARN of an App cannot be told from its name without asking AWS.
  - What failed to be created, is being deleted or is deleted is passed over.
options:
  _terms:
    description: Names of tracking servers or of MLflow Apps.
    type: list
    elements: str
    required: true
  kind:
    description:
      - Whether the names are those of tracking servers, of Apps, or of either.
      - With V(any), a name that both a tracking server and an App have is an error.
    type: str
    choices: [any, tracking_server, app]
    default: any
requirements:
  - python >= 3.10
  - boto3 >= 1.42.62
  - botocore >= 1.42.62
notes:
  - IAM actions needed are C(sagemaker:ListMlflowTrackingServers) unless O(kind=app), and C(sagemaker:ListMlflowApps) unless
    O(kind=tracking_server).
  - It makes one call for each kind and for each 100 that there are of it, however many names are given.
  - A name that is not found is an error, which tells where was looked and which names are like it.
seealso:
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_server_info
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_app_info
extends_documentation_fragment:
  - amazon.aws.common.plugins
  - amazon.aws.region.plugins
  - amazon.aws.assume_role.plugins
"""

EXAMPLES = r"""
- name: Train with the MLflow of staging, whether it is a tracking server or an App
  ansible.builtin.command: python train.py
  environment:
    MLFLOW_TRACKING_URI: "{{ lookup('mlops.sagemaker_mlflow.tracking_uri', 'mlflow-staging-mlflow', region='eu-west-1') }}"

- name: Show the tracking URIs of two Apps of another account
  ansible.builtin.debug:
    msg: "{{ query('mlops.sagemaker_mlflow.tracking_uri', 'vision', 'speech', kind='app', region='eu-west-1', assume_role_arn=role) }}"
  vars:
    role: arn:aws:iam::210987654321:role/mlflow-reader
"""

RETURN = r"""
_raw:
  description: The tracking URI for each name, in the order of the names.
  type: list
  elements: str
  sample: ["arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABCDEFGHIJKL"]
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible_collections.amazon.aws.plugins.plugin_utils.lookup import AWSLookupBase

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_uri import tracking_uris
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._region_clients import clients_by_region

if t.TYPE_CHECKING:
    from collections.abc import Mapping


class LookupModule(AWSLookupBase):  # type: ignore[misc]  # amazon.aws has no type information
    """What Ansible loads."""

    def run(self, terms: list[str], variables: Mapping[str, t.Any] | None = None, **options: t.Any) -> list[str]:
        """The tracking URI for each name."""
        super().run(terms, variables, **options)
        try:
            region = sagemaker.checked_region(self.region)
            clients = clients_by_region(self, [region])[region]
            return tracking_uris(clients, terms, self.get_option("kind"), region)
        except MlflowError as error:
            # Ansible would append the cause, which the message has already.
            raise AnsibleLookupError(error.message) from None
