#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lab's PFs in the part of other drivers' (tests/lab/drivers), as ip(8) sees them: each kind of rule, each
# rule of each driver, and that nothing is left when the module is gone.
# Wants: tests/lab/run --netdevsim --driver igb

set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/tap.sh
. tests/tap.sh

pf=ens1f0
declare -A text=() # of an error

texts() {
    local name words
    while read -r name words; do text[$name]=$words; done < <(python3 -c '
import errno, os
for number, name in errno.errorcode.items():
    print(name, os.strerror(number))
print("EOPNOTSUPP", os.strerror(errno.EOPNOTSUPP))')
    text[ENOTSUPP]="Unknown error 524"
}

# shown SETTING [VF]: its value, "none" if ip shows none. Where there is no VLAN, there is no word about it.
shown() {
    local lines pattern value=none
    lines=$(ip link show dev $pf)
    case $1 in
    mac) pattern='link/ether ([0-9a-f:]+)' ;;
    vlan_id) pattern=' vlan ([0-9]+)' value=0 ;;
    vlan_priority) pattern=' qos ([0-9]+)' value=0 ;;
    vlan_protocol) pattern=' protocol (802.1ad)' value=802.1Q ;;
    max_tx_rate) pattern=' max_tx_rate ([0-9]+)' value=0 ;;
    min_tx_rate) pattern=' min_tx_rate ([0-9]+)' value=0 ;;
    spoofchk) pattern=' spoof checking (on|off)' ;;
    trust) pattern=' trust (on|off)' ;;
    link_state) pattern=' link-state ([a-z]+)' ;;
    rss_query) pattern=' query_rss (on|off)' ;;
    esac
    # Of that VF's line, with less to start than grep.
    lines=${lines#*" vf ${2-1} "} lines=${lines%%$'\n'*}
    [[ ! $lines =~ $pattern ]] || value=${BASH_REMATCH[1]}
    echo "$value"
}

# ip_set SETTING VALUE [VF]: print nothing, or what the kernel answered.
ip_set() {
    local vf=${3-1} words=()
    case $1 in
    mac) words=(mac "$2") ;;
    vlan_id) words=(vlan "$2") ;;
    vlan_priority) words=(vlan "$(id_with_priority "$vf")" qos "$2") ;;
    vlan_protocol) words=(vlan 100 proto "$2") ;;
    max_tx_rate) words=(max_tx_rate "$2") ;;
    min_tx_rate) words=(min_tx_rate "$2") ;;
    spoofchk | trust) words=("$1" "$2") ;;
    link_state) words=(state "$2") ;;
    rss_query) words=(query_rss "$2") ;;
    esac
    ip_vf "$vf" "${words[@]}"
}

ip_vf() {
    local said
    said=$(ip link set dev $pf vf "$@" 2>&1)
    echo "${said#RTNETLINK answers: }"
}

id_with_priority() {
    local id
    id=$(shown vlan_id "$1")
    if [ "$id" = 0 ] || [ "$id" = 4095 ]; then echo 100; else echo "$id"; fi
}

answers() { is "$1" "$2" "${text[$3]}"; }

# other SETTING: a value that it has not got, and that drivers take.
other() {
    case $1 in
    mac) echo "02:00:00:00:00:$((RANDOM % 90 + 10))" ;;
    vlan_id) echo $(($(shown vlan_id) % 4000 + 50)) ;;
    vlan_priority) echo $((($(shown vlan_priority) + 1) % 8)) ;;
    vlan_protocol) echo 802.1ad ;;
    max_tx_rate) echo 500 ;;
    min_tx_rate) echo 100 ;;
    spoofchk | trust | rss_query) if [ "$(shown "$1")" = on ]; then echo off; else echo on; fi ;;
    link_state) if [ "$(shown link_state)" = disable ]; then echo enable; else echo disable; fi ;;
    esac
}

# fitting CONDITION: a value for which it holds; fails where that is nothing that ip could set.
fitting() {
    local setting=${1%%[=!<>]*} value=${1##*[=<>]} speed
    speed=$(cat /sys/class/net/$pf/speed)
    case $1 in
    'link_state!=disable') echo enable ;;
    *'!='*) other "$setting" ;;
    *'>speed') echo $((speed + 1)) ;;
    *'>'*) return 1 ;;
    *=*-*) echo "${value#*-}" ;;
    *=*) echo "$value" ;;
    *) other "$setting" ;;
    esac
}

