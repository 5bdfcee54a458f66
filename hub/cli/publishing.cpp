// policy propose, backtest, approve, confirm, withdraw, status: a person speaks to a running hub, and is known to it by
// their certificate. Nothing here touches the store.
#include "cli/publishing.h"

#include <chrono>
#include <iostream>
#include <thread>

#include "base/ids.h"
#include "platform/http/http_client.h"

namespace zhida::cli {
namespace {

constexpr const char* kUsageText =
    "usage: zhida policy propose ITEM… [--reason TEXT] [--repeal] | backtest ITEM… | approve ITEM… [--version V] |\n"
    "       confirm ITEM… --what conditions|data [--version V] | withdraw ITEM… --reason TEXT | status [ITEM…]\n"
    "       each with --hub URL --certificate FILE --key FILE --authority FILE [--json]\n";
constexpr auto kBackTestTime = std::chrono::minutes(10);

/// A hub as one person sees it.
class HubLine {
 public:
  explicit HubLine(const Words& words) : words_(words) {}

  Result<Json> ask(const std::string& method, const std::string& path, const Json& body = Json::object()) {
    http::HttpCall call;
    call.method = method;
    call.url = words_.option("--hub") + "/api/v1/" + path;
    call.ca_file = words_.option("--authority");
    call.certificate_file = words_.option("--certificate");
    call.key_file = words_.option("--key");
    call.timeout = kBackTestTime;
    if (method == "POST") {
      call.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", new_uuid()}};
      call.body = body.dump();
    }
    const auto reply = TRY(client_.call(call));
    auto answer = parse_json(reply.body);
    if (!answer) return refuse("http_malformed", "The hub answered " + std::to_string(reply.status) + " without JSON.");
    if (reply.status / 100 == 2) return answer;
    const auto code = TRY(get_string_or(answer.value(), "code", "refused"));
    return refuse(code, TRY(get_string_or(answer.value(), "detail", "The hub refused.")));
  }

