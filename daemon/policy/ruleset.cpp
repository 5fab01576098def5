#include "policy/ruleset.hpp"

#include <algorithm>

#include "base/sha256.hpp"
#include "policy/examples.hpp"
#include "policy/freeze.hpp"
#include "policy/names.hpp"

namespace owhale::policy {
namespace {

class Loader {
public:
    explicit Loader(Verify verify) : verify_(verify) {}

    Result<std::shared_ptr<const Ruleset>> load(const std::vector<Source>& sources) {
        if (sources.size() > kMaxRuleFiles)
            return wrong_at(sources[kMaxRuleFiles].name, 1, 1, "more than 256 files of rules");
        for (const auto& source : sources) {
            if (source.frozen.empty())
                CHECK(read(source));
            else
                CHECK(take_frozen(source));
        }
        if (!files_.empty()) note_ids();
        for (auto& file : files_) CHECK(take(file));
        for (const auto& file : files_) CHECK(check_overrides(file, ids_));
        rules_->version = sha256_text(versions_);
        rules_->index = std::make_shared<Index>(rules_->rules, rules_->sets);
        CHECK(verify());
        return std::shared_ptr<const Ruleset>(std::move(rules_));
    }

private:
    Status read(const Source& source) {
        files_.push_back(TRY(read_rules(source)));
        CHECK(add_sets(rules_->sets, files_.back()));
        versions_ += source.name + "\n" + sha256_text(source.text) + "\n";
        return {};
    }

    Status take_frozen(const Source& source) {
        auto thawed = TRY(thaw(source.frozen, source.examples || verify_ == Verify::all));
        rules_->sets.merge(std::move(thawed.sets));
        if (rules_->rules.empty())
            rules_->rules = std::move(thawed.rules);
        else
            std::ranges::move(thawed.rules, std::back_inserter(rules_->rules));
        versions_ += source.name + "\n" + thawed.version + "\n";
        return {};
    }

    // Of the frozen ones, whose own were compared when they were frozen.
    void note_ids() {
        for (const auto& rule : rules_->rules) ids_.emplace(rule.id, rule.file + ":" + std::to_string(rule.line));
    }

    Status take(RuleFile& file) {
        CHECK(check_names(file, rules_->sets, ids_));
        for (auto& draft : file.rules) {
            if (rules_->rules.size() >= kMaxRules)
                return wrong_at(file.name, draft.rule.line, draft.column, "more than 5,000 rules");
            resolve_ceiling(draft.rule.ceiling);
            rules_->rules.push_back(std::move(draft.rule));
        }
        return {};
    }

    void resolve_ceiling(Ceiling& ceiling) const {
        std::vector<std::string> hosts;
        for (const auto& host : ceiling.hosts)
            for (auto& member : members_of(rules_->sets, host)) hosts.push_back(std::move(member));
        ceiling.hosts = std::move(hosts);
    }

    Status verify() const {
        std::map<std::string_view, std::size_t> commands; // by file
        for (std::size_t i = 0; i < rules_->rules.size(); ++i) {
            const bool wanted =
                verify_ == Verify::all || (verify_ == Verify::added && rules_->rules[i].origin != Origin::shipped);
            if (wanted)
                CHECK(verify_examples(*rules_->index, static_cast<std::uint32_t>(i), commands[rules_->rules[i].file]));
        }
        return {};
    }

    Verify verify_;
    std::shared_ptr<Ruleset> rules_ = std::make_shared<Ruleset>();
    std::vector<RuleFile> files_;
    std::map<std::string, std::string> ids_;
    std::string versions_;
};

} // namespace

Result<std::shared_ptr<const Ruleset>> load_rules(const std::vector<Source>& sources, Verify verify) {
    auto rules = Loader(verify).load(sources);
    if (!rules) return std::unexpected(with_next(std::move(rules.error())));
    return rules;
}

} // namespace owhale::policy
