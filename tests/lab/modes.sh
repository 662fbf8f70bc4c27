#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each way of connecting a vNIC with its VF, and all that a profile can ask for, as libvirt really starts it.
# Usage: modes.sh [FUNCTION...] (default: all). Wants: tests/lab/run --pfs 3

set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/lab/check.sh
. tests/lab/check.sh
# shellcheck source=tests/lab/vm.sh
. tests/lab/vm.sh

one=56:6f:1a:2b:00:01
two=56:6f:1a:2b:00:02

# blue is VLAN 200 on ens1f0, red is VLAN 100 on a bond of ens2f0 and ens3f0, dark has no bridge here.
make_host() {
    lab_vfs ens1f0 7 && lab_bridge ovirtmgmt ens1f0 && lab_vlan ens1f0 200 azure.7 &&
        lab_bridge blue azure.7 &&
        lab_vfs ens2f0 7 && lab_vfs ens3f0 4 && lab_bond bond0 ens2f0 ens3f0 &&
        ip link set dev bond0 mtu 9000 && lab_vlan bond0 100 scarlet && lab_bridge red scarlet
}

# not_started_again NAME: the VM runs, so another start of it is refused, and takes nothing from it.
not_started_again() {
    local before
    before=$(vf_lines ens1f0; cat /run/vfpt/*@*)
    as_vdsm before_vm_start /tmp/domain.xml vmId="$vm"
    like "$1: another start of the VM is refused while it runs" "$rc $err" \
        "^2 vfpt: vNIC $one \(network blue\): VM $vm runs already, on VF [0-6] of ens1f0; "
    ok "$1: in one line" one_line "$err"
    ok "$1: the document stays" cmp "$doc" /tmp/domain.xml
    is "$1: and VF and record, too" "$(vf_lines ens1f0; cat /run/vfpt/*@*)" "$before"
    as_vdsm after_vm_destroy /tmp/domain.xml vmId="$vm"
    like "$1: the end of that start takes nothing from it either" "$rc $err" \
        "^0 vfpt: warning: VM $vm runs, so its VF [0-6] of ens[123]f0 stays with it: "
    is "$1: nor VF and record" "$(vf_lines ens1f0; cat /run/vfpt/*@*)" "$before"
}

hostdev() {
    local vf
    domain $one blue passthrough=required >/tmp/domain.xml
    start hostdev
    vf=$(vf_of /tmp/live.xml $one)
    is "hostdev: the VF is with VFIO" "$(lab_driver "$vf")" vfio-pci
    like "hostdev: MAC, VLAN and spoof check are on the VF" \
        "$(pf_line "$vf")" "$one.* vlan 200, spoof checking on"
    not_started_again hostdev
    as_vdsm before_vm_migrate_source /tmp/live.xml vmId="$vm"
    like "hostdev: its migration is refused, with a line that names VF and vNIC" "$rc $err" \
        "^2 vfpt: vNIC $one \(network blue\): the guest has VF [0-6] of ens1f0 \($vf\) itself"
    ok "hostdev: which is one line" one_line "$err"
    stop hostdev
}

macvtap() {
    local dev vf
    domain $one blue "passthrough=required passthrough_mode=macvtap" >/tmp/domain.xml
    sed -i 's|<bandwidth/>|<mtu size="1400"/>|' /tmp/domain.xml
    start macvtap
    dev=$(xpath /tmp/live.xml "$(of $one)/source/@dev")
    is "macvtap: libvirt has a direct interface in mode passthrough" \
        "$(xpath /tmp/live.xml "$(of $one)/@type") $(xpath /tmp/live.xml "$(of $one)/source/@mode")" "direct passthrough"
    vf=$(basename "$(readlink -f "/sys/class/net/$dev/device")")
    like "macvtap: $dev is a VF of ens1f0, and the PF shows the MAC and VLAN on it" \
        "$(pf_line "$vf")" "$one.* vlan 200,"
    is "macvtap: a macvtap is on it" "$(find "/sys/class/net/$dev/" -name 'upper_macvtap*' | wc -l)" 1
    is "macvtap: the VF's net device and the macvtap have the vNIC's MTU" \
        "$(cat "/sys/class/net/$dev/mtu" "/sys/class/net/$dev"/upper_macvtap*/mtu | xargs)" "1400 1400"
    is "macvtap: and its MAC" "$(cat "/sys/class/net/$dev/address")" $one
    is "macvtap: model, link and filter stay on the vNIC" \
        "$(xpath /tmp/started.xml "$(of $one)/model/@type") $(xpath /tmp/started.xml "$(of $one)/link/@state") $(xpath /tmp/started.xml "$(of $one)/filterref/@filter")" \
        "virtio up vdsm-no-mac-spoofing"
    not_started_again macvtap
    as_vdsm before_vm_migrate_source /tmp/live.xml vmId="$vm"
    is "macvtap: it may migrate" "$rc$err" 0
    stop macvtap
}

