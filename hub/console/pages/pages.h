// Pages for people: plain HTML in Chinese, no scripts. Handlers of the table in routes.cpp.
#pragma once
#include "console/routes.h"

namespace zhida::console::pages {

Result<Answer> style(App&, const Call&);
Result<Answer> problem(App&, const Call&);
Result<Answer> sign_in_form(App&, const Call&);
Result<Answer> sign_in(App&, const Call&);
Result<Answer> sign_out(App&, const Call&);
Result<Answer> overview(App&, const Call&);
Result<Answer> firms(App&, const Call&);
Result<Answer> firm(App&, const Call&);
Result<Answer> cases(App&, const Call&);
Result<Answer> benefit_case(App&, const Call&);
Result<Answer> decide(App&, const Call&);
Result<Answer> export_evidence(App&, const Call&);
Result<Answer> items(App&, const Call&);
Result<Answer> item(App&, const Call&);
Result<Answer> act_on_item(App&, const Call&);
Result<Answer> rounds(App&, const Call&);
Result<Answer> draw_up_round(App&, const Call&);
Result<Answer> round(App&, const Call&);
Result<Answer> act_on_round(App&, const Call&);
Result<Answer> quarantine(App&, const Call&);
Result<Answer> quarantined(App&, const Call&);
Result<Answer> replay(App&, const Call&);
Result<Answer> dead_letters(App&, const Call&);
Result<Answer> dead_letter(App&, const Call&);
Result<Answer> replay_letter(App&, const Call&);
Result<Answer> money(App&, const Call&);

/// What a person sees instead of a page that failed.
Answer error_page(App& app, const Call& call, const Error& error);
/// To the sign-in page, and back here afterwards.
Answer to_sign_in(const Call& call);

}  // namespace zhida::console::pages
