// The sub-commands of `zhida`. Each prints its result on standard output, everything else on standard error, and gives
// the exit code.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace zhida::cli {

// Exit codes, the same for every command.
inline constexpr int kOk = 0;
inline constexpr int kFindings = 1;  ///< Lint errors, failed tests, a broken chain, differences.
inline constexpr int kUsage = 2;
inline constexpr int kUnreachable = 3;  ///< A peer cannot be reached.
inline constexpr int kConflict = 4;     ///< A precondition does not hold.
inline constexpr int kInternal = 70;

struct Options {
  std::string config = "deploy/zhida.yaml";
  bool json = false, connect = false, dry_run = false, yes = false;
  std::string name, source, code, record_type, day, division, head;
  std::vector<std::string> dead_letters;  ///< Numbers, or `all`.
  std::int64_t from = 1;
  std::string level = "auditor", reader, pack_file;  ///< Of an evidence pack.
  std::vector<std::string> withhold;
  std::vector<std::string> archives;
  std::string before, out;
  bool prune = false;
  std::string benefit, as_of, keep_until, policy;  ///< Of lists of receipts and persons, and of rounds.
  bool complete = false;
};

int serve(const Options& options, const std::string& version);
int check(const Options& options);
int config_show(const Options& options);
int config_example();
int adapter_list(const Options& options);
int adapter_test(const Options& options);
int adapter_pull(const Options& options);
int mapping(const std::vector<std::string>& arguments);
int policy(const std::vector<std::string>& arguments);
int policy_allocate(const std::vector<std::string>& arguments);  ///< `allocate` and what follows.
int seal(const std::vector<std::string>& arguments);
int cert(const std::vector<std::string>& arguments);
int profile_show(const Options& options);
int case_show(const Options& options);
int replay(const Options& options);
int outbox_list(const Options& options);
int outbox_send_again(const Options& options);
int audit_verify(const Options& options);
int audit_archive(const Options& options);
int audit_witnesses(const Options& options);
int evidence_export(const Options& options);
int reconcile(const Options& options);
int receipts_import(const Options& options);
int receipts_list(const Options& options);
int receipts_vouch(const Options& options);
int persons_import(const Options& options);
int db_migrate(const Options& options);
int db_status(const Options& options);
int db_backup(const Options& options);
int write_reference(const Options& options);
int hash_password();
int version(const Options& options, const std::string& version);

}  // namespace zhida::cli
