# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What a control of an audit is, and what it says of an environment that was read. Makes no call."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PASS, FAIL, NOT_APPLICABLE, UNKNOWN, ACCEPTED = "pass", "fail", "not_applicable", "unknown", "accepted"
STATUSES = (FAIL, UNKNOWN, ACCEPTED, PASS, NOT_APPLICABLE)
SEVERITIES = ("low", "medium", "high", "critical")
ENVIRONMENT, ACCOUNT = "environment", "account"


@dataclass(frozen=True)
class Subject:
    """The MLflow that is audited.

    :param kind: C(tracking_server) or C(app).
    :param bucket_owner: the account that must own the artifact bucket.
    :param prefix: the folder of the artifacts in the bucket, without slashes at its ends.
    """

    kind: str
    name: str
    arn: str
    partition: str
    region: str
    account_id: str
    bucket: str
    prefix: str
    bucket_owner: str
    role_arn: str

    @property
    def role_name(self) -> str:
        """The service role's name."""
        return self.role_arn.rpartition("/")[2]

    @property
    def bucket_arn(self) -> str:
        """The artifact bucket's ARN."""
        return f"arn:{self.partition}:s3:::{self.bucket}"

    @property
    def artifacts_arn(self) -> str:
        """The beginning of the ARN of every artifact."""
        return f"{self.bucket_arn}/{self.prefix}/" if self.prefix else f"{self.bucket_arn}/"


@dataclass(frozen=True)
class Unseen:
    """What could not be read.

    :param why: one sentence; it names the IAM action that is missing when that is the reason.
    :param action: that action, else None.
    """

    why: str
    action: str | None = None


class UnseenError(Exception):
    """A control asked about what could not be read."""

    def __init__(self, unseen: Unseen) -> None:
        super().__init__(unseen.why)
        self.unseen = unseen


class Observed:
    """Everything that was read, by name; asking for what could not be read ends a control's work."""

    def __init__(self, subject: Subject, values: Mapping[str, t.Any]) -> None:
        self.subject = subject
        self._values = values

    def __getitem__(self, name: str) -> t.Any:
        value = self._values[name]
        if isinstance(value, Unseen):
            raise UnseenError(value)
        return value


@dataclass(frozen=True)
class Verdict:
    """What a control found.

    :param status: C(pass), C(fail) or C(not_applicable).
    :param found: one sentence.
    :param resource: what it is about, when that is not what the control is about in general.
    """

    status: str
    found: str
    resource: str | None = None


def passed(found: str) -> Verdict:
    """As it should be."""
    return Verdict(PASS, found)


def failed(found: str) -> Verdict:
    """Not as it should be."""
    return Verdict(FAIL, found)


def without_object(found: str) -> Verdict:
    """There is nothing that the control could be about."""
    return Verdict(NOT_APPLICABLE, found)


def judged(holds: bool, when_it_does: str, when_not: str) -> Verdict:
    """One of two."""
    return passed(when_it_does) if holds else failed(when_not)


@dataclass(frozen=True)
class Control:
    """One thing that must hold.

    :param id: of AWS Security Hub where there is one, else C(MLflow.<number>).
    :param severity: one of SEVERITIES, Security Hub's own where there is one.
    :param about: C(bucket), C(role), C(keys), C(mlflow), C(trails) or C(account).
    :param remedy: what to change, in the role's variables where one does it.
    :param scope: C(account) for what a deployment does not set: it is reported, and counts only when told.
    :param exception: why a failure is accepted unless the control is required; empty when it is not.
    """

    id: str
    title: str
    severity: str
    about: str
    judge: Callable[[Observed], Verdict]
    remedy: str
    scope: str = ENVIRONMENT
    exception: str = ""


@dataclass(frozen=True)
class Settings:
    """How an audit judges.

    :param exceptions: control to the reason why its failure is accepted; an empty reason ends an exception of ours.
    :param required: controls whose exceptions of ours do not hold.
    :param count_account: whether what is the account's counts.
    :param fail_on: the least severity whose failures count; C(none) when none do.
    """

    exceptions: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    count_account: bool = False
    fail_on: str = "low"

    def reason(self, control: Control) -> str:
        """Why a failure of the control is accepted; empty when it is not."""
        if control.id in self.exceptions:
            return self.exceptions[control.id].strip()
        return "" if control.id in self.required else control.exception

    def counts(self, control: Control) -> bool:
        """Whether a failure of the control makes the audit fail."""
        if self.fail_on == "none" or (control.scope == ACCOUNT and not self.count_account):
            return False
        return SEVERITIES.index(control.severity) >= SEVERITIES.index(self.fail_on)


def evaluate(controls: Iterable[Control], seen: Observed, settings: Settings) -> list[dict[str, t.Any]]:
    """The result of each control, in the order of the table."""
    return [_result(control, _verdict(control, seen), seen.subject, settings) for control in controls]


def failing(results: Iterable[Mapping[str, t.Any]]) -> list[str]:
    """The ids of what makes the audit fail: what failed, and what nobody can tell."""
    return [result["id"] for result in results if result["counts"] and result["status"] in (FAIL, UNKNOWN)]


def _verdict(control: Control, seen: Observed) -> Verdict:
    try:
        return control.judge(seen)
    except UnseenError as error:
        return Verdict(UNKNOWN, error.unseen.why)


def _result(control: Control, verdict: Verdict, subject: Subject, settings: Settings) -> dict[str, t.Any]:
    reason = settings.reason(control) if verdict.status in (FAIL, UNKNOWN) else ""
    status = ACCEPTED if reason else verdict.status
    return {
        "id": control.id,
        "title": control.title,
        "severity": control.severity,
        "scope": control.scope,
        "resource": verdict.resource or _resource(control.about, subject),
        "status": status,
        "found": verdict.found,
        "remedy": control.remedy if status in (FAIL, UNKNOWN, ACCEPTED) else "",
        "reason": reason,
        "counts": settings.counts(control),
    }


def _resource(about: str, subject: Subject) -> str:
    return {
        "bucket": subject.bucket_arn,
        "role": subject.role_arn,
        "mlflow": subject.arn,
    }.get(about, f"account {subject.account_id}")
