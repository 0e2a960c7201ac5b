"""The configuration: what is refused, and what its settings make of the templates."""
