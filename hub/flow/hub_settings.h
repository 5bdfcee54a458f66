// zhida.yaml: every setting of the hub, declared once. deploy/zhida.example.yaml and docs/reference/settings.md are
// made from this.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "adapter_api/adapter_spec.h"
#include "flow/hub.h"
#include "platform/config/config.h"

namespace zhida::flow {

struct DatabaseSettings : ConfigSpec {
  Field<std::string> url{this, "url",
                         "Where the hub keeps everything: sqlite:///path/hub.db or postgresql://user@host:port/name.",
                         required, not_empty()};
  Field<Secret<std::string>> password{this, "password", "Password of the PostgreSQL user, as a reference.",
                                      Secret<std::string>{}};
};

struct TlsSettings : ConfigSpec {
  Field<Path> certificate{this, "certificate", "Our certificate (PEM)."};
  Field<Path> key{this, "key", "Its private key (PKCS#8 PEM, readable by the hub's user only)."};
  Field<Path> authority{this, "authority", "Who may have issued the other side's certificate (PEM)."};
  Field<Secret<std::string>> passphrase{
      this, "passphrase", "Of the key, as a reference; empty for a key that is not encrypted.", Secret<std::string>{}};
};

struct BrokerSettings : ConfigSpec {
  Field<std::string> host{this, "host", "Address of an AMQP 1.0 broker."};
  Field<std::int64_t> port{this, "port", "Its port.", 5671, at_least(1), at_most(65535)};
  Field<bool> plain{this, "plain", "Without TLS: only for a broker on this machine.", false};
  Field<std::string> user{this, "user", "For SASL PLAIN; empty: the certificate is the identity.", ""};
  Field<Secret<std::string>> password{this, "password", "Of that user, as a reference.", Secret<std::string>{}};
  Field<std::string> address_prefix{this, "address_prefix", "Put before each address, such as /amq/queue/.", ""};
};

struct AmqpSettings : ConfigSpec {
  Field<std::string> host{this, "host", "Address that the hub's own AMQP 1.0 listener takes.", "127.0.0.1"};
  Field<std::int64_t> port{this, "port", "Its port; 0 takes any free one.", 5671, at_least(0), at_most(65535)};
  Section<TlsSettings> tls{this, "tls", "How the hub shows who it is, and whom it believes."};
  Sections<BrokerSettings> brokers{
      this, "brokers", "An existing broker instead of the listener: where one is given, nothing is listened to."};
  Field<std::int64_t> message_bytes_max{this,    "message_bytes_max", "Largest message taken.",
                                        8388608, at_least(4096),      at_most(67108864)};
};

struct HttpSettings : ConfigSpec {
  Field<std::string> host{this, "host", "Address of REST and pages.", "127.0.0.1"};
  Field<std::int64_t> port{this, "port", "Its port; 0 takes any free one.", 8443, at_least(0), at_most(65535)};
  Section<TlsSettings> tls{this, "tls", "Certificate of the server, and whose client certificates are believed."};
};

struct SealSettings : ConfigSpec {
  Field<Path> seal{this, "seal", "The hub's system seal (SESeal, DER)."};
  Field<std::string> key_holder{
      this, "key_holder",
      "Who holds the signing key: `process` (zhida-keyd, which the hub starts), `socket` (a zhida-keyd that runs by "
      "itself), `token` (PKCS#11, P-256 only), or `hub` (the hub's own memory: for development).",
      "process", one_of({"process", "socket", "token", "hub"})};
  Field<Path> key{this, "key", "The signing key (PKCS#8 PEM, mode 0600), for `process` and `hub`.", Path{}};
  Field<Path> key_socket{this, "key_socket", "For `socket`: where that zhida-keyd listens.", Path{}};
  Field<Path> token_module{this, "token_module", "For `token`: the PKCS#11 library of its maker.", Path{}};
  Field<std::string> token_label{this, "token_label", "For `token`: its label.", ""};
  Field<std::string> token_key{this, "token_key", "For `token`: the label of the key pair.", ""};
  Field<Path> certificate{this, "certificate", "The signer's certificate, which the seal lists."};
  Field<Secret<std::string>> passphrase{this, "passphrase", "Of the key, or the PIN of the token, as a reference.",
                                        Secret<std::string>{}};
  Field<Path> roots{this, "roots", "Authorities of seal certificates: a file or folder (PEM or DER)."};
  Field<Path> intermediates{this, "intermediates", "Certificates between; a file or folder.", Path{}};
  Field<Path> revocation_lists{this, "revocation_lists", "Revocation lists: a file or folder.", Path{}};
  Field<Duration> revocation_list_age_max{
      this, "revocation_list_age_max",
      "A revocation list that is older says nothing any more, whatever it says itself; 0s: until its own end "
      "(nextUpdate). 24h is right where lists come daily.",
      0s};
  Field<Path> time_roots{this, "time_roots",
                         "Authorities of the time-stamps inside seals: a file or folder. Empty: `roots`. Those of "
                         "`audit.tsa.roots` count besides.",
                         Path{}};
  Field<Path> status_list{this, "status_list",
                          "Seal status list (JSON): which seals were revoked, and since when. The list's own seal lies "
                          "beside it as FILE.ses; without it, or where it does not hold, the list is refused.",
                          Path{}};
  Field<std::vector<std::string>> status_list_seals{
      this, "status_list_seals", "Whose seals (esID) may stand on the status list; empty: any seal under `roots`.",
      std::vector<std::string>{}};
  Field<Duration> look_every{
      this, "look_every",
      "Real time between two looks whether the seal, peers, authorities or lists changed; SIGHUP reads "
      "them at once.",
      5s, at_least(1s)};
  std::vector<std::string> contradictions() const override;
};

struct TimeAuthoritySettings : ConfigSpec {
  Field<std::string> url{this, "url",
                         "A time-stamping authority (RFC 3161 over HTTP): gets the newest head of the audit log each "
                         "period. Empty: none, and payments never wait for trusted time.",
                         ""};
  Field<Path> ca_file{this, "ca_file", "For https: who may have issued its TLS certificate (PEM).", Path{}};
  Field<Path> roots{this, "roots", "Authorities of time-stamping certificates: a file or folder (PEM or DER).", Path{}};
  Field<Path> intermediates{this, "intermediates", "Certificates between; a file or folder.", Path{}};
  Field<Path> revocation_lists{this, "revocation_lists", "Revocation lists: a file or folder.", Path{}};
  Field<Duration> period{this, "period", "Time between two tokens.", 1min, at_least(1s)};
  Field<Duration> payments_stop_after{
      this, "payments_stop_after",
      "Business time without trusted time before no new payment request and no decision for "
      "a fund leaves.",
      4h, at_least(1min)};
  Field<Duration> timeout{this, "timeout", "Real time that one request may take.", 10s, at_least(1s)};
  Field<Duration> clock_difference_max{this, "clock_difference_max",
                                       "How far its clock may be from ours; a token beyond that is refused.", 1min,
                                       at_least(1s)};
  Field<Duration> renew_before{this, "renew_before",
                               "How long before the end of the authority's certificate its tokens are taken up into "
                               "the log again (once it has a new one).",
                               720h, at_least(1h)};
};

struct MatchingSettings : ConfigSpec {
  Field<std::string> engine{
      this, "engine",
      "`on`: firms are kept in memory as coded columns as well (about a kilobyte each), so that a "
      "new day or a new version of an item looks only at the firms it concerns; read from the "
      "store at each start. `off`: every firm is looked at then.",
      "on", one_of({"on", "off"})};
  Field<std::int64_t> threads{
      this, "threads",   "Threads that read and match all firms; 0: as many as there are processors.",
      0,    at_least(0), at_most(256)};
};

struct AuditSettings : ConfigSpec {
  Section<TimeAuthoritySettings> tsa{this, "tsa", "Trusted time."};
  std::vector<std::string> contradictions() const override;
};

struct OfficeSealSettings : ConfigSpec {
  Field<std::string> department{this, "department", "The department, as the items' reviews name it: 科技局.",
                                config::required, not_empty()};
  Field<std::string> person{this, "person",
                            "A person (id of `people`) whose own seal is asked for, beside the department's, over each "
                            "decision that this person takes for the department. Empty: the department's seal.",
                            ""};
  Field<std::string> seal{this, "seal", "The holder's seal on the platform (esID).", config::required, not_empty()};
  Field<Url> url{this, "url", "Where the seal platform is asked: https://…/v1/seals."};
  Field<Secret<std::string>> authorisation{this, "authorisation",
                                           "What the seal's holder gave the hub to ask with, as a reference."};
  Field<Path> ca_file{this, "ca_file", "Who may have issued the platform's TLS certificate (PEM); empty: the system's.",
                      Path{}};
  Field<Path> certificate{this, "certificate", "Our TLS certificate for the platform, where it wants one (PEM).",
                          Path{}};
  Field<Path> key{this, "key", "Its private key.", Path{}};
  Field<bool> required{this, "required", "Whether no money is asked for while a decision lacks this seal.", false};
  Field<Duration> timeout{this, "timeout", "Real time that one question may take.", 10s, at_least(100ms)};
  Field<Duration> late_after{this, "late_after", "Business time without the seal before an alarm is raised.", 4h,
                             at_least(1min)};
  std::vector<std::string> contradictions() const override;
};

struct PersonsSettings : ConfigSpec {
  Field<Secret<std::string>> salt{
      this, "salt",
      "What identity numbers are salted with before only their digest is kept, as a reference; 32 characters or more, "
      "the same for ever. Needed where lists of persons are taken in.",
      Secret<std::string>{}};
  std::vector<std::string> contradictions() const override;
};

struct PolicySettings : ConfigSpec {
  Field<std::string> approval{
      this, "approval",
      "Who puts items in force: `required` (people, item by item: proposed, back-tested, approved by a second person, "
      "conditions and data confirmed), or `at_start` (whoever installs the hub: the items that parameters.yaml "
      "publishes are in force from its start; for development).",
      "required", one_of({"required", "at_start"})};
  Field<std::vector<std::string>> approvers{
      this, "approvers",
      "Roles that must have approved, each by another person than the one who proposed and than one another; which "
      "these are is the place's own rule: [policy_approver, finance_releaser] where the finance bureau signs as well.",
      std::vector<std::string>{"policy_approver"}};
  std::vector<std::string> contradictions() const override;
};

struct HubSettings : ConfigSpec {
  Field<std::string> city{this, "city", "Fiscal division of the hub, 6 digits.", required, not_empty()};
  Field<std::string> clock{this, "clock", "Business time: `system`, or `external` (a file that a demo drives).",
                           "system", one_of({"system", "external"})};
  Field<Path> clock_file{this, "clock_file", "For an external clock: a file with one RFC 3339 line.", Path{}};
  Section<DatabaseSettings> database{this, "database", "The store."};
  Field<Path> mappings{this, "mappings", "Folder of mappings, codes and policies."};
  Field<Path> grants{this, "grants", "Legal bases by source (YAML)."};
  Field<Path> peers{this, "peers", "Peers by certificate and seal (YAML)."};
  Field<Path> people{this, "people", "People by certificate or account, with roles and divisions (YAML)."};
  Section<AmqpSettings> amqp{this, "amqp", "Messages."};
  Section<HttpSettings> http{this, "http", "REST and pages."};
  Section<SealSettings> seal{this, "seal", "The hub's own seal and whom it believes."};
  Sections<OfficeSealSettings> offices{
      this, "offices",
      "Whose seal is asked of a seal platform over each decision that a department takes: the department's, and "
      "with `person` that of a person. None: no such seal is asked for."};
  Section<MatchingSettings> matching{this, "matching", "Who may receive what."};
  Section<PolicySettings> policies{this, "policies", "How policy items get in force."};
  Section<AuditSettings> audit{this, "audit", "The log of all that happened."};
  Section<PersonsSettings> persons{this, "persons", "Persons behind a firm's benefits."};
  Field<Duration> overdue_after{this, "overdue_after",
                                "Business time without a final answer of the treasury before it is asked.", 72h,
                                at_least(1h)};
  Field<std::string> log_level{this, "log_level", "debug, info, warning or error.", "info",
                               one_of({"debug", "info", "warning", "error"})};
  RawSection adapters{this, "adapters", "One entry a source system that is connected; see docs/reference/adapters.md."};

  std::vector<std::string> contradictions() const override;
};

/// The file, checked as a whole, with what the adapters make of their parts.
struct LoadedSettings {
  std::unique_ptr<HubSettings> settings;
  std::map<std::string, AdapterSpec::Configuration> adapters;
  /// Everything in the form that the Hub wants.
  HubConfig hub_config() const;
};

/// Reads zhida.yaml. All problems at once, one a line, each with file, line and column.
Result<LoadedSettings> load_settings(const std::string& path, const std::vector<AdapterSpec>& adapters);

}  // namespace zhida::flow
