#!/usr/bin/python
# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: scheduler_mlflow_power
version_added: 0.1.0
short_description: Stop and start an Amazon SageMaker managed MLflow tracking server on a timetable
description:
  - Stops and starts a tracking server at given times, so that it is not billed while nobody works.
  - Amazon EventBridge Scheduler calls SageMaker itself, in any time zone and with its daylight-saving time. No code of yours
    runs, and there is no Lambda function.
  - Makes and removes up to two schedules and the IAM role that Scheduler takes for them. The role may stop and start this one
    server and nothing else.
  - The schedules are named C(<name>-stop) and C(<name>-start), the role C(<name>-power-<region>). Where that would be longer
    than 64 characters, the name is cut, and a dot and a hash of the whole name follow it, as no server's name has a dot.
  - MLflow Apps have no power state. They cost nothing while nobody uses them.
options:
  name:
    description:
      - The name of the tracking server. It need not exist yet.
    type: str
    required: true
    aliases: [tracking_server_name]
  state:
    description:
      - V(present) makes sure that the schedules and the role are as described. Schedules that do this already are adopted.
      - V(absent) removes the schedules and then the role, unless O(role_arn) is given. The server stays as it is, stopped or
        running.
    type: str
    choices: [present, absent]
    default: present
  start:
    description:
      - When the server is started. A start takes up to 25 minutes, so let it begin that long before the first user comes.
      - When omitted, nothing starts the server, and the schedule that did is removed.
    type: dict
    suboptions: &when
      days:
        description:
          - Days of the week, as V(Mon) or V(Monday) in any letter case. Every day when omitted.
        type: list
        elements: str
      time:
        description:
          - Hours and minutes in O(timezone), in quotes, as in V("07:30").
          - A time that daylight saving leaves out does not happen on that day; one that it repeats happens once.
        type: str
      schedule_expression:
        description:
          - Instead of days and time, an expression of Scheduler, as in V(cron(0 19 L * ? *)) or V(at(2027-01-31T19:00:00)).
        type: str
  stop:
    description:
      - When the server is stopped. A stopped server keeps its data.
      - When omitted, nothing stops the server, and the schedule that did is removed.
    type: dict
    suboptions: *when
  timezone:
    description:
      - The time zone of both, as a name of the IANA database.
    type: str
    default: UTC
  enabled:
    description:
      - Whether the schedules are carried out. V(false) keeps them for later, for example over a busy week.
    type: bool
    default: true
  schedule_group:
    description:
      - The group of the schedules. One with another name than V(default) is made when it does not exist, and never deleted, as
        other schedules may be in it.
    type: str
    default: default
  flexible_time_window:
    description:
      - Within how many minutes after the time Scheduler may act. V(0) means at once (within a minute).
    type: int
    default: 0
  retry_policy:
    description:
      - How long Scheduler tries again when SageMaker does not answer, or throttles.
      - AWS documents no repetition of a stop that SageMaker refuses, as it does while the server is starting, updating or
        in maintenance.
    type: dict
    suboptions:
      maximum_event_age_in_seconds:
        description:
          - For how long it tries, from 60 to 86400. AWS's own default, a whole day, would let a late stop hit the next morning.
        type: int
        default: 3600
      maximum_retry_attempts:
        description:
          - How often it tries again, from 0 to 185.
        type: int
        default: 185
  role_arn:
    description:
      - A role that exists and that Scheduler takes instead of one of its own. It is not touched. It must be allowed to
        stop and start the server, and trust C(scheduler.amazonaws.com).
      - A role that an earlier run without O(role_arn) has made stays; O(state=absent) without O(role_arn) removes it.
    type: str
  role_name:
    description:
      - The name of the role that is made. Each server needs its own.
      - When it is changed, the role of the old name stays.
    type: str
  role_path:
    description:
      - The path of the role that is made. V(/) for a new role when omitted. It cannot change.
    type: str
  role_permissions_boundary:
    description:
      - The ARN of the managed policy that limits what the role can be allowed; an empty string removes the limit.
    type: str
  confused_deputy_protection:
    description:
      - Whether Scheduler may take the role only on behalf of O(schedule_group) of this account.
    type: bool
    default: true
  wait:
    description:
      - Whether to wait after a change until AWS shows it.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait for that.
    type: int
    default: 120
  role_propagation_timeout:
    description:
      - For how many seconds a schedule is sent again while Scheduler cannot take its role. A new role needs a few seconds until
        all of AWS knows it.
    type: int
    default: 120
  tags:
    description:
      - Tags of the role, and of O(schedule_group) unless that is V(default). Scheduler knows no tags on schedules themselves.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description:
      - Whether tags of the role that O(tags) does not name are removed. Those of the group always stay.
    type: bool
    default: false
