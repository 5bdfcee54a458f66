#include "adapters/town/builder.h"
#include "adapters/town/numbers.h"

namespace zhida::town {

namespace {

struct FileOfList {
  const char* list;
  const char* encoding;
};
// Every department has its own habit.
constexpr FileOfList kFiles[] = {{"hnte", "GB18030"},
                                 {"srdi", "UTF-8-BOM"},
                                 {"little_giant", "UTF-8"},
                                 {"new_above_scale", "GB18030"},
                                 {"patents", "UTF-8-BOM"}};

Date older_file_day(const TownOptions& options) {
  return options.start.plus_days(-19);
}
Instant filed_at(Date day) {
  return day.begins() + std::chrono::hours(2);
}
std::string file_name(const std::string& list, Date day) {
  return list + "_" + day.to_compact() + ".csv";
}

class Departments {
 public:
  Departments(Builder& out, const Firm& firm)
      : out_(out), firm_(firm), random_(Random::stream(out.options().seed, "department", firm.index)), dirt_(random_) {}

  void write() {
    if (firm_.is(Role::hnte)) hnte();
    if (firm_.is(Role::srdi)) srdi();
    if (firm_.is(Role::little_giant)) little_giant();
    if (firm_.is(Role::above_scale)) above_scale();
    if (firm_.is(Role::patents)) patents();
  }

 private:
  Line line(const std::string& list) {
    Line row;
    row.record_type = "department_lists." + list;
    row.cells["企业名称"] = dirt_.name(firm_.name);
    row.cells["统一社会信用代码"] = dirt_.code(firm_.uscc);
    return row;
  }
  /// `code/year`, as the adapter makes it where a list has no number of its own.
  void key_by_code(Line& row, const std::string& year_column) {
    row.key = trimmed(*row.cells["统一社会信用代码"]) + "/" + trimmed(*row.cells[year_column]);
  }
  static std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
  }

  void put_into(Line row, const std::string& list, Date day) {
    row.at = filed_at(day);
    row.as_of = day;
    row.batch = file_name(list, day);
    out_.put(row);
  }
  /// The row stands in both files, in the same words.
  void put(const Line& row, const std::string& list) {
    put_into(row, list, older_file_day(out_.options()));
    put_into(row, list, newer_file_day(out_.options()));
  }
  /// It stands in the older file only.
  void put_and_withdraw(Line row, const std::string& list) {
    put_into(row, list, older_file_day(out_.options()));
    row.withdrawn = true;
    row.at = filed_at(newer_file_day(out_.options()));
    row.as_of = newer_file_day(out_.options());
    out_.observe(row);
    out_.fault("gone_from_newer_file", row.record_type, row.key, "harmless", "", "withdrawn");
  }

  void hnte() {
    const bool conflict = firm_.is(Role::hnte_conflict);
    const int year = firm_.is(Role::hnte_2022) || conflict ? 2022 : static_cast<int>(random_.between(2023, 2025));
    Line row = certificate(year, random_.percent(60) || conflict, "");
    if (firm_.is(Role::hnte_blank_first)) {
      row.cells["首次认定"] = dirt_.null_word();
      row.facts[Fact::hnte_first_time] = std::nullopt;
    }
    if (firm_.is(Role::hnte_blank_year)) {
      row.cells["认定年度"] = dirt_.null_word();
      row.facts[Fact::hnte_year] = std::nullopt;
    }
    if (firm_.is(Role::hnte_name_only)) {
      row.cells["企业名称"] = dirt_.name(firm_.name);
      row.cells["统一社会信用代码"] = dirt_.null_word();
    }
    if (firm_.is(Role::hnte_name_unknown)) {
      row.cells["企业名称"] = firm_.former_name;
      row.cells["统一社会信用代码"] = "";
      out_.spoil(row, "name_unknown", "name_unknown");
    }
    if (firm_.is(Role::hnte_masked)) {
      row.cells["统一社会信用代码"] = masked(firm_.uscc);
      out_.spoil(row, "uscc_masked", "uscc_invalid");
    }
    if (firm_.is(Role::hnte_withdrawn)) return put_and_withdraw(row, "hnte");
    if (firm_.is(Role::hnte_superseded)) {
      put_into(row, "hnte", older_file_day(out_.options()));
      row.cells["统一社会信用代码"] = masked(firm_.uscc);
      out_.spoil(row, "newer_version_unreadable", "uscc_invalid");
      return put_into(row, "hnte", newer_file_day(out_.options()));
    }
    put(row, "hnte");
    if (firm_.is(Role::hnte_duplicate)) {
      put_into(row, "hnte", newer_file_day(out_.options()));
      out_.fault("duplicate_row", row.record_type, row.key, "duplicate");
    }
    if (conflict) {
      put(certificate(2025, false, "hnte_conflict"), "hnte");
      out_.fault("hnte_conflict", row.record_type, row.key, "conflict", "", "qual.hnte_first_time");
    }
  }

