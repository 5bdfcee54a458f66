#include "property/payment_world.h"

#include <algorithm>

namespace zhida::test {
namespace {

constexpr std::int64_t kAward = 100'00;
constexpr int kAttempts = 3;  // The last attempt of a benefit is never refused: else the world might not end.

}  // namespace

const char* to_text(Mutant mutant) {
  constexpr const char* kNames[] = {"none",
                                    "reissue_on_timeout",
                                    "release_on_timeout",
                                    "release_on_cancel",
                                    "not_found_is_no",
                                    "drop_early_return",
                                    "peer_forgets_numbers",
                                    "peer_forgets_cancels"};
  return kNames[static_cast<std::size_t>(mutant)];
}

PaymentWorld::PaymentWorld(std::uint64_t seed, Mutant mutant) : random_(seed), mutant_(mutant) {
  quota_fen_ = 2 * kAward;
  scene_.appropriate("A1", quota_fen_);
  for (int i = 1; i <= 2; ++i) {
    const CaseId id = scene_.approved_case("91330502MA0000000" + std::to_string(i), kAward);
    benefits_.push_back(id);
    award_[id.str()] = kAward;
  }
  scene_.clock.set(value_of(parse_rfc3339("2025-11-20T09:00:00+08:00")));
  const bool breaks_the_hub = mutant == Mutant::reissue_on_timeout || mutant == Mutant::release_on_timeout ||
                              mutant == Mutant::release_on_cancel || mutant == Mutant::not_found_is_no;
  if (breaks_the_hub) {
    // The database would refuse these mistakes; to see that the properties notice them too, its guards are taken away.
    for (const char* guard : {"payment_attempt_signed_end", "payment_attempt_next_only", "payment_attempt_only_up",
                              "ledger_entry_fits_attempt"})
      value_of(scene_.run(std::string("DROP TRIGGER ") + guard));
    value_of(scene_.run("DROP INDEX payment_attempt_one_alive"));
  }
}

std::optional<std::string> PaymentWorld::run(int steps) {
  for (int i = 0; i < steps; ++i) {
    switch (pick(12)) {
      case 0:
      case 1:
        hub_requests();
        break;
      case 2:
        hub_times_out();
        break;
      case 3:
        hub_asks_to_cancel();
        break;
      case 4:
      case 5:
        treasury_receives();
        break;
      case 6:
      case 7:
        treasury_decides();
        break;
      case 8:
        if (pick(4) == 0) hub_restarts();
        break;
      case 9:
        if (pick(3) == 0) quota_changes();
        break;
      default:
        hub_receives();
    }
    if (auto broken = check()) return "step " + std::to_string(i) + ": " + *broken;
  }
  return std::nullopt;
}

void PaymentWorld::hub_requests() {
  const CaseId id = benefits_[pick(benefits_.size())];
  const std::string state = scene_.state(id);
  if (state == "payee_repair") repair(id);
  if (scene_.state(id) != "approved" && scene_.state(id) != "rechecking") return;
  const auto outcome = scene_.request(id);
  if (outcome && outcome.value().kind == payment::RequestOutcome::Kind::requested)
    requests_.push_back(outcome.value().business_no.str());
}

void PaymentWorld::repair(const CaseId& id) {
  const auto c = scene_.load(id);
  if (c.frozen) return;
  scene_.must([&](storage::Transaction& t) { return scene_.cases->confirm(t, id, *c.payee, kFirm); });
  scene_.must([&](storage::Transaction& t) { return scene_.cases->check_payee(t, id); });
}

/// The mistake of a mutant: an attempt ends without the treasury's word.
void PaymentWorld::force_end(const AttemptId& business_no, const char* state, bool release) {
  value_of(scene_.run("UPDATE payment_attempt SET state = ? WHERE business_no = ?",
                      {std::string(state), business_no.str()}));
  scene_.must([&](storage::Transaction& t) -> Result<void> {
    if (release) {
      CHECK_OK(ledger::Ledger(t, scene_.clock).release(business_no));
    }
    const auto attempt = TRY(treasury::load_attempt(t, business_no));
    return scene_.cases->move(t, {attempt.request.tracking_id, CaseEvent::sent_back, "system", "mutant", {}});
  });
}

void PaymentWorld::hub_times_out() {
  const std::string open = scene_.text(
      "SELECT business_no FROM payment_attempt WHERE state IN ('queued', 'sent', 'acked') ORDER BY business_no LIMIT "
      "1");
  if (open.empty()) return;
  if (mutant_ == Mutant::release_on_timeout || mutant_ == Mutant::reissue_on_timeout) {
    force_end(AttemptId(open), "cancelled", mutant_ == Mutant::release_on_timeout);
    return;
  }
  if (mutant_ == Mutant::not_found_is_no && !peer_.contains(open)) {
    force_end(AttemptId(open), "rejected", true);
    return;
  }
  // What the hub really does: ask, and send the same bytes again.
  value_of(scene_.run("UPDATE outbox SET state = 'sent'"));
  scene_.must([&](storage::Transaction& t) { return scene_.treasury_room.note_sent(t); });
  scene_.clock.advance(25h);
  const auto works = scene_.must([&](storage::Transaction& t) { return scene_.treasury_room.overdue(t); });
  for (const auto& work : works) {
    const std::size_t before = scene_.sent.size();
    scene_.must(
        [&](storage::Transaction& t) { return scene_.treasury_room.commit_overdue(t, work, "s", scene_.send()); });
    for (std::size_t i = before; i < scene_.sent.size(); ++i) {
      if (scene_.sent[i].again) requests_.push_back(work.business_no.str());
    }
    if (const auto known = peer_.find(work.business_no.str()); known == peer_.end())
      say(work.business_no.str(), AnswerState::not_found);
  }
}

void PaymentWorld::hub_asks_to_cancel() {
  if (pick(3) != 0) return;
  const std::string open = scene_.text(
      "SELECT business_no FROM payment_attempt WHERE state IN ('queued', 'sent', 'acked') AND attempt < 3 ORDER BY "
      "business_no DESC LIMIT 1");
  if (open.empty() || std::ranges::find(cancels_, open) != cancels_.end()) return;
  const auto work = scene_.must(
      [&](storage::Transaction& t) { return scene_.treasury_room.prepare_cancel(t, AttemptId(open), "撤销"); });
  scene_.must([&](storage::Transaction& t) {
    return scene_.treasury_room.commit_cancel(t, work, "s", "user:zhao", scene_.send());
  });
  cancels_.push_back(open);
  if (mutant_ == Mutant::release_on_cancel) force_end(AttemptId(open), "cancelled", true);
}

void PaymentWorld::say(const std::string& number, AnswerState state, std::int64_t fen) {
  const std::string serial = fen >= 0 ? "B" + std::to_string(++serial_) : "";
  Receipt receipt = MoneyScene::receipt(AttemptId(number), state, fen, serial);
  if (state != AnswerState::not_found) receipt.pay_app_no = "ZF" + number;
  answers_.push_back(receipt);
}

void PaymentWorld::pay(const std::string& number) {
  PeerRequest& request = peer_[number];
  request.state = Peer::settled;
  ++request.paid;
  say(number, AnswerState::paid, request.fen);
}

void PaymentWorld::treasury_receives() {
  if (!cancels_.empty() && pick(2) == 0) {
    const std::string number = cancels_[pick(cancels_.size())];
    const auto known = peer_.find(number);
    if (known == peer_.end()) {
      if (mutant_ != Mutant::peer_forgets_cancels) peer_[number].state = Peer::cancelled;
      say(number, AnswerState::cancelled);
    } else if (known->second.state == Peer::accepted) {
      known->second.state = Peer::cancelled;
      say(number, AnswerState::cancelled);
    } else if (known->second.state == Peer::cancelled) {
      say(number, AnswerState::cancelled);
    }
    return;
  }
  if (requests_.empty()) return;
  const std::string number = requests_[pick(requests_.size())];
  const auto known = peer_.find(number);
  if (known == peer_.end()) {
    PeerRequest request;
    request.fen = kAward;
    request.benefit = CaseId(number.substr(0, 26));
    peer_[number] = request;
    say(number, AnswerState::accepted);
  } else if (mutant_ == Mutant::peer_forgets_numbers && known->second.state == Peer::settled) {
    pay(number);
  }
}

void PaymentWorld::treasury_decides() {
  if (peer_.empty()) return;
  auto it = peer_.begin();
  std::advance(it, pick(peer_.size()));
  const std::string number = it->first;
  PeerRequest& request = it->second;
  const bool last = number.ends_with("-0" + std::to_string(kAttempts));
  if (request.state == Peer::accepted) {
    if (!last && faults_ && pick(3) == 0) {
      request.state = Peer::rejected;
      say(number, AnswerState::sent_back);
    } else {
      pay(number);
    }
  } else if (request.state == Peer::settled && !last && faults_ && pick(3) == 0) {
    request.state = Peer::returned;
    ++request.back;
    say(number, AnswerState::returned, request.fen);
  }
}

void PaymentWorld::hub_receives(std::optional<std::size_t> which) {
  if (answers_.empty()) return;
  const std::size_t index = which ? *which : pick(answers_.size());
  const Receipt& receipt = answers_[index];
  if (dropped_.contains(index)) return;
  if (mutant_ == Mutant::drop_early_return && receipt.state == AnswerState::returned &&
      scene_.text("SELECT state FROM payment_attempt WHERE business_no = ?", {receipt.business_no.str()}) !=
          "settled") {
    dropped_.insert(index);
    return;
  }
  // A repetition has the same message-id or, where the treasury answers anew, another one.
  const std::string id = "answer-" + std::to_string(index) + (pick(3) == 0 ? "-" + std::to_string(pick(1000)) : "");
  value_of(scene_.answer(receipt, id));
}

void PaymentWorld::hub_restarts() {
  // A hub that stops loses nothing but what was not committed: everything it knows is read from the store again.
  auto reopened = value_of(storage::Database::open(scene_.database->config()));
  value_of(reopened->read([](storage::Transaction& t) -> Result<void> {
    CHECK_OK(treasury::payment_totals(t));
    return ok();
  }));
}

void PaymentWorld::quota_changes() {
  const std::int64_t quota = pick(2) == 0 ? 2 * kAward : 2 * kAward - 1;
  if (scene_.appropriate("A1", quota) == ledger::ReportOutcome::applied) quota_fen_ = quota;
}

std::optional<std::string> PaymentWorld::check() {
  std::map<std::string, int> net;
  std::int64_t out = 0;
  for (const auto& [number, request] : peer_) {
    net[request.benefit.str()] += request.paid - request.back;
    out += (request.paid - request.back) * request.fen;
    if (request.paid > 0 && scene_.number("SELECT count(*) FROM payment_attempt WHERE business_no = ?", {number}) == 0)
      return "P: the treasury paid " + number + ", which the hub does not know";
  }
  for (const auto& [benefit, times] : net) {
    if (times > 1) return "P1: benefit " + benefit + " was paid " + std::to_string(times) + " times";
  }
  const auto balance = scene_.balance("A1");
  if (balance.reserved < Money() || balance.total < Money() || balance.available < Money()) return "P11: below zero";
  const std::int64_t promised = balance.reserved.fen() + balance.spent.fen() + balance.others.fen();
  if (promised > balance.total.fen()) return "P3: more is promised than there is";
  if (mutant_ == Mutant::none || mutant_ == Mutant::drop_early_return) {
    const auto problems = scene_.problems();
    if (!problems.empty()) return "P3: " + problems.front();
    if (scene_.number("SELECT count(*) FROM payment_attempt WHERE frozen = 1") > 0)
      return "a treasury that kept its word was said to contradict itself: " +
             scene_.text("SELECT detail FROM payment_conflict ORDER BY id LIMIT 1");
  }
  return std::nullopt;
}

std::optional<std::string> PaymentWorld::settle_down() {
  faults_ = false;
  scene_.appropriate("A1", 2 * kAward);
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 4; ++i) hub_requests();
    for (const std::string& number : requests_) {
      if (!peer_.contains(number)) {
        PeerRequest request;
        request.fen = kAward;
        request.benefit = CaseId(number.substr(0, 26));
        peer_[number] = request;
        say(number, AnswerState::accepted);
      }
    }
    std::vector<std::string> waiting;
    for (const auto& [number, request] : peer_) {
      if (request.state == Peer::accepted) waiting.push_back(number);
    }
    for (const std::string& number : waiting) pay(number);
    for (std::size_t i = 0; i < answers_.size(); ++i) hub_receives(i);
    if (auto broken = check()) return "settling down: " + *broken;
  }
  for (const CaseId& id : benefits_) {
    std::int64_t net = 0;
    for (const auto& [number, request] : peer_) {
      if (request.benefit == id) net += request.paid - request.back;
    }
    const std::string state = scene_.state(id);
    if (net != 1 || state != "paid")
      return "P2: benefit " + id.str() + " is " + state + " and was paid " + std::to_string(net) + " times";
  }
  const auto balance = scene_.balance("A1");
  if (balance.spent.fen() != 2 * kAward || balance.reserved != Money())
    return "P8: the book says " + balance.spent.to_yuan() + " and " + balance.reserved.to_yuan();
  return std::nullopt;
}

std::optional<std::string> PaymentWorld::replay_permuted() {
  // The state of every attempt and of the book, as the hub has them now.
  const auto picture = [&] {
    std::string all;
    for (const CaseId& id : benefits_) {
      const auto attempts = scene_.must([&](storage::Transaction& t) { return treasury::load_attempts(t, id); });
      for (const auto& a : attempts) {
        all += a.request.business_no.str() + "=" + to_text(a.state) + "/" + a.pay_app_no + "/" +
               std::to_string(a.paid.fen()) + "/" + std::to_string(a.returned.fen()) + " ";
      }
      all += scene_.state(id) + "\n";
    }
    const auto b = scene_.balance("A1");
    return all + b.available.to_yuan() + " " + b.reserved.to_yuan() + " " + b.spent.to_yuan();
  };
  const std::string before = picture();
  std::vector<std::size_t> order(answers_.size() * 2);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i % answers_.size();
  std::ranges::shuffle(order, random_);
  for (const std::size_t index : order) hub_receives(index);
  const std::string after = picture();
  if (before != after) return "P5: repetitions changed\n" + before + "\ninto\n" + after;
  return std::nullopt;
}

}  // namespace zhida::test
