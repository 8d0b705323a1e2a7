"""net: write down what rtnetlink would answer.

A line is one message:
    {"link": "eth0", "index": 2, "mac": "02:..", "flags": 69699, ...}
    {"addr": "192.0.2.2/24", "index": 2, ...}
    {"route": "0.0.0.0/0", "via": "192.0.2.1", "dev": 2, "metric": 100}
    {"nft": "filter", "family": 1}
and of generic netlink:
    {"genl": "nl80211", "id": 33}
    {"wlan": "wlan0", "id": 33, "type": 2, "ssid": "home", "mhz": 5180}
"""
import ipaddress
import json
import struct

NEWLINK, NEWADDR, NEWROUTE = 16, 20, 24
NESTED = 0x8000


def attr(kind, data):
    n = 4 + len(data)
    return struct.pack("=HH", n, kind) + data + b"\0" * (-n % 4)


def u8(kind, n):
    return attr(kind, struct.pack("=B", n))


def u16(kind, n):
    return attr(kind, struct.pack("=H", n))


def u32(kind, n):
    return attr(kind, struct.pack("=I", n))


def text(kind, s):
    return attr(kind, s.encode() + b"\0")


def mac(kind, s):
    return attr(kind, bytes(int(x, 16) for x in s.split(":")))


def message(kind, body):
    n = 16 + len(body)
    return struct.pack("=IHHII", n, kind, 2, 1, 0) + body + b"\0" * (-n % 4)


def info(o):
    data = b""
    if "vlan_id" in o:
        data = u16(1, o["vlan_id"])
    elif "bond_mode" in o:
        data = u8(1, o["bond_mode"])
    elif "stp" in o:
        data = u32(5, o["stp"])
    body = text(1, o["kind"])
    if data:
        body += attr(2 | NESTED, data)
    return attr(18 | NESTED, body)


def link(o):
    b = struct.pack("=BBHiII", 0, 0, o.get("type", 1), o["index"],
                    o.get("flags", 0x11043), 0)
    b += text(3, o["link"]) + u32(4, o.get("mtu", 1500))
    b += u8(16, o.get("state", 6)) + u8(33, o.get("carrier", 1))
    b += u32(31, o.get("queues", 1)) + u32(32, o.get("queues", 1))
    if "mac" in o:
        b += mac(1, o["mac"])
    if "permanent_mac" in o:
        b += mac(54, o["permanent_mac"])
    if "master" in o:
        b += u32(10, o["master"])
    if "kind" in o:
        b += info(o)
    b += attr(23, struct.pack("=24Q", *(o["index"] * 1000 + i
                                        for i in range(24))))
    return message(NEWLINK, b)


def address(o):
    a = ipaddress.ip_interface(o["addr"])
    family = 2 if a.version == 4 else 10
    b = struct.pack("=BBBBI", family, a.network.prefixlen, 0,
                    o.get("scope", 0), o["index"])
    b += attr(1, a.ip.packed)
    if a.version == 4:
        b += attr(2, a.ip.packed)
        if o.get("broadcast"):
            b += attr(4, a.network.broadcast_address.packed)
    b += u32(8, o.get("flags", 0x80))
    valid = o.get("valid", 0xffffffff)
    b += attr(6, struct.pack("=IIII", valid, valid, 0, 0))
    return message(NEWADDR, b)


def route(o):
    n = ipaddress.ip_network(o["route"])
    family = 2 if n.version == 4 else 10
    b = struct.pack("=BBBBBBBBI", family, n.prefixlen, 0, 0, 254,
                    o.get("protocol", 3), 0, o.get("rtype", 1), 0)
    b += u32(15, o.get("table", 254))
    if n.prefixlen:
        b += attr(1, n.network_address.packed)
    if "hops" in o:
        hops = b""
        for via, dev in o["hops"]:
            a = attr(5, ipaddress.ip_address(via).packed)
            hops += struct.pack("=HBBi", 8 + len(a), 0, 0, dev) + a
        b += attr(9 | NESTED, hops)
    else:
        b += u32(4, o["dev"])
    if "via" in o:
        b += attr(5, ipaddress.ip_address(o["via"]).packed)
    if "src" in o:
        b += attr(7, ipaddress.ip_address(o["src"]).packed)
    if "metric" in o:
        b += u32(6, o["metric"])
    return message(NEWROUTE, b)


def nft(o):
    return message(0xa00, struct.pack("=BBH", o["family"], 0, 0) +
                   text(1, o["nft"]))


def genl(o):
    return message(16, struct.pack("=BBH", 1, 2, 0) + u16(1, o["id"]) +
                   text(2, o["genl"]))


def wlan(o):
    b = struct.pack("=BBH", o.get("command", 7), 1, 0) + text(4, o["wlan"])
    b += u32(5, o["type"])
    if "mhz" in o:
        b += u32(38, o["mhz"])
    if "ssid" in o:
        b += attr(52, o["ssid"].encode())
    return message(o["id"], b)


MAKE = (("link", link), ("addr", address), ("route", route), ("nft", nft),
        ("genl", genl), ("wlan", wlan))


def pack(lines):
    out = b""
    for line in lines:
        if line.strip():
            o = json.loads(line)
            out += next(make for key, make in MAKE if key in o)(o)
    return out
