// peers.yaml: who may talk to the hub, by which certificate, with which seals, from and to which addresses.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "platform/messaging/node.h"

namespace zhida {

struct Peer {
  std::string name;                                ///< The name under which its messages are kept: `treasury`.
  std::set<std::string> certificate_fingerprints;  ///< SHA-256 of the DER, 64 lower-case hexadecimal digits.
  std::set<std::string> seal_ids;                  ///< Its own seals; a valid seal of another peer is refused.
  std::set<std::string> may_send;                  ///< Addresses from which the hub takes its messages.
  std::set<std::string> may_receive;               ///< Addresses that it may read.
  std::vector<std::string> may_come_from;          ///< IP ranges; empty: from anywhere.
  /// What it takes besides a full seal for each message (docs/seal.md); we take every form from everybody.
  bool takes_batch_seals = false, takes_compact_seals = false;
  /// Its seals (`.esl`) and the certificates of their signers, so that its compact proofs can be read from the first
  /// message on; without them, after the first full one.
  std::vector<std::string> seal_files;
};

/// Immutable; any thread.
class PeerBook {
 public:
  /// The file:
  ///
  ///     peers:
  ///       - name: treasury
  ///         certificates: [5e88…64 hexadecimal digits…]
  ///         seals: [ZHIDA-TREASURY-01]
  ///         may_send: [treasury.receipts]
  ///         may_receive: [treasury.instructions]
  ///         may_come_from: [127.0.0.1, 10.2.0.0/16]
  ///         seal_forms: [batch, compact]          # what it takes besides full seals
  ///         seal_files: [/etc/zhida/treasury.esl] # for compact proofs of its own
  ///
  /// A certificate or a seal stands with one peer only. Errors `peers_malformed` (file, line and column), and those of
  /// reading.
  static Result<PeerBook> parse(std::string_view yaml, const std::string& file_name);
  static Result<PeerBook> load(const std::string& path);
  PeerBook() = default;
  explicit PeerBook(std::vector<Peer> peers);

  const Peer* find(std::string_view name) const;  ///< Null for strangers.
  std::optional<std::string> peer_of(std::string_view certificate_fingerprint) const;
  bool may_send(std::string_view peer, std::string_view address) const;
  bool may_receive(std::string_view peer, std::string_view address) const;
  bool may_come_from(std::string_view peer, std::string_view ip) const;
  bool owns_seal(std::string_view peer, std::string_view seal_id) const;
  const std::vector<Peer>& all() const { return peers_; }

  /// The same rules for a messaging node. The functions share one immutable book, whose owner may be gone before the
  /// node's thread asks for the last time; hence shared.
  static messaging::PeerRules rules(std::shared_ptr<const PeerBook> book);

 private:
  std::vector<Peer> peers_;
  std::map<std::string, std::size_t, std::less<>> by_name_, by_certificate_;
};

}  // namespace zhida
