#include "metrics/scrape.hpp"

#include <vector>

#include "metrics/counts.hpp"

namespace owhale::metrics {
namespace {

std::vector<std::weak_ptr<const Show>> sources;

} // namespace

Shown on_scrape(Show show) {
    auto shown = std::make_shared<const Show>(std::move(show));
    std::erase_if(sources, [](const auto& source) { return source.expired(); });
    sources.push_back(shown);
    return shown;
}

std::string scrape(Format format, std::int64_t now_us) {
    Exposition out(format);
    for (const auto& source : sources)
        if (const auto show = source.lock()) (*show)(out);
    counts().show(out, now_us);
    return out.finish();
}

} // namespace owhale::metrics
