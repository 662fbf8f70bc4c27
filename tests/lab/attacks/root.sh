# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vdsm, and the root of a container, against root: what they leave in /run/vfpt and among the network devices,
# for root's shell and for the command that root runs. Sourced by tests/lab/attacks.sh.

in_ledger_as_vdsm() { (cd /run/vfpt && "${vdsm[@]:?}" "$@"); }

# offered_to_root WORD...: what the completion offers for the last one, in a directory of its own.
# shellcheck disable=SC2016 # for the inner shell
offered_to_root() {
    mkdir -p /tmp/completing
    (cd /tmp/completing && bash -c \
        '. "$1"; shift; COMP_WORDS=(vfpt "$@") COMP_CWORD=$#; _vfpt; printf "%s\n" "${COMPREPLY[@]}" | sort' \
        bash /usr/share/bash-completion/completions/vfpt "$@")
}

# shellcheck disable=SC2016 # nothing here is to be expanded
completion_runs_nothing() {
    local device='$(id>PWNED)' names=('a@$(id>PWNED)' 'a@`id>PWNED`' "0000:01:10.0@$victim \$(id>PWNED)"
        "0000:01:10.0@${victim:?}"$'\n$(id>PWNED)')
    in_ledger_as_vdsm touch "${names[@]}"
    # As a container's root can call one that he gives back.
    ok "(a network device can have the name $device)" ip link set dev ens1f0v6 name "$device"
    ip link set dev ens1f0v5 name "'x"
    is "root's completion offers VMs and network devices with good names only" \
        "$(offered_to_root release '')" \
        "$(printf '%s\n' --force --help "$victim" ens1f0v{0..4} | sort)"
    is "and PFs" "$(offered_to_root list --pf '')" ens1f0
    is "it runs nothing" "$(ls /tmp/completing)" ""
    ip link set dev "$device" name ens1f0v6
    ip link set dev "'x" name ens1f0v5
    in_ledger_as_vdsm rm "${names[@]}"
    untouched "nothing has changed"
}

# captured WHAT: root captures the host, with umask 000, and what there is of that in the archive.
captured() {
    rm -f /tmp/host.tar.gz
    (umask 000 && timeout 120 vfpt capture /tmp/host.tar.gz >/dev/null 2>&1)
    tar -tzf /tmp/host.tar.gz | grep -- "$1"
}

root_captures_nothing_for_vdsm() {
    local last record="0000:01:10.6@${other:?}"
    in_ledger_as_vdsm mkdir -p last
    last=$(find /run/vfpt/last -type f -printf '%P\n')
    grep -q ^root: /etc/shadow || echo 'root:*:19000:0:99999:7:::' >>/etc/shadow
    install -m 600 <(echo a-secret-of-root) /run/secret
    in_ledger_as_vdsm mv last last.safe
    in_ledger_as_vdsm ln -s /etc last
    in_ledger_as_vdsm ln -s /etc/shadow "$record"
    in_ledger_as_vdsm ln -s ../secret secret
    in_ledger_as_vdsm mkfifo fifo
    is "a link in the ledger to /etc gives vdsm nothing of it" "$(captured shadow)" ""
    is "nor any other name" "$(captured '^run/vfpt' | sort)" "$(cd / && echo run/vfpt/*@"$victim")"
    is "nor a secret" "$(tar -xzOf /tmp/host.tar.gz | grep -cE '^root:|a-secret-of-root')" 0
    is "the archive is root's only" "$(stat -c '%U %a' /tmp/host.tar.gz)" "root 600"
    # What vdsm cannot read, and has no link to.
    install -m 600 <(echo a-secret-of-root) /run/vfpt/of-root
    is "what vdsm cannot read there is not in it" "$(captured of-root)" ""
    is "links of sysfs are" "$(captured 'sys/class/net/ens1f0$')" sys/class/net/ens1f0
    rm -rf /tmp/unpacked
    mkdir /tmp/unpacked && tar -xzf /tmp/host.tar.gz -C /tmp/unpacked
    is "unpacked, the host has the same VFs" "$(VFPT_ROOT=/tmp/unpacked vfpt list | grep -c '^ *[0-9]')" 7
    in_ledger_as_vdsm rm last fifo secret "$record"
    rm -f /run/vfpt/of-root /run/secret
    in_ledger_as_vdsm mv last.safe last
    is "(the records of last time are as they were)" "$(find /run/vfpt/last -type f -printf '%P\n')" "$last"
    untouched "nothing has changed"
}

attacks+=(completion_runs_nothing root_captures_nothing_for_vdsm)
