# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A VM's user, and who writes profiles: what MACs, properties and devices of his own VM he can write. Sourced
# by tests/lab/attacks.sh.
# shellcheck disable=SC2154 # mac, victim, other, rc, err, doc are that file's

# vm_doc METADATA DEVICES: a domain of VM $other.
vm_doc() {
    echo "<domain type=\"kvm\" xmlns:o=\"http://ovirt.org/vm/1.0\"><name>vm</name><uuid>$other</uuid>"
    echo "<metadata><o:vm>$1</o:vm></metadata><devices>$2</devices></domain>"
}

# asks MAC PROPERTY=VALUE...: the metadata of a vNIC on blue.
asks() {
    local property custom='' vnic=$1; shift
    for property; do custom+="<o:${property%%=*}>${property#*=}</o:${property%%=*}>"; done
    echo "<o:device mac_address=\"$vnic\"><o:network>blue</o:network><o:custom>$custom</o:custom></o:device>"
}

conf() { printf %b "$1" >/tmp/conf && install -m 644 /tmp/conf /etc/vdsm/vfpt.conf; }

# The PCI address of the VF that VM $other has.
assigned_vf() {
    local record
    record=$(echo /run/vfpt/*@"$other")
    record=${record##*/}
    echo "${record%@*}"
}

mac_of_vf() { lab_vf ens1f0 "$1" | grep -oE 'link/ether [0-9a-f:]+' | cut -d' ' -f2; }

one_vnics_profile_is_not_anothers() {
    local twins bad
    bad=$(asks "$mac" passthrough=required vf_trust=on vf_spoofchk=off vf_vlan=7)
    twins="$(nic_xml "$mac" blue ua-1)$(nic_xml "$mac" lonely ua-2)"
    vm_doc "$bad" "$twins" >/tmp/x.xml
    attack before_vm_start /tmp/x.xml
    refused "of two vNICs with one MAC none gets the other's profile" \
        'this MAC is in the document more than once' /tmp/x.xml
    vm_doc "$bad$(asks "$mac")" "$(nic_xml "$mac" blue ua-1)" >/tmp/x.xml
    attack before_vm_start /tmp/x.xml
    refused "nor does one whose metadata is there twice" 'this MAC is in the document more than once' \
        /tmp/x.xml
    vm_doc "$(asks "$mac")" "$twins" >/tmp/x.xml
    attack before_vm_start /tmp/x.xml
    is "where none asks for a VF that is not our business" "$rc$err$(cmp "$doc" /tmp/x.xml)" 0
    untouched "nothing has changed"
}

# As if the PF had lost it: then only the ledger knows.
macs_of_vms_are_theirs_whatever_a_pf_shows() {
    nic_xml 56:6f:1a:2b:aa:01 blue >/tmp/x.xml
    ip link set dev ens1f0 vf 0 mac 02:00:00:00:00:77
    plug /tmp/x.xml
    refused "the MAC of another VM's record is not given" \
        "VF 0 of ens1f0 has this MAC already: it belongs to VM $victim" /tmp/x.xml
    ip link set dev ens1f0 vf 0 mac 56:6f:1a:2b:aa:01
    untouched "its VF is as it was"
}

an_excluded_vf_keeps_its_mac() {
    local was
    was=$(mac_of_vf 6)
    ip link set dev ens1f0 vf 6 mac "$mac"
    conf '[pf ens1f0]\nexclude = 6\n'
    plug /tmp/nic.xml
    refused "a MAC that the administrator gave an excluded VF is not given" \
        'VF 6 of ens1f0 has this MAC already: vfpt.conf excludes it' /tmp/nic.xml
    is "and stays on it" "$(mac_of_vf 6)" "$mac"
    rm /etc/vdsm/vfpt.conf
    ip link set dev ens1f0 vf 6 mac "$was"
    untouched "nothing else has changed"
}

named_vfs_obey_the_administrator() {
    vm_doc '' '' >/tmp/x.xml
    conf '[pf ens1f0]\nnetworks = red\n'
    attack before_vm_start /tmp/x.xml sriov=ens1f0v4
    refused "sriov= has no VF of a PF that is kept for networks" \
        'sriov: ens1f0v4: vfpt.conf keeps the VFs of ens1f0 for certain networks' /tmp/x.xml
    conf '[pf ens1f0]\nmax_vfs_per_vm = 1\n'
    attack before_vm_start /tmp/x.xml sriov=ens1f0v4,ens1f0v5
    refused "nor more than one VM may have" 'sriov: ens1f0v5: this VM has 1 of the VFs of ens1f0' /tmp/x.xml
    rm /etc/vdsm/vfpt.conf
    untouched "nothing has changed"
}

# own_vf PCI: as the engine writes a host device.
own_vf() {
    local domain bus slot function
    IFS=:. read -r domain bus slot function <<<"$1"
    echo "<hostdev mode='subsystem' type='pci' managed='no'><source>" \
        "<address domain='0x$domain' bus='0x$bus' slot='0x$slot' function='0x$function'/></source></hostdev>"
}

# First without, to see which VF it would be.
a_vms_own_vf_is_not_given_to_it_again() {
    local first second mode
    for mode in hostdev macvtap failover; do
        vm_doc "$(asks "$mac" passthrough=required passthrough_mode=$mode)" "$(nic_xml "$mac" blue ua-1)" \
            >/tmp/x.xml
        attack before_vm_start /tmp/x.xml
        first=$(assigned_vf)
        attack after_vm_destroy "$doc"
        sed -i "s|</devices>|$(own_vf "$first")&|" /tmp/x.xml
        attack before_vm_start /tmp/x.xml
        second=$(assigned_vf)
        like "$mode: a VM that has $first has not got that once more" "$rc $second" "^0 [0-9a-f:.]+$"
        ok "$mode: but another one" [ "$first" != "$second" ]
        attack after_vm_destroy "$doc"
        untouched "$mode: which comes back"
    done
    vm_doc '' "$(own_vf "$(lab_vf_pci ens1f0 4)")" >/tmp/x.xml
    attack before_vm_start /tmp/x.xml sriov=ens1f0v4
    refused "nor is it by its name" "sriov: ens1f0v4: the VM's own <hostdev> names it" /tmp/x.xml
    untouched "nothing has changed"
}

attacks+=(one_vnics_profile_is_not_anothers macs_of_vms_are_theirs_whatever_a_pf_shows
    an_excluded_vf_keeps_its_mac
    named_vfs_obey_the_administrator a_vms_own_vf_is_not_given_to_it_again)
