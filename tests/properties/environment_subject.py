# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wish for a whole environment means: what those for its parts mean, and that the MLflow runs as the role beside it."""

from __future__ import annotations

import typing as t

from properties.app_subject import AppSubject
from properties.app_wishes import APP
from properties.bucket_subject import BucketSubject
from properties.bucket_wishes import BUCKET
from properties.contract import Refusal
from properties.role_subject import RoleSubject
from properties.role_wishes import ROLE
from properties.server_subject import ServerSubject
from properties.server_wishes import SERVER

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from properties.bucket_held import Bucket
    from properties.contract import Subject, Wish
    from properties.world import World

Held = dict[str, t.Any]
TITLES = {
    "role": f"role '{ROLE}'",
    "bucket": f"bucket '{BUCKET}'",
    "tracking_server": f"tracking server '{SERVER}'",
    "app": f"MLflow App '{APP}'",
}


class EnvironmentSubject:
    """The module mlflow_environment."""

    module = "mlflow_environment"
    unforeseeable: frozenset[str] = frozenset()

    def __init__(self, world: World, new: Bucket) -> None:
        sagemaker = world.client("sagemaker")
        self._parts: dict[str, Subject] = {
            "role": RoleSubject(world.client("iam")),
            "bucket": BucketSubject(world.client("s3"), new),
            "tracking_server": ServerSubject(sagemaker),
            "app": AppSubject(sagemaker),
        }
        self._by_title = {title: self._parts[part] for part, title in TITLES.items()}

    def held(self) -> Held:
        """Everything of every part, whether or not it is asked about."""
        return {part: subject.held() for part, subject in self._parts.items()}

    def options(self, wish: Wish) -> dict[str, t.Any]:
        """The wishes with the names."""
        return {part: self._parts[part].options(asked) for part, asked in wish.items()}

    def wished(self, held: Held, wish: Wish) -> Held | Refusal:
        """Each part as asked; nothing at all when one of them must not be."""
        after, refusals = dict(held), []
        for part in self._parts:
            if part in wish:
                after[part] = self._parts[part].wished(held[part], self._asked(part, held, wish))
                refusals += [after[part]] if isinstance(after[part], Refusal) else []
        # What is known beforehand is told before anything is written.
        return min(refusals, key=lambda refusal: refusal.by_aws) if refusals else after

    def shown(self, held: Held, other: Held, wish: Wish) -> dict[str, t.Any]:
        """The sides of all parts, each under its title."""
        sides = {}
        for part, title in TITLES.items():
            if part in wish:
                asked = self._asked(part, other if held["role"] is None else held, wish)
                sides[title] = self._parts[part].shown(held[part], other[part], asked)
        return sides

    def plain(self, shown: Mapping[str, t.Any]) -> dict[str, t.Any]:
        """A diff or a result, part by part, without what AWS alone decides."""
        if "changed" not in shown:
            return {title: self._by_title[title].plain(side) for title, side in shown.items()}
        plain = {key: value for key, value in shown.items() if key != "diff"}
        for part in self._parts.keys() & shown.keys():
            subject = self._parts[part]
            plain[part] = {
                key: each for key, each in subject.plain(shown[part]).items() if key not in subject.unforeseeable
            }
        return {**plain, "diff": [self._by_title[each["before_header"]].plain(each) for each in shown["diff"]]}

    def _asked(self, part: str, held: Held, wish: Wish) -> Wish:
        """With a role beside it, the MLflow gets that one."""
        asked: Wish = wish[part]
        if part in ("tracking_server", "app") and "role" in wish:
            path = held["role"]["path"] if held["role"] else wish["role"].get("path", "/")
            return {**asked, "role_arn": f"arn:aws:iam::123456789012:role{path}{ROLE}"}
        return asked
