# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The policies of VPC endpoints, as pure functions: what can be reached through an endpoint, whoever asks.

They narrow and grant nothing: what a caller may do there, IAM decides. So they name resources and accounts, not actions.
"""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import VERSION

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import Document, Statement

CONTROL_PLANE, SERVER, APP, S3 = "control_plane", "server", "app", "s3"
SID_PREFIX = "Mlflow"
_LISTS = ("sagemaker:ListMlflowApps", "sagemaker:ListMlflowTrackingServers")
_WITHOUT_RESOURCE = ("sagemaker-mlflow:AccessUI",)


def sid_end(name: str) -> str:
    """What the Sids of one deployment end with, so that several can share an endpoint. A Sid has letters and digits only."""
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def is_of_a_deployment(statement: t.Mapping[str, t.Any]) -> bool:
    """Whether a statement was written for any deployment."""
    return str(statement.get("Sid") or "").startswith(SID_PREFIX)


def is_of(statement: t.Mapping[str, t.Any], name: str) -> bool:
    """Whether a statement was written for this deployment."""
    return is_of_a_deployment(statement) and str(statement["Sid"]).endswith(sid_end(name))


class Reach(t.NamedTuple):
    """What a deployment lets its endpoints reach.

    :param servers: ARNs of tracking servers, or patterns.
    :param apps: ARNs of Apps, or patterns.
    :param buckets: ARNs of buckets; empty for all.
    """

    accounts: tuple[str, ...]
    servers: tuple[str, ...]
    apps: tuple[str, ...]
    buckets: tuple[str, ...]


def own_statements(service: str, name: str, place: str, reach: Reach) -> list[Statement]:
    """The statements for one service.

    :param place: C(arn:<partition>:sagemaker:<region>:<account>), of what has no name yet.
    """
    if service == CONTROL_PLANE:
        new_apps = f"{place}:mlflow-app/*"
        return [
            _allow("Resources", name, ["sagemaker:*"], [*reach.servers, *reach.apps], reach.accounts),
            _allow("NewApps", name, ["sagemaker:CreateMlflowApp"], [new_apps], reach.accounts),
            _allow("Lists", name, _LISTS, ["*"], reach.accounts),
        ]
    if service == SERVER:
        return [
            _allow("Servers", name, ["sagemaker-mlflow:*"], reach.servers, reach.accounts),
            _allow("Ui", name, _WITHOUT_RESOURCE, ["*"], reach.accounts),
        ]
    if service == APP:
        return [_allow("Apps", name, ["sagemaker:CallMlflowAppApi"], reach.apps, reach.accounts)]
    if service == S3 and reach.buckets:
        resources = [pattern for bucket in reach.buckets for pattern in (bucket, f"{bucket}/*")]
        return [_allow("Buckets", name, ["s3:*"], resources, reach.accounts)]
    return [_allow("Account", name, [f"{service}:*"], ["*"], reach.accounts)]


def open_policy() -> Document:
    """What AWS gives an endpoint without a policy: everything can be reached."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    return {"Version": VERSION, "Statement": [statement]}


def _allow(
    purpose: str, name: str, actions: Sequence[str], resources: Sequence[str], accounts: Sequence[str]
) -> Statement:
    return {
        "Sid": f"{SID_PREFIX}{purpose}{sid_end(name)}",
        "Effect": "Allow",
        "Principal": "*",
        "Action": sorted(actions),
        "Resource": sorted(set(resources)),
        "Condition": {"StringEquals": {"aws:PrincipalAccount": sorted(set(accounts))}},
    }
