// libcurl: HTTP(S), TFTP and raw TLS. Swift cannot call variadic C functions, so each option type has a
// wrapper here. Only the target Transfers imports this.
#ifndef ETB_CCURL_H
#define ETB_CCURL_H

#include <curl/curl.h>

// curl_global_init, with memory that is overwritten when libcurl frees it.
CURLcode etb_curl_start(void);

// Allows these schemes only, also in redirects: 1 http, 2 https, 4 tftp, or a sum of them. libcurl before 7.85 takes them
// in another form; an error if it takes neither.
CURLcode etb_curl_restrict_schemes(CURL *curl, int schemes);

// Sockets that this handle opens receive only from the address that was asked; of UDP. (TFTP answers from another port than
// the one that was asked, so that the socket cannot be connected.)
CURLcode etb_curl_accept_only_peer(CURL *curl);

CURLcode etb_curl_setopt_long(CURL *curl, CURLoption option, long value);

CURLcode etb_curl_setopt_string(CURL *curl, CURLoption option, const char *value);

CURLcode etb_curl_setopt_pointer(CURL *curl, CURLoption option, void *value);

CURLcode etb_curl_setopt_slist(CURL *curl, CURLoption option, struct curl_slist *value);

CURLcode etb_curl_setopt_mime(CURL *curl, curl_mime *value);

typedef size_t (*etb_curl_data_callback)(char *data, size_t size, size_t count, void *context);

CURLcode etb_curl_setopt_data_callback(CURL *curl, CURLoption option, etb_curl_data_callback value);

CURLcode etb_curl_getinfo_long(CURL *curl, CURLINFO info, long *value);

CURLcode etb_curl_getinfo_socket(CURL *curl, curl_socket_t *value);

CURLcode etb_curl_getinfo_string(CURL *curl, CURLINFO info, const char **value);

// The peer's own certificate as PEM, where CURLOPT_CERTINFO was set; owned by the handle. NULL if there is none.
const char *etb_curl_peer_certificate(CURL *curl);

#endif
