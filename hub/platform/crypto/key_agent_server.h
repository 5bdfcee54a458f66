// The serving side of zhida-keyd: holds one key and signs digests for whoever may connect. One thread.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "platform/crypto/signing_key.h"

namespace zhida::crypto {

class KeyAgentServer {
 public:
  /// Users besides our own whose processes may connect.
  explicit KeyAgentServer(std::unique_ptr<SigningKey> key, std::vector<uid_t> others = {});
  ~KeyAgentServer();

  /// A socket in the file system, mode 0600 (0660 where other users may connect); an old one that nobody listens to is
  /// replaced. Errors `socket_busy`, `socket_unusable`.
  Result<void> listen(const std::string& path);
  /// A connection that is there already (a socket pair with the hub); the end of it ends run().
  void adopt(int connection);
  /// Until stop_descriptor can be read or, without listen(), until the last connection closed.
  void run(int stop_descriptor);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zhida::crypto
