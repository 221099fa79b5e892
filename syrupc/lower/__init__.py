"""Typed Numba IR in, a BPF object file out."""
