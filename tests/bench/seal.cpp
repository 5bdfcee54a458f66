// What seals cost, beside raw OpenSSL in the same run.
//   bench_seal CERTS [rounds] [messages of a door round]
// Raw OpenSSL is as fast as one can honestly write it: SM3 fetched once, contexts and key operations set up once, Z
// hashed with the message, EVP_PKEY_sign over the ready e. All payloads have 1 KiB, and hashing them is included
// everywhere. Rounds alternate; medians. Each goal is `GOAL name value goal met|missed`; every rate over OpenSSL's is
// also told over our own raw SM2, which is several times faster: that shows what the seal itself costs.
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "bench/figures.h"
#include "platform/crypto/sm2_key.h"
#include "platform/crypto/sm3_many.h"
#include "platform/messaging/node.h"
#include "seal/sealer.h"
#include "seal/trust.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::messaging;

namespace {

constexpr std::size_t kPayloadBytes = 1'024;

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s: %s\n", result.error().code.c_str(), result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

void need(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "%s failed.\n", what);
  std::exit(1);
}

/// Processor time of this thread: who else is on the machine does not count, for nobody.
double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// `work` does `each` things; how many of them it does a second of processor time.
double rate(double seconds_min, std::size_t each, const std::function<void()>& work) {
  std::size_t done = 0;
  const double began = thread_seconds();
  double seconds = 0;
  while (seconds < seconds_min) {
    work();
    done += each;
    seconds = thread_seconds() - began;
  }
  return static_cast<double>(done) / seconds;
}

/// OpenSSL alone.
class Raw {
 public:
  explicit Raw(const std::string& key_file) : sm3_(EVP_MD_fetch(nullptr, "SM3", nullptr)), hash_(EVP_MD_CTX_new()) {
    std::FILE* const file = std::fopen(key_file.c_str(), "r");
    need(file != nullptr, "Opening the key");
    key_ = PEM_read_PrivateKey(file, nullptr, nullptr, nullptr);
    std::fclose(file);
    need(key_ != nullptr && EVP_PKEY_is_a(key_, "SM2"), "Reading the key");
    signs_ = EVP_PKEY_CTX_new_from_pkey(nullptr, key_, nullptr);
    verifies_ = EVP_PKEY_CTX_new_from_pkey(nullptr, key_, nullptr);
    need(EVP_PKEY_sign_init(signs_) == 1 && EVP_PKEY_verify_init(verifies_) == 1, "Setting up SM2");
    std::size_t size = 0;
    std::array<unsigned char, 65> point{};
    need(EVP_PKEY_get_octet_string_param(key_, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size) == 1,
         "Reading the public key");
    public_key_ = crypto::Sm2PublicKey::from_point(ByteView(reinterpret_cast<const char*>(point.data()), size));
    need(public_key_.has_value(), "Reading the public point");
    z_ = public_key_->z();
    BIGNUM* secret = nullptr;
    need(EVP_PKEY_get_bn_param(key_, OSSL_PKEY_PARAM_PRIV_KEY, &secret) == 1, "Reading the private key");
    std::array<unsigned char, 32> d{};
    BN_bn2binpad(secret, d.data(), 32);
    BN_clear_free(secret);
    private_key_ = crypto::Sm2PrivateKey::from_octets(ByteView(reinterpret_cast<const char*>(d.data()), 32));
    need(private_key_.has_value(), "Taking the private key");
  }
  ~Raw() {
    EVP_PKEY_CTX_free(signs_);
    EVP_PKEY_CTX_free(verifies_);
    EVP_PKEY_free(key_);
    EVP_MD_CTX_free(hash_);
    EVP_MD_free(sm3_);
  }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  std::array<unsigned char, 32> hash(ByteView first, ByteView second = {}) {
    std::array<unsigned char, 32> e{};
    EVP_DigestInit_ex2(hash_, sm3_, nullptr);
    EVP_DigestUpdate(hash_, first.data(), first.size());
    if (!second.empty()) EVP_DigestUpdate(hash_, second.data(), second.size());
    EVP_DigestFinal_ex(hash_, e.data(), nullptr);
    return e;
  }
  std::vector<unsigned char> sign(ByteView payload) {
    const auto e = hash(z_, payload);
    std::vector<unsigned char> signature(80);
    std::size_t size = signature.size();
    need(EVP_PKEY_sign(signs_, signature.data(), &size, e.data(), e.size()) == 1, "Signing");
    signature.resize(size);
    return signature;
  }
  bool verify(ByteView payload, const std::vector<unsigned char>& signature) {
    const auto e = hash(z_, payload);
    return EVP_PKEY_verify(verifies_, signature.data(), signature.size(), e.data(), e.size()) == 1;
  }
  const crypto::Sm2PrivateKey& ours() const { return *private_key_; }

