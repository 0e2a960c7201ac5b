"""The probe that hosts run, and the SSM document that carries it to them."""
