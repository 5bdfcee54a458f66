#include <atomic>
#include <boost/test/unit_test.hpp>
#include <mutex>
#include <set>
#include <thread>

#include "http_scene.h"

using namespace zhida;
using namespace zhida::http;
using namespace std::chrono_literals;
using test::must;
using test::url_of;

BOOST_AUTO_TEST_CASE(a_request_arrives_as_it_was_sent) {
  const auto server = must(HttpServer::start({}, test::echo));
  HttpClient client;
  const auto reply = must(
      client.call({.url = url_of(*server, "/%E4%BC%81%E4%B8%9A?b=2&a=%E7%A8%8E"), .headers = {{"X-TEST", "yes"}}}));
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(reply.body == "GET /企业\n?a=税\n?b=2\nx-test: yes\n");
  BOOST_TEST(reply.header("x-reply") == "yes");
  BOOST_TEST(reply.header("CONTENT-TYPE") == "text/plain; charset=utf-8");

  Bytes octets;
  for (int i = 0; i < 256; ++i) octets += static_cast<char>(i);
  for (const std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
    BOOST_TEST(must(client.call({.method = method, .url = url_of(*server, "/x"), .body = octets})).body ==
               method + " /x\n" + octets);
  }
  BOOST_TEST(must(client.call({.method = "POST", .url = url_of(*server, "/x")})).body == "POST /x\n");

  const auto head = must(client.call({.method = "HEAD", .url = url_of(*server, "/x")}));
  BOOST_TEST(head.status == 200);
  BOOST_TEST(head.body.empty());
  BOOST_TEST(head.header("Content-Length") == "7");
}

