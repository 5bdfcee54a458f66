#include "flow/trust_keeper.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "platform/crypto/certificate.h"

namespace zhida::flow {
namespace {

namespace fs = std::filesystem;

seal::SealVerifier::PeerSeals seals_of(const PeerBook& peers) {
  seal::SealVerifier::PeerSeals seals;
  for (const auto& peer : peers.all()) seals[peer.name] = {peer.seal_ids.begin(), peer.seal_ids.end()};
  return seals;
}

/// A peer's own seals and certificates: with them its compact proofs can be read.
Result<void> keep_seal_files(const PeerBook& peers, seal::SealStore& store) {
  constexpr std::size_t kBytesMax = 1u << 20;
  for (const auto& peer : peers.all()) {
    for (const auto& path : peer.seal_files) {
      const Bytes content = TRY(read_file(path, kBytesMax));
      if (store.keep_seal(content)) continue;
      const auto certificate = crypto::Certificate::parse(content);
      if (!certificate) {
        return refuse("peers_malformed",
                      "seal_files of " + peer.name + ": " + path + " is neither a seal nor a certificate.");
      }
      store.keep_certificate(certificate.value().der());
    }
  }
  return ok();
}

/// Refused like any seal that cannot be read.
seal::Report unknown_form(const std::string& form) {
  seal::Report report;
  report.code = seal::Code::format;
  report.step = "carriage";
  report.detail = "The message names the seal form \"" + form + "\", which is not known here.";
  report.findings.push_back({report.code, report.step, report.detail});
  return report;
}

/// What tells a file from an older one of its name without reading it; also that it is not there.
void describe(const std::string& path, std::string& text) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    text += path + " -\n";
    return;
  }
  const auto nanos = [](const struct timespec& time) {
    return std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec);
  };
  text += path + " " + std::to_string(info.st_ino) + " " + std::to_string(info.st_size) + " " + nanos(info.st_mtim) +
          " " + nanos(info.st_ctim) + "\n";
  if (!S_ISDIR(info.st_mode)) return;
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().string());
  std::sort(names.begin(), names.end());
  for (const auto& name : names) describe(name, text);
}

}  // namespace

struct TrustKeeper::Snapshot {
  Snapshot(PeerBook book, std::shared_ptr<const seal::Trust> trusted, std::shared_ptr<seal::SealStore> store)
      : peers(std::move(book)),
        trust(trusted),
        verifier(std::move(trusted), seals_of(peers), false, std::move(store)) {}
  const PeerBook peers;
  const std::shared_ptr<const seal::Trust> trust;
  const seal::SealVerifier verifier;
};

/// Outlives the keeper in the hands of a node's rules.
struct TrustKeeper::Cell {
  explicit Cell(std::set<std::string> names) : brokers(std::move(names)) {}

  std::shared_ptr<const Snapshot> now() const {
    const Lock lock(mutex);
    return snapshot;
  }
  /// The peers who may send to an address; a broker sends nothing of its own, whatever peers.yaml says of it.
  std::vector<std::string> senders(const Snapshot& snapshot_now, const std::string& address) const {
    std::vector<std::string> names;
    for (const auto& peer : snapshot_now.peers.all())
      if (!brokers.contains(peer.name) && peer.may_send.contains(address)) names.push_back(peer.name);
    return names;
  }

  const std::set<std::string> brokers;
  const std::shared_ptr<seal::SealStore> store = std::make_shared<seal::SealStore>();  // With every snapshot.
  mutable Mutex mutex;
  std::shared_ptr<const Snapshot> snapshot GUARDED_BY(mutex);
  State state GUARDED_BY(mutex);
};

TrustKeeper::TrustKeeper(Files files, std::set<std::string> brokers, const Clock& clock,
                         std::chrono::milliseconds look_every)
    : files_(std::move(files)),
      clock_(clock),
      cell_(std::make_shared<Cell>(std::move(brokers))),
      worker_("trust", clock, look_every, [this] { return look(); }) {}

TrustKeeper::~TrustKeeper() {
  stop();
}

Result<std::unique_ptr<TrustKeeper>> TrustKeeper::create(Files files, std::set<std::string> brokers, const Clock& clock,
                                                         std::chrono::milliseconds look_every) {
  std::unique_ptr<TrustKeeper> keeper(new TrustKeeper(std::move(files), std::move(brokers), clock, look_every));
  const Lock lock(keeper->reading_);
  CHECK_OK(keeper->read());
  return keeper;
}

void TrustKeeper::on_change(std::function<void(const std::shared_ptr<const seal::Trust>&)> changed) {
  const Lock lock(reading_);
  changed_ = std::move(changed);
}

void TrustKeeper::start() {
  worker_.start();
}

void TrustKeeper::stop() {
  worker_.stop();
}

std::string TrustKeeper::looks_like() const {
  std::string text;
  describe(files_.peers_file, text);
  for (const auto* paths :
       {&files_.trust.roots, &files_.trust.intermediates, &files_.trust.revocation_lists, &files_.trust.time_roots})
    for (const auto& path : *paths) describe(path, text);
  if (!files_.trust.seal_status_list.empty()) {
    describe(files_.trust.seal_status_list, text);
    describe(files_.trust.seal_status_list + ".ses", text);
  }
  if (const auto snapshot = cell_->now()) {
    for (const auto& peer : snapshot->peers.all())
      for (const auto& path : peer.seal_files) describe(path, text);
  }
  return text;
}

