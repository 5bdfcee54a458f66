// Sealed tree heads, what time they were proven to exist at, and who countersigned them. SQL and nothing else.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/tree_store.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "seal/tree_head.h"

namespace zhida::audit {

struct StoredHead {
  std::uint64_t size = 0;
  Instant at{};
  NodeHash root{};
  Bytes payload;  ///< Canonical JSON: the octets that are sealed.
  Bytes seal;     ///< SES_Signature.
};
struct StoredToken {
  std::uint64_t size = 0;  ///< Of the head.
  Instant at{};            ///< When it came.
  Instant gen_time{};      ///< What it says.
  Instant expires_at{};    ///< When the authority's certificate ends.
  Bytes token;             ///< RFC 3161, over the head's signature value.
};
struct Countersignature {
  std::uint64_t size = 0;
  std::string peer;
  Instant at{};
  Bytes seal;  ///< Over the head's payload.
};

/// Which log this is; chosen once, when it is asked for the first time.
Result<std::string> ensure_log(storage::Transaction& transaction, Instant now);
Result<std::string> log_id(storage::Transaction& transaction);                ///< Empty before that.
Result<std::optional<Instant>> log_began(storage::Transaction& transaction);  ///< When that was.
/// How many records there are, by the number of the last one.
Result<std::uint64_t> last_seq(storage::Transaction& transaction);

Result<std::optional<StoredHead>> last_head(storage::Transaction& transaction);
Result<std::optional<StoredHead>> find_head(storage::Transaction& transaction, std::uint64_t size);
/// The smallest head that has record `seq` in it.
Result<std::optional<StoredHead>> first_head_with(storage::Transaction& transaction, std::uint64_t seq);
/// Heads with more than `after` records, by size, at most `limit`.
Result<std::vector<StoredHead>> read_heads(storage::Transaction& transaction, std::uint64_t after, std::int64_t limit);

/// A head that is to be sealed: what it says, and the tiles that came to be.
struct NextHead {
  seal::TreeHead head;
  std::vector<Tile> tiles;
};
/// The tree as far as it has grown, at most 65,536 leaves on; nothing where nothing was added since the last head.
Result<std::optional<NextHead>> next_head(storage::Transaction& transaction, const std::string& log, Instant now);
/// Keeps a head with its tiles. Where another hub on the same store was first, its head stays.
Result<void> store_head(storage::Transaction& transaction, const NextHead& next, const Bytes& seal);

Result<void> store_token(storage::Transaction& transaction, const StoredToken& token);
Result<std::optional<StoredToken>> last_token(storage::Transaction& transaction);
Result<std::optional<StoredToken>> find_token(storage::Transaction& transaction, std::uint64_t size);
/// The first token over a head that has record `seq` in it.
Result<std::optional<StoredToken>> first_token_with(storage::Transaction& transaction, std::uint64_t seq);
/// Tokens whose authority's certificate ends before `deadline`, and that no later record took up yet, oldest first.
Result<std::vector<StoredToken>> tokens_to_renew(storage::Transaction& transaction, Instant deadline,
                                                 std::int64_t limit);

/// Error `countersignature_there` where the peer countersigned that head before.
Result<void> store_countersignature(storage::Transaction& transaction, const Countersignature& countersignature);
Result<std::vector<Countersignature>> countersignatures(storage::Transaction& transaction, std::uint64_t size);

/// What each peer countersigned last, by peer.
Result<std::vector<Countersignature>> last_countersignatures(storage::Transaction& transaction);
/// The smallest countersigned head of at least `size` records; where there is none, the largest one before.
Result<std::optional<StoredHead>> witnessed_head(storage::Transaction& transaction, std::uint64_t size);

/// A head as it is handed out: {"head": text, "seal": base64, "token": base64 or null, "gen_time", "witnesses": [...]}.
Result<Json> head_document(storage::Transaction& transaction, const StoredHead& head);

/// {"witnesses": [{"peer", "at", "seal": the peer's, "head": as head_document()}]}: who saw how much of the log.
Result<Json> witnesses_document(storage::Transaction& transaction);

/// What a proof says, in the form of the API. Errors `log_size_unknown`, `log_tree_incomplete`.
Result<Json> inclusion_document(storage::Transaction& transaction, std::uint64_t seq, std::uint64_t size);
Result<Json> consistency_document(storage::Transaction& transaction, std::uint64_t from, std::uint64_t to);

/// Whether the last head is that of the rows there are: the check at each start, a few reads long. Errors
/// `log_truncated` (fewer records than a head says) and `log_head_differs`.
Result<void> check_last_head(storage::Transaction& transaction);

}  // namespace zhida::audit
