#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What tests/bench measures, in the lab. Wants: tests/lab/run --netdevsim
#
# The hooks are those that are installed and talk to the real kernel; only /sys is another: a tree of as many
# VFs as wanted, mounted over it, whose PFs have the interface indices of netdevsim devices.

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/lab/check.sh
. tests/lab/check.sh

tools=${VFPT_STAGE:?the staged build}/../tests
rounds=15
hosts=(18 256 2048)
counts=(8 512)
sizes=(1 8) # vNICs of a VM
if [ -n "${VFPT_SHORT-}" ]; then
    rounds=1 hosts=(18) counts=() sizes=(1)
fi
vm=3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01

# Enough PFs for a host: sizes of each, as netdevsim device numbers 1, 2 ...
shape() {
    case $1 in
    18) echo 7 7 4 ;;
    256) echo 64 64 64 64 ;;
    2048) echo 512 512 512 512 ;;
    esac
}

# make_host VFS: netdevsim devices, and the tree that lends them a PCI side.
make_host() {
    local number=0 size pfs=() device
    ip link del wide-vlan 2>/dev/null || true
    for device in /sys/bus/netdevsim/devices/netdevsim*; do
        [ ! -e "$device" ] || echo "${device##*netdevsim}" >/sys/bus/netdevsim/del_device
    done
    for size in $(shape "$1"); do
        number=$((number + 1)) device=/sys/bus/netdevsim/devices/netdevsim$number
        echo "$number 1" >/sys/bus/netdevsim/new_device
        ip link set dev "$(ls $device/net)" name sim$number
        echo "$size" >/sys/kernel/debug/netdevsim/netdevsim$number/max_vfs
        echo "$size" >$device/sriov_numvfs
        ip link set dev sim$number up
        pfs+=("sim$number:$size")
    done
    ip link add link sim1 name wide-vlan type vlan id 100
    rm -rf /tmp/host
    tests/lab/hosttree.py /tmp/host idle wide-vlan "${pfs[@]}"
}

# document VNICS: the sample VM with that many vNICs, all of which ask for passthrough on `wide`.
document() {
    local i mac devices='' interfaces=''
    for ((i = 1; i <= $1; i++)); do
        mac=$(printf '56:6f:1a:2b:00:%02x' "$i")
        devices+="<ovirt-vm:device mac_address=\"$mac\"><ovirt-vm:network>wide</ovirt-vm:network>"
        devices+="<ovirt-vm:custom>"
        devices+="<ovirt-vm:passthrough>required</ovirt-vm:passthrough></ovirt-vm:custom></ovirt-vm:device>"
        interfaces+=$(nic_xml "$mac" wide "ua-$i" | tr -d "\n")
    done
    sed -e '/<ovirt-vm:device/,/<\/ovirt-vm:device>/d' -e '/<interface/,/<\/interface>/d' \
        -e "s|<ovirt-vm:launchPaused>|$devices&|" -e "s|<channel |$interfaces&|" \
        tests/data/samples/vm-one-nic.xml
}

# In a mount namespace of its own, where /sys is the tree.
# shellcheck disable=SC2016 # for the inner shell
inside() { unshare -m sh -c 'mount --rbind /tmp/host/sys /sys && exec "$@"' sh "$@"; }

# instructions COMMAND...: what callgrind counts of the program's own, from its start to its end.
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null |
        awk '/Collected/ {print $NF; found = 1} END {exit !found}'
}

# wall COMMAND... @ [UNDO...]: the median of some runs, in microseconds, and the peak memory, in KiB.
wall() { "$tools/measure" "$rounds" "$@"; }

# row TITLE INSTRUCTIONS WALL MEMORY FLOOR-INSTRUCTIONS FLOOR-WALL
row() {
    awk -v t="$1" -v i="$2" -v w="$3" -v m="$4" -v fi="$5" -v fw="$6" 'BEGIN {
        printf "%-44s %8.2f M %6.2f x  %8.1f ms %6.2f x  %5.1f MiB\n",
            t, i / 1e6, i / fi, w / 1e3, w / fw, m / 1024 }'
}

