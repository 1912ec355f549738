// libssh, client and server half. Swift cannot call variadic C functions, so options go through inline wrappers.
// The target Cluster imports this for the client, ClusterLab for the server.
#ifndef ETB_CSSH_H
#define ETB_CSSH_H

#include <libssh/libssh.h>
#include <libssh/server.h>

static inline int etb_ssh_option_string(ssh_session session, enum ssh_options_e option, const char *value) {
  return ssh_options_set(session, option, value);
}

static inline int etb_ssh_option_int(ssh_session session, enum ssh_options_e option, int value) {
  return ssh_options_set(session, option, &value);
}

static inline int etb_ssh_option_long(ssh_session session, enum ssh_options_e option, long value) {
  return ssh_options_set(session, option, &value);
}

static inline int etb_ssh_bind_option_string(ssh_bind bind, enum ssh_bind_options_e option, const char *value) {
  return ssh_bind_options_set(bind, option, value);
}

static inline int etb_ssh_bind_option_int(ssh_bind bind, enum ssh_bind_options_e option, int value) {
  return ssh_bind_options_set(bind, option, &value);
}

#endif
