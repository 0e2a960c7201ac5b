"""The SSM document that carries the probe."""
