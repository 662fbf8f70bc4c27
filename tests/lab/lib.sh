# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shell functions for what runs in the lab (tests/lab/run), to be sourced:
#
#   . tests/lab/lib.sh
#
# A function that fails says why on stderr and returns 1.

lab_fail() { echo "lab: $*" >&2; return 1; }

# lab_wait SECONDS COMMAND [ARG...]: try until it succeeds, for four times as long where the machine is busy.
lab_wait() {
    local end=$((SECONDS + 4 * $1)); shift
    until "$@"; do
        [ $SECONDS -lt $end ] || { lab_fail "gave up waiting for: $*"; return; }
        sleep 0.1
    done
}

lab_has_carrier() {
    local carrier
    { read -r carrier <"/sys/class/net/$1/carrier"; } 2>/dev/null && [ "$carrier" = 1 ]
}

# lab_up NETDEV: bring it up, wait for its carrier.
lab_up() { ip link set dev "$1" up && lab_wait 30 lab_has_carrier "$1"; }

# Init's rename of the VFs has come to its end.
lab_named() {
    local pf=$1 count=$2 i
    for ((i = 0; i < count; i++)); do [ -e "/sys/class/net/${pf}v$i" ] || return; done
}

# lab_vfs PF N: make N VFs, named PFv0 ..., and bring the PF up. In this order:
# an igb that is up when it gets VFs reports a transmit hang and resets. And
# only then give the VFs to their driver: igbvf waits 2 s for a PF that is down.
lab_vfs() {
    local pf=$1 count=$2 vf dev=/sys/class/net/$1/device
    echo 0 >"$dev/sriov_drivers_autoprobe"
    echo "$count" >"$dev/sriov_numvfs" || lab_fail "$pf: no $count VFs" || return
    echo 1 >"$dev/sriov_drivers_autoprobe"
    lab_up "$pf" || return
    for vf in "$dev"/virtfn*; do
        vf=$(readlink "$vf")
        echo "${vf##*/}" >/sys/bus/pci/drivers_probe
    done
    lab_wait 30 lab_named "$pf" "$count"
}

# lab_has_netdev PCI: has the VF its network device, and that its name?
lab_has_netdev() { compgen -G "/sys/bus/pci/devices/$1/net/ens*" >/dev/null; }

# lab_vf_pci PF N: the VF's PCI address.
lab_vf_pci() { basename "$(readlink -f "/sys/class/net/$1/device/virtfn$2")"; }

# lab_vf PF N: the VF as its PF sees it, one line of ip link.
lab_vf() { ip link show dev "$1" | grep "^ *vf $2 "; }

# lab_driver PCI: what driver a device has, if any.
lab_driver() { basename "$(readlink "/sys/bus/pci/devices/$1/driver")" 2>/dev/null; }

# lab_bridge BRIDGE PORT
lab_bridge() {
    ip link add name "$1" type bridge &&
    ip link set dev "$2" master "$1" up &&
    ip link set dev "$1" up
}

# lab_vlan PARENT ID NAME
lab_vlan() {
    ip link add link "$1" name "$3" type vlan id "$2" &&
    ip link set dev "$3" up
}

# lab_bond NAME PF...: active-backup, for there is one switch only.
lab_bond() {
    local bond=$1 pf; shift
    ip link add name "$bond" type bond mode active-backup miimon 100 || return
    for pf; do
        ip link set dev "$pf" down && ip link set dev "$pf" master "$bond" && lab_up "$pf" || return
    done
    lab_up "$bond"
}

# lab_netns NETNS NETDEV ADDRESS/PREFIX: a network namespace that has it.
lab_netns() {
    ip netns add "$1" &&
    ip link set dev "$2" netns "$1" &&
    ip -n "$1" addr add "$3" dev "$2" &&
    ip -n "$1" link set dev "$2" up
}

# lab_netdevsim [VFS]: the PF eni0np1 of the kernel's simulated device, with
# that many VFs (default: 8; 512 work). It has no PCI side. It takes settings
# that igb does not: 802.1ad, minimum rate, link state, RSS query.
lab_netdevsim() {
    local vfs=${1:-8} dev=/sys/bus/netdevsim/devices/netdevsim0
    modprobe netdevsim || lab_fail "start the lab with --netdevsim" || return
    echo "0 1" >/sys/bus/netdevsim/new_device &&
    ip link set dev "$(ls $dev/net)" name eni0np1 &&
    echo "$vfs" >/sys/kernel/debug/netdevsim/netdevsim0/max_vfs &&
    echo "$vfs" >$dev/sriov_numvfs &&
    ip link set dev eni0np1 up
}

# --- PFs that behave as another driver's: tests/lab/run --driver. The rules: tests/lab/drivers/README.md

lab_quirks=/sys/kernel/debug/vfquirks

lab_write_rule() { { echo "$2" >"$lab_quirks/$1"; } 2>/dev/null; }

# lab_load_driver [NAME]: from now on all PFs, also those to come, behave as that driver's, and as no other's
# (default: the one that the lab was started with).
lab_load_driver() {
    local rule file=tests/lab/drivers/${1:-${LAB_DRIVER:?start the lab with --driver}}.rules
    [ -d $lab_quirks ] || insmod "$LAB_VFQUIRKS" || return
    lab_clear_rules && echo clear >$lab_quirks/driver || return
    while read -r rule; do
        lab_write_rule driver "$rule" || lab_fail "$file: this is not a rule: $rule" || return
    done <"$file"
}

# lab_unload_driver: PFs are igb's and netdevsim's again.
lab_unload_driver() { rmmod vfquirks; }

