// profile, case, replay, reconcile, db: what stands in the store.
#include <cerrno>
#include <iostream>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/audit_trail.h"
#include "base/bytes.h"
#include "cli/open_hub.h"
#include "console/views.h"
#include "flow/dead_letters.h"
#include "flow/source_door.h"
#include "platform/messaging/dead_letter.h"
#include "platform/messaging/outbox.h"
#include "stages/intake/intake_store.h"
#include "stages/treasury/commands.h"

namespace zhida::cli {
namespace {

/// Reads one thing out of the store and prints it.
template <class Read>
int show(const Options& options, const Read& read, std::string (*to_text)(const Json&)) {
  auto open = open_hub(options);
  if (!open) return fail(open.error());
  auto& hub = *open.value().hub;
  Json view;
  const auto done = hub.rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    view = TRY(read(transaction, hub.rooms()));
    return ok();
  });
  if (!done) return fail(done.error());
  std::cout << (options.json ? view.dump() : to_text(view)) << "\n";
  return kOk;
}

/// Text in SQL: a quote is written twice.
std::string sql_text(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

/// A name that no tool takes for an option.
std::string as_file(const std::string& path) {
  return path.starts_with('-') ? "./" + path : path;
}

/// Runs a program without a shell, so that no name means anything but itself; true when it gave 0.
bool run(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (auto& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) return false;
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return false;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Whether to go on with what changes something; tells why when not. `what` as in `3 records`.
int agreed(const Options& options, const std::string& what) {
  if (options.yes) return kOk;
  if (!isatty(STDIN_FILENO)) {
    std::cerr << what << " would be replayed; say --yes (or --dry-run).\n";
    return kUsage;
  }
  std::cerr << what << " will be replayed. Go on? [y/N] ";
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" ? kOk : kConflict;
}

Result<std::vector<messaging::DeadLetter>> wanted_letters(storage::Transaction& transaction,
                                                          const std::vector<std::string>& named) {
  std::vector<std::int64_t> ids;
  for (const auto& name : named) {
    if (name == "all") {
      ids = TRY(messaging::open_dead_letters(transaction));
      break;
    }
    if (name.empty() || name.size() > 18 || name.find_first_not_of("0123456789") != std::string::npos)
      return refuse("config_value", "--dead-letter wants a number, or `all`: " + name + ".");
    ids.push_back(std::stoll(name));
  }
  std::vector<messaging::DeadLetter> letters;
  for (const auto id : ids) {
    auto letter = TRY(messaging::find_dead_letter(transaction, id));
    if (!letter) return refuse("dead_letter_unknown", "There is no dead letter " + std::to_string(id) + ".");
    letters.push_back(std::move(*letter));
  }
  return letters;
}

int replay_letters(const Options& options) {
  auto open = open_hub(options);
  if (!open) return fail(open.error());
  auto& hub = *open.value().hub;
  std::vector<messaging::DeadLetter> letters;
  const auto listed = hub.rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    letters = TRY(wanted_letters(transaction, options.dead_letters));
    return ok();
  });
  if (!listed) return fail(listed.error());
  if (options.dry_run) {
    for (const auto& letter : letters)
      std::cout << letter.id << " " << letter.peer << " " << letter.message_id << " " << letter.code << " "
                << letter.state << "\n";
    std::cerr << letters.size() << " messages would be replayed\n";
    return kOk;
  }
  if (!letters.empty())
    if (const int answer = agreed(options, std::to_string(letters.size()) + " messages"); answer != kOk) return answer;
  Json results = Json::array();
  std::int64_t done = 0;
  for (const auto& letter : letters) {
    const auto replayed = hub.dead_letters().replay(letter.id, "cli");
    const bool good = replayed && replayed.value().done;
    const std::string code = replayed ? replayed.value().code : replayed.error().code;
    const std::string why = replayed ? replayed.value().message : replayed.error().message;
    done += good ? 1 : 0;
    results.push_back({{"id", letter.id}, {"result", good ? "done" : "refused"}, {"code", code}, {"message", why}});
    if (!good) std::cerr << letter.id << " " << letter.message_id << ": " << why << "\n";
  }
  if (options.json) {
    std::cout << results.dump() << "\n";
  } else {
    std::cout << letters.size() << " replayed, " << done << " done\n";
  }
  return done == static_cast<std::int64_t>(letters.size()) ? kOk : kFindings;
}

}  // namespace

