"""The compiler: a typed Python function in, a BPF object that is proven safe out. Never touches the running kernel."""
