#define _GNU_SOURCE

#include "CLinux.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int etb_accept(int descriptor) { return accept4(descriptor, NULL, NULL, SOCK_CLOEXEC); }

int etb_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int etb_open_folder(const char *path) { return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); }

int etb_spawn_close_from(void *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

short etb_spawn_new_session(void) { return POSIX_SPAWN_SETSID; }

int etb_socket(int is_datagram) {
  return socket(AF_INET, (is_datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
}

int etb_open_process(int process) {
  int descriptor = (int)syscall(SYS_pidfd_open, process, 0);
  if (descriptor >= 0) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  return descriptor;
}

char **etb_environment(void) { return environ; }

void etb_hang_up(int descriptor) { shutdown(descriptor, SHUT_RDWR); }

int etb_peer(int descriptor, int *process, unsigned int *user) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -1;
    *process = peer.pid;
    *user = peer.uid;
    return 0;
}
