// Views for a terminal.
#include "console/views.h"
#include "console/words.h"

namespace zhida::console {
namespace {

std::string text_of(const Json& object, const char* name) {
  const auto& member = object.at(name);
  return member.is_null() ? "—" : member.is_string() ? member.get<std::string>() : member.dump();
}

}  // namespace

std::string case_to_text(const Json& view) {
  std::string text = text_of(view, "title") + "（" + text_of(view, "policy") + "，" +
                     word(WordKind::tranche, text_of(view, "tranche")) + "）\n";
  text += "编号  " + text_of(view, "id") + "\n";
  text += "企业  " + text_of(view, "name") + "  " + text_of(view, "uscc") + "\n";
  text += "金额  " + text_of(view, "amount") + " 元，" + word(WordKind::channel, text_of(view, "channel")) + "\n";
  text += "状态  " + word(WordKind::case_state, text_of(view, "state")) + "，自 " + text_of(view, "state_since") + "\n";
  text += "下一步  " + word(WordKind::action, text_of(view.at("next"), "action"));
  for (const auto& who : view.at("next").at("who")) text += "  " + word(WordKind::role, who.get<std::string>());
  text += "  期限 " + text_of(view, "due_on") + "\n";
  if (!view.at("reason").is_null()) text += "说明  " + text_of(view, "reason") + "\n";
  for (const auto& message : view.at("refused_messages")) {
    text += "被拒  " + word(WordKind::message, text_of(message, "message")) + " " + text_of(message, "message_id") +
            "  " + text_of(message, "code") + "：" + text_of(message, "reason");
    text += message.at("leaves_again").get<bool>() ? "  已重发，等待对方接收\n"
                                                   : "  运行人员：" + text_of(message, "do") + "\n";
  }
  text += "\n为什么\n";
  for (const auto& clause : view.at("clauses")) text += "  " + text_of(clause, "sentence") + "\n";
  if (!view.at("amount_trace").is_null()) text += "  " + text_of(view, "amount_trace") + "\n";
  text += "\n过程\n";
  for (const auto& event : view.at("events")) {
    text += "  " + text_of(event, "at") + "  " + word(WordKind::event, text_of(event, "event")) + "  " +
            text_of(event, "actor");
    if (!event.at("department").is_null()) text += "（" + text_of(event, "department") + "）";
    if (!event.at("reason").is_null()) text += "  " + text_of(event, "reason");
    text += "\n";
  }
  for (const auto& payment : view.at("payments"))
    text += "  支付申请 " + text_of(payment, "business_no") + "  " + text_of(payment, "amount") + " 元  " +
            word(WordKind::payment_state, text_of(payment, "state")) + "  " + text_of(payment, "reason") + "\n";
  return text;
}

std::string profile_to_text(const Json& view) {
  std::string text =
      text_of(view, "name") + "  " + text_of(view, "uscc") + "  区划 " + text_of(view, "division_shown") + "\n";
  for (const auto& field : view.at("fields")) {
    const std::string state = text_of(field, "state");
    text += "  " + text_of(field, "title") + "（" + text_of(field, "field") + "）  ";
    if (state == "known")
      text += text_of(field, "shown") + "  " + word(WordKind::source, text_of(field, "source")) + " " +
              text_of(field, "as_of") + "\n";
    else
      text += word(WordKind::field_state, state) + "\n";
  }
  text += "\n政策\n";
  for (const auto& item : view.at("entitlements"))
    text += "  " + text_of(item, "policy") + " " + text_of(item, "title") + "  " +
            word(WordKind::verdict, text_of(item, "verdict")) + "  " + text_of(item, "amount") + "\n";
  text += "\n事项\n";
  for (const auto& item : view.at("cases"))
    text += "  " + text_of(item, "id") + "  " + text_of(item, "title") + "  " +
            word(WordKind::case_state, text_of(item, "state")) + "  " + text_of(item, "amount") + "\n";
  return text;
}

}  // namespace zhida::console
