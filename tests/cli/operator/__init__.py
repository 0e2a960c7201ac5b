"""What a person does with a pair, in the lab."""
