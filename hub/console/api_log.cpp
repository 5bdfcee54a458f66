// REST over the log: heads and proofs are for everybody; countersignatures come from peers.
#include "audit/head_store.h"
#include "console/api.h"
#include "flow/trust_keeper.h"
#include "platform/messaging/handle_once.h"

namespace zhida::console::api {
namespace {

using storage::Transaction;

/// A whole number: check_query() saw to it.
std::uint64_t number_of(const Call& call, const std::string& name, std::uint64_t otherwise) {
  const std::string text = call.parameter(name);
  return text.empty() ? otherwise : std::stoull(text);
}

Result<audit::StoredHead> head_of(Transaction& transaction, std::uint64_t size) {
  const auto head = TRY(size == 0 ? audit::last_head(transaction) : audit::find_head(transaction, size));
  if (head) return *head;
  return refuse("log_head_not_found", size == 0 ? "No head is sealed yet."
                                                : "There is no sealed head of " + std::to_string(size) + " records.");
}

}  // namespace

Result<Json> log_head(App& app, const Call& call) {
  return read<Json>(app, [&](Transaction& transaction) -> Result<Json> {
    return audit::head_document(transaction, TRY(head_of(transaction, number_of(call, "size", 0))));
  });
}

Result<Json> log_inclusion(App& app, const Call& call) {
  return read<Json>(app, [&](Transaction& transaction) -> Result<Json> {
    std::uint64_t size = number_of(call, "size", 0);
    if (size == 0) size = TRY(head_of(transaction, 0)).size;
    return audit::inclusion_document(transaction, number_of(call, "seq", 0), size);
  });
}

Result<Json> log_consistency(App& app, const Call& call) {
  return read<Json>(app, [&](Transaction& transaction) -> Result<Json> {
    return audit::consistency_document(transaction, number_of(call, "from", 0), number_of(call, "to", 0));
  });
}

Result<Json> log_witnesses(App& app, const Call&) {
  return read<Json>(app, [](Transaction& transaction) { return audit::witnesses_document(transaction); });
}

Result<Json> log_countersign(App& app, const Call& call) {
  const auto& rooms = app.hub.rooms();
  const auto peer = rooms.trust.rules().peer_of(call.request.client_fingerprint);
  if (call.request.client_fingerprint.empty() || !peer)
    return refuse("not_signed_in",
                  "A countersignature comes from a peer: show a client certificate that peers.yaml knows.");
  const auto size = TRY(get_int(call.body, "size"));
  if (size < 1) return refuse("field_malformed", "/size: from 1 on.");
  const auto head = TRY(read<audit::StoredHead>(
      app, [&](Transaction& transaction) { return head_of(transaction, static_cast<std::uint64_t>(size)); }));
  messaging::DoorMessage message;
  message.peer = *peer;
  message.envelope.body = head.payload;
  message.envelope.seal = TRY(from_base64(TRY(get_string(call.body, "seal"))));
  const auto checked = rooms.trust.verify(message, rooms.clock.now());
  if (!checked.report.passed()) return seal::to_error(checked.report);
  if (checked.report.media_type != seal::kTreeHeadMedia)
    return refuse("countersignature_wrong", std::string("The seal must say that it is over ") + seal::kTreeHeadMedia +
                                                "; this one says " + checked.report.media_type + ".");
  audit::Countersignature countersignature{head.size, *peer, rooms.clock.now(), message.envelope.seal};
  CHECK_OK(flow::commit(rooms.writer, "log", {}, [&](Transaction& transaction) {
    return audit::store_countersignature(transaction, countersignature);
  }));
  return Json{{"size", head.size}, {"peer", *peer}};
}

}  // namespace zhida::console::api
