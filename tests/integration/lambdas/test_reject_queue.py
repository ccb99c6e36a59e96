"""A request to SQS can succeed for some of its messages: which, only its answer says."""

import json
from collections.abc import Iterator

import pytest

from lambdas.common.errors import RejectQueueUnavailableError
from lambdas.ingest.commands import Reason, Reject
from lambdas.ingest.reject_queue import RejectQueue
from tests.fixtures.control_api import Quiet, serving

FAILED = {"Id": "1", "SenderFault": False, "Code": "InternalError", "Message": "try again"}


class HalfTaken(Quiet):
    """Answers as SQS does when it has taken the first message and not the second."""

    def do_POST(self) -> None:  # noqa: N802  # http.server's name
        self.rfile.read(int(self.headers["content-length"]))
        answer = {"Successful": [{"Id": "0", "MessageId": "m"}], "Failed": [FAILED]}
        self.reply(200, json.dumps(answer).encode(), {"content-type": "application/x-amz-json-1.0"})


@pytest.fixture
def half_taken_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a queue that takes half of what it is sent; moto's takes all or nothing."""
    with serving(HalfTaken) as port:
        url = f"http://127.0.0.1:{port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", url)
        yield f"{url}/000000000000/rejects"


@pytest.mark.usefixtures("aws")
def test_a_reject_that_sqs_has_not_taken_raises_so_that_the_event_comes_again(
    half_taken_url: str,
) -> None:
    reject = Reject(reason=Reason.UNKNOWN_NAME, detail="the name is none of ours", original={})
    expected = r"unable to send 1 of 2 reject\(s\); InternalError"
    with pytest.raises(RejectQueueUnavailableError, match=expected):
        RejectQueue(half_taken_url).send([reject, reject])
