// owhalectl secrets import: the values of a .env file, each as a secret of its own.
#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/commands/secrets.hpp"
#include "cli/dotenv.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/prompt.hpp"
#include "cli/step_up.hpp"
#include "cli/whole_files.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostFile = 1u << 20;

struct Arguments {
    std::string file;
    bool yes = false, replace = false, password_stdin = false;
};

Result<Secret> read_env_file(const std::string& path) {
    guard_secrets();
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return cannot_open(path, "name a .env file that is there and that you can read: NAME=value, a line each");
    std::string text(kMostFile + 1, '\0');
    std::size_t size = 0;
    for (ssize_t n = 1; n > 0 && size < text.size(); size += static_cast<std::size_t>(n > 0 ? n : 0)) {
        n = ::read(fd.get(), text.data() + size, text.size() - size);
        if (n < 0) return fail_errno(path);
    }
    if (size > kMostFile) return fail(Code::bad_request, path + " is over 1 MiB", "it is no .env file, then");
    text.resize(size);
    return Secret(std::move(text));
}

struct Planned {
    const DotenvEntry* entry;
    api::SecretRequest request;
    bool there = false, skipped = false;
};

Result<std::vector<Planned>> plan(Context& context, const std::vector<DotenvEntry>& entries, bool replace) {
    std::vector<std::string> known;
    const auto body = TRY(context.ask({.verb = "secrets.list"}));
    const auto list = TRY(read_secrets(body));
    for (const auto& secret : list.secrets) known.push_back(secret.name);
    std::vector<Planned> out;
    for (const auto& entry : entries) {
        Planned one{&entry, {}, std::ranges::find(known, entry.name) != known.end(), false};
        one.skipped = entry.value.empty() || (one.there && !replace);
        one.request = TRY(request_of(entry.name, {}, !one.there));
        if (one.there) one.request.replace = true;
        out.push_back(std::move(one));
    }
    return out;
}

std::string line_of(const Planned& one) {
    const auto& name = one.entry->name;
    if (one.entry->value.empty()) return name + ": empty, left out";
    if (one.there) return name + (one.skipped ? ": there already, left as it is (--replace)" : ": gets a new value");
    return described(name, one.request);
}

Result<bool> agreed(const std::vector<Planned>& all, const Arguments& arguments) {
    for (const auto& one : all) note(line_of(one));
    if (arguments.yes) return true;
    if (!can_ask())
        return fail(Code::bad_request, "there is no terminal to ask on", "look at the lines above, then add -y");
    const auto answer = TRY(ask_line("Store these? yes or no: "));
    return answer == "yes" || answer == "y";
}

Status store(Context& context, const Planned& one) {
    auto request = one.request;
    put_value(one.entry->value, request.value, request.value_base64);
    Call call{.verb = "secrets.set", .id = one.entry->name, .body = write(request), .act = "store these secrets"};
    for (auto* text : {&request.value, &request.value_base64})
        if (*text) wipe(**text);
    TRY(context.ask(std::move(call)));
    return print(one.entry->name + "\n");
}

Result<int> import(Context& context, const Arguments& arguments) {
    CHECK(prove_from_stdin(context, arguments.password_stdin));
    const auto text = TRY(read_env_file(arguments.file));
    const auto entries = TRY(parse_dotenv(text.text()));
    const auto all = TRY(plan(context, entries, arguments.replace));
    CHECK(has_account(context.client()));
    if (all.empty()) return fail(Code::bad_request, arguments.file + " names nothing", "a line is NAME=value");
    if (!TRY(agreed(all, arguments))) {
        note("nothing was stored");
        return kFailed;
    }
    context.ask_password_once();
    for (const auto& one : all)
        if (!one.skipped) CHECK(store(context, one));
    note(escaped(arguments.file) + " is still there, and holds the values: shred -u " + escaped(arguments.file) +
         " (and see that no backup and no git history has it)");
    return kOk;
}

} // namespace

void declare_secrets_import(Command secrets) {
    auto command = secrets.sub("import", "Store what a .env file holds; it says first what would happen, and asks");
    auto arguments = std::make_shared<Arguments>();
    command.positional("FILE", arguments->file, "NAME=value, a line each", Kind::file);
    command.flag("-y,--yes", arguments->yes, "do not ask");
    command.flag("--replace", arguments->replace, "those that are there get the file's values");
    declare_proof(command, arguments->password_stdin);
    command.handler([arguments](Context& context) { return import(context, *arguments); });
}

} // namespace owhale::cli
