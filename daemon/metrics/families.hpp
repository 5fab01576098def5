// The one table of metrics: what each is called, what it is and which labels it has. The texts that a scrape shows and the
// page owhaled-metrics(7) are held against it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace owhale::metrics {

enum class Kind : std::uint8_t { counter, gauge, histogram, info };

struct Family {
    std::string_view name; // in OpenMetrics: a counter's samples end in _total, an info's in _info
    Kind kind;
    std::string_view unit; // "seconds", "bytes", "" none; the name ends in it
    std::string_view help;
    std::array<std::string_view, 2> labels{}; // names; "" none
};

std::span<const Family> families();
// nullptr when there is none.
const Family* find_family(std::string_view name);
std::string_view name_of(Kind kind);

} // namespace owhale::metrics