notes:
  - Needs C(scheduler:GetSchedule) to read, also in check mode, and for the role C(iam:GetRole), C(iam:ListRolePolicies),
    C(iam:GetRolePolicy) and C(iam:ListAttachedRolePolicies), unless O(role_arn) is given. With another O(schedule_group) than
    V(default), needs C(scheduler:GetScheduleGroup) and, with O(tags), C(scheduler:ListTagsForResource).
    C(sts:GetCallerIdentity) is called when the role does not exist; it needs no permission.
  - To change, needs C(scheduler:CreateSchedule), C(scheduler:UpdateSchedule), C(scheduler:DeleteSchedule) and C(iam:PassRole) on
    the role; for a group C(scheduler:CreateScheduleGroup) and C(scheduler:TagResource); for the role C(iam:CreateRole),
    C(iam:PutRolePolicy), C(iam:UpdateAssumeRolePolicy), C(iam:PutRolePermissionsBoundary),
    C(iam:DeleteRolePermissionsBoundary), C(iam:TagRole) and C(iam:UntagRole), each only when there is such a change.
  - To delete, needs C(scheduler:DeleteSchedule), and for the role C(iam:ListInstanceProfilesForRole), C(iam:DetachRolePolicy),
    C(iam:DeleteRolePolicy) and C(iam:DeleteRole).
  - Settings of a schedule that no option here names (description, start and end date, key, dead-letter queue) stay as they are.
seealso:
  - module: mlops.sagemaker_mlflow.sagemaker_mlflow_server
  - name: Schedule types of EventBridge Scheduler
    description: Expressions, time zones and daylight-saving time.
    link: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - mlops.sagemaker_mlflow.attributes
author: The mlops.sagemaker_mlflow contributors (@mlops)
"""

EXAMPLES = r"""
- name: Run on working days only
  mlops.sagemaker_mlflow.scheduler_mlflow_power:
    name: mlflow-staging-mlflow
    timezone: Europe/Berlin
    start:
      days: [Mon, Tue, Wed, Thu, Fri]
      time: "07:30"
    stop:
      days: [Mon, Tue, Wed, Thu, Fri]
      time: "19:00"
    tags:
      Environment: staging

- name: Stop every night whatever somebody has started; start it by hand
  mlops.sagemaker_mlflow.scheduler_mlflow_power:
    name: mlflow-sandbox-mlflow
    timezone: America/New_York
    stop:
      time: "22:00"

- name: A group of its own, and a role that the security team made
  mlops.sagemaker_mlflow.scheduler_mlflow_power:
    name: mlflow-staging-mlflow
    schedule_group: mlflow
    role_arn: arn:aws:iam::123456789012:role/mlflow-power
    stop:
      schedule_expression: cron(0 19 LW * ? *)

- name: Keep it running over the week of the release
  mlops.sagemaker_mlflow.scheduler_mlflow_power:
    name: mlflow-staging-mlflow
    timezone: Europe/Berlin
    enabled: false
    start: {days: [Mon, Tue, Wed, Thu, Fri], time: "07:30"}
    stop: {days: [Mon, Tue, Wed, Thu, Fri], time: "19:00"}

- name: No timetable any more
  mlops.sagemaker_mlflow.scheduler_mlflow_power:
    name: mlflow-staging-mlflow
    state: absent
