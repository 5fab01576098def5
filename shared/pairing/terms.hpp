// On which terms a device is paired, as both ends have to know them: what it can be given and for how long, what it may be called, and
// how often a code may be tried.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace owhale::pairing {

enum Power : std::uint32_t { kMayApprove = 1, kMayAudit = 2, kMayRuns = 4, kMayFreeze = 8 };

struct PowerName {
    Power power;
    std::string_view name;
};
inline constexpr auto kPowers = std::to_array<PowerName>({
    {kMayApprove, "approve"},
    {kMayAudit, "audit"},
    {kMayRuns, "runs"},
    {kMayFreeze, "freeze"},
});

constexpr std::string_view name_of(Power power) {
    for (const auto& row : kPowers)
        if (row.power == power) return row.name;
    return {};
}

// "approve, audit, …", for whoever named another one.
inline std::string all_powers() {
    std::string out;
    for (const auto& row : kPowers) (out += out.empty() ? "" : ", ") += row.name;
    return out;
}

// What to do when a device has joined by the code `id`, and is not there any more.
inline std::string gone_next(const std::string& id) {
    return "a page that was put away comes back when it is looked at, then try again; else: owhalectl pair cancel " +
           id + ", and another code";
}

// Of a device, in milliseconds.
inline constexpr std::uint64_t kDay = 86'400'000;
inline constexpr std::uint64_t kShortestLife = 60'000, kDefaultLife = 90 * kDay, kLongestLife = 366 * kDay;
inline constexpr std::string_view kLives = "a device is good for a minute to 366 days";

inline constexpr std::size_t kLongestName = 64; // bytes of a device's name, its maker's word and its own
inline constexpr std::uint32_t kTries = 5;      // of a code

} // namespace owhale::pairing
