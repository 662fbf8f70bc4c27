#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hooks on a real kernel, run as VDSM runs them. Wants: tests/lab/run --pfs 3

set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/lab/check.sh
. tests/lab/check.sh

samples=tests/data/samples
web=3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01
router=b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07

uuid() { printf '00000000-0000-4000-8000-%012x\n' "$1"; }

# The host of tests/data/hosts/three-igb.tar.gz, but for VLAN devices whose names tell nothing of their ids.
make_host() {
    local pf
    for pf in ens1f0:7 ens2f0:7 ens3f0:4; do lab_vfs "${pf%:*}" "${pf#*:}" || return; done
    lab_bridge ovirtmgmt ens1f0 && lab_vlan ens1f0 200 azure.7 && lab_bridge blue azure.7 &&
        lab_bond bond0 ens2f0 ens3f0 && ip link set dev bond0 mtu 9000 && lab_vlan bond0 100 scarlet &&
            lab_bridge red scarlet &&
        ip link add name lonely type bridge
}

a_vm_starts_and_ends() {
    local vf
    as_vdsm before_vm_start $samples/vm-one-nic.xml vmId=$web
    is "before_vm_start as vdsm with the file capability succeeds" "$rc" 0
    vf=$(vf_of "$doc" 56:6f:1a:2b:00:01)
    like "the vNIC on red got a VF of the bond's PFs" "$vf" '^0000:0[23]:1'
    like "the PF shows the vNIC's MAC and the VLAN of red on it" \
        "$(pf_line "$vf")" '56:6f:1a:2b:00:01.* vlan 100,'
    is "the document still belongs to vdsm, mode 600" "$(stat -c '%U %a' "$doc")" "vdsm 600"
    is "no other VF changed" "$(vf_states ens1f0 ens2f0 ens3f0 | diff - <(echo "$before") | grep -c '^>')" 1
    as_vdsm after_vm_destroy "$doc" vmId=$web
    is "after_vm_destroy succeeds" "$rc $err" "0 "
    unchanged "and every VF is as it was"
}

each_vnic_as_its_metadata_says() {
    local a b c
    as_vdsm before_vm_start $samples/vm-four-nics.xml vmId=$router
    is "a VM with four vNICs starts" "$rc" 0
    is "a vNIC without the property is not touched" "$(vf_of "$doc" 56:6f:1a:2b:07:01)" ""
    a=$(vf_of "$doc" 56:6f:1a:2b:07:02) b=$(vf_of "$doc" 56:6f:1a:2b:07:03) \
        c=$(vf_of "$doc" 56:6f:1a:2b:07:04)
    is "the two vNICs on red are on different PFs of the bond" "${a%:*} ${b%:*}" "0000:02 0000:03"
    like "the first vNIC on red has its rate, the property's and not its bandwidth" "$(pf_line "$a")" \
        '56:6f:1a:2b:07:02.* vlan 100, tx rate 1000 \(Mbps\), max_tx_rate 1000Mbps'
    like "the second has its VLAN, no spoof check in spite of its filter, and trust" "$(pf_line "$b")" \
        '56:6f:1a:2b:07:03.* vlan 100,.*spoof checking off.*trust on'
    is "the vNIC on blue, whose link is down, stays on its bridge: igb cannot hold a VF's link down" \
        "$c $(xpath "$doc" "//interface[mac/@address='56:6f:1a:2b:07:04']/@type")" " bridge"
    like "and VDSM's log says why" "$err" \
        'warning: vNIC 56:6f:1a:2b:07:04 .*cannot set link_state to disable.*stays on its bridge'
    as_vdsm after_vm_destroy "$doc" vmId=$router
    unchanged "both come back"
}

