"""Asks hosts, by Run Command, whether they reach the Internet, and reads what they say."""
