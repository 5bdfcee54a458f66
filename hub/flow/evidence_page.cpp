#include "flow/evidence_page.h"

#include <string_view>

#include "base/money.h"
#include "domain/words.h"
#include "platform/text/html_escape.h"
#include "seal/seal.h"

namespace zhida::flow {
namespace {

constexpr const char* kHidden = "<span class=\"hid\">隐去</span>";

// One style for the screen and for paper. Fonts are those of the reader's machine.
constexpr const char* kStyle = R"(
:root{--ink:#1d2433;--soft:#5f6b7c;--line:#d9dee7;--pale:#f5f7fa;--red:#b4131d;--good:#1d7a46;--bad:#b4131d;--open:#9a6700}
*{box-sizing:border-box}
body{margin:0;background:#e9edf2;color:var(--ink);font:14px/1.65 "Noto Sans CJK SC","Source Han Sans SC","PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:210mm;margin:24px auto;background:#fff;padding:18mm 17mm;box-shadow:0 2px 14px #0002}
h1{font-size:25px;letter-spacing:.12em;text-align:center;margin:0 0 4px;font-weight:700}
.sub{text-align:center;color:var(--soft);margin:0 0 20px}
h2{font-size:16px;margin:30px 0 10px;padding-left:10px;border-left:4px solid var(--red);break-after:avoid}
.lead{display:flex;justify-content:space-between;align-items:flex-end;gap:24px;border-top:2px solid var(--ink);border-bottom:1px solid var(--line);padding:14px 0}
.lead b{display:block;font-size:19px;line-height:1.4}
.lead .sum{font-size:27px;font-weight:700;color:var(--red);white-space:nowrap;text-align:right;line-height:1.25}
.lead .sum small{display:block;font-size:13px;font-weight:400;color:var(--soft)}
table{width:100%;border-collapse:collapse;margin:0}
th,td{border:1px solid var(--line);padding:6px 9px;text-align:left;vertical-align:top}
th{background:var(--pale);font-weight:600;white-space:nowrap}
tr{break-inside:avoid}
.form th{width:8.2em}
.sealed{position:relative}
.sealed .pic{position:absolute;right:18px;bottom:-14px;width:34mm;height:34mm;opacity:.86;mix-blend-mode:multiply}
.sealed .room{height:88px}
.tag{display:inline-block;border-radius:3px;padding:0 7px;font-size:12.5px;border:1px solid currentColor;white-space:nowrap}
.met{color:var(--good)}.not_met{color:var(--bad)}.unknown{color:var(--open)}
.hid{color:#8791a0;background:#eef0f4;border-radius:3px;padding:0 8px;letter-spacing:.2em;font-size:12.5px}
.note{color:var(--soft);font-size:13px;margin:6px 0}
.mono{font:12px/1.6 ui-monospace,"DejaVu Sans Mono",Consolas,monospace;word-break:break-all}
.office{display:inline-block;margin:2px 18px 2px 0;vertical-align:top}
.office img{float:left;width:20mm;height:20mm;margin-right:8px}
ol.line{list-style:none;margin:0;padding:0 0 0 18px;border-left:2px solid var(--line)}
ol.line li{position:relative;padding:0 0 9px 4px;break-inside:avoid}
ol.line li:before{content:"";position:absolute;left:-24px;top:8px;width:10px;height:10px;border-radius:50%;background:#fff;border:2px solid var(--red)}
ol.line time{color:var(--soft);display:inline-block;min-width:11.5em}
ol.line .who{color:var(--soft)}
.cards{display:grid;grid-template-columns:1fr 1fr;gap:10px}
.card{border:1px solid var(--line);padding:10px 12px;display:flex;gap:12px;break-inside:avoid;min-width:0}
.card img{width:17mm;height:17mm;flex:none}
.card div{min-width:0}
.card b{display:block}
pre{background:#1d2433;color:#eef2f8;border-radius:4px;padding:11px 14px;margin:8px 0;white-space:pre-wrap;word-break:break-all;font:12.5px/1.6 ui-monospace,"DejaVu Sans Mono",Consolas,monospace}
footer{margin-top:30px;border-top:1px solid var(--line);padding-top:10px;color:var(--soft);font-size:12.5px}
@media print{body{background:#fff}main{margin:0;box-shadow:none;padding:0;max-width:none}pre{background:#fff;color:#000;border:1px solid #999}@page{size:A4;margin:16mm 15mm}}
@media(max-width:640px){main{padding:20px 16px}.lead{display:block}.lead .sum{text-align:left;margin-top:8px}.cards{grid-template-columns:1fr}}
)";

using text::html_escape;

std::string escaped(WordKind kind, std::string_view code) {
  return html_escape(word(kind, code));
}

const char* level_words(std::string_view level) {
  if (level == "auditor") return "审计版（全部内容）";
  if (level == "firm") return "企业版";
  return "公开版";
}

std::string member(const Json& json, const char* name) {
  if (!json.is_object()) return "";
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

/// `2025-11-08 09:00:00`
std::string moment(Instant at) {
  const std::string text = to_rfc3339(at);
  return text.substr(0, 10) + " " + text.substr(11, 8);
}
std::string moment_of(const std::string& rfc3339) {
  const auto at = parse_rfc3339(rfc3339);
  return at ? moment(at.value()) : rfc3339;
}

/// `80,000.00`
std::string yuan(const Json& fen) {
  if (!fen.is_number_integer()) return "";
  std::string text = Money::from_fen(fen.get<std::int64_t>()).to_yuan();
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  for (std::size_t at = text.find('.'); at != std::string::npos && at > first + 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

/// `user:zhang` → `zhang`: what kind of actor it is stands beside it.
std::string actor_of(const std::string& actor) {
  const auto colon = actor.find(':');
  return colon == std::string::npos ? actor : actor.substr(colon + 1);
}

/// Beside what a department decided: whose seal that is, where it is not the department's.
std::string holder_of(const Json& office) {
  const std::string holder = office.value("holder", "department");
  return holder == "department" ? "" : "（" + html_escape(actor_of(holder)) + " 个人签章）";
}

/// Only picture kinds that a browser shows as a picture, and as an image that can do nothing.
std::string picture_of(ByteView ses, const char* css) {
  const auto picture = seal::read_picture_of(ses);
  if (!picture || picture.value().data.empty() || picture.value().data.size() > (256u << 10)) return "";
  const std::string& type = picture.value().type;
  const char* media = type == "SVG"   ? "image/svg+xml"
                      : type == "PNG" ? "image/png"
                      : type == "JPG" ? "image/jpeg"
                      : type == "GIF" ? "image/gif"
                      : type == "BMP" ? "image/bmp"
                                      : nullptr;
  if (media == nullptr) return "";
  return std::string("<img class=\"") + css + "\" alt=\"印章\" src=\"data:" + media + ";base64," +
         to_base64(picture.value().data) + "\">";
}

std::string seal_name_of(ByteView ses) {
  const auto described = seal::describe(ses);
  if (!described) return "";
  const auto inner = described.value().find("seal");
  return inner == described.value().end() ? "" : member(*inner, "name");
}

class Page {
 public:
  explicit Page(const EvidencePage& page) : page_(page) {}

  std::string write() {
    head();
    request();
    clauses();
    policy_steps();
    values();
    story();
    documents();
    log();
    how_to_check();
    out_ += "<footer>证据包 " + html_escape(page_.manifest.pack) + " · 制作于 " + moment(page_.manifest.at) +
            " · 本页由系统按包内数据生成，供阅读；以包内签章数据为准。</footer>\n</main></body></html>\n";
    return std::move(out_);
  }

 private:
  const Json* fact(const std::string& name) const {
    const auto found = page_.facts.find(name);
    return found == page_.facts.end() ? nullptr : &found->second;
  }
  /// A text fact, escaped; 隐去 where it is withheld.
  std::string shown(const std::string& name) const {
    const Json* const value = fact(name);
    if (value == nullptr) return kHidden;
    if (value->is_null()) return "—";
    return html_escape(value->is_string() ? value->get<std::string>() : value->dump());
  }
  std::string text(const std::string& name) const {
    const Json* const value = fact(name);
    return value != nullptr && value->is_string() ? value->get<std::string>() : "";
  }
  std::string amount() const {
    const Json* const fen = fact("case.amount_fen");
    if (fen == nullptr) return kHidden;
    return fen->is_null() ? "不涉及资金" : html_escape(yuan(*fen)) + " 元";
  }

  /// The facts `stem.N…` whose names end with the number.
  std::vector<std::pair<std::string, const Json*>> numbered(const std::string& stem) const {
    std::vector<std::pair<std::string, const Json*>> out;
    for (auto it = page_.facts.lower_bound(stem + "."); it != page_.facts.end() && it->first.starts_with(stem + ".");
         ++it)
      if (it->first.find('.', stem.size() + 1) == std::string::npos) out.emplace_back(it->first, &it->second);
    return out;
  }

  void h2(const char* title) { out_ += std::string("<h2>") + title + "</h2>\n"; }
  void note(const std::string& html) { out_ += "<p class=\"note\">" + html + "</p>\n"; }
  static std::string row(const std::string& title, const std::string& html) {
    return "<tr><th>" + title + "</th><td>" + html + "</td></tr>\n";
  }
  static std::string row(const std::string& a, const std::string& x, const std::string& b, const std::string& y) {
    return "<tr><th>" + a + "</th><td>" + x + "</td><th>" + b + "</th><td>" + y + "</td></tr>\n";
  }

  void head() {
    out_ +=
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src "
        "data:\"><meta name=\"viewport\" content=\"width=device-width\"><title>惠企兑现证据 " +
        html_escape(page_.manifest.case_id) + "</title><style>" + kStyle + "</style></head><body><main>\n";
    out_ += "<h1>惠企政策兑现证据</h1><p class=\"sub\">" + std::string(level_words(page_.manifest.level)) +
            " · 提供给 " +
            html_escape(page_.manifest.reader == page_.manifest.level ? level_words(page_.manifest.level)
                                                                      : page_.manifest.reader) +
            "</p>\n";
    out_ += "<div class=\"lead\"><div><span class=\"note\">" + shown("firm.uscc") + "</span><b>" + shown("firm.name") +
            "</b>" + shown("case.title") + "</div><div class=\"sum\">" + amount() + "<small>" +
            escaped(WordKind::case_state, text("case.state")) + " · " + moment_of(text("case.state_since")) +
            "</small></div></div>\n";
    out_ += "<table class=\"form\" style=\"margin-top:14px\">";
    out_ += row("办件编号", "<span class=\"mono\">" + shown("case.id") + "</span>", "区划", shown("case.division"));
    out_ += row("政策事项", shown("case.policy") + " " + html_escape(member(page_.policy, "title")), "发布机关",
                html_escape(member(page_.policy, "issuer")));
    out_ += row("依据文件", html_escape(member(page_.policy, "document")), "期间 / 批次",
                (text("case.period") == "once" ? std::string("一次性享受") : shown("case.period")) + " / " +
                    escaped(WordKind::tranche, text("case.tranche")));
    out_ += "<tr><th>政策版本</th><td colspan=\"3\" class=\"mono\">sha256 " + shown("case.policy_version") +
            "</td></tr></table>\n";
    if (page_.manifest.withheld > 0)
      note("本包共封存 " + std::to_string(page_.manifest.leaves) + " 项事实，其中 " +
           std::to_string(page_.manifest.withheld) + " 项按提供对象予以" + kHidden +
           "，只留不可逆的散列；隐去不影响对其余各项的核验，也不能被替换。");
  }

  void request() {
    const auto payments = numbered("payment");
    if (payments.empty() && fact("fund") == nullptr) return;
    h2(payments.empty() ? "兑现决定" : "支付申请");
    const EvidencePage::Document* sealed = nullptr;
    for (const auto& document : page_.documents)
      if (document.kind == "payment_request" || document.kind == "fund_decision") sealed = &document;
    out_ += "<div class=\"sealed\"><table class=\"form\">";
    out_ += row("收款单位", shown("payee.name"), "金额", "<b>" + amount() + "</b>");
    out_ += row("收款账号", shown("payee.account_no"), "开户行号", shown("payee.bank_no"));
    out_ += row("开户银行", shown("payee.bank_name"), "资金渠道", escaped(WordKind::channel, text("case.channel")));
    for (const auto& [name, payment] : payments) {
      const Json* const numbers = fact(name + ".numbers");
      const auto number = [&](const char* which) {
        if (numbers == nullptr) return std::string(kHidden);
        const std::string said = member(*numbers, which);
        return said.empty() ? std::string("—") : html_escape(said);
      };
      out_ += row(
          "申请编号", "<span class=\"mono\">" + html_escape(member(*payment, "business_no")) + "</span>", "状态",
          escaped(WordKind::payment_state, member(*payment, "state")) + " " + html_escape(member(*payment, "paid_on")));
      out_ += row("支付凭证号", number("pay_cert_no"), "银行流水号", number("agent_business_no"));
      const auto returned = payment->find("returned_fen");
      if (returned != payment->end() && *returned != 0)
        out_ += row("退回金额", html_escape(yuan(*returned)) + " 元", "受理编号", number("pay_app_no"));
    }
    if (sealed != nullptr) {
      const Json* const stated = fact(sealed->fact);
      out_ += "<tr><th>签章</th><td colspan=\"3\"><div class=\"room\">" + html_escape(seal_name_of(sealed->seal)) +
              "<br><span class=\"note\">";
      if (stated != nullptr) out_ += moment_of(member(*stated, "at"));
      out_ += sealed->shown ? "" : " · 原件不在本包内，只给出摘要和签章";
      out_ += "</span></div></td></tr>";
    }
    offices();
    out_ += "</table>";
    if (sealed != nullptr) out_ += picture_of(sealed->seal, "pic");
    out_ += "</div>\n";
  }

  /// The seals of departments, and of the persons who decided for them, over the decisions of the last round, as
  /// pictures in the request.
  void offices() {
    std::string cells;
    for (const auto& [name, office] : numbered("office")) {
      const Json* const last = fact("case.review_round");
      if (last != nullptr && office->value("round", Json()) != *last) continue;
      const EvidencePage::Document* sealed = nullptr;
      for (const auto& document : page_.documents)
        if (document.fact == member(*office, "document")) sealed = &document;
      cells += "<span class=\"office\">";
      if (sealed != nullptr) cells += picture_of(sealed->seal, "");
      cells +=
          "<b>" + html_escape(member(*office, "department")) + "</b> " +
          escaped(WordKind::hand, member(*office, "hand")) + verdict_of(*office) + holder_of(*office) +
          "<br><span class=\"note\">" +
          (sealed != nullptr ? html_escape(seal_name_of(sealed->seal)) + " · " + moment_of(member(*office, "signed_at"))
                             : std::string("尚无印章")) +
          "</span></span>";
    }
    if (!cells.empty()) out_ += "<tr><th>部门及个人印章</th><td colspan=\"3\">" + cells + "</td></tr>";
  }

  static std::string verdict_of(const Json& office) {
    const auto objection = office.find("objection");
    if (objection != office.end()) return member(*objection, "decision") == "upheld" ? "异议成立" : "异议不成立";
    return member(office, "verdict") == "agree" ? "同意" : "不同意";
  }

  /// Who brought the item's text in force.
  void policy_steps() {
    const Json* const approval = fact("policy.approval");
    if (approval == nullptr) return;
    h2("政策事项如何生效");
    if (member(*approval, "way") == "at_start") {
      note("本版本由系统安装时直接启用（开发或试运行方式），启用前没有人提出、审批或确认；启用时间 " +
           moment_of(member(*approval, "in_force_since")) + "。");
      return;
    }
    out_ += "<table><tr><th>环节</th><th>角色</th><th>经手人</th><th>时间</th></tr>";
    for (auto it = page_.facts.lower_bound("policy.step.");
         it != page_.facts.end() && it->first.starts_with("policy.step."); ++it) {
      if (it->first.find('.', sizeof "policy.step." - 1) != std::string::npos) continue;
      const std::string step = member(it->second, "step");
      const char* const words = step == "propose"              ? "提出"
                                : step == "approve"            ? "审批"
                                : step == "confirm_conditions" ? "确认条件"
                                : step == "confirm_data"       ? "确认数据"
                                                               : "其他";
      const auto reason = text(it->first + ".reason");
      out_ += "<tr><td>" + std::string(words) + (reason.empty() ? "" : "：" + html_escape(reason)) + "</td><td>" +
              html_escape(member(it->second, "role")) + "</td><td>" +
              (fact(it->first + ".actor") == nullptr ? kHidden : html_escape(actor_of(text(it->first + ".actor")))) +
              "</td><td>" + moment_of(member(it->second, "at")) + "</td></tr>\n";
    }
    out_ += "</table>\n";
    const Json* const test = fact("policy.back_test");
    const Json* const data = fact("policy.data");
    note("本版本自 " + moment_of(member(*approval, "in_force_since")) + " 起生效。审批前的试算：" +
         (test == nullptr ? std::string(kHidden)
                          : html_escape(member(*test, "day")) + "，全部输入的 sha256 为 <span class=\"mono\">" +
                                html_escape(member(*test, "inputs_digest")) + "</span>") +
         "；所确认数据清单的 sha256：" +
         (data == nullptr ? std::string(kHidden)
                          : "<span class=\"mono\">" + html_escape(member(*data, "sha256")) + "</span>") +
         "。");
  }

  void clauses() {
    const auto list = numbered("clause");
    if (list.empty()) return;
    h2("资格判定");
    out_ += "<table><tr><th>条款</th><th>结论</th><th>依据数据</th></tr>";
    for (const auto& [name, clause] : list) {
      const std::string verdict = member(*clause, "verdict");
      const Json* const data = fact(name + ".data");
      std::string said = kHidden;
      if (data != nullptr) {
        const std::string field = member(*data, "field");
        const Json* const value = fact("profile." + field);
        said = value == nullptr ? kHidden
                                : html_escape(member(*value, "title") + "：" +
                                              (member(*value, "shown").empty() ? "无" : member(*value, "shown")));
        const std::string threshold = member(*data, "threshold"), source = member(*data, "source");
        if (!source.empty())
          said += "<br><span class=\"note\">" + escaped(WordKind::source, source) + " · " +
                  html_escape(member(*data, "as_of")) + "</span>";
      }
      out_ += "<tr><td>" + html_escape(member(*clause, "text")) + "</td><td><span class=\"tag " +
              (verdict == "met" || verdict == "not_met" ? verdict : "unknown") + "\">" +
              escaped(WordKind::verdict, verdict) + "</span></td><td>" + said + "</td></tr>\n";
    }
    out_ += "</table>\n";
    if (const Json* const verdict = fact("verdict"); verdict != nullptr && verdict->is_object())
      note("判定日 " + html_escape(member(*verdict, "evaluated_on")) + "；金额测算：" +
           (fact("verdict.amount_trace") == nullptr ? std::string(kHidden) : shown("verdict.amount_trace")));
  }

  void values() {
    std::string rows;
    std::size_t used = 0;
    for (auto it = page_.facts.lower_bound("profile."); it != page_.facts.end() && it->first.starts_with("profile.");
         ++it) {
      const Json& value = it->second;
      const auto list = value.find("rows");
      if (list == value.end() || !list->is_array()) continue;
      ++used;
      std::string from;
      for (const auto& item : *list) {
        const Json* const origin = fact(member(item, "row"));
        if (origin == nullptr) continue;
        from += (from.empty() ? "" : "<br>") + escaped(WordKind::source, member(*origin, "source")) + " " +
                html_escape(member(*origin, "record_type")) + " · 收到于 " + moment_of(member(*origin, "received_at"));
      }
      if (from.empty())
        from = value.value("derived", false) ? "由其他数据推算" : "原始记录在本系统保留旧版之前已被来源更新";
      rows += "<tr><td>" + html_escape(member(value, "title")) + "</td><td>" +
              html_escape(member(value, "shown").empty() ? member(value, "value") : member(value, "shown")) +
              "</td><td>" + from + "</td></tr>\n";
    }
    h2("所用数据及其来源");
    if (used == 0) {
      note(std::string("企业数据及其来源记录在本包中") + kHidden + "。");
      return;
    }
    out_ += "<table><tr><th>数据</th><th>取值</th><th>来源记录（逐条可在包内核验）</th></tr>" + rows + "</table>\n";
  }

  void story() {
    const auto events = numbered("event");
    if (events.empty()) return;
    h2("经办过程");
    out_ += "<ol class=\"line\">";
    for (const auto& [name, event] : events) {
      std::string who = escaped(WordKind::case_role, member(*event, "role"));
      if (const auto department = member(*event, "department"); !department.empty())
        who = html_escape(department) + " " + who;
      if (fact(name + ".actor") != nullptr && !text(name + ".actor").starts_with("system"))
        who += "（" + html_escape(actor_of(text(name + ".actor"))) + "）";
      out_ += "<li><time>" + moment_of(member(*event, "at")) + "</time> <b>" +
              escaped(WordKind::event, member(*event, "event")) + "</b> <span class=\"who\">" + who;
      if (const auto reason = text(name + ".reason"); !reason.empty()) out_ += " · " + html_escape(reason);
      out_ += "</span></li>\n";
    }
    out_ += "</ol>\n";
    const auto reviews = numbered("review");
    if (reviews.empty()) return;
    out_ +=
        "<table style=\"margin-top:10px\"><tr><th>环节</th><th>部门</th><th>意见</th><th>经手人</th><th>时间</th></tr>";
    for (const auto& [name, review] : reviews) {
      const std::string department = member(*review, "department");
      out_ += "<tr><td>" + escaped(WordKind::hand, member(*review, "hand")) + "</td><td>" +
              (department.empty() ? "财政" : html_escape(department)) + "</td><td>" +
              (member(*review, "decision") == "agree" ? "同意" : "不同意") +
              (text(name + ".reason").empty() ? "" : "：" + html_escape(text(name + ".reason"))) + "</td><td>" +
              (fact(name + ".actor") == nullptr ? kHidden : html_escape(actor_of(text(name + ".actor")))) +
              "</td><td>" + moment_of(member(*review, "at")) + "</td></tr>\n";
    }
    out_ += "</table>\n";
  }

  void documents() {
    if (page_.documents.empty()) return;
    h2("签章文件");
    out_ += "<div class=\"cards\">";
    for (const auto& document : page_.documents) {
      const Json* const stated = fact(document.fact);
      if (stated == nullptr) continue;
      out_ += "<div class=\"card\">" + picture_of(document.seal, "") + "<div><b>" + title_of(*stated) +
              "</b><span class=\"note\">" + moment_of(member(*stated, "at")) + " · " +
              html_escape(seal_name_of(document.seal)) + (document.shown ? "" : " · 原件" + std::string(kHidden)) +
              "</span><br><span class=\"mono\">sm3 " + html_escape(member(*stated, "sm3")).substr(0, 32) +
              "…</span></div></div>\n";
    }
    out_ += "</div>\n";
  }

  static std::string title_of(const Json& stated) {
    const std::string title = member(stated, "title");
    const auto space = title.rfind(' ');
    if (member(stated, "kind") != "treasury_answer" || space == std::string::npos) return html_escape(title);
    return html_escape(title.substr(0, space)) + "：" + escaped(WordKind::answer, title.substr(space + 1));
  }

  void log() {
    h2("留痕与时间");
    out_ += "<table class=\"form\">";
    out_ +=
        row("事实陈述", "第 " + std::to_string(page_.statement_version) + " 版，" + moment(page_.statement_at) +
                            " 由系统签章；" + std::to_string(page_.manifest.leaves) + " 项，根 <span class=\"mono\">" +
                            to_hex(crypto::octets_of(page_.manifest.root)) + "</span>");
    out_ += row("留痕记录", "本办件 " + std::to_string(page_.records) + " 条记录全部附有进入日志的证明，其中 " +
                                std::to_string(page_.records_shown) + " 条给出全文");
    out_ += row("日志树头", "共 " + std::to_string(page_.log_size) + " 条，" + moment(page_.log_at) + " 签章");
    out_ += row("可信时间", page_.trusted_at ? "时间戳机构证明日志树头早于 " + moment(*page_.trusted_at)
                                             : std::string("本包的日志树头没有外部时间戳，时间为本系统自述"));
    std::string seen;
    for (const auto& [peer, at] : page_.witnesses)
      seen += (seen.empty() ? "" : "；") + escaped(WordKind::case_role, peer) + " " + moment(at) + " 会签共 " +
              std::to_string(page_.witnessed_size) + " 条的树头";
    out_ += row("见证", seen.empty() ? std::string("没有对方会签过日志树头，日志只有一份为本系统自述") : seen);
    out_ += "</table>\n";
  }

  void how_to_check() {
    h2("如何核验");
    note("在任何一台离线的电脑上，用公开的核验程序检查整个压缩包，不需要本系统，也不需要联网：");
    out_ += "<pre>zhida-verify pack case.zip --root 根证书.der</pre>\n";
    note(
        "退出码 0 表示包内每个文件、每枚签章、每项事实和每条留痕证明都成立；否则报告指出是哪一个文件不成立。不给出 "
        "--root "
        "时程序使用包内的根证书，请务必从别的途径核对其指纹：");
    out_ += "<table>";
    for (const auto& [subject, fingerprint] : page_.roots)
      out_ += "<tr><td>" + html_escape(subject) + "</td><td class=\"mono\">sha256 " + html_escape(fingerprint) +
              "</td></tr>";
    out_ += "</table>\n";
  }

  const EvidencePage& page_;
  std::string out_;
};

}  // namespace

std::string write_evidence_page(const EvidencePage& page) {
  return Page(page).write();
}

}  // namespace zhida::flow
