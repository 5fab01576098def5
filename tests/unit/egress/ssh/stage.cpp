#include "stage.hpp"

#include <array>
#include <boost/asio/post.hpp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <future>
#include <sodium.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "checks.hpp"

namespace owhale::test {

std::string shell(const std::string& command, int* code) {
    FILE* pipe = ::popen(("{ " + command + "\n} 2>&1 </dev/null").c_str(), "re");
    REQUIRE(pipe != nullptr);
    std::string out;
    std::array<char, 4096> part{};
    for (std::size_t n = 0; (n = ::fread(part.data(), 1, part.size(), pipe)) > 0;) out.append(part.data(), n);
    const int status = ::pclose(pipe);
    if (code != nullptr) *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return out;
}

namespace {
sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    return address;
}
} // namespace

Fd listen_at(const std::string& path) {
    Fd out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = address_of(path);
    REQUIRE_EQ(::bind(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    REQUIRE_EQ(::listen(out.get(), 128), 0);
    return out;
}

Fd connect_to(const std::string& path) {
    Fd out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = address_of(path);
    REQUIRE_EQ(::connect(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const timeval patience{10, 0};
    ::setsockopt(out.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return out;
}

std::string number(std::uint32_t value) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
    return out;
}

std::string text(std::string_view value) {
    return number(static_cast<std::uint32_t>(value.size())) + std::string(value);
}

bool RawClient::send(std::string_view bytes) {
    return ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

std::string RawClient::read() {
    std::array<unsigned char, 4> head{};
    if (::recv(socket_.get(), head.data(), 4, MSG_WAITALL) != 4) return {};
    std::string out(static_cast<std::size_t>(head[0]) << 24 | static_cast<std::size_t>(head[1]) << 16 |
                        static_cast<std::size_t>(head[2]) << 8 | head[3],
                    '\0');
    const auto got = ::recv(socket_.get(), out.data(), out.size(), MSG_WAITALL);
    return got == static_cast<ssize_t>(out.size()) ? out : std::string();
}

std::string RawClient::ask(std::string_view said) {
    send(text(said));
    return read();
}

std::string blob_in(const std::string& file) {
    std::ifstream in(file);
    std::string type, base64;
    in >> type >> base64;
    std::string out(base64.size(), '\0');
    std::size_t size = 0;
    REQUIRE_EQ(sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), base64.data(), base64.size(),
                                 nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL),
               0);
    out.resize(size);
    return out;
}

std::string fingerprint_in(const std::string& file) {
    std::istringstream line(shell("ssh-keygen -lf " + file));
    std::string bits, fingerprint;
    line >> bits >> fingerprint;
    return fingerprint;
}

SshStage::SshStage(const std::vector<std::string>& only, bool asks, std::shared_ptr<egress::ssh::KnownHosts> known) {
    REQUIRE(sodium_init() >= 0);
    const auto& at = folder.path();
    shell("cd " + at +
          " && ssh-keygen -q -t ed25519 -N '' -C id -f id && ssh-keygen -q -t ecdsa -N '' -C other -f other" +
          " && ssh-keygen -q -t rsa -b 2048 -N '' -C old -f old");
    real_ = ::fork();
    if (real_ == 0) {
        ::dup2(::open("/dev/null", O_RDWR | O_CLOEXEC), STDOUT_FILENO); // it prints how to reach it
        ::execlp("ssh-agent", "ssh-agent", "-D", "-a", real().c_str(), nullptr);
        ::_exit(127);
    }
    const auto added = shell("cd " + at + "; for i in $(seq 100); do test -S agent.sock && break; sleep 0.05; done;" +
                             " SSH_AUTH_SOCK=" + real() + " ssh-add id other old");
    REQUIRE_MESSAGE(added.find("Identity added") != std::string::npos, added);
    gate->run_.number = 1;
    gate->run_.id = "run";
    gate->run_.principal = "unix:1000";
    gate->run_.scope.asks = asks;
    for (const auto& key : only) gate->run_.ssh_keys.push_back(fingerprint(key));
    gate->run_.ssh_agent = std::make_shared<Fd>(connect_to(real()));
    auto agent = egress::ssh::serve_agent({io_.get_executor(), gate, &asking, nullptr, known, {}}, listen_at(broker()));
    REQUIRE(agent.has_value());
    agent_ = *std::move(agent);
    thread_ = std::thread([this] { io_.run(); });
}

SshStage::~SshStage() {
    boost::asio::post(io_, [this] {
        agent_->stop();
        agent_.reset();
        work_.reset();
    });
    thread_.join();
    end_real_agent();
}

void SshStage::end_real_agent() {
    if (real_ <= 0) return;
    ::kill(real_, SIGTERM);
    ::waitpid(real_, nullptr, 0);
    real_ = 0;
}

std::string SshStage::run(const std::string& command, int* code) const {
    return shell("cd " + folder.path() + " && export SSH_AUTH_SOCK=" + broker() + " HOME=" + folder.path() + "; " +
                     command,
                 code);
}

std::string SshStage::really_signed(const std::string& key, const std::string& data, std::uint32_t flags) const {
    RawClient client(real());
    const auto answer = client.ask("\x0d" + text(blob(key)) + text(data) + number(flags));
    REQUIRE_EQ(answer.substr(0, 1), "\x0e");
    return answer.substr(5);
}

std::string SshStage::bind_message(const std::string& host, const std::string& session, bool forwarded) const {
    return "\x1b" + text("session-bind@openssh.com") + text(blob(host)) + text(session) +
           text(really_signed(host, session, host == "old" ? 2 : 0)) + std::string(1, forwarded ? '\1' : '\0');
}

std::string SshStage::sign_message(const std::string& key, const std::string& data) const {
    return "\x0d" + text(blob(key)) + text(data) + number(0);
}

std::string login(const std::string& session, const std::string& user, const std::string& key,
                  const std::string& host) {
    const std::string method = host.empty() ? "publickey" : "publickey-hostbound-v00@openssh.com";
    const auto type = key.substr(4, static_cast<std::size_t>(static_cast<unsigned char>(key[3])));
    return text(session) + "\x32" + text(user) + text("ssh-connection") + text(method) + "\1" + text(type) + text(key) +
           (host.empty() ? std::string() : text(host));
}

std::string message(const std::string& name_space) {
    return "SSHSIG" + text(name_space) + text("") + text("sha512") + text(std::string(64, 'd'));
}

} // namespace owhale::test
