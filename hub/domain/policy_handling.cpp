#include "domain/policy_handling.h"

namespace zhida {

const char* to_text(Hand hand) {
  switch (hand) {
    case Hand::maker:
      return "maker";
    case Hand::checker:
      return "checker";
    case Hand::releaser:
      break;
  }
  return "releaser";
}

std::vector<ReviewStep> review_steps(const std::vector<std::string>& departments) {
  std::vector<ReviewStep> steps;
  for (const std::string& department : departments) {
    steps.push_back({department, steps.empty() ? Hand::maker : Hand::checker});
  }
  if (steps.size() == 1) steps.push_back({steps.front().department, Hand::checker});
  return steps;
}

}  // namespace zhida
