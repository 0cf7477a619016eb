# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account that the properties are about: one local AWS in this process, emptied for each sequence of examples."""

from __future__ import annotations

import contextlib
import functools
import typing as t
from dataclasses import dataclass
from unittest import mock

from botocore.exceptions import ClientError
from module_run import Modules

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from in_process_aws.region import InProcessRegion
    from properties.remembered import Answers


@functools.cache
def _private_key() -> t.Any:
    from moto.kms.utils import generate_private_key

    return generate_private_key("SYMMETRIC_DEFAULT")


@dataclass
class World:
    """An account, and what runs in it."""

    region: InProcessRegion
    answers: Answers

    def client(self, service: str) -> t.Any:
        """The client of somebody else."""
        return self.region.client(service)

    @property
    def modules(self) -> Modules:
        """What runs in it."""
        return Modules(self.region, in_controller=False)

    def empty(self) -> None:
        """An empty account."""
        self.region.reset()
        self.answers.forget()

    def keys(self, identifiers: t.Iterable[str], aliases: Mapping[str, str]) -> None:
        """KMS keys with these ids, and aliases for them."""
        kms, private_key = self.client("kms"), _private_key()
        with contextlib.ExitStack() as stack:
            # moto makes an RSA key for each, which nobody here uses and which takes longer than many examples.
            stack.enter_context(mock.patch("moto.kms.models.generate_private_key", lambda _specification: private_key))
            stack.enter_context(mock.patch("moto.kms.models.generate_key_id", side_effect=list(identifiers)))
            for _each in identifiers:
                kms.create_key()
        for alias, identifier in aliases.items():
            kms.create_alias(AliasName=alias, TargetKeyId=identifier)

    def edit(self, service: str, operation: str, parameters: Mapping[str, t.Any]) -> bool:
        """Somebody else makes a call; False when AWS refuses it."""
        try:
            getattr(self.client(service), operation)(**parameters)
        except ClientError as error:
            assert error.response["Error"]["Code"] not in ("InternalError", "InternalFailure", "NotImplemented"), error
            return False
        return True
