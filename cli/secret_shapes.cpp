#include "cli/secret_shapes.hpp"

#include <array>

namespace owhale::cli {
namespace {

constexpr std::string_view kBearer = "Bearer ", kNone;

constexpr std::array kShapes = std::to_array<SecretShape>({
    {"OPENAI_API_KEY", "api.openai.com", "authorization", kBearer, "OPENAI_BASE_URL"},
    {"ANTHROPIC_API_KEY", "api.anthropic.com", "x-api-key", kNone, "ANTHROPIC_BASE_URL"},
    {"ANTHROPIC_AUTH_TOKEN", "api.anthropic.com", "authorization", kBearer, "ANTHROPIC_BASE_URL"},
    {"GEMINI_API_KEY", "generativelanguage.googleapis.com", "x-goog-api-key", kNone, kNone},
    {"GOOGLE_API_KEY", "generativelanguage.googleapis.com", "x-goog-api-key", kNone, kNone},
    {"MISTRAL_API_KEY", "api.mistral.ai", "authorization", kBearer, kNone},
    {"GROQ_API_KEY", "api.groq.com", "authorization", kBearer, "GROQ_BASE_URL"},
    {"DEEPSEEK_API_KEY", "api.deepseek.com", "authorization", kBearer, kNone},
    {"XAI_API_KEY", "api.x.ai", "authorization", kBearer, kNone},
    {"COHERE_API_KEY", "api.cohere.com", "authorization", kBearer, kNone},
    {"CO_API_KEY", "api.cohere.com", "authorization", kBearer, kNone},
    {"OPENROUTER_API_KEY", "openrouter.ai", "authorization", kBearer, kNone},
    {"TOGETHER_API_KEY", "api.together.xyz", "authorization", kBearer, kNone},
    {"FIREWORKS_API_KEY", "api.fireworks.ai", "authorization", kBearer, kNone},
    {"PERPLEXITY_API_KEY", "api.perplexity.ai", "authorization", kBearer, kNone},
    {"HF_TOKEN", "huggingface.co", "authorization", kBearer, kNone},
    {"GITHUB_TOKEN", "api.github.com", "authorization", kBearer, kNone},
    {"GH_TOKEN", "api.github.com", "authorization", kBearer, kNone},
    {"GITLAB_TOKEN", "gitlab.com", "private-token", kNone, kNone},
    {"SLACK_BOT_TOKEN", "slack.com", "authorization", kBearer, kNone},
    {"NOTION_TOKEN", "api.notion.com", "authorization", kBearer, kNone},
    {"LINEAR_API_KEY", "api.linear.app", "authorization", kNone, kNone},
    {"STRIPE_API_KEY", "api.stripe.com", "authorization", kBearer, kNone},
    {"SENDGRID_API_KEY", "api.sendgrid.com", "authorization", kBearer, kNone},
    {"CLOUDFLARE_API_TOKEN", "api.cloudflare.com", "authorization", kBearer, kNone},
    {"DIGITALOCEAN_TOKEN", "api.digitalocean.com", "authorization", kBearer, kNone},
    {"SENTRY_AUTH_TOKEN", "sentry.io", "authorization", kBearer, kNone},
});

} // namespace

const SecretShape* find_shape(std::string_view name) {
    for (const auto& shape : kShapes)
        if (shape.name == name) return &shape;
    return nullptr;
}

} // namespace owhale::cli
