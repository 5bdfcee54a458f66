#pragma once
#include <map>
#include <set>
#include <string>

#include "adapters/town/world.h"
#include "adapters/townspeople/hub_client.h"
#include "base/clock.h"

namespace zhida::townspeople {

/// How the hub is reached and how long a silent hub is waited for.
struct Town {
  std::string hub_url, certs, folder;
  std::chrono::seconds patience{60};
};

/// What the people of the town did in one round.
struct Acts {
  int confirmed = 0, declined = 0, repaired = 0, reviewed = 0, refused = 0;
  int objected = 0, settled_objections = 0, released = 0;
  int total() const {
    return confirmed + declined + repaired + reviewed + refused + objected + settled_objections + released;
  }
};

/// The firms and officials of the town, each with a certificate of their own. What they do depends on the case and the
/// day only, never on how often they look: a hub that was killed in between sees the same people again.
class People {
 public:
  People(const Town& town, const town::World& world, const Clock& clock, const Calendar& calendar);

  /// Everybody looks at what waits for them and acts once.
  Result<Acts> look_and_act();

 private:
  Result<void> firm_answers(const Json& item, Acts& acts);
  Result<void> firm_repairs_account(const Json& item, Acts& acts);
  Result<void> departments_review(const Json& item, Acts& acts);
  Result<void> public_objects(const Json& item, Acts& acts);
  Result<void> objection_is_settled(const Json& item, Acts& acts);
  Result<void> finance_releases(const Json& item, Acts& acts);
  Result<void> finance_gives_up(const Json& item, Acts& acts);

  const town::World& world_;
  const Clock& clock_;
  const Calendar& calendar_;
  HubClient portal_, maker_, checker_, finance_;
};

}  // namespace zhida::townspeople
