// owhalectl audit: what was asked, by whom, and how it ended. Each command has a file of its own.
#include "cli/commands/commands.hpp"

namespace owhale::cli {

void declare_audit(Command root) {
    auto audit = root.sub("audit", "What was asked, by whom, and how it ended");
    declare_audit_ls(audit);
    declare_audit_show(audit);
    declare_audit_export(audit);
    declare_audit_stats(audit);
    declare_audit_verify(audit);
    declare_audit_checkpoint(audit);
}

} // namespace owhale::cli
