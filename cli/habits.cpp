#include "cli/habits.hpp"

#include <algorithm>
#include <array>

namespace owhale::cli {
namespace {

struct Habit {
    std::string_view command, word, instead;
};

constexpr std::string_view kNoImages = "there are no images: a run has this machine's own programs, read-only";
constexpr std::string_view kNoPrivilege = "a run has no privilege and no devices, and none can be given to it";
constexpr std::string_view kVolumes = "nothing needs mounting: the workspace is writable at its own path and system "
                                      "folders are there read-only; --workspace DIR names another folder of yours";
constexpr std::string_view kUser = "you are yourself in the cage; root names another user: run --as USER";
constexpr std::string_view kPorts = "ports are published one by one: -p HOST:PORT";
constexpr std::string_view kEnded = "a run that has ended stays so: owhalectl run starts another";

constexpr std::string_view kChosen =
    "an export has every event, so that it can be verified; owhalectl -o jsonl audit ls -a "
    "has those that you choose";

constexpr std::array kHabits = {
    Habit{"", "ps", "owhalectl runs ls lists runs, ended ones too (--state running: the live ones)"},
    Habit{"", "ls", "owhalectl runs ls lists runs"},
    Habit{"", "logs", "owhalectl runs logs ID"},
    Habit{"", "attach", "owhalectl runs attach ID"},
    Habit{"", "wait", "owhalectl runs wait ID"},
    Habit{"", "kill", "owhalectl runs kill ID"},
    Habit{"", "stop", "owhalectl runs kill ID: SIGTERM first, SIGKILL if it stays"},
    Habit{"", "rm", "owhalectl runs rm ID"},
    Habit{"", "prune", "owhalectl runs prune"},
    Habit{"", "inspect", "owhalectl runs show ID (-o json for all of it)"},
    Habit{"", "top", "owhalectl exec ID -- ps aux"},
    Habit{"", "stats", "owhalectl runs show ID tells what it used"},
    Habit{"", "start", kEnded},
    Habit{"", "restart", kEnded},
    Habit{"", "create", "owhalectl run -d CMD starts one and prints its id"},
    Habit{"", "cp", "the workspace is the same folder inside and outside: plain cp copies there"},
    Habit{"", "info", "owhalectl status"},
    Habit{"", "events", "owhalectl audit ls -f"},
    Habit{"", "pull", kNoImages},
    Habit{"", "build", kNoImages},
    Habit{"", "images", kNoImages},
    Habit{"", "image", kNoImages},
    Habit{"", "volume", kVolumes},
    Habit{"", "network", "owhalectl run --net says which network a run has"},
    Habit{"run", "--volume", kVolumes},
    Habit{"run", "--mount", kVolumes},
    Habit{"run", "--tmpfs", "/tmp, /dev/shm and the home are private and writable already"},
    Habit{"run", "--read-only", "--profile readonly"},
    Habit{"run", "--name", "a run is named by its id, which -d prints and owhalectl runs ls lists"},
    Habit{"run", "--message", "--description TEXT: your words for whoever is asked"},
    Habit{"", "watch", "owhalectl approvals watch"},
    Habit{"", "pending", "owhalectl approvals ls"},
    Habit{"", "cancel", "owhalectl approvals cancel ID"},
    Habit{"approvals", "list", "owhalectl approvals ls"},
    Habit{"audit", "list", "owhalectl audit ls"},
    Habit{"audit", "tail", "owhalectl audit ls -f"},
    Habit{"audit", "search", "owhalectl audit ls --grep TEXT"},
    Habit{"audit ls", "-n", "--limit N"},
    Habit{"audit export", "--event", kChosen},
    Habit{"audit export", "--verb", kChosen},
    Habit{"audit export", "--principal", kChosen},
    Habit{"audit ls", "-u", "--principal WHO, such as unix:1000"},
    Habit{"approvals", "grant", "owhalectl approve ID --times N, --for TIME or --like TEMPLATE"},
    Habit{"approve", "--all",
          "requests are approved one by one; b in owhalectl approvals watch takes like ones together"},
    Habit{"run", "-u", kUser},
    Habit{"run", "--user", kUser},
    Habit{"run", "-m", "--memory SIZE"},
    Habit{"run", "--pids-limit", "--pids N"},
    Habit{"run", "--network", "--net none|scoped|host"},
    Habit{"run", "-P", kPorts},
    Habit{"run", "--add-host", "names are resolved by owhaled; --allow-host HOST lets the run reach it"},
    Habit{"run", "--dns", "owhaled resolves for its runs: the setting dns in owhaled.conf"},
    Habit{"run", "--entrypoint", "the first word that is no option is the program"},
    Habit{"run", "--init", "leave it out: every run has an init that reaps"},
    Habit{"run", "--restart", kEnded},
    Habit{"run", "--pull", kNoImages},
    Habit{"run", "--platform", kNoImages},
    Habit{"run", "--privileged", kNoPrivilege},
    Habit{"run", "--cap-add", kNoPrivilege},
    Habit{"run", "--cap-drop", "leave it out: a run has no capabilities"},
    Habit{"run", "--device", kNoPrivilege},
    Habit{"run", "--security-opt", "owhalectl profiles ls lists the cages there are; --profile chooses one"},
    Habit{"exec", "-u", "it runs as the run's own user"},
    Habit{"exec", "--user", "it runs as the run's own user"},
    Habit{"exec", "-e", "owhalectl exec RUN -- env NAME=VALUE CMD"},
    Habit{"exec", "--env", "owhalectl exec RUN -- env NAME=VALUE CMD"},
    Habit{"exec", "-w", "owhalectl exec RUN -- env -C DIR CMD"},
    Habit{"exec", "--workdir", "owhalectl exec RUN -- env -C DIR CMD"},
    Habit{"exec", "-d", "owhalectl exec RUN -- sh -c 'CMD >/dev/null 2>&1 &'"},
    Habit{"exec", "--detach", "owhalectl exec RUN -- sh -c 'CMD >/dev/null 2>&1 &'"},
    Habit{"runs ls", "--filter", "--state STATE"},
    Habit{"runs ls", "-f", "--state STATE"},
    Habit{"runs ls", "-n", "--limit N"},
    Habit{"runs ls", "-l", "--limit 1"},
    Habit{"runs ls", "--no-trunc", "leave it out: ids are whole"},
};

} // namespace

std::optional<std::string_view> instead_of(std::string_view command, std::string_view word) {
    const auto known = command == "code" ? "run" : command;
    const auto* found =
        std::ranges::find_if(kHabits, [&](const Habit& habit) { return habit.command == known && habit.word == word; });
    if (found == kHabits.end()) return std::nullopt;
    return found->instead;
}

bool looks_like_volume(std::string_view word) {
    const auto colon = word.find(":/");
    return colon != std::string_view::npos && colon > 0 && word.find("://") == std::string_view::npos;
}

} // namespace owhale::cli
