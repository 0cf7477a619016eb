# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Tags: normal form, what a wish makes of them, and whose tags are never ours to remove."""

from __future__ import annotations

import typing as t
import unicodedata

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FOREIGN_PREFIXES = ("aws:", "sagemaker:", "AmazonDataZone")
"""Tags of AWS itself, of SageMaker Studio and of SageMaker Unified Studio: access control there hangs on them."""
MAXIMUM = 50
_SIGNS = "_.:/=+-@"


def is_foreign(key: str) -> bool:
    """Whether the tag belongs to AWS and stays, whatever is wished."""
    return key.startswith(FOREIGN_PREFIXES)


def from_aws(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """AWS's C([{Key, Value}]) as a plain dict, in stable order."""
    return {tag["Key"]: tag["Value"] for tag in sorted(tags, key=lambda tag: tag["Key"])}


def to_aws(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """A plain dict as AWS's C([{Key, Value}]), in stable order."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def wished(tags: Mapping[str, t.Any] | None) -> dict[str, str] | None:
    """The user's tags as AWS stores them (strings; C(true) and C(false) in lower case); None when not asked about."""
    if tags is None:
        return None
    normal = as_text(tags)
    for key, value in normal.items():
        _check(key, value)
    if len(normal) > MAXIMUM:
        raise MlflowError(f"tags: {len(normal)} tags are given, AWS allows {MAXIMUM} on one resource.")
    return normal


def as_text(tags: Mapping[str, t.Any]) -> dict[str, str]:
    """Keys and values as AWS stores them, in stable order."""
    return dict(sorted((str(key), _text(value)) for key, value in tags.items()))


def resulting(present: Mapping[str, str], wish: Mapping[str, str] | None, purge: bool) -> dict[str, str]:
    """The tags that the resource will carry: the wish over the present, others kept unless purged, foreign ones always."""
    if wish is None:
        return dict(present)
    kept = {key: value for key, value in present.items() if not purge or is_foreign(key)}
    return dict(sorted({**kept, **wish}.items()))


def to_set(present: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """The tags to add or change."""
    return {key: value for key, value in after.items() if present.get(key) != value}


def to_remove(present: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The keys to remove."""
    return sorted(set(present) - set(after))


def _text(value: t.Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _is_allowed(character: str) -> bool:
    return character in _SIGNS or unicodedata.category(character)[0] in "LZN"


def _check(key: str, value: str) -> None:
    if not 1 <= len(key) <= 128:
        raise MlflowError(f"tags: the key '{key[:40]}' has {len(key)} characters; AWS allows 1 to 128.")
    if len(value) > 256:
        raise MlflowError(f"tags: the value of '{key}' has {len(value)} characters; AWS allows 256 at the most.")
    for what, text in (("key", key), (f"value of '{key}'", value)):
        wrong = next((character for character in text if not _is_allowed(character)), None)
        if wrong is not None:
            raise MlflowError(
                f"tags: the {what} has the character {wrong!r}; AWS allows letters, digits, spaces and {_SIGNS} in tags."
            )
    if key.lower().startswith("aws:"):
        raise MlflowError(f"tags: the key '{key}' begins with 'aws:', which AWS keeps for itself.")
