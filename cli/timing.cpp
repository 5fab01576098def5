#include "cli/timing.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace owhale::cli {
namespace {

constexpr std::string_view kJail = "jail.";

struct Row {
    std::string_view name, meaning;
};
constexpr std::array kBefore = {
    Row{"resolve", "folder, program and the profile's paths are looked up, with your rights"},
    Row{"policy", "the rules decide"},
    Row{"digest", "the program is known by its digest"},
    Row{"plan", "the cage is planned"},
    Row{"audit", "the intent goes to disk, while the cage is built"},
    Row{"jail", "the cage is built, to the command's first instruction"},
};
constexpr std::array kAfter = {
    Row{"run", "from the cage's first step to the command's end"},
    Row{"planted", "what it left for later programs is looked for"},
    Row{"receipt", "the receipt is signed, the outcome goes to disk"},
};

std::vector<TimedStep> of_the_jail(const std::map<std::string, std::uint64_t>& timing) {
    std::vector<std::pair<std::uint64_t, std::string>> ends;
    for (const auto& [name, end] : timing)
        if (name.starts_with(kJail)) ends.emplace_back(end, name);
    std::ranges::sort(ends);
    std::vector<TimedStep> steps;
    std::uint64_t before = 0;
    for (const auto& [end, name] : ends)
        steps.push_back({"  " + name, end - std::exchange(before, end),
                         name == "jail.intent" ? "the cage waits for the intent" : std::string_view()});
    return steps;
}

void add(std::vector<TimedStep>& to, std::map<std::string, std::uint64_t>& timing, const Row& row) {
    if (const auto found = timing.extract(std::string(row.name)); !found.empty())
        to.push_back({found.key(), found.mapped(), row.meaning});
}

} // namespace

std::vector<TimedStep> timed_steps(const std::map<std::string, std::uint64_t>& timing) {
    auto left = timing;
    std::vector<TimedStep> steps;
    for (const auto& row : kBefore) add(steps, left, row);
    const auto jail = of_the_jail(left);
    steps.insert(steps.end(), jail.begin(), jail.end());
    for (const auto& row : kAfter) add(steps, left, row);
    for (const auto& [name, us] : left)
        if (!name.starts_with(kJail)) steps.push_back({name, us, ""});
    return steps;
}

} // namespace owhale::cli
