// Signs with SM2 while valgrind holds the private key, or the nonce, for undefined: every branch and every address that
// depends on them is then reported. constant_time_test.cpp runs it. `leak` and `leak-table` are what must be found.
#include <cstdio>
#include <cstring>
#include <string>

#include <valgrind/memcheck.h>

#include "platform/crypto/sm2_key.h"

using namespace zhida;
using namespace zhida::crypto;

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  Bytes d = from_hex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8").value();
  Bytes nonce = from_hex("59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21").value();
  const Bytes e = from_hex("f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640").value();
  (void)Sm2PrivateKey::from_octets(d)->sign_e(e);  // Tables and generators are ready.
  VALGRIND_MAKE_MEM_UNDEFINED(d.data(), d.size());
  if (what == "leak") return (d[7] & 1) != 0 ? 0 : 3;
  if (what == "leak-table") {
    static const unsigned char table[256] = {1, 2, 3};
    volatile unsigned char sink = table[static_cast<unsigned char>(d[7])];
    return sink == 200 ? 3 : 0;
  }
  const auto key = Sm2PrivateKey::from_octets(d);
  if (!key) return 3;
  for (int i = 0; i < 3; ++i) {
    const auto signature = key->sign_e(e);
    if (!signature || !key->public_key().verify_e(e, signature.value())) return 4;
  }
  VALGRIND_MAKE_MEM_UNDEFINED(nonce.data(), nonce.size());
  const auto known = key->sign_e_with_nonce(e, nonce);
  return known && key->public_key().verify_e(e, *known) && RUNNING_ON_VALGRIND != 0 ? 0 : 5;
}
