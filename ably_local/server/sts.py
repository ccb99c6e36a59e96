"""The shell that assumes roles: the credentials with which a rule's invocations are signed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

from ably_local.base.errors import AblyError
from ably_local.core.rules import Rule

# Credentials are not used up to their last moment.
MARGIN = timedelta(minutes=1)


class Roles:
    """Credentials for rules, kept for as long as STS lets them live.

    Attributes:
        account_id: together with the app's id the external id, which a role may ask for.
    """

    def __init__(self, endpoint_url: str | None, account_id: str, own: Credentials) -> None:
        """Take this server's own credentials, with which it asks STS."""
        self.account_id = account_id
        self._own = own
        self._endpoint_url = endpoint_url
        self._assumed: dict[tuple[str, str], tuple[datetime, Credentials]] = {}
        self._lock = asyncio.Lock()

    async def credentials(self, rule: Rule) -> Credentials:
        """Those of the rule, or of the role that it names.

        Without an STS endpoint a role is taken for granted, and the server's own are used.

        Raises:
            AblyError: 70001, STS cannot be reached; 70002, it refuses.
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
