#include "flow/rooms.h"

#include <future>
#include <optional>
#include <utility>

namespace zhida::flow {
namespace {

using messaging::Receipt;

/// One work on its way: what the writer said of it, and the refusal that was carried out of its transaction.
struct Ticket {
  std::promise<Receipt> told;
  std::optional<Error> refusal;
};

Error stopping() {
  return retry("hub_stopping", "The hub is going down; nothing was changed.");
}

/// An error of the work is the caller's answer, not a dead letter, and it is the caller who tries again: the writer
/// would only make everybody wait and then bury it. What the effect did is undone by a SAVEPOINT of its own, and the
/// error is carried past the writer. Errors of the store stay with the writer.
std::shared_ptr<Ticket> submit(messaging::Writer& writer, const std::string& door, const std::string& order_key,
                               Effect effect) {
  auto ticket = std::make_shared<Ticket>();
  messaging::Work work;
  work.door = door;
  work.order_key = order_key;
  work.effect = [effect = std::move(effect), ticket](storage::Transaction& transaction) -> Result<void> {
    ticket->refusal.reset();
    const auto done = transaction.savepoint([&] { return effect(transaction); });
    if (!done && done.error().code != "storage_lost" && done.error().code != "storage_busy") {
      ticket->refusal = done.error();
      return ok();
    }
    return done;
  };
  work.done = [ticket](const Receipt& receipt) { ticket->told.set_value(receipt); };
  if (!writer.submit(std::move(work))) return nullptr;
  return ticket;
}

Result<void> wait_for(const std::shared_ptr<Ticket>& ticket) {
  if (ticket == nullptr) return stopping();
  const Receipt receipt = ticket->told.get_future().get();
  switch (receipt.kind) {
    case Receipt::Kind::done:
    case Receipt::Kind::duplicate:
      break;
    case Receipt::Kind::abandoned:
      return stopping();
    case Receipt::Kind::modified:
    case Receipt::Kind::refused:
    case Receipt::Kind::retry_later:
      return receipt.error;
  }
  if (ticket->refusal) return *ticket->refusal;
  return ok();
}

}  // namespace

Result<void> commit(messaging::Writer& writer, const std::string& door, const std::string& order_key, Effect effect) {
  return wait_for(submit(writer, door, order_key, std::move(effect)));
}

std::vector<Result<void>> commit_all(messaging::Writer& writer, const std::string& door, std::vector<Effect> effects) {
  std::vector<std::shared_ptr<Ticket>> tickets;
  for (auto& effect : effects) tickets.push_back(submit(writer, door, {}, std::move(effect)));
  std::vector<Result<void>> results;
  for (const auto& ticket : tickets) results.push_back(wait_for(ticket));
  return results;
}

}  // namespace zhida::flow
