"""What a person does with a pair, by the function's own means."""