failover() {
    local vf
    domain $one blue "passthrough=required passthrough_mode=failover" >/tmp/domain.xml
    start failover
    is "failover: the vNIC stays on its bridge, persistent" \
        "$(xpath /tmp/live.xml "$(of $one)/source/@bridge") $(xpath /tmp/live.xml "$(of $one)/teaming/@type")" "blue persistent"
    is "failover: a hostdev one with the same MAC is there, transient" \
        "$(xpath /tmp/live.xml "$(of $one 2)/@type") $(xpath /tmp/live.xml "$(of $one 2)/teaming/@type")" "hostdev transient"
    is "failover: which names the first one's alias" \
        "$(xpath /tmp/live.xml "$(of $one 2)/teaming/@persistent")" \
        "$(xpath /tmp/live.xml "$(of $one)/alias/@name")"
    vf=$(vf_of /tmp/live.xml $one)
    like "failover: the PF shows MAC and VLAN on its VF" "$(pf_line "$vf")" "$one.* vlan 200,"
    is "failover: VDSM finds the network of each by MAC and alias" \
        "$(xmllint --xpath "count(//*[local-name()='device' and @mac_address='$one' and @alias and \
            *[local-name()='network']='blue'])" /tmp/live.xml)" 2
    as_vdsm before_vm_migrate_source /tmp/live.xml vmId="$vm"
    is "failover: it may migrate" "$rc$err" 0
    stop failover
}

two_macvtaps_of_a_bond() {
    local a b
    domain $one red "passthrough=required passthrough_mode=macvtap" \
        $two red "passthrough=required passthrough_mode=macvtap" >/tmp/domain.xml
    start "two macvtaps"
    a=$(basename "$(readlink -f "/sys/class/net/$(xpath /tmp/live.xml "$(of $one)/source/@dev")/device")")
    b=$(basename "$(readlink -f "/sys/class/net/$(xpath /tmp/live.xml "$(of $two)/source/@dev")/device")")
    is "two macvtaps: they are on the two PFs of the bond" \
        "$(printf '%s\n' "${a%:*}" "${b%:*}" | sort | xargs)" "0000:02 0000:03"
    like "two macvtaps: the first has its MAC and VLAN" "$(pf_line "$a")" "$one.* vlan 100,"
    like "two macvtaps: the second has its MAC and VLAN" "$(pf_line "$b")" "$two.* vlan 100,"
    is "two macvtaps: the MTU of red is that of the VFs' network devices and of the macvtaps on them" \
        "$(cat /sys/bus/pci/devices/{"$a","$b"}/net/*/mtu /sys/bus/pci/devices/{"$a","$b"}/net/*/upper_macvtap*/mtu | xargs)" "9000 9000 9000 9000"
    stop "two macvtaps"
}

preferred_without_a_vf() {
    mkdir -p /etc/vdsm && printf '[pf ens1f0]\nexclude = 0-6\n' >/etc/vdsm/vfpt.conf
    domain $one blue passthrough=preferred >/tmp/domain.xml
    start "preferred without a VF"
    is "preferred without a VF: the VM runs on the bridge" \
        "$(xpath /tmp/live.xml "$(of $one)/source/@bridge")" blue
    like "preferred without a VF: one line says why" "$said" \
        "^vfpt: warning: vNIC $one .*ens1f0 has 7 VFs, 0 assigned to VMs, 7 excluded by vfpt.conf.*stays on its bridge"
    ok "preferred without a VF: and no other" one_line "$said"
    ok "preferred without a VF: the document is as it was" cmp /tmp/started.xml /tmp/domain.xml
    rm /etc/vdsm/vfpt.conf
    stop "preferred without a VF"
}

network_without_a_bridge() {
    local vf
    printf '[network dark]\npfs = ens3f*\nvlan = 300\nmtu = 1500\nvf_trust = on\n' >/etc/vdsm/vfpt.conf
    domain $one dark passthrough=required >/tmp/domain.xml
    start "network without a bridge"
    vf=$(vf_of /tmp/live.xml $one)
    like "network without a bridge: the VF is of the PF that vfpt.conf names" "$vf" '^0000:03:'
    like "network without a bridge: with its VLAN, and the trust that is its default" \
        "$(pf_line "$vf")" "$one.* vlan 300,.*trust on"
    rm /etc/vdsm/vfpt.conf
    stop "network without a bridge"
}

