# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""A link that opens the UI of a tracking server or of an App once, for whoever holds it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, explain, is_denied
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import Wish
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_list import list_apps, meant
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients

LIMITS: dict[str, tuple[int, int]] = {
    "expires_in_seconds": (5, 300),
    "session_expiration_duration_in_seconds": (1800, 43200),
}
"""What AWS allows, both ends included."""


_SERVER_REFUSALS: dict[str, str] = {
    "Creating": "is still being created, which takes AWS up to 35 minutes. Wait for it to run, and repeat this.",
    "Starting": "is still starting, which takes AWS up to 25 minutes. Wait for it to run, and repeat this.",
    "Stopping": "is stopping. Wait until it is stopped, then start it (sagemaker_mlflow_server with state: started).",
    "Stopped": "is stopped. Start it first (sagemaker_mlflow_server with state: started).",
    "Deleting": "is being deleted.",
    "CreateFailed": (
        "failed while it was created and never ran. Find the cause (the role and the bucket, as a rule) and create it again "
        "(sagemaker_mlflow_server with recreate_failed: true)."
    ),
    "StartFailed": "failed to start. Start it again (sagemaker_mlflow_server with state: started).",
}
_ENDED_SERVER_STATES = ("Stopping", "Deleting")
"""AWS may still call a server active while it goes down."""
_APP_REFUSALS: dict[str, str] = {
    "Creating": "is still being created, which takes AWS up to 10 minutes. Wait for it, and repeat this.",
    "CreateFailed": "failed while it was created and never ran. Find the cause (its role and bucket, as a rule) and create it again.",
    "Deleting": "is being deleted.",
    "Deleted": "was deleted.",
}


MOVED_ON = "It was there and ran a moment ago: check whether somebody is changing or deleting it, and repeat the run."


@dataclass(frozen=True)
class Target:
    """Whose UI is to be opened.

    :param key: what AWS wants to be told: the name of a tracking server, the ARN of an App.
    :param is_named: the key is the name of an App, whose ARN is still to be found.
    """

    is_app: bool
    key: str
    is_named: bool = False

    @property
    def title(self) -> str:
        """How messages name it."""
        key = f"'{self.key}'" if self.is_named or not self.is_app else self.key
        return f"{'MLflow App' if self.is_app else 'tracking server'} {key}"

    @property
    def describe(self) -> Call:
        """The call that tells whether its UI can be opened."""
        if self.is_app:
            return Call("sagemaker", "describe_mlflow_app", self._identity)
        return Call("sagemaker", "describe_mlflow_tracking_server", self._identity)

    def presign(self, lifetimes: Mapping[str, int]) -> Call:
        """The call that makes the link."""
        product = "app" if self.is_app else "tracking_server"
        parameters = {
            **self._identity,
            "ExpiresInSeconds": lifetimes["expires_in_seconds"],
            "SessionExpirationDurationInSeconds": lifetimes["session_expiration_duration_in_seconds"],
        }
        return Call("sagemaker", f"create_presigned_mlflow_{product}_url", parameters)

    @property
    def _identity(self) -> dict[str, str]:
        return {"Arn" if self.is_app else "TrackingServerName": self.key}


@dataclass(frozen=True)
class Observed:
    """What Describe says.

    :param arn: the tracking URI.
    :param refusal: why the UI cannot be opened now; None when it can.
    """

    arn: str | None
    refusal: str | None


def target_from_parameters(parameters: Mapping[str, t.Any], region: str | None) -> Target:
    """Whose UI is meant. Raises MlflowError for what AWS would refuse, or would look for in the wrong region."""
    region = sagemaker.checked_region(region)
    if parameters.get("arn") is None:
        is_app = parameters["kind"] == "app"
        return Target(is_app, sagemaker.checked_name("name", parameters["name"]), is_named=is_app)
    arn = str(parameters["arn"])
    match = sagemaker.mlflow_arn("arn", arn, region)
    is_app = match["kind"] == "app"
    return Target(is_app, arn if is_app else match["id"])


def lifetimes_from_parameters(parameters: Mapping[str, t.Any]) -> dict[str, int]:
    """How long the link and the session live. Raises MlflowError outside of AWS's limits."""
    lifetimes = {option: int(parameters[option]) for option in LIMITS}
    for option, (least, most) in LIMITS.items():
        if not least <= lifetimes[option] <= most:
            raise MlflowError(f"{option}: {lifetimes[option]} is not allowed: give {least} to {most} seconds.")
    return lifetimes


def observed_from_aws(target: Target, answer: Mapping[str, t.Any]) -> Observed:
    """The answer of the call that C(Target.describe) names."""
    if target.is_app:
        reason = _APP_REFUSALS.get(answer["Status"])
        return Observed(answer["Arn"], reason and f"The {target.title} {reason}")
    reason = _server_refusal(answer["TrackingServerStatus"], answer.get("IsActive") == "Active")
    return Observed(answer["TrackingServerArn"], reason and f"The {target.title} {reason}")


def _server_refusal(status: str, is_active: bool) -> str | None:
    """C(IsActive) decides: C(Updated) and C(MaintenanceComplete) say nothing about the power state."""
    if is_active and status not in _ENDED_SERVER_STATES:
        return None
    fallback = f"is not running (status {status}). Start it first (sagemaker_mlflow_server with state: started)."
    return _SERVER_REFUSALS.get(status, fallback)


def presigned_url(module: AwsModule, check_mode: bool) -> dict[str, t.Any]:
    """The module's result.

    What is not there or does not run is an error, in check mode a warning: an earlier task of the same run may be about to
    create or start it.
    """
    lifetimes = lifetimes_from_parameters(module.params)
    target = target_from_parameters(module.params, module.region)
    if target.is_named:
        target = _found(module.clients, target)
    observed = _observe(module.clients, target, module.params["arn"])
    if observed.refusal and not check_mode:
        raise MlflowError(observed.refusal)
    if observed.refusal:
        module.warn(f"A link to the UI cannot be made now: {observed.refusal}")
    url = None if check_mode else _make_link(module.clients, target, lifetimes)
    # Only the action plugin can show and open the link.
    return {"authorized_url": url, "tracking_uri": observed.arn, **lifetimes, "shown": False, "opened": False}


def _found(clients: Clients, target: Target) -> Target:
    """The App of a name by its ARN; the name still when there is no such App."""
    region = clients["sagemaker"].meta.region_name
    found = meant(list_apps(clients), Wish(region=region, name=target.key))
    return replace(target, key=found.arn, is_named=False) if found else target


def _observe(clients: Clients, target: Target, arn: str | None) -> Observed:
    region = clients["sagemaker"].meta.region_name
    nothing = Observed(None, f"There is no {target.title} in {region}: check the name, the region and the account.")
    if target.is_named:
        return nothing
    try:
        return observed_from_aws(target, clients.send(target.describe))
    except AWS_ERRORS as error:
        if sagemaker.is_not_found(error):
            return nothing
        if is_denied(error):
            # People who may open the UI need not be allowed to look at its settings: AWS itself decides then.
            return Observed(arn, None)
        raise MlflowError(explain(error, f"reading the {target.title}")) from error


def _make_link(clients: Clients, target: Target, lifetimes: Mapping[str, int]) -> str:
    try:
        return str(clients.send(target.presign(lifetimes))["AuthorizedUrl"])
    except AWS_ERRORS as error:
        doing = f"making a link to the UI of the {target.title}"
        raise MlflowError(explain(error, doing, otherwise=MOVED_ON)) from error
