# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Who may do what in MLflow: the 61 actions of C(sagemaker-mlflow), and the profiles that have each of them."""

from __future__ import annotations

PROFILES = ("reader", "writer", "registry", "admin", "ui")

# Service Authorization Reference, "Actions defined by Amazon SageMaker with MLflow". One row for each set of profiles.
_ROWS: tuple[tuple[str, str], ...] = (
    (
        "reader writer registry admin",
        """
        GetDownloadURIForModelVersionArtifacts GetExperiment GetExperimentByName GetLatestModelVersions GetLoggedModel
        GetMetricHistory GetModelVersion GetModelVersionByAlias GetRegisteredModel GetRun GetTraceInfo ListArtifacts
        ListLoggedModelArtifacts SearchExperiments SearchLoggedModels SearchModelVersions SearchRegisteredModels SearchRuns
        SearchTraces
        """,
    ),
    (
        "writer admin",
        """
        CreateExperiment CreateRun DeleteLoggedModelTag DeleteTag DeleteTraceTag EndTrace FinalizeLoggedModel LogBatch LogInputs
        LogLoggedModelParams LogMetric LogModel LogOutputs LogParam SetExperimentTag SetTag SetTraceTag StartTrace
        UpdateExperiment UpdateRun
        """,
    ),
    ("writer registry admin", "CreateModelVersion CreateRegisteredModel SetLoggedModelTags"),
    (
        "registry admin",
        """
        DeleteModelVersion DeleteModelVersionTag DeleteRegisteredModel DeleteRegisteredModelAlias DeleteRegisteredModelTag
        RenameRegisteredModel SetModelVersionTag SetRegisteredModelAlias SetRegisteredModelTag TransitionModelVersionStage
        UpdateModelVersion UpdateRegisteredModel
        """,
    ),
    ("admin", "DeleteExperiment DeleteLoggedModel DeleteRun DeleteTraces RestoreExperiment RestoreRun"),
    ("admin ui", "AccessUI"),
)

ACTIONS: dict[str, frozenset[str]] = {
    action: frozenset(profiles.split()) for profiles, actions in _ROWS for action in actions.split()
}
"""Every action, and the profiles that have it."""

ACCESS_UI = "AccessUI"
"""The only action without a resource type: AWS allows it on C(*) or not at all."""

OPENS_UI = frozenset({"admin", "ui"})
USES_ARTIFACTS = frozenset({"reader", "writer", "registry", "admin"})
WRITES_ARTIFACTS = frozenset({"writer", "admin"})
DELETES_ARTIFACTS = frozenset({"admin"})


def actions_of(profiles: frozenset[str]) -> list[str]:
    """The actions of these profiles together, without that of the UI, in stable order."""
    return sorted(action for action, having in ACTIONS.items() if action != ACCESS_UI and having & profiles)
