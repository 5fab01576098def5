// What a probe is: one attempt at one thing that a cage must refuse (or must permit), and what came of it.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

namespace owhale::probe {

// Who runs the control, outside any cage, where the attempt has to succeed. `user` is the stronger proof: what an
// ordinary user may do outside and not inside was refused by the cage alone. `own_init` runs as root below a shell that
// is pid 1 of a fresh pid namespace, as the warden is; `ambient` with an ambient capability; `terminal` with a terminal.
enum class Control { user, root, own_init, ambient, terminal };

enum class Inside { refused, permitted };

enum class Verdict { could, refused, unclear };

struct Outcome {
    Verdict verdict;
    int error = 0; // errno of a refusal, 0 where there is none
    std::string detail;
};

using Attempt = std::function<Outcome(const std::string& argument)>;

struct Probe {
    std::string name;
    Control control;
    Inside inside;
    std::string argument; // what kind of argument the runner has to give; "-" for none
    std::string config;   // the kernel option without which the control cannot succeed; "-" for none
    int inside_error;     // the only errno that counts as a refusal inside; 0 for any
    bool alone;           // needs a run of its own: it looks at what the first process of a run is given
    Attempt attempt;
};

using Probes = std::vector<Probe>;

inline Outcome could(std::string detail) {
    return {Verdict::could, 0, std::move(detail)};
}
inline Outcome refused(int error, std::string detail) {
    return {Verdict::refused, error, std::move(detail)};
}
inline Outcome unclear(int error, std::string detail) {
    return {Verdict::unclear, error, std::move(detail)};
}

// Judges a call made with arguments that cannot work: an errno of `reached` comes from the kernel's own code behind the
// filter, EPERM, EACCES and ENOSYS are refusals, everything else is unclear.
Outcome judge_call(long result, int error, std::initializer_list<int> reached);

// Judges a call made with arguments that work outside: any errno is a refusal.
Outcome judge_use(long result, const std::string& what);

// A path, with the reason why a control may find nothing there.
struct Place {
    const char* path;
    const char* config = "-";
};

// Short ways to say the usual kinds of probe.
Probe ask_user(std::string name, Attempt attempt);
Probe ask_root(std::string name, Attempt attempt);
Probe ask_own_init(std::string name, Attempt attempt);
Probe with_argument(Probe probe, std::string kind);
Probe with_config(Probe probe, std::string option);
Probe permitted(Probe probe);
Probe run_alone(Probe probe);

void add_calls(Probes& probes);
void add_namespaces(Probes& probes);
void add_sockets(Probes& probes);
void add_unix_sockets(Probes& probes);
void add_entries(Probes& probes);
void add_files(Probes& probes);
void add_proc(Probes& probes);
void add_processes(Probes& probes);
void add_privileges(Probes& probes);
void add_workspace(Probes& probes);
void add_network(Probes& probes);

const Probes& all_probes();

// Descriptors above 2 that were open when the program started; filled by main before it opens anything.
extern std::vector<int> inherited_descriptors;

} // namespace owhale::probe