Result<void> TrustKeeper::read() {
  seen_ = looks_like();  // Before reading: what is written meanwhile is read by the next look.
  const auto made = [&]() -> Result<std::shared_ptr<const Snapshot>> {
    auto peers = TRY(PeerBook::load(files_.peers_file));
    const auto before = cell_->now();  // An older list of seals is not taken for the newest.
    auto trust = TRY(seal::Trust::load(files_.trust, before ? before->trust.get() : nullptr));
    CHECK_OK(keep_seal_files(peers, *cell_->store));
    return std::make_shared<const Snapshot>(std::move(peers), std::move(trust), cell_->store);
  }();
  const Lock lock(cell_->mutex);
  auto& state = cell_->state;
  if (!made) {
    ++state.failures;
    state.last_error = made.error().message;
    return made.error();
  }
  if (cell_->snapshot) ++state.reloads;
  cell_->snapshot = made.value();
  state.last_error.clear();
  state.read_at = clock_.now();
  state.peers = made.value()->peers.all().size();
  return ok();
}

Result<void> TrustKeeper::reload() {
  const Lock lock(reading_);
  const auto done = read();
  if (!done) {
    log_.error(
        "Peers and trust could not be read; what was read before goes on.",
        {{"code", done.error().code}, {"error", done.error().message}, {"read_at", to_rfc3339(state().read_at)}});
    return done;
  }
  log_.info("Peers and trust were read anew.", {{"peers", std::to_string(state().peers)}});
  if (changed_) changed_(cell_->now()->trust);
  return done;
}

Result<bool> TrustKeeper::look() {
  {
    const Lock lock(reading_);
    if (looks_like() == seen_) return false;
  }
  (void)reload();  // Said and kept already; the same files are not read again until they change.
  return false;
}

TrustKeeper::Checked TrustKeeper::verify(const messaging::DoorMessage& message, Instant now) const {
  const auto snapshot = cell_->now();
  const auto& envelope = message.envelope;
  const auto named = envelope.properties.find("seal-form");
  const auto form = seal::form_of(named == envelope.properties.end() ? std::string() : named->second);
  const auto check = [&](const std::string& peer) {
    if (!form) return Checked{unknown_form(named->second), peer, {}, {}};
    seal::Evidence evidence;
    Checked checked{
        snapshot->verifier.verify_from(peer, *form, envelope.seal, envelope.body, now, evidence), peer, {}, {}};
    if (!checked.report.passed()) return checked;
    checked.seal = std::move(evidence.ses);
    if (evidence.proof) checked.seal_proof = seal::write_proof_json(*evidence.proof);
    return checked;
  };
  if (!cell_->brokers.contains(message.peer)) return check(message.peer);
  const auto senders = cell_->senders(*snapshot, message.address);
  if (senders.empty()) {
    // A name that no peer can have: whatever seal it is, nobody may send here.
    auto checked = check("");
    checked.peer = message.peer;
    return checked;
  }
  auto checked = check(senders.front());
  for (std::size_t i = 1; i < senders.size() && checked.report.code == seal::Code::seal_of_another_peer; ++i)
    checked = check(senders[i]);
  return checked;
}

std::function<std::string(const std::string&, const std::string&)> TrustKeeper::sender_of() const {
  return [cell = cell_](const std::string& peer, const std::string& address) {
    if (!cell->brokers.contains(peer)) return peer;
    const auto senders = cell->senders(*cell->now(), address);
    return senders.size() == 1 ? senders.front() : peer;
  };
}

TrustKeeper::SealForms TrustKeeper::forms_for(const std::string& address) const {
  const auto snapshot = cell_->now();
  bool anybody = false;
  SealForms forms{true, true};
  for (const auto& peer : snapshot->peers.all()) {
    if (cell_->brokers.contains(peer.name) || !peer.may_receive.contains(address)) continue;
    anybody = true;
    forms.batch = forms.batch && peer.takes_batch_seals;
    forms.compact = forms.compact && peer.takes_compact_seals;
  }
  return anybody ? forms : SealForms{};
}

std::set<std::string> TrustKeeper::outgoing_addresses() const {
  std::set<std::string> addresses;
  for (const auto& peer : cell_->now()->peers.all()) addresses.insert(peer.may_receive.begin(), peer.may_receive.end());
  return addresses;
}

messaging::PeerRules TrustKeeper::rules() const {
  messaging::PeerRules rules;
  rules.peer_of = [cell = cell_](const std::string& fingerprint) { return cell->now()->peers.peer_of(fingerprint); };
  rules.may_send = [cell = cell_](const std::string& peer, const std::string& address) {
    return cell->now()->peers.may_send(peer, address);
  };
  rules.may_receive = [cell = cell_](const std::string& peer, const std::string& address) {
    return cell->now()->peers.may_receive(peer, address);
  };
  rules.may_come_from = [cell = cell_](const std::string& peer, const std::string& ip) {
    return cell->now()->peers.may_come_from(peer, ip);
  };
  return rules;
}

std::shared_ptr<const seal::Trust> TrustKeeper::trust() const {
  return cell_->now()->trust;
}

TrustKeeper::State TrustKeeper::state() const {
  const Lock lock(cell_->mutex);
  return cell_->state;
}

Json TrustKeeper::to_json() const {
  const State now = state();
  return {{"read_at", to_rfc3339(now.read_at)},
          {"peers", now.peers},
          {"reloads", now.reloads},
          {"failures", now.failures},
          {"error", now.last_error.empty() ? Json(nullptr) : Json(now.last_error)}};
}

}  // namespace zhida::flow
