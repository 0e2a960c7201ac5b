"""The agent on one host: its queue, its connection, its results."""
