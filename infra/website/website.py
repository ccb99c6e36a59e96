"""The chat page: its files in a closed bucket, CloudFront before it, the API under /api/."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.settings.stage import StageConfig
from infra.shared.nag import acknowledge
from infra.website.page_files import PageFiles

_API_PATH = Path(__file__).parent / "cloudfront" / "api_path.js"
_ABLY = " ".join(
    f"https://*.{host} wss://*.{host}" for host in ("ably.io", "ably.net", "ably-realtime.com")
)
# As the local run serves it, so that what a browser refuses is seen there.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    f"form-action 'self'; img-src 'self' data:; connect-src 'self' {_ABLY}"
)


class Website(Construct):
    """One origin for page and API: the browser needs no CORS, and the cookie is a first party's.

    Attributes:
        distribution: the CloudFront distribution.
        url: where people find the page.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        api: apigatewayv2.HttpApi,
        page: Path,
        cdk_log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        bucket = s3.Bucket(
            self,
            "Files",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            # Every deploy puts the files back.
            removal_policy=cdk.RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        acknowledge(bucket, {"S1": "only CloudFront reads it; the files are the same for everyone"})
        self.distribution = self._distribution(config, bucket, api)
        self.url = f"https://{config.page_domain or self.distribution.distribution_domain_name}/"
        PageFiles(
            self, "PageFiles", config=config, bucket=bucket, page=page, cdk_log_group=cdk_log_group
        )

    def _distribution(
        self, config: StageConfig, bucket: s3.Bucket, api: apigatewayv2.HttpApi
    ) -> cloudfront.Distribution:
        headers = self._headers()
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"The chat page, stage {config.stage}",
            default_root_object="index.html",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(bucket),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                response_headers_policy=headers,
                compress=True,
            ),
            additional_behaviors={"/api/*": self._api_behavior(api, headers)},
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            domain_names=[config.page_domain] if config.page_domain else None,
            certificate=self._certificate(config),
            minimum_protocol_version=(
                cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if config.page_domain else None
            ),
            web_acl_id=config.page_web_acl_arn,
        )
        _acknowledge(distribution, config)
        return distribution

    def _api_behavior(
        self, api: apigatewayv2.HttpApi, headers: cloudfront.ResponseHeadersPolicy
    ) -> cloudfront.BehaviorOptions:
        stack = cdk.Stack.of(self)
        return cloudfront.BehaviorOptions(
            origin=origins.HttpOrigin(
                f"{api.api_id}.execute-api.{stack.region}.{stack.url_suffix}",
                protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
                origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            ),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
            # Each answer is one person's: cookies, query and headers go on, nothing is kept.
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            response_headers_policy=headers,
            function_associations=[
                cloudfront.FunctionAssociation(
                    event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                    function=cloudfront.Function(
                        self,
                        "ApiPath",
                        code=cloudfront.FunctionCode.from_inline(_API_PATH.read_text()),
                        runtime=cloudfront.FunctionRuntime.JS_2_0,
                    ),
                )
            ],
        )

    def _headers(self) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=CONTENT_SECURITY_POLICY, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=cdk.Duration.days(365), override=True
                ),
            ),
        )

    def _certificate(self, config: StageConfig) -> acm.ICertificate | None:
        if config.page_certificate_arn is None:
            return None
        return acm.Certificate.from_certificate_arn(
            self, "Certificate", config.page_certificate_arn
        )


def _acknowledge(distribution: cloudfront.Distribution, config: StageConfig) -> None:
    reasons = {
        "CFR1": "a chat for everyone: no country is shut out",
        "CFR3": "the files are the same for everyone; what is asked of the API is in its own log",
    }
    if config.page_web_acl_arn is None:
        reasons["CFR2"] = "page_web_acl_arn=none: the API is throttled, and the files are static"
    if config.page_domain is None:
        reasons["CFR4"] = "page_domain=none: with CloudFront's own certificate AWS sets the TLS"
    acknowledge(distribution, reasons)
