"""Faults that are planted in a deployed pair, one module a concern; each gives what puts it right again."""
