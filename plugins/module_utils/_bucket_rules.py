# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The lifecycle rules that the module's options ask for, checked by S3's rules."""

from __future__ import annotations

import datetime
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _bucket_lifecycle as lifecycle
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_OWN_IDS = {
    lifecycle.ABORT_UPLOADS_ID: "abort_incomplete_multipart_upload_days",
    lifecycle.EXPIRE_NONCURRENT_ID: "noncurrent_version_expiration_days",
}
MOST = 2**31 - 1
"""S3 keeps numbers of days in 32 bits."""
_ACTIONS = (
    "expiration",
    "transitions",
    "noncurrent_version_expiration",
    "noncurrent_version_transitions",
    "abort_incomplete_multipart_upload",
)
# The least value of each number that a rule can hold.
_LEAST = {
    "noncurrent_version_expiration": {"noncurrent_days": 1, "newer_noncurrent_versions": 1},
    "noncurrent_version_transitions": {"noncurrent_days": 0, "newer_noncurrent_versions": 1},
    "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
    "expiration": {"days": 1},
    "transitions": {"days": 0},
}


@dataclass(frozen=True)
class LifecycleWish:
    """Rules that must be there, and ids of rules that must not."""

    rules: tuple[lifecycle.Rule, ...]
    unwished: tuple[str, ...]


def lifecycle_wish(
    abort_days: int | None, noncurrent_days: int | None, rules: Sequence[Mapping[str, t.Any]] | None
) -> LifecycleWish | None:
    """What the three options ask for; None when none of them was given. 0 days takes our rule away."""
    if abort_days is None and noncurrent_days is None and rules is None:
        return None
    wished = [_user_rule(rule, number) for number, rule in enumerate(rules or (), start=1)]
    ids = [rule["id"] for rule in wished]
    for rule_id in ids:
        if ids.count(rule_id) > 1:
            raise MlflowError(f"lifecycle_rules: the id '{rule_id}' is given more than once.")
    unwished = []
    own = (
        (lifecycle.ABORT_UPLOADS_ID, abort_days, lifecycle.abort_uploads_rule),
        (lifecycle.EXPIRE_NONCURRENT_ID, noncurrent_days, lifecycle.expire_noncurrent_rule),
    )
    for rule_id, days, make in own:
        if days is not None and days < 0:
            raise MlflowError(f"{_OWN_IDS[rule_id]}: {days} is less than 0. Give a number of days, or 0 for no rule.")
        if days is not None and days > MOST:
            raise MlflowError(f"{_OWN_IDS[rule_id]}: {days} is too many days, the most is {MOST}.")
        if days:
            wished.append(make(days))
        elif days == 0:
            unwished.append(rule_id)
    return LifecycleWish(tuple(wished), tuple(unwished))


def _user_rule(rule: Mapping[str, t.Any], number: int) -> lifecycle.Rule:
    rule_id = rule["id"]
    where = f"lifecycle_rules, rule {number} ('{rule_id}')"
    if not 1 <= len(rule_id) <= lifecycle.ID_LIMIT:
        raise MlflowError(f"{where}: an id has 1 to {lifecycle.ID_LIMIT} characters.")
    if rule_id in _OWN_IDS:
        raise MlflowError(
            f"{where}: this id belongs to the option {_OWN_IDS[rule_id]}. Use that, or choose another id."
        )
    result = lifecycle.normal_rule(_with_dates(rule, where))
    if not any(action in result for action in _ACTIONS):
        raise MlflowError(f"{where}: the rule does nothing. Give at least one of {', '.join(_ACTIONS)}.")
    _check_numbers(result, where)
    _check_expiration(result.get("expiration", {}), where)
    for transition in result.get("transitions", ()):
        _check_one_of(transition, ("days", "date"), f"{where}, transitions")
    _check_scope(result, where)
    return result


def _with_dates(rule: Mapping[str, t.Any], where: str) -> dict[str, t.Any]:
    result = dict(rule)
    if rule.get("expiration"):
        result["expiration"] = _with_date(rule["expiration"], f"{where}, expiration")
    if rule.get("transitions"):
        result["transitions"] = [_with_date(item, f"{where}, transitions") for item in rule["transitions"]]
    return result


def _with_date(action: Mapping[str, t.Any], where: str) -> dict[str, t.Any]:
    date = action.get("date")
    if date is None:
        return dict(action)
    try:
        return {**action, "date": datetime.date.fromisoformat(str(date)[:10]).isoformat()}
    except ValueError as error:
        raise MlflowError(f"{where}: the date '{date}' is not of the form YYYY-MM-DD.") from error


def _check_numbers(rule: Mapping[str, t.Any], where: str) -> None:
    for action, limits in _LEAST.items():
        value = rule.get(action, [])
        for item in value if isinstance(value, list) else [value]:
            _check_least(item, limits, f"{where}, {action}")


def _check_least(item: Mapping[str, t.Any], limits: Mapping[str, int], where: str) -> None:
    for field, least in limits.items():
        if item.get(field, least) < least:
            raise MlflowError(f"{where}: {field} is {item[field]}, the least is {least}.")
        if item.get(field, least) > MOST:
            raise MlflowError(f"{where}: {field} is {item[field]}, the most is {MOST}.")


def _check_expiration(expiration: Mapping[str, t.Any], where: str) -> None:
    if expiration:
        _check_one_of(expiration, ("days", "date", "expired_object_delete_marker"), f"{where}, expiration")


def _check_one_of(action: Mapping[str, t.Any], fields: Iterable[str], where: str) -> None:
    given = [field for field in fields if field in action]
    if len(given) != 1:
        raise MlflowError(
            f"{where}: give exactly one of {', '.join(fields)}, not {', '.join(given) or 'none of them'}."
        )


def _check_scope(rule: Mapping[str, t.Any], where: str) -> None:
    """S3 does not know tags or sizes of uploads that are not complete, nor tags of delete markers."""
    scope = rule["filter"]
    least, most = scope.get("object_size_greater_than", 0), scope.get("object_size_less_than")
    if least < 0 or (most is not None and most <= least):
        raise MlflowError(f"{where}: no object has more than {least} and less than {most} bytes.")
    if "abort_incomplete_multipart_upload" in rule and set(scope) - {"prefix"}:
        raise MlflowError(f"{where}: a rule with abort_incomplete_multipart_upload can be filtered by prefix only.")
    if "expired_object_delete_marker" in rule.get("expiration", {}) and "tags" in scope:
        raise MlflowError(f"{where}: a rule with expired_object_delete_marker cannot be filtered by tags.")
