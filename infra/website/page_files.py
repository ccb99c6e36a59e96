"""The page's files copied into their bucket at deploy, each with how long it may be kept."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct, IConstruct

from infra.settings.fields import ConfigError
from infra.settings.stage import StageConfig
from infra.shared.bootstrap import asset_bucket
from infra.shared.nag import acknowledge

# Vite puts a hash of the content into the name of everything in there.
_HASHED = "assets/*"
_IMMUTABLE = "public, max-age=31536000, immutable"
_NO_CACHE = "no-cache"

_COPIER_REASONS = {
    "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]": (
        "the CDK's own custom resource, which only runs at deploy"
    ),
    "L1": "the CDK chooses the runtime of its own custom resource",
}
_WIDE_ACTIONS = ("s3:GetBucket*", "s3:GetObject*", "s3:List*", "s3:Abort*", "s3:DeleteObject*")


class PageFiles(Construct):
    """Hashed files first, then the page that names them: no visitor gets a page without them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        bucket: s3.Bucket,
        page: Path,
        cdk_log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        self._logs = cdk_log_group
        if not (page / "index.html").is_file():
            raise ConfigError(["page=true needs the built page: run `make web`, or set page=false"])
        files = deployment.Source.asset(str(page))
        # Files of earlier deploys stay, for the pages that are open.
        hashed = self._copy("Hashed", bucket, [files], _IMMUTABLE, only=_HASHED)
        settings = deployment.Source.json_data("config.json", _page_settings(config))
        rest = self._copy("Rest", bucket, [files, settings], _NO_CACHE, but=_HASHED)
        rest.node.add_dependency(hashed)
        self._acknowledge_copier(config, bucket)

    def _copy(
        self,
        construct_id: str,
        bucket: s3.Bucket,
        sources: list[deployment.ISource],
        cache_control: str,
        *,
        only: str | None = None,
        but: str | None = None,
    ) -> deployment.BucketDeployment:
        return deployment.BucketDeployment(
            self,
            construct_id,
            destination_bucket=bucket,
            sources=sources,
            cache_control=[deployment.CacheControl.from_string(cache_control)],
            exclude=["*"] if only else [but] if but else None,
            include=[only] if only else None,
            prune=False,
            log_group=self._logs,
        )

    def _acknowledge_copier(self, config: StageConfig, bucket: s3.Bucket) -> None:
        """Accept the rights of the CDK's own function: on its two buckets, and on no other."""
        stack = cdk.Stack.of(self)
        copier: IConstruct = next(
            child
            for child in stack.node.children
            if child.node.id.startswith("Custom::CDKBucketDeployment")
        )
        files = stack.get_logical_id(bucket.node.default_child)  # type: ignore[arg-type]  # a bucket's resource is a CfnElement
        wide = (
            *(f"Action::{action}" for action in _WIDE_ACTIONS),
            f"Resource::<{files}.Arn>/*",
            f"Resource::arn:<AWS::Partition>:s3:::{asset_bucket(self, config)}/*",
        )
        acknowledge(
            copier,
            {
                **_COPIER_REASONS,
                **{
                    f"IAM5[{what}]": "the CDK's grant: the page's bucket, its assets"
                    for what in wide
                },
            },
        )


def _page_settings(config: StageConfig) -> dict[str, str]:
    """Without `ably`, which the page needs only where it is not the real one."""
    return {
        "authUrl": "/api/auth",
        "messagesUrl": "/api/messages",
        "outgoingChannel": config.outgoing_channel,
        "incomingChannel": config.incoming_channel,
    }
