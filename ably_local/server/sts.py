"""Assumes roles through STS, for the credentials that sign a rule's invocations."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

from ably_local.base.errors import AblyError
from ably_local.core.rules import Rule

# Credentials are renewed some time before they expire.
MARGIN = timedelta(minutes=1)


class Roles:
    """The credentials of rules, cached until shortly before they expire.

    Attributes:
        account_id: forms, together with the app's id, the external id that a role may require.
    """

    def __init__(self, endpoint_url: str | None, account_id: str, own: Credentials) -> None:
        """Create a cache; `own` are the server's own credentials, with which it calls STS."""
        self.account_id = account_id
        self._own = own
        self._endpoint_url = endpoint_url
        self._assumed: dict[tuple[str, str], tuple[datetime, Credentials]] = {}
        self._lock = asyncio.Lock()

    async def credentials(self, rule: Rule) -> Credentials:
        """The credentials of the rule, or of the role that it names.

        Without an STS endpoint, these are the server's own credentials for a rule with a role.

        Raises:
            AblyError: 70001, if STS cannot be reached; 70002, if STS refuses.
        """
        given = rule.target["authentication"]
        if given["authenticationMode"] == "credentials":
            return Credentials(given["accessKeyId"], given["secretAccessKey"])
        if self._endpoint_url is None:
            return self._own
        role = (given["assumeRoleArn"], rule.app_id)
        async with self._lock:
            expires, credentials = self._assumed.get(role, (datetime.min.replace(tzinfo=UTC), None))
            if credentials is None or datetime.now(UTC) > expires - MARGIN:
                answer = await asyncio.to_thread(self._assume, *role, rule.target["region"])
                credentials = Credentials(
                    answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"]
                )
                self._assumed[role] = (answer["Expiration"], credentials)
        return credentials

    def _assume(self, role_arn: str, app_id: str, region: str) -> dict[str, Any]:
        client: Any = get_session().create_client(
            "sts",
            region_name=region,
            endpoint_url=self._endpoint_url,
            aws_access_key_id=self._own.access_key,
            aws_secret_access_key=self._own.secret_key,
            aws_session_token=self._own.token,
        )
        try:
            answer: dict[str, Any] = client.assume_role(
                RoleArn=role_arn,
                RoleSessionName="ably",
                ExternalId=f"{self.account_id}.{app_id}",
            )["Credentials"]
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise AblyError(70002, status, f"the role {role_arn} cannot be assumed") from error
        except BotoCoreError as error:
            msg = f"the role cannot be assumed; {type(error).__name__}"
            raise AblyError(70001, 500, msg) from error
        finally:
            client.close()
        return answer
