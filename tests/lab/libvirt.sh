#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the hooks write, libvirt really does: domains that start on a VF through VFIO, and vNICs that are
# plugged and unplugged. Wants: tests/lab/run --pfs 1

set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/lab/check.sh
. tests/lab/check.sh

vm=3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01
mac=56:6f:1a:2b:00:01
second=56:6f:1a:2b:00:02
alias=ua-8a1c9c2e-4b0d-4f7c-9a41-0d6d52e4c001

make_host() {
    lab_vfs ens1f0 7 && lab_bridge ovirtmgmt ens1f0 && lab_vlan ens1f0 200 azure.7 && lab_bridge blue azure.7
}

# A domain of this lab with the engine's vNIC and metadata in it.
domain() {
    lab_domain_xml web-01 $vm "$(nic_xml $mac blue $alias)" | sed "s|</uuid>|&<metadata>\
<ovirt-vm:vm xmlns:ovirt-vm=\"http://ovirt.org/vm/1.0\"><ovirt-vm:device mac_address=\"$mac\">\
<ovirt-vm:custom><ovirt-vm:passthrough>required</ovirt-vm:passthrough></ovirt-vm:custom>\
</ovirt-vm:device></ovirt-vm:vm></metadata>|"
}

domain_starts_on_a_vf() {
    domain >/tmp/domain.xml
    as_vdsm before_vm_start /tmp/domain.xml vmId=$vm
    is "before_vm_start succeeds" "$rc" 0
    vf=$(vf_of "$doc" $mac)
    ok "libvirt's schema takes the document" quiet virt-xml-validate "$doc" domain
    ok "libvirt defines the domain" quiet virsh define "$doc"
    ok "libvirt starts it" virsh -q start --paused web-01
    is "the VF is with VFIO" "$(lab_driver "$vf")" vfio-pci
    ok "QEMU has the VF's iommu group open" qemu_has_open "/dev/vfio/$(group_of "$vf")"
    like "the PF shows the vNIC's MAC and VLAN" "$(pf_line "$vf")" "$mac.* vlan 200,"
    virsh dumpxml web-01 >/tmp/live.xml
    is "libvirt kept the network's name in the metadata" \
        "$(xpath /tmp/live.xml "//*[local-name()='network']")" blue
    is "and the vNIC's alias" "$(xpath /tmp/live.xml "//interface[mac/@address='$mac']/alias/@name")" $alias
}

group_of() { basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")"; }
qemu_has_open() { find "/proc/$(pgrep -of guest=web-01)/fd" -lname "$1" | grep -q .; }

vnic_is_plugged_and_unplugged() {
    local plugged
    nic_xml $second ovirtmgmt ua-second >/tmp/nic.xml
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$vm passthrough=required
    plugged=$(vf_of "$doc" $second)
    is "before_nic_hotplug succeeds, with another VF" \
        "$rc $([ "$plugged" != "$vf" ] && echo another)" "0 another"
    ok "libvirt plugs it into the running domain" virsh -q attach-device web-01 "$doc" --live
    is "that VF is with VFIO too" "$(lab_driver "$plugged")" vfio-pci
    like "the PF shows its MAC" "$(pf_line "$plugged")" "$second"
    # VDSM unplugs with XML that it makes anew: type bridge, and so no VF's address.
    nic_xml ${second^^} ovirtmgmt ua-second >/tmp/remade.xml
    ok "libvirt unplugs it by VDSM's bridge-type XML" virsh -q detach-device web-01 /tmp/remade.xml --live
    lab_wait 30 gone $second
    as_vdsm after_nic_hotunplug /tmp/remade.xml vmId=$vm
    is "after_nic_hotunplug succeeds" "$rc$err" 0
    lab_wait 30 test -d "/sys/bus/pci/devices/$plugged/net"
    is "its VF is as it was" "$(pf_state "$plugged")" "$(was "$plugged")"
    is "the other one stays assigned" "$(assignments)" 1
}

gone() { ! virsh dumpxml web-01 | grep -qi "$1"; }

