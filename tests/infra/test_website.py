"""The page: closed bucket, its headers, how long what is kept, and the API on the same origin."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.settings.fields import ConfigError
from infra.settings.stage import StageConfig
from infra.stacks.application import build
from local.gateway.page import page_headers
from local.gateway.settings import PageSettings
from tests.infra.synthesis import ROOT, Resource, Stage, make_app

# Of CloudFront's own policies.
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac"


def _distribution(stage: Stage) -> dict[str, Any]:
    return dict(stage.service.properties("AWS::CloudFront::Distribution")["DistributionConfig"])


def test_only_cloudfront_reads_the_files_and_only_over_tls(dev: Stage) -> None:
    bucket = dev.service.properties("AWS::S3::Bucket", "WebsiteFiles")
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    policy = dev.service.properties("AWS::S3::BucketPolicy", "WebsiteFiles")["PolicyDocument"]
    denied = [statement for statement in policy["Statement"] if statement["Effect"] == "Deny"]
    assert [statement["Condition"] for statement in denied] == [
        {"Bool": {"aws:SecureTransport": "false"}}
    ]
    (read,) = [
        statement for statement in policy["Statement"] if statement.get("Action") == "s3:GetObject"
    ]
    assert read["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert "AWS:SourceArn" in read["Condition"]["StringEquals"]
    assert "OriginAccessControlId" in _distribution(dev)["Origins"][0]


def test_the_page_is_served_compressed_over_https_alone(dev: Stage) -> None:
    distribution = _distribution(dev)
    behavior = distribution["DefaultCacheBehavior"]
    assert behavior["Compress"] is True
    assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"
    assert distribution["DefaultRootObject"] == "index.html"


def test_the_headers_are_those_of_the_local_run(dev: Stage) -> None:
    policy = dev.service.properties("AWS::CloudFront::ResponseHeadersPolicy")
    headers = policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    local = page_headers(PageSettings(ably=None))
    content = headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert content == local["Content-Security-Policy"]
    assert headers["FrameOptions"]["FrameOption"] == local["X-Frame-Options"]
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == local["Referrer-Policy"]
    assert "ContentTypeOptions" in headers
    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 365 * 24 * 3600


@pytest.mark.parametrize("scheme", ["https", "wss"])
def test_the_policy_admits_the_hosts_of_the_pages_own_sdk(dev: Stage, scheme: str) -> None:
    sdk = (ROOT / "web" / "node_modules" / "ably" / "build" / "ably.js").read_text()
    policy = str(dev.service.properties("AWS::CloudFront::ResponseHeadersPolicy"))
    for domain in ("ably-realtime.com", "ably.net"):
        assert domain in sdk
        assert f"{scheme}://*.{domain}" in policy


def test_api_answers_are_never_kept_and_cookies_and_queries_go_on(dev: Stage) -> None:
    (behavior,) = _distribution(dev)["CacheBehaviors"]
    assert behavior["PathPattern"] == "/api/*"
    assert behavior["CachePolicyId"] == CACHING_DISABLED
    assert behavior["OriginRequestPolicyId"] == ALL_VIEWER_EXCEPT_HOST_HEADER
    assert behavior["AllowedMethods"] == ["GET", "HEAD", "OPTIONS"]
    (association,) = behavior["FunctionAssociations"]
    assert association["EventType"] == "viewer-request"


@pytest.mark.parametrize(
    ("requested", "served"),
    [
        ("/api/auth", "/auth"),
        ("/api/messages", "/messages"),
        ("/api/api/auth", "/api/auth"),
        ("/apiary", "/apiary"),
    ],
)
def test_the_apis_own_paths_stand_behind_api(dev: Stage, requested: str, served: str) -> None:
    code = dev.service.properties("AWS::CloudFront::Function")["FunctionCode"]
    event = json.dumps({"request": {"uri": requested, "querystring": {"limit": {"value": "5"}}}})
    program = f"{code}\nconsole.log(JSON.stringify(handler({event})))"
    answer = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    request = json.loads(answer.stdout)
    assert request["uri"] == served
    assert request["querystring"] == {"limit": {"value": "5"}}


def _copies(stage: Stage) -> dict[str, tuple[str, Resource]]:
    """Logical id and resource of each copy, by what browsers are told."""
    return {
        made["Properties"]["SystemMetadata"]["cache-control"]: (name, made)
        for name, made in stage.service.of_type("Custom::CDKBucketDeployment").items()
    }


def test_hashed_files_are_kept_for_a_year_and_what_names_them_is_asked_for_each_time(
    dev: Stage,
) -> None:
    copies = _copies(dev)
    first, hashed = copies["public, max-age=31536000, immutable"]
    _, rest = copies["no-cache"]
    assert hashed["Properties"]["Include"] == ["assets/*"]
    assert hashed["Properties"]["Exclude"] == ["*"]
    assert rest["Properties"]["Exclude"] == ["assets/*"]
    assert first in rest["DependsOn"]
    assert hashed["Properties"]["Prune"] is rest["Properties"]["Prune"] is False


def test_the_page_is_told_the_channels_and_the_apis_path(dev: Stage) -> None:
    (config,) = dev.folder.glob("asset.*/config.json")
    assert json.loads(config.read_text()) == {
        "authUrl": "/api/auth",
        "messagesUrl": "/api/messages",
        "outgoingChannel": "outgoing-chat",
        "incomingChannel": "incoming-chat",
    }


def test_a_domain_comes_with_its_certificate_a_web_acl_and_where_to_point_it(
    dev: Stage, prod: Stage
) -> None:
    distribution = _distribution(prod)
    assert distribution["Aliases"] == ["chat.example.com"]
    certificate = distribution["ViewerCertificate"]
    assert certificate["AcmCertificateArn"].startswith("arn:aws:acm:us-east-1:")
    assert certificate["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert distribution["WebACLId"].startswith("arn:aws:wafv2:us-east-1:")
    assert prod.service.outputs["PageUrl"]["Value"] == "https://chat.example.com/"
    assert "chat.example.com" in prod.service.outputs["PageDomainTarget"]["Description"]
    assert "WebACLId" not in _distribution(dev)
    assert "PageDomainTarget" not in dev.service.outputs


def test_without_a_page_there_is_no_cloudfront(queued: Stage) -> None:
    assert not queued.service.of_type("AWS::CloudFront::Distribution", "AWS::S3::Bucket")
    assert "PageUrl" not in queued.service.outputs


def test_a_page_that_is_not_built_ends_in_a_sentence(tmp_path: Path) -> None:
    config = StageConfig.from_context({"stage": "dev"})
    with pytest.raises(ConfigError, match="run `make web`, or set page=false"):
        build(make_app(tmp_path, "dev"), config, page=tmp_path / "nothing")
