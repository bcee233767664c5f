"""Versions and aliases: published, pointed to, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulator.errors import ServiceError
from tests.simulator.jsontext import Json
from tests.simulator.versions import find_version, split

if TYPE_CHECKING:
    from tests.simulator.service import Service

Params = dict[str, Json]
Answer = dict[str, Any]


def publish_version(service: Service, params: Params) -> Answer:
    """The same revision again is the same version, as AWS says."""
    machine = service.machine(params["stateMachineArn"])
    wanted = params.get("revisionId")
    if wanted not in (None, machine.revision.id or "INITIAL"):
        raise ServiceError("ConflictException", "The revision is not the current one")
    for version in machine.versions.values():
        if version.revision is machine.revision:
            break
    else:
        version = service.engine.publish_version(machine.arn)
    return {
        "stateMachineVersionArn": f"{machine.arn}:{version.number}",
        "creationDate": version.created_at,
    }


def delete_version(service: Service, params: Params) -> Answer:
    """What runs on it goes on; an alias must not lead to it any more."""
    arn, qualifier = split(params["stateMachineVersionArn"])
    machine = service.machine(arn)
    version = find_version(machine, qualifier)
    if version is None:
        return {}
    routes = [number for routing in machine.aliases.values() for number, _ in routing]
    if version.number in routes:
        raise ServiceError("ConflictException", "Version to be deleted must not be referenced")
    service.engine.delete_version(arn, version.number)
    return {}


def create_alias(service: Service, params: Params) -> Answer:
    """Also moves one that there is, as UpdateStateMachineAlias does."""
    routing = []
    for route in params["routingConfiguration"]:
        arn, qualifier = split(route["stateMachineVersionArn"])
        version = find_version(service.machine(arn), qualifier)
        if version is None:
            raise ServiceError("ResourceNotFound", f"Resource not found: '{arn}:{qualifier}'")
        routing.append([version.number, int(route["weight"])])
    if params["name"].isdecimal():
        raise ServiceError("ValidationException", "An alias must not be a number")
    service.engine.set_alias(arn, params["name"], routing)
    return {"stateMachineAliasArn": f"{arn}:{params['name']}", "creationDate": service.engine.now}
