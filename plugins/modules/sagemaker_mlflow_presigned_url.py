#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sagemaker_mlflow_presigned_url
short_description: Make a link to the UI of an Amazon SageMaker managed MLflow
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Makes a link that opens the UI of a tracking server or of an MLflow App, once, within O(expires_in_seconds), for whoever
    holds it. No AWS credentials are needed to open it.
  - Hands the link to the person who runs Ansible, with O(show) or O(open_browser), or to the next task, as
    RV(authorized_url).
options:
  name:
    description:
      - Name of the tracking server, or, with O(kind=app), of the App.
      - AWS lets several Apps have one name; that is an error that lists them. Apps that AWS lists as deleted are left out.
    type: str
  kind:
    description: What O(name) names. An O(arn) tells that itself.
    type: str
    choices: [tracking_server, app]
    default: tracking_server
  arn:
    description: ARN of the tracking server or of the App, which is also what MLflow clients use as tracking URI.
    type: str
    aliases: [tracking_uri]
  expires_in_seconds:
    description: Seconds within which the link must be opened, V(5) to V(300).
    type: int
    default: 300
  session_expiration_duration_in_seconds:
    description: Seconds that the UI stays open once it was opened, V(1800) to V(43200).
    type: int
    default: 43200
  show:
    description:
      - Whether the link is printed on the terminal of whoever runs Ansible. It is then no part of the result.
      - It is not written to the log file of Ansible (C(ANSIBLE_LOG_PATH)) and handed to no callback, at any verbosity.
      - Where the output of Ansible itself is kept (a CI job, an automation controller), the link is kept with it.
    type: bool
    default: false
  open_browser:
    description:
      - Whether the link is opened in the browser of the machine that runs Ansible. It is then no part of the result.
      - The browser is chosen as Python's module C(webbrowser) does it; the environment variable C(BROWSER) names another one.
      - Programs on that machine can see the link in the arguments of the browser while it starts.
    type: bool
    default: false
attributes:
  action:
    description: The link is shown and opened on the machine that runs Ansible. AWS is called from the host of the task.
    support: full
  async:
    description: A link for a person cannot wait in a job file.
    support: none
  check_mode:
    description: Makes no link. RV(authorized_url) is null. A server that does not run is a warning instead of an error.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to compare.
    support: N/A
  idempotent:
    description: Each run makes a new link; nothing else changes, and RV(ignore:changed) is always V(false).
    support: N/A
notes:
  - IAM actions needed are C(sagemaker:DescribeMlflowTrackingServer) and C(sagemaker:CreatePresignedMlflowTrackingServerUrl),
    for an App C(sagemaker:DescribeMlflowApp) and C(sagemaker:CreatePresignedMlflowAppUrl). Where the first of the two is
    denied, the module does not check whether the server runs, and makes the link.
  - An App that is named also needs C(sagemaker:ListMlflowApps), as AWS finds Apps by their ARN only.
  - It makes two calls, in check mode one, and one more for each 100 Apps of the Region when an App is named.
  - RV(authorized_url) is a secret. With neither O(show) nor O(open_browser), set C(no_log=true) on the task, and on each task
    that uses it; without it Ansible prints the link with C(-v) and gives it to every callback. The module warns of that.
  - C(ANSIBLE_DEBUG) writes what modules return to the log, secrets included.
seealso:
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_server
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_server_info
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - mlops.sagemaker_mlflow.attributes
"""

EXAMPLES = r"""
- name: Print a link to the UI on the terminal
  mlops.sagemaker_mlflow.sagemaker_mlflow_presigned_url:
    name: mlflow-staging-mlflow
    show: true

- name: Open the UI of an App in the browser, for half an hour
  mlops.sagemaker_mlflow.sagemaker_mlflow_presigned_url:
    arn: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABCDEFGHIJKL
    region: eu-west-1
    session_expiration_duration_in_seconds: 1800
    open_browser: true

- name: Print a link to the UI of an App on the terminal
  mlops.sagemaker_mlflow.sagemaker_mlflow_presigned_url:
    name: mlflow-staging-mlflow
    kind: app
    show: true

- name: Make a link for another task
  mlops.sagemaker_mlflow.sagemaker_mlflow_presigned_url:
    name: mlflow-staging-mlflow
    expires_in_seconds: 60
  register: link
  no_log: true

- name: See whether the UI answers
  ansible.builtin.uri:
    url: "{{ link.authorized_url }}"
  no_log: true
"""

RETURN = r"""
authorized_url:
  description:
    - The link. It is a secret and opens the UI once.
    - Null in check mode.
  returned: when neither O(show) nor O(open_browser) is set
  type: str
  sample: https://t-abcdefghijkl.eu-west-1.experiments.sagemaker.aws/auth?authToken=...
tracking_uri:
  description:
    - ARN of what the link opens.
    - Null when the O(name) of a server was given and the caller may not read it, and in check mode when there is none.
  returned: success
  type: str
  sample: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
expires_in_seconds:
  description: Seconds within which the link must be opened.
  returned: success
  type: int
  sample: 300
session_expiration_duration_in_seconds:
  description: Seconds that the UI stays open.
  returned: success
  type: int
  sample: 43200
shown:
  description: Whether the link was printed.
  returned: success
  type: bool
  sample: true
opened:
  description: Whether a browser was started with the link.
  returned: success
  type: bool
  sample: false
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import answer
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._presigned_url import presigned_url


def main() -> None:
    """Run the module."""
    module = AwsModule(
        argument_spec={
            "name": {"type": "str"},
            "kind": {"type": "str", "choices": ["tracking_server", "app"], "default": "tracking_server"},
            "arn": {"type": "str", "aliases": ["tracking_uri"]},
            "expires_in_seconds": {"type": "int", "default": 300},
            "session_expiration_duration_in_seconds": {"type": "int", "default": 43200},
            "show": {"type": "bool", "default": False},
            "open_browser": {"type": "bool", "default": False},
        },
        mutually_exclusive=[("name", "arn")],
        required_one_of=[("name", "arn")],
        supports_check_mode=True,
    )
    answer(module, presigned_url)


if __name__ == "__main__":
    main()
