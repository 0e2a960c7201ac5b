"""Histories: what may happen, when, and how it ends."""
