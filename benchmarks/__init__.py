"""The demo and the measurements: one question a file, its method in the docstring."""
