# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy of whoever runs the playbooks: generated from the rights that they asked for, as the local AWS noted them. Pure."""

from __future__ import annotations

import json
import re
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KINDS = ("tracking_server", "app")
UNCHECKED = "sts:GetCallerIdentity"
"""Needs no permission, as AWS documents."""

# What a right is about: the first pattern that its resource matches; {0} is what to write in place of the resource.
_SUBJECTS: tuple[tuple[str, str, str], ...] = (
    ("TrackingServer", r"arn:aws:sagemaker:.*:mlflow-tracking-server/.*", "{0}"),
    ("Apps", r"(arn:aws:sagemaker:.*:mlflow-app/).*", "{1}*"),
    ("PowerRole", r"arn:aws:iam::.*:role/.*-power(-.*)?", "{0}"),
    ("ServiceRole", r"arn:aws:iam::.*:role/.*", "{0}"),
    ("Artifacts", r"(arn:aws:s3:::[^/]+/).*", "{1}*"),
    ("ArtifactBucket", r"arn:aws:s3:::[^/]+", "{0}"),
    ("PowerSchedule", r"arn:aws:scheduler:.*", "{0}"),
    ("Key", r"(arn:aws:kms:[^:]*:[^:]*:key/).*", "{1}{key}"),
    ("Lists", r"\*", "*"),
)
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
# Rights that have a statement of their own, each with its conditions.
_APART = {"iam:PassRole": "Pass", "kms:CreateGrant": "Grant"}
_GRANTED = (
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
)
_CONDITIONS: dict[str, dict[str, t.Any]] = {
    "PassServiceRole": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    "PassPowerRole": {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
    "GrantKey": {
        "StringEquals": {"kms:ViaService": "sagemaker.us-east-1.amazonaws.com"},
        "ForAllValues:StringEquals": {"kms:GrantOperations": list(_GRANTED)},
    },
}


def rights_of(log: Iterable[Mapping[str, t.Any]]) -> set[str]:
    """C(action resource) of every right that was asked for, with the ids that AWS makes up replaced."""
    asked = {right for entry in log for right in entry["rights"]}
    return {
        f"{action} {_subject(resource)[1]}" for action, _space, resource in (each.partition(" ") for each in asked)
    } - {f"{UNCHECKED} *"}


def policy_of(rights: Iterable[str]) -> dict[str, t.Any]:
    """One statement for each subject: these actions on these resources, and nothing else."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for right in rights:
        action, _space, resource = right.partition(" ")
        subject = _subject(resource)[0]
        actions, resources = found.setdefault(f"{_APART.get(action, '')}{subject}", (set(), set()))
        actions.add(action)
        resources.add(resource)
    statements = [_statement(sid, *found[sid]) for sid in sorted(found)]
    return {"Version": "2012-10-17", "Statement": statements}


def without(policy: Mapping[str, t.Any], action: str) -> dict[str, t.Any]:
    """The policy without one action."""
    statements = [
        {**statement, "Action": kept}
        for statement in policy["Statement"]
        if (kept := [each for each in statement["Action"] if each != action])
    ]
    return {**policy, "Statement": statements}


def actions_of(policy: Mapping[str, t.Any]) -> set[str]:
    """Every action of a policy."""
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def page_with(page: str, policies: Mapping[str, Mapping[str, t.Any]]) -> str:
    """The page with these policies where its marks are."""
    for kind, policy in policies.items():
        mark = f"<!-- deployer: {kind} -->\n"
        before, found, rest = page.partition(mark)
        _old, end, after = rest.partition("<!-- end -->")
        if not (found and end):
            raise ValueError(f"the page has no place for the policy of the kind {kind}")
        page = f"{before}{mark}```json\n{json.dumps(policy, indent=2)}\n```\n{end}{after}"
    return page


def _subject(resource: str) -> tuple[str, str]:
    """What a resource is, and how a policy names it."""
    for subject, pattern, written in _SUBJECTS:
        match = re.fullmatch(pattern, resource)
        if match:
            return subject, written.format(match[0], *match.groups(), key=KEY_ID)
    raise ValueError(f"no statement is for {resource}")


def _statement(sid: str, actions: set[str], resources: set[str]) -> dict[str, t.Any]:
    statement: dict[str, t.Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": sorted(resources),
    }
    if sid in _CONDITIONS:
        statement["Condition"] = _CONDITIONS[sid]
    return statement