# lab_rule RULE...: one more for all that follows; it comes before those of the driver.
lab_rule() { lab_write_rule rules "$*" || lab_fail "this is not a rule: $*"; }

# lab_clear_rules: without those of lab_rule.
lab_clear_rules() { echo clear >$lab_quirks/rules; }

# lab_resets PF VF: how often that VF has been reset.
lab_resets() { awk -v vf="$1 $2" '$1 " " $2 == vf { n = $3 } END { print n + 0 }' $lab_quirks/resets; }

# lab_links_down: "PF VF" of each VF whose link is disabled, whatever the driver shows of it.
lab_links_down() { cat $lab_quirks/links_down; }

# lab_link_speed MBIT: the PFs' links have that speed now. Drivers lose settings by that.
lab_link_speed() { lab_rule speed "$1"; }

# lab_aer PCI WHAT: a PCIe error of the device; WHAT is "correctable" (receiver
# error) or "nonfatal" (completion timeout). Bytes: the kernel's struct
# aer_error_inj, its header log left empty.
lab_aer() {
    local domain bus slot function none='\0\0\0\0' correctable uncorrectable
    correctable=$none uncorrectable=$none
    case $2 in
    correctable) correctable='\x1\0\0\0' ;;
    nonfatal) uncorrectable='\0\x40\0\0' ;;
    *) lab_fail "lab_aer: $2 is no kind of error" || return ;;
    esac
    IFS=:. read -r domain bus slot function <<<"$1"
    modprobe aer_inject aer_mask_override=1 || return
    # In one write: hence by way of a file.
    {
        printf %b "\x$bus\x$slot\x$function\0$uncorrectable$correctable$none$none$none$none"
        printf %b "\x${domain:2}\x${domain:0:2}\0\0"
    } >/tmp/lab_aer
    cat /tmp/lab_aer >/dev/aer_inject
}

# Libvirt probes QEMU for long. What it learns is kept by tests/lab/run, it is
# valid as long as QEMU and libvirt are those that it was learnt from.
lab_caps=/var/cache/libvirt/qemu/capabilities

# Nothing may be confined: no cgroups, no user or namespace of its own, for
# VFIO needs none of it and setting it up takes time.
lab_libvirt_config() {
    mkdir -p /etc/libvirt /var/log/libvirt/qemu /run/libvirt $lab_caps
    cat >/etc/libvirt/qemu.conf <<-END
	user = "root"
	group = "root"
	security_driver = "none"
	cgroup_controllers = []
	namespaces = []
	remember_owner = 0
	seccomp_sandbox = 0
	END
    cat >/etc/libvirt/libvirtd.conf <<-END
	unix_sock_group = "root"
	unix_sock_ro_perms = "0777"
	auth_unix_ro = "none"
	auth_unix_rw = "none"
	log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
	END
    cp "$LAB_RUN"/capabilities/* $lab_caps/ 2>/dev/null || true
}

lab_libvirt_answers() { virsh -q version >/dev/null 2>&1 || ! pidof libvirtd >/dev/null; }

# lab_libvirtd: start libvirt (qemu:///system), wait until it answers.
lab_libvirtd() {
    export LIBVIRT_DEFAULT_URI=qemu:///system
    lab_libvirt_config
    virtlogd -d && libvirtd -d && lab_wait 180 lab_libvirt_answers
    if ! pidof libvirtd >/dev/null; then
        tail -n 5 /var/log/libvirt/libvirtd.log >&2
        lab_fail "libvirtd does not start" || return
    fi
    mkdir -p "$LAB_RUN/capabilities"
    cp $lab_caps/*.xml "$LAB_RUN/capabilities/"
}

# lab_domain_xml NAME UUID [DEVICE...]: a domain for "virsh create --paused",
# with these XML elements among its devices. Its guest cannot boot, so nobody
# would answer an ACPI unplug request; QEMU's native PCIe hot plug of a paused
# machine is done at once. Ports are for 8 interfaces.
lab_domain_xml() {
    local name=$1 uuid=$2 i; shift 2
    cat <<-END
	<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
	  <name>$name</name>
	  <uuid>$uuid</uuid>
	  <memory unit='MiB'>64</memory>
	  <vcpu>1</vcpu>
	  <os><type arch='x86_64' machine='q35'>hvm</type></os>
	  <features><acpi/></features>
	  <devices>
	    <emulator>/usr/bin/qemu-system-x86_64</emulator>
	    <controller type='usb' model='none'/>
	    <controller type='pci' index='0' model='pcie-root'/>
	END
    for i in {1..8}; do
        echo "    <controller type='pci' index='$i' model='pcie-root-port'/>"
    done
    [ $# -eq 0 ] || printf '    %s\n' "$@"
    cat <<-END
	    <memballoon model='none'/>
	  </devices>
	  <qemu:commandline>
	    <qemu:arg value='-global'/>
	    <qemu:arg value='ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off'/>
	  </qemu:commandline>
	</domain>
	END
}

# lab_hostdev_xml PCI MAC [VLAN [ALIAS]]: an interface that is a VF.
lab_hostdev_xml() {
    local domain bus slot function
    IFS=:. read -r domain bus slot function <<<"$1"
    echo "<interface type='hostdev' managed='yes'><mac address='$2'/>"
    echo "<source>"
    echo "<address type='pci' domain='0x$domain' bus='0x$bus' slot='0x$slot' function='0x$function'/>"
    echo "</source>"
    [ -z "${3-}" ] || echo "<vlan><tag id='$3'/></vlan>"
    [ -z "${4-}" ] || echo "<alias name='$4'/>"
    echo "</interface>"
}
