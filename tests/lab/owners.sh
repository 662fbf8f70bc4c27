#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# VMs that end without a word, hooks that come late, VDSM that starts while VMs run: with a real libvirt.
# Wants: tests/lab/run --pfs 1

set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/lab/check.sh
. tests/lab/check.sh

one=00000000-0000-4000-8000-000000000001
two=00000000-0000-4000-8000-000000000002
three=00000000-0000-4000-8000-000000000003

make_host() {
    lab_vfs ens1f0 2 && lab_bridge blue ens1f0 && lab_vlan ens1f0 100 scarlet.7 && lab_bridge red scarlet.7
}

# domain UUID MAC: a domain whose only vNIC asks for passthrough.
domain() {
    lab_domain_xml "vm-${1: -1}" "$1" "$(nic_xml "$2" blue)" | sed "s|</uuid>|&<metadata>\
<o:vm xmlns:o=\"http://ovirt.org/vm/1.0\"><o:device mac_address=\"$2\"><o:custom>\
<o:passthrough>required</o:passthrough></o:custom></o:device></o:vm></metadata>|"
}

# grace SECONDS [TIMEOUT]: of vfpt.conf. The lab's QEMU runs as root, and libvirt may take its time.
grace() {
    mkdir -p /etc/vdsm
    printf '[policy]\ngrace = %s\nqemu_user = root\nliveness_timeout = %s\n' "$1" "${2:-60}" \
        >/etc/vdsm/vfpt.conf
}
netdevs() { for link in /sys/class/net/ens1f0/device/virtfn*; do [ -d "$link/net" ] || return; done; }
vdsm_starts() { : >/tmp/nothing.xml; as_vdsm before_vdsm_start /tmp/nothing.xml; }

# start UUID MAC: the VM runs, and its document is /tmp/UUID.xml.
start() {
    domain "$1" "$2" >/tmp/domain.xml
    as_vdsm before_vm_start /tmp/domain.xml "vmId=$1"
    [ "$rc" = 0 ] || return
    cp "$doc" "/tmp/$1.xml"
    virsh -q create --paused "/tmp/$1.xml"
}

running_vms_keep_theirs() {
    local vf
    grace 0
    ok "a VM starts" start $one 56:6f:1a:2b:00:01
    vf=$(vf_of /tmp/$one.xml 56:6f:1a:2b:00:01)
    vdsm_starts
    is "when VDSM starts, a VM that runs keeps its VF, and nothing is said" "$rc$err $(assignments)" "0 1"
    ip link set dev ens1f0 vf "$(index_of "$vf")" vlan 9
    vdsm_starts
    like "what someone changed meanwhile is said" \
        "$rc $err" '^0 .*VF [01] of ens1f0 has vlan_id 9, it should be 0'
    ok "in one line" one_line "$err"
    is "and set right" "$(pf_line "$vf" | grep -c vlan)" 0
    domain $two 56:6f:1a:2b:00:02 >/tmp/domain.xml
    as_vdsm before_vm_start /tmp/domain.xml vmId=$two
    is "a second VM gets the other VF" "$rc $(assignments)" "0 2"
    domain $three 56:6f:1a:2b:00:03 >/tmp/third.xml
    grace 300
    as_vdsm before_vm_start /tmp/third.xml vmId=$three
    like "a third is refused while the second may still be starting" "$rc $err" '^2 .*2 assigned to VMs'
    grace 0
    as_vdsm before_vm_start /tmp/third.xml vmId=$three
    like "and gets the second's VF when that is there no more" \
        "$rc $err" "^0 .*VM $two is gone; its VF [01] of ens1f0 is given back"
    is "while the one that runs keeps its own" "$(find /run/vfpt -name "*@$one" | wc -l)" 1
    as_vdsm after_vm_destroy "$doc" vmId=$three
}

index_of() {
    local link
    for link in /sys/class/net/ens1f0/device/virtfn*; do
        [ "$(basename "$(readlink "$link")")" = "$1" ] && echo "${link##*virtfn}"
    done
}

