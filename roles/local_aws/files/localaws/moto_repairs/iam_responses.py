# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM as moto knows it, with what it does not check, does not have or does not answer."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import EntityAlreadyExists, LimitExceededException, MalformedPolicyDocument, NotFoundException
from moto.iam.models import iam_backends
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator
from moto.iam.responses import IamResponse

from localaws.moto_repairs import iam_simulation, role_age

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICIES_PER_ROLE = 10
TRUST_POLICY_SIZE = 2048
INLINE_POLICY_SIZE = 10240
GROUP_POLICY_SIZE = 5120
MANAGED_POLICY_SIZE = 6144
PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):(?P<kind>user|role)/.+")


class RepairedIamResponse(IamResponse):  # type: ignore[misc]  # moto has no type information
    """moto's IAM behind the checks of this package."""

    def create_role(self) -> Any:
        self._check_trust(self._get_param("AssumeRolePolicyDocument"))
        self._check_boundary()
        answer = super().create_role()
        role_age.renew(self.backend.get_role(self._get_param("RoleName")))
        return answer

    def update_assume_role_policy(self) -> Any:
        self._check_trust(self._get_param("PolicyDocument"))
        answer = super().update_assume_role_policy()
        role_age.renew(self.backend.get_role(self._get_param("RoleName")))
        return answer

    def update_role(self) -> Any:
        """moto forgets the description when the request leaves it out."""
        role = self.backend.get_role(self._get_param("RoleName"))
        description = self._get_param("Description", role.description)
        self.backend.update_role(role.name, description, self._get_param("MaxSessionDuration", 3600))
        return ActionResult({})

    def put_role_policy(self) -> Any:
        role = self.backend.get_role(self._get_param("RoleName"))
        others = {name: text for name, text in role.policies.items() if name != self._get_param("PolicyName")}
        size = sum(_size(text) for text in (*others.values(), self._get_param("PolicyDocument")))
        if size > INLINE_POLICY_SIZE:
            raise LimitExceededException(
                f"Maximum policy size of {INLINE_POLICY_SIZE} bytes exceeded for role {role.name}"
            )
        return super().put_role_policy()

    def attach_role_policy(self) -> Any:
        arn = self._get_param("PolicyArn")
        role = self.backend.get_role(self._get_param("RoleName"))
        if arn in role.managed_policies:
            # moto would count the attachment twice, and the policy could never be deleted.
            return ActionResult({})
        if len(role.managed_policies) >= POLICIES_PER_ROLE:
            raise LimitExceededException(f"Cannot exceed quota for PoliciesPerRole: {POLICIES_PER_ROLE}")
        return super().attach_role_policy()

    def put_group_policy(self) -> Any:
        group = self.backend.get_group(self._get_param("GroupName"))
        others = {name: text for name, text in group.policies.items() if name != self._get_param("PolicyName")}
        size = sum(_size(text) for text in (*others.values(), self._get_param("PolicyDocument")))
        if size > GROUP_POLICY_SIZE:
            raise LimitExceededException(
                f"Maximum policy size of {GROUP_POLICY_SIZE} bytes exceeded for group {group.name}"
            )
        return super().put_group_policy()

    def create_policy(self) -> Any:
        """moto takes two policies of one name when their paths differ."""
        self._check_managed_size()
        name = self._get_param("PolicyName").lower()
        ours = (policy for policy in self.backend.managed_policies.values() if ":aws:policy/" not in policy.arn)
        if any(policy.name.lower() == name for policy in ours):
            raise EntityAlreadyExists(
                f"A policy called {self._get_param('PolicyName')} already exists. Duplicate names are not allowed."
            )
        return super().create_policy()

    def create_policy_version(self) -> Any:
        self._check_managed_size()
        return super().create_policy_version()

    def list_entities_for_policy(self) -> Any:
        """moto knows nobody who has a policy that does not exist."""
        self.backend.get_policy(self._get_param("PolicyArn"))
        return super().list_entities_for_policy()

    def put_role_permissions_boundary(self) -> Any:
        self._check_boundary()
        return super().put_role_permissions_boundary()

    def remove_role_from_instance_profile(self) -> Any:
        """moto fails over a role that is not in the profile."""
        profile = self.backend.get_instance_profile(self._get_param("InstanceProfileName"))
        role = self.backend.get_role(self._get_param("RoleName"))
        if role not in profile.roles:
            raise NotFoundException(f"The role with name {role.name} cannot be found in the profile {profile.name}.")
        return super().remove_role_from_instance_profile()

    def simulate_principal_policy(self) -> Any:
        return ActionResult(iam_simulation.of_principal(self.backend, self.params))

    def simulate_custom_policy(self) -> Any:
        return ActionResult(iam_simulation.of_documents(self.params, self.current_account))

    def _check_managed_size(self) -> None:
        if _size(self._get_param("PolicyDocument")) > MANAGED_POLICY_SIZE:
            raise LimitExceededException(f"Cannot exceed quota for PolicySize: {MANAGED_POLICY_SIZE}")

    def _check_boundary(self) -> None:
        """moto takes any ARN for a boundary; AWS only that of a policy."""
        arn = self._get_param("PermissionsBoundary")
        if arn and self.backend.policy_arn_regex.match(arn) and arn not in self.backend.managed_policies:
            raise NotFoundException(f"Scope ARN: {arn} does not exist or is not attachable.")

    def _check_trust(self, document: str) -> None:
        """moto reads a trust policy when it is updated, but not when the role is created."""
        IAMTrustPolicyDocumentValidator(document).validate()
        if _size(document) > TRUST_POLICY_SIZE:
            raise LimitExceededException(f"Cannot exceed quota for ACLSizePerRole: {TRUST_POLICY_SIZE}")
        for name in _aws_principals(json.loads(document)):
            match = PRINCIPAL.fullmatch(name)
            if match is not None and match["account"] == self.current_account and not self._exists(match["kind"], name):
                raise MalformedPolicyDocument(f'Invalid principal in policy: "AWS":"{name}"')

    def _exists(self, kind: str, arn: str) -> bool:
        backend = iam_backends[self.current_account][self.partition]
        entities = backend.roles if kind == "role" else backend.users
        return any(each.arn == arn for each in entities.values())


def _size(document: str) -> int:
    """IAM does not count white space."""
    return len(re.sub(r"\s", "", document))


def _aws_principals(policy: dict[str, Any]) -> Iterator[str]:
    statements = policy["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        names = principal.get("AWS", []) if isinstance(principal, dict) else []
        yield from names if isinstance(names, list) else [names]
