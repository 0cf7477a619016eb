# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything about the local AWS that a user or a test may want different.

What AWS does not document is a field here instead of a guess in the code. Fields are set at start
(``--set name=value``) and while it runs (``POST /_localaws/config``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar, cast, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = TypeVar("Value")

BOOT_ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
BOOT_SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

CA_BUNDLE = "ca-bundle.pem"  # in the home folder: what clients trust when the local AWS speaks TLS

MlflowMode = Literal["zygote", "uvicorn", "cli", "off"]

# These identify the instance: changing them under living state would make its ARNs and files lie.
FIXED_AT_START = frozenset({"home", "port", "region", "account_id", "tls", "mlflow", "mlflow_python"})


class InvalidSettingError(ValueError):
    """A setting that does not exist, has the wrong type or cannot change any more."""


@dataclass
class Delays:
    """Seconds that each verb spends in its transient state (``Creating``, ``Stopping``, ...)."""

    create: float = 0.0
    update: float = 0.0
    start: float = 0.0
    stop: float = 0.0
    delete: float = 0.0
    app_create: float = 0.0
    app_update: float = 0.0
    app_delete: float = 0.0
    maintenance: float = 0.0


@dataclass
class Settings:
    """One local AWS. See the module's docstring."""

    home: Path
    port: int = 5566
    region: str = "us-east-1"
    account_id: str = "123456789012"
    tls: bool = False  # the port answers TLS, too, with a certificate that client_environment() makes clients trust
    latency_ms: float = 0.0  # how far away AWS is: no answer leaves earlier than so long after its request came

    signature_check: bool = True  # verify the SigV4 signature of every call
    iam_enforcement: bool = False  # evaluate IAM policies for every call
    validation: bool = True  # validate inputs against botocore's model
    secure_transport: bool = True  # IAM's aws:SecureTransport: TLS-only policies must not shut out a local HTTP port
    clock_skew_seconds: float = 900.0  # AWS refuses signatures older or newer than 15 minutes

    mlflow: MlflowMode = "zygote"
    mlflow_python: Path | None = None  # None: the interpreter that runs the local AWS
    mlflow_start_seconds: float = 120.0  # an MLflow server that is not up by then has failed

    delays: Delays = field(default_factory=Delays)
    iam_propagation_seconds: float = 0.0  # a role younger than this cannot be assumed by SageMaker yet
    deleted_app_retention_seconds: float = 86400.0  # a deleted App is still listed as Deleted for so long
    tracking_server_quota: int = 10
    app_quota: int = 3
    stuck: set[str] = field(default_factory=set)  # verbs that never finish: {"update"}
    fail_next: dict[str, bool] = field(default_factory=dict)  # verbs whose next run ends in ...Failed

    supported_mlflow_versions: dict[str, str] = field(
        default_factory=lambda: {"3.0": "3.0.0", "2.16": "2.16.2", "2.13": "2.13.2"}
    )
    app_mlflow_version: str = "3.10.1"

    update_omission_flips: bool = True  # an Update without the registration field sets it to its documented default
    role_failure_is_status: bool = False  # a server's unusable role: CreateFailed instead of a ValidationException
    role_access_matters: bool = (
        False  # a role without rights on the artifact bucket ends Create and Update in ...Failed
    )
    bucket_failure_is_status: bool = True  # an unusable artifact bucket: CreateFailed instead of a ValidationException
    update_stopped_allowed: bool = True  # a stopped tracking server can be updated
    presign_inactive_allowed: bool = False  # UI links of a server that does not run
    app_names_unique: bool = False  # two living Apps may have one name
    app_defaults_move: bool = True  # a new account or domain default takes the place of the old; False: refused
    empty_domain_list_clears: bool = True  # an Update with no domains in the list ends all domain defaults
    app_kms_key_as_arn: bool = False  # DescribeMlflowApp shows the key's ARN; False: as it was given
    deleted_apps_count: bool = False  # Apps that are still listed as Deleted count against the quota
    duplicate_name_error: str = "ValidationException"  # code of Create with a name that is taken
    missing_tagged_resource_error: str = "ResourceNotFound"  # code of the tag operations for an unknown MLflow ARN
    list_page_size: int = 10  # entries of a page when MaxResults is left out: small, so that forgotten paging shows
    maintenance_weekly: bool = False  # servers and Apps enter maintenance when the clock passes their window
    maintenance_next: set[str] = field(default_factory=set)  # names that enter maintenance when next looked at

    foreign_buckets: set[str] = field(default_factory=set)  # names that belong to another account
    foreign_account_id: str = "999988887777"  # that account
    s3_new_bucket_defaults: bool = True  # new buckets block public access and disable ACLs (AWS since April 2023)
    s3_region_redirects: bool = True  # 301 when a bucket is addressed in a region it is not in
    s3_conflict_seconds: float = 0.0  # 409 OperationAborted for writes to one bucket that follow each other faster

    # Requests that a service takes, {"iam": {"rate": 20, "burst": 40}}: AWS has such limits, and publishes few of them.
    rate_limits: dict[str, dict[str, float]] = field(default_factory=dict)
    vpc_endpoint_seconds: float = 0.0  # a VPC endpoint is pending, or being deleted, for so long

    stopped_status: int = 400  # answer of a stopped server's data plane; the client must not retry it
    stopped_body: str = "Tracking server is not running"

    _changed: set[str] = field(default_factory=set, init=False, repr=False)  # names of what was changed at run time

    def as_json(self) -> dict[str, object]:
        """The settings as plain JSON values (``GET /_localaws/config``)."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self) if each.name != "_changed"}

    def change(self, changes: Mapping[str, object]) -> None:
        """Change settings of a running local AWS; all of them or, when one is wrong, none."""
        for name in changes:
            if name in FIXED_AT_START:
                raise InvalidSettingError(f"{name} is fixed when the local AWS starts")
        self.set_initial(changes)
        self._changed.update(changes)

    def set_initial(self, changes: Mapping[str, object]) -> None:
        """Set any field from plain JSON values; all of them or, when one is wrong, none."""
        known = self.as_json()
        converted: dict[str, object] = {}
        for name, value in changes.items():
            if name not in known:
                raise InvalidSettingError(f"there is no setting {name!r}; known: {', '.join(sorted(known))}")
            converted[name] = _converted(name, getattr(self, name), value)
        for name, new in converted.items():
            setattr(self, name, new)

    def restore(self, initial: Settings) -> None:
        """Be again as at the start."""
        self.set_initial({name: value for name, value in initial.as_json().items() if name not in FIXED_AT_START})
        self._changed.clear()

    def dump(self) -> object:
        """What a restart must bring back: what was changed at run time."""
        return {name: value for name, value in self.as_json().items() if name in self._changed}

    def load(self, saved: object) -> None:
        """Take over a dump, but for what this start was told; fields that no longer exist are left out."""
        default, own = Settings(home=self.home).as_json(), self.as_json()
        untold = {name for name, value in own.items() if name not in FIXED_AT_START and value == default[name]}
        self.change({name: value for name, value in cast("Mapping[str, object]", saved).items() if name in untold})


def _plain(value: object) -> object:
    if isinstance(value, Delays):
        return dict(vars(value))
    if isinstance(value, set):
        return sorted(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, dict):
        return dict(value)
    return value


def _converted(name: str, current: object, value: object) -> object:
    """Turn a plain value into the type of the field, or refuse it."""
    if name == "mlflow":
        if value not in get_args(MlflowMode):
            raise InvalidSettingError(f"mlflow must be one of {', '.join(get_args(MlflowMode))}, not {value!r}")
        return value
    if name in ("home", "mlflow_python"):
        return None if value is None else Path(str(value))
    if isinstance(current, Delays):
        return _changed_delays(current, value)
    if name == "rate_limits":
        return {service: _rate_limit(service, limit) for service, limit in _exactly(name, dict, value).items()}
    if isinstance(current, float):
        return _seconds(name, value)
    if isinstance(current, set):
        return set(_exactly(name, list, value))
    return _exactly(name, type(current), value)


def _seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        unit = "milliseconds" if name.endswith("_ms") else "seconds"
        raise InvalidSettingError(f"{name} must be a number of {unit} >= 0, not {value!r}")
    return float(value)


def _changed_delays(current: Delays, value: object) -> Delays:
    changes: dict[str, object] = _exactly("delays", dict, value)
    merged = Delays(**vars(current))
    for verb, seconds in changes.items():
        if verb not in vars(merged):
            raise InvalidSettingError(f"there is no delay {verb!r}; known: {', '.join(vars(merged))}")
        setattr(merged, verb, _seconds(f"delays.{verb}", seconds))
    return merged


def _rate_limit(service: str, limit: object) -> dict[str, float]:
    numbers: dict[str, object] = _exactly(f"rate_limits.{service}", dict, limit)
    is_limit = numbers.keys() == {"rate", "burst"} and all(
        isinstance(number, (int, float)) and not isinstance(number, bool) and number > 0 for number in numbers.values()
    )
    if not is_limit:
        raise InvalidSettingError(
            f"rate_limits.{service} must have a rate in requests a second and a burst, both above 0, not {limit!r}"
        )
    return {name: float(cast("float", number)) for name, number in numbers.items()}


def _exactly(name: str, expected: type[Value], value: object) -> Value:
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise InvalidSettingError(f"{name} must be {expected.__name__}, not {value!r}")
    return value


def client_environment(settings: Settings) -> dict[str, str]:
    """The variables that point every AWS client at a local AWS."""
    endpoint = f"{'https' if settings.tls else 'http'}://127.0.0.1:{settings.port}"
    trust = {"AWS_CA_BUNDLE": str(settings.home / CA_BUNDLE)} if settings.tls else {}
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": BOOT_ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": BOOT_SECRET_KEY,
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": endpoint,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        **trust,
    }