int profile_show(const Options& options) {
  return show(
      options,
      [&](storage::Transaction& transaction, const flow::Rooms& rooms) {
        return console::profile_view(transaction, rooms, options.name);
      },
      &console::profile_to_text);
}

int case_show(const Options& options) {
  return show(
      options,
      [&](storage::Transaction& transaction, const flow::Rooms& rooms) {
        return console::case_view(transaction, rooms, CaseId(options.name));
      },
      &console::case_to_text);
}

int replay(const Options& options) {
  if (!options.dead_letters.empty()) return replay_letters(options);
  auto open = open_hub(options);
  if (!open) return fail(open.error());
  auto& hub = *open.value().hub;
  std::vector<intake::QuarantinedRow> rows;
  const auto listed = hub.rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    intake::QuarantineFilter filter;
    filter.source = options.source;
    filter.code = options.code;
    filter.record_type = options.record_type;
    filter.count_max = 500;
    for (;;) {
      auto page = TRY(intake::list_quarantine(transaction, filter));
      if (page.empty()) return ok();
      filter.after_id = page.back().id;
      for (auto& row : page) rows.push_back(std::move(row));
    }
  });
  if (!listed) return fail(listed.error());
  if (options.dry_run) {
    for (const auto& row : rows)
      std::cout << row.id << " " << row.record.record_type << " " << row.record.key << " " << row.code << "\n";
    std::cerr << rows.size() << " records would be replayed\n";
    return kOk;
  }
  if (!rows.empty())
    if (const int answer = agreed(options, std::to_string(rows.size()) + " records"); answer != kOk) return answer;
  std::int64_t accepted = 0, kept = 0;
  for (const auto& row : rows) {
    const auto outcome = hub.source_door().replay(row.id, "cli");
    if (outcome && outcome.value().kind != RecordOutcome::Kind::quarantined) {
      ++accepted;
    } else {
      ++kept;
      std::cerr << row.record.record_type << " " << row.record.key << ": "
                << (outcome ? outcome.value().message : outcome.error().message) << "\n";
    }
  }
  if (options.json) {
    std::cout << Json{{"replayed", rows.size()}, {"accepted", accepted}, {"kept", kept}}.dump() << "\n";
  } else {
    std::cout << rows.size() << " replayed, " << accepted << " accepted, " << kept << " stay in the quarantine\n";
  }
  return kOk;
}

int outbox_list(const Options& options) {
  const auto store = open_store(options);
  if (!store) return fail(store.error());
  Json list = Json::array();
  const auto done = store.value()->read([&](storage::Transaction& transaction) -> Result<void> {
    const auto rows =
        TRY(transaction.query("SELECT id, message_id, address, subject, case_id, reason_code, reason FROM outbox WHERE "
                              "state = 'rejected' ORDER BY id",
                              {}, "itttttt"));
    for (const auto& row : rows)
      list.push_back({{"id", row.integer(0)},
                      {"message_id", row.text(1)},
                      {"address", row.text(2)},
                      {"subject", row.text(3)},
                      {"case", row.text(4)},
                      {"code", row.text(5)},
                      {"reason", row.text(6)}});
    return ok();
  });
  if (!done) return fail(done.error());
  if (options.json) {
    std::cout << list.dump() << "\n";
    return kOk;
  }
  for (const auto& row : list)
    std::cout << row.at("id") << "  " << row.at("address").get<std::string>() << "  "
              << row.at("message_id").get<std::string>() << "  " << row.at("code").get<std::string>() << ": "
              << row.at("reason").get<std::string>() << "\n";
  if (list.empty()) std::cout << "no message was refused\n";
  return kOk;
}

