#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every setting, on a driver that takes all (netdevsim, up to 512 VFs) and on one that refuses some (igb).
# Wants: tests/lab/run --netdevsim --pfs 3

set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
# shellcheck source=tests/lab/check.sh
. tests/lab/check.sh

sim=eni0np1
tools=${VFPT_STAGE:?the staged build}/../tests
vfset=$tools/vfset

web=3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01

resize() {
    local device=/sys/bus/netdevsim/devices/netdevsim0
    echo 0 >$device/sriov_numvfs
    echo "$1" >/sys/kernel/debug/netdevsim/netdevsim0/max_vfs && echo "$1" >$device/sriov_numvfs
}

# json VF KEY...: what ip(8) shows of a VF, an independent reader where there are few enough VFs for it.
json() {
    local vf=$1; shift
    ip -d -j link show dev $sim | python3 -c '
import json, sys
vf = json.load(sys.stdin)[0]["vfinfo_list"][int(sys.argv[1])]
for key in sys.argv[2:]:
    value = vf
    for part in key.split("."):
        value = value[int(part)] if part.isdigit() else value[part]
    print(value, end=" ")' "$vf" "$@"
}

# alone SETTING=VALUE KEY EXPECTED: set, read by ip, put back.
alone() {
    local before
    before=$(ip -d -j link show dev $sim)
    ok "$1 is set" "$vfset" $sim 8 set 3 "$1"
    is "$1 is what ip shows" "$(json 3 "$2")" "$3 "
    # shellcheck disable=SC2086 # one word a setting
    ok "$1 is put back" "$vfset" $sim 8 back 3 ${fresh#* }
    is "$1: ip shows all as before" "$(ip -d -j link show dev $sim | md5sum)" "$(md5sum <<<"$before")"
}

each_setting_alone() {
    fresh=$("$vfset" $sim 8 list | sed -n 4p)
    alone mac=02:00:00:00:00:03 address 02:00:00:00:00:03
    alone vlan_id=100 vlan_list.0.vlan 100
    "$vfset" $sim 8 set 3 vlan_id=7 # priority and protocol go with an id
    fresh=$("$vfset" $sim 8 list | sed -n 4p)
    alone vlan_priority=5 vlan_list.0.qos 5
    alone vlan_protocol=802.1ad vlan_list.0.protocol 802.1ad
    "$vfset" $sim 8 set 3 vlan_id=0
    fresh=$("$vfset" $sim 8 list | sed -n 4p)
    alone max_tx_rate=1000 rate.max_tx 1000
    alone min_tx_rate=100 rate.min_tx 100
    alone spoofchk=on spoofchk True
    alone trust=on trust True
    alone link_state=disable link_state disable
    alone link_state=enable link_state enable
    alone rss_query=on query_rss_en True
}

all=(mac=02:00:00:00:00:05 vlan_id=100 vlan_priority=3 vlan_protocol=802.1ad max_tx_rate=1000 min_tx_rate=100
    spoofchk=on trust=on rss_query=on link_state=enable)

all_together() {
    local before
    before=$(ip -d -j link show dev $sim)
    fresh=$("$vfset" $sim 8 list | sed -n 6p)
    ok "all settings together are set" "$vfset" $sim 8 set 5 "${all[@]}"
    is "ip shows all of them" "$(json 5 address vlan_list.0.vlan vlan_list.0.qos vlan_list.0.protocol \
        rate.max_tx rate.min_tx spoofchk trust query_rss_en link_state)" \
        "02:00:00:00:00:05 100 3 802.1ad 1000 100 True True True enable "
    ok "a lower maximum and minimum are set over them" "$vfset" $sim 8 set 5 max_tx_rate=50 min_tx_rate=5
    is "and ip shows both" "$(json 5 rate.max_tx rate.min_tx)" "50 5 "
    # shellcheck disable=SC2086 # one word a setting
    ok "all settings together are put back" "$vfset" $sim 8 back 5 ${fresh#* }
    is "ip shows all as before" "$(ip -d -j link show dev $sim)" "$before"
}

# The length of the kernel's list wraps beyond 219 VFs, and again beyond 512.
any_number_of_vfs() {
    local count vf before expected
    for count in 8 127 222 230 256 512; do
        resize "$count"
        before=$("$vfset" $sim "$count" list)
        is "$count VFs are read as another reader reads them" "$before" "$(tests/lab/vfread.py $sim)"
        expected=$before
        for vf in 0 $((count / 2)) $((count - 1)); do
            ok "VF $vf of $count is set" \
                "$vfset" $sim "$count" set "$vf" "${all[@]/mac=*/mac=02:00:00:00:01:0$((vf % 9))}"
            now="mac=02:00:00:00:01:0$((vf % 9)) vlan_id=100 vlan_priority=3 vlan_protocol=802.1ad"
            now+=" max_tx_rate=1000 min_tx_rate=100 spoofchk=on trust=on rss_query=on link_state=enable"
            # shellcheck disable=SC2001 # the line's start matters
            expected=$(sed "s/^$vf .*/$vf $now/" <<<"$expected")
        done
        is "of $count VFs these three changed, as asked, and no other" \
            "$(tests/lab/vfread.py $sim)" "$expected"
        is "and they are read right" "$("$vfset" $sim "$count" list)" "$expected"
        for vf in 0 $((count / 2)) $((count - 1)); do
            # shellcheck disable=SC2046 # one word a setting
            "$vfset" $sim "$count" back "$vf" $(sed -n "$((vf + 1))s/^[0-9]* //p" <<<"$before")
        done
        is "of $count VFs all are as before once put back" "$(tests/lab/vfread.py $sim)" "$before"
    done
}

# The link is down from the moment the VF is given until the tag is right for good. netdevsim has no PCI side,
# so the captured host lends it one: its PF ens1f0 becomes netdevsim's, and libvirt's part is played by ip.
link_is_held_until_the_tag_is_right() {
    local tree=/tmp/tree start
    resize 8
    mkdir $tree && tar -xzf tests/data/hosts/three-igb.tar.gz -C $tree
    cat /sys/class/net/$sim/ifindex >$tree/sys/class/net/ens1f0/ifindex
    # The VFs' own network devices are not there: bound to nobody, they are free all the same.
    rm -rf $tree/sys/bus/pci/devices/0000:01:1*/{net,driver}
    start=$("$vfset" $sim 8 list)
    ok "a VF is given with 802.1ad and a priority" \
        "$tools/assign" $tree take vf_vlan=100:3:802.1ad vf_link=enable
    is "its link is disabled" "$(json 0 vlan_list.0.vlan vlan_list.0.qos vlan_list.0.protocol link_state)" \
        "100 3 802.1ad disable "
    ip link set dev $sim vf 0 vlan 100
    like "while libvirt's start drops them" "$("$vfset" $sim 8 list)" \
        '^0 mac=56:6f:1a:2b:00:01 vlan_id=100 vlan_priority=0 vlan_protocol=802.1Q .* link_state=disable'
    ok "after the start they are set again" "$tools/assign" $tree finish
    is "and then the link is what the vNIC asks for" \
        "$(json 0 vlan_list.0.vlan vlan_list.0.qos vlan_list.0.protocol link_state)" "100 3 802.1ad enable "
    ok "the VF is given back" "$tools/assign" $tree release
    is "as it was" "$("$vfset" $sim 8 list)" "$start"
    "$vfset" $sim 8 set 5 max_tx_rate=600 min_tx_rate=600
    like "more than all minimum rates together is refused" \
        "$("$tools/assign" $tree take vf_rate=500-600 2>&1)" \
        'min_tx_rate 500 Mbit/s is more than ens1f0 can give'
    # shellcheck disable=SC2046 # one word a setting
    "$vfset" $sim 8 back 5 $(sed -n '6s/^[0-9]* //p' <<<"$start")
    is "and nothing is touched" "$("$vfset" $sim 8 list)" "$start"
}

# --- igb, through the hooks -----------------------------------------------------------------------

# asks PROPERTIES: before_nic_hotplug for a vNIC on blue with these custom properties.
asks() {
    nic_xml 56:6f:1a:2b:00:09 blue >/tmp/nic.xml
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$web passthrough=required "$@"
}

igb_takes() {
    asks vf_rate=100 vf_spoofchk=off vf_trust=on
    is "igb takes rate, spoof check and trust" "$rc" 0
    like "and shows them" "$(pf_line "$(vf_of "$doc" 56:6f:1a:2b:00:09)")" \
        'vlan 200, tx rate 100 \(Mbps\), max_tx_rate 100Mbps, spoof checking off,.* trust on'
    as_vdsm after_nic_hotunplug "$doc" vmId=$web
    unchanged "and all of them go back"
}

# refused_by PROPERTY=VALUE REGEX
refused_by() {
    asks "$1"
    is "$1 is refused" "$rc" 2
    ok "$1: with one line" one_line "$err"
    like "$1: that says which setting of which VF, which driver, what the kernel said and what to do" \
        "$err" "$2"
    ok "$1: the document is as it was" cmp "$doc" /tmp/nic.xml
    unchanged "$1: no trace is left"
}

igb_refuses() {
    local says='the kernel says: .*igb does not take this; change the vNIC.s profile, or use another PF'
    refused_by vf_rate=10-100 \
        "^vfpt: vNIC 56:6f:1a:2b:00:09 .*: VF 0 of ens1f0 \(igb\): cannot set min_tx_rate to 10 Mbit/s: $says"
    refused_by vf_link=disable \
        "^vfpt: vNIC .*: VF 0 of ens1f0 \(igb\): cannot set link_state to disable: $says"
    refused_by vf_rss_query=on "^vfpt: vNIC .*: VF 0 of ens1f0 \(igb\): cannot set rss_query to on: $says"
    refused_by vf_vlan=100:3 \
        "the driver cannot hold the link down until then; allow that gap in /etc/vdsm/vfpt.conf"
    mkdir -p /etc/vdsm
    printf '[policy]\ngap = allow\n' >/etc/vdsm/vfpt.conf
    refused_by vf_vlan=100:3:802.1ad "VF 0 of ens1f0 \(igb\): cannot set vlan_protocol to 802.1ad: $says"
    printf '[policy]\ngap = perhaps\n' >/etc/vdsm/vfpt.conf
    refused_by vf_vlan=100:3 "/etc/vdsm/vfpt.conf, line 2: \[policy\] gap = perhaps"
    rm /etc/vdsm/vfpt.conf
}

we_refuse() {
    refused_by vf_rate=20000 'max_tx_rate 20000 Mbit/s is above the speed of ens1f0, 1000 Mbit/s'
    refused_by vf_rate=100-10 'min_tx_rate 100 is above max_tx_rate 10'
    refused_by vf_vlan=4095 'vlan_id "4095" is not a number from 0 to 4094'
    refused_by vf_vlan=100:8 'vlan_priority "8" is not a number from 0 to 7'
    refused_by vf_trust=maybe 'trust "maybe" is none of off, on'
    nic_xml 01:00:5e:00:00:01 blue >/tmp/nic.xml
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$web passthrough=required
    like "a multicast MAC is refused" "$rc $err" '^2 .*group or all-zero'
    nic_xml 00:00:00:00:00:00 blue >/tmp/nic.xml
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$web passthrough=required
    like "an all-zero MAC is refused" "$rc $err" '^2 .*group or all-zero'
    nic_xml 56:6f:1a:2b:00:09 blue | sed 's|<link|<mtu size="9000"/><link|' >/tmp/nic.xml
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$web passthrough=required
    like "an MTU above the PF's is refused" "$rc $err" '^2 .*ens1f0 has 7 VFs.*its MTU 1500 is below the 9000'
    unchanged "and nothing is touched"
}

# libvirt's part is played by ip: it sets MAC and VLAN id, and so drops the priority (see libvirt.sh for
# the real one).
priority_comes_back_after_the_start() {
    local vf
    printf '[policy]\ngap = allow\n' >/etc/vdsm/vfpt.conf
    asks vf_vlan=100:3
    vf=$(vf_of "$doc" 56:6f:1a:2b:00:09)
    like "with the gap allowed it is set, with a warning" "$rc $err $(pf_line "$vf")" \
        '^0 .*warning: .*ens1f0 cannot hold the link down.* vlan 100, qos 3,'
    ip link set dev ens1f0 vf 0 vlan 100
    as_vdsm after_nic_hotplug "$doc" vmId=$web
    like "after_nic_hotplug sets the priority again" "$rc$err $(pf_line "$vf")" '^0 .*vlan 100, qos 3,'
    ip link set dev ens1f0 vf 0 vlan 7
    ip link set dev ens1f0 vf 0 mac 02:00:00:00:00:77
    as_vdsm after_nic_hotplug "$doc" vmId=$web
    like "a MAC that is not what it should be gets a warning" \
        "$err" 'has mac 02:00:00:00:00:77, it should be 56:6f:1a:2b:00:09'
    like "so does a VLAN id" "$err" 'has vlan_id 7, it should be 100'
    as_vdsm after_nic_hotunplug "$doc" vmId=$web
    unchanged "and all of it goes back"
    rm /etc/vdsm/vfpt.conf
}

a_mac_is_on_one_vf_only() {
    ip link set dev ens2f0 vf 4 mac 56:6f:1a:2b:00:0a
    nic_xml 56:6f:1a:2b:00:0a red >/tmp/nic.xml
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$web passthrough=required
    like "a stale MAC on a free VF is cleared, and that is said" "$rc $err" \
        '^0 .*warning: VF 4 of ens2f0 was free but still had MAC 56:6f:1a:2b:00:0a'
    like "it is gone" "$(vf_lines ens2f0)" 'vf 4 .*00:00:00:00:00:00'
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07 passthrough=required
    like "one that belongs to another VM is an error that names it" "$rc $err" \
        "^2 .*VF 0 of ens2f0 has this MAC already: it belongs to VM $web"
    nic_xml 56:6f:1a:2b:00:0a blue >/tmp/blue.xml
    as_vdsm before_nic_hotplug /tmp/blue.xml vmId=b7c5a0de-2f43-4b5e-8a55-0a1b2c3d4e07 passthrough=required
    like "on another network's PF, too" "$rc $err" \
        "^2 .*VF 0 of ens2f0 has this MAC already: it belongs to VM $web"
    as_vdsm after_nic_hotunplug /tmp/nic.xml vmId=$web
    ip link set dev ens2f0 vf 4 mac 56:6f:1a:2b:00:0a
    ip netns add other && ip link set dev ens2f0v4 netns other
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$web passthrough=required
    like "one on a VF that someone uses is an error too" \
        "$rc $err" '^2 .*VF 4 of ens2f0 has this MAC already: igbvf drives it'
    ip netns del other
    lab_wait 30 test -d "/sys/bus/pci/devices/$(lab_vf_pci ens2f0 4)/net"
    # ens2f0 has 7 free VFs, ens3f0 has 2: the VF is chosen on ens2f0, and the other PF of the bond
    # holds the MAC.
    ip link set dev ens2f0 vf 4 mac 00:00:00:00:00:00
    ip link set dev ens3f0 vf 1 mac 56:6f:1a:2b:00:0a
    nic_xml 56:6f:1a:2b:00:0a red >/tmp/nic.xml
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$web passthrough=required
    like "a stale MAC on another PF of the bond is cleared too" "$rc $err" \
        '^0 .*warning: VF 1 of ens3f0 was free but still had MAC 56:6f:1a:2b:00:0a'
    as_vdsm after_nic_hotunplug /tmp/nic.xml vmId=$web
    ip link set dev ens3f0 vf 1 mac 00:00:00:00:00:00
    nic_xml "$(cat /sys/class/net/ens2f0/address)" red >/tmp/nic.xml
    as_vdsm before_nic_hotplug /tmp/nic.xml vmId=$web passthrough=required
    like "and so is the PF's own" "$rc $err" '^2 .*PF ens2f0 itself has this MAC'
    unchanged "in the end all is as before"
}

make_host() {
    lab_netdevsim 8 && lab_vfs ens1f0 7 && lab_vfs ens2f0 7 && lab_vfs ens3f0 2 &&
        lab_vlan ens1f0 200 azure.7 && lab_bridge blue azure.7 && lab_bond bond0 ens2f0 ens3f0 &&
            lab_bridge red bond0
}

make_host || { echo "Bail out! the host cannot be made"; exit 1; }
install_build || { echo "Bail out! the build cannot be installed"; exit 1; }
each_setting_alone
all_together
any_number_of_vfs
link_is_held_until_the_tag_is_right
before=$(vf_states ens1f0 ens2f0 ens3f0)
igb_takes
igb_refuses
we_refuse
priority_comes_back_after_the_start
a_mac_is_on_one_vf_only
finish