 private:
  EVP_MD* const sm3_;
  EVP_MD_CTX* const hash_;
  EVP_PKEY* key_ = nullptr;
  EVP_PKEY_CTX *signs_ = nullptr, *verifies_ = nullptr;
  std::optional<crypto::Sm2PublicKey> public_key_;
  std::optional<crypto::Sm2PrivateKey> private_key_;
  Bytes z_;
};

/// Named series of one figure a round.
class Figures {
 public:
  void add(const std::string& name, double value) {
    if (!series_.contains(name)) order_.push_back(name);
    series_[name].push_back(value);
  }
  double of(const std::string& name) const { return bench::median(series_.at(name)); }
  void print(const std::vector<std::string>& names, const char* unit) const {
    for (const auto& name : names) std::printf("median: %-44s %12.0f %s\n", name.c_str(), of(name), unit);
  }
  const std::vector<std::string>& names() const { return order_; }

 private:
  std::map<std::string, std::vector<double>> series_;
  std::vector<std::string> order_;
};

struct Seals {
  std::shared_ptr<const seal::Trust> trust;
  std::unique_ptr<seal::Sealer> credit;
  std::unique_ptr<seal::SealVerifier> verifier;
};

Seals load_seals(const std::string& certs) {
  seal::TrustFiles files;
  files.roots = {certs + "/seal/ca.crt"};
  files.revocation_lists = {certs + "/seal/ca.crl"};
  Seals seals;
  seals.trust = must(seal::Trust::load(files));
  seals.credit = must(seal::Sealer::create(
      {certs + "/seal/credit.esl", certs + "/seal/credit.key", certs + "/seal/credit.crt", {}}, seals.trust));
  seals.verifier = std::make_unique<seal::SealVerifier>(
      seals.trust, seal::SealVerifier::PeerSeals{{"credit", {seals.credit->es_id()}}});
  return seals;
}

std::vector<Bytes> payloads(std::size_t count) {
  std::vector<Bytes> all;
  for (std::size_t i = 0; i < count; ++i) {
    Bytes payload = "payload " + std::to_string(i);
    payload.resize(kPayloadBytes, 'x');
    all.push_back(std::move(payload));
  }
  return all;
}

void measure_seals(const std::string& certs, int rounds, Figures& figures) {
  const Seals seals = load_seals(certs);
  Raw raw(certs + "/seal/credit.key");
  const SystemClock clock;
  const auto bodies = payloads(512);
  std::vector<seal::ToSeal> messages;
  for (std::size_t i = 0; i < bodies.size(); ++i)
    messages.push_back({bodies[i], {"application/octet-stream", "m" + std::to_string(i), ""}});
  const ByteView body = bodies.front();
  const auto& own = raw.ours();
  const auto own_digest = own.public_key().digest(body);
  const auto own_e = ByteView(reinterpret_cast<const char*>(own_digest.data()), own_digest.size());
  const auto own_signature = must(own.sign_e(own_e));
  const auto raw_signature = raw.sign(body);
  const Bytes ses = must(seals.credit->seal(body, "application/octet-stream", "m", "", clock.now()));
  const auto verify = [&](seal::Form form, ByteView carried, ByteView payload) {
    seal::Evidence evidence;
    const auto report = seals.verifier->verify_from("credit", form, carried, payload, clock.now(), evidence);
    need(report.passed(), report.detail.c_str());
  };
  for (int round = 0; round <= rounds; ++round) {  // The first warms up and does not count.
    const double seconds = round == 0 ? 0.1 : 0.4;
    const auto add = [&](const char* name, std::size_t each, const std::function<void()>& work) {
      const double value = rate(seconds, each, work);
      if (round > 0) figures.add(name, value);
    };
    add("OpenSSL: SM3 of 1 KiB", 1, [&] { (void)raw.hash(body); });
    add("ours: SM3 of 1 KiB, one by one", 1, [&] { (void)crypto::sm3(body); });
    add("ours: SM3 of 1 KiB, 64 side by side", 64, [&] {
      std::vector<ByteView> some;
      for (std::size_t i = 0; i < 64; ++i) some.emplace_back(bodies[i]);
      (void)crypto::sm3_many(some);
    });
    add("OpenSSL: SM2 signatures", 1, [&] { (void)raw.sign(body); });
    add("ours: SM2 signatures", 1, [&] {
      const auto e = own.public_key().digest(body);
      (void)must(own.sign_e(ByteView(reinterpret_cast<const char*>(e.data()), e.size())));
    });
    add("plain seals", 1,
        [&] { (void)must(seals.credit->seal(body, "application/octet-stream", "m", "", clock.now())); });
    for (const std::size_t size : {std::size_t{64}, std::size_t{512}}) {
      const std::string name = "messages sealed in batches of " + std::to_string(size);
      add(name.c_str(), size,
          [&] { (void)must(seals.credit->seal_batch(std::span(messages).first(size), clock.now())); });
    }
    add("the same, with what travels", 512, [&] {
      for (const auto& evidence : must(seals.credit->seal_batch(messages, clock.now())))
        (void)seal::pack(evidence, true);
    });
    add("OpenSSL: SM2 verifications", 1, [&] { need(raw.verify(body, raw_signature), "Verifying"); });
    add("ours: SM2 verifications", 1, [&] {
      const auto e = own.public_key().digest(body);
      need(own.public_key().verify_e(ByteView(reinterpret_cast<const char*>(e.data()), e.size()), own_signature),
           "Verifying");
    });
    add("plain seals verified", 1, [&] { verify(seal::Form::full, ses, body); });
    const auto evidences = must(seals.credit->seal_batch(messages, clock.now()));
    std::vector<seal::Carriage> carried;
    for (const auto& evidence : evidences) carried.push_back(seal::pack(evidence, true));
    add("members of a batch of 512 verified", 512, [&] {
      for (std::size_t i = 0; i < carried.size(); ++i) verify(carried[i].form, carried[i].octets, bodies[i]);
    });
  }
}

