// One AMQP 1.0 node: listens for partners, dials partners or a broker, and says truthfully what became of each message.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "platform/messaging/envelope.h"

namespace zhida::messaging {

/// PEM files of one side of a TLS 1.2/1.3 link with certificates on both sides.
struct TlsFiles {
  std::string certificate_file;
  std::string key_file;
  std::string ca_file;  ///< Who may have issued the other side's certificate.
  Secret<std::string> passphrase;
};

/// Neither encryption nor names: for tests on the loopback, and a broker on the same machine.
struct Plain {};

/// Who is who and who may do what, asked at each connection and attach: what stands behind the functions may be swapped
/// at run time (then call Node::recheck_trust()). Called on the node's thread: answer from memory, at once.
struct PeerRules {
  /// The peer's configured name by the SHA-256 of its certificate (64 lower-case hexadecimal digits; empty on a Plain
  /// listener), or nothing for a stranger.
  std::function<std::optional<std::string>(const std::string& fingerprint)> peer_of;
  std::function<bool(const std::string& peer, const std::string& address)> may_send;     ///< Peer sends, we receive.
  std::function<bool(const std::string& peer, const std::string& address)> may_receive;  ///< We send, peer receives.
  /// Whether the peer may come from this IP address; unset means from anywhere. See ip_in().
  std::function<bool(const std::string& peer, const std::string& ip)> may_come_from;
};

/// True when `ip` lies in one of `ranges`: `10.1.0.0/16`, `fd00::/8`, or a single address. A malformed range matches
/// nothing.
bool ip_in(std::string_view ip, std::span<const std::string> ranges);

struct Limits {
  std::size_t message_bytes_max = 8u << 20;
  std::size_t credit_per_link = 1'000;    ///< Messages a peer may have unsettled on one link.
  std::size_t links_max = 64;             ///< In one connection, refused ones included.
  std::size_t sessions_max = 16;          ///< At once, in one connection.
  std::size_t sessions_ever_max = 1'000;  ///< During the life of one connection.
  std::size_t connections_max = 1'000;
  std::size_t connections_unopened_max = 64;  ///< Not signed in yet; above it, the oldest such connection is cut.
  std::chrono::milliseconds handshake_deadline{10'000};
  std::chrono::milliseconds idle_timeout{30'000};
  std::chrono::milliseconds close_deadline{2'000};  ///< For a peer's answer to a detach or close, then it is cut.
  std::size_t in_flight_bytes_high = 64u << 20;  ///< All received and unsettled messages: above it no credit is given,
                                                 ///< at twice it messages are released at once.
  std::size_t unsettled_per_sender_max = 2'000;  ///< Messages we have on their way on one link.
  std::size_t unsettled_bytes_per_sender_max = 16u << 20;
};

enum class OutcomeKind : std::uint8_t {
  accepted,
  rejected,
  released,
  lost,  ///< Outgoing only: the link went away before an answer. The peer may or may not have it: send it again.
};

struct Outcome {
  OutcomeKind kind = OutcomeKind::accepted;
  std::string code;         ///< For rejected: the condition, such as `amqp:decode-error` or our own error code.
  std::string description;  ///< For rejected: a sentence.
};

/// Names one received delivery; settle it exactly once. When its link is gone by then, the peer hears nothing and sends
/// again.
struct Token {
  std::uint64_t connection = 0;
  std::uint64_t link = 0;
  std::uint64_t delivery = 0;
  std::size_t bytes = 0;  ///< What it takes of the byte budget.
};

struct Settlement {
  Token token;
  Outcome outcome;
};

/// A received message that is well-formed and has a message-id and a body. It counts against the byte budget until
/// settled.
struct Incoming {
  Token token;
  std::string peer;
  std::string address;
  std::string message_id;
  std::string group_id;
  Bytes message;  ///< Exactly as received.
  Result<Envelope> envelope() const { return decode(message); }
};

/// The caller's own number of an outgoing message, such as its outbox row.
using SendToken = std::int64_t;

enum class SendResult : std::uint8_t {
  taken,        ///< The callback will come, once.
  no_receiver,  ///< Nobody is attached to that address.
  no_credit,    ///< They are, and want no more now: on_ready will tell.
  too_large,    ///< Over the peer's or our own largest message: no use in trying again.
  stopping,
};

struct DialOptions {
  std::string name;  ///< The peer's configured name.
  std::string host;
  std::uint16_t port = 5671;
  std::variant<TlsFiles, Plain> security;
  std::string server_name;  ///< What the server's certificate must say; empty: `host`. A DNS name: Proton passes over
                            ///< IP entries.
  /// SHA-256 of certificates the server may show; empty: its name is checked instead.
  std::vector<std::string> server_fingerprints;
  std::vector<std::string> receive_from;  ///< Addresses we attach to as receiver.
  std::vector<std::string> send_to;       ///< Addresses we attach to as sender.
  std::uint32_t max_frame = 65'536;
  std::size_t window = 0;  ///< Own cap of unsettled messages a sending link; 0: Limits.unsettled_per_sender_max.
  std::string user;        ///< With a user: SASL PLAIN. Without: EXTERNAL on TLS, ANONYMOUS on Plain.
  Secret<std::string> password;
  std::string address_prefix;  ///< Put before each address on the wire, such as `/amq/queue/`.
  std::chrono::milliseconds reconnect_first{50};
  std::chrono::milliseconds reconnect_max{5'000};
};

struct NodeOptions {
  std::string container_id = "zhida";
  Limits limits;
};

struct LinkStats {
  std::string peer;
  std::string address;
  bool sending = false;
  std::size_t unsettled = 0;
  std::size_t credit = 0;
};

/// Counted since the node was made; `links` is the state now.
struct NodeStats {
  std::uint64_t connections = 0, connections_ever = 0, connections_refused = 0, connections_killed = 0, dials = 0;
  std::uint64_t received = 0, received_bytes = 0, accepted = 0, rejected = 0, released = 0;
  std::uint64_t malformed = 0, aborted = 0, oversize = 0;
  std::uint64_t sent = 0, sent_accepted = 0, sent_rejected = 0, sent_released = 0, sent_lost = 0;
  std::size_t in_flight_bytes = 0;
  std::vector<LinkStats> links;
};

/// Ends a registration when it goes; then no call is under way and none will come.
class Registration {
 public:
  Registration() = default;
  explicit Registration(std::function<void()> end) : end_(std::move(end)) {}
  Registration(Registration&& other) noexcept : end_(std::exchange(other.end_, nullptr)) {}
  Registration& operator=(Registration&& other) noexcept {
    std::swap(end_, other.end_);
    return *this;
  }
  ~Registration() {
    if (end_) end_();
  }

 private:
  std::function<void()> end_;
};

/// One node, one thread of its own. All members may be called from any thread, but listen() and shutdown() not from a
/// callback. Callbacks run on the node's thread: check, copy, enqueue, return. A callback that throws ends the
/// connection it was called for.
class Node {
 public:
  static Result<std::unique_ptr<Node>> create(NodeOptions options);
  ~Node();  ///< shutdown() without a barrier, if that was not done.

  /// Receives every well-formed message. Without one, messages are released.
  [[nodiscard]] Registration on_incoming(std::function<void(Incoming)> handler);
  /// Told the address whenever a link that can send to it appears or gets credit again.
  [[nodiscard]] Registration on_ready(std::function<void(const std::string& address)> handler);

  /// Gives the port (useful with port 0). Errors `listen_failed`, `tls_files_wrong`.
  Result<std::uint16_t> listen(const std::string& host, std::uint16_t port,
                               const std::variant<TlsFiles, Plain>& security, PeerRules rules);
  /// Keeps a connection to a partner or broker, with jittered reconnects, until shutdown. Errors `tls_files_wrong`,
  /// `dial_stopping`.
  Result<void> dial(DialOptions options);
  /// Ends the connections of peers that the rules no longer know, and links they no longer allow.
  void recheck_trust();

  /// Tells the peers what became of their messages; only then do they get credit for more.
  void settle(std::span<const Settlement> settlements);

  /// Sends one encoded message, unsettled. Messages of one group go down one link in order. The callback comes once, on
  /// the node's thread. Never waits and never queues beyond the window of a link.
  SendResult send(const std::string& address, const std::string& group, ByteView message, SendToken id,
                  std::function<void(SendToken, const Outcome&)> on_outcome);
  /// Whether somebody is attached to receive from this address.
  bool has_receiver(const std::string& address) const;

  /// Ends well: no new connections, no new credit, what arrives is released; then `barrier` (drain workers, commit,
  /// settle); then closes behind the last accepts; after `deadline`, cuts. Once; later calls return at once.
  void shutdown(const std::function<void()>& barrier = {},
                std::chrono::milliseconds deadline = std::chrono::milliseconds(5'000));

  NodeStats stats() const;

 private:
  class Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace zhida::messaging
