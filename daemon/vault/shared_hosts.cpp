#include "vault/shared_hosts.hpp"

#include <algorithm>
#include <array>

namespace owhale::vault {
namespace {

// Object stores, serverless and hosting, tunnels, raw content, places that show what was sent to them, names for any
// address. Of the suppliers' own pages and the private part of the public suffix list.
constexpr std::array kShared = std::to_array<std::string_view>({
    // object stores, content networks
    "amazonaws.com",
    "on.aws",
    "cloudfront.net",
    "storage.googleapis.com",
    "storage.cloud.google.com",
    "core.windows.net",
    "azureedge.net",
    "azurefd.net",
    "r2.dev",
    "r2.cloudflarestorage.com",
    "backblazeb2.com",
    "wasabisys.com",
    "digitaloceanspaces.com",
    "linodeobjects.com",
    "fastly.net",
    "global.ssl.fastly.net",
    "akamaized.net",
    "b-cdn.net",
    "myqcloud.com",
    "aliyuncs.com",
    // serverless and hosting
    "appspot.com",
    "run.app",
    "cloudfunctions.net",
    "web.app",
    "firebaseapp.com",
    "firebaseio.com",
    "azurewebsites.net",
    "azurestaticapps.net",
    "azure-api.net",
    "cloudapp.net",
    "cloudapp.azure.com",
    "azurecontainerapps.io",
    "trafficmanager.net",
    "workers.dev",
    "pages.dev",
    "vercel.app",
    "now.sh",
    "netlify.app",
    "herokuapp.com",
    "onrender.com",
    "fly.dev",
    "railway.app",
    "deno.dev",
    "deno.net",
    "glitch.me",
    "repl.co",
    "replit.app",
    "replit.dev",
    "surge.sh",
    "ondigitalocean.app",
    "supabase.co",
    "hf.space",
    "streamlit.app",
    "gradio.live",
    "modal.run",
    "lovable.app",
    "bubbleapps.io",
    "pythonanywhere.com",
    "val.run",
    "csb.app",
    "stackblitz.io",
    "webcontainer.io",
    "gitpod.io",
    "github.dev",
    "app.github.dev",
    "amplifyapp.com",
    "elasticbeanstalk.com",
    "myshopify.com",
    "blogspot.com",
    "wordpress.com",
    "wixsite.com",
    "weebly.com",
    "script.google.com",
    "script.googleusercontent.com",
    "googleusercontent.com",
    "translate.goog",
    "notion.site",
    // tunnels
    "trycloudflare.com",
    "cfargotunnel.com",
    "ngrok.io",
    "ngrok.app",
    "ngrok.dev",
    "ngrok-free.app",
    "ngrok-free.dev",
    "loca.lt",
    "localtunnel.me",
    "localhost.run",
    "lhr.life",
    "serveo.net",
    "pinggy.link",
    "pinggy.io",
    "bore.pub",
    "telebit.io",
    "devtunnels.ms",
    "ts.net",
    "zrok.io",
    // raw content
    "githubusercontent.com",
    "github.io",
    "gist.github.com",
    "gitlab.io",
    "bitbucket.io",
    "codeberg.page",
    "pastebin.com",
    "hastebin.com",
    "paste.debian.net",
    "dpaste.com",
    "transfer.sh",
    "0x0.st",
    "file.io",
    "ipfs.io",
    "dweb.link",
    "arweave.net",
    "jsdelivr.net",
    "statically.io",
    // what shows what was sent to it
    "webhook.site",
    "requestbin.com",
    "pipedream.net",
    "beeceptor.com",
    "hookdeck.com",
    "httpbin.org",
    "mockbin.org",
    "postman-echo.com",
    "interact.sh",
    "oast.fun",
    "oast.live",
    "oast.me",
    "oast.online",
    "oast.pro",
    "oast.site",
    "burpcollaborator.net",
    "oastify.com",
    "dnslog.cn",
    "canarytokens.com",
    "requestcatcher.com",
    "ntfy.sh",
    "zapier.com",
    "make.com",
    "ifttt.com",
    // names for any address
    "nip.io",
    "sslip.io",
    "xip.io",
    "traefik.me",
    "lvh.me",
    "localtest.me",
    "duckdns.org",
    "no-ip.org",
    "no-ip.com",
    "ddns.net",
    "dyndns.org",
    "dynu.net",
    "freeddns.org",
    "hopto.org",
    "zapto.org",
    "sytes.net",
    "afraid.org",
    "mooo.com",
    "eu.org",
    "us.to",
    "1337.pictures",
    "rbndr.us",
});

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string_view trimmed(std::string_view line) {
    line = line.substr(0, line.find('#'));
    const auto from = line.find_first_not_of(" \t\r");
    if (from == std::string_view::npos) return {};
    return line.substr(from, line.find_last_not_of(" \t\r") + 1 - from);
}

} // namespace

bool is_below(std::string_view host, std::string_view domain) {
    return host == domain ||
           (host.size() > domain.size() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

SharedHosts::SharedHosts(std::string_view text) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = lower(trimmed(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with('!'))
            fewer_.push_back(line.substr(1));
        else if (!line.empty())
            more_.push_back(line);
    }
}

std::string SharedHosts::shares(std::string_view host) const {
    if (std::ranges::find(fewer_, host) != fewer_.end()) return {};
    for (const auto domain : kShared)
        if (is_below(host, domain)) return std::string(domain);
    for (const auto& domain : more_)
        if (is_below(host, domain)) return domain;
    return {};
}

} // namespace owhale::vault
