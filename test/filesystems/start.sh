# What every Linux of these tests has: its own /proc, and folders in memory for what is written.
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmpfs /run
mkdir /run/shm
ip link set lo up
load() { for module in "$@"; do modprobe -d "$MODULES" "$module"; done; }
