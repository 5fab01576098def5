#include "audit/masked.hpp"

#include <boost/json/value.hpp>

#include "redact/redactor.hpp"

namespace owhale::audit {
namespace {

constexpr int kMaxDepth = 32; // events are made here, and are shallow

void mask(boost::json::value& value, int depth) {
    if (depth > kMaxDepth) return;
    if (auto* text = value.if_string()) {
        const auto masked = redact::redacted(*text);
        if (masked != std::string_view(*text)) *text = masked;
    } else if (auto* list = value.if_array()) {
        for (auto& item : *list) mask(item, depth + 1);
    } else if (auto* object = value.if_object()) {
        for (auto& member : *object)
            if (member.key() != "receipt") mask(member.value(), depth + 1);
    }
}

} // namespace

void mask_secrets(boost::json::object& data) {
    for (auto& member : data)
        if (member.key() != "receipt") mask(member.value(), 0);
}

} // namespace owhale::audit
