# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Bucket and prefix of an artifact store, safe to be written into a policy: in there a prefix is a pattern. Makes no call."""

from __future__ import annotations

import re

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

LONGEST_URI = 1024
_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/(?P<prefix>.*))?", re.DOTALL)
_WILDCARDS = "*?$"
_AVOIDED = '\\{}^%`"<>[]~#|'
"""Characters that AWS says to avoid in the keys of objects."""


def artifact_place(option: str, uri: str | None) -> tuple[str, str]:
    """The bucket, and the prefix without slashes at its ends. Raises MlflowError for what a policy could not name exactly."""
    found = _URI.fullmatch(uri or "")
    if not found:
        raise MlflowError(
            f"{option}: '{_short(uri)}' is no place in S3. Give s3://<bucket> or s3://<bucket>/<prefix>; the bucket's name is in "
            "lower case."
        )
    if len(found[0]) > LONGEST_URI:
        raise MlflowError(f"{option}: '{_short(uri)}' has {len(found[0])} characters; AWS allows {LONGEST_URI}.")
    prefix = (found["prefix"] or "").strip("/")
    _check(option, uri, prefix)
    return found["bucket"], prefix


def _check(option: str, uri: str | None, prefix: str) -> None:
    if any(character in _WILDCARDS for character in prefix):
        raise MlflowError(
            f"{option}: '{_short(uri)}' is no place in S3: the prefix has none of * ? $ (they are wildcards in a policy, and would open "
            "more than this prefix)."
        )
    wrong = next((character for character in prefix if character in _AVOIDED or not " " <= character <= "~"), None)
    if wrong is not None:
        raise MlflowError(
            f"{option}: '{_short(uri)}' has the character {wrong!r}, which AWS says to avoid in S3. Use letters, digits and "
            "!_.-'()/=+@:,;& in the prefix."
        )
    if any(folder in (".", "..") for folder in prefix.split("/")):
        raise MlflowError(
            f"{option}: '{_short(uri)}' has a folder . or .. in its prefix. S3 has no folders to go up from; write the prefix itself."
        )


def _short(uri: str | None) -> str:
    text = uri or ""
    return text if len(text) <= 100 else f"{text[:100]}..."
