// What the record and the receipt of a run say, from the facts of its parts. Pure.
#pragma once

#include <string>

#include "sandbox/launcher.hpp"

namespace owhale::sandbox {

// Bytes that are no UTF-8 as \xNN: names of files may hold any.
std::string printable(std::string_view text);

// A code as clients match on it.
std::string code_name(Code code);

// Cuts a command to `most` bytes in all.
void cut_command(std::vector<std::string>& command, std::size_t most);

// What people agree to, and cannot work: it talks to another host, and its cage has no network. nullopt: nothing of that.
std::optional<std::string> network_note(const Prepared& prepared);

api::Run make_record(const Prepared& prepared, const Caller& caller, bool tty, bool detached);
api::Receipt make_receipt(const Prepared& prepared, const Caller& caller, const wire::Ready& ready);
void add_started(api::Receipt& receipt, const RunLimits& limits, const wire::RunStarted& facts);
// The spawner's own times, as "jail.<step>" in microseconds.
void add_jail_times(std::map<std::string, std::uint64_t>& timing, const wire::RunStarted& facts);
// The audit intent's data.
boost::json::object intent_data(const api::Run& record, const api::Receipt& receipt);

} // namespace owhale::sandbox
