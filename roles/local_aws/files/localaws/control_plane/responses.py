# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SageMaker as moto knows it, plus managed MLflow.

moto reads requests and writes answers from botocore's model; an operation here is only what it means.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.responses import SageMakerResponse

from localaws import credentials, instance
from localaws.control_plane import apps, errors, listing, servers, states, tags
from localaws.moto_repairs.callers import caller

if TYPE_CHECKING:
    from localaws.control_plane.store import Actor, MlflowResource
    from localaws.instance import Instance

URL_LIFE = 300
SESSION_LIFE = 43200


class MlflowResponse(SageMakerResponse):  # type: ignore[misc]  # moto has no type information
    """Every operation of SageMaker; those on managed MLflow are our own."""

    @property
    def _running(self) -> Instance:
        return instance.current()

    @property
    def _actor(self) -> Actor:
        return caller(self.access_key)

    @property
    def _server(self) -> MlflowResource:
        return servers.get(self._running, self._get_param("TrackingServerName"), self.current_account, self.region)

    @property
    def _app(self) -> MlflowResource:
        return apps.get(self._running, self._get_param("Arn"), self.current_account, self.region)

    def create_mlflow_tracking_server(self) -> Any:
        wanted = tags.add({}, tags.checked(self.params.get("Tags") or []))
        arn = servers.create(self._running, self.params, self._actor, self.current_account, self.region)
        self._tag_new(arn, wanted)
        return ActionResult({"TrackingServerArn": arn})

    def describe_mlflow_tracking_server(self) -> Any:
        return ActionResult(servers.described(self._server))

    def update_mlflow_tracking_server(self) -> Any:
        server = self._server
        servers.update(self._running, server, self.params, self._actor)
        return ActionResult({"TrackingServerArn": server.arn})

    def delete_mlflow_tracking_server(self) -> Any:
        return self._changed_server("delete")

    def start_mlflow_tracking_server(self) -> Any:
        return self._changed_server("start")

    def stop_mlflow_tracking_server(self) -> Any:
        return self._changed_server("stop")

    def list_mlflow_tracking_servers(self) -> Any:
        found = self._running.store.of("tracking_server", self.current_account, self.region)
        return self._page(found, "TrackingServerStatus", "TrackingServerSummaries", servers.summary)

    def create_presigned_mlflow_tracking_server_url(self) -> Any:
        return self._presigned(self._server)

    def create_mlflow_app(self) -> Any:
        wanted = tags.add({}, tags.checked(self.params.get("Tags") or []))
        arn = apps.create(self._running, self.params, self._actor, self.current_account, self.region)
        self._tag_new(arn, wanted)
        return ActionResult({"Arn": arn})

    def describe_mlflow_app(self) -> Any:
        app = apps.get(self._running, self._get_param("Arn"), self.current_account, self.region, deleted=True)
        return ActionResult(apps.described(app))

    def update_mlflow_app(self) -> Any:
        app = self._app
        apps.update(self._running, app, self.params, self._actor)
        return ActionResult({"Arn": app.arn})

    def delete_mlflow_app(self) -> Any:
        app = self._app
        states.require(app, "delete", self._running.settings)
        servers.change(self._running, app, "delete", self._actor)
        return ActionResult({"Arn": app.arn})

    def list_mlflow_apps(self) -> Any:
        found = self._running.store.of("app", self.current_account, self.region)
        domain, default = self._get_param("DefaultForDomainId"), self._get_param("AccountDefaultStatus")
        chosen = [
            each
            for each in found
            if (domain is None or domain in each.default_domain_ids)
            and default in (None, apps.DEFAULT_STATUS[each.account_default])
        ]
        return self._page(chosen, "Status", "Summaries", apps.summary)

    def create_presigned_mlflow_app_url(self) -> Any:
        return self._presigned(self._app)

    def add_tags(self) -> Any:
        arn, wanted = self._get_param("ResourceArn"), tags.checked(self._get_param("Tags"))
        if tags.MLFLOW_ARN.match(arn):
            resource = tags.get(self._running, arn, self.current_account, self.region)
            resource.tags = tags.add(resource.tags, wanted)
            return ActionResult({"Tags": tags.as_list(resource.tags)})
        self._require_other_resource(arn)
        # moto appends: what AWS replaces would be there twice.
        self.sagemaker_backend.delete_tags(arn, list(wanted))
        return super().add_tags()

    def delete_tags(self) -> Any:
        arn, keys = self._get_param("ResourceArn"), self._get_param("TagKeys")
        if tags.MLFLOW_ARN.match(arn):
            resource = tags.get(self._running, arn, self.current_account, self.region)
            resource.tags = {key: value for key, value in resource.tags.items() if key not in keys}
            return EmptyResult()
        self._require_other_resource(arn)
        return super().delete_tags()

    def list_tags(self) -> Any:
        arn = self._get_param("ResourceArn")
        if not tags.MLFLOW_ARN.match(arn):
            self._require_other_resource(arn)
            return super().list_tags()
        resource = tags.get(self._running, arn, self.current_account, self.region)
        entries, token = self._one_page(tags.as_list(resource.tags))
        return ActionResult({"Tags": entries, **({"NextToken": token} if token else {})})

    def _require_other_resource(self, arn: str) -> None:
        """moto fails with an AttributeError for resources that it does not know."""
        kind, _unused, name = arn.split(":", 5)[-1].partition("/")
        try:
            found = self.sagemaker_backend._get_resource_from_arn(arn)
        except (AttributeError, KeyError, ValueError):
            found = None
        if found is None:
            raise errors.validation(f"Could not find {kind} with name {name}")

    def _tag_new(self, arn: str, wanted: dict[str, str]) -> None:
        resource = self._running.store.find(arn)
        if resource is not None:
            resource.tags = wanted

    def _changed_server(self, verb: str) -> Any:
        server = self._server
        states.require(server, verb, self._running.settings)
        servers.change(self._running, server, verb, self._actor)
        return ActionResult({"TrackingServerArn": server.arn})

    def _presigned(self, resource: MlflowResource) -> Any:
        if not resource.running and not self._running.settings.presign_inactive_allowed:
            name = errors.NAMES[resource.kind]
            raise errors.validation(
                f"{name} with ARN {resource.arn} is not active, can't create a presigned URL for it."
            )
        key = credentials.find(self.access_key, self._running.settings)
        url = self._running.presigned.issue(
            resource.arn,
            self._get_param("ExpiresInSeconds") or URL_LIFE,
            self._get_param("SessionExpirationDurationInSeconds") or SESSION_LIFE,
            key.principal if key is not None else None,
        )
        return ActionResult({"AuthorizedUrl": url})

    def _page(self, found: list[MlflowResource], status_filter: str, key: str, summary: Any) -> Any:
        chosen = listing.select(
            found,
            self._moment("CreatedAfter"),
            self._moment("CreatedBefore"),
            self._get_param(status_filter),
            self._get_param("MlflowVersion"),
        )
        entries = listing.ordered(chosen, self._get_param("SortBy"), self._get_param("SortOrder"))
        shown, token = self._one_page(entries)
        return ActionResult({key: [summary(each) for each in shown], **({"NextToken": token} if token else {})})

    def _moment(self, name: str) -> datetime | None:
        """moto reads moments as UTC without saying so."""
        moment: datetime | None = self._get_param(name)
        return moment.replace(tzinfo=timezone.utc) if moment is not None and moment.tzinfo is None else moment

    def _one_page(self, entries: Any) -> Any:
        size = self._get_param("MaxResults") or self._running.settings.list_page_size
        return listing.page(entries, self.params, size, self._get_param("NextToken"))
