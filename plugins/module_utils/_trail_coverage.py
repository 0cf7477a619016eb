# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Which data events the selectors of a trail record. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policy_document import as_list

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Selector = Mapping[str, t.Any]

OBJECTS = "AWS::S3::Object"
READS, WRITES = "read", "write"
_KNOWN_FIELDS = {"eventCategory", "resources.type", "resources.ARN", "readOnly"}


def records(basic: Sequence[Selector], advanced: Sequence[Selector], resource_type: str, arn: str, access: str) -> bool:
    """Whether every such event on what begins with the ARN is recorded.

    :param access: C(read) or C(write).
    """
    return any(_advanced_records(selector, resource_type, arn, access) for selector in advanced) or any(
        _basic_records(selector, resource_type, arn, access) for selector in basic
    )


def records_management(basic: Sequence[Selector], advanced: Sequence[Selector]) -> bool:
    """Whether read and write events of the control planes are recorded."""
    whole = [
        selector for selector in advanced if set(_fields(selector)) == {"eventCategory"} and _is_management(selector)
    ]
    if advanced:
        return bool(whole)
    return not basic or any(
        selector.get("IncludeManagementEvents", True) and selector.get("ReadWriteType", "All") == "All"
        for selector in basic
    )


def _is_management(selector: Selector) -> bool:
    return "Management" in as_list(_fields(selector)["eventCategory"].get("Equals"))


def _fields(selector: Selector) -> dict[str, Mapping[str, t.Any]]:
    return {field["Field"]: field for field in selector.get("FieldSelectors", ())}


def _advanced_records(selector: Selector, resource_type: str, arn: str, access: str) -> bool:
    fields = _fields(selector)
    if set(fields) - _KNOWN_FIELDS:
        return False  # it is narrowed by something else, such as the name of the event
    if "Data" not in as_list(fields.get("eventCategory", {}).get("Equals")):
        return False
    if resource_type not in as_list(fields.get("resources.type", {}).get("Equals")):
        return False
    only = as_list(fields.get("readOnly", {}).get("Equals"))
    if only and str(access == READS).lower() not in [str(value).lower() for value in only]:
        return False
    return "resources.ARN" not in fields or _takes(fields["resources.ARN"], arn)


def _takes(field: Mapping[str, t.Any], arn: str) -> bool:
    """Whether everything that begins with the ARN passes. Other operators leave something out."""
    if set(field) - {"Field", "Equals", "StartsWith"}:
        return False
    starts = [str(start) for start in as_list(field.get("StartsWith"))]
    return any(arn.startswith(start) for start in starts) or arn in as_list(field.get("Equals"))


def _basic_records(selector: Selector, resource_type: str, arn: str, access: str) -> bool:
    if selector.get("ReadWriteType", "All") not in ("All", "ReadOnly" if access == READS else "WriteOnly"):
        return False
    return any(
        arn.startswith(str(value))
        for resource in selector.get("DataResources", ())
        if resource["Type"] == resource_type
        for value in resource.get("Values", ())
    )
