# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One cell of the matrix: a run with one fault in one call, what became of it, and what the next run makes of that."""

from __future__ import annotations

import contextlib
import re
import typing as t
from collections import Counter
from dataclasses import dataclass, field

from fault_matrix.facts import differences, facts, facts_now
from fault_matrix.kinds import GONE, KINDS, OF_REPEATED_READS, STALE, Target
from fault_matrix.removal import REMOVERS
from fault_matrix.scenarios import DELAYS
from module_run import ModuleFailedError, Modules

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from fault_matrix.kinds import Kind
    from fault_matrix.removal import Remover
    from fault_matrix.scenarios import Json, Scenario
    from in_process_aws.region import InProcessRegion, Snapshot
    from module_run import Run

MOST_MORE_CALLS = 120
"""Beyond those of the clean run: looking for as long as a module waits."""
LONGEST = 900.0
"""Seconds, on the clock that sleeping moves."""
NEXT_STEP = re.compile(
    r"\b(repeat|allow|sign in|raise|check|set|delete|wait|choose|look|correct|give|needs|remove|use|ask for|find|name|install|add)\b",
    re.IGNORECASE,
)
REMEDY = "recreate_failed=true"
READ_ONLY = ("sagemaker_mlflow_server_info", "sagemaker_mlflow_app_info", "sagemaker_mlflow_presigned_url")


@dataclass
class Clean:
    """The run without a fault.

    :param end: the account after it.
    :param seen: what the next run made of an account, with and without the remedy that a message names.
    :param ends_after_removal: the account after it when its thing of a service was gone before.
    """

    scenario: Scenario
    start: Snapshot
    targets: list[Target]
    end: str
    changed: bool
    ends_after_removal: dict[str, str] = field(default_factory=dict)
    seen: dict[tuple[str, bool], list[str]] = field(default_factory=dict)


@dataclass
class Outcome:
    """What became of one run with a fault.

    :param message: of the failure; None when it succeeded.
    :param problems: what must not be; none when all is well.
    :param is_mended_later: whether the next run had to do what a read that lagged behind had hid from this one.
    """

    scenario: str
    target: Target
    kind: str
    message: str | None = None
    calls: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)
    is_mended_later: bool = False


def clean_run(aws: InProcessRegion, scenario: Scenario) -> Clean:
    """Make the start state, run, and note what was called."""
    aws.reset()
    aws.configure(delays=DELAYS)
    modules = Modules(aws, in_controller=True)
    for prepare in scenario.before:
        prepare(modules)
    start = aws.snapshot()
    aws.restore(start)
    run = modules.run(scenario.module, **scenario.options)
    clean = Clean(scenario, start, targets_of(aws), facts(aws), run.changed)
    for service, remove in _removers(scenario).items():
        aws.restore(start)
        remove(aws)
        with contextlib.suppress(ModuleFailedError):  # what is gone cannot be stopped
            modules.run(scenario.module, **scenario.options)
            clean.ends_after_removal[service] = facts(aws)
    return clean


def _removers(scenario: Scenario) -> dict[str, Remover]:
    return {} if scenario.module in READ_ONLY else REMOVERS.get(scenario.module, {})


def targets_of(aws: InProcessRegion) -> list[Target]:
    """The calls that were made, each told from the earlier ones of its name."""
    seen: Counter[str] = Counter()
    known: set[tuple[str, str]] = set()
    targets = []
    for position, entry in enumerate(aws.entries):
        skip = seen[entry.name]
        repeats = not entry.write and (entry.name, entry.resource) in known
        known.add((entry.name, entry.resource))
        targets.append(Target(entry.service, entry.operation, entry.resource, entry.write, skip, position, repeats))
        seen[entry.name] += 1
    return targets


def outcomes(aws: InProcessRegion, scenario: Scenario) -> Iterator[Outcome]:
    """Every call of a scenario with every fault that it can have."""
    clean = clean_run(aws, scenario)
    for kind in KINDS:
        targets = [target for target in clean.targets if applies(kind, target, scenario)]
        if kind.is_survived and len(targets) > 1 and _survives_all(aws, clean, targets, kind):
            yield from (Outcome(scenario.name, target, kind.name) for target in targets)
        else:
            yield from (outcome(aws, clean, target, kind) for target in targets)


def _survives_all(aws: InProcessRegion, clean: Clean, targets: list[Target], kind: Kind) -> bool:
    """Whether a run succeeds in which each of these calls has this fault. If not, each is tried alone."""
    aws.restore(clean.start)
    aws.inject(*(kind.faults(target) for target in targets if kind.faults))
    found = Outcome(clean.scenario.name, targets[0], kind.name)
    _first_run(aws, clean, found)
    fired = [rule["fired"] for rule in aws.running.faults.as_json()]
    return found.message is None and not found.problems and all(fired)


def applies(kind: Kind, target: Target, scenario: Scenario) -> bool:
    """Whether a call can have a fault."""
    if target.repeats and kind.name not in OF_REPEATED_READS:
        return False
    return kind.applies(target) and (not kind.removes or target.service in REMOVERS.get(scenario.module, {}))


