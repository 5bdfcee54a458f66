// sim_tax: the tax bureau's exchange gateway, invented. GET /gateway/{list}?PAGE=1&PAGENUM=100&since=&uscc=
#include <array>

#include "adapters/simulator_kit/gateway.h"
#include "adapters/town/world.h"

namespace {

using namespace zhida;
using namespace zhida::simulator;

constexpr std::array<std::string_view, 7> kLists{"registration", "credit_grade", "arrears",     "sales",
                                                 "paid_year",    "per_mu",       "rd_deduction"};
// Larger pages are cut without a word, as such gateways do.
constexpr std::int64_t kPageRowsMax = 200;

class TaxBureau {
 public:
  TaxBureau(Simulation& simulation, town::World world, std::vector<town::Fault> faults,
            std::unique_ptr<OnceFaults> once, Secret<std::string> secret)
      : simulation_(simulation),
        world_(std::move(world)),
        faults_(std::move(faults)),
        once_(std::move(once)),
        guard_(HeaderStyle::client_gateway, "zhida", std::move(secret)) {}

  http::HttpResponse answer(const http::HttpRequest& request) {
    const auto why = guard_.check(request, to_millis(SystemClock().now()));
    if (!why.empty()) return unauthorized(why);
    constexpr std::string_view kPrefix = "/gateway/";
    const std::string_view path = request.path;
    const auto list = path.starts_with(kPrefix) ? path.substr(kPrefix.size()) : std::string_view();
    if (request.method != "GET" || std::find(kLists.begin(), kLists.end(), list) == kLists.end())
      return refusal("97", "没有这个资源");
    return page(std::string(list), request);
  }

 private:
  http::HttpResponse page(const std::string& list, const http::HttpRequest& request) {
    auto number = std::max<std::int64_t>(1, number_parameter(request, "PAGE", 1));
    const auto size = std::clamp<std::int64_t>(number_parameter(request, "PAGENUM", 100), 1, kPageRowsMax);
    town::RowQuery query;
    query.record_type = "tax." + list;
    query.as_of = simulation_.clock().now();
    if (const auto since = request.parameter("since"); since && !since->empty()) {
      const auto moment = read_time(*since);
      if (!moment) return refusal("98", "since 格式错误");
      query.after = *moment - 1ms;  // From this moment on, itself included.
    }
    query.uscc = request.parameter("uscc").value_or("");

    // The deliberate faults belong to the sweeps of whole lists.
    std::int64_t too_many = 0;
    if (simulation_.demo_faults() && query.uscc.empty()) {
      for (const auto& fault : faults_) {
        if (fault.record_type != query.record_type) continue;
        const auto detail = std::atoll(fault.detail.c_str());
        if (fault.kind == "login_page" && once_->happens_now("login_page")) return login_page();
        if (fault.kind == "code_in_success" && once_->happens_now("code_in_success"))
          return refusal(fault.detail, "系统繁忙");
        if (fault.kind == "data_is_text" && once_->happens_now("data_is_text")) {
          auto text = refusal(fault.detail, "数据错误");
          text.body = R"({"code":)" + json_text(fault.detail) + R"(,"msg":"数据错误","data":"数据错误"})";
          return text;
        }
        if (fault.kind == "total_moving" && number == 1 && once_->happens_now("total_moving")) too_many = detail;
        if (fault.kind == "page_twice" && number == detail && once_->happens_now("page_twice")) number = detail - 1;
      }
    }

    const Lock lock(mutex_);
    const auto total = world_.count(query);
    query.offset = (number - 1) * size;
    query.limit = size;
    const auto rows = world_.rows(query);
    if (!total || !rows) return refusal("99", "系统错误");
    std::vector<std::string> texts;
    for (const auto& row : rows.value()) {
      if (!row.withdrawn) texts.push_back(row_text(list, row));
    }
    return rows_answer(total.value() + too_many, texts);
  }

  // The registration number is a text in most lists and a bare number of 20 digits in one, as a spreadsheet would have
  // it.
  static std::string row_text(const std::string& list, const town::Row& row) {
    std::string text = "{";
    for (const auto& [name, value] : row.columns) {
      if (text.size() > 1) text += ',';
      text += json_text(name) + ":";
      const bool bare = list == "paid_year" && name == "djxh" && value && !value->empty() && value->front() != '0' &&
                        value->find_first_not_of("0123456789") == std::string::npos;
      if (!value) {
        text += "null";
      } else {
        text += bare ? *value : json_text(*value);
      }
    }
    return text + "}";
  }

  Simulation& simulation_;
  Mutex mutex_;
  town::World world_ GUARDED_BY(mutex_);
  const std::vector<town::Fault> faults_;
  const std::unique_ptr<OnceFaults> once_;
  SignatureGuard guard_;
};

Result<void> body(Simulation& simulation) {
  auto world = TRY(town::World::open(simulation.arguments().world));
  auto faults = TRY(world.faults("tax"));
  auto once = TRY(OnceFaults::open(simulation.arguments().state + "/faults.jsonl"));
  auto secret = TRY(load_or_make_secret(secret_path(simulation.arguments(), "tax")));
  TaxBureau bureau(simulation, std::move(world), std::move(faults), std::move(once), std::move(secret));
  return serve(simulation, "tax", [&bureau](const http::HttpRequest& request) { return bureau.answer(request); });
}

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv, "tax", {"secret"}, body);
}
