#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "flow/rooms.h"
#include "platform/messaging/handle_once.h"

namespace zhida::flow {

/// What a replay came to.
struct LetterReplayed {
  int replay = 0;     ///< Its number: 1 for the first.
  bool done = false;  ///< False: the door refuses it still; the letter stays open.
  std::string code, message;
};

/// Puts a message that no door could take through the same door once more: the same octets, under the same id, with
/// the same checks. Any thread but the writer's.
class DeadLetters {
 public:
  /// `doors` by address; outlives this.
  DeadLetters(const Rooms& rooms, const std::map<std::string, messaging::Door>& doors) : rooms_(rooms), doors_(doors) {}

  /// The effect, the letter's new state and the trail's entry are one transaction; a number is used once, so that two
  /// people who replay at once have one effect. `actor` is who asked. Errors `dead_letter_unknown`,
  /// `dead_letter_not_open` (also after a replay that was done), `dead_letter_without_message`,
  /// `dead_letter_superseded` (other octets came first under its id), `dead_letter_without_door`, and what a door
  /// wants tried again later.
  Result<LetterReplayed> replay(std::int64_t id, const std::string& actor) const;

 private:
  const Rooms& rooms_;
  const std::map<std::string, messaging::Door>& doors_;
};

}  // namespace zhida::flow
