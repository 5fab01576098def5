// The table of all probes and the judgement of one attempt.
#include "probe.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace owhale::probe {

std::vector<int> inherited_descriptors;

Outcome judge_call(long result, int error, std::initializer_list<int> reached) {
    if (result != -1) return could("the call succeeded");
    const std::string text = std::strerror(error);
    if (std::find(reached.begin(), reached.end(), error) != reached.end()) return could("reached the kernel: " + text);
    if (error == EPERM || error == EACCES || error == ENOSYS) return refused(error, text);
    return unclear(error, "an answer the table does not know: " + text);
}

Outcome judge_use(long result, const std::string& what) {
    if (result != -1) return could(what);
    const int error = errno;
    return refused(error, what + ": " + std::strerror(error));
}

Probe ask_user(std::string name, Attempt attempt) {
    return {std::move(name), Control::user, Inside::refused, "-", "-", 0, false, std::move(attempt)};
}

Probe ask_root(std::string name, Attempt attempt) {
    Probe probe = ask_user(std::move(name), std::move(attempt));
    probe.control = Control::root;
    return probe;
}

Probe ask_own_init(std::string name, Attempt attempt) {
    Probe probe = ask_user(std::move(name), std::move(attempt));
    probe.control = Control::own_init;
    return probe;
}

Probe with_argument(Probe probe, std::string kind) {
    probe.argument = std::move(kind);
    return probe;
}

Probe with_config(Probe probe, std::string option) {
    probe.config = std::move(option);
    return probe;
}

Probe permitted(Probe probe) {
    probe.inside = Inside::permitted;
    return probe;
}

Probe run_alone(Probe probe) {
    probe.alone = true;
    return probe;
}

const Probes& all_probes() {
    static const Probes probes = [] {
        Probes table;
        add_calls(table);
        add_namespaces(table);
        add_sockets(table);
        add_unix_sockets(table);
        add_entries(table);
        add_files(table);
        add_proc(table);
        add_processes(table);
        add_privileges(table);
        add_workspace(table);
        add_network(table);
        return table;
    }();
    return probes;
}

} // namespace owhale::probe