a_vnic_is_plugged_and_unplugged() {
    local mac=56:6f:1a:2b:00:09 vf
    as_vdsm before_nic_hotplug $samples/nic-hotplug.xml vmId=$web passthrough=required
    vf=$(vf_of "$doc" $mac)
    is "before_nic_hotplug succeeds" "$rc" 0
    like "and the VF has the vNIC's MAC and VLAN" "$(pf_line "$vf")" "$mac.* vlan 200,"
    # VDSM makes this XML anew from its own object: type bridge, and the case of the MAC may be another.
    nic_xml ${mac^^} blue ua-1d0a7f57-3f0e-4f43-9a55-3f1c0e6b0009 >/tmp/remade.xml
    as_vdsm after_nic_hotunplug /tmp/remade.xml vmId=$router
    is "an unplug of another VM's vNIC with that MAC leaves it alone" "$rc $(assignments)" "0 1"
    as_vdsm after_nic_hotunplug /tmp/remade.xml vmId=$web
    is "after_nic_hotunplug succeeds" "$rc$err" 0
    unchanged "and gives it back" ens1f0
    as_vdsm before_nic_hotplug $samples/nic-hotplug.xml vmId=$web passthrough=required
    cp "$doc" /tmp/refused.xml
    as_vdsm after_nic_hotplug_fail /tmp/refused.xml vmId=$web
    is "after_nic_hotplug_fail succeeds" "$rc$err" 0
    unchanged "and gives it back" ens1f0
    as_vdsm before_nic_hotplug $samples/nic-hotplug.xml vmId=$web
    ok "without the property nothing is touched" cmp "$doc" $samples/nic-hotplug.xml
}

forty_rounds() {
    local i bad=0 mac
    for i in {1..40}; do
        mac=$(printf '56:6f:1a:2b:28:%02x' "$i")
        nic_xml "$mac" blue >/tmp/nic.xml
        as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$web passthrough=required
        [ "$rc" = 0 ] || bad=$((bad + 1))
        as_vdsm after_nic_hotplug_fail "$doc" vmId=$web
        [ "$rc" = 0 ] || bad=$((bad + 1))
        as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$web passthrough=required
        [ "$rc" = 0 ] || bad=$((bad + 1))
        nic_xml "${mac^^}" blue >/tmp/remade.xml
        as_vdsm after_nic_hotunplug /tmp/remade.xml vmId=$web
        [ "$rc" = 0 ] || bad=$((bad + 1))
        rm -f /tmp/tmp$BASHPID.*
    done
    is "40 rounds of plug, refused plug, unplug succeed" $bad 0
    unchanged "and leave every VF free and as it was" ens1f0
}

