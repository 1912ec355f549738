// libcurl: HTTP(S), TFTP and raw TLS. Swift cannot call variadic C functions, so each option type has an inline
// wrapper here. Only the target Transfers imports this.
#ifndef ETB_CCURL_H
#define ETB_CCURL_H

#include <curl/curl.h>

static inline CURLcode etb_curl_setopt_long(CURL *curl, CURLoption option, long value) {
  return curl_easy_setopt(curl, option, value);
}

static inline CURLcode etb_curl_setopt_string(CURL *curl, CURLoption option, const char *value) {
  return curl_easy_setopt(curl, option, value);
}

static inline CURLcode etb_curl_setopt_pointer(CURL *curl, CURLoption option, void *value) {
  return curl_easy_setopt(curl, option, value);
}

static inline CURLcode etb_curl_setopt_slist(CURL *curl, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(curl, option, value);
}

static inline CURLcode etb_curl_setopt_mime(CURL *curl, curl_mime *value) {
  return curl_easy_setopt(curl, CURLOPT_MIMEPOST, value);
}

typedef size_t (*etb_curl_data_callback)(char *data, size_t size, size_t count, void *context);

static inline CURLcode etb_curl_setopt_data_callback(CURL *curl, CURLoption option, etb_curl_data_callback value) {
  return curl_easy_setopt(curl, option, value);
}

static inline CURLcode etb_curl_getinfo_long(CURL *curl, CURLINFO info, long *value) {
  return curl_easy_getinfo(curl, info, value);
}

static inline CURLcode etb_curl_getinfo_socket(CURL *curl, curl_socket_t *value) {
  return curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, value);
}

static inline CURLcode etb_curl_getinfo_string(CURL *curl, CURLINFO info, const char **value) {
  return curl_easy_getinfo(curl, info, (char **)value);
}

#endif
