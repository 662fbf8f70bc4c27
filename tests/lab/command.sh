#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The command vfpt on a real kernel, as root and as user vdsm. Wants: tests/lab/run --pfs 3

set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/lab/check.sh
. tests/lab/check.sh

samples=tests/data/samples
web=3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01
mac=56:6f:1a:2b:00:01

make_host() {
    local pf
    for pf in ens1f0:7 ens2f0:7 ens3f0:4; do lab_vfs "${pf%:*}" "${pf#*:}" || return; done
    lab_bridge ovirtmgmt ens1f0 && lab_vlan ens1f0 200 azure.7 && lab_bridge blue azure.7 &&
        lab_bond bond0 ens2f0 ens3f0 && ip link set dev bond0 mtu 9000 && lab_vlan bond0 100 scarlet &&
            lab_bridge red scarlet
}

grace() { mkdir -p /etc/vdsm && printf '[policy]\ngrace = %s\n' "$1" >/etc/vdsm/vfpt.conf; }

# What the command says and its exit status, in $said and $rc.
run() { rc=0; said=$(vfpt "$@" 2>&1 </dev/null) || rc=$?; }
run_as_vdsm() {
    rc=0
    said=$(setpriv --reuid vdsm --regid kvm --clear-groups env -i PATH=/usr/bin:/bin LC_ALL=C \
        vfpt "$@" 2>&1 </dev/null) || rc=$?
}

# What was said, in one line, and its exit status.
flat() { echo "$rc $said" | tr -s ' \n' ' '; }
ageless() { flat | sed 's/assigned [0-9]* s ago/assigned N s ago/'; }

# same NAME ARG...: root and vdsm are told the same.
same() {
    local name=$1 first; shift
    run "$@"
    first=$(ageless)
    run_as_vdsm "$@"
    is "$name" "$(ageless)" "$first"
}

looking_touches_nothing_and_needs_no_root() {
    same "vfpt list" list
    like "names PF, networks and VFs" "$said" 'ens1f0 .*igb.*networks: blue \(VLAN 200\), ovirtmgmt.* free'
    same "vfpt list --json" list --json
    is "is JSON with 18 VFs, each with a MAC and a spoof check" "$(python3 -c 'import json, sys
vfs = [vf for pf in json.load(sys.stdin)["pfs"] for vf in pf["vfs"]]
known = [vf["settings"] for vf in vfs if None not in (vf["settings"]["mac"], vf["settings"]["spoofchk"])]
print(len(known))' <<<"$said")" 18
    same "vfpt explain" explain $samples/vm-one-nic.xml
    unchanged "nothing is set or recorded"
}

