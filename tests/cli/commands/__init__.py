"""The commands as processes, on a deployed pair."""
