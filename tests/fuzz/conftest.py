"""Hypothesis without deadlines, and with as many examples as it is told: few for `make test`, many for `make fuzz`."""

import os

from hypothesis import settings

settings.register_profile("fuzz", deadline=None, max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")))
settings.load_profile("fuzz")
