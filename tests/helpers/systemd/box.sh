#!/usr/bin/env bash
# box.sh UNITS_DIR [SRC:DST ...]: boot a real systemd in namespaces of its own (as root).
#
# Its root is an overlay over this machine's, and it sees no units but those of UNITS_DIR and what is
# installed inside: a boot on the real root would run the distribution's tmpfiles rules and empty
# /tmp. Nothing that happens inside reaches the machine; killing the first process ends all of it.
set -euo pipefail
if [ -z "${PENHOLDER_BOX:-}" ]; then
  cgroups=/sys/fs/cgroup
  [ -e $cgroups/cgroup.controllers ] || cgroups=$cgroups/unified
  mkdir $cgroups/penholder-box-$$
  echo $$ >$cgroups/penholder-box-$$/cgroup.procs
  PENHOLDER_BOX=1 exec unshare -m -p -C -i -u -n --fork --kill-child --propagation private \
    bash "$0" "$@"
fi
units=$1
shift
work=/mnt
root=$work/root
mount -t tmpfs tmpfs $work
mkdir $work/upper $work/work $root
mount -t overlay overlay -o lowerdir=/,upperdir=$work/upper,workdir=$work/work $root
mount -t proc proc $root/proc
mount --bind $root/proc/sys $root/proc/sys
mount -o remount,bind,ro $root/proc/sys
mount -t sysfs -o ro sysfs $root/sys
mount -t cgroup2 cgroup2 $root/sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs $root/run
mount -t tmpfs -o mode=1777 tmpfs $root/tmp
mount -t tmpfs -o mode=755 tmpfs $root/dev
# What this machine has installed for its own systemd is not to be seen.
mkdir -p $root/etc/systemd/system $root/etc/systemd/user
mount -t tmpfs -o mode=755 tmpfs $root/etc/systemd/system
mount -t tmpfs -o mode=755 tmpfs $root/etc/systemd/user
mkdir -p $root/dev/shm $root/dev/pts $root/units
chmod 1777 $root/dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts $root/dev/pts
ln -s pts/ptmx $root/dev/ptmx
ln -s /proc/self/fd $root/dev/fd
for node in null:3 zero:5 full:7 random:8 urandom:9; do
  mknod -m 666 $root/dev/${node%:*} c 1 ${node#*:}
done
for pair in "$units:/units" "$@"; do
  target=$root${pair#*:}
  mkdir -p "$target"
  mount --bind "${pair%%:*}" "$target"
  mount -o remount,bind,ro "$target"
done
mkdir $root/.old
cd $root
pivot_root . .old
cd /
umount -l /.old
exec env -i container=penholder-box SYSTEMD_UNIT_PATH=/etc/systemd/system:/units \
  PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=box.target --log-target=journal --show-status=no
