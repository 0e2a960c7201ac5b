"""The account that a command works in, and the pairs that are deployed in it."""
