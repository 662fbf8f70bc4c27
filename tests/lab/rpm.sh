#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The hooks as the RPM installs them, each run as VDSM runs it. Wants: VFPT_RPMS, the directory of the RPMs
# (tests/checks/rpm leaves them where it is told), and tests/lab/run --pfs 1

set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/lab/check.sh
. tests/lab/check.sh

samples=tests/data/samples
vm=3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01
mac=56:6f:1a:2b:00:01

make_host() {
    lab_vfs ens1f0 7 && ip link set dev ens1f0 mtu 9000 && lab_vlan ens1f0 100 tagged && lab_bridge red tagged
}

# Debian's RPM would rather not be used.
rpm_() {
    rpm --dbpath /tmp/rpmdb "$@" 2>&1 | grep -v 'use Alien instead\|you know what you are doing'
    return "${PIPESTATUS[0]}"
}

# The hooks' package alone. Debian has no packages for what it requires, hence --nodeps. On Fedora and EL, a
# file trigger of systemd does the rest: what tmpfiles.d says.
install_rpm() {
    local rpms=${VFPT_RPMS:?the RPMs} machine type path mode user group
    machine=$(uname -m)
    rpm_ -i --nodeps "$rpms"/vdsm-hook-vfpt-[0-9]*."$machine.rpm" || return
    while read -r type path mode user group _; do
        [ "$type" != d ] || install -d -m "$mode" -o "$user" -g "$group" "$path" || return
    done </usr/lib/tmpfiles.d/vfpt.conf
}

# VDSM's start is root's, see vdsmd(8).
as_root() {
    rc=0
    err=$(env -i PATH=/usr/bin:/bin LC_ALL=C _hook_domxml=/dev/null "$hooks/$1/50_vfpt" 2>&1 </dev/null) ||
        rc=$?
}

capabilities() { getcap "$hooks"/*/50_vfpt | awk '{print $2}' | sort | uniq -c | xargs; }

a_vm_starts_runs_and_ends() {
    local vf
    as_vdsm before_vm_start $samples/vm-one-nic.xml vmId=$vm
    vf=$(vf_of "$doc" $mac)
    like "before_vm_start gives the vNIC a VF, with its MAC and VLAN" \
        "$rc $(pf_line "$vf")" "^0 .*$mac.* vlan 100,"
    like "vfpt list says so" "$(vfpt list 2>&1 | tr -s ' \n' ' ')" \
        "$vf igbvf .* assigned.* VM $vm, vNIC $mac \(red\)"
    as_vdsm after_vm_start "$doc" vmId=$vm
    is "after_vm_start has nothing to say" "$rc$err" 0
    as_vdsm before_vm_migrate_source "$doc" vmId=$vm
    like "before_vm_migrate_source refuses" "$rc $err" "^2 vfpt: vNIC $mac .*the guest has VF . of ens1f0"
    as_vdsm after_vm_destroy "$doc" vmId=$vm
    is "after_vm_destroy succeeds" "$rc$err" 0
    unchanged "and every VF is as it was"
}

a_vnic_is_plugged_and_unplugged() {
    local vf
    nic_xml 56:6f:1a:2b:00:09 red ua-9 >/tmp/nic.xml
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$vm passthrough=required
    vf=$(vf_of "$doc" 56:6f:1a:2b:00:09)
    like "before_nic_hotplug gives the vNIC a VF" "$rc $(pf_line "$vf")" '^0 .*56:6f:1a:2b:00:09'
    as_vdsm after_nic_hotplug "$doc" vmId=$vm passthrough=required
    is "after_nic_hotplug has nothing to say" "$rc$err" 0
    as_vdsm after_nic_hotunplug /tmp/nic.xml vmId=$vm
    is "after_nic_hotunplug succeeds" "$rc$err" 0
    unchanged "and gives it back"
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$vm passthrough=required
    as_vdsm after_nic_hotplug_fail "$doc" vmId=$vm passthrough=required
    is "after_nic_hotplug_fail succeeds" "$rc$err" 0
    unchanged "and gives it back too"
}

vdsm_starts() {
    as_vdsm before_vm_start $samples/vm-one-nic.xml vmId=$vm
    echo "[policy]
grace = 0" >/etc/vdsm/vfpt.conf
    as_root before_vdsm_start
    like "before_vdsm_start leaves a VF alone as long as libvirt does not answer" "$rc $(assignments) $err" \
        '^0 1 .*libvirt does not answer'
    as_vdsm after_vm_destroy $samples/vm-one-nic.xml vmId=$vm
    as_vdsm before_vdsm_start /dev/null
    is "and has nothing to do without any" "$rc$err" 0
    is "what VFs remember is user vdsm's" \
        "$(stat -c %U /run/vfpt /run/vfpt/last /run/vfpt/last/* | sort -u)" vdsm
    unchanged "every VF is as it was"
}

removed() {
    as_vdsm before_vm_start $samples/vm-one-nic.xml vmId=$vm
    is "a VM runs" "$rc $(assignments)" "0 1"
    ok "the package is removed" rpm_ -e --nodeps vdsm-hook-vfpt
    is "and leave its record, and the administrator's configuration" \
        "$(find /run/vfpt /usr/libexec/vdsm /etc/vdsm /usr/lib/tmpfiles.d ! -type d | grep vfpt | cut -d@ -f2 | sort | xargs)" \
        "/etc/vdsm/vfpt.conf.rpmsave $vm"
}

make_host || { echo "Bail out! the host cannot be made"; exit 1; }
before=$(vf_states ens1f0)
ok "the RPM can be installed" install_rpm
is "each hook has its capability, permitted only" "$(capabilities)" \
    "$(find hooks -name 50_vfpt.c | wc -l) cap_net_admin=p"
ok "the administrator's configuration is in place" test -f /etc/vdsm/vfpt.conf

a_vm_starts_runs_and_ends
a_vnic_is_plugged_and_unplugged
vdsm_starts
removed
finish
