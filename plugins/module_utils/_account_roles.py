# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""All roles of an account in one call (iam:GetAccountAuthorizationDetails), for a fleet whose roles would be four calls more each.

It tells neither a role's description nor the length of its sessions, so GetRole stays.
"""

from __future__ import annotations

import functools
import threading
import time
import typing as t
import weakref

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import parse

if t.TYPE_CHECKING:
    from collections.abc import Callable

Detail = dict[str, t.Any]
_MOST_ITEMS = 1000
_shared: weakref.WeakKeyDictionary[t.Any, AccountRoles] = weakref.WeakKeyDictionary()
_SHARING = threading.Lock()


class AccountRoles:
    """The roles that one client sees, for all modules of the process that use it.

    What was read a moment ago is as new as what a slower call would tell; later it is read anew.
    """

    def __init__(self, pages: Callable[[], t.Iterable[t.Mapping[str, t.Any]]]) -> None:
        self._pages = pages
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._roles: dict[str, Detail] = {}
        self._failure: Exception | None = None

    def named(self, name: str) -> Detail | None:
        """What IAM tells of this role; None when it is not there. botocore's errors are the caller's."""
        with self._lock:
            if self._read_at is None or time.monotonic() - self._read_at > limits.BULK_READ_AGE:
                self._read()
            if self._failure is not None:
                raise self._failure
            return self._roles.get(name)

    def _read(self) -> None:
        self._failure = None
        try:
            self._roles = {role["RoleName"]: role for page in self._pages() for role in page["RoleDetailList"]}
        except AWS_ERRORS as error:
            self._failure = error  # it is the same for every host, and none of them asks again
        self._read_at = time.monotonic()


def account_roles(iam: t.Any) -> AccountRoles:
    """Those that this client sees."""
    with _SHARING:
        if iam not in _shared:
            pages = functools.partial(
                iam.get_paginator("get_account_authorization_details").paginate,
                Filter=["Role"],
                PaginationConfig={"PageSize": _MOST_ITEMS},
            )
            _shared[iam] = AccountRoles(pages)
        return _shared[iam]


def as_single_reads(detail: Detail, title: str) -> dict[str, t.Any]:
    """What ListRolePolicies, GetRolePolicy and ListAttachedRolePolicies tell, as the reads of a role name it."""
    documents = {
        f"policy {policy['PolicyName']}": parse(
            policy["PolicyDocument"], f"policy '{policy['PolicyName']}' of the {title}"
        )
        for policy in detail.get("RolePolicyList", [])
    }
    return {
        "policies": [name.removeprefix("policy ") for name in documents],
        "attached": [policy["PolicyArn"] for policy in detail.get("AttachedManagedPolicies", [])],
        **documents,
    }
