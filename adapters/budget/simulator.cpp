// sim_budget: the integrated budget management system (预算管理一体化), invented.
// GET /budget/{appropriations|payments}?updated_after=&page=1&size=100
#include <algorithm>
#include <map>

#include <sys/stat.h>

#include "adapters/simulator_kit/gateway.h"
#include "adapters/town/world.h"
#include "base/bytes.h"
#include "base/money.h"

namespace {

using namespace zhida;
using namespace zhida::simulator;

constexpr std::int64_t kPageRowsMax = 500;

struct Served {
  Instant updated;
  std::string text;
};

std::string time_text(Instant moment) {
  const auto rfc = to_rfc3339(moment);  // 2025-11-03T09:00:00.000+08:00
  return rfc.substr(0, 10) + " " + rfc.substr(11, 8);
}

std::string row_text(const Columns& columns) {
  std::string text = "{";
  for (const auto& [name, value] : columns) {
    if (text.size() > 1) text += ',';
    text += json_text(name) + ":" + (value ? json_text(*value) : "null");
  }
  return text + "}";
}

/// The payments that the treasury has taken: the budget system lists them beside those of others, with our business
/// number, so that the hub knows its own. NOTES.md describes the lines.
class TreasuryBook {
 public:
  explicit TreasuryBook(std::string path) : path_(std::move(path)) {}

  std::vector<Served> payments() {
    read_news();
    std::vector<Served> rows;
    for (const auto& [number, entry] : latest_) rows.push_back(entry);
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Served& left, const Served& right) { return left.updated < right.updated; });
    return rows;
  }

 private:
  void read_news() {
    if (path_.empty()) return;
    const auto text = read_file(path_, 1u << 30);
    if (!text) return;  // The treasury has not taken anything yet.
    std::string_view rest(text.value());
    rest.remove_prefix(std::min(read_, rest.size()));
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      if (const auto entry = parse_json(rest.substr(0, end))) take(entry.value());
      rest.remove_prefix(end + 1);
      read_ += end + 1;
    }
  }

  void take(const Json& entry) {
    const auto part = [&](const char* name) { return get_string_or(entry, name, "").value(); };
    const auto number = get_string_or(entry, "pay_app_no", "");
    const auto fen = get_int(entry, "amount_fen");
    const auto at = get_string(entry, "at");
    if (!number || number.value().empty() || !fen || !at) return;
    const auto updated = parse_rfc3339(at.value());
    if (!updated) return;
    const bool deleted = entry.value("deleted", false);
    Columns columns{{"PAY_APP_NO", number.value()},
                    {"BGT_ID", part("bgt_id")},
                    {"MOF_DIV_CODE", part("mof_div_code")},
                    {"PAY_APP_AMT", Money::from_fen(fen.value()).to_yuan()},
                    {"AMT_UNIT", "元"},
                    {"BUSINESS_NO", part("business_no")},
                    {"PAYEE_ACCT_NAME", part("payee_acct_name")},
                    {"USE_DES", part("use_des")},
                    {"IS_DELETED", deleted ? "1" : "2"},
                    {"UPDATE_TIME", time_text(updated.value())}};
    latest_[number.value()] = Served{updated.value(), row_text(columns)};
  }

  const std::string path_;
  std::size_t read_ = 0;
  std::map<std::string, Served> latest_;
};

class BudgetSystem {
 public:
  BudgetSystem(Simulation& simulation, town::World world, std::string treasury_state, Secret<std::string> secret)
      : simulation_(simulation),
        world_(std::move(world)),
        treasury_(std::move(treasury_state)),
        guard_(HeaderStyle::national_platform, "zhida", std::move(secret)) {}

  http::HttpResponse answer(const http::HttpRequest& request) {
    const auto why = guard_.check(request, to_millis(SystemClock().now()));
    if (!why.empty()) return unauthorized(why);
    if (request.method == "GET" && request.path == "/budget/appropriations")
      return page("budget.appropriation", request);
    if (request.method == "GET" && request.path == "/budget/payments") return page("budget.payment", request);
    return refusal("97", "没有这个资源");
  }

 private:
  http::HttpResponse page(const std::string& record_type, const http::HttpRequest& request) {
    const auto number = std::max<std::int64_t>(1, number_parameter(request, "page", 1));
    const auto size = std::clamp<std::int64_t>(number_parameter(request, "size", 100), 1, kPageRowsMax);
    town::RowQuery query;
    query.record_type = record_type;
    query.as_of = simulation_.clock().now();
    std::optional<Instant> after;
    if (const auto text = request.parameter("updated_after"); text && !text->empty()) {
      after = read_time(*text);
      if (!after) return refusal("98", "updated_after 格式错误");
      query.after = *after;
    }

    const Lock lock(mutex_);
    std::vector<std::string> ours;
    if (record_type == "budget.payment") {
      for (auto& payment : treasury_.payments()) {
        if (payment.updated <= query.as_of && (!after || payment.updated > *after))
          ours.push_back(std::move(payment.text));
      }
    }
    const auto count = world_.count(query);
    if (!count) return refusal("99", "系统错误");
    const auto total = count.value() + static_cast<std::int64_t>(ours.size());
    query.offset = (number - 1) * size;
    query.limit = size;
    std::vector<std::string> texts;
    if (query.offset < count.value()) {
      const auto rows = world_.rows(query);
      if (!rows) return refusal("99", "系统错误");
      for (const auto& row : rows.value()) texts.push_back(row_text(row.columns));
    }
    for (auto at = std::max<std::int64_t>(0, query.offset - count.value());
         at < static_cast<std::int64_t>(ours.size()) && static_cast<std::int64_t>(texts.size()) < size; ++at)
      texts.push_back(ours[static_cast<std::size_t>(at)]);
    return rows_answer(total, texts);
  }

  Simulation& simulation_;
  Mutex mutex_;
  town::World world_ GUARDED_BY(mutex_);
  TreasuryBook treasury_ GUARDED_BY(mutex_);
  SignatureGuard guard_;
};

Result<void> body(Simulation& simulation) {
  const auto& own = simulation.arguments().own;
  const auto treasury = own.find("treasury-state");
  auto world = TRY(town::World::open(simulation.arguments().world));
  auto secret = TRY(load_or_make_secret(secret_path(simulation.arguments(), "budget")));
  BudgetSystem budget(simulation, std::move(world), treasury == own.end() ? std::string() : treasury->second,
                      std::move(secret));
  return serve(simulation, "budget", [&budget](const http::HttpRequest& request) { return budget.answer(request); });
}

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv, "budget", {"secret", "treasury-state"}, body);
}