int outbox_send_again(const Options& options) {
  if (options.name.empty() || options.name.size() > 18 ||
      options.name.find_first_not_of("0123456789") != std::string::npos) {
    std::cerr << "A number of `zhida outbox list` is wanted.\n";
    return kUsage;
  }
  auto open = open_hub(options);
  if (!open) return fail(open.error());
  const auto& rooms = open.value().hub->rooms();
  const auto id = std::stoll(options.name);
  const auto done = flow::commit(rooms.writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(messaging::send_again(transaction, id));
    audit::AuditEntry entry;
    entry.kind = "person_decided";
    entry.actor = "cli";
    entry.subject_type = "outbox";
    entry.subject_id = options.name;
    entry.division = rooms.city;
    entry.detail = {{"decision", "send_again"}};
    (void)TRY(rooms.trail.append(transaction, entry));
    return ok();
  });
  if (!done) return fail(done.error());
  std::cout << "Message " << id << " leaves again with the next round of the relay.\n";
  return kOk;
}

int reconcile(const Options& options) {
  const auto day = Date::parse(options.day);
  if (!day) {
    std::cerr << "--day: " << day.error().message << "\n";
    return kUsage;
  }
  const auto store = open_store(options);
  if (!store) return fail(store.error());
  treasury::ReconcileReport report;
  const auto done = store.value()->read([&](storage::Transaction& transaction) -> Result<void> {
    report = TRY(treasury::reconcile_day(transaction, day.value(), options.division));
    return ok();
  });
  if (!done) return fail(done.error());
  std::cout << (options.json ? treasury::to_json(report).dump() : treasury::to_text(report)) << "\n";
  return report.agrees() ? kOk : kFindings;
}

int db_migrate(const Options& options) {
  const auto store = open_store(options);
  if (!store) return fail(store.error());
  const auto ran = storage::migrate(*store.value());
  if (!ran) return fail(ran.error());
  for (const auto& name : ran.value()) std::cout << name << "\n";
  if (ran.value().empty()) std::cout << "nothing to do\n";
  return kOk;
}

int db_status(const Options& options) {
  const auto store = open_store(options);
  if (!store) return fail(store.error());
  Json names = Json::array();
  const auto done = store.value()->read([&](storage::Transaction& transaction) -> Result<void> {
    for (const auto& row : TRY(transaction.query("SELECT name FROM schema_migration ORDER BY name", {}, "t")))
      names.push_back(row.text(0));
    return ok();
  });
  if (!done) return fail(done.error());
  if (options.json) {
    std::cout << Json{{"dialect", store.value()->dialect() == storage::Dialect::sqlite ? "sqlite" : "postgresql"},
                      {"migrations", names}}
                     .dump()
              << "\n";
  } else {
    for (const auto& name : names) std::cout << name.get<std::string>() << "\n";
  }
  return kOk;
}

int db_backup(const Options& options) {
  const auto store = open_store(options);
  if (!store) return fail(store.error());
  if (store.value()->dialect() != storage::Dialect::sqlite) {
    std::cerr << "This store is PostgreSQL: use pg_dump (docs/backup_and_restore.md).\n";
    return kConflict;
  }
  if (access(options.name.c_str(), F_OK) == 0) {
    std::cerr << options.name << " is there already; a backup overwrites nothing.\n";
    return kConflict;
  }
  // VACUUM INTO copies one consistent view while others go on writing; it may not run inside a transaction, hence the
  // tool.
  const auto loaded = load(options);
  const std::string path = loaded.value().hub_config().database.url.substr(std::string("sqlite://").size());
  if (!run({"sqlite3", "-bail", "-cmd", ".timeout 10000", as_file(path),
            "VACUUM INTO " + sql_text(as_file(options.name))})) {
    std::cerr << "The copy could not be made.\n";
    return kInternal;
  }
  std::cout << options.name << "\n";
  return kOk;
}

}  // namespace zhida::cli
