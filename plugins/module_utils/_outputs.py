# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The outputs of a deployment as files: C(<host>.json) for programs, C(<host>.env) for shells."""

from __future__ import annotations

import json
import shlex
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MODE = 0o644


@dataclass(frozen=True)
class OutputFile:
    """One file: what it holds (None: it does not exist), and what it shall hold."""

    path: Path
    before: str | None
    after: str | None

    @property
    def differs(self) -> bool:
        """Whether it has to be written or removed."""
        return self.before != self.after

    def diff(self) -> dict[str, str]:
        """The diff in the form that Ansible prints."""
        name = str(self.path)
        return {"before_header": name, "after_header": name, "before": self.before or "", "after": self.after or ""}

    def apply(self) -> None:
        """Write it so that a reader finds the old or the new content and nothing between, or remove it."""
        if self.after is None:
            self.path.unlink(missing_ok=True)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=self.path.parent, delete=False, encoding="utf-8") as new:
            new.write(self.after)
        written = Path(new.name)
        written.chmod(MODE)
        written.replace(self.path)


def stated(results: Mapping[str, Mapping[str, t.Any]], bucket: str) -> dict[str, t.Any]:
    """The outputs of an environment, in the order in which they are printed.

    :param results: of the modules that converged it, by what each converged: C(role), and C(App) or C(tracking server).
    :param bucket: the name of the artifact bucket.
    """
    role = results["role"]
    return {
        **(_of_app(results["App"]) if "App" in results else _of_tracking_server(results["tracking server"])),
        "artifacts_bucket_name": bucket,
        "artifacts_bucket_arn": f"arn:{role['arn'].split(':')[1]}:s3:::{bucket}",
        "mlflow_role_name": role["name"],
        "mlflow_role_arn": role["arn"],
        "region": role["region"],
        "account_id": role["account_id"],
    }


def _of_app(app: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """An App has no address of its own."""
    return {
        "mlflow_tracking_uri": app["tracking_uri"],
        "tracking_server_name": app["name"],
        "tracking_server_arn": app["arn"],
        "tracking_server_url": None,
        "mlflow_version": app["mlflow_version"],
        "status": app["status"],
        "artifact_store_uri": app["artifact_store_uri"],
    }


def _of_tracking_server(server: Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "mlflow_tracking_uri": server["tracking_uri"],
        "tracking_server_name": server["tracking_server_name"],
        "tracking_server_arn": server["tracking_server_arn"],
        "tracking_server_url": server["tracking_server_url"],
        "mlflow_version": server["mlflow_version"],
        "status": server["tracking_server_status"],
        "artifact_store_uri": server["artifact_store_uri"],
    }


def shown(outputs: Mapping[str, t.Any], is_app: bool) -> dict[str, t.Any]:
    """What the summary shows: not the address of an App, which would read as if it were known later."""
    return {key: value for key, value in outputs.items() if not (is_app and key == "tracking_server_url")}


def files(folder: Path, name: str, outputs: Mapping[str, t.Any] | None) -> Sequence[OutputFile]:
    """The files of one host, compared with what is there.

    :param outputs: the outputs, None when the files shall go.
    """
    contents = {
        "json": None if outputs is None else as_json(outputs),
        "env": None if outputs is None else as_environment(outputs),
    }
    return compared(folder, {f"{name}.{suffix}": content for suffix, content in contents.items()})


def compared(folder: Path, contents: Mapping[str, str | None]) -> Sequence[OutputFile]:
    """Files of one folder, compared with what is there.

    :param contents: file name to content, None for a file that shall go.
    """
    return [OutputFile(path := folder / name, _read(path), after) for name, after in contents.items()]


def as_json(outputs: Mapping[str, t.Any]) -> str:
    """One object, keys in alphabetical order."""
    return json.dumps(dict(outputs), indent=4, sort_keys=True) + "\n"


def as_environment(outputs: Mapping[str, t.Any]) -> str:
    """C(KEY=value) lines that a shell can source, keys in alphabetical order."""
    return "".join(f"{key.upper()}={_quoted(value)}\n" for key, value in sorted(outputs.items()))


def _quoted(value: t.Any) -> str:
    return "" if value is None else shlex.quote(str(value)) if value != "" else ""


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else None
