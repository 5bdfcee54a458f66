#include "flow/hub_settings.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

namespace zhida::flow {
namespace {

messaging::TlsFiles files_of(const TlsSettings& tls) {
  return {tls.certificate->path, tls.key->path, tls.authority->path, *tls.passphrase};
}

crypto::KeySource key_of(const SealSettings& seal) {
  if (*seal.key_holder == "hub") return crypto::KeyFile{seal.key->path, *seal.passphrase};
  if (*seal.key_holder == "token") {
    return crypto::Pkcs11Options{seal.token_module->path, *seal.token_label, *seal.token_key, *seal.passphrase};
  }
  crypto::KeyAgentOptions agent;
  if (*seal.key_holder == "socket") {
    agent.socket = seal.key_socket->path;
  } else {
    agent.program = crypto::key_agent_program();
    agent.key_file = seal.key->path;
    agent.passphrase = *seal.passphrase;
  }
  return agent;
}

std::vector<std::string> given(const Path& path) {
  return path.path.empty() ? std::vector<std::string>{} : std::vector{path.path};
}

/// Whose time-stamps inside seals count; empty: those of the seals' own authorities.
std::vector<std::string> time_roots_of(const SealSettings& seal, const TimeAuthoritySettings& tsa) {
  auto paths = given(*seal.time_roots);
  const auto ours = given(*tsa.roots);
  if (paths.empty() && !ours.empty()) paths = given(*seal.roots);
  paths.insert(paths.end(), ours.begin(), ours.end());
  return paths;
}

}  // namespace

std::vector<std::string> HubSettings::contradictions() const {
  std::vector<std::string> sentences;
  if (*clock == "external" && clock_file->path.empty()) sentences.emplace_back("An external clock needs `clock_file`.");
  std::set<std::pair<std::string, std::string>> holders;
  std::set<std::string> seals_of_departments;
  for (const auto& office : *offices) {
    if (office->person->empty()) seals_of_departments.insert(*office->seal);
    if (!holders.emplace(*office->department, *office->person).second)
      sentences.push_back("`offices` names " + (office->person->empty() ? "" : *office->person + " of ") +
                          *office->department + " twice.");
  }
  for (const auto& office : *offices)
    if (!office->person->empty() && seals_of_departments.contains(*office->seal))
      sentences.push_back("`offices[]`: " + *office->seal + " cannot be both a department's seal and that of " +
                          *office->person + ".");
  if (city->size() != 6) sentences.emplace_back("`city` must have six digits, such as 330500.");
  return sentences;
}

std::vector<std::string> SealSettings::contradictions() const {
  if (!status_list_seals->empty() && status_list->path.empty())
    return {"`seal.status_list_seals` says whose list counts, but no `seal.status_list` is given."};
  const std::string& holder = *key_holder;
  if ((holder == "process" || holder == "hub") && key->path.empty()) {
    return {"`seal.key` is needed where `seal.key_holder` is " + holder + "."};
  }
  if (holder == "socket" && key_socket->path.empty()) return {"`seal.key_holder: socket` needs `seal.key_socket`."};
  if (holder == "token" && (token_module->path.empty() || token_label->empty() || token_key->empty())) {
    return {"`seal.key_holder: token` needs `token_module`, `token_label` and `token_key`."};
  }
  return {};
}

std::vector<std::string> OfficeSealSettings::contradictions() const {
  std::vector<std::string> sentences;
  const std::string whose = "`offices[]` of " + *department + (person->empty() ? "" : " (" + *person + ")");
  if (url->scheme != "https" && !url->text.empty())
    sentences.push_back(whose + ": `url` must begin with https://, since the holder's authorisation goes there.");
  if (authorisation->reveal().empty()) sentences.push_back(whose + ": `authorisation` is empty.");
  if (authorisation->reveal().find_first_of("\r\n") != std::string::npos)
    sentences.push_back(whose + ": `authorisation` must be one line.");
  if (certificate->path.empty() != key->path.empty())
    sentences.push_back(whose + ": `certificate` and `key` are needed together.");
  for (const auto& file : {*ca_file, *certificate, *key})
    if (std::error_code error; !file.path.empty() && !std::filesystem::is_regular_file(file.path, error))
      sentences.push_back(whose + ": there is no file " + file.path + ".");
  const auto plain = [](const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  };
  if (!plain(*seal)) sentences.push_back(whose + ": `seal` is an esID, ASCII without blanks.");
  if (!plain(*person)) sentences.push_back(whose + ": `person` is an id of people.yaml, ASCII without blanks.");
  return sentences;
}

std::vector<std::string> PolicySettings::contradictions() const {
  std::vector<std::string> sentences;
  if (approvers->empty()) sentences.push_back("`policies.approvers` names nobody: an item needs a second person.");
  for (const auto& role : *approvers) {
    const auto& known = known_roles();
    if (std::none_of(known.begin(), known.end(), [&](const auto& one) { return one.first == role; }))
      sentences.push_back("`policies.approvers`: there is no role \"" + role + "\".");
  }
  return sentences;
}

std::vector<std::string> AuditSettings::contradictions() const {
  if (tsa->url->empty() || !tsa->roots->path.empty()) return {};
  return {"`audit.tsa.url` needs `audit.tsa.roots`: whose word is taken for the time."};
}

std::vector<std::string> PersonsSettings::contradictions() const {
  if (salt->reveal().empty() || salt->reveal().size() >= 32) return {};
  return {"`persons.salt` has fewer than 32 characters: the numbers behind the digests could be found by trying."};
}

HubConfig LoadedSettings::hub_config() const {
  const auto& from = *settings;
  HubConfig config;
  config.database.url = *from.database->url;
  config.database.password = *from.database->password;
  config.clock = *from.clock;
  config.clock_file = from.clock_file->path;
  config.city = *from.city;
  config.mappings_folder = from.mappings->path;
  config.grants_file = from.grants->path;
  config.peers_file = from.peers->path;
  config.people_file = from.people->path;
  config.amqp_host = *from.amqp->host;
  config.amqp_port = static_cast<std::uint16_t>(*from.amqp->port);
  config.amqp_tls = files_of(*from.amqp->tls);
  config.amqp_limits.message_bytes_max = static_cast<std::size_t>(*from.amqp->message_bytes_max);
  for (const auto& broker : *from.amqp->brokers) {
    messaging::DialOptions dial;
    dial.name = "broker";
    dial.host = *broker->host;
    dial.port = static_cast<std::uint16_t>(*broker->port);
    if (*broker->plain) {
      dial.security = messaging::Plain{};
    } else {
      dial.security = config.amqp_tls;
    }
    dial.user = *broker->user;
    dial.password = *broker->password;
    dial.address_prefix = *broker->address_prefix;
    config.brokers.push_back(std::move(dial));
  }
  config.seal = {from.seal->seal->path, from.seal->key->path, from.seal->certificate->path, *from.seal->passphrase};
  config.seal_key = key_of(*from.seal);
  config.certificate_files = {{"amqp", from.amqp->tls->certificate->path},
                              {"amqp_authority", from.amqp->tls->authority->path},
                              {"http", from.http->tls->certificate->path},
                              {"http_authority", from.http->tls->authority->path},
                              {"seal", from.seal->certificate->path}};
  config.trust.roots = given(*from.seal->roots);
  config.trust.intermediates = given(*from.seal->intermediates);
  config.trust.revocation_lists = given(*from.seal->revocation_lists);
  config.trust.seal_status_list = from.seal->status_list->path;
  config.trust.status_list_seals = {from.seal->status_list_seals->begin(), from.seal->status_list_seals->end()};
  if (*from.seal->revocation_list_age_max > 0s) {
    config.trust.revocation_list_age_max =
        std::chrono::duration_cast<std::chrono::milliseconds>(*from.seal->revocation_list_age_max);
  }
  for (const auto& office : *from.offices)
    config.offices.push_back({*office->department, *office->person, *office->seal, office->url->text,
                              office->ca_file->path, office->certificate->path, office->key->path,
                              *office->authorisation, *office->required, *office->timeout, *office->late_after});
  config.trust_look_every = std::chrono::duration_cast<std::chrono::milliseconds>(*from.seal->look_every);
  const auto& tsa = *from.audit->tsa;
  const auto millis = [](auto duration) { return std::chrono::duration_cast<std::chrono::milliseconds>(duration); };
  config.time = {*tsa.url,
                 tsa.ca_file->path,
                 millis(*tsa.period),
                 millis(*tsa.payments_stop_after),
                 millis(*tsa.timeout),
                 millis(*tsa.clock_difference_max),
                 millis(*tsa.renew_before)};
  config.time_trust.roots = given(*tsa.roots);
  config.time_trust.intermediates = given(*tsa.intermediates);
  config.time_trust.revocation_lists = given(*tsa.revocation_lists);
  config.trust.time_roots = time_roots_of(*from.seal, tsa);
  config.person_salt = *from.persons->salt;
  config.matching = {*from.matching->engine == "on", static_cast<unsigned>(*from.matching->threads)};
  config.publishing = {*from.policies->approval == "required", *from.policies->approvers};
  config.overdue_after = std::chrono::duration_cast<std::chrono::hours>(*from.overdue_after);
  for (const auto& [name, adapter] : adapters)
    for (const auto& shown : adapter->show())
      if (shown.name == "pull_interval")
        if (const auto interval = parse_duration(shown.value)) config.schedule.intervals[name] = interval.value();
  return config;
}

Result<LoadedSettings> load_settings(const std::string& path, const std::vector<AdapterSpec>& adapters) {
  LoadedSettings loaded;
  loaded.settings = std::make_unique<HubSettings>();
  const auto node = TRY(config::read_yaml(path));
  const auto context = ConfigContext::of_process(path);
  auto problems = loaded.settings->read_all(node, context);
  if (const auto& section = *loaded.settings->adapters) {
    for (const auto& entry : section->items()) {
      const AdapterSpec* spec = nullptr;
      for (const auto& candidate : adapters)
        if (candidate.name() == entry.key()) spec = &candidate;
      if (spec == nullptr) {
        problems.push_back(
            entry.error("config_unknown_key", "There is no adapter of this name; `zhida adapter list` names them."));
        continue;
      }
      auto configuration = spec->new_configuration();
      if (configuration == nullptr) continue;
      for (auto& problem : configuration->read_all(entry, context, "adapters." + spec->name()))
        problems.push_back(std::move(problem));
      loaded.adapters[spec->name()] = std::move(configuration);
    }
  }
  if (problems.empty()) return loaded;
  std::string text;
  for (const auto& problem : problems) text += (text.empty() ? "" : "\n") + problem.message;
  return refuse(problems.front().code, text);
}

}  // namespace zhida::flow
