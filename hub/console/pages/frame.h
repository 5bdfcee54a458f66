// What all pages share: head, navigation, tables, links.
#pragma once
#include <string>

#include "console/app.h"
#include "console/pages/html.h"
#include "console/words.h"
#include "platform/http/url.h"

namespace zhida::console::pages {

struct Frame {
  std::string title;
  const char* here = "";    ///< Path of the navigation entry that is shown as current.
  int refresh_seconds = 0;  ///< 0: the page stays as it is.
  int status = 200;
};
http::HttpResponse page(App& app, const Call& call, const Frame& frame, const Html& content);
http::HttpResponse redirect(const std::string& path);

/// A coloured word: `good`, `bad`, `wait`, `idle`.
Html badge(WordKind kind, const std::string& code);
Html case_link(const Json& item);
Html firm_link(const std::string& uscc, const std::string& name);
/// Plain text for who may not open it.
Html item_link(const Call& call, const std::string& id, const std::string& title);
/// `?a=b&c=d` behind a path; empty values are left out.
std::string link(const std::string& path, const std::vector<std::pair<std::string, std::string>>& parameters);
/// The link to the next page; nothing when there is none.
Html more(const std::string& path, std::vector<std::pair<std::string, std::string>> parameters, const Json& next);
/// `2025-11-03 09:00` of an RFC 3339 time.
std::string minute_of(const Json& time);
Html yuan(const Json& amount);
/// `user:zhang` by name, `peer:treasury` by the word for it.
std::string actor_name(const flow::PeopleBook& people, const std::string& actor);
/// What a refusal means, as a Chinese sentence where there is one.
std::string refusal_text(const Error& error);
/// On a case's page: the form that gives a pack of evidence, for whoever may have one.
void show_evidence_form(Html& html, const Call& call, const Json& view);

}  // namespace zhida::console::pages
