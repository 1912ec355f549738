#define _GNU_SOURCE

#include "CCurl.h"

#include "CLazy.h"

#include <linux/filter.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIBRARY "libcurl.so.4"

// libcurl's own copies of passwords, forms and headers are overwritten when it frees them.
static void wipe_and_free(void *block) {
  if (!block) return;
  explicit_bzero(block, malloc_usable_size(block));
  free(block);
}

static void *wiping_realloc(void *block, size_t size) {
  if (!block) return malloc(size);
  size_t before = malloc_usable_size(block);
  // In place as long as it fits: what is cut off is freed with the rest.
  if (size && size <= before) return block;
  void *moved = malloc(size);
  if (!moved) return NULL;
  memcpy(moved, block, before < size ? before : size);
  wipe_and_free(block);
  return moved;
}

CURLcode etb_curl_start(void) {
  return CALL(curl_global_init_mem)(CURL_GLOBAL_DEFAULT, malloc, wipe_and_free, wiping_realloc, strdup, calloc);
}

CURLcode etb_curl_restrict_schemes(CURL *curl, int schemes) {
  const char *names[] = {"http", "https", "tftp"};
  const long bits[] = {CURLPROTO_HTTP, CURLPROTO_HTTPS, CURLPROTO_TFTP};
  char list[32] = "";
  long mask = 0;
  for (int index = 0; index < 3; index++)
    if (schemes & 1 << index) {
      if (*list) strcat(list, ",");
      strcat(list, names[index]);
      mask |= bits[index];
    }
  CURLcode result = CALL(curl_easy_setopt)(curl, CURLOPT_PROTOCOLS_STR, list);
  if (result == CURLE_OK) result = CALL(curl_easy_setopt)(curl, CURLOPT_REDIR_PROTOCOLS_STR, list);
  if (result != CURLE_UNKNOWN_OPTION) return result;
  // Before 7.85. Their names are deprecated since.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  result = CALL(curl_easy_setopt)(curl, CURLOPT_PROTOCOLS, mask);
  if (result == CURLE_OK) result = CALL(curl_easy_setopt)(curl, CURLOPT_REDIR_PROTOCOLS, mask);
#pragma GCC diagnostic pop
  return result;
}

// Lets a socket receive only what comes from `source`, in the network's byte order. Best effort: where the system has no
// filters, the transfer is as it would be without.
static void accept_only(int descriptor, int is_ipv6, const unsigned char *source) {
  struct sock_filter code[10];
  int words = is_ipv6 ? 4 : 1, count = 0;
  for (int word = 0; word < words; word++) {
    uint32_t value;
    memcpy(&value, source + 4 * word, 4);
    // The source address in the IP header, which is before what the socket gets.
    uint32_t place = (uint32_t)SKF_NET_OFF + (is_ipv6 ? 8 : 12) + 4 * (uint32_t)word;
    code[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, place);
    // If it differs: over the rest of the words to the end.
    code[count++] = (struct sock_filter)BPF_JUMP(
        BPF_JMP | BPF_JEQ | BPF_K, ntohl(value), 0, (unsigned char)(2 * (words - word) - 1));
  }
  code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0xffffffff);
  code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
  struct sock_fprog program = {(unsigned short)count, code};
  setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static curl_socket_t open_filtered(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)context;
  (void)purpose;
  int descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (descriptor < 0) return CURL_SOCKET_BAD;
  if (address->family == AF_INET) {
    struct sockaddr_in peer;
    memcpy(&peer, &address->addr, sizeof peer);
    accept_only(descriptor, 0, (const unsigned char *)&peer.sin_addr);
  } else if (address->family == AF_INET6 && address->addrlen >= sizeof(struct sockaddr_in6)) {
    // It is longer than the field; libcurl keeps it whole (struct Curl_sockaddr_ex).
    accept_only(descriptor, 1, (const unsigned char *)&address->addr + offsetof(struct sockaddr_in6, sin6_addr));
  }
  return descriptor;
}

