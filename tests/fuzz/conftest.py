"""Hypothesis without deadlines: the machines that run these tests are shared and slow by turns."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
