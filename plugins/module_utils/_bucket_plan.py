# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What a wish makes of a bucket: every decision, no call."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_state import LISTED_AT_ONCE, BucketState
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call, Change, Plan

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_settings import Setting
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_state import Contents, Place
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._bucket_wish import BucketWish

BUCKET = "bucket"
OBJECTS = "objects"
FIRST_REGION = "us-east-1"
"""The one region that CreateBucket takes no LocationConstraint for."""


def plan_bucket(wish: BucketWish, state: BucketState) -> Plan[BucketState]:
    """The difference between the wish and the state."""
    if not wish.present:
        return _plan_absent(wish, state)
    return _plan_update(wish, state) if state.exists else _plan_creation(wish, state)


def _plan_update(wish: BucketWish, state: BucketState) -> Plan[BucketState]:
    place = state.place
    changes: list[Change] = []
    after = dict(state.values)
    for setting in wish.settings:
        name, present = setting.name, state.values[setting.name]
        after[name] = setting.after(present, place)
        if after[name] != present:
            call = _setting_call(setting, place, state.answers.get(name, {}), after[name])
            changes.append(Change(name, _before(setting, present), _after(setting, after[name]), call))
    return Plan(
        tuple(changes),
        _shown(wish, place, state.values),
        _shown(wish, place, after),
        replace(state, values=after),
    )


def _plan_creation(wish: BucketWish, state: BucketState) -> Plan[BucketState]:
    """Every setting that was asked about is written, also where AWS makes buckets that way today: so the plan can be
    made before the bucket is there.
    """
    place = state.place
    creation: dict[str, t.Any] = {"Bucket": place.bucket}
    created: dict[str, t.Any] = {"name": place.bucket, "region": place.region}
    configuration: dict[str, t.Any] = {} if place.region == FIRST_REGION else {"LocationConstraint": place.region}
    changes: list[Change] = []
    after: dict[str, t.Any] = {}
    for setting in wish.settings:
        value = after[setting.name] = setting.after(setting.normal({}, place), place)
        carried = setting.at_creation(value)
        if carried is not None:
            created[setting.name] = value
            configuration.update(carried.get("CreateBucketConfiguration", {}))
            creation.update({key: item for key, item in carried.items() if key != "CreateBucketConfiguration"})
        elif value not in ({}, []):
            call = _setting_call(setting, place, {}, value)
            changes.append(Change(setting.name, None, setting.shown(value), call))
    if configuration:
        creation["CreateBucketConfiguration"] = configuration
    create = Change(BUCKET, None, created, Call("s3", "create_bucket", creation))
    predicted = BucketState(place, exists=True, values=after)
    return Plan((create, *changes), None, _shown(wish, place, after), predicted)


def _plan_absent(wish: BucketWish, state: BucketState) -> Plan[BucketState]:
    place, contents = state.place, state.contents
    gone = BucketState(place, exists=False)
    if not state.exists:
        return Plan((), None, None, gone)
    owned = {"Bucket": place.bucket, "ExpectedBucketOwner": place.account_id}
    shown: dict[str, t.Any] = {"name": place.bucket, "region": place.region}
    changes = [Change(BUCKET, dict(shown), None, Call("s3", "delete_bucket", owned))]
    if contents is not None and contents.total:
        if not wish.force_delete_objects:
            raise MlflowError(_refusal(place, contents))
        shown["objects"] = contents.report()
        changes.insert(0, Change(OBJECTS, contents.report(), None, Call("s3", "delete_objects", owned)))
        gone = replace(gone, deleted_objects=None if contents.more else contents.total)
    return Plan(tuple(changes), shown, None, gone)


def _refusal(place: Place, contents: Contents) -> str:
    least = "at least " if contents.more else ""
    return (
        f"The bucket '{place.bucket}' is not empty: it holds {least}{contents.object_versions} object versions, "
        f"{contents.delete_markers} delete markers and {contents.multipart_uploads} incomplete uploads"
        f"{f' (counted up to {LISTED_AT_ONCE} of a kind)' if contents.more else ''}. Nothing was deleted. Copy what you "
        "want to keep (aws s3 sync), then set force_delete_objects to true to delete all of it for good, or empty the "
        "bucket yourself."
    )


def _setting_call(setting: Setting, place: Place, answer: Mapping[str, t.Any], after: t.Any) -> Call:
    operation, parameters = setting.request(answer, after)
    return Call("s3", operation, {"Bucket": place.bucket, "ExpectedBucketOwner": place.account_id, **parameters})


def _before(setting: Setting, value: t.Any) -> t.Any:
    """None where nothing of the kind was set, so that the change reads as a creation."""
    return None if value in ({}, []) else setting.shown(value)


def _after(setting: Setting, value: t.Any) -> t.Any:
    """None where nothing of the kind will be set, so that the change reads as a deletion."""
    return None if value in ({}, []) else setting.shown(value)


def _shown(wish: BucketWish, place: Place, values: Mapping[str, t.Any]) -> dict[str, t.Any]:
    settings = {setting.name: setting.shown(values[setting.name]) for setting in wish.settings}
    return {"name": place.bucket, "region": place.region, **settings}
