# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The advanced event selectors of a trail: ours, those of others, and what basic ones mean. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import as_list
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._trail_coverage import OBJECTS

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Selector = dict[str, t.Any]
    Basic = Mapping[str, t.Any]

LIMIT = 500
"""How many values the selectors of a trail may have together."""
API, ARTIFACTS = "API", "artifacts"
MANAGEMENT = "Management events"
ACCESSES = ("all", "read", "write", "none")
_OPERATORS = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
_ALL_OF_A_TYPE = 4
"""A basic selector names everything of a type by an ARN with so few parts: C(arn:aws:lambda), C(arn:aws:s3:::)."""


def api_selector(owner: str, event_type: str, arn: str | None, access: str) -> Selector:
    """Calls of the API of one MLflow, or of all of its kind."""
    fields = [_equals("eventCategory", "Data"), _equals("resources.type", event_type)]
    if arn is not None:
        fields.append(_equals("resources.ARN", arn))
    return {"Name": name(owner, API), "FieldSelectors": [*fields, *_read_only(access)]}


def artifacts_selector(owner: str, artifacts_arn: str, access: str) -> Selector:
    """Reads and writes of the objects whose ARN begins so."""
    fields = [
        _equals("eventCategory", "Data"),
        _equals("resources.type", OBJECTS),
        {"Field": "resources.ARN", "StartsWith": [artifacts_arn]},
    ]
    return {"Name": name(owner, ARTIFACTS), "FieldSelectors": [*fields, *_read_only(access)]}


def management_selector() -> Selector:
    """What a trail without selectors of its own records."""
    return {"Name": MANAGEMENT, "FieldSelectors": [_equals("eventCategory", "Management")]}


def name(owner: str, what: str) -> str:
    """The name by which a selector of ours is found again.

    :param owner: Region and resource of the MLflow, as in C(us-east-1 mlflow-tracking-server/staging).
    """
    return f"{owner}: {what}"


def owner_of(arn: str) -> str:
    """Whose selectors they are."""
    _arn, _partition, _service, region, _account, resource = arn.split(":", 5)
    return f"{region} {resource}"


def is_of(selector: Mapping[str, t.Any], owner: str) -> bool:
    """Whether a selector is one of this owner's."""
    return selector.get("Name") in (name(owner, API), name(owner, ARTIFACTS))


def merged(present: Sequence[Selector], owner: str, wished: Sequence[Selector]) -> list[Selector]:
    """The present ones with ours as wished. Those of others stay as they are written and in their place."""
    waiting = {selector["Name"]: selector for selector in wished}
    result: list[Selector] = []
    for selector in present:
        if not is_of(selector, owner):
            result.append(selector)
        elif selector["Name"] in waiting:
            successor = waiting.pop(selector["Name"])
            result.append(selector if normal(selector) == normal(successor) else successor)
    return [*result, *waiting.values()]


def normal(selector: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """One form for all spellings of a selector: neither the order of fields nor that of values means anything."""
    return {
        "name": selector.get("Name", ""),
        "fields": {
            field["Field"]: {operator: sorted(field[operator]) for operator in _OPERATORS if field.get(operator)}
            for field in sorted(selector.get("FieldSelectors", ()), key=lambda field: str(field["Field"]))
        },
    }


def is_default(basic: Sequence[Basic]) -> bool:
    """Whether these are what every trail has that nobody gave selectors: all management events, no data events."""
    return len(basic) == 1 and as_advanced(basic) == [management_selector()]


def as_advanced(basic: Iterable[Basic]) -> list[Selector]:
    """Advanced selectors that record the same as basic ones."""
    result: list[Selector] = []
    for number, selector in enumerate(basic, start=1):
        access = {"ReadOnly": "read", "WriteOnly": "write"}.get(selector.get("ReadWriteType", "All"), "all")
        if selector.get("IncludeManagementEvents", True):
            fields = [_equals("eventCategory", "Management"), *_read_only(access)]
            excluded = list(selector.get("ExcludeManagementEventSources") or [])
            if excluded:
                fields.append({"Field": "eventSource", "NotEquals": excluded})
            result.append({"Name": MANAGEMENT if number == 1 else f"{MANAGEMENT} {number}", "FieldSelectors": fields})
        result += [_data(resource, access, number) for resource in selector.get("DataResources") or []]
    return result


def require_limit(selectors: Sequence[Selector], title: str) -> None:
    """CloudTrail counts the values of all selectors of a trail together."""
    values = sum(
        len(as_list(field.get(operator)))
        for selector in selectors
        for field in selector["FieldSelectors"]
        for operator in _OPERATORS
    )
    if values > LIMIT:
        raise MlflowError(
            f"name: the selectors of the {title} would have {values} values, CloudTrail allows {LIMIT}. Use another trail, or "
            "record all of the kind with one selector (whole_kind: true)."
        )


def _data(resource: Mapping[str, t.Any], access: str, number: int) -> Selector:
    kind, values = resource["Type"], [str(value) for value in resource.get("Values") or []]
    fields = [_equals("eventCategory", "Data"), _equals("resources.type", kind)]
    named = [value for value in values if len([part for part in value.split(":") if part]) >= _ALL_OF_A_TYPE]
    if len(named) == len(values) and values:
        fields.append({"Field": "resources.ARN", "StartsWith": values})
    return {"Name": f"Data events {number} of {kind}", "FieldSelectors": [*fields, *_read_only(access)]}


def _equals(field: str, value: str) -> dict[str, t.Any]:
    return {"Field": field, "Equals": [value]}


def _read_only(access: str) -> list[dict[str, t.Any]]:
    return [] if access == "all" else [_equals("readOnly", str(access == "read").lower())]
