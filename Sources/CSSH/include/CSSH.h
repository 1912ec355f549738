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

// libssh marks this as deprecated, but its replacement, the callbacks, has none for keyboard-interactive logins.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static inline const char *etb_ssh_message_password(ssh_message message) { return ssh_message_auth_password(message); }
#pragma GCC diagnostic pop

#endif