  Line certificate(int year, bool first_time, const std::string& fault) {
    Line row = line("hnte");
    const Date issued = Date::from_ymd(year, year < 2025 ? 12 : 8, static_cast<int>(random_.between(1, 20))).value();
    row.key = "GR" + std::to_string(year) + "33" + padded(static_cast<std::int64_t>(firm_.index) + 1, 6);
    row.cells["认定年度"] = dirt_.year(year);
    row.cells["证书编号"] = row.key;
    row.cells["发证日期"] = dirt_.date(issued);
    row.cells["有效期至"] = dirt_.date(issued.plus_months(36));
    row.cells["首次认定"] = dirt_.yes_no(first_time);
    row.facts = {{Fact::hnte, 1}, {Fact::hnte_year, year}, {Fact::hnte_first_time, first_time ? 1 : 0}};
    row.fault = fault;
    return row;
  }

  void srdi() {
    const auto grade = static_cast<int>(random_.between(1, 3));
    const bool conflict = firm_.is(Role::srdi_conflict);
    Line row = specialised(2025, grade, conflict || random_.percent(75));
    if (firm_.is(Role::srdi_blank_first)) {
      row.cells["首次认定"] = dirt_.null_word();
      row.facts[Fact::srdi_first_time] = std::nullopt;
    }
    if (firm_.is(Role::srdi_unreadable)) {
      row.cells["认定年度"] = "二〇二五年度前后";
      key_by_code(row, "认定年度");
      out_.spoil(row, "year_unreadable", "");
    }
    put(row, "srdi");
    if (!conflict) return;
    Line other = specialised(2024, grade, false);
    other.fault = "srdi_conflict";
    put(other, "srdi");
    out_.fault("srdi_conflict", row.record_type, row.key, "conflict", "", "qual.srdi_first_time");
  }

  Line specialised(int year, int grade, bool first_time) {
    Line row = line("srdi");
    const char* grades[] = {"国家级专精特新小巨人", "省级专精特新小巨人", "省级专精特新"};
    row.cells["级别"] = dirt_.word(grades[grade - 1]);
    row.cells["认定年度"] = dirt_.year(year);
    row.cells["首次认定"] = dirt_.yes_no(first_time);
    row.facts = {{Fact::srdi_grade, grade}, {Fact::srdi_first_time, first_time ? 1 : 0}};
    key_by_code(row, "认定年度");
    return row;
  }

  void little_giant() {
    const bool conflict = firm_.is(Role::little_giant_conflict);
    Line row = giant(2025, conflict || random_.percent(75));
    if (firm_.is(Role::little_giant_blank)) {
      row.cells["首次认定"] = dirt_.null_word();
      row.facts[Fact::little_giant_first_time] = std::nullopt;
    }
    put(row, "little_giant");
    if (!conflict) return;
    Line other = giant(2024, false);
    other.fault = "little_giant_conflict";
    put(other, "little_giant");
    out_.fault("little_giant_conflict", row.record_type, row.key, "conflict", "", "qual.little_giant_first_time");
  }

