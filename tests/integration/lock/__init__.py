"""Lock and claim in moto's Parameter Store."""