# The line in which the PF showed that VF at first.
was() { grep "^ens1f0 $(pf_line "$1" | grep -o 'vf [0-9]*') " <<<"$before" | sed "s/^ens1f0 //"; }

refused_plug_loses_nothing() {
    local plugged
    nic_xml $second ovirtmgmt $alias >/tmp/nic.xml # an alias that the domain has already
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$vm passthrough=required
    plugged=$(vf_of "$doc" $second)
    ok "libvirt refuses a vNIC whose alias is in use" not virsh -q attach-device web-01 "$doc" --live
    as_vdsm after_nic_hotplug_fail "$doc" vmId=$vm
    is "after_nic_hotplug_fail succeeds" "$rc$err" 0
    is "its VF is as it was" "$(pf_state "$plugged")" "$(was "$plugged")"
    is "the other vNIC's VF stays assigned" "$(assignments) $(pf_line "$vf" | grep -c "$mac")" "1 1"
}

domain_ends() {
    ok "libvirt destroys the domain" virsh -q destroy web-01
    lab_wait 30 test -d "/sys/bus/pci/devices/$vf/net"
    is "the VF is back with its driver" "$(lab_driver "$vf")" igbvf
    as_vdsm after_vm_destroy /tmp/live.xml vmId=$vm
    is "after_vm_destroy succeeds" "$rc$err" 0
    unchanged "every VF is as it was"
}

# libvirt sets the VLAN id and with it drops the priority: after_vm_start is there for that.
priority_survives_the_start() {
    virsh -q undefine web-01
    mkdir -p /etc/vdsm && printf '[policy]\ngap = allow\n' >/etc/vdsm/vfpt.conf
    domain | sed 's|</ovirt-vm:passthrough>|&<ovirt-vm:vf_vlan>200:5</ovirt-vm:vf_vlan>|' >/tmp/domain.xml
    as_vdsm before_vm_start /tmp/domain.xml vmId=$vm
    vf=$(vf_of "$doc" $mac)
    like "before_vm_start sets a VLAN priority" "$rc $(pf_line "$vf")" '^0 .*vlan 200, qos 5,'
    ok "libvirt starts the domain" virsh -q create --paused "$doc"
    like "and drops the priority" "$(pf_line "$vf")" 'vlan 200, spoof'
    virsh dumpxml web-01 >/tmp/live.xml
    as_vdsm after_vm_start /tmp/live.xml vmId=$vm
    like "after_vm_start sets it again" "$rc$err $(pf_line "$vf")" '^0 .*vlan 200, qos 5,'
    virsh -q destroy web-01
    lab_wait 30 test -d "/sys/bus/pci/devices/$vf/net"
    as_vdsm after_vm_destroy /tmp/live.xml vmId=$vm
    is "after_vm_destroy succeeds" "$rc$err" 0
    unchanged "and every VF is as it was"
    rm /etc/vdsm/vfpt.conf
}

domain_that_fails_to_start() {
    # By the time QEMU refuses its command line, libvirt has set MAC and VLAN and taken the VF
    # from its driver.
    domain | sed "s|<qemu:commandline>|&<qemu:arg value='-nonsense'/>|" >/tmp/domain.xml
    as_vdsm before_vm_start /tmp/domain.xml vmId=$vm
    cp "$doc" /tmp/failed.xml
    ok "libvirt fails to start a domain whose QEMU fails" not virsh -q create --paused /tmp/failed.xml
    vf=$(vf_of /tmp/failed.xml $mac)
    lab_wait 30 test -d "/sys/bus/pci/devices/$vf/net"
    as_vdsm after_vm_destroy /tmp/failed.xml vmId=$vm
    is "after_vm_destroy succeeds" "$rc$err" 0
    unchanged "and the VF is as it was"
}

make_host || { echo "Bail out! the host cannot be made"; exit 1; }
install_build || { echo "Bail out! the build cannot be installed"; exit 1; }
lab_libvirtd || { echo "Bail out! libvirt does not start"; exit 1; }
before=$(vf_states ens1f0)

domain_starts_on_a_vf
vnic_is_plugged_and_unplugged
refused_plug_loses_nothing
domain_ends
priority_survives_the_start
domain_that_fails_to_start
finish
