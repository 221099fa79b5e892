"""The BPF instruction set (RFC 9669): instructions, their bytes, their text, and an interpreter."""
