#include "audit/renewal.h"

#include "platform/crypto/digest.h"

namespace zhida::audit {
namespace {

constexpr std::int64_t kTokensPerRenewalMax = 512;

}  // namespace

Bytes renewal_leaf(const StoredHead& head, const StoredToken& token) {
  return crypto::sm3(head.payload) + crypto::sm3(head.seal) + crypto::sm3(token.token);
}

Result<std::optional<Renewal>> next_renewal(storage::Transaction& transaction, Instant deadline) {
  const auto newest = TRY(last_token(transaction));
  if (!newest) return std::optional<Renewal>();
  // Under the same certificate a renewal would end with it, and prove nothing more.
  const auto tokens = TRY(tokens_to_renew(transaction, std::min(deadline, newest->expires_at), kTokensPerRenewalMax));
  if (tokens.empty()) return std::optional<Renewal>();
  Renewal renewal{tokens.front().size, tokens.back().size, std::ssize(tokens), {}};
  crypto::MerkleFrontier tree(crypto::TreeHash::sm3);
  for (const auto& token : tokens) {
    const auto head = TRY(find_head(transaction, token.size));
    if (!head)
      return refuse("log_tree_incomplete", "The head of " + std::to_string(token.size) + " records is missing.");
    tree.append(crypto::leaf_hash(crypto::TreeHash::sm3, renewal_leaf(*head, token)));
  }
  renewal.root = tree.root();
  return std::optional<Renewal>(renewal);
}

Result<void> note_renewal(storage::Transaction& transaction, const AuditTrail& trail, const Renewal& renewal,
                          const std::string& division) {
  AuditEntry entry;
  entry.kind = "log_time_renewed";
  entry.actor = "system";
  entry.subject_type = "log";
  entry.subject_id = std::to_string(renewal.first_size) + "-" + std::to_string(renewal.last_size);
  entry.division = division;
  entry.detail = {{"first_size", renewal.first_size}, {"last_size", renewal.last_size}, {"tokens", renewal.tokens}};
  entry.payload_digest = "sm3:" + to_hex(crypto::octets_of(renewal.root));
  const auto seq = TRY(trail.append(transaction, entry));
  CHECK_OK(transaction.execute(
      "INSERT INTO audit_renewal (seq, first_size, last_size) VALUES (?, ?, ?)",
      {seq, static_cast<std::int64_t>(renewal.first_size), static_cast<std::int64_t>(renewal.last_size)}));
  return ok();
}

}  // namespace zhida::audit
