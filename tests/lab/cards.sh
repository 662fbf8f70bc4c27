#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The hooks on PFs that behave as those of the drivers that people have (tests/lab/drivers). What becomes of
# each property with each of them is in cards.outcomes.
# Usage: cards.sh [--outcomes] [DRIVER...] (default: all). With --outcomes print what becomes of the
# properties, in the form of that file, and test nothing. Wants: tests/lab/run --pfs 3 --driver igb

set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/lab/check.sh
. tests/lab/check.sh
# shellcheck source=tests/lab/vm.sh
. tests/lab/vm.sh

mac=56:6f:1a:2b:00:09
vnics=(56:6f:1a:2b:00:01 56:6f:1a:2b:00:02 56:6f:1a:2b:00:03)

# The property, and how ip shows that a VF has it.
properties=(
    "vf_vlan=100| vlan 100[ ,]"
    "vf_vlan=0|" # igb shows nothing then
    "vf_vlan=100:3| vlan 100, qos 3[ ,]"
    "vf_vlan=100:0:802.1ad| vlan 100, vlan protocol 802.1ad[ ,]"
    "vf_rate=1000| max_tx_rate 1000Mbps"
    "vf_rate=5| max_tx_rate 5Mbps"
    "vf_rate=10-100| max_tx_rate 100Mbps min_tx_rate 10Mbps|, min_tx_rate 10Mbps"
    "vf_spoofchk=off| spoof checking off"
    "vf_trust=on| trust on"
    "vf_link=enable| link-state enable"
    "vf_link=disable| link-state disable"
    "vf_rss_query=on| query_rss on"
)

# blue is VLAN 200 on ens1f0, red is VLAN 100 on a bond of ens2f0 and ens3f0.
make_host() {
    lab_vfs ens1f0 4 && lab_vlan ens1f0 200 azure.7 && lab_bridge blue azure.7 &&
        lab_vfs ens2f0 2 && lab_vfs ens3f0 2 && lab_bond bond0 ens2f0 ens3f0 && lab_vlan bond0 100 scarlet &&
        lab_bridge red scarlet
}

states() { vf_states ens1f0 ens2f0 ens3f0; }

# plug HOOK [DOCUMENT] [NAME=VALUE...]
plug() { as_vdsm "$1" "$2" "vmId=$vm" "${@:3}"; }

# --- one property --------------------------------------------------------------------------------

# What the hook says of it, without the vNIC: as cards.outcomes has it.
outcome() {
    if [ "$rc" = 0 ]; then
        echo set
    else
        sed -E "s/^vfpt: vNIC $mac \(network blue\): //; s/VF [0-9] of ens1f0/VF of PF/" <<<"$err"
    fi
}

# try PROPERTY: before_nic_hotplug of a vNIC that asks for it.
try() {
    nic_xml $mac blue >/tmp/nic.xml
    plug before_nic_hotplug /tmp/nic.xml passthrough=required "$1"
    plugged=$doc
}

unplug() {
    plug after_nic_hotunplug "$plugged"
    is "$1: it goes back" "$rc$err" 0
}

is_set() {
    local what=$1 shown=$2
    plug after_nic_hotplug "$plugged"
    is "$what: after_nic_hotplug succeeds" "$rc$err" 0
    # sfc does not show it.
    [[ $shown != ' spoof '* || $before = *' spoof checking '* ]] || shown=
    like "$what: ip shows it" "$(pf_line "$(vf_of "$plugged" $mac)")" "$mac.*$shown"
    unplug "$what"
    unchanged "$what: and every VF is as it was"
}

is_refused() {
    local what=$1 property=$2
    ok "$what: in one line" one_line "$err"
    ok "$what: the document is as it was" cmp "$plugged" /tmp/nic.xml
    unchanged "$what: no trace is left"
    plug before_nic_hotplug /tmp/nic.xml passthrough=preferred "$property"
    like "$what: where a VF is preferred it stays on its bridge, and one line says why" "$rc $err" \
        "^0 vfpt: warning: vNIC $mac .*; it stays on its bridge \(passthrough=preferred\)$"
    ok "$what: the document is as it was then too" cmp "$doc" /tmp/nic.xml
    unchanged "$what: and no trace is left"
}

each_property() {
    local entry property expected
    for entry in "${properties[@]}"; do
        property=${entry%%|*}
        expected=$(grep -P "^$driver\t\Q$property\E\t" tests/lab/cards.outcomes | cut -f 3)
        try "$property"
        is "$driver, $property" "$(outcome)" "$expected"
        if [ "$rc" = 0 ]; then
            is_set "$driver, $property" "${entry#*|}"
        else
            is_refused "$driver, $property" "$property"
        fi
    done
}

outcomes() {
    local entry
    for entry in "${properties[@]}"; do
        try "${entry%%|*}"
        printf '%s\t%s\t%s\n' "$driver" "${entry%%|*}" "$(outcome)"
        [ "$rc" != 0 ] || plug after_nic_hotunplug "$plugged"
    done
}

# --- a VM ----------------------------------------------------------------------------------------

is_taken() { grep -qP "^$driver\t\Q$1\E\tset$" tests/lab/cards.outcomes; }

# All that the driver takes, of what goes together.
accepted() {
    local property
    for property in vf_vlan=100:3 vf_rate=1000 vf_spoofchk=off vf_trust=on vf_link=enable vf_rss_query=on; do
        ! is_taken "$property" || printf ' %s' "$property"
    done
}

