# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest whose VF has no VLAN: it adds VLANs itself, and hears them. That is why there is [policy] untagged.
# The guest is a network namespace here, which has the VF's network device. Sourced by tests/lab/attacks.sh.
# shellcheck disable=SC2154 # what that has: mac, other, doc, rc, err

attacks+=(a_guest_uses_any_vlan_unless_it_has_one vfs_without_a_vlan_are_refused)

# Network lonely is untagged, and VFs of ens1f0 serve it. set_untagged [LINE]: what [policy] has besides.
set_untagged() {
    rm -rf /run/vfpt/last # which VF its vNIC had in another test
    printf '[policy]\n%s\n[network lonely]\npfs = ens1f0\n' "${1-}" >/etc/vdsm/vfpt.conf
}

# What VFIO's reset does, too: the VF's driver has its MAC, and no VLANs, from its PF.
start_vf_anew() {
    local vf
    vf=$(lab_vf_pci ens1f0 "$1")
    echo "$vf" >/sys/bus/pci/drivers/igbvf/unbind
    echo "$vf" >/sys/bus/pci/drivers/igbvf/bind
    lab_wait 20 test -e "/sys/class/net/ens1f0v$1"
}

has_link() { ip -n "$1" link show dev "$2" | grep -q LOWER_UP; }

# join NETNS VF HOST VLAN...: the VF's network device in a namespace of its own, with 10.VLAN.0.HOST on these
# VLANs and 10.1.0.HOST on none.
join() {
    local netns=$1 netdev=ens1f0v$2 host=$3 id
    lab_netns "$netns" "$netdev" "10.1.0.$host/24"
    for id in "${@:4}"; do
        ip -n "$netns" link add link "$netdev" name "vlan$id" type vlan id "$id"
        ip -n "$netns" addr add "10.$id.0.$host/24" dev "vlan$id"
        ip -n "$netns" link set dev "vlan$id" up
    done
    lab_wait 20 has_link "$netns" "$netdev"
}

leave() {
    ip netns del "$1"
    lab_wait 20 test -e "/sys/class/net/ens1f0v$2"
}

# answers NETNS ADDRESS [SECONDS]: to three pings, within that time.
answers() { ip netns exec "$1" ping -c 3 -i 0.2 -w "${3-5}" -q "$2" |
    sed -nE 's/.* ([0-9]+) received.*/\1/p'; }

# give_guest BRIDGE VLAN...: its vNIC gets a VF, and it adds VLANs.
give_guest() {
    nic_xml "$mac" "$1" >/tmp/guest.xml
    plug /tmp/guest.xml
    is "(the guest of $1 has VF 1)" "$rc $(vf_of "$doc" "$mac")" "0 $(lab_vf_pci ens1f0 1)"
    start_vf_anew 1
    join guest 1 1 "${@:2}"
}

take_guest() {
    leave guest 1
    unplug
    start_vf_anew 1
}

warnings() { grep -c '^vfpt: warning: ' <<<"$err"; }

# A peer has another VF, and the host VLAN 200 below bridge blue.
a_guest_uses_any_vlan_unless_it_has_one() {
    join peer 6 2 5
    ip addr add 10.200.0.9/24 dev blue
    set_untagged
    give_guest lonely 5 200
    is "a VF without a VLAN is given away with one warning" "$(warnings)" 1
    like "which says what that means" "$err" \
        "^vfpt: warning: vNIC $mac \(network lonely\): VF 1 of ens1f0 has no VLAN, so the guest can use any VLAN of the switch port; "
    is "(its guest hears a peer on VLAN 5, and is heard)" \
        "$(answers guest 10.5.0.2) $(answers peer 10.5.0.1)" "3 3"
    is "(and the host on VLAN 200, which is another network's)" "$(answers guest 10.200.0.9)" 3
    take_guest
    give_guest blue 5
    is "a VF with a VLAN is given away without a warning" "$(warnings)" 0
    is "its guest neither hears a peer on VLAN 5 nor is heard" \
        "$(answers guest 10.5.0.2 1) $(answers peer 10.5.0.1 1)" "0 0"
    ip -n guest addr add 10.200.0.1/24 dev ens1f0v1
    is "(it hears its own network)" "$(answers guest 10.200.0.9)" 3
    take_guest
    leave peer 6
    ip addr del 10.200.0.9/24 dev blue
    rm -f /etc/vdsm/vfpt.conf
    untouched "and all comes back"
}

vfs_without_a_vlan_are_refused() {
    set_untagged "untagged = refuse"
    nic_xml "$mac" lonely >/tmp/guest.xml
    plug /tmp/guest.xml
    refused "untagged = refuse: a VF without a VLAN is not given away" \
        "^vfpt: vNIC $mac \(network lonely\): VF 1 of ens1f0 would have no VLAN, .* which vfpt.conf refuses" \
        /tmp/guest.xml
    is "and nothing of it is left" "$(assignments)" 1
    attack before_nic_hotplug /tmp/guest.xml passthrough=preferred
    is "with passthrough=preferred it stays on its bridge" "$rc $(cmp "$doc" /tmp/guest.xml)" "0 "
    like "which a warning says" "$err" '^vfpt: warning: .* would have no VLAN, .*; it stays on its bridge'
    ok "in one line" one_line "$err"
    attack before_vm_start /tmp/victim-vm.xml "vmId=$other" sriov=ens1f0v1
    like "nor is one that sriov= names" "$rc $err" \
        '^2 vfpt: custom property sriov: ens1f0v1: VF 1 of ens1f0 would have no VLAN, '
    plug /tmp/nic.xml
    is "(one with a VLAN is)" "$rc $(vf_of "$doc" "$mac")" "0 $(lab_vf_pci ens1f0 1)"
    unplug
    rm -f /etc/vdsm/vfpt.conf
    untouched "nothing has changed"
}
