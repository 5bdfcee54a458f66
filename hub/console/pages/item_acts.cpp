#include "console/pages/item_acts.h"

#include <algorithm>
#include <utility>

#include "domain/words.h"

namespace zhida::console::pages {
namespace {

constexpr const char* kOfficer = "policy_officer";
constexpr const char* kDataOfficer = "data_officer";

std::string text_of(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) && object.at(name).is_string() ? object.at(name).get<std::string>()
                                                                                    : std::string();
}

/// One person before one item.
class Acts {
 public:
  Acts(const flow::Person& person, const flow::PublishingSettings& settings, const Json& view)
      : person_(person), settings_(settings), view_(view) {
    const Json& status = view.at("status");
    if (status.is_object() && status.at("proposal").is_object()) {
      const auto state = text_of(status.at("proposal"), "state");
      if (state == "proposed" || state == "approved") proposal_ = &status.at("proposal");
    }
  }

  ItemActs all() {
    confirm_anew();
    if (proposal_ == nullptr) {
      begin();
      return std::move(out_);
    }
    try_again();
    approve();
    confirm(kOfficer, "confirm_conditions", "confirm_data");
    confirm(kDataOfficer, "confirm_data", "confirm_conditions");
    withdraw();
    return std::move(out_);
  }

 private:
  void add(ItemAct act) { out_.now.push_back(std::move(act)); }
  void not_now(std::string why) { out_.not_now.push_back(std::move(why)); }

  bool did(const char* step, const std::string& role = {}, bool anybody = false) const {
    return std::ranges::any_of(proposal_->at("steps"), [&](const Json& one) {
      return text_of(one, "step") == step && (anybody || text_of(one, "by") == person_.actor()) &&
             (role.empty() || text_of(one, "role") == role);
    });
  }
  bool is_there(const char* step, const std::string& role = {}) const { return did(step, role, true); }

  void begin() {
    if (!person_.has_role(kOfficer)) return;
    const Json& folder = view_.at("folder");
    const bool in_force = !view_.at("version").is_null();
    if (!folder.is_object()) {
      not_now("政策文件夹里没有这个事项的文件，不能提请施行。");
    } else if (!text_of(folder, "wrong").empty()) {
      not_now("事项文件还有错误（见下方“文件检查”），改正之后才能提请。");
    } else if (in_force && folder.at("version") == view_.at("version")) {
      not_now("文件夹中的文件就是现行版本；修改文件之后才能提请新版本。");
    } else {
      add({"propose", in_force ? "提请新版本" : "提请施行",
           "把文件夹中的这一版提请批准；系统随即用现有企业数据回溯试算。批准和确认之前不影响任何企业。",
           ItemAct::Reason::may});
    }
    if (in_force)
      add({"propose_repeal", "提请废止", "提请不再施行本事项；须由另一人批准，批准之后未办结的事项随之终止。",
           ItemAct::Reason::must, true});
  }

  bool test_is_current() const {
    const Json& test = proposal_->at("back_test");
    return test.is_object() && text_of(test, "base_version") == text_of(view_, "version");
  }

  void try_again() {
    if (person_.has_role(kOfficer))
      add({"back_test", "重新试算", "用今天的企业数据再做一次回溯试算；已有的试算保留。"});
  }

  void approve() {
    std::vector<std::string> able;
    for (const auto& role : settings_.approvers)
      if (person_.has_role(role)) able.push_back(role);
    if (able.empty() || text_of(*proposal_, "state") != "proposed") return;
    if (did("propose")) return not_now("本事项由您提请，批准须由另一人办理。");
    if (did("approve")) return not_now("您已经批准过；其余的批准须由他人办理。");
    const bool wanted = std::ranges::any_of(able, [&](const auto& role) { return !is_there("approve", role); });
    if (!wanted) return not_now("您这个角色的批准已经有了，还差其他角色的批准。");
    if (!test_is_current()) return not_now("与现行版本对照的回溯试算还没有完成；有了试算结果才能批准。");
    const bool repeal = text_of(*proposal_, "kind") == "repeal";
    add({"approve", repeal ? "批准废止" : "批准",
         repeal ? "同意废止。全部批准之后事项即不再施行。" : "同意这一版的条款和下方的试算结果。", ItemAct::Reason::may,
         repeal});
  }

