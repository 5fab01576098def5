// Whose log an export is of, as formats that are read far away have to say.
#pragma once

#include <string>
#include <string_view>

namespace owhale::audit {

struct ExportSource {
    std::string origin;  // of the log: "owhaled/HOST/1a2b3c4d"
    std::string version; // of owhaled

    // HOST, and all of an origin of another shape.
    std::string_view host() const {
        const std::string_view all = origin;
        const auto from = all.find('/'), to = all.rfind('/');
        return from == all.npos || to <= from + 1 ? all : all.substr(from + 1, to - from - 1);
    }
};

} // namespace owhale::audit
