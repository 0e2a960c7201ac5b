"""What the messages say, one module for each of their kinds."""
