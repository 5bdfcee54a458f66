// sim_sms_gateway: a short message gateway, invented. POST /messages {id,to,text}; GET /reports?after=N
#include <algorithm>
#include <map>

#include "adapters/simulator_kit/gateway.h"

namespace {

using namespace zhida;
using namespace zhida::simulator;

// A report comes a moment after its message, in real time: gateways are not at once done.
constexpr auto kReportDelay = std::chrono::milliseconds(150);
constexpr std::size_t kReportsMax = 200;

struct Taken {
  std::string id, to, state, reason, at;
  std::string digest;  // Of number and text: the same id must be the same message.
  std::chrono::steady_clock::time_point reported_from;
};

class MessageGateway {
 public:
  MessageGateway(Simulation& simulation, std::unique_ptr<StateLog> log, Secret<std::string> secret)
      : simulation_(simulation), log_(std::move(log)), guard_(HeaderStyle::client_gateway, "zhida", std::move(secret)) {
    for (const auto& entry : log_->history()) {
      add(Taken{entry.value("id", ""),
                entry.value("to", ""),
                entry.value("state", ""),
                entry.value("reason", ""),
                entry.value("at", ""),
                entry.value("text", ""),
                {}});
    }
  }

  http::HttpResponse answer(const http::HttpRequest& request) {
    const auto why = guard_.check(request, to_millis(SystemClock().now()));
    if (!why.empty()) return unauthorized(why);
    if (request.method == "POST" && request.path == "/messages") return take(request);
    if (request.method == "GET" && request.path == "/reports") return reports(request);
    return problem(404, "没有这个地址");
  }

 private:
  static http::HttpResponse problem(int status, const std::string& reason) {
    http::HttpResponse response;
    response.status = status;
    response.body = Json{{"accepted", false}, {"reason", reason}}.dump();
    return response;
  }

  http::HttpResponse take(const http::HttpRequest& request) {
    const auto json = parse_json(request.body);
    if (!json || !json.value().is_object()) return problem(400, "不是 JSON");
    const auto id = get_string(json.value(), "id");
    const auto to = get_string(json.value(), "to");
    const auto text = get_string(json.value(), "text");
    if (!id || !to || !text || id.value().empty() || text.value().empty()) return problem(400, "缺少 id、to 或 text");

    const Lock lock(mutex_);
    const auto known = by_id_.find(id.value());
    if (known != by_id_.end()) {
      if (taken_[known->second].digest != to.value() + "\n" + text.value()) return problem(409, "同一 id 内容不同");
      return accepted(id.value(), true);
    }
    // A number that nobody has, and in the demo one in ten whose phone is switched off.
    const bool number = to.value().size() == 11 && to.value().front() == '1' &&
                        to.value().find_first_not_of("0123456789") == std::string::npos;
    const bool off = simulation_.demo_faults() && number && to.value().ends_with('7');
    Taken message{id.value(),
                  to.value(),
                  number && !off ? "delivered" : "failed",
                  number ? (off ? "关机" : "") : "空号",
                  to_rfc3339(simulation_.clock().now()),
                  to.value() + "\n" + text.value(),
                  std::chrono::steady_clock::now() + kReportDelay};
    const auto kept = log_->append(Json{{"id", message.id},
                                        {"to", message.to},
                                        {"state", message.state},
                                        {"reason", message.reason},
                                        {"at", message.at},
                                        {"text", message.digest}});
    if (!kept) return problem(503, "稍后再试");
    add(std::move(message));
    return accepted(id.value(), false);
  }

  static http::HttpResponse accepted(const std::string& id, bool again) {
    http::HttpResponse response;
    response.body = Json{{"accepted", true}, {"id", id}, {"again", again}}.dump();
    return response;
  }

  http::HttpResponse reports(const http::HttpRequest& request) {
    const auto after = static_cast<std::size_t>(number_parameter(request, "after", 0));
    const auto now = std::chrono::steady_clock::now();
    const Lock lock(mutex_);
    Json list = Json::array();
    std::size_t at = std::min(after, taken_.size());
    for (; at < taken_.size() && list.size() < kReportsMax && taken_[at].reported_from <= now; ++at) {
      const auto& message = taken_[at];
      list.push_back(Json{{"id", "R" + std::to_string(at + 1)},
                          {"notice_id", message.id},
                          {"state", message.state},
                          {"reason", message.reason},
                          {"at", message.at}});
    }
    http::HttpResponse response;
    response.body = Json{{"reports", std::move(list)}, {"next", std::to_string(at)}}.dump();
    return response;
  }

  void add(Taken message) REQUIRES(mutex_) {
    by_id_[message.id] = taken_.size();
    taken_.push_back(std::move(message));
  }

  Simulation& simulation_;
  const std::unique_ptr<StateLog> log_;
  SignatureGuard guard_;
  Mutex mutex_;
  std::vector<Taken> taken_ GUARDED_BY(mutex_);
  std::map<std::string, std::size_t> by_id_ GUARDED_BY(mutex_);
};

Result<void> body(Simulation& simulation) {
  auto log = TRY(StateLog::open(simulation.arguments().state + "/messages.jsonl"));
  auto secret = TRY(load_or_make_secret(secret_path(simulation.arguments(), "sms_gateway")));
  MessageGateway gateway(simulation, std::move(log), std::move(secret));
  return serve(simulation, "sms_gateway",
               [&gateway](const http::HttpRequest& request) { return gateway.answer(request); });
}

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv, "sms_gateway", {"secret"}, body);
}
