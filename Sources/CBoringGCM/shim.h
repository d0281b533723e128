// AES-256-GCM of the BoringSSL that swift-crypto builds, for wide vectors where the processor has them. swift-crypto
// shows these functions to itself only; docs/decisions/0024 says why they are called here and what guards that.
#ifndef VINE_BORING_GCM_SHIM_H
#define VINE_BORING_GCM_SHIM_H

#include <stddef.h>
#include <stdint.h>

typedef struct vine_gcm_algorithm vine_gcm_algorithm;
typedef struct vine_gcm_key vine_gcm_key;

const vine_gcm_algorithm *vine_gcm_aes256(void) __asm__("CCryptoBoringSSL_EVP_aead_aes_256_gcm");
vine_gcm_key *vine_gcm_new(const vine_gcm_algorithm *algorithm, const uint8_t *key, size_t key_count, size_t tag_count)
  __asm__("CCryptoBoringSSL_EVP_AEAD_CTX_new");
/// Wipes the key.
void vine_gcm_free(vine_gcm_key *key) __asm__("CCryptoBoringSSL_EVP_AEAD_CTX_free");
/// 1, or 0: `out` may be `in`, and has room for the tag.
int vine_gcm_seal(
  const vine_gcm_key *key, uint8_t *out, size_t *out_count, size_t out_max, const uint8_t *nonce, size_t nonce_count,
  const uint8_t *in, size_t in_count, const uint8_t *associated, size_t associated_count)
  __asm__("CCryptoBoringSSL_EVP_AEAD_CTX_seal");
/// 1, or 0 if the tag is wrong: `out` may be `in`.
int vine_gcm_open(
  const vine_gcm_key *key, uint8_t *out, size_t *out_count, size_t out_max, const uint8_t *nonce, size_t nonce_count,
  const uint8_t *in, size_t in_count, const uint8_t *associated, size_t associated_count)
  __asm__("CCryptoBoringSSL_EVP_AEAD_CTX_open");

#endif