# Not the installed ones: valgrind runs no program with file capabilities, and root needs none.
start_hook=$VFPT_STAGE$hooks/before_vm_start/50_vfpt
end_hook=$VFPT_STAGE$hooks/after_vm_destroy/50_vfpt

# In each host the two hooks, for so many vNICs, and the floor with the same document.
measure_hooks() {
    local vfs=$1 vnics=$2 floor floor_wall ins time peak
    document "$vnics" >/tmp/original.xml
    cp /tmp/original.xml /tmp/floor.xml
    floor=$(instructions "$tools/floor" wide-vlan /tmp/floor.xml)
    read -r floor_wall peak < <(wall "$tools/floor" wide-vlan /tmp/floor.xml @)
    [ "$vfs" != "${hosts[0]}" ] ||
        row "floor, $vnics vNICs" "$floor" "$floor_wall" "$peak" "$floor" "$floor_wall"
    export vmId=$vm _hook_domxml=/tmp/doc.xml
    cp /tmp/original.xml /tmp/doc.xml
    ins=$(instructions "$start_hook")
    cp /tmp/doc.xml /tmp/started.xml
    grep -q hostdev /tmp/started.xml
    cp /tmp/started.xml /tmp/doc.xml
    local end_ins
    end_ins=$(instructions "$end_hook")
    cp /tmp/original.xml /tmp/doc.xml
    read -r time peak < <(wall "$start_hook" @ sh -c "$end_hook && cp /tmp/original.xml /tmp/doc.xml")
    row "before_vm_start, $vnics vNICs, $vfs VFs" "$ins" "$time" "$peak" "$floor" "$floor_wall"
    "$start_hook" 2>/dev/null
    read -r time peak < <(wall "$end_hook" @ sh -c "cp /tmp/original.xml /tmp/doc.xml; $start_hook")
    "$end_hook"
    row "after_vm_destroy, $vnics vNICs, $vfs VFs" "$end_ins" "$time" "$peak" "$floor" "$floor_wall"
}

measure_settings() {
    local count=$1 floor floor_wall ins time peak vf=$(($1 - 1)) all fresh
    all=(vlan_id=100 max_tx_rate=1000 spoofchk=on trust=on)
    cp /tmp/original.xml /tmp/floor.xml
    floor=$(instructions "$tools/floor" wide-vlan /tmp/floor.xml)
    read -r floor_wall peak < <(wall "$tools/floor" wide-vlan /tmp/floor.xml @)
    fresh=$("$tools/vfset" sim1 "$count" list | tail -n 1)
    ins=$(instructions "$tools/vfset" sim1 "$count" list)
    read -r time peak < <(wall "$tools/vfset" sim1 "$count" list @)
    row "read the settings of $count VFs" "$ins" "$time" "$peak" "$floor" "$floor_wall"
    ins=$(instructions "$tools/vfset" sim1 "$count" set $vf "${all[@]}")
    # shellcheck disable=SC2086 # one word a setting
    read -r time peak < <(wall "$tools/vfset" sim1 "$count" set $vf "${all[@]}" @ \
        "$tools/vfset" sim1 "$count" back $vf ${fresh#* })
    row "apply four settings to one of $count VFs" "$ins" "$time" "$peak" "$floor" "$floor_wall"
}

install_build
modprobe netdevsim
ip link add idle type dummy
cpu=$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)
echo "On an emulated machine ($cpu): the wall times are those of emulation, the ratios are what counts."
printf '%-44s %19s  %20s  %9s\n' '' 'user instructions' 'wall time (median)' 'peak'

for vfs in "${hosts[@]}"; do
    make_host "$vfs"
    # The measuring itself runs where /sys is the tree.
    for vnics in "${sizes[@]}"; do
        inside bash -c "$(declare -p tools rounds hosts vm hooks start_hook end_hook)
            $(declare -f document nic_xml instructions wall row measure_hooks)
            set -euo pipefail
            measure_hooks $vfs $vnics"
    done
done
for count in "${counts[@]}"; do
    echo 0 >/sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs
    echo "$count" >/sys/kernel/debug/netdevsim/netdevsim1/max_vfs
    echo "$count" >/sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs
    measure_settings "$count"
done
