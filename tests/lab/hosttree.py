#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A host as large as wanted, in /sys's layout: PFs whose settings the kernel's netdevsim keeps.

Usage: hosttree.py ROOT VF-NETDEV VLAN-NETDEV PF-NETDEV:VFS ...

Makes ROOT/sys. The bridge `wide` stands on VLAN-NETDEV on a bond of the first two PFs; each further PF is the
port of a bridge of its own, wide2, wide3 ... VF-NETDEV lends all VFs their interface index. The named network
devices are real ones.
"""
import os
import sys


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text + "\n")


def link(path, target):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(target, path)


def real(netdev, attribute):
    with open(f"/sys/class/net/{netdev}/{attribute}") as file:
        return file.read().strip()


def netdev(root, name, ifindex, address="02:00:00:00:ff:01"):
    base = f"{root}/sys/class/net/{name}"
    attributes = {"ifindex": ifindex, "mtu": "1500", "operstate": "up", "address": address}
    for attribute, value in attributes.items():
        write(f"{base}/{attribute}", value)
    return base


def bridge(root, name, port):
    base = netdev(root, name, "1")
    write(f"{base}/uevent", f"DEVTYPE=bridge\nINTERFACE={name}")
    link(f"{base}/brif/{port}", f"../../{port}/brport")


def main():
    root, vf_netdev, vlan, *pfs = sys.argv[1:]
    vf_ifindex, group = real(vf_netdev, "ifindex"), 0
    for number, text in enumerate(pfs):
        pf, count = text.split(":")
        base = netdev(root, pf, real(pf, "ifindex"), real(pf, "address"))
        address = f"0000:{number + 1:02x}:00.0"
        device = f"{root}/sys/bus/pci/devices/{address}"
        write(f"{base}/uevent", "INTERFACE=" + pf)
        link(f"{base}/device", f"../../../bus/pci/devices/{address}")
        write(f"{device}/sriov_numvfs", count)
        link(f"{device}/driver", "../../drivers/netdevsim")
        os.makedirs(f"{device}/net/{pf}")
        for vf in range(int(count)):
            slot = vf + 128
            vf_address = f"0000:{number + 1 + 16 * (slot // 256 + 1):02x}:{slot // 8 % 32:02x}.{slot % 8}"
            vf_device = f"{root}/sys/bus/pci/devices/{vf_address}"
            link(f"{device}/virtfn{vf}", f"../{vf_address}")
            link(f"{vf_device}/physfn", f"../{address}")
            link(f"{vf_device}/driver", "../../drivers/netdevsimvf")
            write(f"{vf_device}/class", "0x020000")
            write(f"{vf_device}/net/v{number}n{vf}/ifindex", vf_ifindex)
            link(f"{vf_device}/iommu_group", f"../../../../kernel/iommu_groups/{group}")
            link(
                f"{root}/sys/kernel/iommu_groups/{group}/devices/{vf_address}",
                f"../../../../bus/pci/devices/{vf_address}",
            )
            group += 1
        if number > 1:
            bridge(root, f"wide{number}", pf)
    base = netdev(root, "widebond", "1")
    write(f"{base}/uevent", "DEVTYPE=bond\nINTERFACE=widebond")
    for text in pfs[:2]:
        link(f"{base}/lower_{text.split(':')[0]}", f"../{text.split(':')[0]}")
    base = netdev(root, vlan, real(vlan, "ifindex"))
    write(f"{base}/uevent", f"DEVTYPE=vlan\nINTERFACE={vlan}")
    link(f"{base}/lower_widebond", "../widebond")
    bridge(root, "wide", vlan)


main()
