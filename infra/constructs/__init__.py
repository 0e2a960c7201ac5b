"""The parts of a pair's stack, one construct a concern."""
