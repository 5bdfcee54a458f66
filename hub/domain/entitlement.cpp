#include "domain/entitlement.h"

namespace zhida {

const char* to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::met:
      return "met";
    case Verdict::not_met:
      return "not_met";
    case Verdict::unknown:
      break;
  }
  return "unknown";
}

}  // namespace zhida
