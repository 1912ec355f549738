// Loaded before libc into a program under test: ends it, as a crash would, once it has synced the given number of
// records of its journals. KILL_AT_SYNC gives the number.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int fdatasync(int descriptor) {
  static int count;
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  int status = real(descriptor);
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  const char *wanted = getenv("KILL_AT_SYNC");
  if (length < 0 || !wanted) return status;
  path[length] = 0;
  if (strstr(path, "/journals/") && ++count == atoi(wanted)) kill(getpid(), SIGKILL);
  return status;
}
