#include "audit/head_store.h"

#include "base/ids.h"

namespace zhida::audit {
namespace {

using storage::Blob;
using storage::Row;
using storage::Transaction;

constexpr std::uint64_t kLeavesPerHeadMax = 65'536;
constexpr const char* kHeadColumns = "SELECT size, at, root, payload, seal FROM audit_head ";
constexpr const char* kTokenColumns = "SELECT size, at, gen_time, expires_at, token FROM audit_time ";

std::int64_t number(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
std::uint64_t count_of(const Row& row, std::size_t column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

Result<StoredHead> head_of(const Row& row) {
  const auto root = TRY(crypto::to_node_hash(row.blob(2)));
  return StoredHead{count_of(row, 0), from_millis(row.integer(1)), root, row.text(3), row.blob(4)};
}

Result<std::optional<StoredHead>> one_head(Transaction& transaction, const std::string& rest,
                                           const storage::Values& values) {
  const auto rows = TRY(transaction.query(kHeadColumns + rest, values, "iibtb"));
  if (rows.empty()) return std::optional<StoredHead>();
  return std::optional<StoredHead>(TRY(head_of(rows.front())));
}

StoredToken token_of(const Row& row) {
  return {count_of(row, 0), from_millis(row.integer(1)), from_millis(row.integer(2)), from_millis(row.integer(3)),
          row.blob(4)};
}

Result<std::optional<StoredToken>> one_token(Transaction& transaction, const std::string& rest,
                                             const storage::Values& values) {
  const auto rows = TRY(transaction.query(kTokenColumns + rest, values, "iiiib"));
  if (rows.empty()) return std::optional<StoredToken>();
  return std::optional<StoredToken>(token_of(rows.front()));
}

Json hashes_of(const std::vector<NodeHash>& hashes) {
  Json list = Json::array();
  for (const auto& hash : hashes) list.push_back(to_hex(crypto::octets_of(hash)));
  return list;
}

Result<void> check_size(Transaction& transaction, std::uint64_t size) {
  const auto head = TRY(last_head(transaction));
  if (head && size >= 1 && size <= head->size) return ok();
  return refuse("log_size_unknown", "The log's last head has " + std::to_string(head ? head->size : 0) +
                                        " records; there is no proof for " + std::to_string(size) + ".");
}

}  // namespace

Result<std::string> ensure_log(Transaction& transaction, Instant now) {
  CHECK_OK(transaction.execute("INSERT INTO audit_log (one, id, created_at) VALUES (1, ?, ?) ON CONFLICT DO NOTHING",
                               {new_uuid(), to_millis(now)}));
  return log_id(transaction);
}

Result<std::string> log_id(Transaction& transaction) {
  const auto rows = TRY(transaction.query("SELECT id FROM audit_log", {}, "t"));
  return rows.empty() ? std::string() : rows.front().text(0);
}

Result<std::optional<Instant>> log_began(Transaction& transaction) {
  const auto rows = TRY(transaction.query("SELECT created_at FROM audit_log", {}, "i"));
  return rows.empty() ? std::optional<Instant>() : std::optional(from_millis(rows.front().integer(0)));
}

Result<std::uint64_t> last_seq(Transaction& transaction) {
  const auto rows = TRY(transaction.query("SELECT coalesce(max(seq), 0) FROM audit_record", {}, "i"));
  return count_of(rows.front(), 0);
}

Result<std::optional<StoredHead>> last_head(Transaction& transaction) {
  return one_head(transaction, "ORDER BY size DESC LIMIT 1", {});
}

Result<std::optional<StoredHead>> find_head(Transaction& transaction, std::uint64_t size) {
  return one_head(transaction, "WHERE size = ?", {number(size)});
}

Result<std::optional<StoredHead>> first_head_with(Transaction& transaction, std::uint64_t seq) {
  return one_head(transaction, "WHERE size >= ? ORDER BY size LIMIT 1", {number(seq)});
}

Result<std::vector<StoredHead>> read_heads(Transaction& transaction, std::uint64_t after, std::int64_t limit) {
  std::vector<StoredHead> heads;
  for (const auto& row : TRY(transaction.query(std::string(kHeadColumns) + "WHERE size > ? ORDER BY size LIMIT ?",
                                               {number(after), limit}, "iibtb")))
    heads.push_back(TRY(head_of(row)));
  return heads;
}

Result<std::optional<NextHead>> next_head(Transaction& transaction, const std::string& log, Instant now) {
  const auto before = TRY(last_head(transaction));
  const std::uint64_t from = before ? before->size : 0;
  const std::uint64_t size = std::min(TRY(last_seq(transaction)), from + kLeavesPerHeadMax);
  if (size <= from) return std::optional<NextHead>();
  TreeReader reader(transaction);
  NextHead next;
  next.tiles = TRY(reader.grow(size));
  const NodeHash root = TRY(crypto::root_from(crypto::TreeHash::sm3, size, reader.source()));
  next.head = {log, size, root, now};
  return std::optional<NextHead>(std::move(next));
}

Result<void> store_head(Transaction& transaction, const NextHead& next, const Bytes& seal) {
  CHECK_OK(store_tiles(transaction, next.tiles));
  CHECK_OK(transaction.execute(
      "INSERT INTO audit_head (size, at, root, payload, seal) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      {number(next.head.size), to_millis(next.head.time), Blob{Bytes(crypto::octets_of(next.head.root))},
       seal::to_payload(next.head), Blob{seal}}));
  return ok();
}

Result<void> store_token(Transaction& transaction, const StoredToken& token) {
  CHECK_OK(transaction.execute(
      "INSERT INTO audit_time (size, at, gen_time, expires_at, token) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      {number(token.size), to_millis(token.at), to_millis(token.gen_time), to_millis(token.expires_at),
       Blob{token.token}}));
  return ok();
}

Result<std::optional<StoredToken>> last_token(Transaction& transaction) {
  return one_token(transaction, "ORDER BY size DESC LIMIT 1", {});
}

Result<std::optional<StoredToken>> find_token(Transaction& transaction, std::uint64_t size) {
  return one_token(transaction, "WHERE size = ?", {number(size)});
}

Result<std::optional<StoredToken>> first_token_with(Transaction& transaction, std::uint64_t seq) {
  return one_token(transaction, "WHERE size >= ? ORDER BY size LIMIT 1", {number(seq)});
}

Result<std::vector<StoredToken>> tokens_to_renew(Transaction& transaction, Instant deadline, std::int64_t limit) {
  std::vector<StoredToken> tokens;
  for (const auto& row : TRY(transaction.query(
           std::string(kTokenColumns) + "WHERE expires_at < ? AND NOT EXISTS (SELECT 1 FROM audit_renewal r WHERE "
                                        "audit_time.size BETWEEN r.first_size AND r.last_size) ORDER BY size LIMIT ?",
           {to_millis(deadline), limit}, "iiiib")))
    tokens.push_back(token_of(row));
  return tokens;
}

Result<void> store_countersignature(Transaction& transaction, const Countersignature& countersignature) {
  const auto rows = TRY(
      transaction.execute("INSERT INTO audit_witness (size, peer, at, seal) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                          {number(countersignature.size), countersignature.peer, to_millis(countersignature.at),
                           Blob{countersignature.seal}}));
  if (rows == 1) return ok();
  return refuse("countersignature_there", countersignature.peer + " countersigned the head of " +
                                              std::to_string(countersignature.size) + " records before.");
}

