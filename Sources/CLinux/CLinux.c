#define _GNU_SOURCE

#include "CLinux.h"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int etb_accept(int descriptor) { return accept4(descriptor, NULL, NULL, SOCK_CLOEXEC); }

int etb_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int etb_memory_file(void) { return memfd_create("etoken-bridge", MFD_CLOEXEC); }

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

void *etb_own_pages(unsigned long size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t length = (size + page - 1) / page * page;
  char *start = mmap(NULL, length + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return NULL;
  if (mprotect(start + page, length, PROT_READ | PROT_WRITE) != 0) {
    munmap(start, length + 2 * page);
    return NULL;
  }
  // Both are best effort: how much a user may lock is limited.
  mlock(start + page, length);
  madvise(start + page, length, MADV_DONTDUMP);
  return start + page;
}

void etb_free_own_pages(void *pages, unsigned long size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t length = (size + page - 1) / page * page;
  explicit_bzero(pages, length);
  munmap((char *)pages - page, length + 2 * page);
}

void etb_seal_process(void) {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
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

unsigned long etb_processors_size(void) { return sizeof(cpu_set_t); }

int etb_stay_on_processor(void *before) {
  int processor = sched_getcpu();
  // A machine with more processors than the set has room for is left alone.
  if (processor < 0 || processor >= CPU_SETSIZE || sched_getaffinity(0, sizeof(cpu_set_t), before) != 0) return -1;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  return sched_setaffinity(0, sizeof one, &one);
}

void etb_run_on_processors(const void *processors) { sched_setaffinity(0, sizeof(cpu_set_t), processors); }
