// What one person may do with an item now, and why not the rest: thinking only.
#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "flow/people.h"
#include "flow/policy_desk.h"

namespace zhida::console::pages {

/// The form's word for confirming the data of an item in force once more.
inline constexpr const char* kConfirmAnew = "confirm_data_anew";

/// A step that this person may take now.
struct ItemAct {
  enum class Reason { none, may, must };
  const char* act;     ///< As the form sends it: `approve`
  const char* button;  ///< `批准`
  std::string says;    ///< One sentence: what it does.
  Reason reason = Reason::none;
  bool grave = false;  ///< Ends something: the button warns.
};
struct ItemActs {
  std::vector<ItemAct> now;
  std::vector<std::string> not_now;  ///< Steps that the person's roles are for, and why they cannot be taken.
};
/// `view` as flow::item_view gives it.
ItemActs acts_of(const flow::Person& person, const flow::PublishingSettings& settings, const std::string& city,
                 const Json& view);

/// Who may see proposals, their back-tests and reasons: who publishes, approves or audits, for the whole city.
bool sees_publishing(const flow::Person& person, const flow::PublishingSettings& settings, const std::string& city);

/// What a missing step is called and whose it is: `政策批准（政策批准）`
std::string missing_text(const std::string& missing, const Json& departments);
/// `科技局、财政局`
std::string joined(const Json& texts, const char* otherwise = "—");

}  // namespace zhida::console::pages
