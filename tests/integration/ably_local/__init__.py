"""The local Ably as unmodified SDKs see it."""