CURLcode etb_curl_accept_only_peer(CURL *curl) {
  return CALL(curl_easy_setopt)(curl, CURLOPT_OPENSOCKETFUNCTION, open_filtered);
}

CURLcode etb_curl_setopt_long(CURL *curl, CURLoption option, long value) {
  return CALL(curl_easy_setopt)(curl, option, value);
}

CURLcode etb_curl_setopt_string(CURL *curl, CURLoption option, const char *value) {
  return CALL(curl_easy_setopt)(curl, option, value);
}

CURLcode etb_curl_setopt_pointer(CURL *curl, CURLoption option, void *value) {
  return CALL(curl_easy_setopt)(curl, option, value);
}

CURLcode etb_curl_setopt_slist(CURL *curl, CURLoption option, struct curl_slist *value) {
  return CALL(curl_easy_setopt)(curl, option, value);
}

CURLcode etb_curl_setopt_mime(CURL *curl, curl_mime *value) {
  return CALL(curl_easy_setopt)(curl, CURLOPT_MIMEPOST, value);
}

CURLcode etb_curl_setopt_data_callback(CURL *curl, CURLoption option, etb_curl_data_callback value) {
  return CALL(curl_easy_setopt)(curl, option, value);
}

CURLcode etb_curl_getinfo_long(CURL *curl, CURLINFO info, long *value) {
  return CALL(curl_easy_getinfo)(curl, info, value);
}

CURLcode etb_curl_getinfo_socket(CURL *curl, curl_socket_t *value) {
  return CALL(curl_easy_getinfo)(curl, CURLINFO_ACTIVESOCKET, value);
}

CURLcode etb_curl_getinfo_string(CURL *curl, CURLINFO info, const char **value) {
  return CALL(curl_easy_getinfo)(curl, info, (char **)value);
}

const char *etb_curl_peer_certificate(CURL *curl) {
  static const char key[] = "Cert:";
  struct curl_certinfo *info = NULL;
  if (CALL(curl_easy_getinfo)(curl, CURLINFO_CERTINFO, &info) != CURLE_OK || !info || info->num_of_certs < 1)
    return NULL;
  for (struct curl_slist *item = info->certinfo[0]; item; item = item->next)
    if (!strncmp(item->data, key, sizeof key - 1))
      return item->data + sizeof key - 1;
  return NULL;
}

FORWARD(void, curl_easy_cleanup, (CURL *curl), (curl))
FORWARD(CURL *, curl_easy_init, (void), ())
FORWARD(CURLcode, curl_easy_perform, (CURL *curl), (curl))
FORWARD(CURLcode, curl_easy_recv, (CURL *curl, void *buffer, size_t buflen, size_t *n), (curl, buffer, buflen, n))
FORWARD(void, curl_easy_reset, (CURL *curl), (curl))
FORWARD(
    CURLcode, curl_easy_send,
    (CURL *curl, const void *buffer, size_t buflen, size_t *n),
    (curl, buffer, buflen, n))
FORWARD(const char *, curl_easy_strerror, (CURLcode value), (value))
FORWARD(curl_mimepart *, curl_mime_addpart, (curl_mime *mime), (mime))
FORWARD(CURLcode, curl_mime_data, (curl_mimepart *part, const char *data, size_t datasize), (part, data, datasize))
FORWARD(CURLcode, curl_mime_filename, (curl_mimepart *part, const char *filename), (part, filename))
FORWARD(void, curl_mime_free, (curl_mime *mime), (mime))
FORWARD(curl_mime *, curl_mime_init, (CURL *easy), (easy))
FORWARD(CURLcode, curl_mime_name, (curl_mimepart *part, const char *name), (part, name))
FORWARD(CURLcode, curl_mime_type, (curl_mimepart *part, const char *mimetype), (part, mimetype))
FORWARD(struct curl_slist *, curl_slist_append, (struct curl_slist *list, const char *data), (list, data))
FORWARD(void, curl_slist_free_all, (struct curl_slist *list), (list))
