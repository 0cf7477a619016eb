# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What must be done so that a trail records a managed MLflow: one ordered plan. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _trail_selectors as selectors
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._trail_selectors import Selector

SETTINGS = {
    "s3_bucket_name": "S3BucketName",
    "s3_key_prefix": "S3KeyPrefix",
    "kms_key_id": "KmsKeyId",
    "is_multi_region_trail": "IsMultiRegionTrail",
    "enable_log_file_validation": "EnableLogFileValidation",
}
_DESCRIBED = {**SETTINGS, "enable_log_file_validation": "LogFileValidationEnabled"}


@dataclass(frozen=True)
class TrailWish:
    """What is wished.

    :param name: of the trail, or its ARN.
    :param owner: whose selectors they are.
    :param selectors: ours; empty when they must go.
    :param settings: of a trail that is made here; None when it is somebody else's.
    """

    name: str
    region: str
    present: bool
    owner: str
    selectors: tuple[Selector, ...] = ()
    settings: Mapping[str, t.Any] | None = None
    convert_basic_selectors: bool = False
    management_events: bool = True
    delete_trail: bool = False
    tags: Mapping[str, str] | None = None
    purge_tags: bool = False

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"trail '{self.name}'"


@dataclass(frozen=True)
class TrailState:
    """A trail as AWS shows it, or as it will be.

    :param tags: None when they were not asked about.
    """

    exists: bool
    arn: str = ""
    home_region: str = ""
    settings: Mapping[str, t.Any] = field(default_factory=dict)
    is_logging: bool = False
    basic: tuple[Mapping[str, t.Any], ...] = ()
    advanced: tuple[Selector, ...] = ()
    tags: Mapping[str, str] | None = None

    def shown(self, with_tags: bool) -> dict[str, t.Any] | None:
        """What a diff shows."""
        if not self.exists:
            return None
        shown: dict[str, t.Any] = {
            "is_logging": self.is_logging,
            "event_selectors": [dict(selector) for selector in self.basic],
            "advanced_event_selectors": [selectors.normal(selector) for selector in self.advanced],
            **self.settings,
        }
        return {**shown, "tags": dict(self.tags or {})} if with_tags else shown


