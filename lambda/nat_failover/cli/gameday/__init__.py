"""A game day: a failure on purpose, the failover measured, and the way back."""
