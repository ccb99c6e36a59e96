"""The forms that settings of text must have, each with the words that say so."""

from infra.settings.fields import matching

channel = matching(
    r"[A-Za-z0-9][A-Za-z0-9_:-]{0,99}",
    "a channel name of at most 100 letters, digits, '-', '_' and ':'",
)
origin = matching(
    r"https?://[A-Za-z0-9.-]+(:\d{1,5})?",
    "origins such as https://chat.example.com, separated by commas (no path, and no '*': the "
    "answers set a cookie), or none",
)
_SECRETS_MANAGER_ARN = (
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^\s*]+-[A-Za-z0-9]{6}"
)
secret_arn = matching(
    _SECRETS_MANAGER_ARN,
    "the complete ARN of a secret (arn:aws:secretsmanager:…:secret:name-AbC123)",
)
control_token_secret = matching(
    rf"create|{_SECRETS_MANAGER_ARN}",
    "create (an empty secret), or the complete ARN of a secret with the access token",
)
control_api_url = matching(
    r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[\w.-]+)*|http://(localhost|127\.0\.0\.1):\d{1,5}(/[\w.-]+)*",
    "an https:// address without a slash at its end (http:// for this machine only)",
)
# Part of a bucket's name, so stricter than the CDK's own check.
bootstrap_qualifier = matching(
    r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?",
    "a bootstrap's qualifier: 1 to 10 lower-case letters, digits and '-', such as team1",
)
ably_id = matching(r"[A-Za-z0-9_-]{4,20}", "an id as Ably's dashboard shows it")
issuer = matching(
    r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[\w./~-]*)?",
    "the https:// address of an OpenID Connect issuer, as its tokens have it under iss",
)
audience = matching(r"[!-+\--~]{1,255}", "audiences as tokens have them under aud, or none")
domain = matching(r"([a-z0-9-]+\.)+[a-z]{2,}", "a domain name such as chat.example.com")
certificate_arn = matching(
    r"arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/[0-9a-f-]{36}",
    "the ARN of a certificate in us-east-1, the only region that CloudFront takes one from "
    "(arn:aws:acm:us-east-1:…:certificate/…)",
)
web_acl_arn = matching(
    r"arn:aws[a-z-]*:wafv2:us-east-1:\d{12}:global/webacl/[\w-]+/[0-9a-f-]{36}",
    "the ARN of a web ACL of scope CLOUDFRONT, which lives in us-east-1 whatever the stage's "
    "region (arn:aws:wafv2:us-east-1:…:global/webacl/…)",
)
email = matching(r"[^@\s,]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}", "one e-mail address")
