# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The audit of one MLflow: the edge to AWS. What is judged is judged in C(_audit_controls)."""

from __future__ import annotations

import typing as t
from functools import partial

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _audit_reads as reads
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit_control import (
    SEVERITIES,
    STATUSES,
    Observed,
    Settings,
    Subject,
    Unseen,
    evaluate,
    failing,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit_controls import CONTROLS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import read_concurrently
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._discovery import Question, find_all, find_one
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_info import MLFLOW_APPS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_info import TRACKING_SERVERS

if t.TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients

KINDS = {"tracking_server": TRACKING_SERVERS, "app": MLFLOW_APPS}
FAIL_ON = (*SEVERITIES, "none")


def audit(module: AwsModule, _check_mode: bool) -> dict[str, t.Any]:
    """The module's result."""
    options = module.params
    settings = settings_from(options)
    region = sagemaker.checked_region(module.region)
    name = sagemaker.checked_name("name", options["name"])
    owner = options["expected_bucket_owner"]
    if owner:
        sagemaker.checked_account_id("expected_bucket_owner", owner)
    mlflow = _found(module.clients, options["kind"], name, region)
    subject = subject_of(options["kind"], name, mlflow, owner)
    types = {"tracking_server": options["tracking_server_event_type"], "app": options["app_event_type"]}
    seen = observe(module.clients, subject, mlflow, types)
    results = evaluate(CONTROLS, seen, settings)
    return {
        "name": subject.name,
        "kind": subject.kind,
        "arn": subject.arn,
        "region": subject.region,
        "account_id": subject.account_id,
        "controls": results,
        "counts": {status: sum(result["status"] == status for result in results) for status in STATUSES},
        "failing": failing(results),
        "compliant": not failing(results),
    }


def settings_from(options: Mapping[str, t.Any]) -> Settings:
    """How the options have the audit judge. Raises MlflowError for controls that do not exist."""
    exceptions = {str(control): str(reason or "") for control, reason in (options["accepted_exceptions"] or {}).items()}
    _require_known("accepted_exceptions", exceptions)
    _require_known("required_controls", options["required_controls"])
    both = sorted(set(options["required_controls"]) & {control for control, reason in exceptions.items() if reason})
    if both:
        raise MlflowError(
            f"required_controls: {', '.join(both)} cannot be required and be excepted (accepted_exceptions) at the same time."
        )
    return Settings(exceptions, tuple(options["required_controls"]), options["count_account"], options["fail_on"])


def subject_of(kind: str, name: str, mlflow: Mapping[str, t.Any], owner: str | None) -> Subject:
    """What the audit is about, from the description of the server or the App."""
    arn = mlflow["tracking_uri"]
    _arn, partition, _service, region, account_id, _resource = arn.split(":", 5)
    place = str(mlflow["artifact_store_uri"]).partition("://")[2]
    bucket, _slash, prefix = place.partition("/")
    said = mlflow.get("s3_bucket_owner_account_id")
    return Subject(
        kind=kind,
        name=name,
        arn=arn,
        partition=partition,
        region=region,
        account_id=account_id,
        bucket=bucket,
        prefix=prefix.strip("/"),
        bucket_owner=owner or said or account_id,
        role_arn=mlflow["role_arn"],
    )


def observe(
    clients: Clients, subject: Subject, mlflow: Mapping[str, t.Any], event_types: Mapping[str, str]
) -> Observed:
    """Everything that the controls ask about: in one round of concurrent reads, and one for what that led to."""
    values = read_concurrently(reads.first_round(clients, subject))
    keys = _keys_of(values["encryption"], mlflow)
    second = reads.second_round(clients, keys, values["trails"], values["access_points"], subject)
    values.update(reads.with_details(values, read_concurrently(second)))
    values.update({"mlflow": mlflow, "event_types": event_types})
    return Observed(subject, values)


def _found(clients: Clients, kind: str, name: str, region: str) -> dict[str, t.Any]:
    """The one server or App with this name."""
    question = Question(KINDS[kind], name=name, include_tags=False)
    clients["sagemaker"]
    find = (
        partial(find_one, clients, question, name) if kind == "tracking_server" else partial(_apps, clients, question)
    )
    found = find()
    noun = KINDS[kind].noun
    if not found:
        raise MlflowError(f"name: there is no {noun} '{name}' in {region}. Deploy it, or correct name, kind or region.")
    if len(found) > 1:
        arns = ", ".join(each["tracking_uri"] for each in found)
        raise MlflowError(
            f"name: there are {len(found)} {noun}s named '{name}' in {region}: {arns}. Rename all but one."
        )
    return found[0]


def _apps(clients: Clients, question: Question) -> list[dict[str, t.Any]]:
    (found,) = find_all(clients, question)
    return found


def _keys_of(encryption: t.Any, mlflow: Mapping[str, t.Any]) -> dict[str, None]:
    """The KMS keys in use, each once."""
    keys = [None if isinstance(encryption, Unseen) else encryption["kms_key_id"], mlflow.get("kms_key_id")]
    return dict.fromkeys(key for key in keys if key)


def _require_known(option: str, named: Collection[str]) -> None:
    known = [control.id for control in CONTROLS]
    unknown = sorted(set(named) - set(known))
    if unknown:
        raise MlflowError(f"{option}: there is no control {', '.join(unknown)}. There are {', '.join(known)}.")
