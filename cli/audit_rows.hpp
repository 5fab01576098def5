// Audit events as rows of a table that goes on: what comes later fits below what stands there.
#pragma once

#include <string>
#include <vector>

#include "cli/output.hpp"
#include "shared/api_audit.hpp"

namespace owhale::cli {

class AuditTable {
public:
    explicit AuditTable(const Look& look);
    // Their rows, with the headings before the first ones. No row is wider than the terminal.
    std::string rows(const std::vector<api::AuditEntry>& entries);

private:
    std::string line(const std::vector<Cell>& cells) const;
    std::string below(const api::AuditEntry& entry) const;
    std::vector<Cell> cells_of(const api::AuditEntry& entry) const;
    Look look_;
    std::vector<std::string> headings_;
    std::vector<std::size_t> widths_; // they only grow
    bool begun_ = false;
};

std::string audit_numbers(const std::vector<api::AuditEntry>& entries); // one a line

} // namespace owhale::cli
