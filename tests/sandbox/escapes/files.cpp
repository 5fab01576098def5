// The files that need privilege to open: those that were named at start, of the right owner and mode, and no others.
#include <array>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "stage.hpp"

namespace owhale::escapes {
namespace {

struct Reopened {
    wire::Reopened facts{};
    std::size_t fds = 0;
    bool answered = false;
};

Reopened reopen(Stage& stage) {
    stage.spawner().send(message<wire::Reopen>(wire::Type::reopen));
    const auto reply = stage.spawner().await({wire::Type::reopened}, 3000);
    if (!reply) return {};
    return {reply->as<wire::Reopened>(), reply->fds.size(), true};
}

void write_file(const std::string& path, mode_t mode) {
    std::ofstream(path) << "content\n";
    chmod(path.c_str(), mode);
}

void named_files(const Place& place) {
    const auto cert = place.folder + "/cert.pem", key = place.folder + "/key.pem";
    write_file(cert, 0644);
    write_file(key, 0600);
    Stage stage(place, "", {"--file=tls-cert:" + cert, "--file=tls-key:" + key});
    auto said = reopen(stage);
    check("control: certificate and key are opened", said.facts.have == 3 && said.fds == 2);
    for (const mode_t mode : {0644u, 0640u | (getgid() == 0 ? 04u : 0u), 0602u, 0620u}) {
        chmod(key.c_str(), mode);
        said = reopen(stage);
        check("a key of mode " + std::to_string(mode & 0777), said.facts.have == 1 && said.facts.err[1] == EPERM,
              std::to_string(said.facts.err[1]));
    }
    chmod(key.c_str(), 0600);
    chmod(cert.c_str(), 0666);
    said = reopen(stage);
    check("a certificate that all can write", said.facts.have == 2 && said.facts.err[0] == EPERM && said.fds == 1);
    chmod(cert.c_str(), 0644);
    unlink(key.c_str());
    check("a key that is gone", reopen(stage).facts.err[1] == ENOENT);
    if (symlink(cert.c_str(), key.c_str()) == 0) check("a link for a key", reopen(stage).facts.err[1] == ELOOP);
    unlink(key.c_str());
    mkfifo(key.c_str(), 0600);
    said = reopen(stage);
    check("a fifo for a key holds nobody up", said.answered && said.facts.err[1] == EPERM);
    unlink(key.c_str());
    mkdir(key.c_str(), 0700);
    check("a folder for a key", reopen(stage).facts.err[1] == EPERM);
    rmdir(key.c_str());
    if (place.rootless) return;
    write_file(key, 0600);
    if (chown(key.c_str(), kCaller, kCaller) != 0 || chmod(key.c_str(), 0644) != 0) return;
    said = reopen(stage);
    check("another's key", said.facts.have == 1 && said.facts.err[1] == EPERM, std::to_string(said.facts.err[1]));
}

void no_files(const Place& place) {
    Stage stage(place);
    const auto said = reopen(stage);
    check("reopen without a file named", said.answered && said.facts.have == 0 && said.fds == 0);
    stage.spawner().send(message<wire::Reopen>(wire::Type::reopen), {0});
    check("reopen with a descriptor ends the spawner", stage.spawner().ended());
}

} // namespace

void play_files(const Place& place) {
    named_files(place);
    no_files(place);
}

} // namespace owhale::escapes
