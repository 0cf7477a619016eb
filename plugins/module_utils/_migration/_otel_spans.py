# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Spans in the two forms that MLflow has: OpenTelemetry's over REST, its own in the file C(traces.json)."""

from __future__ import annotations

import json
import typing as t

Document = dict[str, t.Any]

REQUEST_ID = "mlflow.traceRequestId"
STATUS = {0: "STATUS_CODE_UNSET", 1: "STATUS_CODE_OK", 2: "STATUS_CODE_ERROR"}


def span_of_otel(span: Document, trace_id: str) -> Document:
    """The span as MLflow writes it into the file."""
    status = span.get("status", {})
    code = status.get("code", 0)
    attributes = _attributes(span.get("attributes"))
    attributes.setdefault(REQUEST_ID, json.dumps(trace_id))
    return {
        "trace_id": span["trace_id"],
        "span_id": span["span_id"],
        "parent_span_id": span.get("parent_span_id") or None,
        "name": span.get("name", ""),
        "start_time_unix_nano": int(span.get("start_time_unix_nano", 0)),
        "end_time_unix_nano": int(span["end_time_unix_nano"]) if span.get("end_time_unix_nano") else None,
        "events": [_event(event) for event in span.get("events", ())],
        "status": {"code": STATUS[code] if isinstance(code, int) else code, "message": status.get("message", "")},
        "attributes": attributes,
        "links": [_link(link) for link in span.get("links", ())],
    }


def _attributes(items: t.Iterable[Document] | None) -> dict[str, str]:
    """MLflow keeps each attribute as JSON in a string."""
    return {item["key"]: json.dumps(_value(item.get("value", {})), ensure_ascii=False) for item in items or ()}


def _event(event: Document) -> Document:
    return {
        "name": event.get("name", ""),
        "time_unix_nano": int(event.get("time_unix_nano", 0)),
        "attributes": {item["key"]: _value(item.get("value", {})) for item in event.get("attributes", ())},
    }


def _link(link: Document) -> Document:
    return {
        "trace_id": link["trace_id"],
        "span_id": link["span_id"],
        "attributes": {item["key"]: _value(item.get("value", {})) for item in link.get("attributes", ())},
    }


def _value(value: Document) -> t.Any:
    """What OpenTelemetry calls AnyValue."""
    if "int_value" in value:
        return int(value["int_value"])
    if "double_value" in value:
        return float(value["double_value"])
    if "array_value" in value:
        return [_value(each) for each in value["array_value"].get("values", ())]
    if "kvlist_value" in value:
        return {each["key"]: _value(each.get("value", {})) for each in value["kvlist_value"].get("values", ())}
    return value.get("string_value", value.get("bool_value", value.get("bytes_value")))
