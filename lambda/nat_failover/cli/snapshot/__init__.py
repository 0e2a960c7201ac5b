"""All that is known of a pair at one time, read from AWS."""
