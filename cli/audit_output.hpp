// Audit events to stdout as they come, page by page: a table, JSON lines, or one JSON object.
#pragma once

#include <boost/json/array.hpp>
#include <optional>
#include <string>

#include "cli/audit_rows.hpp"
#include "cli/context.hpp"

namespace owhale::cli {

class AuditOutput {
public:
    explicit AuditOutput(Context& context);
    // `list` is what `body` says. In this order, or backwards.
    Status page(api::AuditList list, const std::string& body, bool backwards = false);
    // After the last page; `next` where it would go on.
    Status end(std::optional<std::uint64_t> next);

private:
    std::string as_json(boost::json::array events);
    Look look_;
    bool numbers_;
    AuditTable table_;
    std::size_t printed_ = 0;
};

} // namespace owhale::cli