  void confirm(const char* role, const char* act, const char* other) {
    if (!person_.has_role(role) || text_of(*proposal_, "kind") != "publish" || is_there(act)) return;
    const bool data = role == std::string_view(kDataOfficer);
    const std::string what = data ? "数据" : "条件";
    if (text_of(*proposal_, "state") != "approved") return not_now("确认" + what + "要等全部批准之后。");
    const Json& departments = view_.at("departments");
    const bool reviews = departments.empty() || std::ranges::any_of(departments, [&](const Json& one) {
                           return person_.of_department(one.get<std::string>());
                         });
    if (!data && !reviews) return not_now("条件由审核本事项的部门（" + joined(departments) + "）的政策管理人员确认。");
    if (did(other)) return not_now("条件和数据须由两个人分别确认，您已确认了另一项。");
    const char* last = is_there(other) ? "这是最后一步，确认之后立即施行。" : "";
    add({act, data ? "确认数据" : "确认条件",
         (data ? "确认下方“判定所用数据”的来源和时效可以作为判定依据。" : "代表审核部门确认条件与政策原文一致。") +
             std::string(last)});
  }

  /// An item in force whose data are not what was confirmed.
  void confirm_anew() {
    const Json& trouble = view_.at("trouble");
    if (!person_.has_role(kDataOfficer) || text_of(trouble, "code") != "data_unconfirmed") return;
    const Json& status = view_.at("status");
    if (!status.is_object() || !status.at("in_force").is_object()) return;
    if (std::ranges::any_of(status.at("in_force").at("steps"), [&](const Json& one) {
          return text_of(one, "step") == "confirm_conditions" && text_of(one, "by") == person_.actor();
        }))
      return not_now("现行版本的条件由您确认，它的数据须由另一位数据管理人员重新确认。");
    add({kConfirmAnew, "重新确认数据", "确认上方列出的变化之后，现行版本仍可以按这些数据判定；所有企业随即重新匹配。"});
  }

  void withdraw() {
    const bool approver =
        std::ranges::any_of(settings_.approvers, [&](const auto& role) { return person_.has_role(role); });
    if (approver || person_.has_role(kOfficer))
      add({"withdraw", "撤回提请", "提请到此为止；以后可以重新提请。", ItemAct::Reason::must, true});
  }

  const flow::Person& person_;
  const flow::PublishingSettings& settings_;
  const Json& view_;
  const Json* proposal_ = nullptr;  // The one under way.
  ItemActs out_;
};

}  // namespace

ItemActs acts_of(const flow::Person& person, const flow::PublishingSettings& settings, const std::string& city,
                 const Json& view) {
  if (!settings.by_people || !sees_publishing(person, settings, city)) return {};
  return Acts(person, settings, view).all();
}

bool sees_publishing(const flow::Person& person, const flow::PublishingSettings& settings, const std::string& city) {
  if (!person.sees(city)) return false;
  for (const char* role : {kOfficer, "policy_approver", kDataOfficer, "auditor"})
    if (person.has_role(role)) return true;
  return std::ranges::any_of(settings.approvers, [&](const auto& role) { return person.has_role(role); });
}

std::string missing_text(const std::string& missing, const Json& departments) {
  if (missing == "back_test") return "回溯试算（系统自动）";
  if (missing == "confirm:conditions") return "确认条件（" + joined(departments, "政策管理人员") + "）";
  if (missing == "confirm:data") return "确认数据（" + word(WordKind::role, "data_officer") + "）";
  if (missing.starts_with("approve:")) return "批准（" + word(WordKind::role, missing.substr(8)) + "）";
  return missing;
}

std::string joined(const Json& texts, const char* otherwise) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : "、") + text.get<std::string>();
  return out.empty() ? otherwise : out;
}

}  // namespace zhida::console::pages
