// How many events of which kind an hour has: one small row an hour, so that a year is counted in a moment.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::audit::index {

constexpr std::int64_t kHour = 3'600'000'000; // µs

// The number of the hour that a time is in, also before 1970.
constexpr std::int64_t hour_of(std::int64_t time) {
    return time / kHour - (time % kHour < 0 ? 1 : 0);
}

// Numbers of words; principals that there are many of are one.
struct Cell {
    std::uint64_t event = 0, principal = 0, outcome = 0;
    auto operator<=>(const Cell&) const = default;
};
constexpr std::uint64_t kRuns = 0;                       // as principal: any run:…
constexpr std::uint64_t kOthers = ~std::uint64_t{0} - 1; // as principal: those of an hour that had too many of them
constexpr std::size_t kMostCells = 20'000;               // of one hour

class Counts {
public:
    void add(Cell cell, std::uint64_t count = 1);
    const std::map<Cell, std::uint64_t>& cells() const { return cells_; }

private:
    std::map<Cell, std::uint64_t> cells_;
};

std::string encode(const Counts& counts);
// Calls `take` for each cell. Fails (state_unavailable) on what encode() did not write.
Status each_cell(std::string_view bytes, const std::function<void(Cell, std::uint64_t)>& take);

} // namespace owhale::audit::index
