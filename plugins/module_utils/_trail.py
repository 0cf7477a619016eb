# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The trail that records a managed MLflow: the edge to CloudTrail. What is decided is decided in C(_trail_plan)."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import replace
from functools import partial

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket_grants as grants
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _kms
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _trail_selectors as selectors
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import (
    AWS_ERRORS,
    Deadline,
    caller_identity,
    read_concurrently,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import Superseded
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, explain, is_error
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._trail_plan import (
    SETTINGS,
    TrailState,
    TrailWish,
    plan_trail,
    settings_from_aws,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AwsModule, Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Change, Plan

    Options = Mapping[str, t.Any]

EVENT_TYPES = {"tracking-server": "AWS::SageMaker::MlflowTrackingServer", "app": "AWS::SageMaker::MlflowApp"}
ABSENT = ("TrailNotFoundException", "ResourceNotFoundException")
EXISTS, BUSY = ("TrailAlreadyExistsException",), ("ConflictException",)
BUSY_TIMEOUT, BUSY_DELAY = limits.CLOUDTRAIL_BUSY, limits.CLOUDTRAIL_BUSY_PAUSE
CONFIRM_TIMEOUT, CONFIRM_DELAY = limits.CLOUDTRAIL_CONFIRMATION, limits.CLOUDTRAIL_CONFIRMATION_PAUSE
_NAME = re.compile(r"(?=.{3,128}$)[a-zA-Z0-9]([a-zA-Z0-9]|[._-](?![._-]))*[a-zA-Z0-9]")
_ARN = re.compile(r"arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:\d{12}:trail/[a-zA-Z0-9._-]{3,128}", re.ASCII)
_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/(?P<prefix>[^*?$]*))?")


class Trail:
    """One trail, for C(_converge)."""

    def __init__(self, clients: Clients, wish: TrailWish, key: str | None, warn: Callable[[str], None]) -> None:
        self._clients = clients
        self._wish = wish
        self._key = key
        self._warn = warn

    @property
    def title(self) -> str:
        """How messages name it."""
        return self._wish.title

    def read(self) -> TrailState:
        """The trail, and then everything about it at once."""
        client = self._clients["cloudtrail"]
        self._resolve_key()
        listed = client.describe_trails(trailNameList=[self._wish.name], includeShadowTrails=True)["trailList"]
        if not listed:
            return TrailState(exists=False)
        trail, arn = listed[0], listed[0]["TrailARN"]
        reads: dict[str, Callable[[], t.Any]] = {
            "selectors": partial(client.get_event_selectors, TrailName=arn),
            "status": partial(client.get_trail_status, Name=arn),
        }
        if self._wish.tags is not None:
            reads["tags"] = partial(client.list_tags, ResourceIdList=[arn])
        try:
            found = read_concurrently(reads)
        except AWS_ERRORS as error:
            if is_error(error, ABSENT):
                return TrailState(exists=False)
            raise
        tag_lists = found["tags"]["ResourceTagList"] if "tags" in found else []
        return TrailState(
            exists=True,
            arn=arn,
            home_region=trail.get("HomeRegion") or arn.split(":")[3],
            settings=settings_from_aws(trail),
            is_logging=bool(found["status"]["IsLogging"]),
            basic=tuple(found["selectors"].get("EventSelectors") or ()),
            advanced=tuple(found["selectors"].get("AdvancedEventSelectors") or ()),
            tags=tags.from_aws(tag_lists[0]["TagsList"] if tag_lists else []) if "tags" in found else None,
        )

    def plan(self, state: TrailState) -> Plan[TrailState]:
        """What differs from the wish."""
        return plan_trail(self._wish, state)

    def settle(self, state: TrailState) -> TrailState:
        """A trail has no state in which it takes no write; conflicts are retried where they show."""
        return state

    def apply(self, change: Change) -> None:
        """Make one change true."""
        error: Exception | None = None
        for _elapsed in Deadline(BUSY_TIMEOUT, BUSY_DELAY).ticks():
            try:
                self._clients.send(change.call)
                return
            except AWS_ERRORS as refused:
                if not is_error(refused, BUSY):
                    self._judge(change, refused)
                    return
                error = refused
        if error is not None:
            raise error

    def confirm(self, plan: Plan[TrailState]) -> TrailState:
        """Read until AWS shows what it accepted."""
        if not plan.changed:
            return plan.predicted
        state, differing = plan.predicted, [""]
        for _elapsed in Deadline(CONFIRM_TIMEOUT, CONFIRM_DELAY).ticks():
            state = self.read()
            if not state.exists and plan.after is None:
                return state
            differing = [change.name for change in self.plan(state).changes] if state.exists else ["trail"]
            if not differing:
                return state
        self._warn(
            f"AWS accepted every change of the {self.title}, but after {CONFIRM_TIMEOUT:.0f} s it still shows another "
            f"value for: {', '.join(differing)}. Another run may keep the same trail: run them one after the other."
        )
        return state

    def describe(self, state: TrailState) -> dict[str, t.Any]:
        """The module's return values."""
        return {
            "name": self._wish.name.rpartition("/")[2],
            "trail_arn": state.arn or None,
            "exists": state.exists,
            "home_region": state.home_region or None,
            "is_logging": state.is_logging,
            **{option: state.settings.get(option) for option in SETTINGS},
            "event_selectors": [dict(selector) for selector in state.basic],
            "advanced_event_selectors": [dict(selector) for selector in state.advanced],
            "tags": None if state.tags is None else dict(state.tags),
        }

    def _judge(self, change: Change, error: Exception) -> None:
        """Whether a refusal means that it is true already, that the world moved on, or that somebody must help."""
        if is_error(error, ABSENT):
            if change.call.operation == "delete_trail":
                return
            raise Superseded from error
        if is_error(error, EXISTS):
            if sagemaker.was_repeated(error):
                return
            raise Superseded from error
        parameters = change.call.parameters
        if is_error(error, ("InsufficientS3BucketPolicyException",)):
            bucket = parameters.get("S3BucketName", "")
            statements = grants.trail_statements(bucket, parameters.get("S3KeyPrefix", ""), self._arn())
            raise MlflowError(self._help(error, f"the policy of the bucket '{bucket}'", statements)) from error
        if is_error(error, ("InsufficientEncryptionPolicyException",)):
            where = f"the policy of the key '{parameters.get('KmsKeyId', '')}'"
            raise MlflowError(self._help(error, where, grants.trail_key_statements(self._arn()))) from error
        raise error

    def _help(self, error: Exception, where: str, statements: list[dict[str, t.Any]]) -> str:
        text = json.dumps(statements)
        return f"{explain(error, f'changing the {self.title}')}. Add to {where} what lets CloudTrail in: {text}"

    def _arn(self) -> str:
        if self._wish.name.startswith("arn:"):
            return self._wish.name
        identity = caller_identity(self._clients)
        return f"arn:{identity.partition}:cloudtrail:{identity.region}:{identity.account_id}:trail/{self._wish.name}"

    def _resolve_key(self) -> None:
        """CloudTrail shows the ARN of the key, however it was named."""
        if self._key is None or self._wish.settings is None:
            return
        reference = _kms.parse_key(self._key)
        arn = self._key
        if not reference.is_arn or reference.is_alias:
            arn = _kms.arn_to_compare(self._clients, reference, caller_identity(self._clients))
        self._wish = replace(self._wish, settings={**self._wish.settings, "kms_key_id": arn})
        self._key = None


def wish_from(options: Options, region: str | None) -> TrailWish:
    """The wish from the module's options. Raises MlflowError for what AWS would refuse."""
    name = _checked_name(options["name"])
    arn = options["mlflow_arn"]
    kind = sagemaker.mlflow_arn("mlflow_arn", arn, None)["kind"]
    present = options["state"] == "present"
    if present and options["delete_trail"]:
        raise MlflowError("delete_trail: it has a meaning with state: absent only.")
    wished = _selectors(options, arn, options["event_type"] or EVENT_TYPES[kind]) if present else ()
    return TrailWish(
        name=name,
        region=sagemaker.checked_region(region),
        present=present,
        owner=selectors.owner_of(arn),
        selectors=wished,
        settings=_settings(options) if present else None,
        convert_basic_selectors=options["convert_basic_selectors"],
        management_events=options["include_management_events"],
        delete_trail=options["delete_trail"],
        tags=tags.wished(options["tags"]) if present else None,
        purge_tags=options["purge_tags"],
    )


def from_module(module: AwsModule) -> Trail:
    """The trail that the module's options describe."""
    wish = wish_from(module.params, module.region)
    return Trail(module.clients, wish, module.params["kms_key_id"] or None, module.warn)


def _selectors(options: Options, arn: str, event_type: str) -> tuple[dict[str, t.Any], ...]:
    owner, found = selectors.owner_of(arn), []
    if options["api_events"] != "none":
        whole_kind = options["whole_kind"]
        found.append(selectors.api_selector(owner, event_type, None if whole_kind else arn, options["api_events"]))
    uri = options["artifact_store_uri"]
    if uri and options["artifact_events"] != "none":
        place = _URI.fullmatch(uri)
        if place is None:
            raise MlflowError(
                f"artifact_store_uri: '{uri}' is no place in S3. Give s3://<bucket> or s3://<bucket>/<prefix>."
            )
        prefix = (place["prefix"] or "").strip("/")
        artifacts = f"arn:{arn.split(':')[1]}:s3:::{place['bucket']}/{f'{prefix}/' if prefix else ''}"
        found.append(selectors.artifacts_selector(owner, artifacts, options["artifact_events"]))
    if not found:
        raise MlflowError("api_events and artifact_events: nothing is to be recorded. Set state: absent instead.")
    return tuple(found)


def _settings(options: Options) -> dict[str, t.Any] | None:
    """Those of a trail that is made here."""
    if not options["create"]:
        given = [option for option in ("s3_bucket_name", "s3_key_prefix", "kms_key_id") if options[option]]
        if given or options["tags"] is not None:
            raise MlflowError(
                f"{', '.join([*given, *(['tags'] if options['tags'] is not None else [])])}: that is for a trail which is made "
                "here (create: true). A trail of somebody else gets selectors and nothing else."
            )
        return None
    if not options["s3_bucket_name"]:
        raise MlflowError("s3_bucket_name: a trail that is made here (create: true) needs a bucket for its log files.")
    if options["kms_key_id"]:
        _kms.parse_key(options["kms_key_id"])
    return {
        "s3_bucket_name": options["s3_bucket_name"],
        "s3_key_prefix": (options["s3_key_prefix"] or "").strip("/"),
        "kms_key_id": options["kms_key_id"] or "",
        "is_multi_region_trail": options["is_multi_region_trail"],
        "enable_log_file_validation": options["enable_log_file_validation"],
    }


def _checked_name(name: str) -> str:
    if name.startswith("arn:"):
        if _ARN.fullmatch(name):
            return name
        raise MlflowError(
            f"name: '{name}' is not the ARN of a trail (arn:aws:cloudtrail:<region>:<account>:trail/<name>)."
        )
    if not _NAME.fullmatch(name):
        raise MlflowError(
            f"name: '{name}' is not allowed: 3 to 128 letters, digits, and single . _ - between them, with a letter or a digit at "
            "both ends."
        )
    return name