struct DoorProcess {
  test::TempFolder folder;
  pid_t pid = -1;
  std::uint16_t port = 0;
  DoorProcess(const std::string& form, const std::string& certs) {
    const std::string database = folder.file("hub.db"), port_file = folder.file("port");
    pid = ::fork();
    if (pid == 0) {
      ::close_range(3, ~0u, 0);
      ::execl(ZHIDA_BENCH_SEAL_DOOR, ZHIDA_BENCH_SEAL_DOOR, database.c_str(), port_file.c_str(), form.c_str(),
              certs.c_str(), nullptr);
      ::_exit(127);
    }
    for (int i = 0; i < 5'000 && port == 0; ++i) {
      if (const auto written = read_file(port_file)) port = static_cast<std::uint16_t>(std::stoi(written.value()));
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    need(port != 0, "Starting the door");
  }
  ~DoorProcess() {
    ::kill(pid, SIGTERM);
    ::waitpid(pid, nullptr, 0);
  }
};

/// Messages of one round; sealed in batches where there is a sealer.
std::vector<Bytes> make_messages(const std::string& run, std::size_t count, const seal::Sealer* sealer, bool compact) {
  constexpr std::size_t kBatch = 64;  // As many as the hub's own requests that share a commit.
  std::vector<Envelope> envelopes(count);
  for (std::size_t i = 0; i < count; ++i) {
    envelopes[i].message_id = run + std::to_string(i);
    envelopes[i].body = envelopes[i].message_id;
    envelopes[i].body.resize(kPayloadBytes, 'x');
  }
  for (std::size_t from = 0; sealer != nullptr && from < count; from += kBatch) {
    const auto some = std::span(envelopes).subspan(from, std::min(kBatch, count - from));
    std::vector<seal::ToSeal> messages;
    for (const auto& envelope : some) messages.push_back({envelope.body, {"text/plain", envelope.message_id, ""}});
    const auto evidences = must(sealer->seal_batch(messages, SystemClock().now()));
    for (std::size_t i = 0; i < some.size(); ++i) {
      const auto carriage = seal::pack(evidences[i], compact);
      some[i].seal = carriage.octets;
      some[i].properties["seal-form"] = seal::name_of(carriage.form);
    }
  }
  std::vector<Bytes> messages;
  for (const auto& envelope : envelopes) messages.push_back(encode(envelope));
  return messages;
}

/// Sends the messages, waits for every accept and every answer.
void drive(std::uint16_t port, const std::vector<Bytes>& messages) {
  const int count = static_cast<int>(messages.size());
  auto node = must(Node::create({}));
  std::atomic<int> accepted{0}, answered{0};
  const auto incoming = node->on_incoming([&](Incoming message) {
    ++answered;
    const Settlement settlement{message.token, {}};
    node->settle({&settlement, 1});
  });
  DialOptions dial;
  dial.name = "server";
  dial.host = "127.0.0.1";
  dial.port = port;
  dial.security = Plain{};
  dial.send_to = {"in"};
  dial.receive_from = {"out"};
  must(node->dial(dial));
  std::mutex mutex;
  std::condition_variable ready;
  bool may = false;
  const auto on_ready = node->on_ready([&](const std::string&) {
    const std::lock_guard lock(mutex);
    may = true;
    ready.notify_one();
  });
  while (!node->has_receiver("in")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (int i = 0; i < count;) {
    if (node->send("in", "", messages[static_cast<std::size_t>(i)], i, [&](SendToken, const Outcome& outcome) {
          accepted += outcome.kind == OutcomeKind::accepted;
        }) == SendResult::taken) {
      ++i;
      continue;
    }
    std::unique_lock lock(mutex);
    ready.wait_for(lock, std::chrono::milliseconds(20), [&] { return may; });
    may = false;
  }
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while ((accepted < count || answered < count) && std::chrono::steady_clock::now() < patience)
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  // The last marks of the outbox belong to the round too.
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  node->shutdown();
  need(accepted == count && answered == count, "Every message accepted and answered");
}

void measure_doors(const std::string& certs, int rounds, std::size_t count, Figures& figures) {
  const Seals seals = load_seals(certs);
  const std::vector<std::string> forms = {"none", "batch", "compact"};
  std::map<std::string, std::unique_ptr<DoorProcess>> doors;
  for (const auto& form : forms) doors[form] = std::make_unique<DoorProcess>(form, certs);
  for (int round = 0; round <= rounds; ++round) {
    for (const auto& form : forms) {
      const auto& door = *doors[form];
      const auto messages = make_messages("r" + std::to_string(round) + "-", count,
                                          form == "none" ? nullptr : seals.credit.get(), form == "compact");
      const double before = bench::cpu_of(door.pid);
      drive(door.port, messages);
      const double micros = (bench::cpu_of(door.pid) - before) * 1e6 / static_cast<double>(count);
      if (round > 0) figures.add("door, " + form, micros);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Log::set_level(LogLevel::error);
  if (argc < 2) return 2;
  const std::string certs = argv[1];
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  const std::size_t count = argc > 3 ? static_cast<std::size_t>(std::atoi(argv[3])) : 10'000;
  Figures rates, doors;
  measure_seals(certs, rounds, rates);
  std::printf("a second of one thread's processor time, payloads of 1 KiB, hashing included; SM3 side by side: %s\n",
              std::string(crypto::sm3_many_kind()).c_str());
  rates.print(rates.names(), "/s");
  measure_doors(certs, rounds, count, doors);
  std::printf("a message in and its answer out, processor time of the door (batches of 64 come in)\n");
  doors.print(doors.names(), "us");

  const double sign = rates.of("OpenSSL: SM2 signatures"), verify = rates.of("OpenSSL: SM2 verifications");
  const double own_sign = rates.of("ours: SM2 signatures"), own_verify = rates.of("ours: SM2 verifications");
  const auto against = [&](const char* name, const char* figure, double openssl, double own, double wanted) {
    const double value = rates.of(figure);
    std::printf("%s: %.2f of OpenSSL's raw rate, %.2f of our own raw rate\n", figure, value / openssl, value / own);
    bench::goal(name, value / openssl, wanted, value / openssl >= wanted);
  };
  std::printf("ours over OpenSSL's: SM2 signing %.2f, verifying %.2f; SM3 one by one %.2f, side by side %.2f\n",
              own_sign / sign, own_verify / verify,
              rates.of("ours: SM3 of 1 KiB, one by one") / rates.of("OpenSSL: SM3 of 1 KiB"),
              rates.of("ours: SM3 of 1 KiB, 64 side by side") / rates.of("OpenSSL: SM3 of 1 KiB"));
  against("plain_seal_over_raw_sign", "plain seals", sign, own_sign, 0.8);
  against("cached_verify_over_raw_verify", "plain seals verified", verify, own_verify, 0.8);
  against("batch_of_64_over_raw_sign", "messages sealed in batches of 64", sign, own_sign, 30);
  against("batch_of_512_over_raw_sign", "messages sealed in batches of 512", sign, own_sign, 55);
  std::printf("with what travels (compact seal, proof): %.2f of OpenSSL's raw signing rate\n",
              rates.of("the same, with what travels") / sign);
  std::printf("members of a batch verified: %.2f of OpenSSL's raw verifying rate\n",
              rates.of("members of a batch of 512 verified") / verify);
  const double open = doors.of("door, none");
  for (const char* form : {"batch", "compact"}) {
    const double ratio = doors.of("door, " + std::string(form)) / open;
    bench::goal(
        form == std::string("batch") ? "sealed_door_cpu_over_open_door" : "sealed_door_cpu_compact_over_open_door",
        ratio, 3, ratio <= 3);
  }
  return 0;
}
