#include "platform/http/http_client.h"

#include <algorithm>
#include <array>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/assert.h"

namespace zhida::http {
namespace {

struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

/// What curl's callbacks write to.
struct Receiving {
  HttpReply reply;
  std::size_t bytes_max;
  std::size_t header_bytes = 0;
  bool too_large = false;
};

std::size_t on_body(const char* data, std::size_t, std::size_t size, void* target) {
  auto& receiving = *static_cast<Receiving*>(target);
  if (receiving.reply.body.size() + size > receiving.bytes_max) {
    receiving.too_large = true;
    return 0;  // Ends the transfer.
  }
  receiving.reply.body.append(data, size);
  return size;
}

std::size_t on_header(const char* data, std::size_t, std::size_t size, void* target) {
  constexpr std::size_t kHeaderBytesMax = 256u << 10;
  auto& receiving = *static_cast<Receiving*>(target);
  receiving.header_bytes += size;
  if (receiving.header_bytes > kHeaderBytesMax) {
    receiving.too_large = true;
    return 0;
  }
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) receiving.reply.headers.clear();  // A 100 Continue came before.
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  auto value = line.substr(colon + 1);
  const auto begin = std::min(value.find_first_not_of(" \t"), value.size());
  const auto end = value.find_last_not_of(" \t\r\n");
  value = end == std::string_view::npos || end < begin ? std::string_view() : value.substr(begin, end - begin + 1);
  receiving.reply.headers.emplace(line.substr(0, colon), value);
  return size;
}

/// The address as a sentence may show it.
std::string shown(const HttpCall& call) {
  std::string_view url = call.url;
  url = url.substr(0, url.find_first_of("?#"));
  // A password before the host is not for logs either.
  const auto authority = url.find("://");
  const auto at =
      authority == std::string_view::npos ? authority : url.substr(0, url.find('/', authority + 3)).rfind('@');
  if (at != std::string_view::npos && at > authority) {
    return fmt::format("{} {}://{}", call.method, url.substr(0, authority), url.substr(at + 1));
  }
  return fmt::format("{} {}", call.method, url);
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

Result<HeaderList> header_list(const HttpCall& call) {
  HeaderList list;
  bool has_type = false;
  const auto add = [&list](const std::string& line) { list.reset(curl_slist_append(list.release(), line.c_str())); };
  for (const auto& [name, value] : call.headers) {
    if (!is_token(name) || value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return refuse("http_header", fmt::format("{}: the header {} cannot be sent as it is.", shown(call), name));
    }
    has_type = has_type || (!HeaderNameLess{}(name, "Content-Type") && !HeaderNameLess{}("Content-Type", name));
    // A colon alone would take the header away, so an empty value is written with a semicolon: curl's own way.
    add(value.empty() ? name + ";" : name + ": " + value);
  }
  add("Expect:");                       // Saves the pause that curl makes before larger bodies.
  if (!has_type) add("Content-Type:");  // Never claim that a body is a form.
  return list;
}

Error failed(CURLcode code, const HttpCall& call, std::string_view detail) {
  const auto said = fmt::format("{}: {}", shown(call), detail.empty() ? curl_easy_strerror(code) : detail);
  const bool alert = detail.find(" alert ") != std::string_view::npos;
  const bool cut = detail.find("SSL_ERROR_SYSCALL") != std::string_view::npos ||
                   detail.find("unexpected eof") != std::string_view::npos;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return retry("http_timeout", said);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return refuse("http_url", said);
    case CURLE_SSL_CONNECT_ERROR:
      // The line broke during the handshake: that is no verdict about certificates.
      if (cut && !alert) return retry("http_unreachable", said);
      return refuse("http_tls", said);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return refuse("http_tls", said);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return retry("http_malformed", said);
    default:
      break;
  }
  // In TLS 1.3 a server refuses our certificate only after the handshake, when we read its first answer.
  if ((code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR) && alert) return refuse("http_tls", said);
  return retry("http_unreachable", said);
}

}  // namespace

struct HttpClient::Impl {
  Impl() {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);  // Once a process, as curl asks.
    ZHIDA_ASSERT(ready == CURLE_OK);
    handle = curl_easy_init();
    ZHIDA_ASSERT(handle != nullptr);
  }
  ~Impl() { curl_easy_cleanup(handle); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  template <class T>
  void set(CURLoption option, T value) {
    ZHIDA_ASSERT(curl_easy_setopt(handle, option, value) == CURLE_OK);
  }

  void prepare(const HttpCall& call, const HeaderList& headers, Receiving& receiving, char* detail) {
    curl_easy_reset(handle);  // Keeps the open connections.
    set(CURLOPT_ERRORBUFFER, detail);
    set(CURLOPT_URL, call.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(call.timeout.count(), 1)));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(call.connect_timeout.count(), 1)));
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, &receiving);
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, &receiving);
    if (!call.ca_file.empty()) {
      set(CURLOPT_CAINFO, call.ca_file.c_str());
      set(CURLOPT_CAPATH, nullptr);
    }
    if (!call.certificate_file.empty()) set(CURLOPT_SSLCERT, call.certificate_file.c_str());
    if (!call.key_file.empty()) set(CURLOPT_SSLKEY, call.key_file.c_str());
    if (!call.body.empty() || call.method == "POST" || call.method == "PUT" || call.method == "PATCH") {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
      set(CURLOPT_POSTFIELDS, call.body.data());
    }
    if (call.method == "HEAD")
      set(CURLOPT_NOBODY, 1L);
    else
      set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
  }

  CURL* handle = nullptr;
};

HttpClient::HttpClient() : impl_(std::make_unique<Impl>()) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpReply> HttpClient::call(const HttpCall& call) {
  if (!is_token(call.method)) return refuse("http_header", "The method of a call must be one word, such as GET.");
  if (call.url.find_first_of(std::string_view(" \r\n\t\0", 5)) != std::string::npos) {
    return refuse("http_url", fmt::format("{}: an address holds no spaces and line ends.", shown(call)));
  }
  const auto headers = TRY(header_list(call));
  Receiving receiving{.reply = {}, .bytes_max = call.reply_bytes_max};
  std::array<char, CURL_ERROR_SIZE> detail{};
  impl_->prepare(call, headers, receiving, detail.data());
  const auto code = curl_easy_perform(impl_->handle);
  impl_->set(CURLOPT_ERRORBUFFER, nullptr);
  if (receiving.too_large) {
    return refuse("http_too_large",
                  fmt::format("{}: the answer is larger than {} bytes.", shown(call), call.reply_bytes_max));
  }
  if (code != CURLE_OK) return failed(code, call, detail.data());
  long status = 0;
  curl_easy_getinfo(impl_->handle, CURLINFO_RESPONSE_CODE, &status);
  receiving.reply.status = static_cast<int>(status);
  return std::move(receiving.reply);
}

}  // namespace zhida::http
