"""The standby's user data, run in network namespaces."""
