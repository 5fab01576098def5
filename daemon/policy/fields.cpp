#include "policy/fields.hpp"

#include <algorithm>

namespace owhale::policy {

bool has_condition(const Rule& rule) {
    const auto words = [&](const ListField& field) { return field.condition && !(rule.*field.words).empty(); };
    const auto flag = [&](const FlagField& field) { return (rule.*field.flag).has_value(); };
    return std::ranges::any_of(kLists, words) || std::ranges::any_of(kFlags, flag);
}

} // namespace owhale::policy