  Line giant(int year, bool first_time) {
    Line row = line("little_giant");
    row.cells["批次"] = year == 2025 ? "第七批" : "第六批";
    row.cells["认定年度"] = dirt_.year(year);
    row.cells["首次认定"] = dirt_.yes_no(first_time);
    row.facts = {{Fact::little_giant, 1}, {Fact::little_giant_first_time, first_time ? 1 : 0}};
    key_by_code(row, "认定年度");
    return row;
  }

  void above_scale() {
    Line row = line("new_above_scale");
    const bool first = !firm_.is(Role::above_scale_again);
    const bool duty = !firm_.is(Role::above_scale_duty_no);
    const bool blank = firm_.is(Role::above_scale_duty_blank);
    row.cells["入统年度"] = dirt_.year(2025);
    row.cells["首次入统"] = dirt_.yes_no(first);
    row.cells["履行填报义务"] = blank ? dirt_.null_word() : Cell(dirt_.yes_no(duty));
    row.facts[Fact::above_scale_first_time] = first ? 1 : 0;
    row.facts[Fact::reporting_duty] = blank ? std::nullopt : std::optional<std::int64_t>(duty ? 1 : 0);
    key_by_code(row, "入统年度");
    put(row, "new_above_scale");
  }

  void patents() {
    const bool single = firm_.is(Role::patents_blank_country) || firm_.is(Role::patents_superseded) ||
                        firm_.is(Role::patents_withdrawn);
    const std::int64_t count = single ? 1 : random_.between(1, 8);
    for (std::int64_t i = 1; i <= count; ++i) {
      Line row = patent(i);
      if (firm_.is(Role::patents_blank_country)) {
        row.cells["国家"] = dirt_.null_word();
        row.facts[Fact::patent_country] = std::nullopt;
      }
      if (firm_.is(Role::patents_masked) && i == 1) {
        row.cells["统一社会信用代码"] = masked(firm_.uscc);
        out_.spoil(row, "uscc_masked", "uscc_invalid");
      }
      if (firm_.is(Role::patents_superseded)) {
        put_into(row, "patents", older_file_day(out_.options()));
        row.cells["统一社会信用代码"] = masked(firm_.uscc);
        out_.spoil(row, "newer_version_unreadable", "uscc_invalid");
        put_into(row, "patents", newer_file_day(out_.options()));
      } else if (firm_.is(Role::patents_withdrawn)) {
        put_and_withdraw(row, "patents");
      } else {
        put(row, "patents");
      }
    }
  }

  Line patent(std::int64_t number) {
    static const std::vector<std::string> kCountries{"美国", "日本", "德国",   "韩国",
                                                     "英国", "法国", "俄罗斯", "澳大利亚"};
    static const std::vector<std::string> kPrefixes{"US", "JP", "DE", "KR", "GB", "FR", "RU", "AU"};
    const auto country = static_cast<std::size_t>(random_.below(kCountries.size()));
    Line row = line("patents");
    row.key = kPrefixes[country] + padded(static_cast<std::int64_t>(firm_.index) + 1, 6) + padded(number, 3) + "B2";
    row.cells["专利号"] = row.key;
    row.cells["国家"] = dirt_.word(kCountries[country]);
    row.cells["授权日期"] = dirt_.date(out_.options().start.plus_days(-static_cast<int>(random_.between(40, 700))));
    row.facts = {{Fact::patent, 1}, {Fact::patent_country, static_cast<std::int64_t>(country)}};
    return row;
  }

  Builder& out_;
  const Firm& firm_;
  Random random_;
  Dirt dirt_;
};

}  // namespace

void write_department_files(Builder& out) {
  for (const FileOfList& each : kFiles) {
    for (const Date day : {older_file_day(out.options()), newer_file_day(out.options())}) {
      out.file(file_name(each.list, day), std::string("department_lists.") + each.list, filed_at(day), day,
               each.encoding);
    }
  }
}

void write_departments(Builder& out, const Firm& firm) {
  Departments(out, firm).write();
}

}  // namespace zhida::town
