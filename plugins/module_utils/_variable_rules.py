# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What must hold of the variables of the role mlflow_server, each alone and all together. Pure.

The modules check the same and more, but the last of them runs when the others have already written.
"""

from __future__ import annotations

import difflib
import re
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._broken_values import has_infinity
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_variables import Variables, listed
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._variable_rules_security import SECURITY_RULES

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PREFIX = "mlflow_server_"
_BUCKET_NAME = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_AS_JSON = """On the command line, write them as JSON: -e '{"mlflow_server_tags": {"Team": "vision"}}'."""
_DAY = r"(?i)(mon(day)?|tue(sday)?|wed(nesday)?|thu(rsday)?|fri(day)?|sat(urday)?|sun(day)?)"


def about_names(given: Sequence[str], known: Sequence[str]) -> list[str]:
    """What is wrong with the names of variables, one sentence each.

    :param given: every name that begins as the role's do.
    """
    unknown = unknown_names(given, known)
    return [f"These variables do not exist: {', '.join(unknown)}."] if unknown else []


def about_forms(values: Mapping[str, t.Any], options: Mapping[str, t.Any]) -> list[str]:
    """What is wrong with the forms of values beside what an argument specification finds, one sentence each.

    :param values: by whole names, rendered.
    :param options: of the role's argument specification.
    """
    empty = [name for name in options if values[name] is None]
    dictionaries = [name for name, option in options.items() if option["type"] == "dict" and name not in empty]
    texts = [name for name in dictionaries if not isinstance(values[name], dict)]
    infinite = [name for name in options if has_infinity(values[name])]
    return [
        *(
            [f"These variables have no value (null): {', '.join(empty)}. Remove them, or give a value."]
            if empty
            else []
        ),
        *([f"These variables must be dictionaries: {', '.join(texts)}. {_AS_JSON}"] if texts else []),
        *([f"These variables have an infinite number in them: {', '.join(infinite)}."] if infinite else []),
    ]


def about_meaning(values: Mapping[str, t.Any]) -> list[str]:
    """What is wrong with values of the right form, alone and together, one sentence each.

    :param values: by whole names, rendered.
    """
    given = variables(values)
    return [sentence for rule in RULES for sentence in rule(given)]


def variables(values: Mapping[str, t.Any]) -> Variables:
    """The values by their names without the prefix.

    :param values: by whole names, rendered.
    """
    return Variables({name.removeprefix(PREFIX): value for name, value in values.items()})


def about_kind(values: Mapping[str, t.Any], options: Mapping[str, t.Any]) -> list[str]:
    """What to warn of: variables that have another value than their default, and no meaning for the kind.

    :param values: by whole names, rendered.
    :param options: of the role's argument specification, with their defaults.
    """
    kind = str(values[f"{PREFIX}kind"])
    ignored = sorted(
        name
        for name in (f"{PREFIX}{short}" for short in WITHOUT_MEANING[kind])
        if _word(values[name]) != _word(options[name]["default"])
    )
    noun = {"app": "an App", "tracking_server": "a tracking server"}[kind]
    return (
        [f"These variables have no meaning for {noun}: {', '.join(ignored)}. They change nothing."] if ignored else []
    )


WITHOUT_MEANING = {
    "app": ("size", "artifact_bucket_owner", "verify_bucket_owner"),
    "tracking_server": ("app_kms_key_id", "app_account_default", "app_default_domain_ids", "app_move_defaults"),
}
"""The variables that a kind has no use for."""


def _word(value: t.Any) -> str:
    """A value as -e and an inventory in INI give it."""
    return str(value).lower()


def unknown_names(given: Sequence[str], known: Sequence[str]) -> list[str]:
    """The given names that are not known in alphabetical order, each with the closest known one."""
    return [_with_suggestion(name, known) for name in sorted(set(given) - set(known))]


def _with_suggestion(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f"{name} (did you mean {close[0]}?)" if close else name


def _forms(variables: Variables) -> Iterator[str]:
    for name, (pattern, expected) in FORMS.items():
        if not variables.matches(name, pattern):
            yield f"{PREFIX}{name} is '{variables.text(name)}'; it must be {expected}."


FORMS: dict[str, tuple[str, str]] = {
    "name": (
        "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}",
        "1 to 256 letters, digits and hyphens, with a letter or a digit at both ends",
    ),
    "version": (r"[0-9]+[.][0-9]+([.][0-9]+)?", "major.minor in quotes, as in '3.0'"),
    "maintenance_window": (
        "(?i)(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]",
        "day and UTC time, as in Tue:03:30",
    ),
    "artifact_bucket_owner": ("([0-9]{12})?", "the 12 digits of an account, in quotes"),
    "app_kms_key_id": ("[a-zA-Z0-9:/_-]*", "a key id, a key ARN, an alias name or an alias ARN"),
}
"""Texts that must have a form: the form, and how a message names it."""

NUMBERS: dict[str, tuple[int, int | None, str]] = {
    "wait_timeout": (1, None, "more than 0 seconds"),
    "wait_delay": (1, 60, "1 to 60 seconds"),
    "role_propagation_delay": (0, None, "0 or more seconds"),
    "bucket_noncurrent_version_expiration_days": (0, None, "a number of days, or 0 for no such rule"),
    "bucket_abort_incomplete_multipart_upload_days": (0, None, "a number of days, or 0 for no such rule"),
}
"""Numbers with bounds: the lowest, the highest, and how a message names them."""


def _numbers(variables: Variables) -> Iterator[str]:
    for name, (lowest, highest, expected) in NUMBERS.items():
        number = variables.number(name)
        if number < lowest or (highest is not None and number > highest):
            yield f"{PREFIX}{name} is {variables.text(name)}; it must be {expected}."


def _region(variables: Variables) -> Iterator[str]:
    if variables.text("region").startswith("cn-"):
        yield f"mlflow_server_region is {variables.text('region')}; AWS offers no managed MLflow in China."


def _app(variables: Variables) -> Iterator[str]:
    if variables.text("kind") == "app" and variables.text("state") == "stopped":
        yield (
            "mlflow_server_state is stopped, but an App has no power state; it costs no compute. "
            "Set mlflow_server_state=present."
        )
    domains = variables.items("app_default_domain_ids")
    if not all(re.fullmatch("d-[a-z0-9-]{1,61}", domain) for domain in domains):
        yield (
            f"mlflow_server_app_default_domain_ids is {', '.join(domains)}; it must be a list of ids of SageMaker domains, "
            "as in d-abcdefghijkl."
        )


def _bucket_settings(variables: Variables) -> Iterator[str]:
    if variables.items("bucket_trusted_account_ids") and not variables.flag("bucket_restrict_to_account"):
        yield (
            "mlflow_server_bucket_trusted_account_ids has a meaning only with mlflow_server_bucket_restrict_to_account=true."
        )
    logging = variables.mapping("bucket_logging")
    is_on = bool(boolean(logging.get("enabled", True), strict=False))
    if logging and is_on and "target_bucket" not in logging:
        yield "mlflow_server_bucket_logging needs the key target_bucket, or enabled=false."


def _bucket_wish(variables: Variables) -> Iterator[str]:
    """Which bucket: made by the role, or there already."""
    creates, suffix, uri = (
        variables.flag("create_bucket"),
        variables.given("bucket_name_suffix"),
        variables.given("artifact_store_uri"),
    )
    if creates and not suffix and not uri:
        yield (
            "mlflow_server_bucket_name_suffix is not set. It makes the name of the artifact bucket unique "
            f"({variables.text('project_name')}-{variables.text('environment')}-mlflow-artifacts-<suffix>). Set it, or use an "
            "existing bucket with mlflow_server_create_bucket=false and mlflow_server_artifact_store_uri=s3://bucket/prefix."
        )
    if not creates and not uri:
        yield (
            "mlflow_server_create_bucket is false, and mlflow_server_artifact_store_uri does not say which bucket to use. "
            "Set it to s3://bucket or s3://bucket/prefix."
        )
    if creates and suffix and variables.bucket != variables.created_bucket:
        yield (
            f"mlflow_server_create_bucket is true and makes the bucket {variables.created_bucket}, but "
            f"mlflow_server_artifact_store_uri names the bucket {variables.bucket}. Set mlflow_server_create_bucket=false to use "
            "that one, or remove one of the two variables."
        )


def _bucket_name(variables: Variables) -> Iterator[str]:
    uri, created = variables.text("artifact_store_uri"), variables.created_bucket
    if uri and not re.fullmatch(rf"s3://{_BUCKET_NAME}(/[^*?$ ]*)?", uri):
        yield (
            f"mlflow_server_artifact_store_uri is '{uri}'; it must be s3://bucket or s3://bucket/prefix, without the "
            "characters * ? $ and white space."
        )
    if not uri and variables.given("bucket_name_suffix") and not re.fullmatch(_BUCKET_NAME, created):
        yield (
            f"The bucket would have the name '{created}' ({len(created)} characters), made of mlflow_server_project_name, "
            "mlflow_server_environment and mlflow_server_bucket_name_suffix; S3 allows 3 to 63 lower-case letters, digits, dots "
            "and hyphens, with a letter or a digit at both ends."
        )


def _deletion(variables: Variables) -> Iterator[str]:
    """A bucket that the role did not name may hold more than this MLflow's artifacts."""
    would_empty = (
        variables.text("state") == "absent"
        and variables.flag("create_bucket")
        and not variables.flag("protect")
        and not variables.flag("keep_bucket")
    )
    is_whole = variables.given("bucket_name_suffix") or re.fullmatch("s3://[^/]+/*", variables.artifact_store_uri)
    if would_empty and not is_whole:
        yield (
            f"The bucket {variables.bucket} would be deleted with all that is in it, also outside of "
            f"{variables.artifact_store_uri}. Set mlflow_server_keep_bucket=true, and delete the bucket yourself if nobody needs it."
        )


