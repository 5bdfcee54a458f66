#include "flow/dead_letters.h"

#include <exception>
#include <future>
#include <memory>
#include <utility>

#include "audit/audit_trail.h"
#include "platform/crypto/digest.h"
#include "platform/messaging/dead_letter.h"

namespace zhida::flow {
namespace {

using messaging::DeadLetter;
using messaging::Receipt;

Error not_open(std::int64_t id, const std::string& why) {
  return refuse("dead_letter_not_open", "Dead letter " + std::to_string(id) + " " + why);
}

audit::AuditEntry entry_of(const Rooms& rooms, const DeadLetter& letter, const messaging::Envelope& envelope,
                           const std::string& actor, int replay, const std::string& result) {
  audit::AuditEntry entry;
  entry.kind = "message_replayed";
  entry.actor = actor;
  entry.subject_type = "message";
  entry.subject_id = letter.message_id;
  entry.division = rooms.city;
  const auto trace = envelope.properties.find("trace-id");
  if (trace != envelope.properties.end()) entry.trace_id = trace->second;
  entry.payload_digest = "sm3:" + to_hex(crypto::sm3(envelope.body));
  entry.detail = {{"dead_letter", letter.id},
                  {"peer", letter.peer},
                  {"address", letter.address},
                  {"replay", replay},
                  {"result", result}};
  return entry;
}

Result<messaging::Effect> think(const messaging::Door& door, const messaging::DoorMessage& message) {
  try {
    return door.handle(message);
  } catch (const std::exception& problem) {
    return refuse("door_failed", "Door " + door.name + " failed: " + problem.what() + ".");
  }
}

}  // namespace

Result<LetterReplayed> DeadLetters::replay(std::int64_t id, const std::string& actor) const {
  std::optional<DeadLetter> found;
  std::optional<int> number;
  CHECK_OK(rooms_.database.read([&](storage::Transaction& transaction) -> Result<void> {
    found = TRY(messaging::find_dead_letter(transaction, id));
    if (found) number = TRY(messaging::next_replay(transaction, *found));
    return ok();
  }));
  if (!found) return refuse("dead_letter_unknown", "There is no dead letter " + std::to_string(id) + ".");
  auto letter = std::move(*found);
  const std::string name = "Dead letter " + std::to_string(id);
  if (letter.state != "open") {
    return not_open(id, letter.replayed_at ? "was replayed at " + to_rfc3339(*letter.replayed_at) + " already."
                                           : "is " + letter.state + ".");
  }
  if (letter.message_id.empty() || letter.body.empty())
    return refuse("dead_letter_without_message", name + " holds no message that could be replayed.");
  if (!number)
    return refuse("dead_letter_superseded", name +
                                                " came under an id that stands for other octets: its sender has to "
                                                "send it under a new message-id.");
  const auto envelope = messaging::decode(letter.body);
  if (!envelope) return refuse("dead_letter_without_message", name + ": " + envelope.error().message);
  if (letter.address.empty()) letter.address = envelope.value().address;
  const auto door = doors_.find(letter.address);
  if (door == doors_.end())
    return refuse("dead_letter_without_door",
                  name + " knocked at \"" + letter.address + "\", where no door of this hub is.");

  const auto thought = think(door->second, {letter.peer, letter.address, envelope.value()});
  if (!thought && thought.error().fate == Fate::retry) return thought.error();
  const int replay = *number;
  messaging::Work work;
  work.peer = letter.peer;
  work.message_id = letter.message_id;
  work.digest = letter.digest;
  work.door = letter.door;
  work.address = letter.address;
  if (!envelope.value().group_id.empty()) work.order_key = letter.address + "\n" + envelope.value().group_id;
  work.bytes = letter.body.size();
  work.message = std::make_shared<const Bytes>(letter.body);
  work.replay = replay;
  work.release_on_retry = true;  // Whoever asked hears it, and asks again.
  std::function<void()> committed;
  if (thought) {
    committed = thought.value().committed();
    work.effect = [&, run = thought.value().run()](storage::Transaction& transaction) -> Result<void> {
      CHECK_OK(run(transaction));
      CHECK_OK(messaging::note_replay(transaction, id, replay, "done", rooms_.clock.now()));
      (void)TRY(rooms_.trail.append(transaction, entry_of(rooms_, letter, envelope.value(), actor, replay, "done")));
      return ok();
    };
  } else {
    work.effect = [error = thought.error()](storage::Transaction&) -> Result<void> { return error; };
  }
  std::promise<Receipt> told;
  work.done = [&](const Receipt& receipt) {
    if (committed && receipt.kind == Receipt::Kind::done) committed();
    told.set_value(receipt);
  };
  if (!rooms_.writer.submit(std::move(work)))
    return retry("hub_stopping", "The hub is going down; nothing was changed.");
  const Receipt receipt = told.get_future().get();
  switch (receipt.kind) {
    case Receipt::Kind::done:
      return LetterReplayed{replay, true, "", ""};
    case Receipt::Kind::duplicate:
    case Receipt::Kind::modified:
      return not_open(id, "was replayed by somebody else at this very moment.");
    case Receipt::Kind::abandoned:
    case Receipt::Kind::retry_later:
      return receipt.error;
    case Receipt::Kind::refused:
      break;
  }
  // It changed nothing, and people shall see that it was tried.
  CHECK_OK(commit(rooms_.writer, letter.door, {}, [&](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(messaging::note_replay(transaction, id, replay, receipt.error.code, rooms_.clock.now()));
    (void)TRY(rooms_.trail.append(transaction,
                                  entry_of(rooms_, letter, envelope.value(), actor, replay, receipt.error.code)));
    return ok();
  }));
  return LetterReplayed{replay, false, receipt.error.code, receipt.error.message};
}

}  // namespace zhida::flow
