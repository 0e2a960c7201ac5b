"""Constructs as they are deployed."""
