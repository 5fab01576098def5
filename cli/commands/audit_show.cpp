// owhalectl audit show: one event of the audit log, and whether it is in the log's tree.
#include <memory>

#include "cli/audit_entry.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/units.hpp"
#include "cli/verify/served_log.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string seq;
    bool proof = false;
};

// The key is owhaled's word: `audit verify --key` holds it to one that is known from elsewhere.
Result<ProofCheck> check(Context& context, const api::AuditEntry& entry, std::string& vkey) {
    vkey = TRY(verify::served_head(context, entry.seq)).key;
    return check_proof(entry, TRY(audit::merkle::parse_vkey(vkey)));
}

Error not_as_logged(const api::AuditEntry& entry, const ProofCheck& check) {
    return Error{Code::digest_mismatch,
                 "event " + std::to_string(entry.seq) + ": " + check.words,
                 "owhalectl audit verify looks at the whole log",
                 0,
                 {}};
}

Result<int> show(Context& context, const Arguments& arguments) {
    const auto seq = TRY(parse_count(arguments.seq, "SEQ", 1, std::uint64_t{1} << 53));
    const auto body = TRY(context.ask({.verb = "audit.show", .id = std::to_string(seq)}));
    const auto entry = TRY(read_audit_entry(body));
    std::string vkey;
    const auto checked = TRY(check(context, entry, vkey));
    if (!TRY(context.printed_json(body))) {
        auto out = audit_entry(context.look(), entry, checked);
        if (arguments.proof && entry.proof) out += proof_text(context.look(), *entry.proof, vkey);
        CHECK(print(out));
    }
    if (checked.state == ProofCheck::State::bad) return std::unexpected(not_as_logged(entry, checked));
    return kOk;
}

} // namespace

void declare_audit_show(Command audit) {
    auto command = audit.sub("show", "Show one event, and verify that it is in the log's tree");
    auto arguments = std::make_shared<Arguments>();
    command.positional("SEQ", arguments->seq, "its number");
    command.flag("--proof", arguments->proof, "the proof, the key and the signed checkpoint, too");
    command.handler([arguments](Context& context) { return show(context, *arguments); });
}

} // namespace owhale::cli
