// Messages that no door could take, and the button that tries them again.
#include "console/lists.h"
#include "console/pages/frame.h"
#include "console/pages/pages.h"
#include "console/views.h"
#include "flow/dead_letters.h"

namespace zhida::console::pages {
namespace {

using storage::Transaction;

std::string text_of(const Json& object, const char* name) {
  return object.at(name).is_null() ? std::string() : object.at(name).get<std::string>();
}

}  // namespace

Result<Answer> dead_letters(App& app, const Call& call) {
  const std::string state = call.parameter("state");
  Slice slice;
  slice.after = TRY(key_of(call.parameter("cursor"), 1));
  const Json list = TRY(read<Json>(app, [&](Transaction& transaction) {
    return list_dead_letters(transaction, app.hub.rooms(), *call.person, state, slice);
  }));
  Html content(
      "<h1>死信</h1><p "
      "class=\"dim\">已签收、但没有处理成功的消息，原文保留在这里；排除原因后可以重放，只会生效一次。</p>"
      "<div class=\"filters\"><a href=\"/dead-letters\" class=\"{}\">全部</a>",
      state.empty() ? "here" : "");
  for (const char* filter : {"open", "replayed"})
    content.add("<a href=\"{}\" class=\"{}\">{}</a>", link("/dead-letters", {{"state", filter}}),
                state == filter ? "here" : "", word(WordKind::quarantine, filter));
  content.add("</div><section class=\"card\">");
  if (list.at("items").empty()) {
    content.add("<p class=\"empty\">没有死信。</p>");
  } else {
    content.add(
        "<table><tr><th>编号</th><th>对方</th><th>消息号</th><th>原因</th><th>说明</th><th>状态</th><th>首次</th></"
        "tr>");
    for (const auto& item : list.at("items"))
      content.add(
          "<tr><td><a href=\"/dead-letters/{}\">{}</a></td><td>{}<br><span class=\"dim small\">{}</span></td>"
          "<td>{}</td><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
          item.at("id"), item.at("id"), item.at("peer"), item.at("address"), item.at("message_id"), item.at("code"),
          item.at("message"), badge(WordKind::quarantine, text_of(item, "state")), minute_of(item.at("created_at")));
    content.add("</table>");
  }
  content.add("</section>{}", more("/dead-letters", {{"state", state}}, list.at("next")));
  return page(app, call, {.title = "死信", .here = "/dead-letters"}, content);
}

Result<Answer> dead_letter(App& app, const Call& call) {
  const Json view = TRY(read<Json>(app, [&](Transaction& transaction) {
    return dead_letter_view(transaction, app.hub.rooms(), call.captures.at(0), *call.person);
  }));
  Html content("<h1>死信 {}</h1>", view.at("id"));
  const std::string done = call.parameter("done");
  if (!done.empty())
    content.add("<p class=\"note {}\">{}</p>", done == "refused" ? "bad" : "",
                done == "refused" ? "重放后仍被拒绝，原因见下。" : "重放成功，消息已生效。");
  content.add(
      "<section class=\"card\"><dl class=\"facts\"><div><dt>状态</dt><dd>{}</dd></div>"
      "<div><dt>对方与地址</dt><dd>{} · {}</dd></div><div><dt>消息号</dt><dd>{}</dd></div>"
      "<div><dt>原因</dt><dd><code>{}</code></dd></div><div><dt>尝试</dt><dd>{} 次，首次 {}</dd></div>"
      "<div><dt>重放</dt><dd>{} 次，最近 {}，结果 {}</dd></div></dl><p>{}</p>",
      badge(WordKind::quarantine, text_of(view, "state")), view.at("peer"), view.at("address"), view.at("message_id"),
      view.at("code"), view.at("attempts"), minute_of(view.at("created_at")), view.at("replays"),
      minute_of(view.at("replayed_at")), view.at("replay_result"), view.at("message"));
  if (view.at("state") == "open" && (call.person->has_role("operator") || call.person->has_role("integration_admin")))
    content.add(
        "<form method=\"post\" action=\"/dead-letters/{}\"><input type=\"hidden\" name=\"token\" value=\"{}\">"
        "<button>重放这条消息</button></form>",
        view.at("id"), call.form_token);
  content.add("</section><section class=\"card\"><h2>原始字节（{}）</h2><pre>{}</pre></section>", view.at("body_bytes"),
              view.at("body"));
  return page(app, call, {.title = "死信", .here = "/dead-letters"}, content);
}

Result<Answer> replay_letter(App& app, const Call& call) {
  const auto id = TRY(read<std::int64_t>(app, [&](Transaction& transaction) -> Result<std::int64_t> {
    const Json letter = TRY(dead_letter_view(transaction, app.hub.rooms(), call.captures.at(0), *call.person));
    return letter.at("id").get<std::int64_t>();
  }));
  const auto replayed = TRY(app.hub.dead_letters().replay(id, call.person->actor()));
  return redirect(link("/dead-letters/" + std::to_string(id), {{"done", replayed.done ? "done" : "refused"}}));
}

}  // namespace zhida::console::pages
