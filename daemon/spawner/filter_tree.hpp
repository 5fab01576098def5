// What a seccomp filter answers by a call's number alone, as BPF: a binary tree over stretches of numbers with one answer.
// libseccomp compares with each number; neighbours that share an answer make that ten times as much as it takes, and the
// kernel compiles the whole of it at each load (that is, for each run).
#pragma once

#include <cstdint>
#include <linux/filter.h>
#include <span>
#include <vector>

namespace owhale::spawner {

// No answer of seccomp's: what follows the tree is asked, which knows the arguments.
inline constexpr std::uint32_t kAskOn = 1;

// `answers[n]` is SECCOMP_RET_… of the number n on this machine's architecture, or kAskOn. Greater numbers, and those of
// other architectures, are asked on as well. The program runs into what follows it there, with nothing loaded.
std::vector<sock_filter> number_tree(std::span<const std::uint32_t> answers, std::uint32_t architecture);

} // namespace owhale::spawner
