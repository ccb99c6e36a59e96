"""What the connector publishes of the chat, in the bundle and in the local run."""

TABLE = "chat_data"


def chat_mappings(channel: str) -> list[dict[str, object]]:
    """The mappings of the connector's configuration.

    A deletion goes out with the message's id only: what its author has taken back is not sent to
    every reader, and into Ably's history, once more.
    """
    return [
        {"tablename": TABLE, "ablychannelname": channel, "operation": "INSERT"},
        {"tablename": TABLE, "ablychannelname": channel, "operation": "UPDATE"},
        {
            "tablename": TABLE,
            "ablychannelname": channel,
            "operation": "DELETE",
            "columns": ["msg_id"],
        },
    ]
