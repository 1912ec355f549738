#include "CCurl.h"

#include "CLazy.h"

#include <string.h>

#define LIBRARY "libcurl.so.4"

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
FORWARD(CURLcode, curl_global_init, (long flags), (flags))
FORWARD(curl_mimepart *, curl_mime_addpart, (curl_mime *mime), (mime))
FORWARD(CURLcode, curl_mime_data, (curl_mimepart *part, const char *data, size_t datasize), (part, data, datasize))
FORWARD(CURLcode, curl_mime_filename, (curl_mimepart *part, const char *filename), (part, filename))
FORWARD(void, curl_mime_free, (curl_mime *mime), (mime))
FORWARD(curl_mime *, curl_mime_init, (CURL *easy), (easy))
FORWARD(CURLcode, curl_mime_name, (curl_mimepart *part, const char *name), (part, name))
FORWARD(CURLcode, curl_mime_type, (curl_mimepart *part, const char *mimetype), (part, mimetype))
FORWARD(struct curl_slist *, curl_slist_append, (struct curl_slist *list, const char *data), (list, data))
FORWARD(void, curl_slist_free_all, (struct curl_slist *list), (list))
