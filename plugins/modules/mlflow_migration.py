#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mlflow_migration
short_description: Move everything from one MLflow to another
version_added: 0.1.0
author: The mlops.sagemaker_mlflow contributors (@mlops)
description:
  - Moves experiments, runs with complete metric histories, params, tags, nesting, dataset inputs and files, logged models,
    registered models with their version numbers, aliases and stages, prompts, traces with spans and assessments, evaluation
    datasets, and what is deleted, to a tracking server or App of Amazon SageMaker, or to any other MLflow.
  - Reads an MLflow server of version 2.8 or newer, or, many times faster, the database of a self-hosted one, or an archive.
  - Archives are folders or prefixes of a bucket that hold everything with checksums. As a target they are the backup of an
    MLflow, and later runs add what is new or changed.
  - What is moved is found again by tags that begin with C(mlops.origin.). A run that was interrupted is repeated and goes on
    where it stopped. A later run moves what is new or changed, and writes nothing when nothing is.
  - Afterwards it reads both sides again, compares them by content, and reports every difference. It fails when anything did not
    arrive.
options:
  source:
    description: Where everything is. Nothing is ever written there.
    type: dict
    required: true
    suboptions: &end
      uri:
        description:
          - The URL of an MLflow server, or the ARN of a tracking server or App of SageMaker.
          - Or an archive, C(file:///srv/mlflow-archive) on the host of the task, or C(s3://bucket/mlflow-archive).
          - A source can also be a database, C(sqlite:////srv/mlflow/mlflow.db), C(postgresql://host/mlflow) or
            C(mysql://host/mlflow). It is only read. PostgreSQL and MySQL need a driver on the host of the task,
            C(psycopg), C(psycopg2), C(pymysql) or C(MySQLdb).
        type: str
        required: true
      username:
        description: Name for basic authentication, or the user of a database.
        type: str
      password:
        description: Password for basic authentication, or of the user of a database.
        type: str
      token:
        description: Token for bearer authentication.
        type: str
      headers:
        description: Further headers of each request.
        type: dict
      ca_path:
        description: File with the certificates that are trusted, instead of those of the system.
        type: path
      validate_certs:
        description: Whether the certificate of the server is checked.
        type: bool
        default: true
      artifacts_destination:
        description:
          - Where a server keeps what it calls C(mlflow-artifacts:), which is the option C(--artifacts-destination) of
            C(mlflow server), a folder of the host of the task or an C(s3://) URI.
          - Needed when the source is a database whose server hands out files. With it files are copied from bucket to bucket, past
            the server.
        type: str
      workspace:
        description: The workspace of MLflow. Without it, the default one.
        type: str
  target:
    description: Where everything goes. The same options as those of O(source), but a database cannot be written to.
    type: dict
    required: true
    suboptions: *end
  experiments:
    description: Names of the experiments that move, or patterns with C(*) and C(?). Without it, all.
    type: list
    elements: str
  models:
    description: Names of the registered models and prompts that move, or patterns with C(*) and C(?). Without it, all.
    type: list
    elements: str
  since:
    description: Only runs and traces that began at this time or later, as in V(2026-01-31) or V(2026-01-31T12:00:00+00:00).
    type: str
  until:
    description: Only runs and traces that began before this time.
    type: str
  deleted:
    description: Whether experiments and runs that are deleted move too. They are deleted in the target then.
    type: bool
    default: true
  verify:
    description:
      - How both sides are compared afterwards.
      - V(content) compares every point, span and byte. V(summary) compares what a search shows, and the sizes of files.
    type: str
    choices: [content, summary, none]
    default: content
  fail_on_loss:
    description: Whether the module fails when something did not arrive as it was.
    type: bool
    default: true
  report_dir:
    description:
      - Folder for C(report.json), C(report.html) and C(id_map.csv), which has the old and the new ids. An archive keeps the old
        ones, and has no such file.
    type: path
  requests_per_second:
    description:
      - The most that the target is asked. Without it, what AWS allows a tracking server of its size (25, 50 or 100), and
        elsewhere what its answers teach.
    type: float
  concurrency:
    description: How many runs are written at the same time, V(1) to V(32).
    type: int
    default: 16
attributes:
  action:
    description: Shows how far it is while it works. Everything is read and written from the host of the task.
    support: full
  async:
    description: Nothing is shown then while it works.
    support: full
  check_mode:
    description: Tells what would move, in RV(plan), and writes nothing.
    support: full
  diff_mode:
    description: What moves is counted, not shown.
    support: none
  idempotent:
    description: A second run of an unchanged source writes nothing.
    support: full
notes:
  - Run, experiment, logged model and evaluation dataset ids are given by the target, and creation times are those of the
    migration. The old ones are in the tags that begin with C(mlops.origin.). Traces keep their ids.
  - IAM actions needed are those of C(sagemaker-mlflow) to search, read, create, update and tag on the target, and
    C(s3:ListBucket), C(s3:GetObject), C(s3:PutObject) and C(s3:AbortMultipartUpload) on its bucket.
    C(sagemaker:DescribeMlflowTrackingServer) tells how many requests are allowed, and is done without where it is denied.
  - An archive keeps ids and times as they are. What is gone from the source since the last run stays in it. Of what changed,
    it keeps what it is now, for which S3 archives need C(s3:DeleteObject).
  - Logged models that are deleted do not move to a server, as no API of MLflow shows them. Secrets of webhooks and gateways, users and
    permissions do not move either.
  - SageMaker's model registry takes no names with blanks or underscores, so switch the automatic registration off while
    such models move.
seealso:
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_server
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_app
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - mlops.sagemaker_mlflow.attributes
"""

EXAMPLES = r"""
- name: Move everything from a self-hosted MLflow into the managed one
  mlops.sagemaker_mlflow.mlflow_migration:
    source:
      uri: https://mlflow.example.com
      username: reader
      password: "{{ mlflow_password }}"
    target:
      uri: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
    region: eu-west-1
    report_dir: migration

- name: The same from its database and bucket, many times faster
  mlops.sagemaker_mlflow.mlflow_migration:
    source:
      uri: postgresql://db.example.com/mlflow
      username: reader
      password: "{{ database_password }}"
      artifacts_destination: s3://old-mlflow-artifacts
    target:
      uri: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABCDEFGHIJKL
    region: eu-west-1

- name: Back a tracking server up, and later what is new or changed
  mlops.sagemaker_mlflow.mlflow_migration:
    source:
      uri: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
    target:
      uri: s3://mlflow-backups/staging
    region: eu-west-1

- name: Bring it back into another one
  mlops.sagemaker_mlflow.mlflow_migration:
    source:
      uri: s3://mlflow-backups/staging
    target:
      uri: arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABCDEFGHIJKL
    region: eu-west-1

- name: Only this year's runs of one team
  mlops.sagemaker_mlflow.mlflow_migration:
    source:
      uri: sqlite:////srv/mlflow/mlflow.db
      artifacts_destination: /srv/mlflow/artifacts
    target:
      uri: http://mlflow.internal:5000
      token: "{{ mlflow_token }}"
    experiments: [vision-*]
    models: [vision-*]
    since: "2026-01-01"
    deleted: false
"""

RETURN = r"""
plan:
  description:
    - What would move. Points are counted in a database, and estimated from the last steps of a server's runs.
    - Null when it moved.
  returned: success
  type: dict
  sample:
    counts: {experiment: 20, run: 1000, metric_point: 1635200, artifact: 3602}
    bytes: 35012340
    requests: 5215
    requests_per_second: 25.0
    seconds: 209
cannot_take:
  description: What the target's version of MLflow has no place for.
  returned: always
  type: list
  elements: str
  sample: [evaluation datasets]
counts:
  description: What became of the things of each kind.
  returned: always
  type: dict
  sample:
    run: {found: 1000, created: 1000, updated: 0, unchanged: 0, left_out: 0, failed: 0}
problems:
  description: The first 20 things that are not in the target as they were.
  returned: always
  type: list
  elements: dict
  sample:
    - kind: artifact
      id: run 0123456789abcdef0123456789abcdef
      name: "train: model/model.pkl"
      what: is missing in the target
      is_loss: true
losses:
  description: How many things did not arrive as they were.
  returned: always
  type: int
  sample: 0
differences:
  description: How many differences the comparison found.
  returned: always
  type: int
  sample: 0
report_paths:
  description: The files of the report.
  returned: always
  type: dict
  sample: {json: migration/report.json, html: migration/report.html, id_map: migration/id_map.csv}
traffic:
  description: What was sent to either end.
  returned: always
  type: dict
  sample:
    target: {requests: 5230, writes: 5198, retries: 3, refused_as_too_fast: 0}
    source: {requests: 0, writes: 0, retries: 0, refused_as_too_fast: 0}
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import perform
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._run import migrate


def main() -> None:
    """Run the module."""
    end = {
        "uri": {"type": "str", "required": True},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "token": {"type": "str", "no_log": True},
        "headers": {"type": "dict", "no_log": True},
        "ca_path": {"type": "path"},
        "validate_certs": {"type": "bool", "default": True},
        "artifacts_destination": {"type": "str"},
        "workspace": {"type": "str"},
    }
    module = AwsModule(
        argument_spec={
            "source": {"type": "dict", "required": True, "options": end},
            "target": {"type": "dict", "required": True, "options": end},
            "experiments": {"type": "list", "elements": "str"},
            "models": {"type": "list", "elements": "str"},
            "since": {"type": "str"},
            "until": {"type": "str"},
            "deleted": {"type": "bool", "default": True},
            "verify": {"type": "str", "choices": ["content", "summary", "none"], "default": "content"},
            "fail_on_loss": {"type": "bool", "default": True},
            "report_dir": {"type": "path"},
            "requests_per_second": {"type": "float"},
            "concurrency": {"type": "int", "default": 16},
        },
        supports_check_mode=True,
    )
    perform(module, migrate)


if __name__ == "__main__":
    main()
