"""The CDK app: everything that AWS has to know to keep private subnets online."""

import sys
from pathlib import Path

# What function and stack share is defined in the function's package, which need not be installed to deploy: of that
# package only what needs nothing but Python is imported.
sys.path.insert(0, str(Path(__file__).parents[1] / "lambda"))
