// AES-256-GCM and ChaCha20-Poly1305 of the BoringSSL that swift-crypto builds, for wide vectors where the processor has
// them. swift-crypto shows these functions to itself only; docs/decisions/0024 says why they are called here and what guards that.
#ifndef VINE_BORING_AEAD_SHIM_H
#define VINE_BORING_AEAD_SHIM_H

#include <stddef.h>
#include <stdint.h>

typedef struct vine_aead_algorithm vine_aead_algorithm;
typedef struct vine_aead_key vine_aead_key;

const vine_aead_algorithm *vine_aead_aes256gcm(void) __asm__("CCryptoBoringSSL_EVP_aead_aes_256_gcm");
const vine_aead_algorithm *vine_aead_chacha20poly1305(void) __asm__("CCryptoBoringSSL_EVP_aead_chacha20_poly1305");
vine_aead_key *vine_aead_new(const vine_aead_algorithm *algorithm, const uint8_t *key, size_t key_count, size_t tag_count)
  __asm__("CCryptoBoringSSL_EVP_AEAD_CTX_new");
/// Wipes the key.
void vine_aead_free(vine_aead_key *key) __asm__("CCryptoBoringSSL_EVP_AEAD_CTX_free");
/// 1, or 0: `out` may be `in`, and has room for the tag.
int vine_aead_seal(
  const vine_aead_key *key, uint8_t *out, size_t *out_count, size_t out_max, const uint8_t *nonce, size_t nonce_count,
  const uint8_t *in, size_t in_count, const uint8_t *associated, size_t associated_count)
  __asm__("CCryptoBoringSSL_EVP_AEAD_CTX_seal");
/// 1, or 0 if the tag is wrong: `out` may be `in`.
int vine_aead_open(
  const vine_aead_key *key, uint8_t *out, size_t *out_count, size_t out_max, const uint8_t *nonce, size_t nonce_count,
  const uint8_t *in, size_t in_count, const uint8_t *associated, size_t associated_count)
  __asm__("CCryptoBoringSSL_EVP_AEAD_CTX_open");

#endif