 private:
  const Words& words_;
  http::HttpClient client_;
};

std::string text(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) && object.at(name).is_string() ? object.at(name).get<std::string>()
                                                                                    : std::string();
}

std::string yuan(const Json& fen) {
  return Money::from_fen(fen.get<std::int64_t>()).to_yuan();
}

void print_back_test(const Json& test) {
  if (!test.is_object()) return;
  const auto& report = test.at("report");
  const auto part = [&](const char* title, const Json& moved) {
    std::cout << "；" << title << moved.at("firms") << "户";
  };
  std::cout << "    回溯试算 " << text(test, "day") << "：企业" << report.at("firms") << "户，符合"
            << report.at("before").at("met") << "→" << report.at("after").at("met") << "户，"
            << yuan(report.at("before").at("fen")) << "→" << yuan(report.at("after").at("fen")) << "元";
  part("新增", report.at("gained"));
  part("减少", report.at("lost"));
  part("转为未知", report.at("doubtful"));
  part("金额改变", report.at("changed"));
  std::cout << "；差一项" << report.at("near_misses").at("firms") << "户";
  if (const auto& budget = report.at("budget"); budget.is_object())
    std::cout << "；可用预算" << yuan(budget.at("available_fen")) << "元，"
              << (budget.at("lasts").get<bool>() ? "足额" : "不足");
  std::cout << "\n    输入摘要 " << text(test, "inputs_digest") << "\n";
}

void print_steps(const Json& proposal) {
  for (const auto& step : proposal.value("steps", Json::array()))
    std::cout << "    " << text(step, "at") << " " << text(step, "step") << " " << text(step, "by")
              << (text(step, "reason").empty() ? "" : "：" + text(step, "reason")) << "\n";
}

void print(const Json& item) {
  std::cout << text(item, "policy");
  const auto& in_force = item.at("in_force");
  const auto version = in_force.is_string() ? in_force.get<std::string>() : text(in_force, "version");
  std::cout << (version.empty() ? "  未生效" : "  生效版本 " + version) << "\n";
  if (in_force.is_object()) print_steps(in_force);
  const auto trouble = in_force.is_object() ? in_force.value("trouble", Json()) : item.value("trouble", Json());
  if (trouble.is_object())
    std::cout << "    " << text(trouble, "code") << "，待 " << text(trouble, "waits_for") << "："
              << text(trouble, "sentence") << "\n";
  const auto& proposal = item.at("proposal");
  if (!proposal.is_object() || text(proposal, "state") == "done") return;
  std::cout << "  " << (text(proposal, "kind") == "repeal" ? "拟停用 " : "拟生效 ") << text(proposal, "version") << "  "
            << text(proposal, "state");
  for (const auto& missing : proposal.value("missing", Json::array()))
    std::cout << "  待 " << missing.get<std::string>();
  std::cout << "\n";
  print_steps(proposal);
  if (proposal.contains("back_test")) print_back_test(proposal.at("back_test"));
}

/// Waits until the hub has drawn the back-test up.
Result<Json> with_back_test(HubLine& hub, const std::string& id, Json item) {
  const auto deadline = std::chrono::steady_clock::now() + kBackTestTime;
  while (item.at("proposal").at("back_test").is_null()) {
    if (std::chrono::steady_clock::now() > deadline)
      return retry("http_timeout", "The back-test of " + id + " is not there yet; ask `status` later.");
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    item = TRY(hub.ask("GET", "policies/" + id + "/publishing"));
  }
  return item;
}

/// The version that is acted on: the one that was named, else the one that is proposed now.
Result<std::string> version_of(HubLine& hub, const std::string& id, const Words& words) {
  if (const auto named = words.option("--version"); !named.empty()) return named;
  const auto item = TRY(hub.ask("GET", "policies/" + id + "/publishing"));
  const auto state = text(item.at("proposal"), "state");
  // Nothing is under way: what there may be to confirm is the data of the item in force.
  if (state != "proposed" && state != "approved" && item.at("in_force").is_object())
    return text(item.at("in_force"), "version");
  return text(item.at("proposal"), "version");
}

Result<Json> act(HubLine& hub, const std::string& command, const std::string& id, const Words& words) {
  const auto path = "policies/" + id + "/";
  Json body = Json::object();
  if (const auto reason = words.option("--reason"); !reason.empty() && command != "confirm" && command != "backtest")
    body["reason"] = reason;
  if (command == "status") return hub.ask("GET", path + "publishing");
  if (command == "backtest") return hub.ask("POST", path + "back-test");
  if (command == "withdraw") return hub.ask("POST", path + "withdraw", body);
  if (command == "propose") {
    if (words.flags.contains("--repeal")) body["repeal"] = true;
    if (const auto version = words.option("--version"); !version.empty()) body["version"] = version;
    return with_back_test(hub, id, TRY(hub.ask("POST", path + "propose", body)));
  }
  body["version"] = TRY(version_of(hub, id, words));
  if (command == "confirm") body["what"] = words.option("--what");
  return hub.ask("POST", path + command, body);
}

}  // namespace

bool is_publishing_command(const std::string& command) {
  for (const char* one : {"propose", "backtest", "approve", "confirm", "withdraw", "status"})
    if (command == one) return true;
  return false;
}

int publishing(const std::string& command, const Words& words) {
  const auto usage = [](const std::string& sentence) {
    std::cerr << sentence << "\n" << kUsageText;
    return kUsage;
  };
  if (words.option("--hub").empty()) return usage("Which hub? Name --hub https://HOST:PORT.");
  if (words.plain.empty() && command != "status") return usage("Which items?");
  if (command == "confirm" && words.option("--what") != "conditions" && words.option("--what") != "data")
    return usage("What is confirmed: --what conditions or --what data.");
  HubLine hub(words);
  Json answers = Json::array();
  int code = kOk;
  if (words.plain.empty()) {
    const auto all = hub.ask("GET", "publishing");
    if (!all) return fail(all.error());
    for (const auto& item : all.value().at("items")) answers.push_back(item);
  }
  for (const auto& id : words.plain) {
    auto answer = act(hub, command, id, words);
    if (answer) {
      answers.push_back(std::move(answer.value()));
    } else {
      std::cerr << id << ": ";
      code = fail(answer.error());
    }
  }
  if (words.json)
    std::cout << answers.dump() << "\n";
  else
    for (const auto& answer : answers) print(answer);
  return code;
}

}  // namespace zhida::cli
