#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Drivers that are busy, hide VFs, lose settings or say no to libvirt: one sick VF is one unusable VF, and
# what cannot be done now is done later. Wants: tests/lab/run --pfs 3 --driver ice

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

make_host() {
    lab_vfs ens1f0 3 && lab_vlan ens1f0 200 azure.7 && lab_bridge blue azure.7 && lab_vfs ens2f0 2 &&
        lab_vfs ens3f0 2 && lab_bond bond0 ens2f0 ens3f0 && lab_vlan bond0 100 scarlet &&
        lab_bridge red scarlet
}

# plug MAC [NAME=VALUE...], unplug MAC
plug() {
    nic_xml "$1" blue >/tmp/nic.xml
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId="$vm" passthrough=required "${@:2}"
}
unplug() {
    nic_xml "$1" blue >/tmp/nic.xml
    as_vdsm after_nic_hotunplug /tmp/nic.xml vmId="$vm"
}
index() { pf_line "$(vf_of "$doc" "$1")" | grep -o '^vf [0-9]'; }

hidden_vf_is_one_unusable_vf() {
    lab_rule refuse read:EBUSY vf=0 pf=ens1f0
    plug $one
    is "of a PF whose driver hides VF 0 another is given" "$rc $(index $one)" "0 vf 1"
    like "vfpt list says so of that VF, and of no other" \
        "$(vfpt list --pf ens1f0 | grep -A1 '0000:01:10.[02]')" \
        'unusable.*its driver does not show it.*assigned'
    plug $two
    is "so is the next" "$rc $(index $two)" "0 vf 2"
    plug 56:6f:1a:2b:00:03
    like "where no other is left, the line says why" "$rc $err" \
        '^2 .*no free VF: ens1f0 has 3 VFs, 2 assigned to VMs, 1 unusable \(VF 0: its driver does not show it'
    ok "in one line" one_line "$err"
    lab_clear_rules
    lab_rule refuse read:EBUSY vf=0 pf=ens1f0 1000ms
    plug 56:6f:1a:2b:00:03
    is "one that resets is waited for where no other is left" "$rc $(index 56:6f:1a:2b:00:03)" "0 vf 0"
    lab_clear_rules
    for vnic in $one $two 56:6f:1a:2b:00:03; do unplug "$vnic"; done
    unchanged "all go back"
}

busy_vf_is_left_for_another() {
    lab_rule refuse set:EBUSY vf=0 pf=ens1f0
    plug $one vf_trust=on
    is "a VF whose driver stays busy is left, and another given" "$rc $(index $one)" "0 vf 1"
    lab_clear_rules
    unplug $one
    unchanged "both go back"
    lab_rule refuse set:EAGAIN pf=ens1f0 1500ms
    plug $one vf_trust=on
    is "a driver that is busy for a while is asked again" "$rc $(index $one)" "0 vf 1"
    unplug $one
    unchanged "and the VF goes back"
}

release_is_finished_later() {
    plug $one
    is "a vNIC gets the VF that it had" "$rc $(index $one)" "0 vf 1"
    lab_rule refuse EBUSY vf=1 pf=ens1f0
    unplug $one
    like "a VF that is hidden cannot be given back" "$rc $err" \
        '^1 .*does not show it.*its record stays, and the next hook on this host sets it back'
    ok "in one line" one_line "$err"
    is "its record stays" "$(assignments)" 1
    like "vfpt check says so" "$(vfpt check 2>&1 | tr -s ' \n' ' ')" \
        'VF 1 of ens1f0, which VM .* had, is not set back'
    plug $one
    is "the vNIC gets another VF meanwhile" "$rc $(index $one)" "0 vf 0"
    unplug $one
    is "and the record stays" "$rc$err $(assignments)" "0 1"
    lab_clear_rules
    plug $two
    is "the next hook gives the VF back" "$rc $(assignments)" "0 1"
    unplug $two
    unchanged "and all is as it was"
}

settings_are_lost_and_set_again() {
    domain $one blue "passthrough=required vf_rate=1000" >/tmp/domain.xml
    start "lost rate"
    lab_rule forget max_tx_rate
    lab_link_speed 10000
    is "a driver loses the rate when its link's speed changes" "$(vf_lines ens1f0 | grep -c max_tx_rate)" 0
    like "vfpt check sees it" "$(vfpt check 2>&1 | tr -s ' \n' ' ')" 'has max_tx_rate 0, it should be 1000'
    like "vfpt reconcile sets it again" "$(vfpt reconcile 2>&1)" 'has max_tx_rate 0, it should be 1000'
    is "it is there" "$(vf_lines ens1f0 | grep -c 'max_tx_rate 1000Mbps')" 1
    lab_clear_rules
    stop "lost rate"
}

libvirt_is_refused_and_the_hook_is_not() {
    local setting
    for setting in mac vlan_id; do
        domain $one blue passthrough=required >/tmp/domain.xml
        start "refused at the end ($setting)"
        lab_rule refuse "$setting" EAGAIN times=1
        stop "refused at the end ($setting)"
        lab_clear_rules
    done
}

make_host || { echo "Bail out! the host cannot be made"; exit 1; }
install_build || { echo "Bail out! the build cannot be installed"; exit 1; }
start_libvirt || { echo "Bail out! libvirt does not start"; exit 1; }
before=$(vf_states ens1f0 ens2f0 ens3f0) before_mtus=$(mtus)
hidden_vf_is_one_unusable_vf
busy_vf_is_left_for_another
release_is_finished_later
settings_are_lost_and_set_again
libvirt_is_refused_and_the_hook_is_not
finish