# Seven at once, as VDSM starts VMs; then one too many.
seven_vms_and_an_eighth() {
    local i ledger docs=() vfs=()
    for i in {1..7}; do
        vm_xml "$(uuid "$i")" "56:6f:1a:2b:77:0$i" blue >"/tmp/vm$i.xml"
        ( as_vdsm before_vm_start "/tmp/vm$i.xml" "vmId=$(uuid "$i")"; echo "$rc $doc" >"/tmp/vm$i.result" ) &
    done
    wait
    is "seven VMs that start at once all succeed" \
        "$(cut -d' ' -f1 /tmp/vm?.result | sort | uniq -c | xargs)" "7 0"
    for i in {1..7}; do
        docs[i]=$(cut -d' ' -f2 "/tmp/vm$i.result")
        vfs[i]=$(vf_of "${docs[i]}" "56:6f:1a:2b:77:0$i")
    done
    is "and each has a VF of its own" "$(printf '%s\n' "${vfs[@]}" | sort -u | wc -l)" 7
    ledger=$(cat /run/vfpt/*@*)
    vm_xml "$(uuid 8)" 56:6f:1a:2b:77:08 blue >/tmp/vm8.xml
    as_vdsm before_vm_start /tmp/vm8.xml "vmId=$(uuid 8)"
    is "the eighth is refused" "$rc" 2
    ok "with one line" one_line "$err"
    like "that names the vNIC, the PF and the cause" "$err" \
        '^vfpt: vNIC 56:6f:1a:2b:77:08 \(network blue\): no free VF: ens1f0 has 7 VFs, 7 assigned to VMs'
    ok "its document is as it was" cmp "$doc" /tmp/vm8.xml
    is "so is the ledger" "$(cat /run/vfpt/*@*)" "$ledger"
    for i in {1..7}; do as_vdsm after_vm_destroy "${docs[i]}" "vmId=$(uuid "$i")"; done
    unchanged "all seven come back" ens1f0
}

the_bond_survives_a_pf() {
    vm_xml "$(uuid 20)" 56:6f:1a:2b:20:01 red >/tmp/bond.xml
    ip link set dev ens2f0 down
    as_vdsm before_vm_start /tmp/bond.xml "vmId=$(uuid 20)"
    like "with one PF of the bond down, the VF is of the other" \
        "$rc $(vf_of "$doc" 56:6f:1a:2b:20:01)" '^0 0000:03:'
    as_vdsm after_vm_destroy "$doc" "vmId=$(uuid 20)"
    ip link set dev ens3f0 down
    as_vdsm before_vm_start /tmp/bond.xml "vmId=$(uuid 20)"
    is "with both down it is allowed" "$rc" 0
    like "with a warning" "$err" 'warning: vNIC 56:6f:1a:2b:20:01 .*: PF ens[23]f0 has no link'
    as_vdsm after_vm_destroy "$doc" "vmId=$(uuid 20)"
    lab_up ens2f0 && lab_up ens3f0
}

# to_namespace PCI NETNS ADDRESS: the VF's driver is made to see what the PF set, as a guest's would;
# then it moves.
to_namespace() {
    local vf=$1 netns=$2 address=$3 netdev
    echo "$vf" >/sys/bus/pci/drivers/igbvf/unbind
    echo "$vf" >/sys/bus/pci/drivers/igbvf/bind
    lab_wait 30 lab_has_netdev "$vf"
    netdev=$(ls "/sys/bus/pci/devices/$vf/net")
    lab_netns "$netns" "$netdev" "$address/24"
}

traffic_stays_in_its_vlan() {
    local a b c e vf
    vm_xml "$(uuid 31)" 56:6f:1a:2b:31:01 blue >/tmp/a.xml
    vm_xml "$(uuid 32)" 56:6f:1a:2b:31:02 blue >/tmp/b.xml
    vm_xml "$(uuid 33)" 56:6f:1a:2b:31:03 ovirtmgmt >/tmp/c.xml
    as_vdsm before_vm_start /tmp/a.xml "vmId=$(uuid 31)"; a=$(vf_of "$doc" 56:6f:1a:2b:31:01)
    as_vdsm before_vm_start /tmp/b.xml "vmId=$(uuid 32)"; b=$(vf_of "$doc" 56:6f:1a:2b:31:02)
    vm_xml "$(uuid 35)" 56:6f:1a:2b:31:05 ovirtmgmt >/tmp/e.xml
    as_vdsm before_vm_start /tmp/c.xml "vmId=$(uuid 33)"; c=$(vf_of "$doc" 56:6f:1a:2b:31:03)
    as_vdsm before_vm_start /tmp/e.xml "vmId=$(uuid 35)"; e=$(vf_of "$doc" 56:6f:1a:2b:31:05)
    to_namespace "$e" vm-e 192.0.2.5
    to_namespace "$a" vm-a 192.0.2.1 && to_namespace "$b" vm-b 192.0.2.2 && to_namespace "$c" vm-c 192.0.2.3
    ok "two VFs on one VLAN reach each other" lab_wait 20 quiet ip netns exec vm-a ping -c1 -W1 192.0.2.2
    is "with the MAC that the PF gave" \
        "$(ip -n vm-a neigh show 192.0.2.2 | grep -o '56:6f:1a:2b:31:02')" 56:6f:1a:2b:31:02
    ok "two VFs without VLAN reach each other" lab_wait 20 quiet ip netns exec vm-c ping -c1 -W1 192.0.2.5
    ok "one of these does not reach those" not ip netns exec vm-c ping -qc3 -W1 192.0.2.1
    # In namespaces they are not the host's to give.
    as_vdsm after_vm_destroy /tmp/a.xml "vmId=$(uuid 31)"
    as_vdsm after_vm_destroy /tmp/b.xml "vmId=$(uuid 32)"
    as_vdsm after_vm_destroy /tmp/c.xml "vmId=$(uuid 33)"
    as_vdsm after_vm_destroy /tmp/e.xml "vmId=$(uuid 35)"
    unchanged "released, their settings are as they were" ens1f0
    vm_xml "$(uuid 34)" 56:6f:1a:2b:31:04 blue >/tmp/d.xml
    as_vdsm before_vm_start /tmp/d.xml "vmId=$(uuid 34)"
    is "a VM starts while VFs are in network namespaces" \
        "$rc $([ -z "$(vf_of "$doc" 56:6f:1a:2b:31:04)" ] || echo VF)" "0 VF"
    ok "a VF in a network namespace is not given away" \
        not grep -qx "$(vf_of "$doc" 56:6f:1a:2b:31:04)" <(printf '%s\n' "$a" "$b" "$c" "$e")
    as_vdsm after_vm_destroy "$doc" "vmId=$(uuid 34)"
    ip netns del vm-a; ip netns del vm-b; ip netns del vm-c; ip netns del vm-e
    lab_wait 30 test -d "/sys/bus/pci/devices/$c/net"
    # Their driver knows the vNICs' MACs. A VF comes back from VFIO with a driver that starts anew.
    for vf in "$a" "$b" "$c" "$e"; do
        echo "$vf" >"/sys/bus/pci/devices/$vf/driver/unbind"
        echo "$vf" >/sys/bus/pci/drivers_probe
        lab_wait 30 test -d "/sys/bus/pci/devices/$vf/net"
    done
}

# All but VF 6 of ens1f0 are used by someone, each in another way.
what_others_use_is_not_taken() {
    local vf
    lab_up ens1f0v0
    ip link add link ens1f0v0 name vlan9 type vlan id 9
    ip link add name br-host type bridge && ip link set dev ens1f0v1 master br-host
    ip link add link ens1f0v2 name macvtap9 type macvtap mode bridge
    ip address add 192.0.2.9/24 dev ens1f0v3
    ip netns add elsewhere && ip link set dev ens1f0v4 netns elsewhere
    vf=$(lab_vf_pci ens1f0 5)
    echo "$vf" >/sys/bus/pci/drivers/igbvf/unbind
    echo vfio-pci >"/sys/bus/pci/devices/$vf/driver_override"
    echo "$vf" >/sys/bus/pci/drivers_probe
    vm_xml "$(uuid 41)" 56:6f:1a:2b:41:01 blue >/tmp/x.xml
    vm_xml "$(uuid 42)" 56:6f:1a:2b:41:02 blue >/tmp/y.xml
    as_vdsm before_vm_start /tmp/x.xml "vmId=$(uuid 41)"
    is "of a PF whose VFs others use, the free one is taken" \
        "$rc $(vf_of "$doc" 56:6f:1a:2b:41:01)" "0 $(lab_vf_pci ens1f0 6)"
    as_vdsm before_vm_start /tmp/y.xml "vmId=$(uuid 42)"
    like "and the next VM is told who uses the others" "$rc $err" \
        '^2 vfpt: vNIC .*ens1f0 has 7 VFs, 1 assigned to VMs, 6 unusable \(VF 0: its network device ens1f0v0 carries vlan9\)'
    as_vdsm after_vm_destroy /tmp/x.xml "vmId=$(uuid 41)"
    # Each of them alone makes its VF taken: free them one by one, from the last, and each in turn is given.
    echo >"/sys/bus/pci/devices/$vf/driver_override"
    echo "$vf" >/sys/bus/pci/drivers/vfio-pci/unbind
    given 5 "vfio-pci"
    ip netns del elsewhere
    lab_wait 30 test -d "/sys/bus/pci/devices/$(lab_vf_pci ens1f0 4)/net"
    given 4 "another network namespace"
    ip address del 192.0.2.9/24 dev ens1f0v3
    given 3 "an address"
    ip link del macvtap9
    given 2 "a macvtap"
    ip link set dev ens1f0v1 nomaster; ip link del br-host
    given 1 "a bridge"
    ip link del vlan9; ip link set dev ens1f0v0 down
    given 0 "a VLAN"
    echo "$vf" >/sys/bus/pci/drivers_probe
    lab_wait 30 test -d "/sys/bus/pci/devices/$vf/net"
}

# given VF WHAT: freed of that, the VF is the lowest to be had, for a vNIC that had none before.
given() {
    vm_xml "$(uuid "43$1")" "56:6f:1a:2b:43:0$1" blue >/tmp/z.xml
    as_vdsm before_vm_start /tmp/z.xml "vmId=$(uuid "43$1")"
    is "VF $1 is given once $2 does not hold it any more" \
        "$rc $(vf_of "$doc" "56:6f:1a:2b:43:0$1")" "0 $(lab_vf_pci ens1f0 "$1")"
    as_vdsm after_vm_destroy "$doc" "vmId=$(uuid "43$1")"
}

what_an_administrator_set_comes_back() {
    local former
    ip link set dev ens1f0 vf 0 mac 02:00:00:00:00:aa vlan 5 qos 3
    former=$(vf_lines ens1f0)
    vm_xml "$(uuid 51)" 56:6f:1a:2b:51:01 blue >/tmp/x.xml
    as_vdsm before_vm_start /tmp/x.xml "vmId=$(uuid 51)"
    like "a VF with a MAC, VLAN and priority of its own is given" \
        "$(pf_line "$(vf_of "$doc" 56:6f:1a:2b:51:01)")" \
        'vf 0 .*56:6f:1a:2b:51:01.* vlan 200,'
    as_vdsm after_vm_destroy "$doc" "vmId=$(uuid 51)"
    is "and gets them back, priority too" "$(vf_lines ens1f0)" "$former"
    ip link set dev ens1f0 vf 0 mac 00:00:00:00:00:00 vlan 0
}

failures_leave_no_trace() {
    vm_xml "$(uuid 61)" 56:6f:1a:2b:61:01 blue >/tmp/x.xml
    vm_xml "$(uuid 61)" 56:6f:1a:2b:61:01 blue 56:6f:1a:2b:61:02 lonely >/tmp/half.xml

    as_vdsm before_vm_start /tmp/half.xml "vmId=$(uuid 61)"
    refused "a second vNIC that gets no VF" \
        '^vfpt: vNIC 56:6f:1a:2b:61:02 .*bridge lonely has no PF' /tmp/half.xml

    setcap -r $hooks/before_vm_start/50_vfpt
    as_vdsm before_vm_start /tmp/x.xml "vmId=$(uuid 61)"
    refused "a hook without its capability" \
        'cannot set mac to .*: Operation not permitted.*CAP_NET_ADMIN' /tmp/x.xml
    setcap cap_net_admin=p $hooks/before_vm_start/50_vfpt

    mount -t tmpfs -o ro,mode=700,uid=36 tmpfs /run/vfpt
    as_vdsm before_vm_start /tmp/x.xml "vmId=$(uuid 61)"
    refused "a read-only ledger" 'ledger.*Read-only file system' /tmp/x.xml
    umount /run/vfpt

    mount -t tmpfs -o size=4k,mode=700,uid=36 tmpfs /run/vfpt
    head -c 4096 /dev/zero >/run/vfpt/.full
    as_vdsm before_vm_start /tmp/x.xml "vmId=$(uuid 61)"
    refused "a ledger without room" 'ledger.*No space left on device' /tmp/x.xml
    umount /run/vfpt

    mkdir /tmp/small && mount -t tmpfs -o size=4k,mode=1777 tmpfs /tmp/small
    cp /tmp/x.xml /tmp/small/doc && chown vdsm:kvm /tmp/small/doc
    doc=/tmp/small/doc rc=0
    err=$(setpriv --reuid vdsm --regid kvm --clear-groups env -i _hook_domxml=$doc "vmId=$(uuid 61)" \
        $hooks/before_vm_start/50_vfpt 2>&1) || rc=$?
    refused "a document without room" 'cannot write the document.*No space left on device' /tmp/x.xml
    is "and no temporary file stays beside it" "$(ls /tmp/small)" doc
    umount /tmp/small

    rc=0
    err=$(setpriv --reuid 1000 --regid 1000 --clear-groups env -i _hook_domxml=/tmp/x.xml \
        $hooks/before_vm_start/50_vfpt 2>&1) || rc=$?
    doc=/tmp/x.xml
    refused "a user who is neither root nor vdsm" 'only root and user vdsm' /tmp/x.xml
}

# refused WHAT REGEX DOCUMENT: the last as_vdsm failed with one such line and left no trace.
refused() {
    is "$1 is refused" "$rc" 2
    ok "$1: with one line" one_line "$err"
    like "$1: that says why" "$err" "$2"
    ok "$1: the document is as it was" cmp "$doc" "$3"
    unchanged "$1: VFs and ledger are as they were"
}

an_environment_that_lies_is_ignored() {
    vm_xml "$(uuid 71)" 56:6f:1a:2b:71:01 blue >/tmp/x.xml
    mkdir -p /tmp/fake/run
    as_vdsm before_vm_start /tmp/x.xml "vmId=$(uuid 71)" VFPT_ROOT=/tmp/fake
    like "VFPT_ROOT has no effect on a program with file capability" \
        "$rc $(pf_line "$(vf_of "$doc" 56:6f:1a:2b:71:01)")" '^0 .*56:6f:1a:2b:71:01'
    as_vdsm after_vm_destroy "$doc" "vmId=$(uuid 71)"
}

make_host || { echo "Bail out! the host cannot be made"; exit 1; }
install_build || { echo "Bail out! the build cannot be installed"; exit 1; }
before=$(vf_states ens1f0 ens2f0 ens3f0)
is "the lab has 18 VFs" "$(wc -l <<<"$before")" 18

a_vm_starts_and_ends
each_vnic_as_its_metadata_says
a_vnic_is_plugged_and_unplugged
seven_vms_and_an_eighth
the_bond_survives_a_pf
traffic_stays_in_its_vlan
what_others_use_is_not_taken
what_an_administrator_set_comes_back
failures_leave_no_trace
an_environment_that_lies_is_ignored
forty_rounds
unchanged "at the end every VF is free and as at first"
finish