def settings_from_aws(trail: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The settings in an answer of DescribeTrails."""
    return {
        option: trail.get(word) or (False if option.startswith(("is_", "enable_")) else "")
        for option, word in _DESCRIBED.items()
    }


def plan_trail(wish: TrailWish, state: TrailState) -> Plan[TrailState]:
    """The plan from this state to the wish."""
    if not state.exists:
        return _plan_without_trail(wish, state)
    if state.home_region != wish.region:
        raise MlflowError(
            f"region: the home Region of the {wish.title} is {state.home_region}, and CloudTrail lets it be changed only there. "
            f"Set region: {state.home_region}."
        )
    if not wish.present and wish.delete_trail:
        return _plan_deletion(wish, state)
    after = _future(wish, state)
    return _plan(wish, state, after, tuple(_changes(wish, state, after)))


def _plan(wish: TrailWish, before: TrailState, after: TrailState, changes: tuple[Change, ...]) -> Plan[TrailState]:
    with_tags = wish.tags is not None
    return Plan(changes, before.shown(with_tags), after.shown(with_tags), predicted=after)


def _plan_without_trail(wish: TrailWish, state: TrailState) -> Plan[TrailState]:
    if not wish.present:
        return _plan(wish, state, state, ())
    if wish.settings is None:
        raise MlflowError(
            f"name: there is no {wish.title} in {wish.region}. List the trails (aws cloudtrail describe-trails), or have one "
            "made: create: true with s3_bucket_name."
        )
    empty = replace(
        state, exists=True, basic=(), settings=dict.fromkeys(SETTINGS, ""), tags=None if wish.tags is None else {}
    )
    start = [selectors.management_selector()] if wish.management_events else []
    after = _future(wish, replace(empty, advanced=tuple(start)))
    parameters = {word: wish.settings[option] for option, word in SETTINGS.items() if wish.settings[option] != ""}
    if wish.tags:
        parameters["TagsList"] = tags.to_aws(wish.tags)
    shown = {**wish.settings, **({} if wish.tags is None else {"tags": dict(wish.tags)})}
    create = Change("trail", None, shown, Call("cloudtrail", "create_trail", {"Name": wish.name, **parameters}))
    made = replace(after, advanced=(), is_logging=False)
    return _plan(wish, state, after, (create, *_changes(wish, made, after)))


def _plan_deletion(wish: TrailWish, state: TrailState) -> Plan[TrailState]:
    """Only a trail that records nothing for anybody else goes."""
    foreign = [s.get("Name") or "without a name" for s in state.advanced if not _is_ours(wish, s)]
    if state.basic and not selectors.is_default(state.basic):
        foreign.append("basic event selectors")
    if foreign:
        raise MlflowError(
            f"delete_trail: the {wish.title} has selectors of others ({', '.join(foreign)}) and was left alone. Leave "
            "delete_trail out to take ours away, or delete the trail yourself."
        )
    call = Call("cloudtrail", "delete_trail", {"Name": state.arn})
    gone = TrailState(exists=False)
    return _plan(wish, state, gone, (Change("trail", state.shown(with_tags=False), None, call),))


def _is_ours(wish: TrailWish, selector: Mapping[str, t.Any]) -> bool:
    return selectors.is_of(selector, wish.owner) or selectors.normal(selector) == selectors.normal(
        selectors.management_selector()
    )


def _future(wish: TrailWish, state: TrailState) -> TrailState:
    advanced = _future_selectors(wish, state)
    after = replace(state, advanced=tuple(advanced), basic=() if advanced else state.basic)
    if wish.present and wish.settings is not None:
        after = replace(after, settings={**state.settings, **wish.settings}, is_logging=True)
    if wish.present and wish.tags is not None:
        after = replace(after, tags=tags.resulting(state.tags or {}, wish.tags, wish.purge_tags))
    return after


def _future_selectors(wish: TrailWish, state: TrailState) -> list[Selector]:
    present = list(state.advanced)
    wished = list(wish.selectors)
    if not wished and not any(selectors.is_of(selector, wish.owner) for selector in present):
        return present
    if state.basic and wished:
        present = _converted(wish, state)
    result = selectors.merged(present, wish.owner, wished)
    if not result:
        raise MlflowError(
            f"state: the {wish.title} records nothing else, and a trail without selectors does not exist. Set delete_trail: true."
        )
    selectors.require_limit(result, wish.title)
    return result


def _converted(wish: TrailWish, state: TrailState) -> list[Selector]:
    """A trail has basic or advanced selectors, never both."""
    if not wish.convert_basic_selectors and not selectors.is_default(state.basic):
        raise MlflowError(
            f"convert_basic_selectors: the {wish.title} has basic event selectors, which cannot be beside the advanced ones that "
            "data events of MLflow need. Set it to true to have them replaced by advanced ones that record the same "
            "(whoever keeps the basic ones by another tool must change that too), or use another trail."
        )
    return selectors.as_advanced(state.basic)


def _changes(wish: TrailWish, before: TrailState, after: TrailState) -> Iterator[Change]:
    name = before.arn or wish.name
    different = {option: value for option, value in after.settings.items() if before.settings.get(option) != value}
    if different:
        parameters = {SETTINGS[option]: value for option, value in different.items()}
        shown = {option: before.settings.get(option) for option in different}
        yield Change("settings", shown, different, Call("cloudtrail", "update_trail", {"Name": name, **parameters}))
    old, new = _normal(before), _normal(after)
    if old != new:
        parameters = {"TrailName": name, "AdvancedEventSelectors": [dict(selector) for selector in after.advanced]}
        yield Change("event_selectors", old, new, Call("cloudtrail", "put_event_selectors", parameters))
    if after.is_logging and not before.is_logging:
        yield Change("is_logging", False, True, Call("cloudtrail", "start_logging", {"Name": name}))
    yield from _tag_changes(before, after)


def _normal(state: TrailState) -> list[dict[str, t.Any]]:
    return [dict(selector) for selector in state.basic] or [selectors.normal(selector) for selector in state.advanced]


def _tag_changes(before: TrailState, after: TrailState) -> Iterator[Change]:
    present, wished = before.tags, after.tags
    if present is None or wished is None:
        return
    added, removed = tags.to_set(present, wished), tags.to_remove(present, wished)
    kept = {**present, **added}
    if added:
        call = Call("cloudtrail", "add_tags", {"ResourceId": before.arn, "TagsList": tags.to_aws(added)})
        yield Change("tags", dict(present), dict(sorted(kept.items())), call)
    if removed:
        listed = tags.to_aws({key: present[key] for key in removed})
        call = Call("cloudtrail", "remove_tags", {"ResourceId": before.arn, "TagsList": listed})
        yield Change("removed_tags", dict(sorted(kept.items())), dict(wished), call)
