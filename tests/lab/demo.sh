#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What tests/demo shows, in the lab. Wants: tests/lab/run --pfs 1

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/lab/check.sh
. tests/lab/check.sh

colour=${VFPT_COLOUR:-never}
vm=3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01
mac=56:6f:1a:2b:00:01

title() { [ "$colour" = never ] && printf '\n== %s\n' "$*" || printf '\n\e[1m== %s\e[0m\n' "$*"; }
show() { sed 's/^/   /'; }

lab_vfs ens1f0 7
ip link set dev ens1f0 mtu 9000
lab_vlan ens1f0 100 tagged
lab_bridge red tagged
install_build

title "The host: PF ens1f0 with 7 VFs; the network red is a bridge on VLAN 100 of it"
ip -br link show dev ens1f0 | show
ip -d link show dev ens1f0 | grep '^ *vf' | show

title "VDSM runs before_vm_start on the document of VM web-01, whose vNIC says passthrough=required"
before=$(vf_states ens1f0)
as_vdsm before_vm_start tests/data/samples/vm-one-nic.xml vmId=$vm
show <<<"$err"
[ "$rc" = 0 ] || exit 1

title "The vNIC, before and after"
interface() { sed -n '/<interface/,/<\/interface/p' "$1"; }
{ diff --color="$colour" -U20 <(interface tests/data/samples/vm-one-nic.xml) <(interface "$doc") || true; } |
    tail -n +4 | show

vf=$(vf_of "$doc" $mac)
title "The PF's view of that VF, $vf: the vNIC's MAC and the network's VLAN"
pf_line "$vf" | show
title "The ledger"
find /run/vfpt -name '*@*' | show

title "The VM has ended: after_vm_destroy gives the VF back"
as_vdsm after_vm_destroy "$doc" vmId=$vm
[ "$rc" = 0 ] || { show <<<"$err"; exit 1; }
pf_line "$vf" | show
if [ "$(vf_states ens1f0)" = "$before" ] && [ "$(assignments)" = 0 ]; then
    echo "   all 7 VFs are as they were, the ledger is empty"
else
    echo "   NOT as before"
    exit 1
fi
