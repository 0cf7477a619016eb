# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What a user reads when an operation on a tracking server fails, as far as it is not the same for Apps."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import error_message, is_error
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_words import Words
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import TrackingServer
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_plan import START, UPDATE

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call


class ServerWords(Words[TrackingServer]):
    """The messages about one tracking server."""

    def refused(self, error: Exception, call: Call) -> str:
        """AWS says no for a reason of its own."""
        if is_error(error, ("ValidationException",), "MLflow version is not supported"):
            return (
                f"mlflow_version: AWS offers no tracking server with MLflow {call.parameters.get('MlflowVersion')} "
                f"({error_message(error).rstrip('.')}). Give major and minor of a version that it offers, as in '3.0'."
            )
        return super().refused(error, call)

    def found_failed(self, now: TrackingServer) -> str:
        """The operation before this run failed, which need not matter."""
        return super().found_failed(now).rstrip(".") + " and by IsActive."

    def _way_out(self, call: Call, now: TrackingServer) -> str | None:
        if call.operation == UPDATE and not now.is_active:
            return "It does not run: set update_stopped=start_first, or start it first with state=started."
        return None

    def _condition(self, now: TrackingServer) -> str:
        return " and runs" if now.is_active else " and does not run"

    def _check(self, operation: str) -> str:
        if operation == START:
            return "Check that its role still exists and may use the artifact store"
        return super()._check(operation)
