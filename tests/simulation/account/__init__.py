"""A model of the account, quick enough for thousands of histories, and what befalls its calls."""
