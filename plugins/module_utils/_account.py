# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Whose account it is. Many answers of AWS tell it, so that it seldom costs a call of its own."""

from __future__ import annotations

import threading
import typing as t
from dataclasses import replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Identity, caller_identity
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._kms import key_of_alias

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import Clients
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._kms import KeyReference


class Account:
    """The caller's account, as soon as something tells it.

    :param others_tell: whether resources are read together, one of which may tell it to the others.
    :param home: what came with the credentials, if anything.
    """

    def __init__(self, clients: Clients, others_tell: bool = False, home: Identity | None = None) -> None:
        self._clients = clients
        self._identity = home
        self._lock = threading.Lock()
        self._key_arns: dict[str, str] = {}
        self.others_tell = others_tell

    @property
    def known(self) -> Identity | None:
        """What was told so far."""
        return self._identity

    @property
    def waits_for_others(self) -> bool:
        """Whether it will soon be known without a call."""
        return self.others_tell and self._identity is None

    def learn(self, arn: str) -> Identity:
        """From the ARN of something that only its own account can read."""
        if self._identity is None:
            _arn, partition, _service, region, account_id, _resource = arn.split(":", 5)
            self._identity = Identity(account_id, partition, region, arn="")
        return self._identity

    def identity(self) -> Identity:
        """Ask, unless it is known; many threads may, and one does."""
        with self._lock:
            if self._identity is None:
                self._identity = caller_identity(self._clients)
            return self._identity

    def in_region(self, region: str) -> Identity | None:
        """The same, where the calls go."""
        return self._identity and replace(self._identity, region=region)

    def key_of_alias(self, reference: KeyReference) -> str:
        """The ARN of the key that an alias points at, asked for once."""
        with self._lock:
            if reference.text not in self._key_arns:
                self._key_arns[reference.text] = key_of_alias(self._clients, reference)
            return self._key_arns[reference.text]
