# shellcheck shell=bash disable=SC2154,SC2086,SC2034
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What vdsm, or the sender of a captured host, lays in root's way. Sourced by tests/lab/attacks.sh.

before_vdsm_start_is_not_root() {
    : >/tmp/nothing.xml
    at_the_lock env -i _hook_domxml=/tmp/nothing.xml $hooks/before_vdsm_start/50_vfpt
    is "before_vdsm_start, which root runs, is the ledger's owner when it reads that" \
        "$(sed -nE 's/^(Uid|Gid|Groups):\s*//p' "/proc/$waiting/status" | tr -s '\t\n' ' ')" "36 36 36 36 36 36 36 36 "
    is "and keeps one capability, which is not raised" \
        "$(capability_of "$waiting" Prm) $(capability_of "$waiting" Eff) $(capability_of "$waiting" Inh)" \
        "0000000000001000 0000000000000000 0000000000000000"
    release_lock
    is "it succeeds" "$rc$(cat /tmp/waiting.err)" 0
    untouched "and nothing has changed"
}

# small_host: a captured host without network devices, /tmp/tree.
small_host() {
    rm -rf /tmp/tree
    mkdir -p /tmp/tree/sys/class/net /tmp/tree/sys/bus/pci/devices /tmp/tree/proc
}

# captured ARGUMENT...: vfpt with that root, and what it says in $err.
captured() {
    rc=0
    err=$(VFPT_ROOT=/tmp/tree timeout 60 vfpt "$@" 2>&1 </dev/null) || rc=$?
}

captured_hosts_stay_among_themselves() {
    local command
    small_host
    ln -s /run /tmp/tree/run
    for command in reconcile "release $victim" "list" check; do
        # shellcheck disable=SC2086 # its words
        captured $command
        ok "a captured host whose run is a link to /run: vfpt ${command%% *} comes to an end" test "$rc" \
            -lt 124
        untouched "vfpt ${command%% *}: the ledger of the host itself is not touched"
    done
    small_host
    ln -s ../../../../../../run /tmp/tree/run
    captured reconcile
    untouched "nor by way of .."
    small_host
    mkdir -p /tmp/tree/etc/vdsm /tmp/tree/run/vfpt /tmp/tree/sys/class/net/eth0/device /tmp/tree/proc/1
    mkfifo /tmp/tree/etc/vdsm/vfpt.conf /tmp/tree/sys/class/net/eth0/device/sriov_numvfs \
        /tmp/tree/sys/class/net/eth0/phys_port_name /tmp/tree/proc/1/cmdline \
        "/tmp/tree/run/vfpt/0000:01:10.0@$other"
    for command in list check reconcile "show $other"; do
        # shellcheck disable=SC2086 # its words
        captured $command
        ok "one that is full of pipes: vfpt ${command%% *} comes to an end" test "$rc" -lt 124
    done
    rm -rf /tmp/tree
}

attacks+=(before_vdsm_start_is_not_root captured_hosts_stay_among_themselves)
