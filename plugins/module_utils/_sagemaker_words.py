# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What a user reads when an operation on a tracking server or an App fails: what is wrong, where, and what to do next."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import error_message, explain
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import duration
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_outcome import Kept, Kind

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call


def operation_name(method: str) -> str:
    """A call as CloudTrail and IAM name it: C(delete_mlflow_app) is C(DeleteMlflowApp)."""
    return method.title().replace("_", "")


def after_failed_creation(causes: str, noun: str) -> str:
    """The likely causes, and the way to try again."""
    return (
        f"{causes} Remove the cause, then repeat the run with recreate_failed=true: the failed {noun} holds no data, it is "
        "deleted and created anew."
    )


def data_would_be_lost(title: str) -> str:
    """Deleting takes two switches."""
    return (
        f"The {title} would be deleted, and with it every experiment, run and registered model in it, for good: AWS keeps no "
        "backup (the artifacts stay in the bucket). Export what is needed, then set delete_data=true as well."
    )


def never_replaced(title: str, differences: Sequence[str], another: str) -> str:
    """What AWS cannot change in place is left as it is.

    :param another: the resource to migrate to, as in C(a server with another name).
    """
    return (
        f"The {title} differs in what AWS cannot change in place: {'; '.join(differences)}. It was left alone, because "
        "replacing it would destroy every experiment, run and registered model in it. Either wish what is there, or create "
        f"{another} and migrate to it (mlflow-export-import), then delete this one."
    )


class Words(t.Generic[Kept]):
    """The messages of one kind. Each begins with what failed and ends with what to do.

    :param title: how messages name the one resource.
    """

    def __init__(self, kind: Kind[Kept], title: str, region: str) -> None:
        self.kind = kind
        self.title = title
        self.region = region

    def vanished(self, goal: str) -> str:
        """It was deleted under our hands."""
        return (
            f"The {self.title} was deleted by somebody else while this run waited for it {goal}. CloudTrail names the caller of "
            f"{operation_name(self.kind.delete)}. Repeat the run to create it anew."
        )

    def role_not_ready(self, role_arn: str | None, elapsed: float, refusal: str) -> str:
        """The role is not only young, but wrong."""
        return (
            f"The {self.title} cannot be created: after {duration(elapsed)} SageMaker still cannot assume the role {role_arn} "
            f"({refusal.rstrip('.')}). Check that the role exists and that its trust policy allows sts:AssumeRole to "
            "sagemaker.amazonaws.com. If it was changed moments ago, raise role_propagation_timeout."
        )

    def quota_exceeded(self, error: Exception) -> str:
        """The account is full."""
        full = sagemaker.quota_exceeded(self.kind.plural, self.region, error_message(error))
        return f"The {self.title} cannot be created. {full}"

    def refused(self, error: Exception, call: Call) -> str:
        """AWS says no for a reason of its own."""
        return explain(error, f"{self._doing(call)} the {self.title}")

    def does_not_fit(self, error: Exception, call: Call, now: Kept) -> str:
        """AWS refuses although it is settled, and keeps refusing."""
        next_step = self._way_out(call, now)
        if now.status == "DeleteFailed":
            next_step = "Its deletion failed: complete that with state=absent and delete_data=true."
        next_step = next_step or f"Look at the {self.kind.noun} in the console; if it stays so, open a support case."
        return (
            f"AWS refuses {self._doing(call)} the {self.title} in state {now.status}: "
            f"{error_message(error).rstrip('.')}. {next_step}"
        )

    def failed(self, operation: str, now: Kept) -> str:
        """The operation ended badly, for a reason that AWS does not tell."""
        if operation == self.kind.create:
            return f"Creating the {self.title} ended in state {now.status}. {after_failed_creation(self._causes(now), self.kind.noun)}"
        doing = self.kind.operations[operation].doing.capitalize()
        return (
            f"{doing} the {self.title} failed twice; it is in state {now.status}{self._condition(now) or ''}. AWS gives no "
            f"reason. {self._check(operation)}, then repeat the run; if it fails again, open a support case with {now.arn}."
        )

    def found_failed(self, now: Kept) -> str:
        """The operation before this run failed, which need not matter."""
        return f"The {self.title} is in state {now.status}: its last operation failed. This run goes by its settings."

    def _causes(self, now: Kept) -> str:
        return sagemaker.likely_causes_of_failure(now.role_arn, now.settings.get("artifact_store_uri"), self.region)

    def _doing(self, call: Call) -> str:
        operation = self.kind.operations.get(call.operation)
        return operation.doing if operation else "changing the tags of"

    def _way_out(self, call: Call, now: Kept) -> str | None:
        """What helps against a refusal that stays; None for the general advice."""

    def _condition(self, now: Kept) -> str | None:
        """What there is to say of it beside its status; None for nothing."""

    def _check(self, operation: str) -> str:
        """What to look at after an operation that failed."""
        if operation == self.kind.update:
            return (
                "Check that its role may use the artifact store, and that the bucket is in the "
                f"{self.kind.noun}'s region and account"
            )
        return "Wait a few minutes"
