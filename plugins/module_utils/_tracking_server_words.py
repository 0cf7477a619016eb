# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What a user reads when an operation on a tracking server fails: what is wrong, where, and what to do next."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import error_message, explain, is_error
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import duration
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_plan import (
    CREATE,
    DELETE,
    START,
    STOP,
    UPDATE,
)

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import TrackingServer

_DOING = {CREATE: "creating", UPDATE: "updating", START: "starting", STOP: "stopping", DELETE: "deleting"}


def vanished(title: str, goal: str) -> str:
    """It was deleted under our hands."""
    return (
        f"The {title} was deleted by somebody else while this run waited for it {goal}. CloudTrail names the caller of "
        "DeleteMlflowTrackingServer. Repeat the run to create it anew."
    )


def role_not_ready(title: str, role_arn: str | None, elapsed: float, refusal: str) -> str:
    """The role is not only young, but wrong."""
    return (
        f"The {title} cannot be created: after {duration(elapsed)} SageMaker still cannot assume the role {role_arn} "
        f"({refusal.rstrip('.')}). Check that the role exists and that its trust policy allows sts:AssumeRole to "
        "sagemaker.amazonaws.com. If it was changed moments ago, raise role_propagation_timeout."
    )


def refused(title: str, error: Exception, call: Call) -> str:
    """AWS says no for a reason of its own."""
    text = explain(error, f"{_DOING.get(call.operation, 'changing the tags of')} the {title}")
    if is_error(error, ("ValidationException",), "MLflow version is not supported"):
        text = (
            f"mlflow_version: AWS offers no tracking server with MLflow {call.parameters.get('MlflowVersion')} "
            f"({error_message(error).rstrip('.')}). Give major and minor of a version that it offers, as in '3.0'."
        )
    return text


def does_not_fit(title: str, error: Exception, call: Call, server: TrackingServer) -> str:
    """AWS refuses although the server is settled, and keeps refusing."""
    doing = _DOING.get(call.operation, "changing the tags of")
    next_step = "Look at the server in the console; if it stays so, open a support case."
    if call.operation == UPDATE and not server.is_active:
        next_step = "It does not run: set update_stopped=start_first, or start it first with state=started."
    elif server.status == "DeleteFailed":
        next_step = "Its deletion failed: complete that with state=absent and delete_data=true."
    return f"AWS refuses {doing} the {title} in state {server.status}: {error_message(error).rstrip('.')}. {next_step}"


def failed(title: str, operation: str, server: TrackingServer, region: str) -> str:
    """The operation ended badly, for a reason that AWS does not tell."""
    if operation == CREATE:
        uri = server.settings.get("artifact_store_uri")
        causes = sagemaker.likely_causes_of_failure(server.role_arn, uri, region)
        return (
            f"Creating the {title} ended in state {server.status}. {causes} Remove the cause, then repeat the run with "
            "recreate_failed=true: the failed server holds no data, it is deleted and created anew."
        )
    next_steps = {
        UPDATE: "Check that its role may use the artifact store, and that the bucket is in the server's region and account",
        START: "Check that its role still exists and may use the artifact store",
    }
    next_step = next_steps.get(operation, "Wait a few minutes")
    running = "runs" if server.is_active else "does not run"
    return (
        f"{_DOING[operation].capitalize()} the {title} failed twice; it is in state {server.status} and {running}. AWS gives no "
        f"reason. {next_step}, then repeat the run; if it fails again, open a support case with {server.arn}."
    )