"""

RETURN = r"""
action:
  description: What happened to the timetable, or would happen in check mode.
  returned: success
  type: str
  sample: create
changes:
  description: What differed, in the order in which it was made true.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: What differed; V(start), V(stop), V(role), a part of the role as V(role.tags), or V(schedule_group).
      type: str
      sample: stop
    action:
      description: V(create), V(update) or V(delete).
      type: str
      sample: update
    before:
      description: The value before; null when absent.
      type: raw
    after:
      description: The value after; null when it goes away.
      type: raw
name:
  description: The name of the tracking server.
  returned: success
  type: str
  sample: mlflow-staging-mlflow
tracking_server_arn:
  description: The ARN of the tracking server, whether it exists or not.
  returned: success
  type: str
  sample: arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/mlflow-staging-mlflow
account_id:
  description: The account of the role.
  returned: success
  type: str
  sample: "123456789012"
schedule_group:
  description: The group of the schedules.
  returned: success
  type: str
  sample: default
role_arn:
  description: The ARN of the role that Scheduler takes; null when there is no timetable.
  returned: success
  type: str
  sample: arn:aws:iam::123456789012:role/mlflow-staging-mlflow-power-us-east-1
role:
  description: >-
    The role that this module made, in the words of M(mlops.sagemaker_mlflow.iam_mlflow_role); null when there is none, and
    with O(role_arn).
  returned: success
  type: dict
  sample: {"name": "mlflow-staging-mlflow-power-us-east-1"}
start:
  description: The schedule that starts the server; null without one.
  returned: success
  type: dict
  contains: &schedule
    schedule_name:
      description: Its name.
      type: str
      sample: mlflow-staging-mlflow-stop
    schedule_arn:
      description: Its ARN.
      type: str
      sample: arn:aws:scheduler:us-east-1:123456789012:schedule/default/mlflow-staging-mlflow-stop
    schedule_expression:
      description: The expression, as AWS has it.
      type: str
      sample: cron(0 19 ? * MON-FRI *)
    timezone:
      description: The time zone of the expression.
      type: str
      sample: Europe/Berlin
    enabled:
      description: Whether it is carried out.
      type: bool
      sample: true
    role_arn:
      description: The role that it takes.
      type: str
      sample: arn:aws:iam::123456789012:role/mlflow-staging-mlflow-power-us-east-1
    flexible_time_window:
      description: Within how many minutes it may be carried out.
      type: int
      sample: 0
    retry_policy:
      description: How long and how often it is repeated.
      type: dict
      sample: {"maximum_event_age_in_seconds": 3600, "maximum_retry_attempts": 185}
stop:
  description: The schedule that stops the server; null without one.
  returned: success
  type: dict
  contains: *schedule
"""

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import run
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power import from_module


def main() -> None:
    """Declare the options and converge."""
    when = {
        "days": {"type": "list", "elements": "str"},
        "time": {"type": "str"},
        "schedule_expression": {"type": "str"},
    }
    retry = {
        "maximum_event_age_in_seconds": {"type": "int", "default": 3600},
        "maximum_retry_attempts": {"type": "int", "default": 185},
    }
    module = AwsModule(
        argument_spec={
            "name": {"type": "str", "required": True, "aliases": ["tracking_server_name"]},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "start": {"type": "dict", "options": when},
            "stop": {"type": "dict", "options": when},
            "timezone": {"type": "str", "default": "UTC"},
            "enabled": {"type": "bool", "default": True},
            "schedule_group": {"type": "str", "default": "default"},
            "flexible_time_window": {"type": "int", "default": 0},
            "retry_policy": {"type": "dict", "options": retry},
            "role_arn": {"type": "str"},
            "role_name": {"type": "str"},
            "role_path": {"type": "str"},
            "role_permissions_boundary": {"type": "str"},
            "confused_deputy_protection": {"type": "bool", "default": True},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 120},
            "role_propagation_timeout": {"type": "int", "default": 120},
            "tags": {"type": "dict", "aliases": ["resource_tags"]},
            "purge_tags": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    run(module, from_module)


if __name__ == "__main__":
    main()
