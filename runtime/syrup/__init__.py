"""User-defined scheduling for Linux: what policies import, and what deploys them."""
