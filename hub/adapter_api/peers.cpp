#include "adapter_api/peers.h"

#include <algorithm>

#include "base/bytes.h"
#include "platform/config/yaml.h"

namespace zhida {
namespace {

using config::ConfigNode;

constexpr const char* kMalformed = "peers_malformed";

Error malformed(const Error& error) {
  return refuse(kMalformed, error.message);
}

template <class T>
Result<T> translated(Result<T> result) {
  if (!result) return malformed(result.error());
  return result;
}

bool is_fingerprint(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::set<std::string>> set_of(const ConfigNode& node, std::string_view key) {
  const auto list = TRY(translated(node.strings_or_empty(key)));
  return std::set<std::string>(list.begin(), list.end());
}

Result<Peer> read_peer(const ConfigNode& node) {
  CHECK_OK(translated(node.only_keys({"name", "certificates", "seals", "may_send", "may_receive", "may_come_from",
                                      "seal_forms", "seal_files", "note"})));
  Peer peer;
  peer.name = TRY(translated(node.string("name")));
  if (peer.name.empty()) return node.error(kMalformed, "A peer needs a name.");
  for (const auto& written : TRY(translated(node.strings_or_empty("certificates")))) {
    // As tools print them: colons between, upper case.
    std::string fingerprint;
    for (const char c : written) {
      if (c != ':' && c != ' ') fingerprint += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (!is_fingerprint(fingerprint)) {
      return node.error(kMalformed, "The certificate of " + peer.name +
                                        " is not named by 64 hexadecimal digits (SHA-256): " + written + ".");
    }
    peer.certificate_fingerprints.insert(std::move(fingerprint));
  }
  peer.seal_ids = TRY(set_of(node, "seals"));
  peer.may_send = TRY(set_of(node, "may_send"));
  peer.may_receive = TRY(set_of(node, "may_receive"));
  peer.may_come_from = TRY(translated(node.strings_or_empty("may_come_from")));
  for (const auto& form : TRY(translated(node.strings_or_empty("seal_forms")))) {
    if (form != "batch" && form != "compact") {
      return node.error(kMalformed, "`seal_forms` of " + peer.name + " are batch and compact, not " + form +
                                        "; the full form is always taken.");
    }
    (form == "batch" ? peer.takes_batch_seals : peer.takes_compact_seals) = true;
  }
  peer.seal_files = TRY(translated(node.strings_or_empty("seal_files")));
  return peer;
}

}  // namespace

PeerBook::PeerBook(std::vector<Peer> peers) : peers_(std::move(peers)) {
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    by_name_.emplace(peers_[i].name, i);
    for (const auto& fingerprint : peers_[i].certificate_fingerprints) by_certificate_.emplace(fingerprint, i);
  }
}

Result<PeerBook> PeerBook::parse(std::string_view yaml, const std::string& file_name) {
  const auto root = TRY(translated(config::parse_yaml(yaml, file_name)));
  if (root.is_null()) return PeerBook();
  CHECK_OK(translated(root.only_keys({"peers"})));
  const auto list = TRY(translated(root.require("peers")));
  if (list.is_null()) return PeerBook();
  CHECK_OK(translated(list.expect(config::NodeKind::list)));
  std::vector<Peer> peers;
  std::map<std::string, std::string> owner_of_certificate, owner_of_seal;
  std::set<std::string> names;
  for (const auto& node : list.items()) {
    auto peer = TRY(read_peer(node));
    if (!names.insert(peer.name).second)
      return node.error(kMalformed, "The peer " + peer.name + " stands there twice.");
    for (const auto& fingerprint : peer.certificate_fingerprints) {
      const auto [owner, fresh] = owner_of_certificate.emplace(fingerprint, peer.name);
      if (!fresh)
        return node.error(kMalformed, "The certificate " + fingerprint + " stands with " + owner->second + " already.");
    }
    for (const auto& seal : peer.seal_ids) {
      const auto [owner, fresh] = owner_of_seal.emplace(seal, peer.name);
      if (!fresh) return node.error(kMalformed, "The seal " + seal + " stands with " + owner->second + " already.");
    }
    peers.push_back(std::move(peer));
  }
  return PeerBook(std::move(peers));
}

Result<PeerBook> PeerBook::load(const std::string& path) {
  return parse(TRY(read_file(path, 1u << 20)), path);
}

const Peer* PeerBook::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &peers_[found->second];
}

std::optional<std::string> PeerBook::peer_of(std::string_view certificate_fingerprint) const {
  const auto found = by_certificate_.find(certificate_fingerprint);
  if (found == by_certificate_.end()) return std::nullopt;
  return peers_[found->second].name;
}

bool PeerBook::may_send(std::string_view peer, std::string_view address) const {
  const auto* found = find(peer);
  return found != nullptr && found->may_send.contains(std::string(address));
}

bool PeerBook::may_receive(std::string_view peer, std::string_view address) const {
  const auto* found = find(peer);
  return found != nullptr && found->may_receive.contains(std::string(address));
}

bool PeerBook::may_come_from(std::string_view peer, std::string_view ip) const {
  const auto* found = find(peer);
  return found != nullptr && (found->may_come_from.empty() || messaging::ip_in(ip, found->may_come_from));
}

bool PeerBook::owns_seal(std::string_view peer, std::string_view seal_id) const {
  const auto* found = find(peer);
  return found != nullptr && found->seal_ids.contains(std::string(seal_id));
}

messaging::PeerRules PeerBook::rules(std::shared_ptr<const PeerBook> book) {
  messaging::PeerRules rules;
  rules.peer_of = [book](const std::string& fingerprint) { return book->peer_of(fingerprint); };
  rules.may_send = [book](const std::string& peer, const std::string& address) {
    return book->may_send(peer, address);
  };
  rules.may_receive = [book](const std::string& peer, const std::string& address) {
    return book->may_receive(peer, address);
  };
  rules.may_come_from = [book](const std::string& peer, const std::string& ip) {
    return book->may_come_from(peer, ip);
  };
  return rules;
}

}  // namespace zhida
