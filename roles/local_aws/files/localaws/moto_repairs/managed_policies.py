# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS's managed policies, loaded one by one when somebody names them.

moto has all 1,400 as one text. Parsed at once (its own setting for that) they take more memory than everything
else here together, and would be saved with every snapshot.
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy

ARN = re.compile(r"arn:aws[a-z-]*:iam::aws:policy(?P<path>/(?:[\w-]+/)*)(?P<name>[\w+=,.@-]+)")


def load(backend: Any, arn: str | None) -> None:
    """Make the policy with this ARN known to the account, if AWS has one."""
    match = ARN.fullmatch(arn or "")
    if match is None or arn in backend.managed_policies:
        return
    start = aws_managed_policies_data.find(f'\n "{match["name"]}":')
    if start < 0:
        return
    opening = aws_managed_policies_data.index("{", start)
    data, _ = json.JSONDecoder().raw_decode(aws_managed_policies_data, opening)
    policy = AWSManagedPolicy.from_data(match["name"], backend.account_id, backend.region_name, data)
    if policy.arn == arn:
        backend.managed_policies[arn] = policy


def load_all(backend: Any) -> None:
    """Make all of them known: what a list of them takes."""
    for name, data in json.loads(aws_managed_policies_data).items():
        policy = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)
        backend.managed_policies.setdefault(policy.arn, policy)
