"""partisci: a program tells which version of it runs.

    import partisci
    partisci.report("billing", "1.2.3")

at every start, and in programs that run for long once an hour or once a day.
The update goes by UDP to $PARTISCI_SERVER, a name or an address, perhaps with
a port ("host:port", "[::1]:port"), or else to 127.0.0.1, port $PARTISCI_PORT
or 7777.

report() does not block and does not raise.  To find the address of a name
takes a while, so a daemon thread does that; a program that ends at once calls
wait() first.  "python3 partisci.py APP VERSION" does both.

Python 3.6 and later, standard library only.
"""
import json
import os
import re
import socket
import sys
import threading
import time

_MAX_PENDING = 16
_pending = set()


def _is_text(value, least):
    if not isinstance(value, str) or "\0" in value:
        return False
    value.encode("utf-8")  # raises where there are lone surrogates
    return least <= len(value) <= 50


def _message(app, ver, host, instance):
    if host is None:
        host = socket.gethostname()
        if len(host) > 50:
            host = ""
    if not (_is_text(app, 1) and _is_text(ver, 1) and _is_text(host, 0)):
        return None
    if type(instance) is not int or not 0 <= instance <= 65535:
        return None
    update = {"app": app, "ver": ver, "instance": instance}
    if host:
        update["host"] = host
    return json.dumps(update, ensure_ascii=False).encode("utf-8")


def _send(message, family, address, settle=0.0):
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(address)
        sock.send(message)
        time.sleep(settle)
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))


def _find_and_send(message, server, port):
    try:
        found = socket.getaddrinfo(server, port, type=socket.SOCK_DGRAM)
        for family, _, _, _, address in found:
            try:
                # Wait for an address to refuse while there is another one.
                last = address == found[-1][4]
                _send(message, family, address, 0 if last else 0.1)
                break
            except OSError:
                pass
    except Exception:
        pass
    finally:
        _pending.discard(threading.current_thread())


def _report(app, ver, host, instance, server, port):
    message = _message(app, ver, host, instance)
    server = server or os.environ.get("PARTISCI_SERVER") or "127.0.0.1"
    match = re.fullmatch(r"\[([^]]*)\](?::(.*))?|([^:]*):([^:]*)", server)
    own_port = None
    if match:
        server = match[1] if match[1] is not None else match[3]
        own_port = match[2] or match[4]
    port = int(port or own_port or os.environ.get("PARTISCI_PORT") or 7777)
    if message is None or "/" in server or not 1 <= port <= 65535:
        return False
    if server == "localhost":
        server = "127.0.0.1"
    try:
        found = socket.getaddrinfo(server, port, type=socket.SOCK_DGRAM,
                                   flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        if len(_pending) >= _MAX_PENDING:
            return False
        thread = threading.Thread(target=_find_and_send, daemon=True,
                                  args=(message, server, port))
        _pending.add(thread)
        try:
            thread.start()
        except BaseException:
            _pending.discard(thread)
            raise
        return True
    _send(message, found[0][0], found[0][4])
    return True


def report(app, ver, host=None, instance=0, server=None, port=None):
    """Tell that version ver of app runs here.

    app and ver are 1 to 50 characters.  host, up to 50, may be None (the name
    of this host) or "" (the server goes by the address); instance is an int
    from 0 to 65535.

    Returns True if the update is on its way, which is not to say that it
    arrives; False if it breaks a rule or cannot be sent.
    """
    try:
        return _report(app, ver, host, instance, server, port)
    except Exception:
        return False


def wait(seconds):
    """Wait until all is sent, and not longer.  Returns True if it is."""
    until = time.monotonic() + seconds
    for thread in list(_pending):
        if thread.is_alive():
            thread.join(max(0.0, until - time.monotonic()))
    return not any(thread.is_alive() for thread in list(_pending))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: partisci.py app version")
    sys.exit(0 if report(sys.argv[1], sys.argv[2]) and wait(10) else 2)
