#include "sandbox/plea.hpp"

#include "redact/redactor.hpp"
#include "sandbox/frozen.hpp"
#include "sandbox/record.hpp"
#include "shared/codec.hpp"

namespace owhale::sandbox {

bool Asked::waits() const {
    if (create) return create->wait.value_or(false) || create->attach.value_or(false);
    return exec && (exec->wait.value_or(false) || exec->attach.value_or(false));
}

std::string kept_text(const Asked& asked) {
    return codec::to_text(asked);
}

Result<Asked> read_kept(const std::string& text) {
    auto asked = codec::decode<Asked>(text);
    if (!asked || asked->create.has_value() == asked->exec.has_value())
        return fail(Code::state_unavailable, "what the request asked for cannot be read any more", "ask again");
    return asked;
}

Result<Plea> make_plea(const Prepared& prepared, const Caller& caller, const api::Run& record, const Asked& asked) {
    Plea plea;
    plea.run = record.id;
    plea.principal = caller.principal;
    plea.payer = caller.payer;
    if (!caller.parent_id.empty()) plea.parent = caller.parent_id;
    plea.uid = caller.uid;
    plea.frozen = freeze(prepared, caller);
    plea.digest = TRY(digest_of(plea.frozen));
    plea.verdict = prepared.verdict;
    plea.command = prepared.command.shown;
    redact::redact_arguments(plea.command);
    plea.cwd = record.cwd;
    plea.environment = shown_environment(prepared.plan.environment, prepared.secret_values);
    plea.description = asked.create ? asked.create->description : asked.exec->description;
    if (plea.description) plea.description = redact::redacted(*plea.description);
    if (auto note = network_note(prepared)) plea.notes.push_back(std::move(*note));
    plea.waits = asked.waits();
    plea.request = kept_text(asked);
    return plea;
}

} // namespace owhale::sandbox
