#include "sandbox/verdict.hpp"

#include "sandbox/layers.hpp"

namespace owhale::sandbox {

std::optional<api::Verdict> missing_layers(const config::Settings& settings, const wire::Ready& ready) {
    if (!settings.rules->missing_layer_refuses || ready.missing == 0) return std::nullopt;
    api::Verdict verdict;
    verdict.decision = "deny";
    verdict.rule = "layers";
    verdict.reason = "strict mode runs nothing without every layer; missing:";
    for (const auto& row : layers())
        if ((ready.missing & row.layer) != 0) verdict.reason += " " + std::string(row.name) + ",";
    verdict.reason.pop_back();
    return verdict;
}

} // namespace owhale::sandbox
