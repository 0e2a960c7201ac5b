"""What stands between the product and every emulated account: it refuses, delays and forgets as AWS does."""
