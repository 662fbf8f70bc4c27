#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hooks that are killed, and whose requests to the kernel fail, with real VFs whose settings must come
# back (see tests/fault/fault.c). Usage: faults.sh [KIND...] (default: kill fail-netlink). Wants:
# tests/lab/run --pfs 3

set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/lab/check.sh
. tests/lab/check.sh

# As the samples want it, with two VFs more than they take on each PF: system calls are slow in here.
make_host() {
    local pf
    for pf in ens1f0 ens2f0 ens3f0; do lab_vfs $pf 3 || return; done
    lab_bridge ovirtmgmt ens1f0 && lab_vlan ens1f0 200 azure.7 && lab_bridge blue azure.7 &&
        lab_bond bond0 ens2f0 ens3f0 && lab_vlan bond0 100 scarlet && lab_bridge red scarlet || return
    say_macs
}

# A PF that was reset, as by the bond, listens to a VF again once that is set up; then the VF says its MAC.
say_macs() {
    local dev
    for dev in /sys/class/net/ens[123]f0v*; do
        ip link set dev "${dev##*/}" up && ip link set dev "${dev##*/}" down || return
    done
}

make_host || { echo "Bail out! the host cannot be made"; exit 1; }
install_build || { echo "Bail out! the build cannot be installed"; exit 1; }
# Its lines for each change of a VF take more time in here than the hooks do.
pkill -x -f '/usr/sbin/ip monitor link' || true
# Their vNICs ask for a VLAN priority.
mkdir -p /etc/vdsm
printf '[policy]\ngap = allow\n' >/etc/vdsm/vfpt.conf
before=$(vf_states ens1f0 ens2f0 ens3f0)
is "the lab has 9 VFs" "$(wc -l <<<"$before")" 9

# Of its own numbers nothing stays: tests count from one end of this script to the other.
[ $# -gt 0 ] || set -- kill fail-netlink
tools=$(realpath "${VFPT_STAGE:?the staged build}/../tests")
export VFPT_NOMEM_LIBRARY=$tools/libnomem.so
for kind; do
    directory=$(mktemp -d)
    began=$SECONDS
    ok "$kind: all of them" "$tools/fault" "$kind" "$directory" "$hooks"/*/50_vfpt
    echo "# $kind: $((SECONDS - began)) s"
    is "$kind: at the end no VF has a vNIC's MAC" "$(vf_lines ens1f0 ens2f0 ens3f0 | grep -c 56:6f:1a:2b)" 0
    # The tool puts each VF back as it was, by way of its PF.
    for vf in ens{1,2,3}f0' '{0..2}; do ip link set dev "${vf% *}" vf "${vf#* }" mac 00:00:00:00:00:00; done
    say_macs
    unchanged "$kind: at the end every VF is free and as at first, as ip shows them"
done
finish
