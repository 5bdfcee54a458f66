// The scene of an adapter that pulls pages over HTTP: an in-process server that can be filled and spoilt.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "adapters/simulator_kit/scene.h"
#include "base/mutex.h"
#include "platform/http/http_server.h"

namespace zhida::simulator {

struct PagedSceneOptions {
  std::string record_type;  ///< Of the list under test.
  std::string path;         ///< Its path on the server; every other path is an empty list.
  std::string page_parameter, size_parameter;
  /// The JSON of row `number` (from 1); the same each time it is asked for.
  std::function<std::string(int number)> row;
  /// The adapter's settings, given the server's address (`http://127.0.0.1:PORT`).
  std::function<std::string(const std::string& address)> settings;
};

class PagedScene : public Scene {
 public:
  explicit PagedScene(PagedSceneOptions options);
  ~PagedScene() override;

  std::string settings() const override;
  std::string record_type() const override { return options_.record_type; }
  void hold(int count) override { count_ = count; }
  void spoil(Spoil how) override;
  int asked() const override { return asked_; }

 protected:
  /// For servers with more than lists: asked first; no value passes the request on.
  virtual std::optional<http::HttpResponse> special(const http::HttpRequest&) { return std::nullopt; }
  Spoil spoilt() const { return spoilt_; }
  /// Waits out a hanging mood; gives up when it changes. True where it hung.
  bool hang() const;
  void open_door();

 private:
  http::HttpResponse answer(const http::HttpRequest& request);
  http::HttpResponse page(const http::HttpRequest& request);

  const PagedSceneOptions options_;
  std::atomic<int> count_{0};
  std::atomic<int> asked_{0};
  std::atomic<int> repeats_{0};
  std::atomic<Spoil> spoilt_{Spoil::nothing};
  std::uint16_t port_ = 0;
  std::unique_ptr<http::HttpServer> server_;
};

}  // namespace zhida::simulator
