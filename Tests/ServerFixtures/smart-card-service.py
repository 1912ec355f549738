"""Stands in for pcscd where readers have to come and go, as USB tokens do: pcscd's own virtual readers cannot.

python3 smart-card-service.py SOCKET READERS

READERS is a file with a line for each reader: NAME|EVENTS|ATR, with an empty ATR for a reader without a card. It is read
again when it changes. A file "ready" beside the socket tells that it listens. The protocol is that of pcsc-lite 1.9 (winscard_msg.h), as far as status changes need it; no card
can be connected to.
"""
import itertools
import os
import socket
import struct
import sys
import threading
import time

ESTABLISH, RELEASE, CONNECT, CANCEL = 0x01, 0x02, 0x04, 0x0D
VERSION, STATES, WAIT, STOP_WAITING = 0x11, 0x12, 0x13, 0x14
CANCELLED, NO_SMARTCARD = 0x80100002, 0x8010000C
lock = threading.Lock()
waiting = set()
contexts = itertools.count(4711)
address, path = sys.argv[1:]


def states():
    entries = b""
    with open(path) as file:
        lines = [line.rstrip("\n").split("|") for line in file]
    for name, events, atr in lines:
        atr = bytes.fromhex(atr)
        state = 0x04 | 0x10 | 0x20 if atr else 0x02
        entries += struct.pack("=128sIIi33s3xII", name.encode(), int(events), state, 0, atr, len(atr), 2)
    return entries.ljust(16 * 184, b"\0")


def wake(status):
    with lock:
        for client in waiting:
            client.sendall(struct.pack("=II", 0, status))
        waiting.clear()


def receive(client, size):
    try:
        return client.recv(size, socket.MSG_WAITALL)
    except ConnectionResetError:
        return b""


def serve(client):
    while header := receive(client, 8):
        size, command = struct.unpack("=II", header)
        body = receive(client, size) if size else b""
        if command == STATES:
            client.sendall(states())
        elif command == WAIT:
            with lock:
                waiting.add(client)
                client.sendall(states())
        elif command == STOP_WAITING:
            with lock:
                # One that was woken meanwhile has had its answer.
                if client in waiting:
                    waiting.remove(client)
                    client.sendall(struct.pack("=II", 0, 0))
        elif command == CONNECT:
            client.sendall(body[:-4] + struct.pack("=I", NO_SMARTCARD))
        else:
            if command == CANCEL:
                wake(CANCELLED)
            elif command == ESTABLISH:
                body = body[:4] + struct.pack("=I", next(contexts)) + body[8:]
            client.sendall(body)
    with lock:
        waiting.discard(client)


def notice():
    known = states()
    while True:
        time.sleep(0.02)
        try:
            now = states()
        except (OSError, ValueError):
            continue
        if now != known:
            known = now
            wake(0)


server = socket.socket(socket.AF_UNIX)
server.bind(address)
server.listen()
threading.Thread(target=notice, daemon=True).start()
open(os.path.join(os.path.dirname(address), "ready"), "w").close()
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
