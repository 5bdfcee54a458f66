// The log over REST: heads and proofs are for everybody, the records themselves are not; and the download of a pack of
// evidence as an auditor's browser does it.
#include <boost/test/unit_test.hpp>

#include "audit/audit_trail.h"
#include "audit/head_store.h"
#include "base/bytes.h"
#include "console/console.h"
#include "flow/log_keeper.h"
#include "platform/crypto/digest.h"
#include "platform/crypto/merkle_tree.h"
#include "platform/http/http_client.h"
#include "scene.h"
#include "seal/pack_verify.h"
#include "seal/pack_zip.h"
#include "seal/tree_head.h"
#include "seal/trust.h"

using namespace zhida;
using namespace zhida::console;
using namespace zhida::test;

namespace {

std::vector<crypto::NodeHash> hashes_of(const Json& list) {
  std::vector<crypto::NodeHash> hashes;
  for (const auto& item : list) hashes.push_back(value_of(crypto::node_hash_of_hex(item.get<std::string>())));
  return hashes;
}

crypto::NodeHash hash_of(const Json& json, const char* name) {
  return value_of(crypto::node_hash_of_hex(json.at(name).get<std::string>()));
}

/// A hub with two sealed heads.
struct LogScene : Scene {
  LogScene() {
    first_case = notified_case();
    seal_heads();
    first = head();
    for (int i = 0; i < 3; ++i) (void)notified_case("330502", "91330502MA2B4D5E6" + std::to_string(i));
    seal_heads();
    second = head();
  }
  void seal_heads() {
    flow::LogKeeper keeper(hub->rooms(), [] {});
    value_of(keeper.begin());
    value_of(keeper.seal_rest());
  }
  seal::TreeHead head() {
    return value_of(seal::parse_tree_head(json_of(get("/api/v1/log/head", "")).at("head").get<std::string>()));
  }
  CaseId first_case;
  seal::TreeHead first, second;
};

std::shared_ptr<const seal::Trust> trust() {
  return value_of(seal::Trust::load(
      {.roots = {certificates() + "/seal/ca.crt"}, .revocation_lists = {certificates() + "/seal/ca.crl"}}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_log_over_rest)

BOOST_AUTO_TEST_CASE(before_the_first_head_there_is_nothing_to_prove) {
  Scene scene;
  for (const char* path : {"/api/v1/log/head", "/api/v1/log/head?size=1", "/api/v1/log/inclusion?seq=1"}) {
    const auto answer = scene.get(path, "");
    BOOST_TEST(answer.status == 404, path);
    BOOST_TEST(code_of(answer) == "log_head_not_found", path);
  }
  BOOST_TEST(code_of(scene.get("/api/v1/log/consistency?from=1&to=1", "")) == "log_size_unknown");
}

BOOST_AUTO_TEST_CASE(anybody_gets_sealed_heads_and_proofs_that_hold) {
  LogScene scene;
  BOOST_REQUIRE(scene.first.size > 1);
  BOOST_REQUIRE(scene.second.size > scene.first.size);
  const auto of_size = [](const seal::TreeHead& head) { return std::to_string(head.size); };
  const auto believed = trust();
  for (const auto& wanted : {scene.first, scene.second}) {
    const auto answer = scene.get("/api/v1/log/head?size=" + of_size(wanted), "");
    BOOST_TEST_REQUIRE(answer.status == 200);
    const Json json = json_of(answer);
    const auto text = json.at("head").get<std::string>();
    const auto said = value_of(seal::parse_tree_head(text));
    BOOST_TEST(said.size == wanted.size);
    BOOST_TEST((said.root == wanted.root));
    BOOST_TEST(json.at("token").is_null());
    BOOST_TEST(json.at("witnesses").empty());
    const auto judged = seal::verify(value_of(from_base64(json.at("seal").get<std::string>())), text, *believed,
                                     {.now = scene.hub->rooms().clock.now()});
    BOOST_TEST(judged.passed(), judged.detail);
    BOOST_TEST(judged.media_type == seal::kTreeHeadMedia);
    for (std::uint64_t seq = 1; seq <= wanted.size; ++seq) {
      const Json proof =
          json_of(scene.get("/api/v1/log/inclusion?seq=" + std::to_string(seq) + "&size=" + of_size(wanted), "portal"));
      BOOST_TEST(crypto::verify_inclusion(crypto::TreeHash::sm3, hash_of(proof, "leaf_hash"), seq - 1, wanted.size,
                                          hashes_of(proof.at("path")), wanted.root),
                 "record " << seq << " of " << wanted.size);
    }
  }
  // Without a size the newest head is meant.
  BOOST_TEST((hash_of(json_of(scene.get("/api/v1/log/inclusion?seq=1", "")), "root") == scene.second.root));
  const Json proof =
      json_of(scene.get("/api/v1/log/consistency?from=" + of_size(scene.first) + "&to=" + of_size(scene.second), ""));
  BOOST_TEST(crypto::verify_consistency(crypto::TreeHash::sm3, scene.first.size, scene.first.root, scene.second.size,
                                        scene.second.root, hashes_of(proof.at("proof"))));
  const Json same =
      json_of(scene.get("/api/v1/log/consistency?from=" + of_size(scene.second) + "&to=" + of_size(scene.second), ""));
  BOOST_TEST(same.at("proof").empty());
}

BOOST_AUTO_TEST_CASE(what_the_log_cannot_prove_is_refused_with_its_reason) {
  LogScene scene;
  const std::string size = std::to_string(scene.second.size), beyond = std::to_string(scene.second.size + 1);
  struct Row {
    std::string query;
    int status;
    const char* code;
  };
  for (const Row& row : std::vector<Row>{
           {"head?size=1", 404, "log_head_not_found"},
           {"head?size=" + beyond, 404, "log_head_not_found"},
           {"head?size=two", 400, "parameter_malformed"},
           {"head?length=1", 400, "parameter_unknown"},
           {"inclusion?seq=0", 404, "log_size_unknown"},
           {"inclusion?seq=" + beyond, 404, "log_size_unknown"},
           {"inclusion?seq=999999999999999999", 404, "log_size_unknown"},
           {"inclusion?seq=1&size=" + beyond, 404, "log_size_unknown"},
           {"inclusion?seq=3&size=2", 404, "log_size_unknown"},
           {"inclusion", 400, "parameter_malformed"},
           {"inclusion?seq=-1", 400, "parameter_malformed"},
           {"inclusion?seq=1000000000000000000", 400, "parameter_malformed"},
           {"inclusion?seq=1&seq=2", 400, "parameter_malformed"},
           {"consistency?from=3&to=2", 404, "log_size_unknown"},
           {"consistency?from=0&to=" + size, 404, "log_size_unknown"},
           {"consistency?from=1&to=" + beyond, 404, "log_size_unknown"},
           {"consistency?from=1", 400, "parameter_malformed"},
           {"consistency?to=1", 400, "parameter_malformed"},
           {"consistency?from=a&to=" + size, 400, "parameter_malformed"},
       }) {
    const auto answer = scene.get("/api/v1/log/" + row.query, "");
    BOOST_TEST(answer.status == row.status, row.query << ": " << answer.body);
    BOOST_TEST(code_of(answer) == row.code, row.query);
    BOOST_TEST(answer.content_type == "application/problem+json", row.query);
    BOOST_TEST(json_of(answer).at("detail").get<std::string>().ends_with('.'), row.query);
  }
  const auto posted = scene.post("/api/v1/log/head", "operator", Json::object(), "k");
  BOOST_TEST(posted.status == 405);
  BOOST_TEST(header_of(posted, "Allow") == "GET");
}

BOOST_AUTO_TEST_CASE(the_records_themselves_are_for_those_whose_work_it_is) {
  LogScene scene;
  const std::string records = "/api/v1/audit/records?case=" + scene.first_case.str();
  BOOST_TEST(code_of(scene.get(records, "")) == "not_signed_in");
  BOOST_TEST(code_of(scene.get(records, "stranger")) == "not_signed_in");
  for (const char* who : {"portal", "maker", "checker", "finance"})
    BOOST_TEST(code_of(scene.get(records, who)) == "role_missing", who);
  BOOST_TEST(json_of(scene.get(records, "operator")).at("items").size() >= 2u);
  BOOST_TEST(json_of(scene.get(records, "county")).at("items").empty());  // Of another division.
  // A proof tells of a record's hash, and of nothing that stands in it.
  const auto proof = scene.get("/api/v1/log/inclusion?seq=2", "");
  BOOST_TEST(proof.body.find(scene.first_case.str()) == std::string::npos);
  BOOST_TEST(proof.body.find(kFirm) == std::string::npos);
  // A countersignature comes from a peer; a person is none.
  const Json seal = {{"size", scene.second.size}, {"seal", "AAAA"}};
  for (const char* who : {"", "operator", "stranger"})
    BOOST_TEST(code_of(scene.post("/api/v1/log/countersignatures", who, seal, "c")) == "not_signed_in", who);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(evidence_from_the_console)

namespace {

/// A browser with its cookie, over a real connection.
class Browser {
 public:
  Browser(const Console& console, const std::string& id) : base_("http://127.0.0.1:" + std::to_string(console.port())) {
    if (id.empty()) return;
    const auto in = post("/sign-in", {{"id", id}, {"password", "correct horse"}});
    const std::string set = in.header("Set-Cookie");
    if (in.status != 303 || set.empty()) throw std::runtime_error(id + " cannot sign in.");
    cookie_ = set.substr(0, set.find(';'));
  }
  http::HttpReply get(const std::string& path) { return call("GET", path, {}, ""); }
  http::HttpReply post(const std::string& path, const std::vector<std::pair<std::string, std::string>>& fields) {
    return call("POST", path, http::build_query(fields), "application/x-www-form-urlencoded");
  }
  /// The token of the forms on a page.
  std::string token(const std::string& path) {
    const Bytes page = get(path).body;
    const auto mark = page.find("name=\"token\" value=\"");
    return mark == std::string::npos ? std::string() : page.substr(mark + 20, 64);
  }

 private:
  http::HttpReply call(const std::string& method, const std::string& path, Bytes body, const std::string& type) {
    http::HttpCall call;
    call.method = method;
    call.url = base_ + path;
    if (!cookie_.empty()) call.headers.emplace_back("Cookie", cookie_);
    if (!type.empty()) call.headers.emplace_back("Content-Type", type);
    call.body = std::move(body);
    return value_of(client_.call(call));
  }
  const std::string base_;
  std::string cookie_;
  http::HttpClient client_;
};

/// Decided at once, in a hub at work: packs show the published item.
CaseId declined_case(Scene& scene) {
  const auto id = scene.notified_case();
  const auto declined = scene.post("/api/v1/cases/" + id.str() + "/decline", "portal", {{"reason", "放弃"}}, "k");
  if (declined.status != 200) throw std::runtime_error(declined.body);
  value_of(scene.hub->start());
  return id;
}

std::vector<audit::AuditRecord> exports_of(Scene& scene, const CaseId& id) {
  std::vector<audit::AuditRecord> records;
  value_of(scene.hub->rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    records = TRY(audit::read_records(transaction, {.case_id = id.str(), .kind = "evidence_exported"}));
    return ok();
  }));
  return records;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_auditor_downloads_a_pack_that_verifies_and_the_trail_tells_of_it) {
  Scene scene;
  const auto id = declined_case(scene);
  const auto console = value_of(Console::start(*scene.hub, {}));
  const std::string page = "/cases/" + id.str(), address = "/evidence/" + id.str();

  Browser auditor(*console, "inspector");
  const std::string token = auditor.token(page);
  BOOST_TEST_REQUIRE(token.size() == 64u);
  const auto pack = auditor.post(address, {{"token", token}, {"level", "auditor"}, {"reader", "市审计局 <第三处>"}});
  BOOST_TEST_REQUIRE(pack.status == 200, pack.body);
  BOOST_TEST(pack.header("Content-Type") == "application/zip");
  BOOST_TEST(pack.header("Content-Disposition") == "attachment; filename=\"evidence-" + id.str() + "-auditor.zip\"");
  BOOST_TEST(pack.header("Cache-Control") == "no-store");

  // What came over the line holds against the authority's root, and says for whom it was made.
  seal::PackOptions options;
  options.roots = {value_of(crypto::Certificate::load(certificates() + "/seal/ca.crt"))};
  options.now = scene.hub->rooms().clock.now();
  const auto report = seal::verify_pack(pack.body, options);
  BOOST_TEST(report.findings.empty(), report.json["findings"].dump());
  BOOST_TEST(report.json["case"] == id.str());
  BOOST_TEST(report.json["level"] == "auditor");
  BOOST_TEST(report.json["reader"] == "市审计局 <第三处>");
  BOOST_TEST(report.json["statement"]["withheld"] == 0);
  Bytes altered = pack.body;
  altered[altered.size() / 2] = static_cast<char>(altered[altered.size() / 2] ^ 1);
  BOOST_TEST(!seal::verify_pack(altered, options).findings.empty());

  // Who got which octets is in the trail.
  const auto told = exports_of(scene, id);
  BOOST_TEST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told[0].entry.actor == "user:inspector");
  BOOST_TEST(told[0].entry.payload_digest == "sm3:" + to_hex(crypto::sm3(pack.body)));
  BOOST_TEST(told[0].entry.detail.dump().find("市审计局 <第三处>") != std::string::npos);

  // The firm's pack about the same case shows the same root and less; it is told of, too.
  const auto less = auditor.post(address, {{"token", token}, {"level", "firm"}, {"reader", ""}});
  BOOST_TEST_REQUIRE(less.status == 200);
  const auto of_firm = seal::verify_pack(less.body, options);
  BOOST_TEST(of_firm.findings.empty(), of_firm.json["findings"].dump());
  BOOST_TEST(of_firm.json["statement"]["root"] == report.json["statement"]["root"]);
  BOOST_TEST(exports_of(scene, id).size() == 2u);
  console->stop();
}

BOOST_AUTO_TEST_CASE(who_may_not_have_a_pack_gets_none_and_none_is_noted) {
  Scene scene;
  const auto id = declined_case(scene);
  const auto console = value_of(Console::start(*scene.hub, {}));
  const std::string page = "/cases/" + id.str(), address = "/evidence/" + id.str();
  const auto refused = [&](Browser& browser, const std::string& token, const std::string& level, int status) {
    const auto reply = browser.post(address, {{"token", token}, {"level", level}});
    BOOST_TEST(reply.status == status, level << ": " << reply.body.substr(0, 200));
    BOOST_TEST(reply.header("Content-Type") != "application/zip");
  };
  Browser nobody(*console, "");
  const auto away = nobody.post(address, {{"level", "auditor"}});
  BOOST_TEST(away.status == 303);
  BOOST_TEST(away.header("Location").starts_with("/sign-in"));
  Browser reviewer(*console, "local");
  refused(reviewer, reviewer.token(page), "public", 403);
  Browser admin(*console, "admin");
  refused(admin, admin.token(page), "auditor", 403);  // The whole content is for auditors alone.
  Browser auditor(*console, "inspector");
  refused(auditor, std::string(64, '0'), "auditor", 403);
  refused(auditor, admin.token(page), "auditor", 403);  // Another session's token.
  refused(auditor, auditor.token(page), "friends", 422);
  BOOST_TEST(exports_of(scene, id).empty());
  BOOST_TEST(admin.post(address, {{"token", admin.token(page)}, {"level", "public"}}).status == 200);
  BOOST_TEST(exports_of(scene, id).size() == 1u);
  console->stop();
}

BOOST_AUTO_TEST_SUITE_END()
