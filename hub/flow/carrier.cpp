#include "flow/carrier.h"

#include <utility>

#include "platform/messaging/outbox.h"

namespace zhida::flow {

Carrier::Carrier(const Rooms& rooms, Sources& sources, std::vector<std::string> addresses)
    : rooms_(rooms),
      sources_(sources),
      addresses_(std::move(addresses)),
      worker_("carrier", rooms.clock, 500ms, [this] { return round(); }) {}

Result<bool> Carrier::round() {
  bool moved = false;
  std::optional<Error> away;  // One receiver that is away holds up no other.
  for (const auto& address : addresses_) {
    std::vector<messaging::OutboxRow> rows;
    CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
      rows = TRY(messaging::read_unsent(transaction, address, 0, 100));
      return ok();
    }));
    std::vector<Effect> marks;
    std::optional<Error> failed;
    for (const auto& row : rows) {
      if (worker_.stopping()) break;
      OutgoingMessage message{row.message.message_id, row.message.subject, row.message.content_type,
                              row.message.body,       row.message.seal,    row.message.trace_id};
      const auto sent = sources_.send(address, message);
      const Instant now = rooms_.clock.now();
      if (sent) {
        marks.emplace_back([id = row.id, now](storage::Transaction& transaction) {
          return messaging::mark_sent(transaction, id, now);
        });
      } else if (sent.error().fate == Fate::refuse) {
        log_.warning("A message was refused by its receiver and is kept.", {{"message", row.message.message_id},
                                                                            {"address", address},
                                                                            {"code", sent.error().code},
                                                                            {"error", sent.error().message}});
        marks.emplace_back([id = row.id, error = sent.error(), now](storage::Transaction& transaction) {
          return messaging::mark_rejected(transaction, id, error.code, error.message, now);
        });
      } else {
        failed = sent.error();  // The receiver is away: the rest of this address waits.
        break;
      }
    }
    moved = moved || !marks.empty();
    for (auto& marked : commit_all(rooms_.writer, "desk", std::move(marks))) {
      CHECK_OK(std::move(marked));
    }
    if (failed) away = failed;
  }
  if (away) return *away;
  return moved;
}

}  // namespace zhida::flow
