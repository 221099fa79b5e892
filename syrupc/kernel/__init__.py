"""Facts about Linux as tables, each row with the release that brought it."""
