#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "http_scene.h"

using namespace zhida;
using namespace zhida::http;
using namespace std::chrono_literals;
using test::must;
using test::RawPeer;
using test::url_of;

BOOST_AUTO_TEST_CASE(requests_that_are_not_clean_are_refused_and_the_connection_closed) {
  HttpServerOptions options;
  options.body_bytes_max = 1000;
  options.request_timeout = 1s;  // For those that never end.
  const auto server = must(HttpServer::start(options, test::echo));
  struct Case {
    std::string request;
    std::string status;  ///< Empty: closed without an answer will do.
  };
  const std::string host = " HTTP/1.1\r\nHost: x\r\n";
  const Case cases[] = {
      {"GET /../etc/passwd" + host + "Connection: close\r\n\r\n", "400"},
      {"GET /a/%2e%2e/b" + host + "Connection: close\r\n\r\n", "400"},
      {"GET /%zz" + host + "Connection: close\r\n\r\n", "400"},
      {"GET /?a=%zz" + host + "Connection: close\r\n\r\n", "400"},
      {"GET http://other/" + host + "Connection: close\r\n\r\n", "400"},
      {"POST /" + host + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'x'), "413"},
      {"POST /" + host + "Content-Length: 99999999999999999999999\r\n\r\n", ""},
      {"POST /" + host + "Content-Length: -1\r\n\r\nx", "400"},
      {"POST /" + host + "Content-Length: 0x2\r\n\r\nxx", ""},
      {"POST /" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "400"},
      {"POST /" + host + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "411"},
      {"POST /" + host + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", "411"},
      {"GET /" + host + "transfer-encoding: identity, chunked\r\n\r\n", "411"},
      {"POST /" + host + "\r\n", "411"},
      {"nonsense\r\n\r\n", ""},
      {std::string(1 << 20, 'x'), ""},
      {"GET /" + std::string(100'000, 'x') + host + "\r\n", ""},
      {"GET /" + host + "X: " + std::string(100'000, 'x') + "\r\n\r\n", ""},
      {[&] {
         std::string many = "GET /" + host;
         for (int i = 0; i < 5000; ++i) many += "X" + std::to_string(i) + ": y\r\n";
         return many + "\r\n";
       }(),
       ""},
      {std::string("\0\0\0\0\r\n\r\n", 8), ""},
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", ""},
  };
  for (const auto& one : cases) {
    const RawPeer peer(server->port());
    peer.send(one.request);
    const auto answer = peer.rest();
    BOOST_TEST_CONTEXT(one.request.substr(0, 60)) {
      if (one.status.empty())
        BOOST_TEST(answer.find(" 200 ") == std::string::npos);
      else
        BOOST_TEST(answer.starts_with("HTTP/1.1 " + one.status), one.status << " wanted: " << answer.substr(0, 40));
    }
  }
  HttpClient client;  // Good traffic goes on.
  BOOST_TEST(must(client.call({.url = url_of(*server, "/")})).status == 200);
}

BOOST_AUTO_TEST_CASE(slow_peers_are_cut_off_and_others_served) {
  HttpServerOptions options;
  options.threads = 3;
  options.request_timeout = 400ms;
  options.keep_alive_timeout = 200ms;
  options.reply_timeout = 400ms;
  const auto server = must(HttpServer::start(options, [](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/large") return {.content_type = "text/plain", .body = Bytes(64u << 20, 'x')};
    return {};
  }));
  const auto before = std::chrono::steady_clock::now();
  const RawPeer silent(server->port());
  const RawPeer half(server->port());
  half.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
  const RawPeer never_reads(server->port());
  never_reads.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  // One byte now and then would hold a thread for ever if only each read were bounded.
  bool alive = true;
  std::thread dripping([&alive, port = server->port()] {  // Boost.Test is for one thread: it is judged after the join.
    const RawPeer drip(port);
    const auto latest = std::chrono::steady_clock::now() + 10s;
    while (alive && std::chrono::steady_clock::now() < latest) {
      alive = drip.send("G");
      std::this_thread::sleep_for(20ms);  // The pace of the peer, not a wait for a result.
    }
  });
  HttpClient client;
  BOOST_TEST(must(client.call({.url = url_of(*server, "/"), .timeout = 10s})).status == 200);
  dripping.join();
  BOOST_TEST(!alive);
  BOOST_TEST(silent.rest() == "");
  BOOST_TEST(half.rest().find(" 200 ") == std::string::npos);
  BOOST_TEST((std::chrono::steady_clock::now() - before < 9s));
}
