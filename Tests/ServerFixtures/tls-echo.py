"""A TLS server for tests: it sends back what it receives. Prints `port N`, then `handshake`, then `received N` lines.
Arguments: address, certificate, key. `close` as the text received makes it close, `mute` makes it fall silent."""
import socket
import ssl
import sys
import threading

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])


def serve(raw):
    try:
        with context.wrap_socket(raw, server_side=True) as peer:
            print("handshake", flush=True)
            muted = False
            while data := peer.recv(65536):
                print("received", len(data), flush=True)
                if data == b"close":
                    return
                muted = muted or data == b"mute"
                if not muted:
                    peer.sendall(data)
    except OSError as error:
        print("error", error, flush=True)


listener = socket.create_server((sys.argv[1], 0))
print("port", listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
