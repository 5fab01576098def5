#include "audit/index/hours.hpp"

#include <array>

namespace owhale::audit::index {
namespace {

// LEB128.
void put(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    out += static_cast<char>(value);
}

bool take(std::string_view& bytes, std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

} // namespace

void Counts::add(Cell cell, std::uint64_t count) {
    if (cells_.size() >= kMostCells && !cells_.contains(cell)) cell.principal = kOthers;
    cells_[cell] += count;
}

std::string encode(const Counts& counts) {
    std::string out;
    for (const auto& [cell, count] : counts.cells())
        for (const auto number : {cell.event, cell.principal, cell.outcome, count}) put(out, number);
    return out;
}

Status each_cell(std::string_view bytes, const std::function<void(Cell, std::uint64_t)>& found) {
    while (!bytes.empty()) {
        std::array<std::uint64_t, 4> numbers{};
        for (auto& number : numbers)
            if (!take(bytes, number)) return fail(Code::state_unavailable, "an hour of the audit index is damaged");
        found({numbers[0], numbers[1], numbers[2]}, numbers[3]);
    }
    return {};
}

} // namespace owhale::audit::index
