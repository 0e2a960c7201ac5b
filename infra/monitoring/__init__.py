"""What shows how a pair is, and wakes people."""
