#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel shows of a PF's VFs, read by other code than ours: ip(8) stops at 230 VFs ("Truncated VF
list").

Usage: vfread.py NETDEV     prints what `vfset NETDEV COUNT list` prints
"""
import socket
import struct
import sys

RTM_GETLINK, NLM_F_REQUEST = 18, 1
IFLA_NUM_VF, IFLA_VFINFO_LIST, IFLA_EXT_MASK, EXT_MASK = 21, 22, 29, 1 | 8
MAC, RATE, SPOOF, LINK, RSS, TRUST, VLANS = 1, 6, 4, 5, 7, 9, 12
WORDS = {SPOOF: ("off", "on"), TRUST: ("off", "on"), RSS: ("off", "on"), LINK: ("auto", "enable", "disable")}
NAMES = {SPOOF: "spoofchk", TRUST: "trust", RSS: "rss_query", LINK: "link_state"}


def attributes(data):
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4:
            return
        yield kind & 0x3FFF, data[at + 4 : at + length]
        at += (length + 3) & ~3


def vf_line(data):
    own = dict(attributes(data))
    number = struct.unpack_from("=I", own[MAC])[0]
    vlan, priority, protocol = struct.unpack_from("=IIH", next(attributes(own[VLANS]))[1], 4)
    low, high = struct.unpack_from("=II", own[RATE], 4)
    parts = [
        "mac=" + own[MAC][4:10].hex(":"),
        f"vlan_id={vlan}",
        f"vlan_priority={priority}",
        "vlan_protocol=" + {0: "802.1Q", 0x8100: "802.1Q", 0x88A8: "802.1ad"}[socket.ntohs(protocol)],
        f"max_tx_rate={high}",
        f"min_tx_rate={low}",
    ]
    for kind in (SPOOF, TRUST, RSS, LINK):
        value = struct.unpack_from("=I", own[kind], 4)[0] if kind in own else 0xFFFFFFFF
        if value != 0xFFFFFFFF:
            parts.append(f"{NAMES[kind]}={WORDS[kind][value]}")
    return f"{number} " + " ".join(parts)


def vf_lines(netdev):
    """A line for each VF, by number."""
    index = socket.if_nametoindex(netdev)
    body = struct.pack("=BxHiII", 0, 0, index, 0, 0) + struct.pack("=HHI", 8, IFLA_EXT_MASK, EXT_MASK)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        link.send(struct.pack("=IHHII", 16 + len(body), RTM_GETLINK, NLM_F_REQUEST, 1, 0) + body)
        answer = link.recv(4 << 20)
    at, count = 32, 0
    while True:
        length, kind = struct.unpack_from("=HH", answer, at)
        if kind & 0x3FFF == IFLA_VFINFO_LIST:
            break
        if kind == IFLA_NUM_VF:
            count = struct.unpack_from("=I", answer, at + 4)[0]
        at += (length + 3) & ~3
    at += 4  # its length wraps beyond 65535: not looked at
    for _ in range(count):
        length = struct.unpack_from("=H", answer, at)[0]
        yield vf_line(answer[at + 4 : at + length])
        at += (length + 3) & ~3


if __name__ == "__main__":
    print("\n".join(vf_lines(sys.argv[1])))
