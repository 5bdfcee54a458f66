// What an adapter's folder hands to the conformance suite (tests/conformance): a stand-in of its outside system that
// can be filled and spoilt. It lives in the same process and is nothing but what the scenarios need.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapter_api/adapter.h"

namespace zhida::simulator {

/// How the stand-in behaves from now on.
enum class Spoil {
  nothing,
  lost_connection,   ///< Connections break, the database or folder cannot be reached.
  slow,              ///< Every answer takes about 50 ms (well inside the adapter's limits).
  hanging,           ///< No answer within the adapter's limits, which settings() keep at two seconds or less.
  duplicate,         ///< What was delivered before comes again as it is, in the same pull or in the next.
  malformed_record,  ///< One more row, which cannot be read, stands between the good ones.
  nonsense,          ///< Answers are not of the agreed form at all (a log-in page, a file of noise).
};

/// One scene is one stand-in with a scratch folder of its own. Called from one thread; what it serves may come from its
/// own threads.
class Scene {
 public:
  virtual ~Scene() = default;

  /// The adapter's settings as YAML, pointing at the stand-in.
  virtual std::string settings() const = 0;
  /// The record type of the rows that hold() makes.
  virtual std::string record_type() const = 0;
  /// From now on the source holds `count` rows of record_type(), with keys that stay the same from call to call and a
  /// larger count only adding to them: enough of them shall need more than one page, file or package where the system
  /// has such.
  virtual void hold(int count) = 0;
  virtual void spoil(Spoil how) = 0;
  /// What this system cannot suffer (a folder is never slow): the suite passes these over and says so.
  virtual bool can_be(Spoil) const { return true; }
  /// How often anybody asked for data (requests, queries, claimed files); -1 where it cannot be told.
  virtual int asked() const { return -1; }

  /// For adapters that are pushed to: the messages that carry what hold() and spoil() say, instead of a pull.
  virtual std::vector<PushedMessage> pushed() { return {}; }
  /// For adapters that carry: a message that the stand-in takes, and how many different ones it has taken.
  virtual OutgoingMessage outgoing() { return {}; }
  virtual int taken() const { return 0; }
};

/// `folder` is an empty scratch folder that outlives the scene. In adapters/<name>/conformance.cpp:
/// `namespace zhida::adapters::<name> { std::unique_ptr<simulator::Scene> make_scene(const std::string& folder); }`
using MakeScene = std::function<std::unique_ptr<Scene>(const std::string& folder)>;

/// Generated: adapter name → its scene.
std::map<std::string, MakeScene> all_scenes();

}  // namespace zhida::simulator