# vm_of PROPERTIES: a VM with a vNIC in each mode.
vm_of() {
    domain "${vnics[0]}" blue "$1" "${vnics[1]}" red "$1 passthrough_mode=macvtap" \
        "${vnics[2]}" blue "$1 passthrough_mode=failover" >/tmp/domain.xml
}

vm_in_all_modes() {
    local what="$driver, a VM" all
    all="passthrough=required$(accepted)"
    vm_of "$all"
    start "$what"
    is "$what: each vNIC has a VF" "$(assignments)" 3
    is "$what: with its MAC" \
        "$(vf_lines ens1f0 ens2f0 ens3f0 | grep -cE "$(IFS='|'; echo "${vnics[*]}")")" 3
    vnic_is_plugged_and_unplugged "$what" "$all"
    stop "$what"
}

vnic_is_plugged_and_unplugged() {
    local what=$1 properties vf
    read -ra properties <<<"$2"
    nic_xml $mac blue ua-plugged >/tmp/nic.xml
    plug before_nic_hotplug /tmp/nic.xml "${properties[@]}"
    plugged=$doc
    is "$what: before_nic_hotplug succeeds" "$rc" 0
    ok "$what: libvirt plugs it" virsh -q attach-device "$name" "$plugged" --live
    plug after_nic_hotplug "$plugged"
    is "$what: after_nic_hotplug succeeds" "$rc$err" 0
    vf=$(vf_of "$plugged" $mac)
    like "$what: its VF has its MAC" "$(pf_line "$vf")" "$mac.* vlan [12]00[ ,]"
    ok "$what: libvirt unplugs it" virsh -q detach-device "$name" /tmp/nic.xml --live
    lab_wait 30 lab_has_netdev "$vf"
    unplug "$what, unplugged"
    is "$what: the others stay" "$(assignments)" 3
}

# libvirt sets MAC and VLAN one behind the other, and asks once: i40e resets the VF at the first, and before
# Linux 6.6 does not wait for its end at the second. That is libvirt's failure, and nothing stays behind.
vm_that_libvirt_does_not_start() {
    local what="$driver, a VM"
    vm_of passthrough=required
    as_vdsm before_vm_start /tmp/domain.xml vmId="$vm"
    is "$what: before_vm_start succeeds" "$rc" 0
    like "$what: libvirt finds the driver busy" "$(virsh -q create --paused "$doc" 2>&1)" \
        'Resource temporarily unavailable'
    lab_wait 30 all_have_netdevs
    cp "$doc" /tmp/live.xml
    as_vdsm after_vm_destroy /tmp/live.xml vmId="$vm"
    is "$what: after_vm_destroy succeeds" "$rc$err" 0
    unchanged "$what: every VF is as it was"
}

# Where the driver takes no VLAN, or a VF of it gets no frames.
vm_without_vf() {
    local what="$driver, a VM without a VF"
    vm_of passthrough=required
    as_vdsm before_vm_start /tmp/domain.xml vmId="$vm"
    is "$what: where one is required it does not start" "$rc" 2
    ok "$what: and one line says why" one_line "$err"
    ok "$what: the document is as it was" cmp "$doc" /tmp/domain.xml
    vm_of passthrough=preferred
    start "$what"
    is "$what: where one is preferred it starts, on its bridges" "$(assignments)" 0
    is "$what: a line for each vNIC says why" "$(grep -c 'it stays on its bridge' <<<"$said")" 3
    stop "$what"
}

# --- what is left ----------------------------------------------------------------------------------

no_link_is_down() { is "$driver: no VF's link is down" "$(lab_links_down)" ""; }

traffic_passes() {
    local a b
    a=$(basename /sys/class/net/ens1f0/device/virtfn0/net/*)
    b=$(basename /sys/class/net/ens1f0/device/virtfn1/net/*)
    lab_netns one "$a" 192.0.2.1/24 && lab_netns two "$b" 192.0.2.2/24
    ok "$driver: two VFs reach each other" lab_wait 30 quiet ip netns exec one ping -c1 -W1 192.0.2.2
    ip netns del one; ip netns del two
    lab_wait 30 all_have_netdevs
}

# --- all -----------------------------------------------------------------------------------------

test_driver() {
    lab_load_driver "$driver" || { echo "Bail out! there is no driver $driver"; exit 1; }
    before=$(states) before_mtus=$(mtus)
    each_property
    if [ "$driver" = i40e-6.1 ]; then
        vm_that_libvirt_does_not_start
    elif is_taken vf_vlan=100 || is_taken vf_spoofchk=off; then
        vm_in_all_modes
    else
        vm_without_vf
    fi
    no_link_is_down
    traffic_passes
}

make_host || { echo "Bail out! the host cannot be made"; exit 1; }
install_build || { echo "Bail out! the build cannot be installed"; exit 1; }
only_outcomes=
[ "${1-}" != --outcomes ] || { only_outcomes=1; shift; }
if [ $# -eq 0 ]; then
    mapfile -t drivers < <(grep -v '^#' tests/lab/cards.outcomes | cut -f 1 | uniq)
    set -- "${drivers[@]}"
fi
if [ "$only_outcomes" ]; then
    for driver; do lab_load_driver "$driver" && outcomes; done
    exit
fi
start_libvirt || { echo "Bail out! libvirt does not start"; exit 1; }
for driver; do test_driver; done
finish
