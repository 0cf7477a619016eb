# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a change of the kind of MLflow leaves behind."""

from __future__ import annotations

DOCUMENTATION = r"""
name: other_kind
short_description: What an environment has of the other kind of MLflow
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - An environment is deployed as a tracking server or as an App. This filter tells what the look-up of the other kind under the
    same name means for its role, its bucket and the person who runs Ansible.
  - Used by the role P(mlops.sagemaker_mlflow.mlflow_server#role).
positional: kind, name, role_name, bucket
options:
  _input:
    description:
      - Results of M(mlops.sagemaker_mlflow.sagemaker_mlflow_server_info) and of
        M(mlops.sagemaker_mlflow.sagemaker_mlflow_app_info), also failed and skipped ones.
    type: list
    elements: dict
    required: true
  kind:
    description: As which the environment is deployed.
    type: str
    choices: [tracking_server, app]
    required: true
  name:
    description: The name of the tracking server and of the App.
    type: str
    required: true
  role_name:
    description: The name of the service role.
    type: str
    required: true
  bucket:
    description: The name of the artifact bucket.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Look for a tracking server of the same name
  mlops.sagemaker_mlflow.sagemaker_mlflow_server_info:
    name: churn
  register: servers

- name: Show what the App does not replace
  ansible.builtin.debug:
    msg: "{{ ([servers] | mlops.sagemaker_mlflow.other_kind('app', 'churn', 'churn-role', 'churn-artifacts')).beside }}"
"""

RETURN = r"""
_value:
  description:
    - C(arns) of what there is, C(uses_role) and C(uses_bucket) whether it needs those of the environment, and the sentences
      C(beside) for the end of a deployment and C(stays) for the end of a destruction.
  type: dict
"""

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _other_kind

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def other_kind(
    results: Sequence[Mapping[str, t.Any]], kind: str, name: str, role_name: str, bucket: str
) -> dict[str, t.Any]:
    """See RETURN."""
    other = _other_kind.other_kind(results, _other_kind.Environment(kind, name, role_name, bucket))
    return {
        "arns": other.arns,
        "uses_role": other.uses_role,
        "uses_bucket": other.uses_bucket,
        "beside": other.beside(),
        "stays": other.stays(),
    }


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., dict[str, t.Any]]]:
        """The filters of this file."""
        return {"other_kind": other_kind}
