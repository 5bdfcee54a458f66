#include "scene.h"

#include "flow/policy_book.h"
#include "platform/crypto/digest.h"
#include "seal_tools/dev_certificates.h"
#include "stages/casework/casework.h"
#include "stages/profile/profile_store.h"

namespace zhida::test {

const std::string& certificates() {
  static const TempFolder folder;
  static const std::string path = [] {
    seal_tools::DevCertificates what;
    what.folder = folder.file("certs");
    what.valid_from = value_of(parse_rfc3339("2025-01-01T00:00:00+08:00"));
    what.valid_to = SystemClock().now() + std::chrono::hours(24 * 365);
    value_of(seal_tools::issue_all(what));
    return what.folder;
  }();
  return path;
}

namespace {

std::string fingerprint(const std::string& name) {
  return value_of(get_string(value_of(parse_json(value_of(read_file(certificates() + "/fingerprints.json")))), name));
}

}  // namespace

const std::string& password_hash() {
  static const std::string hash = crypto::hash_password("correct horse");
  return hash;
}

Scene::Scene(const std::function<void(flow::HubConfig&)>& change) {
  const std::string& certs = certificates();
  auto& config = config_;
  config.database.url = "sqlite://" + folder_.file("hub.db");
  config.clock = "external";
  config.clock_file = folder_.file("clock");
  set_clock("2025-11-03T09:00:00+08:00");
  config.city = "330500";
  config.publishing.by_people = false;
  config.mappings_folder = std::string(ZHIDA_SOURCE_DIR) + "/mappings";
  config.grants_file = folder_.write("grants.yaml", "grants: []\n");
  config.peers_file = folder_.write("peers.yaml", "peers: []\n");
  config.people_file = folder_.write("people.yaml", people());
  config.amqp_port = 0;
  config.amqp_tls = {certs + "/tls/hub.crt", certs + "/tls/hub.key", certs + "/tls/ca.crt", {}};
  config.seal = {certs + "/seal/hub.esl", certs + "/seal/hub.key", certs + "/seal/hub.crt", {}};
  config.trust.roots = {certs + "/seal/ca.crt"};
  config.trust.revocation_lists = {certs + "/seal/ca.crl"};
  config.version = "test";
  if (change) change(config);
  restart();
}

void Scene::restart() {
  app.reset();
  hub.reset();  // Before the next one opens the store.
  hub = value_of(flow::Hub::create(config_, {}, {}));
  app.reset(new App{.hub = *hub});
}

CaseId Scene::notified_case(const std::string& division, const std::string& firm) {
  casework::Casework casework({hub->rooms().trail, hub->rooms().clock, hub->rooms().calendar,
                               [this](const PolicyId& id) { return hub->rooms().policies.handling(id); }});
  Entitlement entitlement;
  entitlement.uscc = firm;
  entitlement.division = division;
  entitlement.policy = PolicyId("IN-001");
  entitlement.policy_version = hub->rooms().policies.find(entitlement.policy)->version;
  entitlement.evaluated_on = hub->rooms().clock.today();
  entitlement.verdict = Verdict::met;
  entitlement.amount = Money::from_fen(5'000'000);
  entitlement.tranches = {{"whole", Money::from_fen(5'000'000)}};
  CaseId id;
  value_of(hub->rooms().database.write([&](storage::Transaction& transaction) -> Result<void> {
    const auto changes = TRY(casework.open_or_update_cases(transaction, {entitlement}, {{firm, "湖州<script>有限公司"}},
                                                           std::string(32, 'a')));
    id = changes.opened.at(0);
    CHECK_OK(casework.notify(transaction, id, "", {}));
    return ok();
  }));
  return id;
}

void Scene::check_payee(const CaseId& id) {
  casework::Casework casework({hub->rooms().trail, hub->rooms().clock, hub->rooms().calendar,
                               [this](const PolicyId& policy) { return hub->rooms().policies.handling(policy); }});
  value_of(hub->rooms().database.write([&](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(casework.check_payee(transaction, id));
    return ok();
  }));
}

void Scene::tell(const std::string& firm, const std::string& name, std::vector<FieldChange> changes) {
  ProfileOperation operation;
  operation.source = "market_supervision";
  operation.record_type = "test";
  operation.record_key = firm;
  operation.uscc = firm;
  operation.facts.name = name;
  operation.facts.name_rank = 1;
  operation.facts.division = "330502";
  operation.facts.division_rank = 1;
  operation.as_of = value_of(Date::parse("2025-10-31"));
  operation.changes = std::move(changes);
  const auto& rooms = hub->rooms();
  value_of(flow::commit(rooms.writer, "source", {}, [&](storage::Transaction& transaction) -> Result<void> {
    (void)TRY(profile::apply(transaction, std::vector{operation}, rooms.rules, rooms.clock.now()));
    return ok();
  }));
}

Answer Scene::ask(const std::string& method, const std::string& path, const std::string& who, const Bytes& body,
                  http::Headers headers) {
  http::HttpRequest request;
  request.method = method;
  const auto mark = path.find('?');
  request.path = path.substr(0, mark);
  if (mark != std::string::npos) request.query = value_of(http::parse_query(path.substr(mark + 1)));
  request.remote_address = "127.0.0.1:50000";
  request.headers = std::move(headers);
  request.body = body;
  request.client_fingerprint = who.empty() ? std::string() : "fp-" + who;
  return serve(*app, request);
}

Answer Scene::post(const std::string& path, const std::string& who, const Json& body, const std::string& key) {
  http::Headers headers{{"Content-Type", "application/json"}};
  if (!key.empty()) headers.emplace("Idempotency-Key", key);
  return ask("POST", path, who, body.dump(), headers);
}

Answer Scene::form(const std::string& path, const std::string& cookie,
                   const std::vector<std::pair<std::string, std::string>>& fields, http::Headers more) {
  more.emplace("Content-Type", "application/x-www-form-urlencoded");
  if (!cookie.empty()) more.emplace("Cookie", cookie);
  return ask("POST", path, "", http::build_query(fields), std::move(more));
}

std::int64_t Scene::audited(const std::string& kind) {
  std::int64_t count = 0;
  value_of(hub->rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    count = TRY(transaction.query("SELECT count(*) FROM audit_record WHERE kind = ?", {kind}, "i")).front().integer(0);
    return ok();
  }));
  return count;
}

