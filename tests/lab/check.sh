# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the lab's tests share: saying what holds (as TAP), installing the build, and running a hook as VDSM does.
# To be sourced, behind lib.sh, by a test that runs in the lab.

checks=0 failures=0

# ok NAME COMMAND [ARG...]: it holds if the command succeeds.
ok() {
    local name=$1; shift
    checks=$((checks + 1))
    if "$@"; then
        echo "ok $checks - $name"
    else
        failures=$((failures + 1))
        echo "not ok $checks - $name"
        echo "#   failed: $*"
    fi
}

# is NAME ACTUAL EXPECTED
is() {
    checks=$((checks + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $checks - $1"
    else
        failures=$((failures + 1))
        echo "not ok $checks - $1"
        printf '#   is       "%s"\n#   expected "%s"\n' "${2//$'\n'/\\n}" "${3//$'\n'/\\n}"
    fi
}

# like NAME ACTUAL REGEX
like() {
    checks=$((checks + 1))
    if [[ $2 =~ $3 ]]; then
        echo "ok $checks - $1"
    else
        failures=$((failures + 1))
        echo "not ok $checks - $1"
        printf '#   is       "%s"\n#   expected to match %s\n' "${2//$'\n'/\\n}" "$3"
    fi
}

# unchanged NAME [PF...]: no VF is assigned, and those of the PFs (all) are shown as in $before.
unchanged() {
    local name=$1 now pf; shift
    local pfs=("$@")
    [ $# -gt 0 ] || mapfile -t pfs < <(cut -d' ' -f1 <<<"${before:?}" | uniq)
    now=$(vf_lines "${pfs[@]}")
    is "$name" "$(assignments) assigned $(diff <(for pf in "${pfs[@]}"; do grep "^$pf " <<<"$before"; done) <(echo "$now"))" \
        "0 assigned "
}

quiet() { "$@" >/dev/null 2>&1; }
not() { ! quiet "$@"; }

# The last line of a test.
finish() {
    echo "1..$checks"
    [ $failures -eq 0 ]
}

hooks=/usr/libexec/vdsm/hooks

# Install what tests/run staged, as the RPM would: files, capability, state directory.
install_build() {
    local hook
    cp -a "${VFPT_STAGE:?the staged build}/." / && ldconfig || return
    for hook in "$hooks"/*/50_vfpt; do
        setcap cap_net_admin=p "$hook" || return
    done
    install -d -o vdsm -g kvm -m 700 /run/vfpt
}

# shellcheck disable=SC2034 # they are for who sources this
# as_vdsm POINT DOCUMENT [NAME=VALUE...]: run the hook on a copy of the document as VDSM does. Leaves its exit code in
# $rc, what it said on stderr in $err, and the copy's name in $doc.
as_vdsm() {
    local point=$1 original=$2; shift 2
    doc=$(setpriv --reuid vdsm --regid kvm --clear-groups mktemp /tmp/tmpXXXXXXXX)
    cat "$original" >"$doc"
    rc=0
    err=$(setpriv --reuid vdsm --regid kvm --clear-groups env -i PATH=/usr/bin:/bin LC_ALL=C "_hook_domxml=$doc" "$@" \
        taskset --cpu-list 0-1 "$hooks/$point/50_vfpt" 2>&1 </dev/null) || rc=$?
}

one_line() { [ -n "$1" ] && [ "$(wc -l <<<"$1")" -eq 1 ]; }

# All VFs of these PFs as the kernel shows them, for comparing.
vf_lines() {
    local pf
    for pf; do ip -d link show dev "$pf" | sed -n "s/^ *vf /$pf vf /p"; done
}

assignments() { find /run/vfpt -maxdepth 1 -name '*@*' | wc -l; }

# xpath DOCUMENT EXPRESSION
xpath() { xmllint --xpath "string($2)" "$1"; }

# vf_of DOCUMENT MAC: the PCI address of the VF that the vNIC got, empty if none.
vf_of() {
    local at="//*[local-name()='interface' and translate(mac/@address,'ABCDEF','abcdef')='${2,,}']/source/address"
    [ -n "$(xpath "$1" "$at/@bus")" ] || return 0
    printf '%04x:%02x:%02x.%x\n' "$(xpath "$1" "$at/@domain")" "$(xpath "$1" "$at/@bus")" \
        "$(xpath "$1" "$at/@slot")" "$(xpath "$1" "$at/@function")"
}

# pf_line PCI: the line in which the PF shows that VF.
pf_line() {
    local pf link
    pf=$(ls "/sys/bus/pci/devices/$1/physfn/net")
    for link in "/sys/bus/pci/devices/$1/physfn"/virtfn*; do
        [ "$(basename "$(readlink "$link")")" = "$1" ] || continue
        ip -d link show dev "$pf" | grep "^ *vf ${link##*virtfn} "
    done
}

# nic_xml MAC BRIDGE [ALIAS]: a vNIC as the engine writes it.
nic_xml() {
    echo "<interface type=\"bridge\"><mac address=\"$1\"/><model type=\"virtio\"/><source bridge=\"$2\"/>"
    echo "<link state=\"up\"/><filterref filter=\"vdsm-no-mac-spoofing\"/><alias name=\"${3:-ua-x}\"/><bandwidth/></interface>"
}

# vm_xml UUID (MAC NETWORK)...: a domain whose vNICs all ask for passthrough.
vm_xml() {
    local uuid=$1 device='' interface=''; shift
    while [ $# -gt 0 ]; do
        device+="<o:device mac_address=\"$1\"><o:network>$2</o:network><o:custom><o:passthrough>required</o:passthrough></o:custom></o:device>"
        interface+=$(nic_xml "$1" "$2" "ua-${1//:/-}")
        shift 2
    done
    echo "<domain type=\"kvm\" xmlns:o=\"http://ovirt.org/vm/1.0\"><name>vm-$uuid</name><uuid>$uuid</uuid>"
    echo "<metadata><o:vm>$device</o:vm></metadata><devices>$interface</devices></domain>"
}