# Igb as it was.
calm() {
    lab_load_driver igb
    ip link set dev $pf vf 1 mac 02:00:00:00:00:01
    ip link set dev $pf vf 1 vlan 0
    ip link set dev $pf vf 1 max_tx_rate 0
    ip link set dev $pf vf 1 spoofchk on
    ip link set dev $pf vf 1 trust off
    is "${1-all} is over: igb is as it was" "$(lab_vf $pf 1)" "$quiet_vf"
}

# settle: wait until no reset of the VF is the reason why it takes nothing.
settled() { [ "$(ip_set spoofchk "$(shown spoofchk)")" != "${text[EAGAIN]}" ]; }
settle() { ! grep -q '^reset .* set:EAGAIN' "$file" || lab_wait 5 settled; }

# --- rules of a driver's file, one by one; those with conditions of their own follow by name

refusal() {
    local rule=$1 condition=$2 error=$3 value
    value=$(fitting "$condition") || return 0
    answers "$driver: $rule" "$(ip_set "${condition%%[=!<>]*}" "$value")" "$error"
}

keeping() {
    local rule=$1 setting=$2 start=$3 value
    ! grep -qE "^show $setting" "$file" || return 0
    is "$driver: $rule: it begins with that" "$(shown "$setting")" "$start"
    ! grep -qE "^(refuse|ignore) $setting( |$)" "$file" || return 0
    value=$(other "$setting")
    settle
    is "$driver: $rule: $value is taken" "$(ip_set "$setting" "$value")" ""
    is "$driver: $rule: $value is shown" "$(shown "$setting")" "$value"
    settle
    is "$driver: $rule: $start is taken again" "$(ip_set "$setting" "$start")" ""
    ! grep -q "^ignore $setting" "$file" || return 0
    is "$driver: $rule: $start is shown" "$(shown "$setting")" "$start"
}

ignoring() {
    local rule=$1 condition=$2 setting=${2%%[=!<>]*} before
    # ip sets an id with it.
    [[ $setting != vlan_pr* ]] || ! grep -q '^refuse vlan_id!=0 ' "$file" || return 0
    before=$(shown "$setting")
    is "$driver: $rule: no error" "$(ip_set "$setting" "$(fitting "$condition")")" ""
    is "$driver: $rule: shown as before" "$(shown "$setting")" "$before"
}

showing() {
    local rule=$1 setting=$2 value=$3
    [ "$setting $value" != "vlan_protocol 0" ] || value=802.1Q # to ip that is no protocol to speak of
    is "$driver: $rule" "$(shown "$setting")" "$value"
    ! grep -qE "^refuse ${setting}[ =]" "$file" || return 0
    is "$driver: $rule: another is taken" "$(ip_set "$setting" "$(other "$setting")")" ""
    is "$driver: $rule: still" "$(shown "$setting")" "$value"
}

resetting() {
    local rule=$1 condition=$2 setting=${2%%[=!<>]*} value resets
    settle
    resets=$(lab_resets $pf 1)
    value=$(fitting "$condition")
    is "$driver: $rule: it is set" "$(ip_set "$setting" "$value")" ""
    is "$driver: $rule: a reset" "$(lab_resets $pf 1)" $((resets + 1))
    is "$driver: $rule: the VF is shown" "$(shown "$setting")" "$value"
    settle
    is "$driver: $rule: the same again is taken" "$(ip_set "$setting" "$value")" ""
    resets=$(($(lab_resets $pf 1) - resets))
    if [[ $condition = *'!=same' ]]; then
        is "$driver: $rule: the same again is no reset" $resets 1
    elif [[ $condition != *=* ]]; then
        is "$driver: $rule: the same again is a reset" $resets 2
    fi
}

# counters: packets and bytes received, multicast, broadcast, dropped; sent.
counters() { ip -s link show dev $pf | sed -n "/^ *vf 1 /,/^ *vf 2 /{/^ *[0-9]/p}" | xargs; }

