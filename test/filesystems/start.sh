# What every Linux of these tests has: its own /proc, and folders in memory for what is written.
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmpfs /run
mkdir /run/shm
ip link set lo up
# Ends all of it where a file system is not there, which a folder in memory would stand in for.
mounted() {
  for at in "$@"; do
    if ! mountpoint -q "$at"; then
      echo "nothing is mounted at $at"
      echo o > /proc/sysrq-trigger
      sleep 60
    fi
  done
}
load() { for module in "$@"; do modprobe -d "$MODULES" "$module"; done; }
