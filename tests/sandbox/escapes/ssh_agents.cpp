// The requester's ssh agent: what a broker gets by naming a socket, and the listener in the cage that it serves by it.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scoped.hpp"

namespace owhale::escapes {
namespace {

// A process with these ids that listens at a path: what it does with a connection.
class Listener {
public:
    Listener(const std::string& path, uid_t uid, const std::function<void(int)>& serve) {
        unlink(path.c_str());
        int ready[2];
        if (pipe2(ready, O_CLOEXEC) != 0) return;
        pid_ = fork();
        if (pid_ == 0) {
            if (getuid() == 0 && (setgid(uid) != 0 || setuid(uid) != 0)) _exit(1);
            const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
            sockaddr_un name{};
            name.sun_family = AF_UNIX;
            std::snprintf(name.sun_path, sizeof name.sun_path, "%s", path.c_str());
            if (bind(listener, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 || listen(listener, 4) != 0)
                _exit(1);
            chmod(path.c_str(), 0666);
            close(ready[1]);
            for (;;) serve(accept(listener, nullptr, nullptr));
        }
        close(ready[1]);
        char byte = 0;
        [[maybe_unused]] const auto n = read(ready[0], &byte, 1); // end of file: it listens
        close(ready[0]);
    }
    ~Listener() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

private:
    pid_t pid_ = -1;
};

// An agent without keys, as draft-ietf-sshm-ssh-agent has it.
void be_agent(int client) {
    std::array<char, 64> request;
    constexpr std::array<char, 9> kNone = {0, 0, 0, 5, 12, 0, 0, 0, 0};
    while (read(client, request.data(), request.size()) > 0)
        if (write(client, kNone.data(), kNone.size()) != ssize_t{9}) break;
}

struct Asked {
    std::optional<wire::Resolved> facts;
    Fd agent;
};

Asked ask(Stage& stage, const std::string& path) {
    static std::uint64_t number = 1'000'000;
    auto question = message<wire::Resolve>(wire::Type::resolve);
    question.resolution = ++number;
    question.connection = stage.connect();
    question.flags = wire::kResolveWorkspace | wire::kResolveSshAgent;
    const auto& folder = stage.workspace();
    const auto blob = wire::write_blob({{folder, folder, "", "", "", "", path}, {}});
    stage.spawner().send(question, {blob->get()});
    auto reply = stage.spawner().await({wire::Type::resolved});
    if (!reply) return {};
    Asked asked{reply->as<wire::Resolved>(), {}};
    if (asked.facts->ssh_agent == 0 && reply->fds.size() == 2) asked.agent = std::move(reply->fds.back());
    return asked;
}

std::string text(const Asked& asked) {
    return asked.facts ? std::to_string(asked.facts->err) + " " + std::to_string(asked.facts->ssh_agent) : "no answer";
}

void what_is_an_agent(const Place& place) {
    Stage stage(place);
    const auto path = stage.workspace() + "/agent";
    {
        const Listener agent(path, stage.caller(), be_agent);
        auto asked = ask(stage, path);
        check("the requester's own agent is connected to", asked.facts && asked.agent, text(asked));
        std::array<char, 9> answer{};
        const char request[] = {0, 0, 0, 1, 11};
        pollfd entry{asked.agent.get(), POLLIN, 0};
        check("and speaks to whoever got it",
              write(asked.agent.get(), request, sizeof request) == sizeof request && poll(&entry, 1, 2000) == 1 &&
                  read(asked.agent.get(), answer.data(), answer.size()) == ssize_t{9} && answer[4] == 12);
        asked.agent.reset(); // it serves one at a time
        const auto link = stage.workspace() + "/link";
        unlink(link.c_str());
        check("a link leads to it", symlink(path.c_str(), link.c_str()) == 0 && ask(stage, link).agent);
    }
    check("one that has gone", ask(stage, path).facts->ssh_agent == ECONNREFUSED);
    check("one that never was", ask(stage, path + "-none").facts->ssh_agent == ENOENT);
    check("a folder", ask(stage, stage.workspace()).facts->ssh_agent == ENOTSOCK);
    check("a device", ask(stage, "/dev/null").facts->ssh_agent == ENOTSOCK);
    if (!place.rootless) {
        const auto others = place.folder + "/others";
        mkdir(others.c_str(), 0777);
        chmod(others.c_str(), 0777);
        const Listener agent(others + "/agent", kOther, be_agent);
        check("another's agent", ask(stage, others + "/agent").facts->ssh_agent == EPERM);
        const Listener roots(others + "/roots", 0, be_agent);
        check("root's agent", ask(stage, others + "/roots").facts->ssh_agent == EPERM);
    }
    check("a resolve goes on without it", ask(stage, path + "-none").facts->err == 0);
}

// A user's message bus, a container engine, a terminal multiplexer: a way out of every cage, for a broker that is somebody's.
void what_is_none(const Place& place) {
    Stage stage(place);
    const auto path = stage.workspace() + "/bus";
    struct Row {
        const char* name;
        std::function<void(int)> serve;
        int err;
    };
    static const auto say = [](int client, const void* bytes, std::size_t size) {
        [[maybe_unused]] const auto n = write(client, bytes, size);
    };
    const Row rows[] = {
        {"who says nothing", [](int) {}, ETIMEDOUT},
        {"who hangs up", [](int client) { close(client); }, 0},
        {"who speaks HTTP", [](int client) { say(client, "HTTP/1.1 400 Bad Request\r\n\r\n", 28); }, EPROTO},
        {"who answers a failure", [](int client) { say(client, "\0\0\0\1\5", 5); }, EPROTO},
        {"who promises four gigabytes", [](int client) { say(client, "\377\377\377\377\14", 5); }, EPROTO},
        {"who promises more than comes", [](int client) { say(client, "\0\0\1\0\14", 5); }, ETIMEDOUT},
    };
    for (const auto& row : rows) {
        const Listener listener(path, stage.caller(), row.serve);
        const auto asked = ask(stage, path);
        const bool refused = asked.facts && !asked.agent && asked.facts->ssh_agent != 0;
        check(std::string("not an agent: ") + row.name, refused && (row.err == 0 || asked.facts->ssh_agent == row.err),
              text(asked));
    }
}

void malformed(const Place& place) {
    for (const char* path : {"", "relative", "-1"}) {
        Stage stage(place);
        ask(stage, path);
        check(std::string("the path '") + path + "' is the end", stage.spawner().ended());
    }
    Stage stage(place);
    auto question = message<wire::Resolve>(wire::Type::resolve);
    question.resolution = 5;
    question.connection = stage.connect();
    question.flags = wire::kResolveSshAgent;
    const auto blob = wire::write_blob({{stage.workspace(), "", "", "", "", ""}, {}});
    stage.spawner().send(question, {blob->get()});
    check("no path at all is the end", stage.spawner().ended());
}

void the_listener_in_the_cage(const Place& place) {
    for (const std::uint32_t more : {0u, static_cast<std::uint32_t>(wire::kRunDaemon),
                                     static_cast<std::uint32_t>(wire::kRunNetScoped | wire::kRunDaemon)}) {
        Stage stage(place);
        auto draft = scoped_draft(stage, R"(
s = socket.socket(socket.AF_UNIX); s.connect('/run/owhaled/ssh-agent.sock'); s.send(b'sign'); say('says ' + s.recv(9).decode())
attempt('take its place', lambda: os.unlink('/run/owhaled/ssh-agent.sock'))
attempt('beside it', lambda: socket.socket(socket.AF_UNIX).bind('/run/owhaled/other'))
attempt('owhaled', lambda: socket.socket(socket.AF_UNIX).connect('/run/owhaled/owhaled.sock'))
say('end')
)");
        std::snprintf(draft.run.filter, sizeof draft.run.filter, "build");
        draft.run.flags = wire::kRunSshAgent | more;
        const auto scoped = start(stage, draft);
        const auto at = scoped.pieces.find(wire::Piece::ssh_agent);
        check("a run has an agent's listener", at != scoped.pieces.end(), scoped.answer.text());
        check("and of the network what it asked for",
              scoped.pieces.size() == ((more & wire::kRunNetScoped) != 0 ? 8 : 1));
        if (at == scoped.pieces.end() || !readable(at->second.get())) continue;
        const Fd client(accept4(at->second.get(), nullptr, nullptr, SOCK_CLOEXEC));
        check("what connects there is here", write(client.get(), "signed", 6) == 6);
        wait_for(stage, "end");
        const auto text = said(stage);
        check("and is answered", text.find("says signed\n") != std::string::npos, text);
        check("nothing takes its place", text.find("take its place: EROFS\n") != std::string::npos, text);
        check("or comes beside it", text.find("beside it: done") == std::string::npos, text);
        const auto* other = (more & wire::kRunDaemon) != 0 ? "owhaled: done\n" : "owhaled: ENOENT\n";
        check("owhaled's own is there if asked for", text.find(other) != std::string::npos, text);
    }
}

} // namespace

void play_ssh_agents(const Place& place) {
    what_is_an_agent(place);
    what_is_none(place);
    malformed(place);
    the_listener_in_the_cage(place);
}

} // namespace owhale::escapes
