"""How a pair stands, as ``status`` shows it."""
