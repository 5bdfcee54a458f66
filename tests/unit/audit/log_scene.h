// A log with its seal in memory: entries, sealed heads, time-stamps.
#pragma once
#include <boost/test/unit_test.hpp>
#include <memory>

#include "audit/head_store.h"
#include "audit/verify_log.h"
#include "platform/crypto/timestamp.h"
#include "seal/sealer.h"
#include "support/scratch_database.h"
#include "unit/audit/audit_contract.h"
#include "unit/seal/seal_world.h"

namespace zhida::test {

template <class T>
T value_of(Result<T> result) {
  BOOST_REQUIRE_MESSAGE(result.has_value(),
                        (result ? std::string() : result.error().code + ": " + result.error().message));
  return std::move(result).value();
}
inline void require(const Result<void>& result) {
  BOOST_REQUIRE_MESSAGE(result.has_value(),
                        (result ? std::string() : result.error().code + ": " + result.error().message));
}

/// Keys are slow to make, so one world serves a whole test program.
inline const SealWorld& seal_world() {
  static const SealWorld world(Alg::sm2_sm3);
  return world;
}

class LogScene {
 public:
  explicit LogScene(storage::Database& database) : database_(database), trust_(seal_world().trust()) {
    auto copy = value_of(crypto::FileSigner::create_from(seal_world().signer.made.key_pem.reveal(),
                                                         seal_world().signer.certificate(), {}));
    sealer_ = value_of(seal::Sealer::create_from(seal_world().seal_der, std::move(copy), trust_));
  }

  template <class T>
  T read(const std::function<Result<T>(storage::Transaction&)>& work) const {
    std::optional<T> value;
    require(database_.read([&](storage::Transaction& transaction) -> Result<void> {
      value = TRY(work(transaction));
      return ok();
    }));
    return std::move(*value);
  }
  void write(const std::function<Result<void>(storage::Transaction&)>& work) const { require(database_.write(work)); }

  /// Appends entries of a branch of history; another branch has other details.
  void append(int count, const std::string& branch = "main") {
    write([&](storage::Transaction& transaction) -> Result<void> {
      std::vector<audit::AuditEntry> entries;
      for (int i = 0; i < count; ++i) {
        entries.push_back(entry_number(i));
        entries.back().detail = Json{{"branch", branch}, {"number", i}};
      }
      (void)TRY(trail.append_all(transaction, entries));
      return ok();
    });
  }
  /// Seals what is there; false where nothing was added.
  bool seal_head() {
    std::string log;
    write([&](storage::Transaction& transaction) -> Result<void> {
      log = TRY(audit::ensure_log(transaction, clock.now()));
      return ok();
    });
    const auto next = read<std::optional<audit::NextHead>>(
        [&](storage::Transaction& transaction) { return audit::next_head(transaction, log, clock.now()); });
    if (!next) return false;
    const auto seal =
        value_of(sealer_->seal(seal::to_payload(next->head), seal::kTreeHeadMedia, "head", "", clock.now()));
    write([&](storage::Transaction& transaction) { return audit::store_head(transaction, *next, seal); });
    return true;
  }
  /// A token over the newest head by `authority`.
  void stamp(const Party& authority) {
    const auto head = newest();
    const auto octets = value_of(seal::signature_value(head.seal));
    const auto token =
        value_of(crypto::make_timestamp_token(crypto::make_timestamp_request(crypto::HashKind::sm3, octets),
                                              *authority.signer, {clock.now(), "\x01", "1.3.6.1.4.1.99999.2"}));
    write([&](storage::Transaction& transaction) {
      return audit::store_token(transaction,
                                {head.size, clock.now(), clock.now(), authority.certificate().not_after(), token});
    });
  }
  audit::StoredHead newest() const {
    return *read<std::optional<audit::StoredHead>>(
        [](storage::Transaction& transaction) { return audit::last_head(transaction); });
  }
  audit::LogReport verify(audit::LogCheckOptions options = {}) const {
    options.trust = trust_.get();
    options.authorities = &trust_->chains();
    options.now = kNow;
    return read<audit::LogReport>(
        [&](storage::Transaction& transaction) { return audit::verify_log(transaction, options); });
  }

  ManualClock clock{kSealed};
  audit::AuditTrail trail{clock};
  const seal::Sealer& sealer() const { return *sealer_; }
  const seal::Trust& trust() const { return *trust_; }
  storage::Database& database() const { return database_; }

 private:
  storage::Database& database_;
  std::shared_ptr<const seal::Trust> trust_;
  std::unique_ptr<seal::Sealer> sealer_;
};

}  // namespace zhida::test
