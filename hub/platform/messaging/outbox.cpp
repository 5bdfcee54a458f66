#include "platform/messaging/outbox.h"

#include <utility>

#include "base/json.h"

namespace zhida::messaging {

using storage::Blob;
using storage::Row;
using storage::Transaction;

Result<std::int64_t> enqueue(Transaction& transaction, const OutboxMessage& message, Instant now) {
  Json properties = Json::object();
  for (const auto& [name, value] : message.properties) properties[name] = value;
  return transaction.insert(
      "INSERT INTO outbox (message_id, address, subject, group_id, correlation_id, reply_to, content_type, properties, "
      "body, seal, trace_id, "
      "case_id, division, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {message.message_id, message.address, message.subject, message.group_id, message.correlation_id, message.reply_to,
       message.content_type, properties.dump(), Blob{message.body}, Blob{message.seal}, message.trace_id,
       message.case_id, message.division, to_millis(now)},
      "id");
}

Result<std::vector<OutboxRow>> read_unsent(Transaction& transaction, const std::string& address, std::int64_t after,
                                           std::int64_t limit) {
  const auto rows = TRY(
      transaction.query("SELECT id, message_id, address, subject, group_id, correlation_id, reply_to, content_type, "
                        "properties, body, seal, trace_id, case_id, "
                        "division FROM outbox WHERE state = 'unsent' AND address = ? AND id > ? ORDER BY id LIMIT ?",
                        {address, after, limit},
                        "itttttttt"
                        "bbttt"));
  std::vector<OutboxRow> all;
  for (const Row& row : rows) {
    OutboxRow one;
    one.id = row.integer(0);
    OutboxMessage& message = one.message;
    message.message_id = row.text(1);
    message.address = row.text(2);
    message.subject = row.text(3);
    message.group_id = row.text(4);
    message.correlation_id = row.text(5);
    message.reply_to = row.text(6);
    message.content_type = row.text(7);
    const Json properties = TRY(parse_json(row.text(8)));
    for (const auto& [name, value] : properties.items())
      message.properties[name] = value.is_string() ? value.get<std::string>() : value.dump();
    message.body = row.blob(9);
    message.seal = row.blob(10);
    message.trace_id = row.text(11);
    message.case_id = row.text(12);
    message.division = row.text(13);
    all.push_back(std::move(one));
  }
  return all;
}

Result<std::vector<std::int64_t>> unsent_ids(Transaction& transaction, const std::string& address, std::int64_t last) {
  const auto rows = TRY(transaction.query(
      "SELECT id FROM outbox WHERE state = 'unsent' AND address = ? AND id <= ? ORDER BY id", {address, last}, "i"));
  std::vector<std::int64_t> ids;
  for (const Row& row : rows) ids.push_back(row.integer(0));
  return ids;
}

Result<std::vector<std::string>> unsent_addresses(Transaction& transaction) {
  const auto rows =
      TRY(transaction.query("SELECT DISTINCT address FROM outbox WHERE state = 'unsent' ORDER BY address", {}, "t"));
  std::vector<std::string> all;
  for (const Row& row : rows) all.push_back(row.text(0));
  return all;
}

Result<void> mark_sent(Transaction& transaction, std::int64_t id, Instant now) {
  CHECK_OK(transaction.execute("UPDATE outbox SET state = 'sent', settled_at = ? WHERE id = ? AND state = 'unsent'",
                               {to_millis(now), id}));
  return ok();
}

Result<void> mark_rejected(Transaction& transaction, std::int64_t id, const std::string& code,
                           const std::string& description, Instant now) {
  CHECK_OK(
      transaction.execute("UPDATE outbox SET state = 'rejected', reason_code = ?, reason = ?, settled_at = ? WHERE id "
                          "= ? AND state = 'unsent'",
                          {code, description, to_millis(now), id}));
  return ok();
}

Result<void> send_again(Transaction& transaction, std::int64_t id) {
  const auto touched =
      TRY(transaction.execute("UPDATE outbox SET state = 'unsent', reason_code = '', reason = '', settled_at = NULL "
                              "WHERE id = ? AND state = 'rejected'",
                              {id}));
  if (touched == 1) return ok();
  return refuse("outbox_not_rejected",
                "Outbox row " + std::to_string(id) + " was not rejected, so there is nothing to send again.");
}

Bytes encode(const OutboxRow& row) {
  const OutboxMessage& message = row.message;
  Envelope envelope;
  envelope.message_id = message.message_id;
  envelope.correlation_id = message.correlation_id;
  envelope.subject = message.subject;
  envelope.reply_to = message.reply_to;
  envelope.group_id = message.group_id;
  envelope.content_type = message.content_type;
  envelope.address = message.address;
  envelope.properties = message.properties;
  if (!message.trace_id.empty()) envelope.properties.emplace("trace_id", message.trace_id);
  envelope.seal = message.seal;
  envelope.body = message.body;
  return encode(envelope);
}

}  // namespace zhida::messaging
