"""Hypothesis without deadlines, and with as many examples as it is told: few, or EXAMPLES of them."""

import os

from hypothesis import settings

settings.register_profile("fuzz", deadline=None, max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")))
settings.load_profile("fuzz")
