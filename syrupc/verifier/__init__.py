"""The static pre-verifier: judges the bytes that ship, with plain Python, before any kernel sees them."""