counting() {
    local rule=$1 names=" ${*:2} " i before after expected=() grown=()
    local all=(rx_bytes rx_packets multicast broadcast rx_dropped tx_bytes tx_packets tx_dropped)
    read -ra before < <(counters)
    sleep 0.1
    read -ra after < <(counters)
    for i in "${!all[@]}"; do
        if [ "$names" = '  ' ] || [[ $names = *" ${all[i]} "* ]]; then expected+=("${all[i]}"); fi
        [ "${after[i]-}" = "${before[i]-}" ] || grown+=("${all[i]}")
    done
    is "$driver: $rule: these counters grow" "${grown[*]}" "${expected[*]}"
}

# A rule with two conditions needs more than its own setting: see special_*.
one_rule() {
    case "$1 $#" in
    'refuse 3') refusal "$*" "$2" "$3" ;;
    'keep 4') keeping "$*" "$2" "$4" ;;
    'ignore 2') ignoring "$*" "$2" ;;
    'show 4') [[ $2 = *=* ]] || showing "$*" "$2" "$4" ;;
    'count '*) counting "$*" "${@:3}" ;;
    esac
}

driver_link() { basename "$(readlink "/sys/bus/pci/devices/$1/driver")"; }

one_driver() {
    local rule words
    driver=$1 file=tests/lab/drivers/$1.rules
    lab_load_driver "$driver" || { result 1 "$driver: its rules are rules"; return; }
    while read -r rule; do
        rule=${rule%%#*}
        read -ra words <<<"$rule"
        case ${words[0]-} in
        driver)
            is "$driver: what the PF's driver is called" "$(driver_link "$pf_pci")" "${words[1]}"
            is "$driver: and the VFs'" "$(driver_link "$vf_pci")" "${words[2]-igbvf}"
            ;;
        speed) is "$driver: the link's speed" "$(cat /sys/class/net/$pf/speed)" "${words[1]}" ;;
        switchdev) representors ;;
        reset) resetting "${words[*]}" "${words[1]}" ;;
        ?*) one_rule "${words[@]}" ;;
        esac
    done <"$file"
    [ "$(type -t "special_${driver//[-.]/_}")" != function ] || "special_${driver//[-.]/_}"
    calm "$driver"
}

# --- what needs more than one setting

representors() {
    local vf dev
    is "$driver: the PF's port" "$(cat /sys/class/net/$pf/phys_port_name)" p0
    for vf in 0 1 2; do
        dev=$pf_dir/net/${pf}npf0vf$vf
        is "$driver: VF $vf has a representor of the PF's device and switch" \
            "$(cat "$dev/phys_port_name") $(cat "$dev/phys_switch_id")" \
            "pf0vf$vf $(cat /sys/class/net/$pf/phys_switch_id)"
    done
    is "$driver: nobody else is there" "$(cd "$pf_dir/net" && echo *)" \
        "$pf ${pf}npf0vf0 ${pf}npf0vf1 ${pf}npf0vf2"
}

special_ice() {
    is "ice: minimum rates that the link can give" "$(ip_set min_tx_rate 15000 0)" ""
    is "ice: minimum rates that the link can give, all together" "$(ip_set min_tx_rate 10000)" ""
    answers "ice: one more Mbit/s" "$(ip_set min_tx_rate 10001)" EINVAL
    ip_set min_tx_rate 0 0
}

special_ixgbe() {
    ip_set max_tx_rate 500
    lab_link_speed 1000
    is "ixgbe: another speed of the link zeroes the limits" "$(shown max_tx_rate)" 0
    answers "ixgbe: and with 1 Gbit/s there are none" "$(ip_set max_tx_rate 500)" EINVAL
    lab_link_speed 10000
    is "ixgbe: with 10 Gbit/s there are" "$(ip_set max_tx_rate 500)" ""
    is "ixgbe: disable is shown" "$(ip_set link_state disable)$(shown link_state)" disable
    is "ixgbe: enable does nothing" "$(ip_set link_state enable)$(shown link_state)" disable
}

special_mlx4_core() {
    is "mlx4_core: VLAN 0 is the guest's affair" "$(ip_set vlan_id 0)$(shown vlan_id)" 4095
    is "mlx4_core: a VLAN" "$(ip_set vlan_id 7)$(shown vlan_id)" 7
    is "mlx4_core: 4095 is what 0 is" "$(ip_set vlan_id 4095)$(shown vlan_id)" 4095
    ip_set mac 02:00:00:00:00:05
    is "mlx4_core: spoof check, with a MAC" "$(ip_set spoofchk on)" ""
    answers "mlx4_core: then the MAC cannot go" "$(ip_set mac 00:00:00:00:00:00)" EPERM
    ip_set spoofchk off
    is "mlx4_core: without spoof check it can" "$(ip_set mac 00:00:00:00:00:00)" ""
    answers "mlx4_core: spoof check without a MAC" "$(ip_set spoofchk on)" EPERM
    ip_set max_tx_rate 300
    is "mlx4_core: a rate without VLAN is not shown" "$(shown max_tx_rate)" 0
    is "mlx4_core: with one it is" "$(ip_set vlan_id 7)$(shown max_tx_rate)" 300
}

special_bnxt_en() {
    own=$(cat "/sys/class/net/${pf}v1/address")
    ip_set mac 00:00:00:00:00:00
    is "bnxt_en: without a MAC the VF's own is shown" "$(shown mac)" "$own"
    answers "bnxt_en: a priority without VLAN" "$(ip_vf 1 vlan 0 qos 3)" EINVAL
    is "bnxt_en: 802.1ad is taken" "$(ip_set vlan_protocol 802.1ad)" ""
    is "bnxt_en: and not shown" "$(shown vlan_id) $(shown vlan_protocol)" "100 802.1Q"
}

special_mlx5_core_switchdev() {
    is "mlx5_core-switchdev: VLAN 0 is taken" "$(ip_set vlan_id 0)" ""
    is "mlx5_core-switchdev: a priority with it is dropped" \
        "$(ip_vf 1 vlan 0 qos 3)$(shown vlan_priority)" 0
}

special_bnxt_en_old() {
    lab_rule refuse up=no EINVAL
    ip link set dev $pf down
    ok "bnxt_en-old: a PF that is down shows no VF, where the kernel looks at that" missing 1
    answers "bnxt_en-old: and takes nothing" "$(ip_set mac 02:00:00:00:00:01)" EINVAL
    lab_up $pf
    ok "bnxt_en-old: when it is up, it does" there 1
}

special_qede() {
    is "qede: no limit is the link's speed" "$(shown max_tx_rate 0)" 25000
    is "qede: a limit is shown" "$(ip_set max_tx_rate 300)$(shown max_tx_rate)" 300
    is "qede: and stays" "$(ip_set max_tx_rate 0)$(shown max_tx_rate)" 300
}

special_be2net() {
    ip link set dev $pf down
    answers "be2net: no rate while the link is down" "$(ip_set max_tx_rate 300)" ENETDOWN
    is "be2net: but none at all" "$(ip_set max_tx_rate 0)" ""
    lab_up $pf
    is "be2net: when it is up, a rate" "$(ip_set max_tx_rate 300)$(shown max_tx_rate)" 300
}

# --- each kind of rule

missing() { not lab_vf $pf "$1"; }
there() { quiet lab_vf $pf "$1"; }

kinds() {
    lab_rule refuse trust EBUSY times=2
    answers "a rule for two times: once" "$(ip_set trust on)" EBUSY
    answers "twice" "$(ip_set trust on)" EBUSY
    is "and no more" "$(ip_set trust on)" ""
    ip_set trust off
    lab_rule refuse mac vf=2 EADDRNOTAVAIL
    answers "a rule for a VF" "$(ip_set mac 02:00:00:00:00:02 2)" EADDRNOTAVAIL
    is "is for no other" "$(ip_set mac 02:00:00:00:00:01)" ""
    lab_rule refuse mac pf=ens9f0 EIO
    is "a rule for a PF is for no other" "$(ip_set mac 02:00:00:00:00:01)" ""
    lab_rule refuse read:EINVAL vf=2
    ok "a VF that cannot be read is not in the list" missing 2
    ok "the others are" there 1
    lab_rule refuse EAGAIN vf=1 2000ms
    answers "for two seconds nothing of a VF is set" "$(ip_set mac 02:00:00:00:00:01)" EAGAIN
    ok "and it is not in the list" missing 1
    ok "then it is" lab_wait 5 there 1
    is "and takes what it is given" "$(ip_set mac 02:00:00:00:00:01)" ""
    lab_clear_rules
    ok "without the rules all are there" there 2
    lab_rule reset mac!=same 2000ms EBUSY vf=1
    is "a VF that is reset" "$(ip_set mac 02:00:00:00:00:06)" ""
    answers "takes nothing meanwhile" "$(ip_set vlan_id 5)" EBUSY
    ok "and is not in the list" missing 1
    is "other VFs take it" "$(ip_set vlan_id 5 2)$(shown vlan_id 2)" 5
    ok "afterwards it is there" lab_wait 5 there 1
    is "with what was set" "$(shown mac)" 02:00:00:00:00:06
    lab_clear_rules
    lab_rule busy vlan_id 2000ms EAGAIN
    is "a PF that is busy after a VLAN" "$(ip_set vlan_id 0 2)" ""
    ok "shows no VF" missing 1
    ok "for a while" lab_wait 5 there 1
    lab_clear_rules
    lab_rule delay mac 2000ms
    is "a MAC that counts later is taken" "$(ip_set mac 02:00:00:00:00:01)" ""
    is "the old one is shown" "$(shown mac)" 02:00:00:00:00:06
    mac_is_there() { [ "$(shown mac)" = 02:00:00:00:00:01 ]; }
    ok "and then the new one" lab_wait 5 mac_is_there
    lab_clear_rules
    ok "what is no rule is refused" not lab_rule refuse mac
    ok "so is an unknown error" not lab_rule refuse mac EFOO
    ok "and an unknown setting" not lab_rule refuse colour EIO
}

# --- the module and what is around it

passes() { lab_wait 20 quiet ip netns exec one ping -c1 -W1 192.0.2.2; }

traffic_and_changes() {
    lab_load_driver ice
    lab_netns one ${pf}v0 192.0.2.1/24 && lab_netns two ${pf}v2 192.0.2.2/24
    ok "frames pass between two VFs" passes
    ip netns del one
    ip netns del two
    lab_wait 30 lab_named $pf 3
    lab_netdevsim 4
    pf=eni0np1
    answers "a PF that comes later (netdevsim) has the driver's rules" "$(ip_set rss_query on)" EOPNOTSUPP
    is "and its settings" "$(ip_set trust on)$(lab_resets $pf 1)" 1
    pf=ens1f0
    ip_set link_state disable
    echo 0 >"$pf_dir/sriov_numvfs"
    lab_vfs $pf 2
    is "new VFs begin anew" "$(shown link_state) $(lab_resets $pf 1)" "auto 0"
    echo "$pf_pci" >"$pf_dir/driver/unbind"
    ok "the PF goes" test ! -e /sys/class/net/$pf
    echo "$pf_pci" >/sys/bus/pci/drivers/ice/bind
    ok "and comes" lab_wait 30 test -e /sys/class/net/$pf
    lab_vfs $pf 3
    is "still as ice's" "$(ip_set link_state enable)$(shown link_state)" enable
}

nothing_is_left() {
    lab_unload_driver
    is "without the module the drivers have their names" \
        "$(driver_link "$pf_pci") $(driver_link "$(lab_vf_pci $pf 1)")" "igb igbvf"
    echo 0 >"$pf_dir/sriov_numvfs"
    lab_vfs $pf 3
    # The VFs' random MACs apart.
    is "and VFs are as before it came" "$(vfs_without_macs)" "$first"
    answers "igb has no link state" "$(ip_set link_state enable)" EOPNOTSUPP
    is "and the link its speed" "$(cat /sys/class/net/$pf/speed)" 1000
    lab_netns one ${pf}v0 192.0.2.1/24 && lab_netns two ${pf}v2 192.0.2.2/24
    ok "frames pass between two VFs then" passes
    is "the kernel has nothing to say" "$(dmesg | grep -E 'WARNING|BUG|Oops|refcount|hung task')" ""
}

vfs_without_macs() { ip -d link show dev $pf | sed -n 's,link/ether [0-9a-f:]* brd,,; /^ *vf /p'; }

lab_unload_driver
lab_vfs $pf 3 || { echo "Bail out! there are no VFs"; exit 1; }
first=$(vfs_without_macs)
pf_dir=$(realpath /sys/class/net/$pf/device) pf_pci=${pf_dir##*/} vf_pci=$(lab_vf_pci $pf 1)
texts
lab_load_driver igb || { echo "Bail out! the module does not load"; exit 1; }
ip link set dev $pf vf 1 mac 02:00:00:00:00:01
quiet_vf=$(lab_vf $pf 1)
kinds
calm "each kind of rule"
for rules in tests/lab/drivers/*.rules; do one_driver "$(basename "$rules" .rules)"; done
traffic_and_changes
nothing_is_left
finish
