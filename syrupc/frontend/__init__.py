"""Python source in, typed Numba IR out."""
