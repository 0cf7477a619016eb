# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which mutations are made of all that mutmut knows.

Left out is what repeats another one: a string in lower and in upper case besides the changed one, an argument that is
dropped besides the one that becomes None (a call with too few arguments fails wherever it is made), and None in the place of
a literal that is mutated itself.
"""

from __future__ import annotations

import itertools
import typing as t

import libcst
from mutmut.mutation import mutators

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LITERALS = (libcst.SimpleString, libcst.BaseNumber)


def choose() -> None:
    """Make mutmut use these operators. It has no setting for that, but reads this list."""
    chosen = {mutators.operator_string: one_string, mutators.operator_arg_removal: none_for_argument}
    mutators.mutation_operators[:] = [
        (node, chosen.get(operator, operator)) for node, operator in mutators.mutation_operators
    ]


def one_string(node: libcst.BaseString) -> Iterator[libcst.CSTNode]:
    """The first mutation of a string is another text."""
    return itertools.islice(mutators.operator_string(node), 1)


def none_for_argument(node: libcst.Call) -> Iterable[libcst.CSTNode]:
    """None in the place of each argument that no other operator changes as a whole."""
    for mutant in mutators.operator_arg_removal(node):
        if len(mutant.args) == len(node.args) and not any(
            isinstance(before.value, LITERALS) and before is not after
            for before, after in zip(node.args, mutant.args, strict=True)
        ):
            yield mutant
