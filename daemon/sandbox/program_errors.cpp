#include "sandbox/program_errors.hpp"

#include "sandbox/record.hpp"

namespace owhale::sandbox {

Error not_found(const std::string& program, const std::string& said) {
    return Error{Code::program_not_found,
                 "`" + printable(program) + "` was not found" + (said.empty() ? "" : ": " + said),
                 said.empty() ? "is it installed, and on your PATH?"
                              : "a profile's `toolchains` can show more of your home",
                 0,
                 {}};
}

Error not_executable(const std::string& program) {
    return Error{Code::program_not_executable,
                 "`" + printable(program) + "` cannot be executed",
                 "is it a program, and has it the x permission?",
                 0,
                 {}};
}

Error exec_error(const Error& error, const std::string& program, bool is_script) {
    if (error.errnum == ENOENT)
        return not_found(program, is_script ? "the interpreter that its first line names is missing in the cage" : "");
    if (error.errnum == E2BIG)
        return Error{Code::invalid_value, "arguments and environment together are more than Linux takes",
                     "pass data on stdin or in a file", E2BIG, "exec"};
    return not_executable(program);
}

} // namespace owhale::sandbox
