// Throw-away certificates of a test: P-256, made in a folder of its own.
#pragma once
#include <string>

#include "platform/messaging/node.h"

namespace zhida::messaging::testing {

/// A certificate authority in `folder`, which must exist.
class TestAuthority {
 public:
  TestAuthority(std::string folder, const std::string& name);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  /// Writes NAME.crt and NAME.key; the certificate is good for 127.0.0.1 and localhost.
  TlsFiles issue(const std::string& name);
  /// SHA-256 of a certificate file, as rules name peers.
  static std::string fingerprint(const std::string& certificate_file);
  const std::string& certificate_file() const { return ca_file_; }

 private:
  struct Keys;
  std::string folder_;
  std::string ca_file_;
  Keys* keys_;
};

}  // namespace zhida::messaging::testing
