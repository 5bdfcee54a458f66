#include "adapters/simulator_kit/paged_scene.h"

#include <algorithm>
#include <thread>

#include "adapters/simulator_kit/gateway.h"
#include "base/assert.h"

namespace zhida::simulator {

PagedScene::PagedScene(PagedSceneOptions options) : options_(std::move(options)) {
  open_door();
}

PagedScene::~PagedScene() {
  spoilt_ = Spoil::nothing;  // Lets a hanging answer go.
  if (server_) server_->stop();
}

void PagedScene::open_door() {
  if (server_) return;
  http::HttpServerOptions options;
  options.port = port_;
  options.threads = 4;
  // The port may be busy for a moment after the door was closed.
  for (int attempt = 0; attempt < 100 && !server_; ++attempt) {
    auto server =
        http::HttpServer::start(options, [this](const http::HttpRequest& request) { return answer(request); });
    if (server) {
      server_ = std::move(server.value());
    } else {
      std::this_thread::sleep_for(20ms);
    }
  }
  ZHIDA_ASSERT(server_ != nullptr);
  port_ = server_->port();
}

std::string PagedScene::settings() const {
  return options_.settings("http://127.0.0.1:" + std::to_string(port_));
}

void PagedScene::spoil(Spoil how) {
  spoilt_ = how;
  repeats_ = 0;
  if (how == Spoil::lost_connection) {
    server_.reset();
  } else {
    open_door();
  }
}

bool PagedScene::hang() const {
  bool hung = false;
  for (int i = 0; i < 200 && spoilt_ == Spoil::hanging; ++i) {
    hung = true;
    std::this_thread::sleep_for(20ms);
  }
  return hung;
}

http::HttpResponse PagedScene::answer(const http::HttpRequest& request) {
  ++asked_;
  if (spoilt_ == Spoil::slow) std::this_thread::sleep_for(50ms);
  if (spoilt_ == Spoil::nonsense || hang()) return login_page();
  if (auto response = special(request)) return std::move(*response);
  return page(request);
}

http::HttpResponse PagedScene::page(const http::HttpRequest& request) {
  if (request.path != options_.path) return rows_answer(0, {});
  std::vector<std::string> rows;
  for (int i = 1; i <= count_; ++i) rows.push_back(options_.row(i));
  if (spoilt_ == Spoil::malformed_record)
    rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2), "\"noise\"");
  const auto total = static_cast<std::int64_t>(rows.size());
  auto number = std::max<std::int64_t>(1, number_parameter(request, options_.page_parameter, 1));
  const auto size = std::clamp<std::int64_t>(number_parameter(request, options_.size_parameter, 100), 1, 10);
  // The second page comes as the first one did, once; then the list is in order again.
  if (spoilt_ == Spoil::duplicate && number == 2 && repeats_.fetch_add(1) == 0) number = 1;
  std::vector<std::string> served;
  for (auto at = (number - 1) * size; at < std::min(total, number * size); ++at)
    served.push_back(rows[static_cast<std::size_t>(at)]);
  return rows_answer(total, served);
}

}  // namespace zhida::simulator
