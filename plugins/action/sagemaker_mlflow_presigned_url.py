# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hand a link to the person who runs Ansible, and to nobody else.

The documentation is in plugins/modules/sagemaker_mlflow_presigned_url.py.
"""

from __future__ import annotations

import os
import typing as t
import webbrowser

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display

from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._aws_action import AwsAction, Call

NO_BROWSER = (
    "No browser could be started on the machine that runs Ansible (over SSH there is none, as a rule). Use show: true, which "
    "prints the link, or name a browser in the environment variable BROWSER."
)
UNPROTECTED = (
    "The result of this task holds a link that opens the MLflow UI for whoever reads it. Set no_log: true on the task, or use "
    "show: true, which prints the link on the terminal only."
)


class ActionModule(AwsAction):
    """Takes the link out of the module's result before anything can log it."""

    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module, then show the link, open it, or return it."""
        result = super().run(tmp, task_vars)
        show, open_browser = self._is_wished("show"), self._is_wished("open_browser")
        if not show and not open_browser:
            if result.get("authorized_url") and not self._task.no_log:
                Display().warning(UNPROTECTED)
            return result
        url = result.pop("authorized_url", None)
        if url is None:
            return result
        return self._hand_over(url, result, (task_vars or {}).get("inventory_hostname", ""), show, open_browser)

    def _hand_over(
        self, url: str, result: dict[str, t.Any], host: str, show: bool, open_browser: bool
    ) -> dict[str, t.Any]:
        if show:
            text = f"\n{host}: this link opens the MLflow UI, once, within {result['expires_in_seconds']} seconds:\n{url}\n"
            Display().display(text, screen_only=True)
        opened = open_browser and _open(url)
        if open_browser and not opened:
            if not show:
                return {**result, "failed": True, "msg": NO_BROWSER}
            Display().warning(NO_BROWSER)
        return {**result, "shown": show, "opened": opened}

    def module_result(self, variables: dict[str, t.Any], call: Call | None = None) -> dict[str, t.Any]:
        """The link is in it."""
        # At -vvv a connection by SSH prints what the module wrote, unless its play context (a copy of ours) says no_log.
        contexts = [self._play_context, self._connection._play_context]
        before = [context.no_log for context in contexts]
        for context in contexts:
            context.no_log = True
        try:
            return super().module_result(variables, call)
        finally:
            for context, no_log in zip(contexts, before, strict=True):
                context.no_log = no_log

    def _is_wished(self, option: str) -> bool:
        # What is no boolean was refused by the module.
        return bool(boolean(self._task.args.get(option, False), strict=False))


def _open(url: str) -> bool:
    """Whether a browser took the link."""
    try:
        browser = webbrowser.get()
        in_the_foreground = not isinstance(browser, webbrowser.BackgroundBrowser)
        if isinstance(browser, webbrowser.GenericBrowser) and in_the_foreground and not os.environ.get("BROWSER"):
            # A browser in text mode has no terminal here: it would use up the link and show it to nobody.
            return False
        return browser.open(url)
    except (webbrowser.Error, OSError):
        return False
