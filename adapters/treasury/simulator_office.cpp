#include "adapters/treasury/simulator_office.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "platform/crypto/digest.h"
#include "platform/text/encoding.h"
#include "platform/text/xml.h"

namespace zhida::treasury_simulator {
namespace {

std::string compact_time(Instant moment) {
  const std::string rfc = to_rfc3339(moment);
  std::string digits;
  for (const char c : rfc.substr(0, 19))
    if (c >= '0' && c <= '9') digits += c;
  return digits;
}

std::string number_of(const std::string& business_no) {
  return to_hex(crypto::sha256(business_no)).substr(0, 12);
}

int attempt_of(const std::string& business_no) {
  const auto dash = business_no.rfind('-');
  return dash == std::string::npos ? 1 : std::atoi(business_no.c_str() + dash + 1);
}

std::string element(const char* name, const std::string& text) {
  return text.empty() ? "" : "      <" + std::string(name) + ">" + text::xml_escape(text) + "</" + name + ">\n";
}

struct Detail {
  std::string business_no;
  std::map<std::string, std::string> values;
};

Result<std::vector<Detail>> read_details(const Bytes& body, const std::string& root,
                                         std::map<std::string, std::string>& head) {
  const auto document = TRY(text::XmlDocument::parse(body));
  if (document.root().name() != root)
    return refuse("message_wrong", "Expected " + root + ", found " + std::string(document.root().name()) + ".");
  const auto head_element = document.root().child("HEAD");
  const auto details = document.root().child("DETAILS");
  if (!head_element || !details) return refuse("message_wrong", root + " without HEAD or DETAILS.");
  for (const auto& part : head_element->children()) head[std::string(part.name())] = part.text();
  std::vector<Detail> all;
  for (const auto& part : details->children("DETAIL")) {
    Detail detail;
    for (const auto& value : part.children()) detail.values[std::string(value.name())] = value.text();
    detail.business_no = TRY(part.required_text("BUSINESS_NO"));
    all.push_back(std::move(detail));
  }
  return all;
}

}  // namespace

Result<std::unique_ptr<Office>> Office::open(const std::string& folder, const simulator::Simulation& simulation,
                                             Calendar calendar, Seals seals) {
  std::unique_ptr<Office> office(new Office(simulation, std::move(calendar), std::move(seals)));
  office->folder_ = folder;
  office->log_ = TRY(simulator::StateLog::open(folder + "/state.jsonl"));
  office->payments_ = TRY(simulator::StateLog::open(folder + "/payments.jsonl"));
  for (const auto& entry : office->log_->history()) office->apply(entry);
  return office;
}

Result<void> Office::note(Json entry) {
  CHECK_OK(log_->append(entry));
  apply(entry);
  return ok();
}

/// The one place that changes what is known: from a new entry or from an earlier life's.
void Office::apply(const Json& entry) {
  const auto text = [&](const char* name) { return entry.value(name, std::string()); };
  const std::string kind = text("kind");
  const std::string number = text("business_no");
  if (kind == "request") {
    Order order;
    order.business_no = number;
    order.tracking_id = text("tracking_id");
    order.division = text("division");
    order.fiscal_year = entry.value("fiscal_year", 0);
    order.bgt_id = text("bgt_id");
    order.trace_id = text("trace_id");
    order.message_id = text("message_id");
    order.amount_fen = entry.value("amount_fen", std::int64_t{0});
    order.payee_account_no = text("payee_account_no");
    order.payee_name = text("payee_name");
    order.use_des = text("use_des");
    order.digest = text("digest");
    order.attempt = attempt_of(number);
    order.taken_at = from_millis(entry.value("at", std::int64_t{0}));
    plans_[number] = plan(order, simulation_.demo_faults(), calendar_);
    orders_[number] = std::move(order);
    ++requests_seen_;
  } else if (kind == "repeat") {
    ++repeats_;
  } else if (kind == "contradiction") {
    ++contradictions_;
  } else if (kind == "wrong_seal") {
    ++wrong_seals_;
  } else if (kind == "cancelled") {
    cancelled_.insert(number);
    standing_[number] = "CANCELLED";
  } else if (kind == "performed") {
    performed_[number].insert(entry.value("step", 0));
    if (entry.value("out", false)) paid_[number] = orders_.at(number).amount_fen;
    if (entry.value("back", false)) {
      returned_fen_ += paid_[number];
      paid_[number] = 0;
    }
    if (!text("standing").empty()) standing_[number] = text("standing");
  } else if (kind == "answer") {
    Answer answer;
    answer.message_id = text("message_id");
    answer.correlation_id = text("correlation_id");
    answer.trace_id = text("trace_id");
    answer.group_id = number;
    answer.body = from_base64(text("body")).value();
    answer.seal = from_base64(text("seal")).value();
    answer.form = entry.value("form", std::string("ses4"));  // Earlier lives knew one form.
    order_of_answers_.push_back(answer.message_id);
    answers_[answer.message_id] = std::move(answer);
  } else if (kind == "taken") {
    answers_[text("message_id")].taken = true;
  }
}

Result<void> Office::receive(const messaging::Envelope& envelope) {
  const auto named = envelope.properties.find("seal-form");
  const auto form = seal::form_of(named == envelope.properties.end() ? std::string() : named->second);
  seal::Evidence evidence;
  const auto report = seals_.verifier->verify_from("hub", form.value_or(seal::Form::full), envelope.seal, envelope.body,
                                                   simulation_.clock().now(), evidence);
  if (!report.passed()) {
    simulation_.log().warning("A message's seal does not hold; it is put aside.",
                              {{"message", envelope.message_id}, {"why", report.detail}});
    return note({{"kind", "wrong_seal"}, {"message_id", envelope.message_id}});
  }
  if (envelope.subject.starts_with("payment_request/")) return take_request(envelope);
  if (envelope.subject.starts_with("status_query/")) return take_query(envelope);
  if (envelope.subject.starts_with("payment_cancel/")) return take_cancel(envelope);
  return refuse("subject_unknown", "The treasury does not know messages of the kind \"" + envelope.subject + "\".");
}

Result<void> Office::take_request(const messaging::Envelope& envelope) {
  std::map<std::string, std::string> head;
  const auto details = TRY(read_details(envelope.body, "PAY_REQUEST", head));
  const std::string digest = to_hex(crypto::sha256(envelope.body));
  for (const auto& detail : details) {
    const auto known = orders_.find(detail.business_no);
    if (known != orders_.end()) {
      // The same number for good means the same request; its answers are on record and go out by themselves.
      if (known->second.digest == digest) {
        CHECK_OK(note({{"kind", "repeat"}, {"business_no", detail.business_no}}));
        continue;
      }
      CHECK_OK(note({{"kind", "contradiction"}, {"business_no", detail.business_no}}));
      return refuse("business_no_reused", "The number " + detail.business_no + " came before with other content.");
    }
    const auto value = [&](const char* name) {
      const auto it = detail.values.find(name);
      return it == detail.values.end() ? std::string() : it->second;
    };
    const auto amount = TRY(Money::parse_yuan(value("PAY_APP_AMT")));
    const auto trace = envelope.properties.find("trace-id");
    // What the budget system lists beside the spending of others: written first, so that a crash in between lists it
    // twice under one number rather than never. A number that was cancelled before it came is not spent.
    if (!cancelled_.contains(detail.business_no)) {
      CHECK_OK(payments_->append({{"pay_app_no", "ZF" + number_of(detail.business_no)},
                                  {"amount_fen", amount.fen()},
                                  {"at", to_rfc3339(simulation_.clock().now())},
                                  {"bgt_id", value("BGT_ID")},
                                  {"mof_div_code", head["MOF_DIV_CODE"]},
                                  {"business_no", detail.business_no},
                                  {"payee_acct_name", value("PAYEE_ACCT_NAME")},
                                  {"use_des", value("USE_DES")}}));
    }
    CHECK_OK(note({{"kind", "request"},
                   {"business_no", detail.business_no},
                   {"tracking_id", value("TRACKING_ID")},
                   {"division", head["MOF_DIV_CODE"]},
                   {"fiscal_year", std::atoi(head["FISCAL_YEAR"].c_str())},
                   {"bgt_id", value("BGT_ID")},
                   {"amount_fen", amount.fen()},
                   {"payee_account_no", value("PAYEE_ACCT_NO")},
                   {"payee_name", value("PAYEE_ACCT_NAME")},
                   {"use_des", value("USE_DES")},
                   {"message_id", envelope.message_id},
                   {"trace_id", trace == envelope.properties.end() ? "" : trace->second},
                   {"digest", digest},
                   {"at", to_millis(simulation_.clock().now())}}));
  }
  return ok();
}

std::string Office::standing(const std::string& business_no) const {
  const auto it = standing_.find(business_no);
  if (it != standing_.end()) return it->second;
  return orders_.contains(business_no) ? "ACCEPTED" : "NOT_FOUND";
}

Result<void> Office::take_query(const messaging::Envelope& envelope) {
  std::map<std::string, std::string> head;
  for (const auto& detail : TRY(read_details(envelope.body, "PAY_QUERY", head))) {
    Order order;
    const auto known = orders_.find(detail.business_no);
    if (known != orders_.end()) {
      order = known->second;
    } else {
      order.business_no = detail.business_no;
      order.division = head["MOF_DIV_CODE"];
      order.fiscal_year = std::atoi(head["FISCAL_YEAR"].c_str());
    }
    order.message_id = envelope.message_id;
    const std::string name = "query-" + envelope.message_id;
    if (answers_.contains("tr-" + number_of(detail.business_no) + "-" + name)) continue;  // Asked and answered.
    CHECK_OK(answer(order, name, standing(detail.business_no), "", Step::Wrong::nothing, simulation_.clock().now()));
  }
  return ok();
}

Result<void> Office::take_cancel(const messaging::Envelope& envelope) {
  std::map<std::string, std::string> head;
  for (const auto& detail : TRY(read_details(envelope.body, "PAY_CANCEL", head))) {
    const auto now_standing = standing(detail.business_no);
    const bool too_late = now_standing == "PAID" || now_standing == "RETURNED" || now_standing == "SENT_BACK";
    if (!too_late) {
      CHECK_OK(note({{"kind", "cancelled"}, {"business_no", detail.business_no}}));
    }
    Order order;
    order.business_no = detail.business_no;
    order.division = head["MOF_DIV_CODE"];
    order.fiscal_year = std::atoi(head["FISCAL_YEAR"].c_str());
    if (const auto known = orders_.find(detail.business_no); known != orders_.end()) order = known->second;
    CHECK_OK(answer(order, "cancel", too_late ? now_standing : "CANCELLED", "", Step::Wrong::nothing,
                    simulation_.clock().now()));
  }
  return ok();
}

Result<int> Office::work() {
  const Instant now = simulation_.clock().now();
  std::vector<std::pair<const Order*, const Step*>> due;
  for (const auto& [number, steps] : plans_) {
    if (cancelled_.contains(number)) continue;
    for (const auto& step : steps) {
      if (step.due > now) break;
      if (!performed_[number].contains(step.number)) due.emplace_back(&orders_.at(number), &step);
    }
  }
  CHECK_OK(seal_together(due));
  for (const auto& [order, step] : due) {
    CHECK_OK(perform(*order, *step));
  }
  sealed_.clear();
  clock_seen_ = now;
  return static_cast<int>(due.size());
}

Result<void> Office::perform(const Order& order, const Step& step) {
  const bool genuine = step.wrong == Step::Wrong::nothing || step.wrong == Step::Wrong::sent_twice;
  // The answer's octets are on disk before the step counts as done: a crash in between makes it anew under the same
  // name, and what is on disk already is not made twice.
  const std::string name = "step-" + std::to_string(step.number);
  if (!step.silent) {
    const std::string id = "tr-" + number_of(order.business_no) + "-" + name;
    if (!answers_.contains(id)) {
      CHECK_OK(answer(order, name, step.state, step.reason, step.wrong, step.due));
    }
    if (step.wrong == Step::Wrong::sent_twice && !answers_.contains(id + "-again")) {
      CHECK_OK(answer(order, name + "-again", step.state, step.reason, Step::Wrong::nothing, step.due));
    }
  }
  return note({{"kind", "performed"},
               {"business_no", order.business_no},
               {"step", step.number},
               {"out", step.moves_money_out && genuine},
               {"back", step.moves_money_back && genuine},
               {"standing", genuine &&
                                    (step.state != "VOUCHER" && step.state != "AUDITED"
                                         ? true
                                         : standing(order.business_no) == "ACCEPTED") &&
                                    !(step.state == "PAID" && standing(order.business_no) == "RETURNED")
                                ? step.state
                                : ""}});
}

namespace {

std::string answer_id(const Order& order, const std::string& name) {
  return "tr-" + number_of(order.business_no) + "-" + name;
}

/// The same octets whenever it is asked.
Result<Bytes> answer_body(const Order& order, const std::string& state, const std::string& reason, Instant at) {
  const bool money = state == "PAID" || state == "RETURNED";
  const std::string number = number_of(order.business_no);
  std::string xml = "<?xml version=\"1.0\" encoding=\"GBK\"?>\n<PAY_ANSWER VERSION=\"1\">\n  <HEAD>\n";
  xml += "    <MOF_DIV_CODE>" + order.division + "</MOF_DIV_CODE>\n    <FISCAL_YEAR>" +
         std::to_string(order.fiscal_year) + "</FISCAL_YEAR>\n";
  xml += "    <DETAIL_COUNT>1</DETAIL_COUNT>\n    <CREATE_TIME>" + compact_time(at) +
         "</CREATE_TIME>\n  </HEAD>\n  <DETAILS>\n    <DETAIL>\n";
  xml += element("BUSINESS_NO", order.business_no) + element("STATE", state);
  if (state != "NOT_FOUND" && state != "CANCELLED") xml += element("PAY_APP_NO", "ZF" + number);
  if (state == "VOUCHER" || money) xml += element("PAY_CERT_NO", "PZ" + number);
  if (money) {
    xml += element("XPAY_AMT", Money::from_fen(order.amount_fen).to_yuan());
    xml += element("XPAY_DATE", Date::of(at).to_compact());
    xml += element("AGENT_BUSINESS_NO", (state == "PAID" ? "BK" : "TH") + number);
    xml += element("XPAYEE_ACCT_NO", order.payee_account_no);
  }
  xml += element("REASON", reason);
  xml += "    </DETAIL>\n  </DETAILS>\n</PAY_ANSWER>\n";
  return text::utf8_to_gbk(xml);
}

}  // namespace

Result<void> Office::seal_together(const std::vector<std::pair<const Order*, const Step*>>& steps) {
  struct Draft {
    std::string id, trace_id;
    Bytes body;
  };
  std::vector<Draft> drafts;
  for (const auto& [order, step] : steps) {
    const std::string id = answer_id(*order, "step-" + std::to_string(step->number));
    if (step->silent || step->wrong == Step::Wrong::strange_seal || answers_.contains(id)) continue;
    auto body = TRY(answer_body(*order, step->state, step->reason, step->due));
    drafts.push_back({id, order->trace_id, std::move(body)});
  }
  for (std::size_t from = 0; from < drafts.size(); from += seal::kBatchLeavesMax) {
    const auto some = std::span(drafts).subspan(from, std::min(seal::kBatchLeavesMax, drafts.size() - from));
    std::vector<seal::ToSeal> messages;
    for (const auto& draft : some) messages.push_back({draft.body, {"application/xml", draft.id, draft.trace_id}});
    auto evidences = TRY(seals_.own->seal_batch(messages, simulation_.clock().now()));
    for (std::size_t i = 0; i < some.size(); ++i) sealed_.insert_or_assign(some[i].id, std::move(evidences[i]));
  }
  return ok();
}

Result<void> Office::answer(const Order& order, const std::string& name, const std::string& state,
                            const std::string& reason, Step::Wrong wrong, Instant at) {
  Bytes body = TRY(answer_body(order, state, reason, at));
  const std::string message_id = answer_id(order, name);
  seal::Evidence evidence;
  if (const auto together = sealed_.find(message_id); together != sealed_.end()) {
    evidence = together->second;
  } else {
    const auto& sealer = wrong == Step::Wrong::strange_seal ? *seals_.stranger : *seals_.own;
    evidence.ses = TRY(sealer.seal(body, "application/xml", message_id, order.trace_id, simulation_.clock().now()));
  }
  const auto carriage = seal::pack(evidence, false);
  if (wrong == Step::Wrong::altered_octet) body[body.find("<XPAY_AMT>") + 10] ^= 1;
  return note({{"kind", "answer"},
               {"message_id", message_id},
               {"correlation_id", order.message_id},
               {"business_no", order.business_no},
               {"trace_id", order.trace_id},
               {"body", to_base64(body)},
               {"form", std::string(seal::name_of(carriage.form))},
               {"seal", to_base64(carriage.octets)}});
}

std::vector<const Answer*> Office::unsent() const {
  std::vector<const Answer*> waiting;
  for (const auto& id : order_of_answers_)
    if (const auto& answer = answers_.at(id); !answer.taken) waiting.push_back(&answer);
  return waiting;
}

Result<void> Office::taken(const std::string& message_id) {
  const auto it = answers_.find(message_id);
  if (it == answers_.end() || it->second.taken) return ok();
  return note({{"kind", "taken"}, {"message_id", message_id}});
}

Result<void> Office::write_summary() {
  std::int64_t money_out = 0;
  std::map<std::string, int> paid_attempts;
  for (const auto& [number, fen] : paid_) {
    money_out += fen;
    if (fen > 0) ++paid_attempts[orders_.at(number).tracking_id];
  }
  const auto paid_twice =
      std::count_if(paid_attempts.begin(), paid_attempts.end(), [](const auto& entry) { return entry.second > 1; });
  std::int64_t later = 0;
  std::int64_t now_due = 0;
  for (const auto& [number, steps] : plans_)
    for (const auto& step : steps) {
      const auto done = performed_.find(number);
      if (cancelled_.contains(number) || (done != performed_.end() && done->second.contains(step.number))) continue;
      ++(step.due > clock_seen_ ? later : now_due);
    }
  now_due += static_cast<std::int64_t>(unsent().size());
  const Json summary = {{"requests_seen", requests_seen_},
                        {"repeats", repeats_},
                        {"contradictions", contradictions_},
                        {"wrong_seals", wrong_seals_},
                        {"money_out_fen", money_out},
                        {"returned_fen", returned_fen_},
                        {"paid_twice", paid_twice},
                        {"clock_seen", to_rfc3339(clock_seen_)},
                        {"due_now", now_due},
                        {"due_later", later}};
  return write_file_atomically(folder_ + "/summary.json", summary.dump(1) + "\n");
}

}  // namespace zhida::treasury_simulator
