#include "adapters/town/builder.h"

#include <algorithm>

#include "adapters/town/numbers.h"

namespace zhida::town {

void Builder::observe(const Line& line) {
  if (firm_ == nullptr || !line.delivered) return;
  observations_.push_back(
      Observation{line.record_type, line.key, line.as_of, line.at, line.readable, line.withdrawn, line.facts});
}

void Builder::put(const Line& line) {
  Row row;
  row.key = line.key;
  if (firm_ != nullptr) row.uscc = firm_->uscc;
  row.appears_at = line.at;
  row.withdrawn = line.withdrawn;
  row.flag = line.flag;
  row.batch = line.batch;
  if (!line.fault.empty()) row.faults.push_back(line.fault);
  row.columns = line.cells;
  writer_.add_row(line.record_type, row);
  ++rows_by_type[line.record_type];
  if (!line.batch.empty()) ++deliveries_[by_id_.at(line.batch)].rows;
  observe(line);
}

void Builder::fault(Fault fault) {
  if (!options_.faults) return;
  ++faults_by_kind[fault.kind];
  writer_.add_fault(fault);
  faults.push_back(std::move(fault));
}

void Builder::fault(std::string kind, std::string record_type, std::string key, std::string expect, std::string code,
                    std::string detail) {
  Fault entry;
  entry.kind = std::move(kind);
  entry.system = record_type.substr(0, record_type.find('.'));
  entry.record_type = std::move(record_type);
  entry.key = std::move(key);
  entry.uscc = firm_ == nullptr ? "" : firm_->uscc;
  entry.expect = std::move(expect);
  entry.code = std::move(code);
  entry.detail = std::move(detail);
  entry.at = options_.opens();
  fault(std::move(entry));
}

void Builder::spoil(Line& row, const std::string& kind, const std::string& code) {
  row.readable = false;
  row.fault = kind;
  Fault entry;
  entry.kind = kind;
  entry.system = row.record_type.substr(0, row.record_type.find('.'));
  entry.record_type = row.record_type;
  entry.key = row.key;
  entry.uscc = firm_ == nullptr ? "" : firm_->uscc;
  entry.expect = "quarantine";
  entry.code = code;
  entry.at = std::max(row.at, options_.opens());
  fault(std::move(entry));
}

std::string Builder::parcel(const std::string& system, const Lane& lane) {
  const auto open = open_.find(system + "/" + lane.name);
  if (open != open_.end() && deliveries_[open->second].rows < lane.rows_max) return deliveries_[open->second].id;
  Delivery delivery;
  delivery.system = system;
  delivery.record_type = lane.record_type;
  if (!lane.record_type.empty()) delivery.record_types.push_back(lane.record_type);
  delivery.appears_at = lane.at;
  delivery.dated = lane.dated;
  delivery.encoding = system == "social_security" ? "GB18030" : "UTF-8";
  delivery.fault = lane.fault;
  const std::string day = lane.dated.to_compact();
  const std::int64_t number = ++numbers_[system + day];
  delivery.id =
      system == "social_security" ? "SB3305" + day + padded(number, 6) : "credit-" + day + "-" + padded(number, 6);
  by_id_[delivery.id] = deliveries_.size();
  open_[system + "/" + lane.name] = deliveries_.size();
  deliveries_.push_back(delivery);
  return delivery.id;
}

void Builder::file(const std::string& name, const std::string& record_type, Instant at, Date dated,
                   const std::string& encoding) {
  Delivery delivery;
  delivery.id = name;
  delivery.system = "department_lists";
  delivery.record_type = record_type;
  delivery.record_types.push_back(record_type);
  delivery.appears_at = at;
  delivery.dated = dated;
  delivery.encoding = encoding;
  by_id_[name] = deliveries_.size();
  deliveries_.push_back(std::move(delivery));
}

void Builder::send_all() {
  std::stable_sort(deliveries_.begin(), deliveries_.end(),
                   [](const Delivery& left, const Delivery& right) { return left.appears_at < right.appears_at; });
  for (Delivery& delivery : deliveries_) {
    delivery.declared_rows = delivery.fault == "wrong_count" ? delivery.rows + 3 : delivery.rows;
    if (delivery.record_types.empty()) {
      delivery.record_types = {"credit.rating", "credit.punishment", "credit.list_entry", "credit.list_coverage"};
    }
    writer_.add_delivery(delivery);
    if (delivery.fault.empty()) continue;
    Fault entry;
    entry.kind = "delivery_" + delivery.fault;
    entry.system = delivery.system;
    entry.record_type = delivery.record_type;
    entry.key = delivery.id;
    entry.expect = delivery.fault == "sent_twice" ? "duplicate" : "refuse_delivery";
    entry.detail = std::to_string(delivery.rows) + " rows";
    entry.at = delivery.appears_at;
    fault(std::move(entry));
  }
}

Date newer_file_day(const TownOptions& options) {
  return options.start.plus_days(-2);
}

Coverage coverage_at_start(const TownOptions& options) {
  const Date vouched = options.start.plus_days(-1);
  const Date filed = newer_file_day(options);
  return {{Fact::abnormal, vouched},
          {Fact::dishonest, vouched},
          {Fact::safety, vouched},
          {Fact::hnte, filed},
          {Fact::hnte_first_time, filed},
          {Fact::srdi_first_time, filed},
          {Fact::little_giant, filed},
          {Fact::little_giant_first_time, filed},
          {Fact::above_scale_first_time, filed},
          {Fact::patent, filed},
          {Fact::patent_country, filed}};
}

}  // namespace zhida::town
