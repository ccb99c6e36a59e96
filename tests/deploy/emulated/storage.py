"""Buckets: their tags, without which the CDK's own function empties none."""

from collections.abc import Callable

from ministack.services import s3

from tests.deploy.emulated.handlers import Made, Properties, wrap_handler


def install() -> None:
    """Have MiniStack keep them."""
    wrap_handler("AWS::S3::Bucket", "create", _create)


def _create(
    original: Callable[..., Made], logical_id: str, properties: Properties, stack: str
) -> Made:
    made = original(logical_id, properties, stack)
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
    s3._bucket_tags[made[0]] = tags  # noqa: SLF001
    return made
