# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The policy of people and jobs that use MLflow, as a pure function of what they are to be allowed."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _client_actions as client_actions
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _policies as policies
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import (
    VERSION,
    as_list,
    statements_of,
)

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document, Statement

_APP = ":mlflow-app/"
_SERVER = ":mlflow-tracking-server/"
Conditions = dict[str, dict[str, t.Any]]


@dataclass(frozen=True)
class ClientAccess:
    """What a client may do, and from where.

    :param profiles: of C(_client_actions.PROFILES).
    :param resource_arns: of tracking servers and Apps; sorted, of one partition.
    :param additional_actions: of C(sagemaker-mlflow), beyond those that AWS's reference lists.
    :param bucket: of the artifact store; None when the client does not reach it by itself.
    :param key_arn: of the key that encrypts the artifact store.
    :param resource_tags: that the server or App must carry.
    :param principal_tags: the keys of the tags that must have the same value on the client and on the server or App.
    :param sources: condition key to values, as C({"aws:SourceVpce": ("vpce-1",)}); one kind at the most.
    """

    profiles: frozenset[str]
    resource_arns: tuple[str, ...]
    additional_actions: tuple[str, ...] = ()
    bucket: str | None = None
    prefix: str = ""
    key_arn: str | None = None
    resource_tags: Mapping[str, str] = field(default_factory=dict)
    principal_tags: tuple[str, ...] = ()
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def partition(self) -> str:
        """Of everything that the policy names."""
        return self.resource_arns[0].split(":")[1]

    @property
    def servers(self) -> list[str]:
        """The ARNs of tracking servers."""
        return [arn for arn in self.resource_arns if _SERVER in arn]

    @property
    def apps(self) -> list[str]:
        """The ARNs of Apps."""
        return [arn for arn in self.resource_arns if _APP in arn]


def client_policy(access: ClientAccess) -> Document:
    """What the profiles need on these servers and Apps, and on their artifacts, and nothing else."""
    source = _source_conditions(access)
    tagged = _merged(source, _tag_conditions(access))
    statements = [_under(statement, tagged) for statement in [*_server_statements(access), *_app_statements(access)]]
    if access.servers and access.profiles & client_actions.OPENS_UI:
        statements.append(_under(_access_ui(), source))
    statements += [_under(statement, source) for statement in _artifact_statements(access)]
    if access.key_arn and access.profiles & client_actions.USES_ARTIFACTS:
        writing = bool(access.profiles & client_actions.WRITES_ARTIFACTS)
        statements.append(policies.kms_statement(access.key_arn, writing=writing))
    return {"Version": VERSION, "Statement": statements}


def allows_mlflow(document: Mapping[str, t.Any]) -> bool:
    """Whether a policy is one about MLflow: ours, or what stood in its place before."""
    actions = [
        str(action).lower()
        for statement in statements_of(document)
        if statement.get("Effect") == "Allow"
        for action in as_list(statement.get("Action"))
    ]
    return any(
        action.startswith("sagemaker-mlflow:") or (action.startswith("sagemaker:") and "mlflow" in action)
        for action in actions
    )


def wider_than_named(access: ClientAccess) -> bool:
    """Whether the client gets more than the profiles say: an App has one right for the whole of MLflow's API."""
    return bool(access.apps) and "admin" not in access.profiles


def _server_statements(access: ClientAccess) -> list[Statement]:
    if not access.servers:
        return []
    actions = client_actions.actions_of(access.profiles)
    statements: list[Statement] = []
    used = sorted(f"sagemaker-mlflow:{action}" for action in {*actions, *access.additional_actions})
    if used:
        statements.append(_allow("UseTrackingServers", used, access.servers))
    if access.profiles & client_actions.OPENS_UI:
        opened = ["sagemaker:CreatePresignedMlflowTrackingServerUrl", "sagemaker:DescribeMlflowTrackingServer"]
        statements.append(_allow("LinkToTrackingServers", opened, access.servers))
    return statements


def _app_statements(access: ClientAccess) -> list[Statement]:
    """AWS has one action for every call, reading or writing; whoever has a profile has that one."""
    if not access.apps:
        return []
    statements = [_allow("UseApps", ["sagemaker:CallMlflowAppApi"], access.apps)]
    if access.profiles & client_actions.OPENS_UI:
        opened = ["sagemaker:CreatePresignedMlflowAppUrl", "sagemaker:DescribeMlflowApp"]
        statements.append(_allow("LinkToApps", opened, access.apps))
    return statements


def _access_ui() -> Statement:
    return _allow("OpenUi", [f"sagemaker-mlflow:{client_actions.ACCESS_UI}"], ["*"])


def _artifact_statements(access: ClientAccess) -> list[Statement]:
    if access.bucket is None or not access.profiles & client_actions.USES_ARTIFACTS:
        return []
    return policies.artifact_statements(
        access.partition,
        access.bucket,
        access.prefix,
        writing=bool(access.profiles & client_actions.WRITES_ARTIFACTS),
        deletion=bool(access.profiles & client_actions.DELETES_ARTIFACTS),
    )


def _source_conditions(access: ClientAccess) -> Conditions:
    conditions: Conditions = {}
    for key, values in sorted(access.sources.items()):
        operator = "IpAddress" if key == "aws:SourceIp" else "StringEquals"
        conditions.setdefault(operator, {})[key] = policies.single(values)
    return conditions


def _tag_conditions(access: ClientAccess) -> Conditions:
    tests: dict[str, t.Any] = {f"aws:ResourceTag/{key}": value for key, value in sorted(access.resource_tags.items())}
    tests.update({f"aws:ResourceTag/{key}": f"${{aws:PrincipalTag/{key}}}" for key in sorted(access.principal_tags)})
    return {"StringEquals": tests} if tests else {}


def _merged(*blocks: Conditions) -> Conditions:
    merged: Conditions = {}
    for block in blocks:
        for operator, tests in block.items():
            merged.setdefault(operator, {}).update(tests)
    return merged


def _under(statement: Statement, conditions: Conditions) -> Statement:
    merged = _merged(statement.get("Condition", {}), conditions)
    return {**statement, "Condition": merged} if merged else statement


def _allow(sid: str, actions: list[str], resources: list[str]) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": policies.single(actions),
        "Resource": policies.single(resources),
    }
