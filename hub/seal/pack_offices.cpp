#include "seal/pack_offices.h"

#include <set>

#include "platform/crypto/digest.h"
#include "seal/pack_format.h"

namespace zhida::seal {
namespace {

constexpr const char* kDepartment = "department";

/// The member, or null.
Json in(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? Json(nullptr) : *found;
}
std::string text_in(const Json& object, const char* name) {
  const Json value = in(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

class OfficeCheck {
 public:
  OfficeCheck(const std::map<std::string, Json>& facts, const std::map<std::string, PackDocument>& documents,
              std::vector<PackFinding>& findings, std::vector<std::string>& notes)
      : facts_(facts), documents_(documents), findings_(findings), notes_(notes) {}

  Json run() {
    Json list = Json::array();
    for (auto it = facts_.lower_bound("office."); it != facts_.end() && it->first.starts_with("office."); ++it)
      list.push_back(check(it->first, it->second));
    // Nobody's own seal is the office's, and the other way round.
    for (auto& told : list)
      if (told["holder"] != kDepartment && told["seal_id"].is_string() && departments_.contains(told["seal_id"])) {
        find(Code::seal_of_another_peer, names_documents(),
             "The seal " + text_in(told, "seal_id") + " is a department's in one decision and that of " +
                 text_in(told, "holder") + " in " + text_in(told, "fact") + ".");
        told["holds"] = false;
      }
    return list;
  }

 private:
  Json check(const std::string& name, const Json& office) {
    const std::size_t before = findings_.size();
    const std::string id = text_in(office, "document");
    const std::string holder = holder_of(office);
    Json told{{"fact", name},
              {"department", in(office, "department")},
              {"holder", holder},
              {"hand", in(office, "hand")},
              {"round", in(office, "round")},
              {"verdict", in(office, "verdict")},
              {"document", in(office, "document")},
              {"seal_id", nullptr},
              {"seal_name", nullptr},
              {"signed_at", nullptr}};
    if (id.empty()) {
      told["holds"] = nullptr;
      notes_.push_back("The decision of " + text_in(office, "department") + " has no seal of " +
                       (holder == kDepartment ? "the department" : holder) +
                       ": the hub's statement alone speaks for it.");
      return told;
    }
    const auto document = documents_.find(id);
    if (document == documents_.end()) {
      find(Code::format, names_documents(), "The sealed decision " + id + " that " + name + " names is not there.");
    } else {
      const auto& report = document->second.report;
      told["seal_id"] = report.es_id;
      if (holder == kDepartment) departments_.insert(report.es_id);
      told["seal_name"] = report.seal_name;
      told["signed_at"] = to_rfc3339(report.signed_at);
      if (report.es_id != text_in(office, "seal_id"))
        find(Code::seal_of_another_peer, document->second.seal_member,
             "The decision of " + text_in(office, "department") + " bears the seal " + report.es_id + " instead of " +
                 text_in(office, "seal_id") + ".");
      if (report.passed() && to_rfc3339(report.signed_at) != text_in(office, "signed_at"))
        find(Code::data_hash, document->second.seal_member, "The seal was not put when " + name + " says.");
      if (document->second.octets != nullptr) read(name, office, document->second);
      told["holds"] = report.passed() && findings_.size() == before;
      return told;
    }
    told["holds"] = false;
    return told;
  }

  void read(const std::string& name, const Json& office, const PackDocument& document) {
    const auto parsed = parse_json(*document.octets);
    if (!parsed || text_in(parsed.value(), "kind") != "office_decision") {
      find(Code::format, document.member, "This is not a department's decision.");
      return;
    }
    const Json& said = parsed.value();
    for (const char* field : {"department", "hand", "round", "verdict", "objection"})
      if (in(said, field) != in(office, field))
        find(Code::data_hash, document.member, "Its " + std::string(field) + " is not that of " + name + ".");
    if (const std::string holder = holder_of(office); holder != kDepartment && text_in(said, "by") != holder)
      find(Code::data_hash, document.member,
           "It was decided by " + text_in(said, "by") + ", and " + name + " says that it bears the seal of " + holder +
               ".");
    objection(document, in(said, "objection"));
    compare(document, said, "case", "case.id");
    compare(document, said, "uscc", "firm.uscc");
    compare(document, said, "policy", "case.policy");
    // Earlier rounds were about what was known then.
    const auto last = facts_.find("case.review_round");
    if (last == facts_.end() || in(office, "round") != last->second) return;
    compare(document, said, "amount_fen", "case.amount_fen");
    Json payee = Json::object();
    for (const char* part : {"account_no", "bank_name", "bank_no", "name"}) {
      const auto fact = facts_.find("payee." + std::string(part));
      if (fact == facts_.end()) return;  // Withheld: the digest tells nothing then.
      payee[part] = fact->second;
    }
    const auto canonical = canonical_json(payee);
    if (!canonical || text_in(said, "payee_sm3") != to_hex(crypto::sm3(canonical.value())))
      find(Code::data_hash, document.member, "It is about another account than the case.");
  }

  /// What the office decided about an objection is what became of it.
  void objection(const PackDocument& document, const Json& settled) {
    if (!settled.is_object()) return;
    for (auto it = facts_.lower_bound("objection."); it != facts_.end() && it->first.starts_with("objection."); ++it)
      if (in(it->second, "id") == in(settled, "id")) {
        if (in(it->second, "state") != in(settled, "decision"))
          find(Code::data_hash, document.member,
               "It settles the objection in another way than " + it->first + " says.");
        return;
      }
    find(Code::data_hash, document.member, "It settles an objection that the case does not have.");
  }

  void compare(const PackDocument& document, const Json& said, const char* field, const char* fact) {
    const auto found = facts_.find(fact);
    if (found != facts_.end() && in(said, field) != found->second)
      find(Code::data_hash, document.member, "Its " + std::string(field) + " is not the fact " + fact + ".");
  }

  /// Packs from before persons sealed name none.
  static std::string holder_of(const Json& office) {
    const std::string holder = text_in(office, "holder");
    return holder.empty() ? kDepartment : holder;
  }
  static std::string names_documents() { return pack_names::kDocuments; }
  void find(Code code, const std::string& member, const std::string& detail) {
    findings_.push_back({code, member, detail});
  }

  const std::map<std::string, Json>& facts_;
  const std::map<std::string, PackDocument>& documents_;
  std::vector<PackFinding>& findings_;
  std::vector<std::string>& notes_;
  std::set<std::string> departments_;  ///< Seals that departments' decisions bear.
};

}  // namespace

Json check_offices(const std::map<std::string, Json>& facts, const std::map<std::string, PackDocument>& documents,
                   std::vector<PackFinding>& findings, std::vector<std::string>& notes) {
  return OfficeCheck(facts, documents, findings, notes).run();
}

}  // namespace zhida::seal
