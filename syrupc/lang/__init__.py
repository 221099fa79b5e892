"""The names a policy may use, as ordinary typed Python."""
