// What the tools take, as described structs: the codec of the API reads them, and refuses by name what is not in them.
// The same with its limits, for clients, is schemas.cpp.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace owhale::mcp {

struct RunArguments { // of run_command and run_code alike; as of api::RunRequest where nothing else is said
    std::optional<std::string> cwd, workspace, profile, net, description;
    std::optional<std::map<std::string, std::string>> env;
    std::optional<std::uint64_t> timeout; // seconds; 0 none
    std::optional<std::string> stdin_;    // JSON "stdin"
    std::optional<bool> stdin_open;
    std::optional<std::vector<std::string>> allow_hosts; // "HOST[:PORT]"
    std::optional<std::vector<std::string>> secrets;     // "NAME" or "NAME=env"
    std::optional<std::uint64_t> wait;                   // seconds
    std::optional<std::uint64_t> max_output;             // bytes of each stream in the answer
};
BOOST_DESCRIBE_STRUCT(RunArguments, (),
                      (cwd, workspace, profile, net, description, env, timeout, stdin_, stdin_open, allow_hosts,
                       secrets, wait, max_output))

struct RunCommand : RunArguments {
    std::optional<std::string> command;
    std::optional<std::vector<std::string>> argv;
};
BOOST_DESCRIBE_STRUCT(RunCommand, (RunArguments), (command, argv))

struct RunCode : RunArguments {
    std::string language, code;
    std::optional<std::vector<std::string>> args;
};
BOOST_DESCRIBE_STRUCT(RunCode, (RunArguments), (language, code, args))

struct CheckCommand {
    std::optional<std::string> command, language, code, cwd, workspace, profile, net;
    std::optional<std::vector<std::string>> argv;
    std::optional<std::map<std::string, std::string>> env;
};
BOOST_DESCRIBE_STRUCT(CheckCommand, (), (command, language, code, cwd, workspace, profile, net, argv, env))

struct ListRuns {
    std::optional<std::string> state, before;
    std::optional<std::uint64_t> limit;
};
BOOST_DESCRIBE_STRUCT(ListRuns, (), (state, before, limit))

struct GetOutput {
    std::string run;
    std::optional<std::string> stream;
    std::optional<std::uint64_t> offset, length, wait;
};
BOOST_DESCRIBE_STRUCT(GetOutput, (), (run, stream, offset, length, wait))

struct SendInput {
    std::string run;
    std::optional<std::string> text, base64;
    std::optional<bool> close;
};
BOOST_DESCRIBE_STRUCT(SendInput, (), (run, text, base64, close))

struct KillRun {
    std::string run;
    std::optional<std::string> signal;
};
BOOST_DESCRIBE_STRUCT(KillRun, (), (run, signal))

} // namespace owhale::mcp
