#include "sandbox/verdict.hpp"

#include "sandbox/layers.hpp"

namespace owhale::sandbox {

api::Verdict decide(const config::Settings& settings, const wire::Ready& ready) {
    if (settings.rules->missing_layer_refuses && ready.missing != 0) {
        std::string reason = "strict mode runs nothing without every layer; missing:";
        for (const auto& row : layers())
            if ((ready.missing & row.layer) != 0) reason += " " + std::string(row.name) + ",";
        reason.pop_back();
        return {"deny", reason, "layers"};
    }
    return {"allow", "no policy is loaded: the cage is what holds", "default"};
}

} // namespace owhale::sandbox
