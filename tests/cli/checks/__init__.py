"""The doctor's checks, on snapshots and on planted faults."""
