// Calls of Linux and glibc that Swift's Glibc module does not expose, because they need _GNU_SOURCE. They are compiled
// separately: with _GNU_SOURCE in a header, the system's types would differ from those of other modules.
#ifndef ETB_CLINUX_H
#define ETB_CLINUX_H

// Accepts a connection that children do not inherit.
int etb_accept(int descriptor);

// A pipe that children do not inherit: reading end, writing end.
int etb_pipe(int ends[2]);

// A file in memory that has no name, and that children do not inherit.
int etb_memory_file(void);

// Opens a folder only to find things in it.
int etb_open_folder(const char *path);

// The child inherits no descriptor from `first` on. `actions`: a posix_spawn_file_actions_t; no system header is
// included here, as its types would appear to be this module's.
int etb_spawn_close_from(void *actions, int first);

// The flag of a new session, for posix_spawnattr_setflags.
short etb_spawn_new_session(void);

// A UDP or TCP socket over IPv4 that children do not inherit.
int etb_socket(int is_datagram);

// Ends a connection in both directions, or the waiting for connections. (How Swift sees SHUT_RDWR depends on what else
// is imported.)
void etb_hang_up(int descriptor);

// A descriptor of a process, readable once that has ended.
int etb_open_process(int process);

// Zeroed memory on pages of its own, between two that cannot be touched: not swapped where the system allows that, and
// not in core files. NULL if there is none left.
void *etb_own_pages(unsigned long size);

// Overwrites and frees them; `size` as when they were allocated.
void etb_free_own_pages(void *pages, unsigned long size);

// From now on other processes of the same user can neither trace this one nor read its memory, and it leaves no core
// file.
void etb_seal_process(void);
// Which process is at the other end of a UNIX socket, and its user: of a listening one, the process that listens. -1 and
// errno if that is not known.
int etb_peer(int descriptor, int *process, unsigned int *user);

// The length of a set of processors, in bytes.
unsigned long etb_processors_size(void);

// The calling thread, and those that it starts, stay on the processor that it runs on. `before` gets where it could run.
// -1 if that is not possible.
int etb_stay_on_processor(void *before);

// The calling thread may run on these.
void etb_run_on_processors(const void *processors);

// The environment of this process.
char **etb_environment(void);

#endif
