// one-digest FILE: reads a file and has libcrypto compute one SHA-1: the least that a program can do that shows it.
#include <openssl/evp.h>
#include <stdio.h>

int main(int count, char **words) {
  static unsigned char bytes[1 << 20];
  FILE *file = count == 2 ? fopen(words[1], "r") : NULL;
  if (!file) return 1;
  size_t length = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size;
  if (EVP_Digest(bytes, length, digest, &size, EVP_sha1(), NULL) != 1) return 1;
  for (unsigned int index = 0; index < size; index++) printf("%02x", digest[index]);
  puts("");
  return 0;
}
