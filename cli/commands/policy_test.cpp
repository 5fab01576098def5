// owhalectl policy test: whether the examples of rules hold.
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/policy_options.hpp"
#include "policy/examples.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    PolicyOptions options;
    std::vector<std::string> files;
    bool alone = false;
};

struct Count {
    std::size_t rules = 0, examples = 0, failed = 0;
};

struct Failure {
    std::string place, rule, example, what;
    bool must_match = true;
};

class Tested {
public:
    explicit Tested(const policy::Index& index) : index_(index) {}

    void rule(std::uint32_t number) {
        const auto& rule = *index_.rules()[number].rule;
        auto& count = counts_[rule.file];
        ++count.rules;
        for (const bool must : {true, false})
            for (const auto& example : must ? rule.match : rule.no_match) {
                ++count.examples;
                auto what = policy::example_failure(index_, number, example, must);
                if (what.empty()) continue;
                ++count.failed;
                failures_.push_back(
                    {rule.file + ":" + std::to_string(example.line), rule.id, example.command, std::move(what), must});
            }
    }

    const std::map<std::string, Count>& counts() const { return counts_; }
    const std::vector<Failure>& failures() const { return failures_; }

private:
    const policy::Index& index_;
    std::map<std::string, Count> counts_;
    std::vector<Failure> failures_;
};

std::string text_of(const Look& look, const Tested& tested) {
    std::string out;
    for (const auto& failure : tested.failures())
        out += escaped(failure.place) + ": " + toned(look, Tone::bad, failure.rule) +
               (failure.must_match ? " must match `" : " must not match `") + escaped(failure.example) +
               "`: " + escaped(failure.what) + "\n";
    Count all;
    Table table({"FILE", "RULES", "EXAMPLES", "FAILED"}, 0);
    for (const auto& [file, count] : tested.counts()) {
        table.row({{file},
                   {std::to_string(count.rules)},
                   {std::to_string(count.examples)},
                   {std::to_string(count.failed), count.failed > 0 ? Tone::bad : Tone::good}});
        all.rules += count.rules, all.examples += count.examples, all.failed += count.failed;
    }
    return out + (out.empty() ? "" : "\n") + table.text(look) + std::to_string(all.rules) + " rules, " +
           std::to_string(all.examples) + " examples, " + std::to_string(all.failed) + " failed\n";
}

std::string json_of(const Tested& tested) {
    boost::json::array failures;
    std::size_t examples = 0;
    for (const auto& failure : tested.failures())
        failures.push_back({{"file", failure.place},
                            {"rule", failure.rule},
                            {"example", failure.example},
                            {"must_match", failure.must_match},
                            {"what", failure.what}});
    for (const auto& [file, count] : tested.counts()) examples += count.examples;
    return boost::json::serialize(boost::json::object{{"examples", examples}, {"failures", std::move(failures)}});
}

// The shipped rules, and with files named these alone; they may name shipped sets and rules.
Result<int> test(Context& context, const Arguments& arguments) {
    auto sources = arguments.alone ? std::vector<policy::Source>() : policy::shipped_sources();
    for (const auto& file : arguments.files)
        for (auto& source : TRY(read_sources(file, file.ends_with(".owhaled.toml") ? policy::Origin::project
                                                                                   : policy::Origin::system)))
            sources.push_back(std::move(source));
    if (arguments.files.empty()) {
        const auto facts = TRY(facts_of(arguments.options));
        sources = TRY(all_sources({arguments.options.rules, facts.workspace, true}));
    }
    const auto rules = TRY(policy::load_rules(sources, policy::Verify::none));
    Tested tested(*rules->index);
    for (std::uint32_t i = 0; i < rules->rules.size(); ++i)
        if (arguments.files.empty() || rules->rules[i].origin != policy::Origin::shipped) tested.rule(i);
    const auto& look = context.look();
    CHECK(print(look.format == Format::table ? text_of(look, tested) : json_text(look, json_of(tested), "failures")));
    return tested.failures().empty() ? kOk : kFailed;
}

} // namespace

void declare_policy_test(Command policy) {
    auto command = policy.sub("test", "Check the examples of files of rules; of all rules in force when none is named");
    auto arguments = std::make_shared<Arguments>();
    declare(command, arguments->options);
    command.flag("--alone", arguments->alone, "the files are all the rules: leave the shipped ones out");
    command.positionals("FILE", arguments->files, "files or folders of rules", Kind::file, false);
    command.handler([arguments](Context& context) { return test(context, *arguments); });
}

} // namespace owhale::cli
