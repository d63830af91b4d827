# A FAT volume at /run/fat: no links, names in any case, times of two seconds.
load loop vfat nls_cp437 nls_iso8859-1 nls_ascii nls_utf8
truncate -s 400M /run/fat.img
mkfs.vfat -F 32 /run/fat.img >/dev/null
mkdir /run/fat
mount -o loop,utf8 /run/fat.img /run/fat
mounted /run/fat