BOOST_AUTO_TEST_CASE(one_connection_serves_many_calls) {
  std::mutex mutex;
  std::set<std::string> peers;
  const auto server = must(HttpServer::start({}, [&](const HttpRequest& request) {
    const std::lock_guard lock(mutex);
    peers.insert(request.remote_address);
    return HttpResponse{};
  }));
  HttpClient client;
  for (int i = 0; i < 20; ++i) BOOST_TEST(must(client.call({.url = url_of(*server, "/")})).status == 200);
  BOOST_TEST(peers.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_gives_500_without_a_word_why) {
  const auto server = must(HttpServer::start({}, [](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/split") return {.headers = {{"X-A", "b\r\nSet-Cookie: c"}}, .body = "x"};
    if (request.path == "/odd") throw 42;
    throw std::runtime_error("the secret reason");
  }));
  HttpClient client;
  for (const std::string path : {"/", "/odd", "/split"}) {
    const auto reply = must(client.call({.url = url_of(*server, path)}));
    BOOST_TEST(reply.status == 500);
    BOOST_TEST(reply.header("content-type") == "application/problem+json");
    BOOST_TEST(reply.body.find("secret") == std::string::npos);
    BOOST_TEST(reply.header("set-cookie").empty());
  }
}

BOOST_AUTO_TEST_CASE(a_busy_port_and_a_foreign_address_are_told_apart) {
  const auto server = must(HttpServer::start({}, test::echo));
  const auto second = HttpServer::start({.port = server->port()}, test::echo);
  BOOST_REQUIRE(!second);
  BOOST_TEST(second.error().code == "port_busy");
  BOOST_TEST(second.error().message.find(std::to_string(server->port())) != std::string::npos);
  BOOST_TEST(HttpServer::start({.host = "192.0.2.1"}, test::echo).error().code == "http_address");
  BOOST_TEST(
      HttpServer::start({.certificate_file = "/no/such.pem", .key_file = "/no/such.key"}, test::echo).error().code ==
      "http_certificate");
}

BOOST_AUTO_TEST_CASE(the_client_says_what_went_wrong_and_whether_to_try_again) {
  std::atomic<bool> go{false};
  const auto server = must(HttpServer::start({}, [&](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/slow") {
      go.wait(false);
    }
    if (request.path == "/large") return {.body = Bytes(100'000, 'x')};
    if (request.path == "/moved") return {.status = 302, .headers = {{"Location", "http://127.0.0.1:1/"}}};
    return {};
  }));
  HttpClient client;
  const auto failure = [&client](const HttpCall& call) {
    const auto result = client.call(call);
    return result ? std::string("ok")
                  : result.error().code + (result.error().fate == Fate::retry ? " retry" : " refuse");
  };
  BOOST_TEST(failure({.url = "http://127.0.0.1:1/"}) == "http_unreachable retry");
  BOOST_TEST(failure({.url = "http://no-such-host.invalid/"}) == "http_unreachable retry");
  BOOST_TEST(failure({.url = url_of(*server, "/slow"), .timeout = 100ms}) == "http_timeout retry");
  go = true;
  go.notify_all();
  BOOST_TEST(failure({.url = url_of(*server, "/large"), .reply_bytes_max = 1000}) == "http_too_large refuse");
  BOOST_TEST(failure({.url = "file:///etc/passwd"}) == "http_url refuse");
  BOOST_TEST(failure({.url = "ftp://127.0.0.1/"}) == "http_url refuse");
  BOOST_TEST(failure({.url = "http://127.0.0.1/\r\nX: y"}) == "http_url refuse");
  BOOST_TEST(failure({.url = url_of(*server, "/"), .headers = {{"X", "a\r\nY: b"}}}) == "http_header refuse");
  BOOST_TEST(failure({.method = "GET /x", .url = url_of(*server, "/")}) == "http_header refuse");
  BOOST_TEST(must(client.call({.url = url_of(*server, "/moved")})).status == 302);  // Not followed.

  const auto shown = client.call({.url = "http://user:pass@127.0.0.1:1/path?token=hidden"}).error().message;
  BOOST_TEST(shown.starts_with("GET http://127.0.0.1:1/path: "));
  BOOST_TEST(shown.find("hidden") == std::string::npos);
  BOOST_TEST(shown.find("pass@") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(stopping_waits_for_handlers_but_not_for_idle_peers) {
  std::atomic<bool> inside{false}, go{false};
  auto server = must(HttpServer::start({.keep_alive_timeout = 60s}, [&](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/slow") {
      inside = true;
      inside.notify_all();
      go.wait(false);
    }
    return {.body = "done"};
  }));
  HttpClient idle;
  BOOST_TEST(must(idle.call({.url = url_of(*server, "/")})).status == 200);
  std::string answered;
  std::thread busy([&, url = url_of(*server, "/slow")] {
    HttpClient client;
    const auto reply = client.call({.url = url});
    answered = reply ? reply.value().body : reply.error().message;
  });
  inside.wait(false);
  const auto before = std::chrono::steady_clock::now();
  std::thread release([&] {
    go = true;
    go.notify_all();
  });
  server->stop();
  release.join();
  busy.join();
  BOOST_TEST(answered == "done");
  BOOST_TEST((std::chrono::steady_clock::now() - before < 4s));
  const auto url = url_of(*server, "/");
  BOOST_TEST(HttpClient().call({.url = url}).error().code == "http_unreachable");
  server->stop();  // Twice is once.
}

BOOST_AUTO_TEST_CASE(many_peers_at_once_are_all_answered) {
  const auto server = must(HttpServer::start({.threads = 4}, test::echo));
  std::atomic<int> good{0};
  std::vector<std::thread> peers;
  for (int i = 0; i < 12; ++i) {
    peers.emplace_back([&, i] {
      for (int k = 0; k < 5; ++k) {
        HttpClient client;
        const auto path = "/" + std::to_string(i) + "/" + std::to_string(k);
        const auto reply = client.call({.url = url_of(*server, path)});
        if (reply && reply.value().body == "GET " + path + "\n") ++good;
      }
    });
  }
  for (auto& peer : peers) peer.join();
  BOOST_TEST(good == 60);
}
