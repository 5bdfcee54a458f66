// Memory for keys and passphrases: locked against swapping where the system lets us, left out of core files, wiped
// before it is given back.
#pragma once
#include <cstddef>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace zhida::crypto {

/// Overwrites in a way that the compiler does not leave out.
void wipe(void* at, std::size_t size);
void wipe(Bytes& bytes);

/// A fixed number of octets of such memory, zero at first. Cannot be copied.
class SecureBytes {
 public:
  SecureBytes() = default;
  explicit SecureBytes(std::size_t size);
  /// Copies; wipe the origin yourself.
  static SecureBytes of(ByteView content);
  ~SecureBytes();
  SecureBytes(SecureBytes&& other) noexcept;
  SecureBytes& operator=(SecureBytes&& other) noexcept;

  unsigned char* data() { return data_; }
  const unsigned char* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  ByteView view() const { return {reinterpret_cast<const char*>(data_), size_}; }
  /// Gives up what is behind `size`, wiped.
  void shrink(std::size_t size);

 private:
  unsigned char* data_ = nullptr;
  std::size_t size_ = 0, taken_ = 0;
};

/// No core file, no other process of the same user may look in (PR_SET_DUMPABLE). For programs that hold keys; false
/// where the system refuses.
bool forbid_looking_in();

}  // namespace zhida::crypto
