# A folder of an NFS server, mounted twice as two machines have it, at /run/one and /run/two: with `nosharecache` neither knows what the other does.
# https://man7.org/linux/man-pages/man5/nfs.5.html
# $1 is the version, and what else it is to be mounted with. With a program $3 that runs $2 the first is mounted through that, which loses answers.
version=$1 node=$2 lossy=$3
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
rpc.nfsd -H 127.0.0.1 8
case $version in 3*) from=/run/export ;; *) from=/ ;; esac
options=vers=$version,nosharecache,nolock
if [ -n "$lossy" ]; then
  "$node" "$lossy" 127.0.0.2 127.0.0.1 &
  for turn in $(seq 50); do (: < /dev/tcp/127.0.0.2/2049) 2>/dev/null && break; sleep 0.2; done
  # Asks again after so many tenths of a second.
  mount -t nfs -o "$options,timeo=3" "127.0.0.2:$from" /run/one
else
  mount -t nfs -o "$options" "127.0.0.1:$from" /run/one
fi
mount -t nfs -o "$options" "127.0.0.1:$from" /run/two
mounted /run/one /run/two