Answer Scene::submit(const std::string& path, const std::string& who,
                     std::vector<std::pair<std::string, std::string>> fields) {
  fields.emplace_back("token", app->sessions.form_token("certificate:" + who));
  return ask("POST", path, who, http::build_query(fields), {{"Content-Type", "application/x-www-form-urlencoded"}});
}

std::string Scene::people() {
  std::string text = "people:\n";
  const auto add = [&](const std::string& id, const std::string& prints, const std::string& rest) {
    text += "  - {id: " + id + ", name: " + id + ", fingerprints: [" + prints + "], " + rest + "}\n";
  };
  add("maker", "fp-maker", "roles: [reviewer_maker], departments: ['*'], divisions: ['330500']");
  add("checker", "fp-checker", "roles: [reviewer_checker], departments: ['*'], divisions: ['330500']");
  add("finance", "fp-finance", "roles: [finance_releaser], divisions: ['330500']");
  add("portal", "fp-portal", "roles: [portal], divisions: ['330500']");
  add("operator", "fp-operator, " + fingerprint("operator"), "roles: [operator, auditor], divisions: ['330500']");
  add("county", "fp-county", "roles: [operator, portal], divisions: ['330522']");
  add("auditor", "fp-auditor", "roles: [auditor], divisions: ['330500']");
  add("officer", "fp-officer", "roles: [policy_officer], departments: ['*'], divisions: ['330500']");
  add("approver", "fp-approver", "roles: [policy_approver, data_officer], divisions: ['330500']");
  add("everything", "fp-everything",
      "roles: [policy_officer, policy_approver, data_officer], departments: ['*'], divisions: ['330500']");
  add("clerk", "fp-clerk", "roles: [policy_officer, finance_releaser], divisions: ['330500']");
  add("weather", "fp-weather", "roles: [reviewer_checker], departments: [气象局], divisions: ['330500']");
  add("weather_officer", "fp-weather_officer", "roles: [policy_officer], departments: [气象局], divisions: ['330500']");
  add("county_clerk", "fp-county_clerk",
      "roles: [policy_officer, reviewer_maker], departments: ['*'], divisions: ['330522']");
  const auto with_password = [&](const std::string& id, const std::string& rest) {
    add(id, "", "password_hash: '" + password_hash() + "', " + rest + ", divisions: ['330500']");
  };
  with_password("local", "roles: [reviewer_maker], departments: ['*']");
  with_password("inspector", "roles: [auditor]");
  with_password("admin", "roles: [integration_admin]");
  return text;
}

Json json_of(const Answer& answer) {
  return value_of(parse_json(answer.body));
}

std::string code_of(const Answer& answer) {
  return json_of(answer).value("code", "");
}

std::string header_of(const Answer& answer, const std::string& name) {
  for (const auto& [key, value] : answer.headers)
    if (key == name) return value;
  return {};
}

const Json kPayee = {{"payee",
                      {{"account_name", "湖州<script>有限公司"},
                       {"account_no", "6222001234560019"},
                       {"bank_name", "湖州银行"},
                       {"bank_no", "313336000013"}}}};

}  // namespace zhida::test
