# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The operations on an MLflow App, and when each is over. Makes no call."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import (
    SETTINGS,
    MlflowApp,
    settings_from_aws,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_plan import (
    CREATE,
    DELETE,
    UPDATE,
    likely_causes_of_failure,
    normal_setting,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_outcome import Kind, Operation
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_words import Words

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call


def unmet(call: Call, now: MlflowApp) -> dict[str, tuple[t.Any, t.Any]]:
    """What an update sent and the App shows otherwise: what was sent and what is shown, by option."""
    sent = settings_from_aws(call.parameters)
    pairs = {
        option: (normal_setting(option, sent[option]), normal_setting(option, now.settings.get(option)))
        for option, field in SETTINGS.items()
        if field in call.parameters
    }
    pairs["new_name"] = (call.parameters.get("Name", now.name), now.name)
    return {option: pair for option, pair in pairs.items() if pair[0] != pair[1]}


KIND: Kind[MlflowApp] = Kind(
    noun="App",
    plural="MLflow Apps",
    create=CREATE,
    update=UPDATE,
    delete=DELETE,
    operations={
        CREATE: Operation("Creating", "CreateFailed", "to be created", "creating"),
        UPDATE: Operation("Updating", "UpdateFailed", "to be updated", "updating"),
        DELETE: Operation("Deleting", "DeleteFailed", "to be deleted", "deleting"),
    },
    is_updated=lambda call, now: not unmet(call, now),
    is_switched=lambda _operation, _now: False,
)


class AppWords(Words[MlflowApp]):
    """The messages about one App."""

    def quota_exceeded(self, error: Exception) -> str:
        """The account is full; unlike for servers it may be full of what nobody made by hand."""
        return (
            f"{super().quota_exceeded(error)} Studio, pipelines and the SageMaker SDK create Apps by themselves: aws sagemaker "
            "list-mlflow-apps shows them all. Whether those that are listed as Deleted count is not documented."
        )

    def not_carried_out(self, call: Call, now: MlflowApp) -> str | None:
        """AWS took an update, and it shows no effect; None when everything is as it was sent."""
        differences = unmet(call, now)
        if not differences:
            return None
        shown = "; ".join(f"{option} is {after}, sent was {sent}" for option, (sent, after) in differences.items())
        text = f"AWS took the update of the {self.title} and is done with it, but not as asked: {shown}."
        if differences.get("default_domain_ids", ([None], []))[0] == []:
            return (
                f"{text} An update with no domains clears nothing, it seems; AWS does not document how a domain loses its "
                "default App. Take it away in the SageMaker console, or leave default_domain_ids out."
            )
        return f"{text} Somebody else may have changed it at the same time: look at it (CloudTrail names the caller), and repeat the run."

    def _causes(self, now: MlflowApp) -> str:
        return likely_causes_of_failure(now, self.region)
