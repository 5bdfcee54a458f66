#include "support/money_scene.h"

#include "platform/messaging/outbox.h"
#include "platform/text/encoding.h"
#include "platform/text/xml.h"

namespace zhida::test {

MoneyScene::MoneyScene() : database(std::make_unique<ScratchDatabase>()) {
  prepare();
}

MoneyScene::MoneyScene(ScratchServer& server) : database(std::make_unique<ScratchDatabase>(server)) {
  prepare();
}

void MoneyScene::prepare() {
  database->migrated();
  HandlingSettings settings;
  settings.policy = PolicyId("IN-006");
  settings.title = "小巨人企业奖励";
  settings.period = "2025";
  settings.pro_code = "HQ-IN-006";
  settings.reviews = review_steps({"经信局", "财政局"});
  book["IN-006"] = settings;
  cases = std::make_unique<casework::Casework>(
      casework::CaseworkParts{trail, clock, calendar, [this](const PolicyId& policy) {
                                const auto found = book.find(policy.str());
                                return found == book.end() ? std::nullopt : std::optional(found->second);
                              }});
}

std::int64_t MoneyScene::number(const std::string& sql, const storage::Values& values) {
  std::int64_t result = 0;
  value_of((*database)->read([&](storage::Transaction& transaction) -> Result<void> {
    const auto rows = TRY(transaction.query(sql, values, "i"));
    result = rows.empty() ? 0 : rows.front().integer_or(0, 0);
    return ok();
  }));
  return result;
}

std::string MoneyScene::text(const std::string& sql, const storage::Values& values) {
  std::string result;
  value_of((*database)->read([&](storage::Transaction& transaction) -> Result<void> {
    const auto rows = TRY(transaction.query(sql, values, "t"));
    result = rows.empty() ? "" : rows.front().text_or(0, "");
    return ok();
  }));
  return result;
}

Result<std::int64_t> MoneyScene::run(const std::string& sql, const storage::Values& values) {
  return write([&](storage::Transaction& transaction) { return transaction.execute(sql, values); });
}

ledger::ReportOutcome MoneyScene::appropriate(const std::string& id, std::int64_t fen, std::int64_t cut_fen) {
  AppropriationReport report;
  report.id = AppropriationId(id);
  report.division = "330502";
  report.fiscal_year = 2025;
  report.pro_code = "HQ-IN-006";
  report.pro_name = "惠企奖补";
  report.agency_code = "301001";
  report.agency_name = "经信局";
  report.fund_type_code = "111";
  report.exp_func_code = "2150805";
  report.gov_bgt_eco_code = "50701";
  report.dep_bgt_eco_code = "31204";
  report.amount = Money::from_fen(fen);
  report.cut = Money::from_fen(cut_fen);
  std::string stamp = std::to_string(++messages_);
  report.updated_at = std::string(10 - stamp.size(), '0') + stamp;
  return must([&](storage::Transaction& transaction) {
    return ledger::Ledger(transaction, clock).apply_appropriation(report);
  });
}

ledger::Balance MoneyScene::balance(const std::string& id) {
  return must([&](storage::Transaction& transaction) -> Result<ledger::Balance> {
    const auto found = TRY(ledger::Ledger(transaction, clock).balance(AppropriationId(id)));
    if (!found) return refuse("appropriation_not_found", id);
    return *found;
  });
}

Entitlement MoneyScene::entitlement(const std::string& uscc, std::int64_t fen, Verdict verdict) {
  Entitlement e;
  e.uscc = uscc;
  e.division = "330502";
  e.policy = PolicyId("IN-006");
  e.policy_version = "v1";
  e.evaluated_on = clock.today();
  e.profile_sequence = 7;
  e.verdict = verdict;
  if (verdict == Verdict::met) {
    e.amount = Money::from_fen(fen);
    e.tranches = {{"whole", Money::from_fen(fen)}};
  }
  return e;
}

CaseId MoneyScene::approved_case(const std::string& uscc, std::int64_t fen) {
  const auto changes = must([&](storage::Transaction& transaction) {
    return cases->open_or_update_cases(transaction, {entitlement(uscc, fen)}, {{uscc, "湖州样例机械有限公司"}}, {});
  });
  if (changes.opened.size() != 1) throw std::runtime_error("no case was opened");
  approve(changes.opened.front());
  return changes.opened.front();
}

void MoneyScene::approve(const CaseId& id) {
  const PayeeAccount payee{"湖州样例机械有限公司", "33050000000000000019", "样例银行吴兴支行", "313336071575"};
  must([&](storage::Transaction& t) { return cases->notify(t, id, "", send()); });
  must([&](storage::Transaction& t) { return cases->confirm(t, id, payee, kFirm); });
  must([&](storage::Transaction& t) { return cases->check_payee(t, id); });
  must([&](storage::Transaction& t) { return cases->review(t, id, casework::ReviewDecision::agree, "", kMaker); });
  must([&](storage::Transaction& t) { return cases->review(t, id, casework::ReviewDecision::agree, "", kChecker); });
  const auto now = clock.now();
  clock.set(load(id).due_on->plus_days(1).begins());
  must([&](storage::Transaction& t) { return cases->end_publicity(t, id); });
  must([&](storage::Transaction& t) { return cases->approve(t, id, kReleaser); });
  if (now > clock.now()) clock.set(now);
}

BenefitCase MoneyScene::load(const CaseId& id) {
  return must([&](storage::Transaction& transaction) { return casework::load_case(transaction, id); });
}

payment::FreshFacts MoneyScene::facts(const CaseId& id) {
  return {Verdict::met, load(id).amount, 8};
}

casework::RecheckOutcome MoneyScene::recheck(const CaseId& id) {
  if (load(id).state == CaseState::approved) must([&](storage::Transaction& t) { return cases->start_recheck(t, id); });
  const auto fresh = facts(id);
  return must([&](storage::Transaction& t) {
    return cases->apply_recheck(t, id, {fresh.verdict, fresh.tranche_amount, fresh.profile_sequence, {}});
  });
}

Result<payment::RequestOutcome> MoneyScene::request(const CaseId& id) {
  const auto c = load(id);
  if (c.state == CaseState::approved || (c.state == CaseState::rechecking && !c.recheck_passed)) recheck(id);
  const auto fresh = facts(id);
  return write([&](storage::Transaction& t) -> Result<payment::RequestOutcome> {
    const auto prepared = TRY(payments.prepare(t, id, fresh, book.at("IN-006")));
    return payments.commit_request(t, prepared, "seal:" + prepared.digest, fresh, send(), move());
  });
}

Receipt MoneyScene::receipt(const AttemptId& business_no, AnswerState state, std::int64_t fen,
                            const std::string& serial, const std::string& day) {
  Receipt r;
  r.business_no = business_no;
  r.state = state;
  r.division = "330502";
  r.fiscal_year = 2025;
  if (fen >= 0) {
    r.amount = Money::from_fen(fen);
    r.on = value_of(Date::parse(day));
    r.agent_business_no = serial;
  }
  if (state == AnswerState::sent_back || state == AnswerState::returned) r.reason = "收款账户有误";
  return r;
}

Bytes MoneyScene::answer_xml(const std::vector<Receipt>& receipts) {
  const auto element = [](const std::string& name, const std::string& value) {
    return value.empty() ? std::string() : "<" + name + ">" + text::xml_escape(value) + "</" + name + ">";
  };
  std::string xml = "<?xml version=\"1.0\" encoding=\"GBK\"?><PAY_ANSWER VERSION=\"1\"><HEAD>" +
                    element("MOF_DIV_CODE", receipts.front().division) +
                    element("FISCAL_YEAR", std::to_string(receipts.front().fiscal_year)) +
                    element("DETAIL_COUNT", std::to_string(receipts.size())) + "</HEAD><DETAILS>";
  for (const Receipt& r : receipts) {
    xml += "<DETAIL>" + element("BUSINESS_NO", r.business_no.str()) + element("STATE", to_text(r.state)) +
           element("PAY_APP_NO", r.pay_app_no) + element("PAY_CERT_NO", r.pay_cert_no) + element("REASON", r.reason) +
           (r.amount ? element("XPAY_AMT", r.amount->to_yuan()) : "") +
           (r.on ? element("XPAY_DATE", r.on->to_compact()) : "") + element("AGENT_BUSINESS_NO", r.agent_business_no) +
           element("XPAYEE_ACCT_NO", r.payee_account_no) + element("XPAYEE_ACCT_NAME", r.payee_name) + "</DETAIL>";
  }
  return value_of(text::utf8_to_gbk(xml + "</DETAILS></PAY_ANSWER>"));
}

Result<treasury::Applied> MoneyScene::answer(const Receipt& receipt, const std::string& message_id) {
  treasury::VerifiedMessage message;
  message.peer = "treasury";
  message.message_id = message_id.empty() ? "m-" + std::to_string(++messages_) : message_id;
  message.body = answer_xml({receipt});
  message.seal = "seal of the treasury";
  message.content = value_of(treasury::decode_message(message.body));
  return write([&](storage::Transaction& t) { return treasury_room.apply(t, message, move()); });
}

payment::SendMessage MoneyScene::send() {
  return [this](storage::Transaction& transaction, const OutgoingEnvelope& message) -> Result<void> {
    sent.push_back(message);
    if (message.again) return ok();
    messaging::OutboxMessage row;
    row.message_id = message.message_id;
    row.address = message.address;
    row.subject = message.subject;
    row.body = message.body;
    row.seal = message.seal;
    row.case_id = message.case_id;
    row.division = message.division;
    CHECK_OK(transaction.execute(
        "INSERT INTO outbox (message_id, address, subject, body, seal, case_id, division, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        {row.message_id, row.address, row.subject, storage::Blob{row.body}, storage::Blob{row.seal}, row.case_id,
         row.division, to_millis(clock.now())}));
    return ok();
  };
}

payment::MoveCase MoneyScene::move() {
  return [this](storage::Transaction& transaction, const CaseMove& change) { return cases->move(transaction, change); };
}

std::vector<std::string> MoneyScene::problems() {
  return must([&](storage::Transaction& transaction) { return ledger::verify_book(transaction); });
}

}  // namespace zhida::test