# A VM that is assigned; what was explained is what it gets.
what_is_explained_happens() {
    local explained
    run_as_vdsm explain --json $samples/vm-one-nic.xml
    explained=$(python3 -c '
import json, sys
print(json.load(sys.stdin)["vnics"][0]["assignment"]["address"])' <<<"$said")
    as_vdsm before_vm_start $samples/vm-one-nic.xml vmId=$web
    is "the VF that was explained is the VF that the VM gets" "$(vf_of "$doc" $mac)" "$explained"
    same "vfpt show VF" show "$explained"
    like "shows the settings as the kernel has them" "$said" "vlan_id +100 +100 "
    same "vfpt show MAC" show $mac
    same "vfpt show VM" show $web
}

# --test leaves a MAC conflict unseen; explain reads the settings.
a_mac_in_use_is_explained() {
    vm_xml 00000000-0000-4000-8000-000000000002 $mac red >/tmp/twin.xml
    run explain /tmp/twin.xml
    like "explain sees that another VM's VF has the MAC" \
        "$(flat)" "^1 .*has this MAC already: it belongs to VM $web"
}

release_is_refused_then_forced() {
    local assigned
    grace 300
    run release $web
    like "release is refused while the VM may be starting" "$(flat)" '^1 .*may be starting.*--force'
    is "and nothing happened" "$(assignments)" 1
    run_as_vdsm release --force $web
    like "as vdsm, without capability, it fails with the remedy" \
        "$(flat)" '^1 .*Operation not permitted.*CAP_NET_ADMIN'
    is "and the record stays" "$(assignments)" 1
    run release --force $web
    is "root releases it by force" "$rc" 0
    unchanged "and every VF is as it was"
    assigned=$(find /run/vfpt ! -user vdsm)
    is "all in the ledger is vdsm's still" "$assigned" ""
}

reconcile_gives_back() {
    as_vdsm before_vm_start $samples/vm-one-nic.xml vmId=$web
    grace 0
    lab_libvirtd || return
    run check
    like "check says that the VM is gone" "$(flat)" "warn +ledger: VM $web"
    run reconcile
    like "reconcile gives its VF back" "$(flat)" "^0 .*VM $web is gone"
    unchanged "and every VF is as it was"
}

# A driver that has a VF and makes no network device of it, as iavf does when its PF does not answer.
a_vf_without_network_device_is_repaired() {
    local vf at
    vf=$(lab_vf_pci ens1f0 5)
    at=/sys/bus/pci/devices/$vf
    modprobe pci-pf-stub
    echo "$vf" >"$at/driver/unbind"
    echo pci-pf-stub >"$at/driver_override"
    echo "$vf" >/sys/bus/pci/drivers_probe
    echo >"$at/driver_override"
    run list --pf ens1f0
    like "its VF is unusable" "$(flat)" \
        " 5 $vf pci-pf-stub - unusable pci-pf-stub drives it and made no network device of it; "
    run_as_vdsm repair "$vf"
    like "as vdsm, who may not, repair fails with the remedy" "$rc $said $(lab_driver "$vf")" \
        '^1 .*Permission denied; run this as root pci-pf-stub$'
    run repair ens1f0:5
    like "root's repair binds it anew" "$(flat)" \
        "^0 VF 5 of ens1f0 was unbound from pci-pf-stub and bound to igbvf; its network device is "
    lab_wait 30 lab_has_netdev "$vf"
    run list --pf ens1f0
    like "it is free" "$(flat)" " 5 $vf igbvf ens1f0v5 free"
    run repair "$vf"
    like "a second repair is refused" "$(flat)" '^1 .*it has its network device, and nothing is wrong with it'
    ip netns add elsewhere && ip link set dev ens1f0v5 netns elsewhere
    run repair "$vf"
    like "and so is that of a VF in a namespace" "$(flat)" '^1 .*is in another network namespace'
    is "which keeps it" "$(ip -n elsewhere -br link | grep -c ens1f0v5)" 1
    ip netns del elsewhere
    lab_wait 30 lab_has_netdev "$vf"
    unchanged "and every VF is as it was"
}

check_finds_what_is_broken() {
    run check
    like "an untagged network is a warning" "$(flat)" '^3 .*warn +untagged: network ovirtmgmt has no VLAN'
    echo 'untagged = allow' >>/etc/vdsm/vfpt.conf
    run check
    is "on a fit host it is content" "$rc" 0
    setcap -r $hooks/before_vm_start/50_vfpt
    run check
    like "a hook without its capability" "$(flat)" '^1 .*fail +hooks: .*before_vm_start/50_vfpt has lost'
    setcap cap_net_admin=p $hooks/before_vm_start/50_vfpt
    pkill -STOP libvirtd # the guest's only one
    run check
    like "libvirt that does not answer" "$(flat)" '^1 .*fail +libvirt: does not answer'
    pkill -CONT libvirtd
    ip link set dev ens1f0 down
    run check
    like "a PF without link is a warning" "$(flat)" '^3 .*warn +PFs: ens1f0 has no link'
    lab_up ens1f0
}

captured_it_is_the_same() {
    local live
    ip address add 192.0.2.9/24 dev ens1f0v3
    as_vdsm before_vm_start $samples/vm-one-nic.xml vmId=$web
    run list --json
    live=$said
    run capture /tmp/host.tar.gz
    is "capture succeeds" "$rc" 0
    mkdir /tmp/replay && tar -xzf /tmp/host.tar.gz -C /tmp/replay
    is "the captured tree replays to the same list" "$(VFPT_ROOT=/tmp/replay vfpt list --json 2>&1)" "$live"
    run_as_vdsm capture /tmp/other.tar.gz
    ok "as vdsm it fails and leaves no file" test "$rc" = 1 -a ! -e /tmp/other.tar.gz
    ip address del 192.0.2.9/24 dev ens1f0v3
    as_vdsm after_vm_destroy "$doc" vmId=$web
    unchanged "at the end every VF is free and as at first"
}

# rate USER ARG...: the program that libvfpt(3) shows, in $said and $rc as of run.
rate() {
    local user=$1; shift
    rc=0
    said=$(setpriv --reuid "$user" --regid kvm --clear-groups /tmp/rate "$@" 2>&1) || rc=$?
}

the_manuals_program_lists_and_sets() {
    ok "the program of libvfpt(3) is compiled" tests/checks/manual_program "$VFPT_STAGE" /tmp/rate
    rate root
    is "it lists each PF with its VFs" "$rc $(grep '^ens' <<<"$said" | xargs)" \
        "0 ens1f0 (igb): 7 VFs ens2f0 (igb): 7 VFs ens3f0 (igb): 4 VFs"
    is "and their settings, which ip shows" "$(grep -o 'mac [0-9a-f:]*' <<<"$said" | cut -d ' ' -f 2)" \
        "$(vf_lines ens1f0 ens2f0 ens3f0 | grep -oP 'link/ether \K[0-9a-f:]{17}(?= brd)')"
    rate root ens1f0 3 100
    like "it limits a VF" "$rc $(lab_vf ens1f0 3)" '^0 .* max_tx_rate 100Mbps'
    is "and no other" "$(vf_lines ens1f0 ens2f0 ens3f0 | grep -c max_tx_rate)" 1
    rate root ens1f0 3 1000000
    like "what the driver does not take is told" "$rc $said" \
        '^1 .*VF 3 of ens1f0 \(igb\): cannot set max_tx_rate'
    rate root ens1f0 3 0
    unchanged "and every VF is as it was"
    rate vdsm ens1f0 3 100
    like "who has no right to it is told" "$rc $said" \
        '^1 .*Operation not permitted; setting a VF needs CAP_NET_ADMIN'
    rate vdsm
    is "and can list" "$rc $(grep -c '^VF ' <<<"$said")" "0 18"
    unchanged "nothing is set"
}

make_host || { echo "Bail out! the host cannot be made"; exit 1; }
install_build || { echo "Bail out! the build cannot be installed"; exit 1; }
# shellcheck disable=SC2034 # for unchanged
before=$(vf_states ens1f0 ens2f0 ens3f0)

the_manuals_program_lists_and_sets
looking_touches_nothing_and_needs_no_root
what_is_explained_happens
a_mac_in_use_is_explained
release_is_refused_then_forced
reconcile_gives_back
a_vf_without_network_device_is_repaired
check_finds_what_is_broken
captured_it_is_the_same
finish
