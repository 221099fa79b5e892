"""A compiled policy on disk: ELF, BTF and line information, read back from bytes."""
