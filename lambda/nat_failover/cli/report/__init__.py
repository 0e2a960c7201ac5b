"""A report of what a drill has measured, as one HTML page."""
