# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""From the name of a tracking server or App to its tracking URI."""

from __future__ import annotations

import difflib
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _discovery as discovery
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS, caller_identity
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_info import MLFLOW_APPS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_info import TRACKING_SERVERS

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients

KINDS: dict[str, tuple[discovery.Kind, ...]] = {
    "any": (TRACKING_SERVERS, MLFLOW_APPS),
    TRACKING_SERVERS.name: (TRACKING_SERVERS,),
    MLFLOW_APPS.name: (MLFLOW_APPS,),
}
UNUSABLE = ("CreateFailed", "Deleting", discovery.DELETED)
"""What never was, or is gone: nobody can log there. A new one may have the same name already."""
SHOWN = 5
"""How many other names a message tells."""


@dataclass(frozen=True)
class Named:
    """One that is there, or was."""

    kind: discovery.Kind
    name: str
    arn: str
    status: str


def tracking_uris(clients: Clients, names: Sequence[str], kind: str, region: str) -> list[str]:
    """The tracking URI for each name: one List for each kind, whatever the number of names."""
    for name in names:
        sagemaker.checked_name("name", name)
    if not names:
        return []
    kinds = KINDS[kind]
    questions = [discovery.Question(each, include_deleted=True) for each in kinds]
    there = [
        Named(each, summary[each.name_field], summary[each.arn_field], summary[each.status_field])
        for each, listed in zip(kinds, discovery.list_all(clients, *questions), strict=True)
        for summary in listed
    ]
    try:
        return [tracking_uri(name, there, kinds) for name in names]
    except MlflowError as error:
        raise MlflowError(f"{error.message} Looked in {_place(clients, region)}.") from error


def tracking_uri(name: str, there: Iterable[Named], kinds: Sequence[discovery.Kind]) -> str:
    """The ARN of the only usable one with this name. Raises MlflowError when there is none, or more than one."""
    namesakes = [each for each in there if each.name == name]
    usable = [each for each in namesakes if each.status not in UNUSABLE]
    if len(usable) == 1:
        return usable[0].arn
    if usable:
        raise MlflowError(_ambiguous(name, usable))
    nouns = " and no ".join(kind.noun for kind in kinds)
    found = "".join(f" The {each.kind.noun} {each.arn} has the status {each.status}." for each in namesakes)
    others = {each.name for each in there if each.status not in UNUSABLE}
    raise MlflowError(f"There is no {nouns} with the name '{name}'.{found} {_near(name, sorted(others))}")


def _ambiguous(name: str, usable: Sequence[Named]) -> str:
    found = ", ".join(f"{each.kind.noun} {each.arn}" for each in usable)
    names = [each.kind.name for each in usable]
    singular = sorted({kind for kind in names if names.count(kind) == 1})
    advice = (
        f"Say which, with kind={' or kind='.join(singular)}."
        if singular
        else "Rename or delete one, or write the ARN in place of this lookup."
    )
    return f"The name '{name}' is that of more than one: {found}. {advice}"


def _near(name: str, others: Sequence[str]) -> str:
    if not others:
        return "There are none with another name either."
    close = difflib.get_close_matches(name, others, n=SHOWN)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
    return f"What there is: {', '.join(others[:SHOWN])}{more}."


def _place(clients: Clients, region: str) -> str:
    """Where was looked: most often the name is right, and the account or the region is not."""
    try:
        return f"the account {caller_identity(clients).account_id} in {region}"
    except AWS_ERRORS:
        return region
