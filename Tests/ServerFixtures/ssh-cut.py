"""An SSH server that says who it is, takes the client's list of algorithms, and ends the connection."""
import socket
import sys

listener = socket.create_server((sys.argv[1], 0))
print(f"port {listener.getsockname()[1]}", flush=True)
while True:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"SSH-2.0-old\r\n")
        taken = b""
        # The client's own greeting ends with a line feed; what follows is its list.
        while taken.count(b"\n") == 0 or len(taken) < taken.index(b"\n") + 100:
            piece = connection.recv(4096)
            if not piece:
                break
            taken += piece
