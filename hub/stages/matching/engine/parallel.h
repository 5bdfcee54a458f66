#pragma once
#include <thread>
#include <vector>

namespace zhida::matching::engine {

/// Calls `work(0)` … `work(threads - 1)` at the same time, the first on this thread, and waits for all. `work` must not
/// throw.
template <class Work>
void in_parallel(unsigned threads, const Work& work) {
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back([&work, i] { work(i); });
  work(0);
}

}  // namespace zhida::matching::engine
