# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the contents of objects get to disk."""

from __future__ import annotations

from typing import Any

from moto.s3.models import FakeKey


def write_large_ones_at_once() -> None:
    """moto writes into memory and then, if that was too much, from there to disk: it would need a large object three times."""
    read, write = FakeKey.value.fget, FakeKey.value.fset

    def write_to_disk(key: Any, content: bytes) -> None:
        if len(content) > key._max_buffer_size:
            key._value_buffer.rollover()
        write(key, content)

    FakeKey.value = property(read, write_to_disk)
