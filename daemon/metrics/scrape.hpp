// A scrape: what is counted, and how things are at this moment, told by the parts that know. On the io thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "metrics/exposition.hpp"

namespace owhale::metrics {

// Adds whole families of its own. It is asked for as long as the handle lives.
using Show = std::function<void(Exposition& out)>;
using Shown = std::shared_ptr<const Show>;
Shown on_scrape(Show show);

std::string scrape(Format format, std::int64_t now_us);

} // namespace owhale::metrics