# plug MAC [MODE]: before_nic_hotplug of the first VM; that libvirt then plugs /tmp/plugged.xml is another
# matter. Its VF is $vf.
plug() {
    local dev
    nic_xml "$1" red "ua-${1//:/-}" >/tmp/nic.xml
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$one passthrough=required "passthrough_mode=${2:-hostdev}"
    cp "$doc" /tmp/plugged.xml
    vf=$(vf_of /tmp/plugged.xml "$1") dev=$(xpath /tmp/plugged.xml //source/@dev)
    [ -z "$dev" ] || vf=$(basename "$(readlink -f "/sys/class/net/$dev/device")")
}
reconcile() { rc=0; err=$(vfpt reconcile 2>&1) || rc=$?; }
# The line in which the PF showed that VF at first.
was() { grep "^ens1f0 vf $(index_of "$1") " <<<"$before" | sed "s/^ens1f0 //"; }
without="VM $one runs without it; its VF [01] of ens1f0 is given back"

# A hook of another package fails behind ours: VDSM plugs nothing then, and calls no hook.
vnic_that_is_never_plugged_leaves_its_vf() {
    local vf mac=56:6f:1a:2b:00:02
    grace 300
    plug $mac
    like "a vNIC that is to be plugged has a VF" \
        "$rc $(assignments) $(pf_line "$vf")" "^0 2 .*$mac.* vlan 100,"
    reconcile
    is "while it may still come, the VF stays" "$rc$err $(assignments)" "0 2"
    grace 0
    reconcile
    like "then vfpt reconcile gives it back" "$rc $err $(assignments)" "^0 vfpt: warning: $without 1$"
    is "as it was" "$(pf_state "$vf")" "$(was "$vf")"
    plug $mac
    vdsm_starts
    like "VDSM's start does the same" "$rc $err $(assignments)" "^0 vfpt: warning: $without 1$"
    is "as it was" "$(pf_state "$vf")" "$(was "$vf")"
    plug $mac
    plug 56:6f:1a:2b:00:04
    like "and another vNIC of that VM, for which no VF is left" \
        "$rc $err $(assignments)" "^0 .*warning: $without.* 2$"
    domain $two 56:6f:1a:2b:00:03 >/tmp/domain.xml
    as_vdsm before_vm_start /tmp/domain.xml vmId=$two
    like "and another VM" "$rc $err $(assignments)" "^0 .*warning: $without.* 2$"
    is "whose VF it is now" \
        "$(vf_of "$doc" 56:6f:1a:2b:00:03) $(pf_line "$vf" | grep -c 56:6f:1a:2b:00:03)" "$vf 1"
    as_vdsm after_vm_destroy "$doc" vmId=$two
    is "in the end it is as it was" "$(pf_state "$vf")" "$(was "$vf")"
}

vnic_that_is_plugged_keeps_its_vf() {
    local vf mode mac=56:6f:1a:2b:00:02
    for mode in hostdev macvtap; do
        plug $mac $mode
        ok "$mode: libvirt plugs a vNIC" virsh -q attach-device "vm-${one: -1}" /tmp/plugged.xml --live
        reconcile
        is "$mode: its VF stays with it, and so does the other" "$rc$err $(assignments)" "0 2"
        like "$mode: as it was set" "$(pf_line "$vf")" "$mac.* vlan 100,"
        quiet virsh detach-device "vm-${one: -1}" /tmp/nic.xml --live
        lab_wait 30 lab_has_netdev "$vf"
        lab_wait 30 not_used "$vf"
        reconcile
        like "$mode: when someone unplugged it, and told nobody, it is given back" \
            "$rc $err $(assignments)" "^0 vfpt: warning: $without 1$"
        is "$mode: as it was" "$(pf_state "$vf")" "$(was "$vf")"
    done
}
not_used() { ! compgen -G "/sys/bus/pci/devices/$1/net/*/upper_*" >/dev/null; }

vms_that_ended_without_a_word() {
    virsh -q destroy "vm-${one: -1}"
    lab_wait 30 netdevs
    is "no hook told, so the VF is still assigned" "$(assignments)" 1
    grace 300
    vdsm_starts
    is "within the grace it stays" "$rc$err $(assignments)" "0 1"
    grace 0
    vdsm_starts
    like "then it is given back, with a line that says so" \
        "$rc $err" "^0 vfpt: warning: VM $one is gone; its VF [01] of ens1f0 is given back"
    unchanged "and every VF is as it was"
}

late_hooks_do_nothing() {
    ok "a VM starts" start $one 56:6f:1a:2b:00:01
    cp /tmp/$one.xml /tmp/first-run.xml
    virsh -q destroy "vm-${one: -1}"
    lab_wait 30 netdevs
    ok "and starts again, before after_vm_destroy of its first run" start $one 56:6f:1a:2b:00:01
    as_vdsm after_vm_destroy /tmp/first-run.xml vmId=$one
    is "which then takes nothing from it" "$rc$err $(assignments)" "0 1"
    virsh -q destroy "vm-${one: -1}"
    lab_wait 30 netdevs
    as_vdsm after_vm_destroy /tmp/$one.xml vmId=$one
    is "its own after_vm_destroy does" "$rc$err" 0
    unchanged "and every VF is as it was"
}

without_libvirt_all_stays_taken() {
    domain $two 56:6f:1a:2b:00:02 >/tmp/domain.xml
    as_vdsm before_vm_start /tmp/domain.xml vmId=$two
    cp "$doc" /tmp/$two.xml
    grace 0 5
    pkill -STOP libvirtd
    vdsm_starts
    like "libvirt that does not answer: the VF stays taken, and a line says so" "$rc $err $(assignments)" \
        '^0 vfpt: warning: libvirt does not answer.* 1$'
    pkill -CONT libvirtd
    pkill libvirtd
    lab_wait 30 not pidof libvirtd
    vdsm_starts
    like "libvirt that is not there: the same" \
        "$rc $err $(assignments)" '^0 vfpt: warning: libvirt does not answer.* 1$'
    as_vdsm after_vm_destroy /tmp/$two.xml vmId=$two
    unchanged "after_vm_destroy needs no libvirt"
}

# claims USER PROGRAM...: a process of that user whose command line says that it is the second VM's. Its pid
# is in $claimant.
claims() {
    local user=$1; shift
    setpriv --reuid "$user" --regid "$user" --clear-groups "$@" -uuid $two "$(printf '%030000d' 0)" \
        >/tmp/claimant 2>&1 &
    claimant=$!
}
claim_ends() { kill -KILL $claimant; wait $claimant 2>/dev/null; }

# The second VM was given a VF and is gone.
second_vm_is_gone() {
    domain $two 56:6f:1a:2b:00:02 >/tmp/domain.xml
    as_vdsm before_vm_start /tmp/domain.xml vmId=$two
    cp "$doc" /tmp/$two.xml
}

# Any user can write a VM's id on a command line, and keep who reads it waiting.
claims_of_others_do_not_count() {
    local user
    for user in 1000 0; do
        second_vm_is_gone
        claims $user sh -c 'while :; do sleep 100; done'
        vdsm_starts
        if [ $user = 0 ]; then
            is "a process of root's with the VM's id: the VF stays taken" "$rc$err $(assignments)" "0 1"
            as_vdsm after_vm_destroy /tmp/$two.xml vmId=$two
        else
            like "a process of another user with the VM's id: the VF is given back" \
                "$rc $err $(assignments)" \
                "^0 vfpt: warning: VM $two is gone; its VF [01] of ens1f0 is given back 0$"
        fi
        claim_ends
    done
    # A command line can be made to keep its reader waiting: none of another user's is looked at.
    second_vm_is_gone
    claims 1000 sh -c 'while :; do sleep 100; done'
    _hook_domxml=/tmp/nothing.xml strace -f -qq -e trace=openat,openat2 -o /tmp/opened \
        $hooks/before_vdsm_start/50_vfpt 2>/dev/null
    is "whose a process is is read, and the command line of another user's is not" \
        "$(grep -c "proc/$claimant/status" /tmp/opened) $(grep -c "proc/$claimant/cmdline" /tmp/opened) $(assignments)" "1 0 0"
    claim_ends
    unchanged "and every VF is as it was"
}

# What the host has taken since is not set because somebody says that the VM is there.
claims_set_nothing() {
    local user vf netdev index
    for user in 1000 0; do
        second_vm_is_gone
        vf=$(vf_of /tmp/$two.xml 56:6f:1a:2b:00:02) index=$(index_of "$vf")
        netdev=$(ls "/sys/bus/pci/devices/$vf/net")
        ip addr add 192.0.2.1/24 dev "$netdev"
        ip link set dev ens1f0 vf "$index" vlan 9
        claims $user sh -c 'while :; do sleep 100; done'
        vdsm_starts
        like "the host uses the VF of a VM that is gone, and user $user says it is there: nothing is set" \
            "$rc $(pf_line "$vf") $err" "^0 .* vlan 9, .*VM $two does not run here for sure"
        claim_ends
        ip addr flush dev "$netdev"
        as_vdsm after_vm_destroy /tmp/$two.xml vmId=$two
        unchanged "and in the end every VF is as it was"
    done
}

make_host || { echo "Bail out! the host cannot be made"; exit 1; }
install_build || { echo "Bail out! the build cannot be installed"; exit 1; }
lab_libvirtd || { echo "Bail out! libvirt does not start"; exit 1; }
quiet virsh nwfilter-define <(echo "<filter name='vdsm-no-mac-spoofing' chain='root'/>")
before=$(vf_states ens1f0)

running_vms_keep_theirs
vnic_that_is_never_plugged_leaves_its_vf
vnic_that_is_plugged_keeps_its_vf
vms_that_ended_without_a_word
late_hooks_do_nothing
claims_of_others_do_not_count
claims_set_nothing
without_libvirt_all_stays_taken
finish
