# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which calls a deployment may make, and how many times it may wait for the distance to AWS. Pure."""

from __future__ import annotations

import typing as t
from collections import Counter

from benchmarks.targets import TARGETS
from localaws.distance import round_trips

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOOKING = Counter(
    {
        "iam:GetRole": 1,
        "iam:GetRolePolicy": 2,
        "iam:ListAttachedRolePolicies": 1,
        "iam:ListRolePolicies": 1,
        "s3:GetBucketLifecycleConfiguration": 1,
        "s3:GetBucketOwnershipControls": 1,
        "s3:GetBucketPolicy": 1,
        "s3:GetBucketTagging": 1,
        "s3:GetBucketVersioning": 1,
        "s3:GetPublicAccessBlock": 1,
        "sagemaker:DescribeMlflowTrackingServer": 1,
        "sagemaker:ListTags": 1,
    }
)
"""At an environment that exists: each tells something that no other one tells."""
LOOKING_FOR_THE_OTHER_KIND = Counter({"sagemaker:ListMlflowApps": 1})
"""When there is no server: perhaps it is an App."""
WITHOUT_ACCOUNT = Counter(
    {
        "iam:GetRole": 1,
        "iam:ListAttachedRolePolicies": 1,
        "iam:ListRolePolicies": 1,
        "s3:GetPublicAccessBlock": 1,
        "sagemaker:DescribeMlflowTrackingServer": 1,
        "sts:GetCallerIdentity": 1,
    }
)
"""At an environment that does not exist, with credentials that do not tell their account: no ARN can be predicted and no owner of a
bucket be named, so the first round is short, and its answers tell that there is nothing more to ask but whose account it is."""
CREATING = Counter(
    {
        "iam:AttachRolePolicy": 1,
        "iam:CreateRole": 1,
        "iam:PutRolePolicy": 2,
        "s3:CreateBucket": 1,
        "s3:PutBucketLifecycleConfiguration": 1,
        "s3:PutBucketPolicy": 1,
        "s3:PutBucketVersioning": 1,
        "s3:PutPublicAccessBlock": 1,
        "sagemaker:CreateMlflowTrackingServer": 1,
        "sagemaker:DescribeMlflowTrackingServer": 1,
    }
)
"""Tags go with what creates; the last look is the one that waits for the server."""
REPAIRING = Counter({"iam:PutRolePolicy": 1, "s3:PutBucketTagging": 1, "s3:PutBucketVersioning": 1})
EXPECTED = {
    "check": LOOKING + LOOKING_FOR_THE_OTHER_KIND,
    "create": LOOKING + LOOKING_FOR_THE_OTHER_KIND + CREATING,
    "noop": LOOKING,
    "drift": LOOKING + REPAIRING,
}
EXPECTED_WITHOUT_ACCOUNT = {
    **EXPECTED,
    "check": WITHOUT_ACCOUNT + LOOKING_FOR_THE_OTHER_KIND,
    "create": WITHOUT_ACCOUNT + LOOKING_FOR_THE_OTHER_KIND + CREATING,
}
MORE_TRIPS_WITHOUT_ACCOUNT = {"drift": 1}
"""Before anything is written, the owner of the bucket is known."""
LIMITS = {target.scenario: target for target in TARGETS if target.environments == 1}


def problems(scenario: str, log: Sequence[Mapping[str, t.Any]], *, account_is_told: bool = True) -> list[str]:
    """What a run of the scenario did that it must not do; empty when all is well.

    :param account_is_told: whether the credentials of the run tell their account.
    """
    limit = LIMITS[scenario]
    expected = (EXPECTED if account_is_told else EXPECTED_WITHOUT_ACCOUNT)[scenario]
    longest = limit.chain + (0 if account_is_told else MORE_TRIPS_WITHOUT_ACCOUNT.get(scenario, 0))
    calls = Counter(_name(call) for call in log)
    chain = [_name(call) for call in round_trips(log)]
    found = []
    if calls != expected:
        found.append(f"{scenario}: other calls: {_difference(calls, expected)}")
    if calls.total() > limit.calls:
        found.append(f"{scenario}: {calls.total()} calls, at most {limit.calls}")
    if len(chain) > longest:
        found.append(f"{scenario}: {len(chain)} round trips, at most {longest}: {', '.join(chain)}")
    return found


def _name(call: Mapping[str, t.Any]) -> str:
    return f"{call['service']}:{call['operation']}"


def _difference(found: Counter[str], expected: Counter[str]) -> str:
    more, less = found - expected, expected - found
    return ", ".join(
        [
            *(f"{count} more {name}" for name, count in more.items()),
            *(f"{count} less {name}" for name, count in less.items()),
        ]
    )
