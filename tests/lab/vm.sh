# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A VM with vNICs of the engine's, started and stopped by hooks and libvirt, for tests that run in the lab. To
# be sourced, behind check.sh, whose as_vdsm leaves $rc, $err and $doc.
# shellcheck disable=SC2154

vm=3f0f5d7e-6c1a-4d0e-9a0b-5f6d7c8e9a01
name=web-01

# domain (MAC NETWORK PROPERTIES)...: a domain of this lab with the engine's vNICs and metadata in it.
# PROPERTIES are NAME=VALUE, separated by blanks; VM properties are in $vm_properties.
domain() {
    local device='' interface='' property
    local ns='xmlns:o="http://ovirt.org/vm/1.0"'
    while [ $# -gt 0 ]; do
        device+="<o:device mac_address=\"$1\"><o:network>$2</o:network><o:custom>"
        for property in $3; do device+="<o:${property%%=*}>${property#*=}</o:${property%%=*}>"; done
        device+="</o:custom></o:device>"
        interface+=$(nic_xml "$1" "$2" "ua-${1//:/-}")
        shift 3
    done
    lab_domain_xml "$name" "$vm" "$interface" |
        sed "s|</uuid>|&<metadata><o:vm $ns><o:custom>${vm_properties-}</o:custom>$device</o:vm></metadata>|"
}

# start NAME: the hook, libvirt's schema, libvirt itself, the hook behind it. The live
# document is /tmp/live.xml.
start() {
    as_vdsm before_vm_start /tmp/domain.xml vmId="$vm"
    # shellcheck disable=SC2034 # for who starts it
    said=$err
    is "$1: before_vm_start succeeds" "$rc" 0
    cp "$doc" /tmp/started.xml
    ok "$1: libvirt's schema takes the document" quiet virt-xml-validate /tmp/started.xml domain
    ok "$1: libvirt starts it" virsh -q create --paused /tmp/started.xml
    virsh dumpxml "$name" >/tmp/live.xml
    as_vdsm after_vm_start /tmp/live.xml vmId="$vm"
    is "$1: after_vm_start succeeds" "$rc$err" 0
}

# stop NAME: and everything is as at first.
stop() {
    virsh -q destroy "$name"
    lab_wait 30 all_have_netdevs
    as_vdsm after_vm_destroy /tmp/live.xml vmId="$vm"
    is "$1: after_vm_destroy succeeds" "$rc$err" 0
    unchanged "$1: every VF is as it was"
    is "$1: so is the MTU of each VF's network device" "$(mtus)" "$before_mtus"
}

all_have_netdevs() {
    local link
    for link in /sys/class/net/ens[123]f0/device/virtfn*; do
        compgen -G "$link/net/ens*" >/dev/null || return
    done
}

mtus() {
    local dev mtu
    for dev in /sys/class/net/ens[123]f0v*; do
        read -r mtu <"$dev/mtu"
        echo "${dev##*/} $mtu"
    done
}

# of MAC [N]: XPath of the N-th interface with that MAC.
of() { echo "(//interface[mac/@address='$1'])[${2-1}]"; }

# Libvirt, and what domains want beside it.
start_libvirt() {
    lab_libvirtd && modprobe vhost_net || return
    # VDSM defines it with rules (lib/vdsm/virt/nwfilter.py); here its name will do.
    quiet virsh nwfilter-define <(echo "<filter name='vdsm-no-mac-spoofing' chain='root'/>")
}
