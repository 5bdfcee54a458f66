#include <filesystem>

#include "adapters/simulator_kit/scene.h"
#include "platform/storage/database.h"

namespace zhida::adapters::market_supervision {
namespace {

using simulator::Spoil;

/// A front-end database in a file. It is never slow and never hangs; it can be gone.
class FrontDatabase final : public simulator::Scene {
 public:
  explicit FrontDatabase(std::string folder) : path_(folder + "/front.db") { open(); }

  std::string settings() const override {
    return "database: sqlite://" + path_ + "\nbatch_rows: 10\npull_interval: 1s\n";
  }
  std::string record_type() const override { return "market_supervision.abnormal_list"; }

  void hold(int count) override {
    for (; held_ < count; ++held_) write("A" + std::to_string(held_ + 1), "i");
  }

  void spoil(Spoil how) override {
    if (how == Spoil::nothing && gone_) bring_back();
    if (how == Spoil::lost_connection) {
      database_.reset();
      std::filesystem::rename(path_, path_ + ".away");
      gone_ = true;
    }
    if (how == Spoil::duplicate)
      for (int i = 1; i <= held_; ++i) write("A" + std::to_string(i), "u");
    if (how == Spoil::malformed_record) write("A-broken", "?");
  }

  bool can_be(Spoil how) const override {
    return how != Spoil::slow && how != Spoil::hanging && how != Spoil::nonsense;
  }

 private:
  void open() {
    database_ = std::move(storage::Database::open({.url = "sqlite://" + path_, .password = {}, .readers = 1}).value());
    (void)database_->write([](storage::Transaction& transaction) -> Result<void> {
      for (const char* table : {"reg_info", "annual_report", "serious_list", "list_coverage"}) {
        (void)TRY(transaction.execute(std::string("CREATE TABLE IF NOT EXISTS ") + table + " (" + columns_of(table) +
                                      ", opflag TEXT, load_time TEXT, seq BIGINT)"));
      }
      (void)TRY(
          transaction.execute("CREATE TABLE IF NOT EXISTS abnormal_list (id TEXT, uni_social_crd_cd TEXT, inclu_dt "
                              "TEXT, inclu_reason TEXT, remove_dt "
                              "TEXT, remexcpres_cn TEXT, opflag TEXT, load_time TEXT, seq BIGINT)"));
      return ok();
    });
  }

  static std::string columns_of(const std::string& table) {
    if (table == "reg_info")
      return "pripid TEXT, uni_social_crd_cd TEXT, reg_no TEXT, comp_nm TEXT, legal_repre TEXT, comp_type TEXT, qylxdl "
             "TEXT, reg_state "
             "TEXT, est_dt TEXT, appr_dt TEXT, opt_from TEXT, opt_to TEXT, reg_capt TEXT, capt_kind TEXT, indv_code "
             "TEXT, addr TEXT, "
             "domdi_strict TEXT, reg_org TEXT";
    if (table == "annual_report")
      return "pripid TEXT, uni_social_crd_cd TEXT, annual_year TEXT, asset_zmt TEXT, opt_income_total TEXT, "
             "profit_total TEXT, tax_total "
             "TEXT, employee_num TEXT, pub_flag TEXT";
    if (table == "serious_list") return "id TEXT, uni_social_crd_cd TEXT, abn_tm TEXT, abn_reason TEXT, rem_dt TEXT";
    return "list_id TEXT, as_of TEXT";
  }

  void bring_back() {
    std::filesystem::rename(path_ + ".away", path_);
    gone_ = false;
    open();
  }

  void write(const std::string& id, const std::string& flag) {
    ++sequence_;
    (void)database_->write([&](storage::Transaction& transaction) -> Result<void> {
      (void)TRY(transaction.execute(
          "INSERT INTO abnormal_list VALUES (?, ?, ?, ?, NULL, NULL, ?, ?, ?)",
          {id, std::string("91330100716105852F"), std::string("2025-1-2"), std::string("通过登记的住所无法联系"), flag,
           std::string("2025-11-01 08:00:00"), sequence_}));
      return ok();
    });
  }

  const std::string path_;
  std::unique_ptr<storage::Database> database_;
  int held_ = 0;
  std::int64_t sequence_ = 0;
  bool gone_ = false;
};

}  // namespace

std::unique_ptr<simulator::Scene> make_scene(const std::string& folder) {
  return std::make_unique<FrontDatabase>(folder);
}

}  // namespace zhida::adapters::market_supervision
