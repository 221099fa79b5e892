"""The only door to the kernel: bpf(2), netlink, sockets and file descriptors."""
