// owhalectl secrets rekey: a new key of the vault. With --file the master key's file too, which owhaled itself cannot write:
// we do, as its owner. The new key is on disk as FILE.new before owhaled takes it, and gets its name after; what a kill -9
// leaves is finished by calling it once more.
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/commands/secrets.hpp"
#include "cli/escape.hpp"
#include "cli/events.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/prompt.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kKeyBytes = 32;

struct Arguments {
    std::string file;
    bool passphrase = false, accept = false, password_stdin = false;
};

// What a former call left, or a new one.
Result<Secret> key_of(const std::string& path) {
    guard_secrets();
    std::string key(kKeyBytes, '\0');
    const Fd old(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (old) {
        if (::read(old.get(), key.data(), key.size()) == static_cast<ssize_t>(kKeyBytes)) return Secret(std::move(key));
        ::unlink(path.c_str()); // cut off while it was written: no vault knows it
    } else if (errno != ENOENT) {
        return fail_errno(path);
    }
    if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(kKeyBytes)) return fail_errno("getrandom");
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd || ::write(fd.get(), key.data(), key.size()) != static_cast<ssize_t>(kKeyBytes) || ::fsync(fd.get()) != 0)
        return fail_errno(path);
    return Secret(std::move(key));
}

Status sync_folder(const std::string& path) {
    const auto folder = std::filesystem::absolute(path).parent_path().string();
    const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return fail_errno(folder);
    return {};
}

// The file has to be the one that owhaled reads, or the vault would open no more after its next start.
Status check_file(Context& context, const std::string& path) {
    const auto body = TRY(context.ask({.verb = "config.show"}));
    const auto settings = TRY(read_config(body)).settings;
    for (const auto& row : settings) {
        if (row.key != "vault-key-file") continue;
        std::error_code error;
        if (row.value == path || std::filesystem::equivalent(row.value, path, error)) return {};
        return fail(Code::bad_request, "owhaled's key is in another file: " + row.value, "name that one");
    }
    return fail(Code::unsupported, "owhaled does not say where its key is");
}

Result<int> told(Context& context, const std::string& body) {
    if (TRY(context.printed_json(body))) return kOk;
    const auto done = TRY(read_rekeyed(body));
    CHECK(print("the vault has a new key (" + done.key + "); secrets sealed anew: " + std::to_string(done.secrets) +
                "\n"));
    return kOk;
}

Call call_of(const api::SecretValue& request, bool accept) {
    Call call{.verb = "secrets.rekey", .body = write(request), .act = "give the vault a new key"};
    if (accept) call.query.emplace_back("accept", "1");
    return call;
}

Result<int> rekey_file(Context& context, const Arguments& arguments) {
    CHECK(check_file(context, arguments.file));
    const auto fresh = arguments.file + ".new";
    const auto key = TRY(key_of(fresh));
    CHECK(sync_folder(fresh));
    api::SecretValue request;
    request.value_base64 = base64(key.text());
    const auto body = TRY(context.ask(call_of(request, arguments.accept)));
    wipe(*request.value_base64);
    if (::rename(fresh.c_str(), arguments.file.c_str()) != 0) return fail_errno(arguments.file);
    CHECK(sync_folder(arguments.file));
    return told(context, body);
}

Result<Secret> ask_passphrase() {
    const auto first = TRY(ask_secret("The vault's new passphrase: "));
    auto second = TRY(ask_secret("The same again: "));
    if (first.empty() || first.text() != second.text())
        return fail(Code::bad_request, "the two differ, or are empty", "try again");
    return second;
}

Result<int> rekey(Context& context, const Arguments& arguments) {
    CHECK(prove_from_stdin(context, arguments.password_stdin));
    if (!arguments.file.empty()) return rekey_file(context, arguments);
    api::SecretValue request;
    if (arguments.passphrase) {
        const auto fresh = TRY(ask_passphrase());
        request.value = fresh.text();
    }
    auto call = call_of(request, arguments.accept);
    if (request.value) wipe(*request.value);
    const auto body = TRY(context.ask(std::move(call)));
    return told(context, body);
}

} // namespace

void declare_secrets_rekey(Command secrets) {
    auto command = secrets.sub("rekey", "Give the vault a new key, and seal all secrets anew");
    auto arguments = std::make_shared<Arguments>();
    command.option("--file", arguments->file, "FILE", "a new master key too, in owhaled's vault-key-file: as its owner",
                   Kind::file);
    command.flag("--passphrase", arguments->passphrase, "a new passphrase, which is asked for");
    command.flag("--accept", arguments->accept,
                 "of a vault that was damaged or put back from a backup: go on with what is whole");
    declare_proof(command, arguments->password_stdin);
    command.handler([arguments](Context& context) { return rekey(context, *arguments); });
}

} // namespace owhale::cli
