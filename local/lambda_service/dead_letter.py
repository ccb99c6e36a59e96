"""The dead-letter queue of asynchronous events: SQS messages in AWS Lambda's format."""

import asyncio
import logging

from botocore.exceptions import BotoCoreError, ClientError
from mypy_boto3_sqs import SQSClient

from local.lambda_service.function import Function
from local.lambda_service.invocation import Invocation, Outcome

logger = logging.getLogger(__name__)

FUNCTION_ERROR_CODE = "200"  # the status that Lambda reports when the function raised
MAX_ERROR_MESSAGE_CHARS = 1024


class SqsDeadLetters:
    """Sends failed events to their function's queue; without a queue it drops and logs them."""

    def __init__(self, sqs: SQSClient | None) -> None:
        self._sqs = sqs

    async def send(self, function: Function, invocation: Invocation, outcome: Outcome) -> None:
        """Send the event; if the queue cannot be reached, the event is lost and logged."""
        request_id = invocation.request_id
        queue_url = function.dead_letter_queue_url
        if self._sqs is None or queue_url is None:
            logger.error("%s: event %s failed, dropped", function.name, request_id)
            return
        message = outcome.error_message()[:MAX_ERROR_MESSAGE_CHARS] or "unknown"
        try:
            await asyncio.to_thread(
                self._sqs.send_message,
                QueueUrl=queue_url,
                MessageBody=invocation.payload.decode(),
                MessageAttributes={
                    "RequestID": {"DataType": "String", "StringValue": request_id},
                    "ErrorCode": {"DataType": "Number", "StringValue": FUNCTION_ERROR_CODE},
                    "ErrorMessage": {"DataType": "String", "StringValue": message},
                },
            )
        except (BotoCoreError, ClientError):
            logger.exception(
                "%s: event %s lost, send to the dead-letter queue failed", function.name, request_id
            )