def _power_schedule(variables: Variables) -> Iterator[str]:
    schedule = variables.mapping("power_schedule")
    times = [schedule[key] for key in ("start", "stop") if schedule.get(key)]
    if schedule and variables.text("kind") == "app":
        yield (
            "mlflow_server_power_schedule is for a tracking server. An MLflow App (mlflow_server_kind=app) has no power state and "
            "costs nothing while nobody uses it: remove the variable."
        )
    is_going = schedule.get("state") == "absent" or variables.text("state") == "absent"
    if schedule and not is_going and not times:
        yield (
            "mlflow_server_power_schedule does not say when: give start, stop or both, as in stop: {days: [Fri], "
            'time: "19:00"}, or state: absent.'
        )
    yield from _power_times(times)
    timezone = str(schedule.get("timezone") or "UTC")
    if not re.fullmatch("[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", timezone):
        yield f"mlflow_server_power_schedule: timezone is '{timezone}'; it must be a name as Europe/Berlin or UTC."


def _power_times(times: Sequence[Mapping[str, t.Any]]) -> Iterator[str]:
    clocks = [str(each.get("time", "")) for each in times if not each.get("schedule_expression")]
    if not all(re.fullmatch("([01]?[0-9]|2[0-3]):[0-5][0-9]", clock) for clock in clocks):
        yield (
            'mlflow_server_power_schedule: start and stop need a time in quotes, as in "07:30" or "19:00" (without quotes, YAML '
            "makes a number of it), or a schedule_expression."
        )
    days = [day for each in times for day in listed(each.get("days"))]
    if not all(re.fullmatch(_DAY, day) for day in days):
        yield "mlflow_server_power_schedule: days are Mon, Tue, Wed, Thu, Fri, Sat and Sun."


RULES: tuple[Callable[[Variables], Iterator[str]], ...] = (
    _forms,
    _region,
    _app,
    _numbers,
    _bucket_settings,
    _bucket_wish,
    _bucket_name,
    _deletion,
    *SECURITY_RULES,
    _power_schedule,
)
"""In the order in which they are told."""
