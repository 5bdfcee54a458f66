// The program `zhida`: the hub and its command line. Composition root: knows everyone, builds, wires, runs.
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/commands.h"

#ifndef ZHIDA_VERSION
#define ZHIDA_VERSION "0.1.0"
#endif

namespace {

using namespace zhida;

/// Sub-commands that read their own words: everything behind the name is handed on.
CLI::App* pass_on(CLI::App& app, const std::string& name, const std::string& description) {
  auto* command = app.add_subcommand(name, description);
  command->prefix_command();
  command->set_help_flag();
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Zhida (直达): an integration hub through which benefits reach enterprises by themselves.", "zhida"};
  app.footer(
      "Exit codes: 0 done, 1 findings, 2 usage, 3 a peer cannot be reached, 4 a precondition does not hold, 70 a "
      "mistake "
      "of ours.\nMore: docs/cli.md");
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", std::string(ZHIDA_VERSION));
  cli::Options options;
  const auto with_config = [&](CLI::App* command) {
    command->add_option("--config", options.config, "The settings file")
        ->envname("ZHIDA_CONFIG")
        ->capture_default_str();
    return command;
  };
  const auto with_json = [&](CLI::App* command) {
    command->add_flag("--json", options.json, "One JSON document on standard output");
    return command;
  };

  with_config(app.add_subcommand("serve", "Run the hub until SIGINT or SIGTERM: adapters, messages, REST and pages"));
  auto* check =
      with_config(app.add_subcommand("check", "Check settings, certificates, seals, mappings, policies and the store"));
  check->add_flag("--connect", options.connect, "Also try the connection to every source");

  auto* config = app.add_subcommand("config", "Settings: show, example");
  config->require_subcommand(1);
  with_json(
      with_config(config->add_subcommand("show", "The settings in force, each with its origin; secrets as ****")));
  config->add_subcommand("example", "A zhida.yaml with every setting, its default and its sentence");

  auto* adapter = app.add_subcommand("adapter", "Source systems: list, test, pull");
  adapter->require_subcommand(1);
  with_json(adapter->add_subcommand("list", "Every adapter of this build"));
  auto* adapter_test = with_config(adapter->add_subcommand("test", "Try a connection step by step"));
  adapter_test->add_option("name", options.name, "Adapter")->required();
  auto* adapter_pull =
      with_json(with_config(adapter->add_subcommand("pull", "Fetch what is new, now (the hub must not be running)")));
  adapter_pull->add_option("name", options.name, "Adapter")->required();

  auto* mapping = pass_on(app, "mapping", "Mapping files: check, test, run");
  auto* policy = pass_on(app, "policy",
                         "Policy items: check, test, show, match, explain, simulate, export-sql, allocate; propose, "
                         "backtest, approve, confirm, withdraw, status");
  auto* cert = pass_on(app, "cert", "Certificates: list, check (days left), renew (a new key and a request)");
  auto* seal = pass_on(app, "seal", "Electronic seals: make-seal, sign, verify, show");

  auto* profile = app.add_subcommand("profile", "Profiles of firms: show");
  profile->require_subcommand(1);
  auto* profile_show =
      with_json(with_config(profile->add_subcommand("show", "All that is known of a firm, with its sources")));
  profile_show->add_option("uscc", options.name, "Unified social credit code")->required();

  auto* benefit_case = app.add_subcommand("case", "Cases: show");
  benefit_case->require_subcommand(1);
  auto* case_show = with_json(
      with_config(benefit_case->add_subcommand("show", "Why a case is there, where it stands, who acts next")));
  case_show->add_option("id", options.name, "Case number")->required();

  auto* replay = with_json(with_config(app.add_subcommand(
      "replay",
      "Run quarantined records, or a dead letter, through their door once more (while the hub stands still)")));
  replay->add_option("--source", options.source, "Only of this source");
  replay->add_option("--code", options.code, "Only with this code");
  replay->add_option("--record-type", options.record_type, "Only of this record type");
  replay
      ->add_option("--dead-letter", options.dead_letters,
                   "Instead of records: this message that no door could take, by its number; `all` for every open one")
      ->excludes("--source")
      ->excludes("--code")
      ->excludes("--record-type");
  replay->add_flag("--dry-run", options.dry_run, "Only say what would be replayed");
  replay->add_flag("--yes", options.yes, "Do not ask");

  auto* outbox = app.add_subcommand("outbox", "Messages that their receiver refused");
  outbox->require_subcommand(1);
  with_json(with_config(outbox->add_subcommand("list", "Refused messages with the receiver's reason")));
  auto* outbox_again = with_config(
      outbox->add_subcommand("send-again", "Send a refused message once more, the same octets under the same id"));
  outbox_again->add_option("id", options.name, "Number in the list")->required();

  auto* audit = app.add_subcommand("audit", "The log of all that happened: verify, archive, witnesses");
  audit->require_subcommand(1);
  auto* audit_verify = with_json(with_config(audit->add_subcommand(
      "verify", "Recompute every hash, check every head; names the first record that does not hold")));
  audit_verify->add_option("--from", options.from, "First sequence number")->capture_default_str();
  audit_verify->add_option("--head", options.head,
                           "A head kept elsewhere: SEQ:HEX of a record, or a file with a sealed head; notices records "
                           "that were cut off, and another history");
  audit_verify->add_option("--archive", options.archives, "Folder of an archive whose records are not here any more");
  auto* audit_witnesses =
      with_json(with_config(audit->add_subcommand("witnesses", "Who countersigned how much of the log, and when")));
  auto* audit_archive = with_json(with_config(audit->add_subcommand(
      "archive", "Write the oldest records into a folder of their own, with heads, time-stamps and proofs")));
  audit_archive->add_option("--before", options.before, "Records before this day (YYYY-MM-DD)")->required();
  audit_archive->add_option("-o,--out", options.out, "Where to; a new folder")->required();
  audit_archive->add_flag("--prune", options.prune, "Then delete these records here; their hashes stay");

  auto* evidence = app.add_subcommand("evidence", "Packs that prove one case to somebody outside: export");
  evidence->require_subcommand(1);
  auto* evidence_export = with_json(with_config(evidence->add_subcommand(
      "export",
      "Write one case's evidence as a ZIP file that zhida-verify checks offline; the trail tells who got it")));
  evidence_export->add_option("--case", options.name, "Case number")->required();
  evidence_export->add_option("-o,--out", options.pack_file, "The file to write")->required();
  evidence_export->add_option("--for", options.level, "auditor, firm or public: how much it shows")
      ->capture_default_str();
  evidence_export->add_option("--reader", options.reader, "Who will get it, as the trail names them");
  evidence_export->add_option("--withhold", options.withhold,
                              "A fact to withhold besides, e.g. payee.account_no, or a beginning of names: payee.*");

  auto* reconcile =
      with_json(with_config(app.add_subcommand("reconcile", "One day, our book against the treasury's word")));
  reconcile->add_option("--day", options.day, "YYYY-MM-DD")->required();
  reconcile->add_option("--division", options.division, "Fiscal division; all when absent");

  auto* receipts = app.add_subcommand("receipts", "Benefits that were received before: import, list, vouch");
  receipts->require_subcommand(1);
  auto* receipts_import = with_json(with_config(receipts->add_subcommand(
      "import", "Take in a list (CSV or JSONL) of who received a benefit elsewhere: all of it or nothing")));
  receipts_import->add_option("file", options.name, "Columns uscc or identity_number, received_on, reference")
      ->required();
  receipts_import->add_option("--benefit", options.benefit, "Its name, as items ask for it, or an item's id")
      ->required();
  receipts_import->add_option("--source", options.source, "Who hands the list in")->required();
  receipts_import->add_flag("--complete", options.complete,
                            "The source vouches that no receipt up to --as-of is missing: none then means never");
  receipts_import->add_option("--as-of", options.as_of, "For --complete: YYYY-MM-DD");
  receipts_import->add_option("--keep-until", options.keep_until,
                              "For lists of persons: the day after which their digests are forgotten");
  auto* receipts_list = with_json(with_config(receipts->add_subcommand("list", "What a firm received, newest first")));
  receipts_list->add_option("--uscc", options.name, "Unified social credit code")->required();
  auto* receipts_vouch = with_config(
      receipts->add_subcommand("vouch", "Say for a source that all receipts of a benefit up to a day are here"));
  receipts_vouch->add_option("--benefit", options.benefit, "Its name, or an item's id")->required();
  receipts_vouch->add_option("--source", options.source, "Who vouches")->required();
  receipts_vouch->add_option("--as-of", options.as_of, "YYYY-MM-DD")->required();

  auto* persons = app.add_subcommand("persons", "Lists of persons behind a firm's counts: import");
  persons->require_subcommand(1);
  auto* persons_import = with_json(with_config(persons->add_subcommand(
      "import",
      "Take in a department's list (CSV or JSONL): only salted digests and what the item asks about are kept")));
  persons_import
      ->add_option("file", options.name, "Columns uscc, identity_number, and the fields of the item's persons")
      ->required();
  persons_import->add_option("--policy", options.policy, "The item that the list is for")->required();
  persons_import->add_option("--source", options.source, "Who hands the list in")->required();
  persons_import->add_option("--as-of", options.as_of, "The day that the list speaks of, YYYY-MM-DD")->required();
  persons_import->add_option("--keep-until", options.keep_until, "The day after which the list is forgotten")
      ->required();

  auto* database = app.add_subcommand("db", "The store: migrate, status, backup");
  database->require_subcommand(1);
  with_config(database->add_subcommand("migrate", "Bring the schema up to date"));
  with_json(with_config(database->add_subcommand("status", "Which migrations ran")));
  auto* backup =
      with_config(database->add_subcommand("backup", "A consistent copy of a SQLite store while the hub runs"));
  backup->add_option("file", options.name, "Where to")->required();

  auto* docs = app.add_subcommand("reference", "Write the generated reference pages");
  docs->add_option("folder", options.name, "Where to, e.g. docs/reference")->required();
  app.add_subcommand("hash-password", "Read a password from standard input and print what people.yaml wants");
  with_json(app.add_subcommand("version", "Version and build"));

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error, std::cout, std::cerr);
    return code == 0 ? 0 : cli::kUsage;
  }
  if (app.get_subcommands().empty()) {
    std::cout << app.help();
    return cli::kUsage;
  }

  const auto chosen = [](const CLI::App* command) { return command->parsed(); };
  if (chosen(mapping)) return cli::mapping(mapping->remaining());
  if (chosen(policy)) {
    const auto words = policy->remaining();
    return !words.empty() && words.front() == "allocate" ? cli::policy_allocate(words) : cli::policy(words);
  }
  if (chosen(cert)) return cli::cert(cert->remaining());
  if (chosen(seal)) return cli::seal(seal->remaining());
  if (chosen(app.get_subcommand("serve"))) return cli::serve(options, ZHIDA_VERSION);
  if (chosen(check)) return cli::check(options);
  if (chosen(config))
    return config->get_subcommand("show")->parsed() ? cli::config_show(options) : cli::config_example();
  if (chosen(adapter)) {
    if (adapter->get_subcommand("list")->parsed()) return cli::adapter_list(options);
    return chosen(adapter_test) ? cli::adapter_test(options) : cli::adapter_pull(options);
  }
  if (chosen(profile)) return cli::profile_show(options);
  if (chosen(benefit_case)) return cli::case_show(options);
  if (chosen(replay)) return cli::replay(options);
  if (chosen(outbox)) return chosen(outbox_again) ? cli::outbox_send_again(options) : cli::outbox_list(options);
  if (chosen(audit_witnesses)) return cli::audit_witnesses(options);
  if (chosen(audit)) return chosen(audit_archive) ? cli::audit_archive(options) : cli::audit_verify(options);
  if (chosen(evidence)) return cli::evidence_export(options);
  if (chosen(reconcile)) return cli::reconcile(options);
  if (chosen(receipts)) {
    if (chosen(receipts_import)) return cli::receipts_import(options);
    return chosen(receipts_list) ? cli::receipts_list(options) : cli::receipts_vouch(options);
  }
  if (chosen(persons)) return cli::persons_import(options);
  if (chosen(database)) {
    if (database->get_subcommand("migrate")->parsed()) return cli::db_migrate(options);
    return chosen(backup) ? cli::db_backup(options) : cli::db_status(options);
  }
  if (chosen(app.get_subcommand("hash-password"))) return cli::hash_password();
  if (chosen(docs)) return cli::write_reference(options);
  return cli::version(options, ZHIDA_VERSION);
}
