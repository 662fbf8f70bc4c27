# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the lab's tests share: saying what holds, installing the build, and running a hook as VDSM does.
# To be sourced, behind lib.sh, by a test that runs in the lab.

# shellcheck source=tests/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"

# unchanged NAME [PF...]: no VF is assigned, and those of the PFs (all) are shown as in $before.
unchanged() {
    local name=$1 pf line expected=''; shift
    local pfs=("$@")
    while read -r pf line; do
        [ $# -gt 0 ] || [[ " ${pfs[*]} " = *" $pf "* ]] || pfs+=("$pf")
        [[ " ${pfs[*]} " != *" $pf "* ]] || expected+="$pf $line"$'\n'
    done <<<"${before:?}"
    is "$name" "$(assignments) assigned"$'\n'"$(vf_states "${pfs[@]}")" "0 assigned"$'\n'"${expected%$'\n'}"
}

hooks=/usr/libexec/vdsm/hooks

# Install what tests/run staged, as the RPM would: files, capability, state directory.
install_build() {
    local hook files=()
    cp -a "${VFPT_STAGE:?the staged build}/." / || return
    for hook in "$hooks"/*/50_vfpt; do files+=(cap_net_admin=p "$hook"); done
    setcap "${files[@]}" || return
    install -d -o vdsm -g kvm -m 700 /run/vfpt
}

# as_vdsm POINT DOCUMENT [NAME=VALUE...]: run the hook on a copy of the document as VDSM does. Leaves its exit
# code in $rc, what it said on stderr in $err, and the copy's name in $doc. What it shall be started through
# is in $through.
through=()
# shellcheck disable=SC2034 # they are for who sources this
as_vdsm() {
    local hook=$hooks/$1/50_vfpt original=$2; shift 2
    [ -x /run/as_vdsm ] || cp "${VFPT_STAGE:?the staged build}/../tests/as_vdsm" /run/
    doc=/tmp/tmp$BASHPID.$SRANDOM rc=0
    err=$(/run/as_vdsm "$original" "$doc" "$@" "${through[@]}" "$hook" 2>&1 </dev/null) || rc=$?
}

# own_files TEST...: what find finds of the lab's in its /tmp and in the ledger; the project may be
# in /tmp too.
own_files() { find /tmp /run/vfpt -xdev -fstype tmpfs "$@"; }

one_line() { [ -n "$1" ] && [ "$(wc -l <<<"$1")" -eq 1 ]; }

# What vf_lines shows, but for MACs that nobody set by way of the PF: a VF has its own then, and its driver
# makes up another one when it starts anew; a VF without driver has none. Zeroes are that too, and what a VF
# gets where its PF's driver takes none (vfpt_settings_clear_mac()).
vf_states() {
    local pf line vf mac netdev address type
    while read -r pf line; do
        read -r _ vf _ mac _ <<<"$line"
        [[ ! $mac =~ ^(00:00:00:00:00:00|02:00:00:00:0[0-9]:8[0-9a-f])$ ]] || line=${line/$mac/own}
        for netdev in "/sys/class/net/$pf/device/virtfn$vf/net"/*; do
            [ -e "$netdev/address" ] || continue
            read -r address <"$netdev/address"
            read -r type <"$netdev/addr_assign_type"
            [ "$mac" != "$address" ] || [[ $type != [13] ]] || line=${line/$mac/own}
        done
        echo "$pf $line"
    done < <(vf_lines "$@")
}

# All VFs of these PFs as the kernel shows them, for comparing.
vf_lines() {
    local pf line
    for pf; do
        while read -r line; do
            [[ $line != 'vf '* ]] || echo "$pf $line"
        done < <(ip -d link show dev "$pf")
    done
}

assignments() {
    local file count=0
    for file in /run/vfpt/*@*; do [ ! -e "$file" ] || count=$((count + 1)); done
    echo $count
}

# xpath DOCUMENT EXPRESSION
xpath() { xmllint --xpath "string($2)" "$1"; }

# vf_of DOCUMENT MAC: the PCI address of the VF that the vNIC got, empty if none.
vf_of() {
    local at="//*[local-name()='interface' and translate(mac/@address,'ABCDEF','abcdef')='${2,,}']"
    at+=/source/address
    local domain bus slot function
    read -r domain bus slot function < \
        <(xpath "$1" "concat($at/@domain, ' ', $at/@bus, ' ', $at/@slot, ' ', $at/@function)")
    [ -n "$domain" ] || return 0
    printf '%04x:%02x:%02x.%x\n' "$domain" "$bus" "$slot" "$function"
}

# pf_line PCI: the line in which the PF shows that VF. pf_state PCI: the same of vf_states.
pf_line() { pf_line_of vf_lines "$1"; }
pf_state() { pf_line_of vf_states "$1"; }
pf_line_of() {
    local lines=$1 pf link line; shift
    for pf in "/sys/bus/pci/devices/$1/physfn/net"/*; do
        for link in "/sys/bus/pci/devices/$1/physfn"/virtfn*; do
            [ "$link" -ef "/sys/bus/pci/devices/$1" ] || continue
            while read -r _ line; do
                [[ $line != "vf ${link##*virtfn} "* ]] || echo "$line"
            done < <("$lines" "${pf##*/}")
        done
    done
}

# nic_xml MAC BRIDGE [ALIAS]: a vNIC as the engine writes it.
nic_xml() {
    echo "<interface type=\"bridge\"><mac address=\"$1\"/><model type=\"virtio\"/><source bridge=\"$2\"/>"
    echo "<link state=\"up\"/><filterref filter=\"vdsm-no-mac-spoofing\"/><alias name=\"${3:-ua-x}\"/>"
    echo "<bandwidth/></interface>"
}

# vm_xml UUID (MAC NETWORK)...: a domain whose vNICs all ask for passthrough.
vm_xml() {
    local uuid=$1 device='' interface=''; shift
    while [ $# -gt 0 ]; do
        device+="<o:device mac_address=\"$1\"><o:network>$2</o:network>"
        device+="<o:custom><o:passthrough>required</o:passthrough></o:custom></o:device>"
        interface+=$(nic_xml "$1" "$2" "ua-${1//:/-}")
        shift 2
    done
    echo "<domain type=\"kvm\" xmlns:o=\"http://ovirt.org/vm/1.0\"><name>vm-$uuid</name><uuid>$uuid</uuid>"
    echo "<metadata><o:vm>$device</o:vm></metadata><devices>$interface</devices></domain>"
}
