"""dbus: write down how systemd would answer ListUnitsByPatterns().

A line is one unit:
    {"unit": "ssh.service", "active": "active", "sub": "running"}
"""
import json
import struct


def pad(b, n):
    return b + b"\0" * (-len(b) % n)


def text(b, s):
    return pad(b, 4) + struct.pack("=I", len(s)) + s.encode() + b"\0"


def unit(b, o):
    b = pad(b, 8)
    for s in (o["unit"], o["unit"] + " of a test", o.get("load", "loaded"),
              o["active"], o["sub"], "", "/org/freedesktop/systemd1/unit/x"):
        b = text(b, s)
    b = pad(b, 4) + struct.pack("=I", 0)
    return text(text(b, ""), "/")


def field(b, number, kind, value):
    return pad(b, 8) + struct.pack("=BBcB", number, 1, kind, 0) + value


def message(kind, serial, signature, body):
    """An answer (2) or a failure (3) to the call of that serial."""
    fields = field(b"", 5, b"u", struct.pack("=I", serial))
    fields = field(fields, 8, b"g", struct.pack("=B", len(signature)) +
                   signature + b"\0")
    order = b"l" if struct.pack("=H", 1)[0] else b"B"
    head = order + struct.pack("=BBBIII", kind, 1, 1, len(body), 77,
                               len(fields))
    return pad(head + fields, 8) + body


def pack(lines):
    units = b""
    for line in lines:
        if line.strip():
            units = unit(units, json.loads(line))
    # The array begins behind its length, and padding to 8.
    return message(2, 2, b"a(ssssssouso)",
                   struct.pack("=II", len(units), 0) + units)
