// A peer without manners: writes AMQP 1.0 frames by hand, so that a test can write wrong ones.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "platform/messaging/node.h"

namespace zhida::messaging::testing {

using namespace std::chrono_literals;

/// Encoded AMQP values.
namespace amqp {
Bytes null();
Bytes boolean(bool value);
Bytes uint(std::uint32_t value);
Bytes ushort(std::uint16_t value);
Bytes ubyte(std::uint8_t value);
Bytes string(ByteView text);
Bytes symbol(ByteView text);
Bytes binary(ByteView octets);
/// A described list, whose items are encoded already; `count` of them.
Bytes described(std::uint8_t descriptor, std::uint32_t count, ByteView items);
}  // namespace amqp

struct RawTls {
  TlsFiles files;   ///< An empty certificate_file: none is shown.
  int version = 0;  ///< Highest TLS version to offer, as OpenSSL numbers it; 0 for any.
};

/// One frame as it came.
struct RawFrame {
  std::uint8_t type = 0;          // 0 AMQP, 1 SASL.
  std::uint8_t performative = 0;  // 0x10 open … 0x18 close; 0x40 … 0x44 SASL.
  Bytes payload;                  // Behind the descriptor.
};

class RawPeer {
 public:
  /// The socket of a call that was taken; it is closed with the peer.
  struct Taken {
    int socket;
  };

  RawPeer(std::uint16_t port, const std::optional<RawTls>& tls = {});
  explicit RawPeer(Taken call);
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  bool handshake_failed() const { return handshake_failed_; }

  /// False when the other side has closed.
  bool write(ByteView octets);
  bool frame(ByteView performative, ByteView payload = {}, std::uint8_t type = 0, std::uint16_t channel = 0);

  /// Protocol header, SASL with the mechanism, protocol header, open. False when refused.
  bool sign_in(const std::string& mechanism = "ANONYMOUS", ByteView initial_response = "");
  bool open();
  bool begin(std::uint16_t channel = 0);
  /// The server's side of sign_in(): lets anybody in and opens. False when the caller left or said nothing in time.
  bool welcome();
  /// The server's side of begin(): answers the caller's session on the same channel.
  bool answer_begin(std::uint16_t channel = 0);
  /// Attaches as sender to the node's address; handle as given.
  bool attach_sender(std::uint32_t handle, const std::string& address, std::uint16_t channel = 0);
  bool attach_receiver(std::uint32_t handle, const std::string& address, std::uint16_t channel = 0);
  bool flow(std::uint32_t handle, std::uint32_t credit, std::uint16_t channel = 0);
  bool transfer(std::uint32_t handle, std::uint32_t id, ByteView payload, bool more = false, bool aborted = false,
                std::uint16_t channel = 0);

  /// The next frame, or nothing when the other side closed or the time is up.
  std::optional<RawFrame> read(std::chrono::milliseconds within = 5s);
  /// Reads until a frame with this performative; nothing when the other side closed first or the time is up.
  std::optional<RawFrame> read_until(std::uint8_t performative, std::chrono::milliseconds within = 5s);
  /// Whether the other side closes within the time; what comes meanwhile is kept in text_seen().
  bool is_closed_within(std::chrono::milliseconds within);
  /// Everything that came, to look for conditions by name.
  const Bytes& text_seen() const { return seen_; }

 private:
  struct Tls;
  bool more(std::chrono::steady_clock::time_point until);
  int socket_ = -1;
  Tls* tls_ = nullptr;
  bool handshake_failed_ = false;
  bool closed_ = false;
  Bytes buffer_;
  Bytes seen_;
};

/// Takes calls on a loopback port, so that a node can dial a peer without manners.
class RawListener {
 public:
  RawListener();
  ~RawListener();
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  std::uint16_t port() const { return port_; }
  /// The next call; throws when none comes within 20 s.
  RawPeer take();

 private:
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace zhida::messaging::testing
