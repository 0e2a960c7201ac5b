"""Game days, and what they read from the function's log."""
