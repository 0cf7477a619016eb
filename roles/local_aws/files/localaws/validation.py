# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates input against botocore's model, in the words that AWS's services use.

moto accepts nearly everything and boto3 checks types and lengths only, so without this a playbook that
passes here would fail on AWS.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from localaws.protocol_errors import ServiceError, service_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from moto.core.model import Shape

    from localaws.identify import Call

Violation = tuple[str, str, str]  # value, path, constraint

_BUCKET_NAME = re.compile(
    r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3)$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
)
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
# EC2's model holds no constraint it keeps to, and a data plane's paths are not worth judging.
_NOT_VALIDATED = frozenset({"ec2"})


def check(call: Call) -> None:
    """Raise what AWS would answer to input that breaks the model."""
    if call.unreadable is not None:
        raise service_error("unreadable_input", call.dialect, call.unreadable)
    if call.model is None or call.service in _NOT_VALIDATED:
        return
    if call.service == "s3":
        _check_s3(call)
    elif call.model.input_shape is not None:
        found = violations(call.model.input_shape, call.parameters)
        if found:
            raise service_error("invalid_input", call.dialect, message(found))


def message(found: list[Violation]) -> str:
    """All violations in one sentence, as AWS's frameworks word it."""
    errors = "; ".join(
        f"Value {value} at '{path}' failed to satisfy constraint: {constraint}" for value, path, constraint in found
    )
    return f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: {errors}"


def violations(shape: Shape, value: Any, path: str = "") -> list[Violation]:
    """Everything about a value that its shape forbids. Also used to check answers against the model."""
    return list(_walk(shape, value, path))


def _walk(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    yield from _BY_TYPE.get(shape.type_name, _nothing)(shape, value, path)


def _nothing(_shape: Shape, _value: Any, _path: str) -> Iterator[Violation]:
    return iter(())


def _structure(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield _shown(value), path, "Member must be a structure"
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield "null", _joined(path, name), "Member must not be null"
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _walk(member, value[name], _joined(path, name))


def _list(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    yield from _measured(shape, value, path, len(value), "length")
    for index, each in enumerate(value, 1):
        yield from _walk(shape.member, each, f"{path}.{index}.member")


def _map(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    yield from _measured(shape, value, path, len(value), "length")
    for name, each in value.items():
        broken = [constraint for _unused, _unused, constraint in _walk(shape.key, name, "")]
        if broken:
            yield _shown(value), path, f"Map keys must satisfy constraint: [{', '.join(broken)}]"
        yield from _walk(shape.value, each, f"{path}.{name}.member")


def _string(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    text = str(value)
    if shape.enum and text not in shape.enum:
        yield _shown(text), path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    yield from _measured(shape, text, path, len(text), "length")
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, text):
        yield _shown(text), path, f"Member must satisfy regular expression pattern: {pattern}"


def _number(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        yield _shown(value), path, "Member must be a number"
        return
    yield from _measured(shape, value, path, value, "value")


def _blob(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    if isinstance(value, (bytes, str)):
        yield from _measured(shape, "java.nio.HeapByteBuffer", path, len(value), "length")


def _timestamp(_shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    if not isinstance(value, (datetime, int, float, str)):
        yield _shown(value), path, "Member must be a timestamp"


def _measured(shape: Shape, value: Any, path: str, size: float, what: str) -> Iterator[Violation]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield _shown(value), path, f"Member must have {what} greater than or equal to {least}"
    if most is not None and size > most:
        yield _shown(value), path, f"Member must have {what} less than or equal to {most}"


_BY_TYPE: dict[str, Callable[[Any, Any, str], Iterator[Violation]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _number,
    "long": _number,
    "float": _number,
    "double": _number,
    "blob": _blob,
    "timestamp": _timestamp,
}


@lru_cache(maxsize=2048)
def _compiled(pattern: str) -> Callable[[str], object] | None:
    """The models' patterns are Java's. ``re`` reads most; the rest needs ``regex``; what neither reads is not judged."""
    try:
        return re.compile(pattern).fullmatch
    except re.error:
        import regex  # type: ignore[import-untyped]  # it has no type information

        try:
            found: Callable[[str], object] = regex.compile(pattern).fullmatch
        except regex.error:
            return None
        return found


def _matches(pattern: str, text: str) -> bool:
    fullmatch = _compiled(pattern)
    return fullmatch is None or fullmatch(text) is not None


def _joined(path: str, name: str) -> str:
    """Paths are in the spelling of the service's own Java members: the first letter is small."""
    own = name[:1].lower() + name[1:]
    return f"{path}.{own}" if path else own


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"'[{', '.join(str(each) for each in value)}]'"
    if isinstance(value, dict):
        return "'{" + ", ".join(f"{name}={each}" for name, each in value.items()) + "}'"
    return f"'{value}'"


def _check_s3(call: Call) -> None:
    """S3 words its refusals by itself: a bad name, or XML that is not in its schema."""
    bucket = call.parameters.get("Bucket")
    if call.operation == "CreateBucket" and not is_bucket_name(str(bucket)):
        raise service_error_for_bucket(str(bucket))
    for name, value in _s3_documents(call):
        member = call.model.input_shape.members[name] if call.model else None
        if member is not None and violations(member, value):
            raise service_error("unreadable_input", call.dialect)


def _s3_documents(call: Call) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The parameters that came as an XML body."""
    if call.model is None or call.model.input_shape is None:
        return
    payload = call.model.input_shape.serialization.get("payload")
    value = call.parameters.get(payload) if payload else None
    if payload and isinstance(value, dict):
        yield payload, value


def is_bucket_name(name: str) -> bool:
    """The rules of general purpose buckets ("Bucket naming rules" in the S3 user guide)."""
    return bool(_BUCKET_NAME.fullmatch(name)) and ".." not in name and not _ADDRESS.fullmatch(name)


def service_error_for_bucket(name: str) -> ServiceError:
    """S3's answer to a name it does not take."""
    return ServiceError("InvalidBucketName", "The specified bucket is not valid.", 400, {"BucketName": name})
