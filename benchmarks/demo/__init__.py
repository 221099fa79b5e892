"""The demo: a real UDP key-value service, load on it, and what each policy does to its latency."""
