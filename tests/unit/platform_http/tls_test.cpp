#include <boost/test/unit_test.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "http_scene.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::http;
using test::must;
using test::url_of;

namespace {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

/// A P-256 key and its certificate, signed by `issuer` or by itself.
struct Identity {
  Key key{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
  Certificate certificate{X509_new()};

  Identity(const std::string& name, const Identity* issuer, const std::string& address = {}) {
    X509_set_version(certificate.get(), 2);
    static long serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* const subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>("某市财政局"), -1,
                               -1, 0);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                               -1, 0);
    X509* const by = issuer != nullptr ? issuer->certificate.get() : certificate.get();
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(by));
    add(by, NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add(by, NID_subject_key_identifier, "hash");
    if (!address.empty()) add(by, NID_subject_alt_name, address);
    X509_sign(certificate.get(), (issuer != nullptr ? issuer->key : key).get(), EVP_sha256());
  }

  void add(X509* issuer, int nid, const std::string& value) const {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate.get(), nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  std::string certificate_pem() const {
    return pem([this](BIO* out) { PEM_write_bio_X509(out, certificate.get()); });
  }
  std::string key_pem() const {
    return pem(
        [this](BIO* out) { PEM_write_bio_PKCS8PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }
  std::string fingerprint() const {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    X509_digest(certificate.get(), EVP_sha256(), digest, &size);
    return to_hex({reinterpret_cast<const char*>(digest), size});
  }

  template <class Write>
  static std::string pem(Write write) {
    BIO* const out = BIO_new(BIO_s_mem());
    write(out);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(out);
    return text;
  }
};

struct Scene {
  test::TempFolder folder;
  Identity authority{"authority", nullptr};
  Identity stranger_authority{"stranger authority", nullptr};
  Identity server{"server", &authority, "IP:127.0.0.1"};
  Identity wrong_name{"server", &authority, "DNS:elsewhere.example"};
  Identity client{"税务前置机", &authority};
  Identity stranger{"stranger", &stranger_authority};
  std::string ca = folder.write("ca.pem", authority.certificate_pem());
  std::string stranger_ca = folder.write("stranger_ca.pem", stranger_authority.certificate_pem());

  std::string certificate(const Identity& identity, const std::string& name) const {
    return folder.write(name + ".pem", identity.certificate_pem());
  }
  std::string key(const Identity& identity, const std::string& name) const {
    return folder.write(name + ".key", identity.key_pem());
  }

  HttpServerOptions options(HttpServerOptions::ClientCertificate wanted) const {
    HttpServerOptions options;
    options.certificate_file = certificate(server, "server");
    options.key_file = key(server, "server");
    options.client_ca_file = ca;
    options.client_certificate = wanted;
    return options;
  }
};

std::string outcome(const HttpCall& call) {
  HttpClient client;
  const auto reply = client.call(call);
  return reply ? std::to_string(reply.value().status) + " " + reply.value().body : reply.error().code;
}

}  // namespace

BOOST_AUTO_TEST_CASE(client_certificates_are_asked_for_checked_and_reported) {
  using Wanted = HttpServerOptions::ClientCertificate;
  const Scene scene;
  const auto client_pem = scene.certificate(scene.client, "client"), client_key = scene.key(scene.client, "client");
  const auto stranger_pem = scene.certificate(scene.stranger, "stranger"),
             stranger_key = scene.key(scene.stranger, "stranger");
  const auto known = "200 GET /\n" + scene.client.fingerprint() + " CN=税务前置机,O=某市财政局\n";
  struct Case {
    Wanted wanted;
    std::string none, ours, strangers;
  };
  const Case cases[] = {
      {Wanted::none, "200 GET /\n", "200 GET /\n", "200 GET /\n"},
      {Wanted::optional, "200 GET /\n", known, "http_tls"},
      {Wanted::required, "http_tls", known, "http_tls"},
  };
  for (const auto& one : cases) {
    const auto server = must(HttpServer::start(scene.options(one.wanted), test::echo));
    const auto url = url_of(*server, "/", "https");
    BOOST_TEST_CONTEXT("wanted " << static_cast<int>(one.wanted)) {
      BOOST_TEST(outcome({.url = url, .ca_file = scene.ca}) == one.none);
      BOOST_TEST(outcome({.url = url, .ca_file = scene.ca, .certificate_file = client_pem, .key_file = client_key}) ==
                 one.ours);
      BOOST_TEST(
          outcome({.url = url, .ca_file = scene.ca, .certificate_file = stranger_pem, .key_file = stranger_key}) ==
          one.strangers);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_client_checks_who_the_server_is) {
  const Scene scene;
  const auto server = must(HttpServer::start(scene.options(HttpServerOptions::ClientCertificate::none), test::echo));
  const auto url = url_of(*server, "/", "https");
  BOOST_TEST(outcome({.url = url, .ca_file = scene.stranger_ca}) == "http_tls");
  BOOST_TEST(outcome({.url = url}) == "http_tls");                      // The system's authorities do not know ours.
  BOOST_TEST(outcome({.url = url_of(*server, "/")}) != "200 GET /\n");  // Plain HTTP to a TLS port.

  auto options = scene.options(HttpServerOptions::ClientCertificate::none);
  options.certificate_file = scene.certificate(scene.wrong_name, "wrong");
  options.key_file = scene.key(scene.wrong_name, "wrong");
  const auto other = must(HttpServer::start(options, test::echo));
  BOOST_TEST(outcome({.url = url_of(*other, "/", "https"), .ca_file = scene.ca}) == "http_tls");

  HttpClient client;  // Many calls over one TLS connection, with large bodies.
  for (int i = 0; i < 5; ++i) {
    const Bytes body(200'000, static_cast<char>('a' + i));
    const auto reply = must(client.call({.method = "POST", .url = url, .body = body, .ca_file = scene.ca}));
    BOOST_TEST((reply.body == "POST /\n" + body));
  }
}

BOOST_AUTO_TEST_CASE(certificates_that_do_not_fit_are_found_at_the_start) {
  const Scene scene;
  auto options = scene.options(HttpServerOptions::ClientCertificate::none);
  options.key_file = scene.key(scene.client, "other");
  BOOST_TEST(HttpServer::start(options, test::echo).error().code == "http_certificate");
  options = scene.options(HttpServerOptions::ClientCertificate::required);
  options.client_ca_file.clear();
  BOOST_TEST(HttpServer::start(options, test::echo).error().code == "http_certificate");
  options.client_ca_file = "/no/such/ca.pem";
  BOOST_TEST(HttpServer::start(options, test::echo).error().code == "http_certificate");
  options.client_ca_file = scene.folder.write("garbage.pem", "garbage");
  BOOST_TEST(HttpServer::start(options, test::echo).error().code == "http_certificate");
}
