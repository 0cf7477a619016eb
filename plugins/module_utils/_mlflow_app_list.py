# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Which App a name means: ListMlflowApps knows no filter on names, names repeat, and deleted Apps stay listed."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._discovery import Question, list_all
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_info import MLFLOW_APPS

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import Wish


@dataclass(frozen=True)
class Listed:
    """One App as ListMlflowApps shows it."""

    arn: str
    name: str
    status: str
    creation_time: str | None = None

    @property
    def is_live(self) -> bool:
        """Whether it is neither gone nor going."""
        return self.status not in ("Deleted", "Deleting")


def listed(summary: Mapping[str, t.Any]) -> Listed:
    """One summary of ListMlflowApps."""
    return Listed(summary["Arn"], summary["Name"], summary["Status"], sagemaker.plain(summary.get("CreationTime")))


def list_apps(clients: Clients, **filters: str) -> list[Listed]:
    """Every App that passes the filters, but for those that are only listed still."""
    (summaries,) = list_all(clients, Question(MLFLOW_APPS, filters=filters))
    return [listed(summary) for summary in summaries]


def meant(apps: Iterable[Listed], wish: Wish) -> Listed | None:
    """The App that a wish names: a live one if there is one, else one that is being deleted, else none.

    Under the new name when it was renamed already. Raises MlflowError when several may be meant.
    """
    named = [each for each in apps if each.name in wish.names]
    live = [each for each in named if each.is_live]
    if len({each.name for each in live}) > 1:
        raise MlflowError(
            f"new_name: the {wish.title} cannot be renamed, as there is an App of that name already: {_all(live)}. "
            "Choose another name, or leave new_name out and name the one that is meant."
        )
    if len(live) > 1:
        raise MlflowError(
            f"There are {len(live)} live MLflow Apps named '{live[0].name}' in {wish.region}: {_all(live)}. "
            "Name the one that is meant by its arn instead of its name."
        )
    return next(iter(live or sorted(named, key=lambda each: wish.names.index(each.name))), None)


def oldest_before(namesakes: Iterable[Listed], arn: str, creation_time: str | None) -> Listed | None:
    """The oldest live App, if it is older than this one. Of several runs that create one at once, all agree on it."""
    live = sorted((each for each in namesakes if each.is_live), key=_age)
    return live[0] if live and _age(live[0]) < (creation_time or "", arn) else None


def _age(app: Listed) -> tuple[str, str]:
    """What sorts the older first; of two of the same second too, all runs name the same."""
    return app.creation_time or "", app.arn


def require_free_name(apps: Iterable[Listed], wish: Wish) -> None:
    """Names may repeat in AWS, but then nobody can tell by name which App is meant."""
    others = [each for each in apps if each.is_live and each.name == wish.new_name and each.arn != wish.arn]
    if others:
        raise MlflowError(
            f"new_name: the {wish.title} cannot be renamed, as there is an App of that name already: {_all(others)}. "
            "Choose another name."
        )


def _all(apps: Sequence[Listed]) -> str:
    return "; ".join(
        f"{each.arn} ('{each.name}', {each.status}, created {each.creation_time or 'at an unknown time'})"
        for each in apps
    )
