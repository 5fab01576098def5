// A row of the table of audit events as it is written: what the build makes event_types.hpp's rows of.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>

#include "audit/event_types.hpp"

namespace owhale::audit {

class DraftFields {
public:
    static constexpr std::size_t kMost = 28;
    constexpr DraftFields() = default;
    constexpr DraftFields(std::initializer_list<Field> fields) {
        for (const auto& field : fields) rows_[count_++] = field; // one too many does not compile
    }
    constexpr std::span<const Field> all() const { return {rows_.data(), count_}; }

private:
    std::array<Field, kMost> rows_{};
    std::size_t count_ = 0;
};

struct EventDraft { // as EventType
    std::string_view name;
    Severity severity;
    Act act;
    Ocsf ocsf;
    std::string_view message_id, who, summary, meaning;
    DraftFields fields;
};

} // namespace owhale::audit