the_old_property() {
    local a b
    ip link set dev ens1f0 vf 3 vlan 7
    before=$(vf_states ens1f0 ens2f0 ens3f0)
    a=$(lab_vf_pci ens1f0 3) b=$(lab_vf_pci ens2f0 1)
    vm_properties='<o:sriov>ens1f0v3,ens2f0v1</o:sriov>' domain $one blue "" >/tmp/domain.xml
    start sriov
    is "sriov: both VFs are with VFIO" "$(lab_driver "$a") $(lab_driver "$b")" "vfio-pci vfio-pci"
    like "sriov: the first has the VLAN that the administrator gave it" "$(pf_line "$a")" 'vlan 7,'
    is "sriov: the vNIC beside them is as it was" "$(xpath /tmp/started.xml "$(of $one)/@type")" bridge
    # A second VM asks for one of them.
    vm_properties='<o:sriov>ens1f0v4,ens1f0v3</o:sriov>' domain $two blue "" |
        sed "s/$vm/${vm%01}02/; s/web-01/web-02/" >/tmp/second.xml
    as_vdsm before_vm_start /tmp/second.xml "vmId=${vm%01}02" sriov=ens1f0v4,ens1f0v3
    like "sriov: one that is taken is refused" \
        "$rc $err" '^2 vfpt: custom property sriov: ens1f0v3: there is no network device'
    is "sriov: and nothing is kept of the other" "$(assignments)" 2
    as_vdsm before_vm_start /tmp/second.xml "vmId=${vm%01}02" sriov=ens1f0
    like "sriov: one that is no VF is refused" \
        "$rc $err" '^2 vfpt: custom property sriov: ens1f0: network device ens1f0 is not a VF'
    stop sriov
    ip link set dev ens1f0 vf 3 vlan 0
    before=$(vf_states ens1f0 ens2f0 ens3f0)
}

# igb has no port profiles: libvirt takes the document and says so when it starts.
port_profile() {
    domain $one blue "passthrough=required vmfex=Gold" >/tmp/domain.xml
    as_vdsm before_vm_start /tmp/domain.xml vmId="$vm"
    is "vmfex: before_vm_start succeeds" \
        "$rc$(xpath "$doc" "$(of $one)/virtualport/parameters/@profileid")" 0Gold
    ok "vmfex: libvirt's schema takes the document" quiet virt-xml-validate "$doc" domain
    cp "$doc" /tmp/live.xml
    like "vmfex: libvirt gets as far as the card" \
        "$(virsh -q create --paused "$doc" 2>&1)" 'error:.*PortProfile'
    lab_wait 30 all_have_netdevs
    as_vdsm after_vm_destroy /tmp/live.xml vmId="$vm"
    is "vmfex: after_vm_destroy succeeds" "$rc$err" 0
    unchanged "vmfex: every VF is as it was"
}

# The engine's own sample, but for what only another machine has: kvm, its memory, its QEMU.
sample_of_four_vnics() {
    local vm=b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07 name=router-07 macs=(56:6f:1a:2b:07:0{1..4}) a b
    sed 's/type="kvm"/type="qemu"/; s/>4194304</>65536</; s/pc-q35-rhel8.6.0/q35/
        s|</os>|&<features><acpi/></features>|; s|/usr/libexec/qemu-kvm|/usr/bin/qemu-system-x86_64|' \
        tests/data/samples/vm-four-nics.xml >/tmp/domain.xml
    start "sample of four"
    is "sample of four: the one without passthrough is on its bridge" \
        "$(xpath /tmp/live.xml "$(of "${macs[0]}")/source/@bridge")" ovirtmgmt
    a=$(vf_of /tmp/live.xml "${macs[1]}") b=$(vf_of /tmp/live.xml "${macs[2]}")
    is "sample of four: the two on red are on the two PFs of its bond" \
        "$(printf '%s\n' "${a%:*}" "${b%:*}" | sort | xargs)" "0000:02 0000:03"
    is "sample of four: with VFIO" "$(lab_driver "$a") $(lab_driver "$b")" "vfio-pci vfio-pci"
    like "sample of four: the first with VLAN and the rate of its profile" "$(pf_line "$a")" \
        "${macs[1]}.* vlan 100,.* tx rate 1000 "
    like "sample of four: the second with VLAN, trust and without spoof check" "$(pf_line "$b")" \
        "${macs[2]}.* vlan 100,.*spoof checking off,.*trust on"
    is "sample of four: the one that is down stays on its bridge, as igb cannot hold a VF's link" \
        "$(xpath /tmp/live.xml "$(of "${macs[3]}")/source/@bridge") $(xpath /tmp/live.xml "$(of "${macs[3]}")/link/@state")" "blue down"
    like "sample of four: a line says so" "$said" "vNIC ${macs[3]} .*stays on its bridge"
    stop "sample of four"
}

make_host || { echo "Bail out! the host cannot be made"; exit 1; }
install_build || { echo "Bail out! the build cannot be installed"; exit 1; }
start_libvirt || { echo "Bail out! libvirt does not start"; exit 1; }
before=$(vf_states ens1f0 ens2f0 ens3f0)
before_mtus=$(mtus)

[ $# -gt 0 ] || set -- hostdev macvtap failover two_macvtaps_of_a_bond preferred_without_a_vf \
    network_without_a_bridge the_old_property port_profile sample_of_four_vnics
for what; do "$what"; done
finish
