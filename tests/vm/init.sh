#!/bin/sh
# The first process of a guest: the host's files as they are, read-only, and a folder for what the command leaves.
for applet in mount insmod mkdir chroot poweroff sync; do eval "$applet() { /busybox $applet \"\$@\"; }"; done

mkdir -p /dev /proc /host
mount -t devtmpfs none /dev
mount -t proc none /proc
for module in /modules/*.ko; do [ ! -e "$module" ] || insmod "$module"; done
mount -t virtiofs -o ro host /host
mount -t proc none /host/proc
mount -t sysfs none /host/sys
mount -t devtmpfs none /host/dev
mount -t tmpfs none /host/run
mount -t bpf none /host/sys/fs/bpf
mount -t cgroup2 none /host/sys/fs/cgroup
mount -t tracefs none /host/sys/kernel/tracing
mount -t virtiofs scratch /host/mnt

chroot /host /bin/sh /mnt/command >/host/mnt/output 2>&1 </dev/null
echo $? >/host/mnt/status
sync
poweroff -f
