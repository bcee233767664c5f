"""How we get into one AWS account and region: plain values in, a boto3 session out."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError
from botocore.loaders import Loader

from callbacks.stepfunctions.sessions import OUR_NAME

# boto3's own variables for an endpoint; without an explicit URL boto3 obeys them in this order.
ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_SFN", "AWS_ENDPOINT_URL")
# Asking for credentials stands in front of a send that holds a 30-second lease, so it gets less
# patience than reading: two attempts of at most seven seconds. Repeating AssumeRole is harmless.
STS_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
)
# One hour is what every role allows, also when we come from another role (role chaining).
ROLE_SECONDS = 3600
# docs.aws.amazon.com/general/latest/gr/step-functions, and those of a VPC.
AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


@dataclass(frozen=True, kw_only=True)
class Access:
    """One account and region, and how to get in: ambient credentials, a profile, or a role.

    A role is assumed with the profile's credentials where there is a profile, else with the
    ambient ones. `session_name` is what CloudTrail shows beside every call of ours.
    """

    region: str
    endpoint_url: str | None = None
    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = field(default=None, repr=False)
    session_name: str = OUR_NAME

    @property
    def effective_endpoint(self) -> str | None:
        """Return the endpoint that boto3 will use, where it is not AWS's own."""
        if self.endpoint_url:
            return self.endpoint_url
        return next((os.environ[name] for name in ENDPOINT_VARIABLES if os.environ.get(name)), None)

    @property
    def is_local(self) -> bool:
        """Tell whether the endpoint is this very machine, that is: an emulator."""
        return _is_loopback(urlsplit(self.effective_endpoint or "").hostname or "")

    @property
    def place(self) -> str:
        """Tell what answers, as far as an address says: AWS by whatever name, or which emulator."""
        address = urlsplit(self.effective_endpoint or "")
        host = (address.hostname or "").rstrip(".")
        if not host or host.endswith(AWS_DOMAINS):
            return "AWS"
        port = address.port or (443 if address.scheme == "https" else 80)
        return f"{'localhost' if self.is_local else host}:{port}"


def without_own_endpoint(access: Access) -> Access:
    """Return the same without an endpoint where it names the one that AWS has for the region.

    Addresses for FIPS, IPv6 or a VPC stay: whoever names them wants those.
    """
    suffix = ".cn" if access.region.startswith("cn-") else ""
    own = f"https://states.{access.region}.amazonaws.com{suffix}"
    asked = (access.endpoint_url or "").lower().rstrip("/").removesuffix(":443").removesuffix(".")
    bare = replace(access, endpoint_url=None)
    # Without an address boto3 goes where its variables say.
    return bare if asked == own and bare.effective_endpoint is None else access


class _Models(Loader):
    """What botocore knows of AWS's services, once for all sessions: each alone would hold 8 MB."""

    @property
    def search_paths(self) -> list[str]:
        # A copy: every boto3 session adds its own folder, which nobody here needs.
        return [*super().search_paths]


_MODELS = _Models()


def open_session(*, access: Access) -> boto3.Session:
    """Return a session whose credentials renew themselves for as long as the process lives."""
    base = _base_session(access)
    if access.role_arn is None:
        return base
    core = _core(access)
    provider = _RoleProvider(_role_refresher(base, access))
    core.register_component("credential_provider", CredentialResolver([provider]))
    return boto3.Session(botocore_session=core, region_name=access.region)


def sts_client(*, session: boto3.Session, access: Access) -> Any:
    """Return an STS client; an emulator on this machine answers for STS as well."""
    endpoint = access.effective_endpoint if access.is_local else None
    config = STS_CONFIG.merge(Config(proxies={})) if access.is_local else STS_CONFIG
    return session.client("sts", region_name=access.region, endpoint_url=endpoint, config=config)


def _base_session(access: Access) -> boto3.Session:
    if access.is_local and not access.profile and not _environment_has_credentials():
        # The emulators check no signature, and a bare machine has no credentials to sign with.
        return boto3.Session(
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 (a public stand-in, not a secret)
            region_name=access.region,
            botocore_session=_core(access),
        )
    return boto3.Session(botocore_session=_core(access), region_name=access.region)


def _core(access: Access) -> botocore.session.Session:
    core = botocore.session.Session(profile=access.profile)
    core.register_component("data_loader", _MODELS)
    return core


def _environment_has_credentials() -> bool:
    return any(os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class _RoleProvider(CredentialProvider):
    """Hands botocore credentials that call AssumeRole again before they end."""

    METHOD = "assume-role"

    def __init__(self, refresh: Callable[[], dict[str, Any]]) -> None:
        super().__init__()
        self._refresh = refresh

    def load(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(refresh_using=self._refresh, method=self.METHOD)


def _role_refresher(base: boto3.Session, access: Access) -> Callable[[], dict[str, Any]]:
    request: dict[str, Any] = {
        "RoleArn": access.role_arn,
        "RoleSessionName": access.session_name,
        "DurationSeconds": ROLE_SECONDS,
    }
    if access.external_id:
        request["ExternalId"] = access.external_id

    def refresh() -> dict[str, Any]:
        # A client of its own each time: the base credentials may have been renewed since.
        given = _assume_role(sts_client(session=base, access=access), request)
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    return refresh


def _assume_role(client: Any, request: dict[str, Any]) -> dict[str, Any]:
    try:
        given: dict[str, Any] = client.assume_role(**request)["Credentials"]
        return given
    except (ClientError, BotoCoreError):
        raise
    except Exception as error:  # botocore's parser stumbles over what is not AWS's XML
        raise CredentialRetrievalError(
            provider=_RoleProvider.METHOD,
            error_msg=f"no credentials in the answer ({type(error).__name__})",
        ) from error
