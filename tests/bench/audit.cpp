// bench_audit [RECORDS]: verifying a whole log beside what OpenSSL's SM3 and SM2 alone would take for it. One thread
// each.
#include <chrono>
#include <iostream>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "audit/audit_record.h"
#include "audit/head_store.h"
#include "audit/verify_log.h"
#include "platform/crypto/digest.h"
#include "seal/sealer.h"
#include "support/scratch_database.h"
#include "unit/seal/seal_world.h"

using namespace zhida;
using namespace zhida::test;

namespace {

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// OpenSSL as it is used best: fetched once, one context.
class Raw {
 public:
  Raw() : sm3_(EVP_MD_fetch(nullptr, "SM3", nullptr)), context_(EVP_MD_CTX_new()) {}
  ~Raw() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(sm3_);
  }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  void sm3(ByteView data) {
    unsigned size = 0;
    EVP_DigestInit_ex2(context_, sm3_, nullptr);
    EVP_DigestUpdate(context_, data.data(), data.size());
    EVP_DigestFinal_ex(context_, out_, &size);
  }
  /// Seconds of one SM2 verification, id and all.
  static double sm2_verify_seconds() {
    EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "SM2");
    const std::string message(700, 'm'), id = "1234567812345678";
    unsigned char signature[128];
    std::size_t size = sizeof signature;
    EVP_PKEY_CTX* identity = EVP_PKEY_CTX_new(key, nullptr);
    EVP_PKEY_CTX_set1_id(identity, id.data(), static_cast<int>(id.size()));
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_MD_CTX_set_pkey_ctx(context, identity);
    EVP_DigestSignInit(context, nullptr, EVP_sm3(), nullptr, key);
    const auto octets = [](const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); };
    EVP_DigestSign(context, signature, &size, octets(message), message.size());
    constexpr int kTimes = 300;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kTimes; ++i) {
      EVP_DigestVerifyInit(context, nullptr, EVP_sm3(), nullptr, key);
      if (EVP_DigestVerify(context, signature, size, octets(message), message.size()) != 1)
        throw std::runtime_error("OpenSSL does not believe its own signature.");
    }
    const double one = seconds_since(begin) / kTimes;
    EVP_MD_CTX_free(context);
    EVP_PKEY_CTX_free(identity);
    EVP_PKEY_free(key);
    return one;
  }

 private:
  EVP_MD* sm3_;
  EVP_MD_CTX* context_;
  unsigned char out_[64];
};

audit::AuditEntry entry(std::int64_t number) {
  audit::AuditEntry entry;
  entry.kind = "profile_changed";
  entry.actor = "source:tax";
  entry.subject_type = "enterprise";
  entry.subject_id = "91330502MA2B4D5E6F";
  entry.uscc = "91330502MA2B4D5E6F";
  entry.division = "330502";
  entry.trace_id = "0af7651916cd43dd8448eb211c80319c";
  entry.detail = {{"batch", "01JBQ" + std::to_string(number)},
                  {"fields", {"tax.credit_grade", "tax.arrears"}},
                  {"sequence", number}};
  entry.payload_digest = "sm3:" + std::string(64, 'a');
  return entry;
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t records = argc > 1 ? std::stoll(argv[1]) : 1'000'000;
  constexpr std::int64_t kPerHead = 1'000;
  const SealWorld world(Alg::sm2_sm3);
  const auto trust = world.trust();
  auto signer =
      value_of(crypto::FileSigner::create_from(world.signer.made.key_pem.reveal(), world.signer.certificate(), {}));
  const auto sealer = value_of(seal::Sealer::create_from(world.seal_der, std::move(signer), trust));
  ScratchDatabase database;
  database.migrated();
  const ManualClock clock(kSealed);
  const audit::AuditTrail trail(clock);
  std::string log;
  auto begin = std::chrono::steady_clock::now();
  for (std::int64_t done = 0; done < records; done += kPerHead) {
    value_of(database->write([&](storage::Transaction& transaction) -> Result<void> {
      std::vector<audit::AuditEntry> entries;
      for (std::int64_t i = 0; i < kPerHead; ++i) entries.push_back(entry(done + i));
      (void)TRY(trail.append_all(transaction, entries));
      log = TRY(audit::ensure_log(transaction, clock.now()));
      const auto next = TRY(audit::next_head(transaction, log, clock.now()));
      const auto seal = TRY(sealer->seal(seal::to_payload(next->head), seal::kTreeHeadMedia, "head", "", clock.now()));
      return audit::store_head(transaction, *next, seal);
    }));
  }
  std::cout << records << " records with " << records / kPerHead << " sealed heads written in " << seconds_since(begin)
            << " s\n";

  // What hashing and checking alone cost: each record's own hash and its leaf, a node a leaf, a signature a head.
  Raw raw;
  double raw_seconds = Raw::sm2_verify_seconds() * static_cast<double>(records / kPerHead);
  const std::string node(65, 'n');
  for (std::int64_t after = 0; after < records; after += 10'000) {
    std::vector<std::string> texts;
    value_of(database->read([&](storage::Transaction& transaction) -> Result<void> {
      for (const auto& record : TRY(audit::read_records(transaction, {.after_seq = after, .limit = 10'000})))
        texts.push_back(std::string(1, '\0') + TRY(audit::canonical_record(record)));
      return ok();
    }));
    begin = std::chrono::steady_clock::now();
    for (const auto& text : texts) {
      raw.sm3(ByteView(text).substr(1));
      raw.sm3(text);
      raw.sm3(node);
    }
    raw_seconds += seconds_since(begin);
  }

  begin = std::chrono::steady_clock::now();
  audit::LogReport report;
  value_of(database->read([&](storage::Transaction& transaction) -> Result<void> {
    report = TRY(audit::verify_log(transaction, {.trust = trust.get(), .now = kNow}));
    return ok();
  }));
  const double verify_seconds = seconds_since(begin);
  if (!report.holds() || report.sealed_records != records) {
    std::cerr << "The log does not hold: " << report.detail << "\n";
    return 1;
  }
  const double share = raw_seconds / verify_seconds;
  std::cout << "raw SM3 and SM2 of OpenSSL, one thread: " << raw_seconds
            << " s; the whole verification, one thread: " << verify_seconds << " s\nGOAL audit_verify_of_raw " << share
            << " 0.5 " << (share >= 0.5 ? "met" : "missed") << "\n";
  return 0;
}
