# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: ``python -m localaws start | stop | status | env | reset | logs | serve``."""

from __future__ import annotations

import argparse
import http.client
import json
import logging
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from localaws import __version__, daemon
from localaws.settings import InvalidSettingError, MlflowMode, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NOT_RUNNING = 3  # as the Linux Standard Base has it for a service's status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    options.home = options.home.expanduser().resolve()
    # What starts the daemon is handed on as it is: the daemon parses it with the same parser.
    options.given = _without_home(given[1:])
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (daemon.DaemonError, InvalidSettingError) as error:
        print(f"localaws: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="localaws", description="A local AWS with SageMaker managed MLflow.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, command, explanation in (
        ("start", _start, "start it in the background, unless it runs"),
        ("serve", _serve, "serve in the foreground"),
        ("stop", _stop, "end it and everything it started"),
        ("status", _status, "tell whether it runs"),
        ("env", _env, "print the variables that point AWS clients at it"),
        ("reset", _reset, "empty the account"),
        ("logs", _logs, "print its log"),
    ):
        sub = commands.add_parser(name, help=explanation, description=f"localaws {name}: {explanation}")
        sub.add_argument("--home", type=Path, default=daemon.default_home(), help="folder of its state (%(default)s)")
        sub.set_defaults(command=command)
        if name in ("start", "serve"):
            _add_settings(sub)
        elif name == "logs":
            sub.add_argument("--lines", type=int, default=0, help="only the last ones")
            sub.add_argument("--follow", action="store_true", help="go on printing")
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=5566, help="port of 127.0.0.1; 0: any free one (%(default)s)")
    parser.add_argument("--region", default="us-east-1", help="(%(default)s)")
    parser.add_argument("--account-id", default="123456789012", help="(%(default)s)")
    parser.add_argument("--iam", action="store_true", help="enforce IAM policies")
    parser.add_argument("--no-signature-check", action="store_true", help="take every signature")
    parser.add_argument("--no-validation", action="store_true", help="do not judge input by botocore's models")
    parser.add_argument(
        "--mlflow", choices=get_args(MlflowMode), default="zygote", help="how MLflow runs (%(default)s)"
    )
    parser.add_argument("--mlflow-python", type=Path, help="interpreter that has MLflow")
    parser.add_argument(
        "--delay", action="append", default=[], metavar="VERB=SECONDS", help="how long a verb takes, as in create=5"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="any other setting; the value is JSON or text"
    )


def _settings(options: argparse.Namespace) -> Settings:
    settings = Settings(home=options.home)
    changes: dict[str, object] = {
        "port": options.port,
        "region": options.region,
        "account_id": options.account_id,
        "iam_enforcement": options.iam,
        "signature_check": not options.no_signature_check,
        "validation": not options.no_validation,
        "mlflow": options.mlflow,
        "mlflow_python": None if options.mlflow_python is None else str(options.mlflow_python),
        "delays": {verb: _json_or_text(value) for verb, value in _pairs(options.delay)},
    }
    changes.update((name, _json_or_text(value)) for name, value in _pairs(options.set))
    settings.set_initial(changes)
    return settings


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    for text in texts:
        if "=" not in text:
            raise InvalidSettingError(f"{text!r} is not NAME=VALUE")
    return [(name, value) for name, _unused, value in (text.partition("=") for text in texts)]


def _json_or_text(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _without_home(arguments: Sequence[str]) -> list[str]:
    kept: list[str] = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument == "--home":
            skip = True
        elif not argument.startswith("--home="):
            kept.append(argument)
    return kept


def _start(options: argparse.Namespace) -> int:
    _settings(options)  # bad settings end here, not in a log file
    begun = time.monotonic()
    state, is_new = daemon.start(options.home, options.given, options.port)
    how = f"started in {time.monotonic() - begun:.1f} s" if is_new else "already running"
    print(f"local AWS {state.version} {how}: {state.endpoint} (pid {state.pid}, home {options.home})")
    return 0


def _serve(options: argparse.Namespace) -> int:
    from localaws.persistence import IncompatibleSnapshotError

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    try:
        daemon.serve(_settings(options))
    except IncompatibleSnapshotError as error:
        raise daemon.DaemonError(str(error)) from error
    return 0


def _stop(options: argparse.Namespace) -> int:
    print("local AWS stopped" if daemon.stop(options.home) else "local AWS was not running")
    return 0


def _status(options: argparse.Namespace) -> int:
    state = daemon.running(options.home)
    found = daemon.health(state.port) if state is not None else None
    if state is None or found is None:
        print(f"local AWS is not running (home {options.home})")
        return NOT_RUNNING
    print(f"local AWS {state.version} is running: {state.endpoint}")
    for name in ("status", "pid", "home", "uptime_seconds", "mlflow", "iam_enforcement"):
        print(f"  {name.replace('_', ' ')}: {found.get(name)}")
    servers = found.get("mlflow_servers") or {}
    for arn, pid in servers.items():
        print(f"  MLflow: {arn} (pid {pid})")
    if found.get("error"):
        print(f"  error: {found['error']}")
    return 1 if found.get("status") == "failed" else 0


def _env(options: argparse.Namespace) -> int:
    state = daemon.running(options.home)
    if state is None:
        print(f"localaws: not running (home {options.home})", file=sys.stderr)
        return NOT_RUNNING
    variables: dict[str, str] = json.loads(_ask_administrator(state, "GET", "env"))
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _reset(options: argparse.Namespace) -> int:
    from localaws import persistence

    state = daemon.running(options.home)
    if state is None:
        daemon.clean_up(options.home)
        persistence.forget(options.home)
    else:
        _ask_administrator(state, "POST", "reset")
    print("local AWS is empty")
    return 0


def _ask_administrator(state: daemon.State, method: str, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", state.port, timeout=60)
    connection.request(method, f"/_localaws/{path}")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != http.client.OK:
        raise daemon.DaemonError(f"{method} {path} failed: {body.decode()}")
    return body


def _logs(options: argparse.Namespace) -> int:
    path = options.home / daemon.LOG_FILE
    if not path.exists():
        print(f"localaws: there is no log in {options.home}", file=sys.stderr)
        return 1
    with path.open(errors="replace") as file:
        lines = file.readlines()
        sys.stdout.writelines(lines[-options.lines :] if options.lines else lines)
        while options.follow:
            sys.stdout.write(file.readline() or _pause())
            sys.stdout.flush()
    return 0


def _pause() -> str:
    time.sleep(0.5)
    return ""


if __name__ == "__main__":
    sys.exit(main())