def outcome(aws: InProcessRegion, clean: Clean, target: Target, kind: Kind) -> Outcome:
    """One cell."""
    aws.restore(clean.start)
    after: Json = {}
    if kind.faults:
        aws.inject(kind.faults(target))
    if kind.settings:
        before, after = kind.settings(target)
        aws.configure(**before)
    if kind.removes:
        aws.interposed = Removal(aws, target, clean.scenario.module)
    found = Outcome(clean.scenario.name, target, kind.name)
    _first_run(aws, clean, found)
    if kind.name == STALE and found.message is None and found.problems:
        found.problems.clear()
        found.is_mended_later = True
        aws.clear_faults()
        _next_run(aws, clean, found)
    if found.message is not None:
        aws.clear_faults()
        aws.configure(**after)
        aws.interposed = None
        _judge_message(found, clean.scenario)
        if not kind.removes or target.service in clean.ends_after_removal:
            _next_run(aws, clean, found)
    return found


def _first_run(aws: InProcessRegion, clean: Clean, found: Outcome) -> None:
    run = attempt(aws, clean.scenario, found)
    found.calls, found.seconds = len(aws.entries), aws.slept
    if found.calls > len(clean.targets) + MOST_MORE_CALLS:
        found.problems.append(f"{found.calls} calls, and {len(clean.targets)} without a fault")
    if found.seconds > LONGEST:
        found.problems.append(f"{found.seconds:.0f} s")
    if run is None:
        return
    removed = isinstance(aws.interposed, Removal)
    if not removed or found.target.service in clean.ends_after_removal:
        compare(aws, clean, found, "it succeeded")
    if run.changed != clean.changed and not removed and found.kind != STALE:
        found.problems.append(f"changed is {run.changed}, and {clean.changed} without a fault")


def attempt(aws: InProcessRegion, scenario: Scenario, found: Outcome, **options: t.Any) -> Run | None:
    """A run; of a failure, or what should never come out of a module, the outcome is told."""
    try:
        return Modules(aws, in_controller=True).run(scenario.module, **{**scenario.options, **options})
    except ModuleFailedError as failure:
        found.message = str(failure.result["msg"])
    except Exception as error:
        found.message = f"{type(error).__name__}: {error}"
        found.problems.append(f"a traceback: {found.message}")
    return None


def _judge_message(found: Outcome, scenario: Scenario) -> None:
    message = str(found.message)
    names = [str(value) for key, value in _named(scenario.options)]
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", found.target.operation).lower()
    if not any(name in message for name in (*names, found.target.operation, snake, "arn:aws:sagemaker:")):
        found.problems.append(f"the message names neither the call nor the thing: {message}")
    if not NEXT_STEP.search(message):
        found.problems.append(f"the message says nothing to do: {message}")


def _named(options: Json) -> Iterator[tuple[str, t.Any]]:
    for key, value in options.items():
        if isinstance(value, dict):
            yield from _named(value)
        elif key in ("name", "alias", "arn", "kms_key_id"):
            yield key, value


def _next_run(aws: InProcessRegion, clean: Clean, found: Outcome) -> None:
    """What comes of one account is the same each time."""
    scenario, needs_remedy = clean.scenario, REMEDY in str(found.message)
    key = (facts_now(aws) + found.kind * (found.kind == GONE), needs_remedy)
    if key not in clean.seen:
        after = Outcome(found.scenario, found.target, found.kind)
        if attempt(aws, scenario, after, **(with_remedy(scenario.options) if needs_remedy else {})) is None:
            after.problems.append(f"the next run failed: {after.message}")
        else:
            compare(aws, clean, after, "the next run succeeded")
        clean.seen[key] = after.problems
    found.problems.extend(clean.seen[key])


def with_remedy(options: Json) -> Json:
    """The option that a message about a failed creation names."""
    parts = [part for part in ("tracking_server", "app") if isinstance(options.get(part), dict)]
    if parts:
        return {part: {**options[part], "recreate_failed": True} for part in parts}
    return {"recreate_failed": True}


def compare(aws: InProcessRegion, clean: Clean, found: Outcome, when: str) -> None:
    """Note what the account has otherwise than after the clean run."""
    end = facts(aws)
    removed = clean.ends_after_removal.get(found.target.service) if found.kind == GONE else None
    if end not in (clean.end, removed):
        found.problems.append(f"{when}, with another end: {differences(clean.end, end)[:6]}")


@dataclass
class Removal:
    """Deletes what a run is about just before one of its calls."""

    aws: InProcessRegion
    target: Target
    module: str
    is_over: bool = False

    def before(self) -> None:
        """Is it time?"""
        if self.is_over:
            return
        self.is_over = self._is_next()
        if self.is_over:
            with self.aws.unlogged():
                REMOVERS[self.module][self.target.service](self.aws)

    def after(self) -> None:
        """Nothing."""

    def _is_next(self) -> bool:
        """Requests are made in the same order as in the clean run, so their number tells which comes next."""
        return len(self.aws.entries) == self.target.position
