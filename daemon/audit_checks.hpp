// Doctor's rows about the audit log, and what stands outside for it.
#pragma once

#include <string>
#include <vector>

#include "anchors.hpp"
#include "audit/feed.hpp"
#include "audit/journal_copy.hpp"
#include "config/settings.hpp"
#include "shared/api.hpp"

namespace owhale {

struct AuditParts {
    const config::Settings& settings;
    audit::Log& log;
    const audit::Feed& feed;
    const Anchors& anchors;
    bool has_journal = false;
    const audit::JournalCopy* copy = nullptr; // audit-journal = all
};

std::vector<api::Check> audit_checks(const AuditParts& parts);

} // namespace owhale
