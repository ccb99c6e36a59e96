"""Hands the dead letters of ingest to ingest again; without --send it only lists them."""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scripts.deployed import NotDeployedError, outputs

# Longer than a run of ingest: a message must not come twice in one run.
_VISIBILITY_SECONDS = 120
_TRIES = 3  # an empty answer may be of one of the queue's servers alone


def main(arguments: list[str]) -> int:
    """Redrive or list; 1 where a dead letter failed again."""
    parser = argparse.ArgumentParser(prog="make redrive", description=__doc__)
    parser.add_argument("--stage", required=True, choices=("dev", "prod"))
    parser.add_argument(
        "--send", action="store_true", help="invoke ingest, and remove what it took"
    )
    parser.add_argument("--limit", type=int, default=1000, help="at most so many (1000)")
    options = parser.parse_args(arguments)
    try:
        found = outputs(options.stage)
        return redrive(
            found["DeadLetterQueueUrl"],
            found["IngestFunctionName"],
            send=options.send,
            limit=options.limit,
        )
    except NotDeployedError as error:
        sys.exit(str(error))
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"unable to redrive; {error}")


def redrive(queue_url: str, function_name: str, *, send: bool, limit: int) -> int:
    """Take what lies in the queue, one by one; 1 where something failed again."""
    sqs: Any = boto3.client("sqs")
    # The function's own time is up to 15 minutes; a retry of ours would be a second invocation.
    config = Config(read_timeout=910, retries={"total_max_attempts": 1})
    functions: Any = boto3.client("lambda", config=config)
    seen = failed = 0
    for message in _messages(sqs, queue_url, limit=limit):
        seen += 1
        problem = _invoke(functions, function_name, message["Body"]) if send else None
        failed += problem is not None
        print(f"{message['MessageId']}  {_summary(message)}{_outcome(problem, send=send)}")
        if send and problem is None:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    end = f"{failed} failed again" if send else "nothing was changed: ARGS=--send sends them"
    print(f"{seen} dead letter(s); {end}")
    return 1 if failed else 0


def _messages(sqs: Any, queue_url: str, *, limit: int) -> Iterator[dict[str, Any]]:
    """Each message of the queue once, at most `limit`; unseen by others for two minutes."""
    taken: set[str] = set()
    empty = 0
    while len(taken) < limit and empty < _TRIES:
        answer = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=min(10, limit - len(taken)),
            VisibilityTimeout=_VISIBILITY_SECONDS,
            MessageAttributeNames=["All"],
        )
        fresh = [
            message for message in answer.get("Messages", []) if message["MessageId"] not in taken
        ]
        empty = 0 if fresh else empty + 1
        for message in fresh:
            taken.add(message["MessageId"])
            yield message


def _invoke(functions: Any, name: str, body: str) -> str | None:
    """Run ingest on an event; what went wrong, or None."""
    try:
        answer = functions.invoke(FunctionName=name, Payload=body.encode())
    except ClientError as exc:
        return str(exc.response["Error"]["Code"])
    if "FunctionError" not in answer:
        return None
    return str(json.load(answer["Payload"]).get("errorType", "error"))


def _summary(message: dict[str, Any]) -> str:
    """Of what kind it is and why it lies there; never what somebody has written."""
    try:
        event = json.loads(message["Body"])
        names = [str(item.get("name")) for item in event["messages"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        names = ["not an event of Ably's"]
    attributes = message.get("MessageAttributes", {})
    why = attributes.get("ErrorCode", {}).get("StringValue")
    return ", ".join(names) + (f" (error code {why})" if why else "")


def _outcome(problem: str | None, *, send: bool) -> str:
    if not send:
        return ""
    return f": failed again, {problem}" if problem else ": taken"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
