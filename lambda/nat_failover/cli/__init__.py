"""The command ``nat-failover``: for the person on call, with that person's own credentials of AWS.

It shares the function's modules and is no part of the function's asset.
"""

__version__ = "0.1.0"
