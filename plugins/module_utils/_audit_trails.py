# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The controls of CloudTrail and of MLflow's own settings, as functions of what was read. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _trail_coverage as coverage
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._audit_control import (
    Observed,
    Verdict,
    failed,
    judged,
    passed,
    without_object,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Trail = Mapping[str, t.Any]


def has_a_trail(seen: Observed) -> Verdict:
    """CloudTrail.1."""
    names = [
        trail["name"]
        for trail in _logging(seen)
        if trail["multi_region"] and coverage.records_management(trail["basic"], trail["advanced"])
    ]
    return judged(
        bool(names),
        f"The control planes of all Regions are recorded by {', '.join(names)}.",
        "No trail that is switched on records reads and writes of the control planes in all Regions.",
    )


def each_trail(key: str, right: str, wrong: str) -> Callable[[Observed], Verdict]:
    """CloudTrail.2, 4 and 5."""

    def judge(seen: Observed) -> Verdict:
        trails: Sequence[Trail] = seen["trails"]
        if not trails:
            return failed("There is no trail.")
        without = [trail["name"] for trail in trails if not trail[key]]
        return judged(not without, f"Each trail {right}.", f"These trails {wrong}: {', '.join(without)}.")

    return judge


def records_objects(access: str) -> Callable[[Observed], Verdict]:
    """S3.22 (writes) and S3.23 (reads)."""

    def judge(seen: Observed) -> Verdict:
        return _recorded(seen, coverage.OBJECTS, seen.subject.artifacts_arn, (access,), f"{access}s of artifacts")

    return judge


def records_mlflow(seen: Observed) -> Verdict:
    """MLflow.8."""
    subject = seen.subject
    types = seen["event_types"]
    return _recorded(
        seen, types[subject.kind], subject.arn, (coverage.READS, coverage.WRITES), "calls of the MLflow API"
    )


def verifies_bucket_owner(seen: Observed) -> Verdict:
    """MLflow.6."""
    verification = seen["mlflow"].get("s3_bucket_owner_verification")
    if seen.subject.kind == "app":
        return without_object("An App has no such setting.")
    if verification is None:
        return without_object("The installed botocore does not know this setting.")
    return judged(
        verification,
        f"SageMaker checks on each access that the bucket belongs to {seen.subject.bucket_owner}.",
        "SageMaker does not check whose bucket it writes to: who owns the name gets the artifacts.",
    )


def encrypts_the_app(seen: Observed) -> Verdict:
    """MLflow.7."""
    if seen.subject.kind != "app":
        return without_object("AWS encrypts what a tracking server holds with a key of its own; there is no setting.")
    key = seen["mlflow"].get("kms_key_id")
    if key:
        return passed(f"SageMaker encrypts what it keeps of the App with {key}.")
    return failed("SageMaker encrypts what it keeps of the App with a key of AWS.")


def _logging(seen: Observed) -> list[Trail]:
    return [trail for trail in seen["trails"] if trail["is_logging"]]


def _recorded(seen: Observed, resource_type: str, arn: str, accesses: Sequence[str], what: str) -> Verdict:
    def by(access: str) -> list[str]:
        return [
            trail["name"]
            for trail in _logging(seen)
            if coverage.records(trail["basic"], trail["advanced"], resource_type, arn, access)
        ]

    found = {access: by(access) for access in accesses}
    names = sorted({name for trails in found.values() for name in trails})
    return judged(
        all(found.values()),
        f"The {what} are recorded by {', '.join(names)}.",
        f"No trail that is switched on records the {what} (data events of {resource_type}).",
    )
