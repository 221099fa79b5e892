"""Where policies attach: one hook a file."""