Result<std::vector<Countersignature>> countersignatures(Transaction& transaction, std::uint64_t size) {
  std::vector<Countersignature> all;
  for (const auto& row : TRY(transaction.query(
           "SELECT size, peer, at, seal FROM audit_witness WHERE size = ? ORDER BY at, peer", {number(size)}, "itib")))
    all.push_back({count_of(row, 0), row.text(1), from_millis(row.integer(2)), row.blob(3)});
  return all;
}

Result<std::vector<Countersignature>> last_countersignatures(Transaction& transaction) {
  std::vector<Countersignature> all;
  // From one peer to the next by the index, however many countersignatures each of them gave.
  for (const auto& row : TRY(transaction.query(
           "WITH RECURSIVE peers (peer) AS (SELECT min(peer) FROM audit_witness UNION ALL SELECT (SELECT min(w.peer) "
           "FROM audit_witness w WHERE w.peer > peers.peer) FROM peers WHERE peers.peer IS NOT NULL) "
           "SELECT w.size, w.peer, w.at, w.seal FROM peers JOIN audit_witness w ON w.peer = peers.peer AND w.size = "
           "(SELECT max(o.size) FROM audit_witness o WHERE o.peer = peers.peer) ORDER BY w.peer",
           {}, "itib")))
    all.push_back({count_of(row, 0), row.text(1), from_millis(row.integer(2)), row.blob(3)});
  return all;
}

