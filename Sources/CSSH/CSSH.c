#include "CSSH.h"

#include "CLazy.h"

#define LIBRARY "libssh.so.4"

// libssh marks ssh_message_auth_password and its like as deprecated, but the callbacks that replace them have nothing for
// keyboard-interactive logins.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

FORWARD(int, ssh_bind_accept_fd, (ssh_bind bind, ssh_session session, socket_t fd), (bind, session, fd))
FORWARD(void, ssh_bind_free, (ssh_bind bind), (bind))
FORWARD(ssh_bind, ssh_bind_new, (void), ())
FORWARD(int, ssh_bind_options_set, (ssh_bind bind, enum ssh_bind_options_e type, const void *value), (bind, type, value))
FORWARD(int, ssh_blocking_flush, (ssh_session session, int timeout), (session, timeout))
FORWARD(int, ssh_channel_close, (ssh_channel channel), (channel))
FORWARD(void, ssh_channel_free, (ssh_channel channel), (channel))
FORWARD(int, ssh_channel_is_closed, (ssh_channel channel), (channel))
FORWARD(int, ssh_channel_is_eof, (ssh_channel channel), (channel))
FORWARD(ssh_channel, ssh_channel_new, (ssh_session session), (session))
FORWARD(int, ssh_channel_open_session, (ssh_channel channel), (channel))
FORWARD(
    int, ssh_channel_read_timeout,
    (ssh_channel channel, void *dest, uint32_t count, int is_stderr, int timeout_ms),
    (channel, dest, count, is_stderr, timeout_ms))
FORWARD(
    int, ssh_channel_request_pty_size,
    (ssh_channel channel, const char *term, int cols, int rows),
    (channel, term, cols, rows))
FORWARD(int, ssh_channel_request_send_exit_status, (ssh_channel channel, int exit_status), (channel, exit_status))
FORWARD(int, ssh_channel_request_shell, (ssh_channel channel), (channel))
FORWARD(int, ssh_channel_send_eof, (ssh_channel channel), (channel))
FORWARD(int, ssh_channel_write, (ssh_channel channel, const void *data, uint32_t len), (channel, data, len))
FORWARD(void, ssh_clean_pubkey_hash, (unsigned char **hash), (hash))
FORWARD(int, ssh_connect, (ssh_session session), (session))
FORWARD(void, ssh_disconnect, (ssh_session session), (session))
FORWARD(void, ssh_free, (ssh_session session), (session))
FORWARD(const char *, ssh_get_error, (void *error), (error))
FORWARD(socket_t, ssh_get_fd, (ssh_session session), (session))
FORWARD(
    char *, ssh_get_fingerprint_hash,
    (enum ssh_publickey_hash_type type, unsigned char *hash, size_t len),
    (type, hash, len))
FORWARD(int, ssh_get_poll_flags, (ssh_session session), (session))
FORWARD(
    int, ssh_get_publickey_hash,
    (const ssh_key key, enum ssh_publickey_hash_type type, unsigned char **hash, size_t *hlen),
    (key, type, hash, hlen))
FORWARD(int, ssh_get_server_publickey, (ssh_session session, ssh_key *key), (session, key))
FORWARD(const char *, ssh_get_serverbanner, (ssh_session session), (session))
FORWARD(int, ssh_handle_key_exchange, (ssh_session session), (session))
FORWARD(int, ssh_init, (void), ())
FORWARD(void, ssh_key_free, (ssh_key key), (key))
FORWARD(
    int, ssh_message_auth_interactive_request,
    (ssh_message msg, const char *name, const char *instruction, unsigned int num_prompts, const char **prompts, char *echo),
    (msg, name, instruction, num_prompts, prompts, echo))
FORWARD(int, ssh_message_auth_kbdint_is_response, (ssh_message msg), (msg))
FORWARD(const char *, ssh_message_auth_password, (ssh_message msg), (msg))
FORWARD(int, ssh_message_auth_reply_success, (ssh_message msg, int partial), (msg, partial))
FORWARD(int, ssh_message_auth_set_methods, (ssh_message msg, int methods), (msg, methods))
FORWARD(const char *, ssh_message_auth_user, (ssh_message msg), (msg))
FORWARD(ssh_channel, ssh_message_channel_request_open_reply_accept, (ssh_message msg), (msg))
FORWARD(int, ssh_message_channel_request_reply_success, (ssh_message msg), (msg))
FORWARD(void, ssh_message_free, (ssh_message msg), (msg))
FORWARD(ssh_message, ssh_message_get, (ssh_session session), (session))
FORWARD(int, ssh_message_reply_default, (ssh_message msg), (msg))
FORWARD(int, ssh_message_subtype, (ssh_message msg), (msg))
FORWARD(int, ssh_message_type, (ssh_message msg), (msg))
FORWARD(ssh_session, ssh_new, (void), ())
FORWARD(
    int, ssh_options_set,
    (ssh_session session, enum ssh_options_e type, const void *value),
    (session, type, value))
FORWARD(
    int, ssh_pki_export_privkey_file,
    (const ssh_key privkey, const char *passphrase, ssh_auth_callback auth_fn, void *auth_data, const char *filename),
    (privkey, passphrase, auth_fn, auth_data, filename))
FORWARD(int, ssh_pki_generate, (enum ssh_keytypes_e type, int parameter, ssh_key *pkey), (type, parameter, pkey))
FORWARD(
    int, ssh_pki_import_privkey_file,
    (const char *filename, const char *passphrase, ssh_auth_callback auth_fn, void *auth_data, ssh_key *pkey),
    (filename, passphrase, auth_fn, auth_data, pkey))
FORWARD(void, ssh_set_auth_methods, (ssh_session session, int auth_methods), (session, auth_methods))
FORWARD(void, ssh_set_blocking, (ssh_session session, int blocking), (session, blocking))
FORWARD(
    void, ssh_set_message_callback,
    (ssh_session session, int (*callback)(ssh_session, ssh_message, void *), void *data),
    (session, callback, data))
FORWARD(void, ssh_string_free_char, (char *s), (s))
FORWARD(
    int, ssh_userauth_kbdint,
    (ssh_session session, const char *user, const char *submethods),
    (session, user, submethods))
FORWARD(const char *, ssh_userauth_kbdint_getanswer, (ssh_session session, unsigned int i), (session, i))
FORWARD(const char *, ssh_userauth_kbdint_getinstruction, (ssh_session session), (session))
FORWARD(const char *, ssh_userauth_kbdint_getname, (ssh_session session), (session))
FORWARD(int, ssh_userauth_kbdint_getnanswers, (ssh_session session), (session))
FORWARD(int, ssh_userauth_kbdint_getnprompts, (ssh_session session), (session))
FORWARD(
    const char *, ssh_userauth_kbdint_getprompt,
    (ssh_session session, unsigned int i, char *echo),
    (session, i, echo))
FORWARD(
    int, ssh_userauth_kbdint_setanswer,
    (ssh_session session, unsigned int i, const char *answer),
    (session, i, answer))
FORWARD(int, ssh_userauth_list, (ssh_session session, const char *username), (session, username))
FORWARD(int, ssh_userauth_none, (ssh_session session, const char *username), (session, username))
FORWARD(
    int, ssh_userauth_password,
    (ssh_session session, const char *username, const char *password),
    (session, username, password))
