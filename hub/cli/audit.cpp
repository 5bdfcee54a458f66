// audit verify, audit witnesses, audit archive.
#include <filesystem>
#include <iostream>

#include <unistd.h>

#include "audit/archive.h"
#include "audit/head_store.h"
#include "audit/verify_log.h"
#include "base/bytes.h"
#include "cli/open_hub.h"
#include "seal/sealer.h"
#include "seal/trust.h"

namespace zhida::cli {
namespace {

/// What was kept elsewhere: `SEQ:HEX`, or a file as GET /api/v1/log/head gives it.
struct Kept {
  std::optional<audit::AuditHead> record;
  std::optional<seal::TreeHead> tree;
};

Result<Kept> read_kept(const std::string& text) {
  Kept kept;
  if (text.empty()) return kept;
  const auto colon = text.find(':');
  if (colon != std::string::npos && colon > 0 && colon < 19 && text.find_first_not_of("0123456789") == colon) {
    auto hash = TRY(from_hex(text.substr(colon + 1)));
    kept.record = audit::AuditHead{std::stoll(text.substr(0, colon)), std::move(hash)};
    return kept;
  }
  kept.tree = TRY(seal::parse_tree_head(TRY(get_string(TRY(parse_json(TRY(read_file(text)))), "head"))));
  return kept;
}

Result<Instant> business_time(const flow::HubConfig& config) {
  if (config.clock == "system") return SystemClock().now();
  const std::unique_ptr<Clock> clock(TRY(FileClock::create(config.clock_file)));
  return clock->now();
}

void print(const audit::LogReport& report) {
  if (!report.holds()) {
    std::cout << "record " << *report.broken_at << ": " << report.fault << ". " << report.detail << "\n";
    return;
  }
  std::cout << report.records << " records hold";
  if (report.head) std::cout << "; head " << report.head->seq << ":" << to_hex(report.head->record_hash);
  std::cout << "\n"
            << report.heads << " sealed heads over " << report.sealed_records << " records, " << report.tokens
            << " time-stamps, " << report.countersignatures << " countersignatures hold\n";
  if (report.archived_records > 0)
    std::cout << report.archived_records
              << " records are archived and were not read: name their folders with --archive\n";
  if (report.tokens > 0 && !report.tokens_judged)
    std::cout << "no authority of time is configured: of the time-stamps only the form was read\n";
}

Result<audit::LogReport> verify(const Options& options, const Kept& kept) {
  const auto config = TRY(load(options)).hub_config();
  const auto trust = TRY(seal::Trust::load(config.trust));
  std::shared_ptr<const seal::Trust> authorities;
  if (!config.time_trust.roots.empty()) authorities = TRY(seal::Trust::load(config.time_trust));
  audit::LogCheckOptions check;
  check.from = options.from;
  check.known_head = kept.record;
  check.known_tree = kept.tree;
  check.trust = trust.get();
  check.authorities = authorities ? &authorities->chains() : nullptr;
  check.now = TRY(business_time(config));
  check.archives = options.archives;
  const bool terminal = isatty(STDERR_FILENO) != 0;
  if (terminal) check.progress = [](std::int64_t seq) { std::cerr << "\r" << seq << " records" << std::flush; };
  const auto store = TRY(storage::Database::open(config.database));
  audit::LogReport report;
  CHECK_OK(store->read([&](storage::Transaction& transaction) -> Result<void> {
    report = TRY(audit::verify_log(transaction, check));
    return ok();
  }));
  if (terminal) std::cerr << "\r";
  return report;
}

/// What was written is read again before anything may be deleted.
Result<void> check_written(flow::Hub& hub, const std::string& folder) {
  const auto trust = TRY(seal::Trust::load(hub.config().trust));
  std::shared_ptr<const seal::Trust> authorities;
  if (!hub.config().time_trust.roots.empty()) authorities = TRY(seal::Trust::load(hub.config().time_trust));
  audit::LogCheckOptions check;
  check.trust = trust.get();
  check.authorities = authorities ? &authorities->chains() : nullptr;
  check.now = hub.rooms().clock.now();
  check.archives = {folder};
  const auto report = TRY(audit::verify_archives(check));
  if (report.holds()) return ok();
  return refuse("archive_malformed", folder + " does not hold at record " + std::to_string(*report.broken_at) + ": " +
                                         report.detail + " Nothing was noted; verify the log, then remove the folder.");
}

Result<Json> archive(const Options& options, flow::Hub& hub) {
  const auto& rooms = hub.rooms();
  audit::ArchiveRequest request;
  request.before = TRY(Date::parse(options.before)).begins();
  request.folder = options.out;
  request.seal = [&](ByteView payload, const std::string& media, const std::string& name) {
    return rooms.sealer.seal(payload, media, name, "", rooms.clock.now());
  };
  audit::ArchiveWritten written;
  CHECK_OK(rooms.database.read([&](storage::Transaction& transaction) -> Result<void> {
    written = TRY(audit::write_archive(transaction, request));
    return ok();
  }));
  CHECK_OK(check_written(hub, options.out));
  CHECK_OK(flow::commit(rooms.writer, "log", {}, [&](storage::Transaction& transaction) {
    return audit::note_archive(transaction, rooms.trail, written, "cli", rooms.city, rooms.clock.now());
  }));
  std::int64_t pruned = 0;
  for (std::int64_t gone = 1; options.prune && gone > 0;) {
    CHECK_OK(flow::commit(rooms.writer, "log", {}, [&](storage::Transaction& transaction) -> Result<void> {
      gone = TRY(audit::prune_archived(transaction, 5'000));  // Small pieces: a hub at work wants its turn, too.
      return ok();
    }));
    pruned += gone;
  }
  return Json{{"folder", options.out},          {"first_seq", written.first_seq}, {"last_seq", written.last_seq},
              {"head_size", written.head_size}, {"manifest", written.manifest},   {"pruned", pruned}};
}

}  // namespace

int audit_verify(const Options& options) {
  const auto kept = read_kept(options.head);
  if (!kept) {
    std::cerr << "--head wants SEQ:HEX, as an earlier verification printed it, or a file with a sealed head: "
              << kept.error().message << "\n";
    return kUsage;
  }
  const auto report = verify(options, kept.value());
  if (!report) return fail(report.error());
  if (options.json) {
    std::cout << audit::to_json(report.value()).dump() << "\n";
  } else {
    print(report.value());
  }
  return report.value().holds() ? kOk : kFindings;
}

int audit_witnesses(const Options& options) {
  const auto found = [&]() -> Result<Json> {
    const auto config = TRY(load(options)).hub_config();
    const auto store = TRY(storage::Database::open(config.database));
    Json document;
    CHECK_OK(store->read([&](storage::Transaction& transaction) -> Result<void> {
      document = TRY(audit::witnesses_document(transaction));
      document["records"] = TRY(audit::last_seq(transaction));
      return ok();
    }));
    return document;
  }();
  if (!found) return fail(found.error());
  if (options.json) {
    std::cout << found.value().dump() << "\n";
    return kOk;
  }
  const Json& records = found.value()["records"];
  for (const auto& one : found.value()["witnesses"])
    std::cout << one["peer"].get<std::string>() << " countersigned the head of " << one["head"]["size"] << " of "
              << records << " records, root " << one["head"]["root"].get<std::string>() << ", at "
              << one["at"].get<std::string>() << "\n";
  if (found.value()["witnesses"].empty()) std::cout << "no peer has countersigned a head of the log yet\n";
  return kOk;
}

int audit_archive(const Options& options) {
  const auto open = open_hub(options);
  if (!open) return fail(open.error());
  const auto written = archive(options, *open.value().hub);
  if (!written) {
    const auto& code = written.error().code;
    const int status = fail(written.error());
    if (code == "date_malformed") return kUsage;
    return code == "archive_empty" || code == "archive_folder_there" ? kConflict : status;
  }
  const Json& json = written.value();
  if (options.json) {
    std::cout << json.dump() << "\n";
  } else {
    std::cout << json["folder"].get<std::string>() << ": records " << json["first_seq"] << " to " << json["last_seq"]
              << ", under the head of " << json["head_size"] << "; " << json["pruned"] << " deleted here\n";
  }
  return kOk;
}

}  // namespace zhida::cli
