#include "console/problem.h"

#include <algorithm>
#include <array>
#include <utility>

namespace zhida::console {
namespace {

/// Codes whose status their name does not tell.
constexpr auto kStatuses = std::to_array<std::pair<std::string_view, int>>({
    {"not_signed_in", 401},          {"case_changed_since", 412},      {"etag_malformed", 400},
    {"role_missing", 403},           {"division_not_yours", 403},      {"four_eyes", 403},
    {"case_role_wrong", 403},        {"form_token_wrong", 403},        {"sign_in_failed", 401},
    {"sign_in_locked", 429},         {"method_not_allowed", 405},      {"body_too_large", 413},
    {"content_type_wrong", 415},     {"idempotency_key_missing", 400}, {"idempotency_key_malformed", 400},
    {"idempotency_key_reused", 422}, {"idempotency_key_running", 409}, {"json_malformed", 400},
    {"cursor_malformed", 400},       {"parameter_unknown", 400},       {"parameter_malformed", 400},
    {"url_malformed", 400},          {"field_missing", 422},           {"field_unknown", 422},
    {"field_wrong_type", 422},       {"field_malformed", 422},         {"field_too_long", 422},
    {"step_unknown", 422},           {"decision_unknown", 422},        {"date_malformed", 422},
    {"file_name_wrong", 422},        {"storage_failed", 500},          {"storage_check", 409},
    {"storage_unique", 409},         {"source_refused", 502},          {"source_malformed", 502},
    {"audit_row_unreadable", 500},   {"entitlement_malformed", 500},   {"not_found", 404},
    {"policy_not_ready", 422},       {"proposal_missing", 404},        {"policy_body_malformed", 500},
    {"item_changed_since", 412},
});

/// Casework names exactly why a case cannot take a step; who calls over REST only needs to know to look again.
constexpr std::array<std::string_view, 6> kStateWrong = {"case_event_not_possible", "case_not_ready",
                                                         "review_complete",         "publicity_running",
                                                         "objection_decided",       "deadline_running"};

}  // namespace

int status_of(const Error& error) {
  const auto known =
      std::find_if(kStatuses.begin(), kStatuses.end(), [&](const auto& entry) { return entry.first == error.code; });
  if (known != kStatuses.end()) return known->second;
  if (error.fate == Fate::retry) return 503;
  const std::string_view code = error.code;
  if (code.ends_with("_not_found") || code.ends_with("_unknown")) return 404;
  if (code.ends_with("_malformed")) return 422;
  if (code.starts_with("storage_") || code.starts_with("internal_")) return 500;
  return 409;  // A refusal of one of the rooms: the world is not as the caller thought.
}

std::string published_code(const Error& error) {
  return std::find(kStateWrong.begin(), kStateWrong.end(), error.code) != kStateWrong.end() ? "case_state_wrong"
                                                                                            : error.code;
}

std::string title_of(int status) {
  switch (status) {
    case 400:
      return "请求有误";
    case 401:
      return "需要登录";
    case 403:
      return "无权操作";
    case 404:
      return "未找到";
    case 405:
      return "不支持的方法";
    case 409:
      return "与当前状态冲突";
    case 412:
      return "查看之后已有变化";
    case 413:
      return "内容过大";
    case 415:
      return "内容类型不符";
    case 422:
      return "内容有误";
    case 429:
      return "请稍后再试";
    case 502:
      return "来源系统出错";
    case 503:
      return "暂时无法处理";
    default:
      return "系统内部错误";
  }
}

Json problem_json(const Error& error, std::string_view instance, std::string_view trace_id) {
  const int status = status_of(error);
  const std::string code = published_code(error);
  const std::string detail = status == 500 ? "The hub failed; its log says why, under this trace id." : error.message;
  Json errors = Json::array();
  if (status == 422) errors.push_back({{"code", error.code}, {"detail", detail}});
  return {{"type", "/problems/" + code},
          {"title", title_of(status)},
          {"status", status},
          {"detail", detail},
          {"instance", instance},
          {"code", code},
          {"traceId", trace_id},
          {"errors", errors}};
}

}  // namespace zhida::console
