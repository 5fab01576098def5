// A real ssh-agent with real keys, owhaled's agent in front of it, and a client that writes what it likes.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "../fake_gate.hpp"
#include "base/fd.hpp"
#include "egress/ssh/agent.hpp"
#include "folder.hpp"

namespace owhale::test {

// What a shell says; stderr too. Its exit code is put in `code`.
std::string shell(const std::string& command, int* code = nullptr);

Fd listen_at(const std::string& path);
Fd connect_to(const std::string& path);

// A client of an agent, at a socket's path.
class RawClient {
public:
    explicit RawClient(const std::string& path) : socket_(connect_to(path)) {}
    bool send(std::string_view bytes); // as they are
    // A whole message; the answer, "" when the other side ended the connection.
    std::string ask(std::string_view message);
    std::string read();

private:
    Fd socket_;
};

std::string text(std::string_view value); // a string as SSH writes it
std::string number(std::uint32_t value);

// The blob of a public key's file.
std::string blob_in(const std::string& file);
std::string fingerprint_in(const std::string& file);

class SshStage {
public:
    // Keys "id" (ed25519), "other" (ecdsa) and "old" (rsa) are in the agent; `only`: names of those that the run may use.
    explicit SshStage(const std::vector<std::string>& only = {}, bool asks = true,
                      std::shared_ptr<egress::ssh::KnownHosts> known = nullptr);
    ~SshStage();
    std::string file(const std::string& name) const { return folder / name; }
    std::string blob(const std::string& key) const { return blob_in(file(key + ".pub")); }
    std::string fingerprint(const std::string& key) const { return fingerprint_in(file(key + ".pub")); }
    std::string broker() const { return file("broker.sock"); }
    std::string real() const { return file("agent.sock"); }
    // A command that sees the broker as its agent.
    std::string run(const std::string& command, int* code = nullptr) const;
    // A signature by the real agent over anything: how a host proves itself in these tests.
    std::string really_signed(const std::string& key, const std::string& data, std::uint32_t flags = 0) const;
    std::string bind_message(const std::string& host, const std::string& session, bool forwarded = false) const;
    std::string sign_message(const std::string& key, const std::string& data) const;
    void end_real_agent();

    Folder folder;
    std::shared_ptr<FakeGate> gate = std::make_shared<FakeGate>();
    FakeAsking asking;

private:
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
    std::shared_ptr<egress::Side> agent_;
    std::thread thread_;
    pid_t real_ = 0;
};

std::string login(const std::string& session, const std::string& user, const std::string& key,
                  const std::string& host = {});
std::string message(const std::string& name_space);

} // namespace owhale::test