Result<std::optional<StoredHead>> witnessed_head(Transaction& transaction, std::uint64_t size) {
  for (const char* sql :
       {"SELECT min(size) FROM audit_witness WHERE size >= ?", "SELECT max(size) FROM audit_witness WHERE size < ?"}) {
    const auto rows = TRY(transaction.query(sql, {number(size)}, "i"));
    if (!rows.front().is_null(0)) return find_head(transaction, count_of(rows.front(), 0));
  }
  return std::optional<StoredHead>();
}

Result<Json> head_document(Transaction& transaction, const StoredHead& head) {
  const auto token = TRY(find_token(transaction, head.size));
  Json witnesses = Json::array();
  for (const auto& one : TRY(countersignatures(transaction, head.size)))
    witnesses.push_back({{"peer", one.peer}, {"at", to_rfc3339(one.at)}, {"seal", to_base64(one.seal)}});
  return Json{{"size", head.size},
              {"root", to_hex(crypto::octets_of(head.root))},
              {"head", head.payload},
              {"seal", to_base64(head.seal)},
              {"token", token ? Json(to_base64(token->token)) : Json(nullptr)},
              {"gen_time", token ? Json(to_rfc3339(token->gen_time)) : Json(nullptr)},
              {"witnesses", std::move(witnesses)}};
}

Result<Json> witnesses_document(Transaction& transaction) {
  Json witnesses = Json::array();
  for (const auto& one : TRY(last_countersignatures(transaction))) {
    const auto head = TRY(find_head(transaction, one.size));
    if (!head) continue;
    const Json document = TRY(head_document(transaction, *head));
    witnesses.push_back(
        {{"peer", one.peer}, {"at", to_rfc3339(one.at)}, {"seal", to_base64(one.seal)}, {"head", document}});
  }
  return Json{{"witnesses", std::move(witnesses)}};
}

Result<Json> inclusion_document(Transaction& transaction, std::uint64_t seq, std::uint64_t size) {
  CHECK_OK(check_size(transaction, size));
  if (seq < 1 || seq > size)
    return refuse("log_size_unknown",
                  "Record " + std::to_string(seq) + " is not among the first " + std::to_string(size) + ".");
  TreeReader reader(transaction);
  const auto leaf = TRY(reader.node(0, seq - 1));
  const auto path = TRY(crypto::inclusion_path_from(crypto::TreeHash::sm3, seq - 1, size, reader.source()));
  const auto root = TRY(crypto::root_from(crypto::TreeHash::sm3, size, reader.source()));
  return Json{{"seq", seq},
              {"index", seq - 1},
              {"size", size},
              {"leaf_hash", to_hex(crypto::octets_of(leaf))},
              {"root", to_hex(crypto::octets_of(root))},
              {"path", hashes_of(path)}};
}

Result<Json> consistency_document(Transaction& transaction, std::uint64_t from, std::uint64_t to) {
  CHECK_OK(check_size(transaction, to));
  if (from < 1 || from > to)
    return refuse("log_size_unknown", "A proof goes from a smaller head to a larger one, and from 1 on.");
  TreeReader reader(transaction);
  const auto proof = TRY(crypto::consistency_proof_from(crypto::TreeHash::sm3, from, to, reader.source()));
  return Json{{"from", from}, {"to", to}, {"proof", hashes_of(proof)}};
}

Result<void> check_last_head(Transaction& transaction) {
  const auto head = TRY(last_head(transaction));
  if (!head) return ok();
  const auto said = TRY(seal::parse_tree_head(head->payload));
  const auto seq = TRY(last_seq(transaction));
  if (seq < head->size)
    return refuse("log_truncated", "The trail ends at record " + std::to_string(seq) + ", but a sealed head tells of " +
                                       std::to_string(head->size) +
                                       ": records were taken away. `zhida audit verify` "
                                       "says more; keep the store as it is.");
  TreeReader reader(transaction);
  const auto root = crypto::root_from(crypto::TreeHash::sm3, head->size, reader.source());
  if (!root || root.value() != head->root || said.root != head->root || said.size != head->size)
    return refuse("log_head_differs", "The trail's first " + std::to_string(head->size) +
                                          " records are not those of its last sealed head. `zhida audit verify` says "
                                          "which; keep the store as it is.");
  return ok();
}

}  // namespace zhida::audit
