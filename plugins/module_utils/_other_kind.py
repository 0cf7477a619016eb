# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What an environment has of the kind that it is not deployed as: a change of the kind leaves it as it is. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOUNS = {"tracking_server": "tracking server", "app": "App"}
OTHER = {"tracking_server": "app", "app": "tracking_server"}
_STUDIO = "SageMaker Studio opens the App under this name."


@dataclass(frozen=True)
class Environment:
    """One environment of the role.

    :param kind: as which it is deployed.
    :param name: of both kinds.
    """

    kind: str
    name: str
    role_name: str
    bucket: str


@dataclass(frozen=True)
class OtherKind:
    """What there is of the other kind.

    :param found: as the info modules describe it.
    :param failures: why it is not known what there is.
    """

    environment: Environment
    found: Sequence[Mapping[str, t.Any]]
    failures: Sequence[str]

    @property
    def arns(self) -> list[str]:
        """The ARNs, which are the tracking URIs too."""
        return [str(each["tracking_uri"]) for each in self.found]

    @property
    def uses_role(self) -> bool:
        """Whether it runs with the environment's role."""
        return any(str(each.get("role_arn")).rpartition("/")[2] == self.environment.role_name for each in self.found)

    @property
    def uses_bucket(self) -> bool:
        """Whether its artifacts are in the environment's bucket."""
        locations = (str(each.get("artifact_store_uri")) for each in self.found)
        return any(location.split("/")[2:3] == [self.environment.bucket] for location in locations)

    def beside(self) -> list[str]:
        """What to say after a deployment."""
        noun, name = NOUNS[self.environment.kind], self.environment.name
        if not self.found:
            return [
                f"It is not known whether {name} exists as {self._noun} as well as {noun}: {each}"
                for each in self.failures
            ]
        return [
            (
                f"Beside the {noun} {name} there is the {self._noun} of that name ({', '.join(self.arns)}). {self._cost()} "
                "The guide docs/apps-or-servers.md says how to move its experiments. To delete it, when nobody needs them: "
                f"{self._deletion()}. The role and the bucket stay as long as the {noun} uses them."
            )
        ]

    def stays(self) -> list[str]:
        """What to say after a destruction."""
        if not self.found:
            return []
        kept = [
            *([f"the role {self.environment.role_name}"] if self.uses_role else []),
            *([f"the bucket {self.environment.bucket}"] if self.uses_bucket else []),
        ]
        with_it = f", and with it {' and '.join(kept)}, which it uses" if kept else ""
        return [
            (
                f"The {self._noun} {self.environment.name} ({', '.join(self.arns)}) stays{with_it}. To delete it, when nobody needs "
                f"its experiments: {self._deletion()}."
            )
        ]

    @property
    def _noun(self) -> str:
        return NOUNS[OTHER[self.environment.kind]]

    def _cost(self) -> str:
        if self.environment.kind == "tracking_server":
            return f"It costs no compute, but {_STUDIO}"
        if any(each.get("is_active") in (True, "Active") for each in self.found):
            return (
                "While it runs, AWS bills it by the hour (a Small one in us-east-1: 0.642 USD, about 470 USD a month); "
                f"playbooks/stop.yml -e mlflow_server_kind=tracking_server ends that. {_STUDIO}"
            )
        return f"It does not run, so AWS bills no hours of it. {_STUDIO}"

    def _deletion(self) -> str:
        return (
            f"playbooks/destroy.yml -e mlflow_server_kind={OTHER[self.environment.kind]} -e mlflow_server_protect=false"
        )


def other_kind(results: Sequence[Mapping[str, t.Any]], environment: Environment) -> OtherKind:
    """What the look-ups of the other kind tell.

    :param results: of sagemaker_mlflow_server_info and sagemaker_mlflow_app_info; skipped ones tell nothing.
    """
    lists = [each.get(key) or [] for each in results for key in ("tracking_servers", "mlflow_apps")]
    failures = [str(each["msg"]) for each in results if each.get("msg") and not each.get("skipped")]
    return OtherKind(environment, [one for found in lists for one in found], failures)
