#include "spawner/filter_tree.hpp"

#include <cstddef>
#include <linux/seccomp.h>

namespace owhale::spawner {
namespace {

using Program = std::vector<sock_filter>;

struct Stretch {
    std::uint32_t first, answer;
};

constexpr std::uint16_t kJump = BPF_JMP | BPF_JA; // its target is filled in when the program's end is known

std::vector<Stretch> stretches_of(std::span<const std::uint32_t> answers) {
    std::vector<Stretch> stretches;
    for (std::uint32_t number = 0; number < answers.size(); ++number)
        if (stretches.empty() || stretches.back().answer != answers[number])
            stretches.push_back({number, answers[number]});
    if (stretches.empty() || stretches.back().answer != kAskOn)
        stretches.push_back({static_cast<std::uint32_t>(answers.size()), kAskOn});
    return stretches;
}

Program tree_of(std::span<const Stretch> stretches) {
    if (stretches.size() == 1) {
        const auto answer = stretches.front().answer;
        if (answer == kAskOn) return {BPF_STMT(kJump, 0)};
        return {BPF_STMT(BPF_RET | BPF_K, answer)};
    }
    const auto half = stretches.size() / 2;
    const auto below = tree_of(stretches.first(half)), above = tree_of(stretches.subspan(half));
    const auto size = static_cast<std::uint32_t>(below.size());
    constexpr std::uint32_t kFarthest = 255; // a conditional jump's
    Program program;
    if (size <= kFarthest) {
        program.push_back(
            BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, stretches[half].first, static_cast<std::uint8_t>(size), 0));
    } else {
        program.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, stretches[half].first, 0, 1));
        program.push_back(BPF_STMT(kJump, size));
    }
    program.insert(program.end(), below.begin(), below.end());
    program.insert(program.end(), above.begin(), above.end());
    return program;
}

} // namespace

std::vector<sock_filter> number_tree(std::span<const std::uint32_t> answers, std::uint32_t architecture) {
    Program program{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0),
        BPF_STMT(kJump, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    };
    const auto tree = tree_of(stretches_of(answers));
    program.insert(program.end(), tree.begin(), tree.end());
    for (std::size_t i = 0; i < program.size(); ++i)
        if (program[i].code == kJump && program[i].k == 0)
            program[i].k = static_cast<std::uint32_t>(program.size() - i - 1);
    return program;
}

} // namespace owhale::spawner
