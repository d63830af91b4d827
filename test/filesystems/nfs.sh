# A folder of an NFS server, mounted twice as two machines have it, at /run/one and /run/two: with `nosharecache` neither knows what the other does.
# https://man7.org/linux/man-pages/man5/nfs.5.html
version=$1
load nfsd nfs nfsv3 nfsv4 loop ext4
mkdir /run/export /run/one /run/two
# On ext4, which counts the changes of a folder. In memory a change within a tick of the clock would be none to NFS.
truncate -s 400M /run/export.img
mkfs.ext4 -q /run/export.img
mount -o loop /run/export.img /run/export
mount -t tmpfs tmpfs /var/lib/nfs
mkdir -p /var/lib/nfs/sm /var/lib/nfs/sm.bak /var/lib/nfs/v4recovery /var/lib/nfs/nfsdcltrack
touch /var/lib/nfs/etab /var/lib/nfs/rmtab
mount -t nfsd nfsd /proc/fs/nfsd
# Both are one client to the server, which then does not take back what it has delegated to the one when the other writes.
echo 0 > /proc/sys/fs/leases-enable
rpcbind -w
exportfs -i -o rw,sync,no_root_squash,no_subtree_check,fsid=0,insecure '*:/run/export'
rpc.mountd 2>/dev/null
rpc.nfsd 8
if [ "$version" = 3 ]; then from=/run/export; else from=/; fi
for at in /run/one /run/two; do mount -t nfs -o "vers=$version,nosharecache,nolock" "127.0.0.1:$from" "$at"; done
mounted /run/one /run/two
