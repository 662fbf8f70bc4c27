# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vdsm, and a container's root, against root: what they leave in /run/vfpt and among the network devices, for root's shell
# and for the command as root. Sourced by tests/lab/attacks.sh.

# complete_with WORD...: what bash would offer root for the last one, where bash then is.
complete_with() {
    bash -c '. "$1"; shift; COMP_WORDS=(vfpt "$@") COMP_CWORD=$#; _vfpt; printf "%s\n" "${COMPREPLY[@]}" | sort' bash \
        /usr/share/bash-completion/completions/vfpt "$@"
}

as_vdsm_in_the_ledger() { (cd /run/vfpt && "${vdsm[@]}" "$@"); }

completion_runs_nothing() {
    local names=('a@$(id>PWNED)' 'a@`id>PWNED`' "0000:01:10.0@$victim \$(id>PWNED)" $'0000:01:10.0@x\n$(id>PWNED)')
    local device='$(id>PWNED)' offered
    as_vdsm_in_the_ledger touch "${names[@]}"
    # No name of a dummy has a VF or is one: so one of the VFs gets it, as a container's root can have it.
    local vf=ens1f0v6
    ok "(the kernel lets a network device be called $device)" ip link set dev $vf name "$device"
    ip link set dev ens1f0v5 name "'x y" 2>/dev/null || ip link set dev ens1f0v5 name "'x"
    mkdir /tmp/completing
    offered=$(cd /tmp/completing && complete_with release '')
    is "the completion offers VMs and network devices of good names only" "$offered" \
        "$(printf '%s\n' --force --help "$victim" ens1f0v{1..4} | sort)"
    is "and that of PFs, PFs" "$(cd /tmp/completing && complete_with list --pf '')" ens1f0
    is "it runs nothing" "$(ls /tmp/completing)" ""
    ip link set dev "$device" name $vf
    ip link set dev "'x" name ens1f0v5
    as_vdsm_in_the_ledger rm "${names[@]}"
    untouched "and all is as it was"
}

attacks+=(completion_runs_nothing)
