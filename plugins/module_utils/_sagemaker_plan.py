# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What the plans of tracking servers and Apps have in common. Makes no call."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def differing(
    wished: Mapping[str, t.Any], present: Mapping[str, t.Any], normal: Callable[[str, t.Any], t.Any]
) -> dict[str, t.Any]:
    """The wished settings that are otherwise.

    :param normal: one value for every spelling of the same thing.
    """
    return {
        option: value
        for option, value in wished.items()
        if normal(option, value) != normal(option, present.get(option))
    }


def before_and_after(
    different: Mapping[str, t.Any], present: Mapping[str, t.Any], normal: Callable[[str, t.Any], t.Any]
) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """What a change of these settings shows."""
    before = {option: normal(option, present.get(option)) for option in different}
    return before, {option: normal(option, value) for option, value in different.items()}


def require_for_creation(title: str, region: str, **needed: t.Any) -> None:
    """Refuse to create without these options."""
    missing = [option for option, value in needed.items() if not value]
    if missing:
        raise MlflowError(f"The {title} does not exist in {region}, and creating it needs {' and '.join(missing)}.")
