// probe: tries one thing, or a list of things, and says whether it could.
//
//   probe --list            the table: name, control, inside, argument, config, errno, alone (tab-separated)
//   probe NAME [ARG]        one attempt: "NAME allowed|blocked|unclear ERRNO detail"; exit 0 could, 10 refused, 20 unclear
//   probe --batch FILE      one attempt for each line "NAME[<tab>ARG]" of FILE, each in a process of its own
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>

#include "probe.hpp"

namespace owhale::probe {
namespace {

constexpr int kCould = 0;
constexpr int kRefused = 10;
constexpr int kUnclear = 20;
constexpr unsigned kDeadlineSeconds = 10;

std::string name_of(int error) {
    if (error == 0) return "0";
    const char* name = strerrorname_np(error);
    return name != nullptr ? name : std::to_string(error);
}

std::string control_name(Control control) {
    switch (control) {
    case Control::user:
        return "user";
    case Control::root:
        return "root";
    case Control::own_init:
        return "own-init";
    case Control::ambient:
        return "ambient";
    case Control::terminal:
        return "terminal";
    }
    return "?";
}

void list() {
    for (const Probe& probe : all_probes()) {
        std::cout << probe.name << '\t' << control_name(probe.control) << '\t'
                  << (probe.inside == Inside::refused ? "refused" : "permitted") << '\t' << probe.argument << '\t'
                  << probe.config << '\t' << name_of(probe.inside_error) << '\t' << (probe.alone ? "alone" : "-")
                  << '\n';
    }
}

const Probe* find(const std::string& name) {
    for (const Probe& probe : all_probes()) {
        if (probe.name == name) return &probe;
    }
    return nullptr;
}

int print(const std::string& name, const Outcome& outcome) {
    static const char* const kWords[] = {"allowed", "blocked", "unclear"};
    static const int kCodes[] = {kCould, kRefused, kUnclear};
    const auto index = static_cast<std::size_t>(outcome.verdict);
    std::cout << name << ' ' << kWords[index] << ' ' << name_of(outcome.error) << ' ' << outcome.detail << std::endl;
    return kCodes[index];
}

int attempt(const Probe& probe, const std::string& argument) {
    if (probe.argument != "-" && argument.empty())
        return print(probe.name, unclear(0, "needs an argument: " + probe.argument));
    return print(probe.name, probe.attempt(argument));
}

// A filter may kill instead of answering, and an attempt may change its own process: so each has a process of its own.
int attempt_in_child(const Probe& probe, const std::string& argument) {
    std::cout.flush();
    const pid_t child = fork();
    if (child == -1) return print(probe.name, unclear(errno, "cannot fork"));
    if (child == 0) {
        alarm(kDeadlineSeconds);
        _exit(attempt(probe, argument));
    }
    int status = 0;
    while (waitpid(child, &status, 0) == -1 && errno == EINTR) {}
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (WTERMSIG(status) == SIGSYS) return print(probe.name, refused(0, "killed by SIGSYS"));
    return print(probe.name, unclear(0, std::string("killed by ") + strsignal(WTERMSIG(status))));
}

int attempt_by_name(const std::string& name, const std::string& argument) {
    const Probe* probe = find(name);
    if (probe != nullptr) return attempt_in_child(*probe, argument);
    return print(name, unclear(0, "no such probe; see probe --list"));
}

int batch(const char* path) {
    std::ifstream lines(path);
    if (!lines) {
        std::cerr << "probe: cannot open " << path << '\n';
        return kUnclear;
    }
    std::string line;
    while (std::getline(lines, line)) {
        const auto tab = line.find('\t');
        attempt_by_name(line.substr(0, tab), tab == std::string::npos ? "" : line.substr(tab + 1));
    }
    return kCould;
}

void note_inherited() {
    constexpr int kHighest = 4096;
    for (int descriptor = 3; descriptor < kHighest; ++descriptor) {
        if (fcntl(descriptor, F_GETFD) != -1) inherited_descriptors.push_back(descriptor);
    }
}

} // namespace

int run(int argc, char** argv) {
    note_inherited();
    const std::string first = argc > 1 ? argv[1] : "";
    if (first == "--list") {
        list();
        return kCould;
    }
    if (first == "--batch" && argc == 3) return batch(argv[2]);
    if (first.empty() || first.front() == '-') {
        std::cerr << "usage: probe --list | --batch FILE | NAME [ARG]\n";
        return kUnclear;
    }
    return attempt_by_name(first, argc > 2 ? argv[2] : "");
}

} // namespace owhale::probe

int main(int argc, char** argv) {
    return owhale::probe::run(argc, argv);
}
