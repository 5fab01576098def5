// May this run? Rules, the request and what was resolved in, a verdict out. Long texts are judged beside the io thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>

#include "config/settings.hpp"
#include "policy/decide.hpp"
#include "sandbox/blocking.hpp"
#include "sandbox/code_files.hpp"
#include "sandbox/rules.hpp"
#include "shared/api.hpp"

namespace owhale::sandbox {

struct Judged {
    api::Verdict verdict;
    policy::Ceiling ceiling;    // of allow
    std::vector<CodeFile> code; // the files that it runs, where it is not denied
    NamedPrograms named;
    std::vector<api::HostRule> hosts; // of ask: those that its words surely name (agreed_hosts.hpp)
    std::string talks_to;             // another host by its text, where it is not denied: as people may see it; "" none
};

struct Question {
    policy::Request request;
    policy::Facts facts;
    Rules::Set rules;
    std::vector<std::vector<std::string>> beside; // what it asks for beside its command, in the words of scope.hpp
    std::vector<api::HostRule> agreed;            // hosts that it may reach by somebody's word: agreed_hosts.hpp
    bool caged_agent = false; // argv is an agent that the profile knows, in its cage: what it reaches is held there
};

class Judge {
public:
    Judge(const config::Settings& settings, Blocking& blocking) : settings_(settings), blocking_(blocking) {}

    // busy when a text could not be judged in time; then nothing runs.
    boost::asio::awaitable<Result<Judged>> judge(Question question, std::uint32_t uid);

private:
    const config::Settings& settings_;
    Blocking& blocking_;
};

// The error of a run that this verdict refuses: denied, approval_required, layer_missing.
Error refusal_of(const api::Verdict& verdict);

} // namespace owhale::sandbox
