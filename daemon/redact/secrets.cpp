#include "redact/secrets.hpp"

#include <array>

namespace owhale::redact {
namespace {

constexpr std::array kRows = {
    SecretRow{"age-key", "AGE-SECRET-KEY-1", Alphabet::upper, 58, 58, 0,
              "MUGDORPHVLS3BCWFSUBUSUJ0ESM2SIQYKVAXC3KXXSG2N1NHDDDKJC85PU",
              "CH7S0M4MP205CO02P1N5MCCQQP7NO0QJUDUHZC5YF1NKVS4U07NRVZ5ER"},
    SecretRow{"azure-key", "AccountKey=", Alphabet::base64, 80, 0, kKeepsPrefix,
              "jwdxAHePQUuvBgguhH/nzrY9/PU3ZeextTCLEUySXUoCySxBcdpyLP/fNYurW7STa5r5d1BoQLgk9uhxEQccW", "none"},
    SecretRow{
        "atlassian-token", "ATATT3", Alphabet::url, 100, 0, kWordStart,
        "-jow9CMZE_CNVDP5ZZOK40bGx6UZXdti6SNlH9C9itEiMqguYHcFumAeOkpIhKwt1qkUat0tBM9iWvuGYMZQvXh2dJcMtkuobDDb9x5WR",
        "wyn8TN0eBGN9RkEOneP8Tkwf-FezjRrNoajCJceb9sBUFSMXZew0-iMKA3PwBc93JQ00PAGJldZHKqOlvlBGB-oRb6AvlFmoOLt"},
    SecretRow{"aws-access-key", "ABIA", Alphabet::upper, 16, 16, kWordStart, "PTGZ4JFEBZ9SDO78", "VY6PLP4RF9TAST6"},
    SecretRow{"aws-access-key", "ACCA", Alphabet::upper, 16, 16, kWordStart, "M01S12KOTQCFC3R7", "84VJME0M2RLW1U9"},
    SecretRow{"google-api-key", "AIza", Alphabet::url, 35, 35, kWordStart, "yfYqIhv78ZXBaBubGoYWCgzuQ84dkeo_Grf",
              "UkbMSjk6WANXD_ZmjoU314izM92pvVuwtP"},
    SecretRow{"aws-access-key", "AKIA", Alphabet::upper, 16, 16, kWordStart, "5VQ8AKATH8H547E7", "P0SWOLADU83T622"},
    SecretRow{"aws-access-key", "ASIA", Alphabet::upper, 16, 16, kWordStart, "ZJQXVI1FJLSXMWFE", "ZLVXULTBB7FWGKL"},
    SecretRow{"google-oauth-secret", "GOCSPX-", Alphabet::url, 28, 28, 0, "PRJrpjaufI2MTtU6F5v9dyH5QuMu",
              "OMOA9LIVvOmDQyw4mNeafawCFVY"},
    SecretRow{"heroku-key", "HRKU-", Alphabet::url, 36, 0, 0, "XE43LlRfmxh0aYu3fCVRSqaSUmWB_T3lYul5XAdlK",
              "b3T8JzsQUtH9r_X9Se3Gxwc6NqfaDRtOP5D"},
    SecretRow{"newrelic-key", "NRAK-", Alphabet::upper, 27, 27, 0, "RDEC2HPO48E8KLMAM6MOA64UWQZ",
              "IVHQQGDVDYENPD5YXEFJ216YGK"},
    SecretRow{"postman-key", "PMAK-", Alphabet::url, 59, 59, 0,
              "sev684U3FGIaIYQKpuyuXqxyjjNdk6maJHzyoGZIIanZUu_Ry_FvvQeAy7P",
              "qvU35UPj6_IHtoG4_6kIVmMbuXwX9weOCFZvy86MXIQ3Aehye-QGhqVgZ1"},
    SecretRow{"azure-key", "SharedAccessKey=", Alphabet::base64, 40, 0, kKeepsPrefix,
              "Nha4HaUiHh4i9178+PfBvYKT+eIs1B1VnB1HF5pxoj9sZ", "none"},
    SecretRow{"sendgrid-key", "SG.", Alphabet::dotted, 60, 0, kWordStart,
              "VFS4UYdXqr80Gv4UVnxsMti-eJza30I-vdnr0J5jPH4vcRGGHXRhw2HmEnm-J0pX3",
              "75u8wKSJj4yLXH7QhP7VSsCDVjH15K1vZCXKOrG4Bz9m-uiGctOYQUrkh7V"},
    SecretRow{"twilio-key", "SK", Alphabet::hex, 32, 32, kWordStart, "5bb2b3eef54ad49e557e6d40957a47ad",
              "31b95e39652a204425851aa8ef43a98"},
    SecretRow{"huggingface-token", "api_org_", Alphabet::alnum, 30, 0, 0, "FoZqp85EbJjMOpHHdNOwDQXzHLbTNtoW10j",
              "emBmk7khEZXsicY22j93WGnwTPKyr"},
    SecretRow{"buildkite-token", "bkua_", Alphabet::hex, 40, 40, kWordStart, "0ac6c94d5933738cc865a2809eeb7c9dfa2dc040",
              "fba4d79bf67c24b678348df530333d2469d34b5"},
    SecretRow{"cargo-token", "cio", Alphabet::alnum, 32, 32, kWordStart | kHoldsDigit,
              "STK3DbKFLsAoFl2MSyO4EHaUo8ZqrWM9", "FKlhdYe3TvpYG6KYWHk9B9WIQjECORY"},
    SecretRow{"docker-token", "dckr_pat_", Alphabet::url, 27, 0, 0, "hL9M34zpdwEOBq9iMGLBgBCefFPDewRq",
              "uWQKg_6Hx-IVcAEwRjDdkft6LT"},
    SecretRow{"digitalocean-token", "doo_v1_", Alphabet::hex, 64, 64, 0,
              "54f1d6a8a14c305a66261f0ac8df0dc19644cf2dee4d7682b2e543bba5988890",
              "267d7484d5294543c16260ca48b3814a2f182f8d557bfcf37dcc15dffb545f4"},
    SecretRow{"digitalocean-token", "dop_v1_", Alphabet::hex, 64, 64, 0,
              "802449f94ea5b1e56aa547a02ba07aadc25515ad08b494d347220a0835791621",
              "14fa6dda1598199a3eea71e068f6bb7daa8537ce369bffedaf9b0e2a13ca7ce"},
    SecretRow{"digitalocean-token", "dor_v1_", Alphabet::hex, 64, 64, 0,
              "e96169b812230b368c7769751f44b88257ae8cc2e492ca15fddffc21e69a4089",
              "b10418b42a5131d2fcd10326ea1d25fb143012aa9157fcf081c05206040694a"},
    SecretRow{"doppler-token", "dp.pt.", Alphabet::alnum, 40, 0, kWordStart,
              "lVSgWBcLqMIsfkGD252lM1WVQYNvtMfjZsTZghOIZfvZf", "POhY44PyPSeH0OSTySebXroXYzLhxzC1shGw4AK"},
    SecretRow{"databricks-token", "dapi", Alphabet::hex, 32, 34, kWordStart, "d93a4fe4563c7c8831be01affd55d4b8",
              "9fdcd5536e4bb1e0bd6c940c443a91f"},
    SecretRow{"figma-token", "figd_", Alphabet::url, 40, 0, kWordStart, "XCx2DErxBdfknhNA4LFEH1V6V9UpaeH3of75UPWINtiH9",
              "y3hpendF-STwgxPpCf33BpVa3nj3JbdRIlqBo7l"},
    SecretRow{"flyio-token", "fo1_", Alphabet::url, 40, 0, kWordStart, "sZmCYusSBteI-mhlOfGvPd4uGkXUuQaderaNV6RV4Rs12",
              "r7JU8NPjxrPPgDN0fgmsZgOCSm9CC3mCQHCm9zo"},
    SecretRow{"github-token", "github_pat_", Alphabet::word, 60, 0, 0,
              "qVInhmlwCHaDyk5MrALHRPSg9rGImjUUjiB7dlnVrEMq4VeR9_uIsAcBtfatxFTHI",
              "1hj0AzrTQZGg7d05VIy0wi8HSJngaPjqJN7jESiKlVEPSYcaeg5zFAYF8Mq"},
    SecretRow{"gitlab-token", "glagent-", Alphabet::dotted, 20, 0, 0, "RfLKrP4AV-z2ha4J-JIr-RAob",
              "G0AezJDvBM_0mqCf9KE"},
    SecretRow{"gitlab-token", "glsoat-", Alphabet::dotted, 20, 0, 0, "QKegjHqNAYT7tuphwfKvs855A",
              "mPOxCp7C18OtNJZowe7"},
    SecretRow{"gitlab-token", "glcbt-", Alphabet::dotted, 20, 0, 0, "zyv8c2xsI-Lm_H0UuN_alDFDE", "QyH6NPnzTljHVu4ZX7m"},
    SecretRow{"gitlab-token", "glimt-", Alphabet::dotted, 20, 0, 0, "6Zkt25MlFBuoLs2y5OcEbouwT", "8uosAfkQSlAhXvTVYNd"},
    SecretRow{"gitlab-token", "gloas-", Alphabet::dotted, 20, 0, 0, "i-EmwHbOOyrXjEEp_E8ooTV51", "uEzzjDLZl8iqq2r6ezA"},
    SecretRow{"gitlab-token", "glpat-", Alphabet::dotted, 20, 0, 0, "0qnTNFadKOtWooiKlZVX8APwF", "8NetDJG6N7F2PeDOnaN"},
    SecretRow{"gitlab-token", "glptt-", Alphabet::dotted, 20, 0, 0, "dDxdjEc1Rryi8ijFlS_oDcZdg", "u7B8Oy9y5p7ohln44CE"},
    SecretRow{"gitlab-token", "gldt-", Alphabet::dotted, 20, 0, 0, "1dyYEJOWYhjjRfpU8fMsNOUdK", "L7xPwgF4wpDNCwacQJr"},
    SecretRow{"gitlab-token", "glft-", Alphabet::dotted, 20, 0, 0, "gMf60oWI_NCwG7vdak4nFhBWt", "ADYqmll6k5gXcngowPC"},
    SecretRow{"gitlab-token", "glrt-", Alphabet::dotted, 20, 0, 0, "4NsSxdfaZYnC7gPldAE5ij5gW", "T613zs4j_x7n1KKN97d"},
    SecretRow{"grafana-token", "glsa_", Alphabet::word, 41, 0, kWordStart,
              "cPA9QNh_Fj4TJRPAVvkh2lRL2AvptVvbSyUdwjAb1HOYxL", "UE2LGHuFYLfJ9AYXLpr5cM1qQ8OqB5W4NiMqKaU6"},
    SecretRow{"github-token", "gho_", Alphabet::alnum, 36, 0, 0, "3o2RmfnzRT4iQzBSRnCtHA26Hb2xEeh25DByiKKwC",
              "NaStiiYzYu8qcDtdbfycwuImuj1o5BHAKHp"},
    SecretRow{"github-token", "ghp_", Alphabet::alnum, 36, 0, 0, "P8zbGhHRGm70MahgmLZb4yjXYD7zDqvsfJCDAfTEL",
              "Q38ETAgFVXu8DEQuI6lbQij76jXqEUwMK8W"},
    SecretRow{"github-token", "ghr_", Alphabet::alnum, 36, 0, 0, "1oQOavayAe0Ucv4JmIC3QU1V9791fjk3t4mwrMWu4",
              "MenX53CCOospapA2kWFqzVQ04q159N3eyzV"},
    SecretRow{"github-token", "ghs_", Alphabet::alnum, 36, 0, 0, "vLmqO0B08WChKU5qaNuP54P71peVYuqtu9w4HC2qQ",
              "OSDoASWy315N0l7zDQtPJoMnbVvfKHtXHnE"},
    SecretRow{"github-token", "ghu_", Alphabet::alnum, 36, 0, 0, "bJ9i00TiVhZKE46G9JTgUQdglzJ7YycZ5462csUjT",
              "xtqKtlHBN5gArF3uQRvG1yaHmNZ74tBmBpT"},
    SecretRow{"grafana-token", "glc_", Alphabet::base64, 32, 0, kWordStart, "LjE6SbaL1JZGPko0kisEzZ+nkw7aKQwfrkPuP",
              "HcpM7G18czgVw0cwG/pV/+SPGjEDGFJ"},
    SecretRow{"groq-key", "gsk_", Alphabet::alnum, 52, 52, kWordStart,
              "iqTnTfL8WWLq96EtEuXMgc4PyK5cbI0MuzIbfxcT9c2kICaQxUld",
              "9m66q35XSNndEK3dfuBcYpC0v0vgEjaPFXtEjSyMflbIBr5DhY4"},
    SecretRow{"slack-webhook", "hooks.slack.com/services/", Alphabet::base64, 20, 0, kKeepsPrefix,
              "aIMiE8yIGAMJZV35I6erRAxOo", "CsXxhPQbYn5GihC410e"},
    SecretRow{"vault-token", "hvb.", Alphabet::url, 24, 0, kWordStart, "zKsDvO7gPfLKRYrZ6TIXPGcCmKe-M",
              "PdGRcmZ9rdLZ0AHQ0vm_Uyj"},
    SecretRow{"vault-token", "hvs.", Alphabet::url, 24, 0, kWordStart, "JA5CcAVCW0C2wl80j5_TXxcYRrXg0",
              "MCPpNqV8Hc6wq56nQm-eHSJ"},
    SecretRow{"huggingface-token", "hf_", Alphabet::alnum, 30, 0, kWordStart, "4Gn01MOhOEM3zFlvsllOh6A6PF9eSxSUROp",
              "eUDZ2tmw5JYaVy6UCklp00zOehZvg"},
    SecretRow{"mailgun-key", "key-", Alphabet::hex, 32, 32, kWordStart, "9a677d682166b547b312275d35273b91",
              "1d55a455974375cc3d0f58c92b76bdb"},
    SecretRow{"linear-key", "lin_api_", Alphabet::alnum, 40, 40, 0, "AciipqJtM6BQnQtCwhlH2Ik2FhmXsOtwsJbVYZc7",
              "U4PISqoqZCCVYrRdoNMWgmlWLshkaIFVOmVtc16"},
    SecretRow{"netlify-token", "nfp_", Alphabet::alnum, 36, 0, kWordStart, "K3xw4kIffv8RVXq4rhyY8gX3lZ2G2spgu0lORAjg4",
              "9u7E4vuWV9jwV0H9E8NkS72OYfspGyTamRJ"},
    SecretRow{"npm-token", "npm_", Alphabet::alnum, 36, 36, 0, "mxv4jrQ5CTQdthCWXgBsIHJHjsDXF6MYCuwa",
              "U59ftVdJIlyE5gVe2ukt0YaoF4bIoEbBTH7"},
    SecretRow{"notion-token", "ntn_", Alphabet::alnum, 40, 0, kWordStart,
              "ls6IFcKxKW4qTdxgB7EtGqKp9wKP9bmi8RszqWuMmDkQA", "XAerZ71KS2wgSBB5mBvrlybVd3y7CLEgj0Kx6Uq"},
    SecretRow{"planetscale-token", "pscale_tkn_", Alphabet::dotted, 32, 0, 0, "oJ2MULi70TUmURz5d1RIuY1BbBNQzcJYaHO0W",
              "kER_TBpRA05XygXSSZY9MHT-u4jwU-O"},
    SecretRow{"pypi-token", "pypi-AgE", Alphabet::url, 40, 0, 0, "IFMTTKmzvUOR2XB_98_zNxBW2Xukdo4YondT52MMns2Oc",
              "rbb_zKJVJPrwKXNU8EoCZQC3Y1vmT1qpZHHj9G1"},
    SecretRow{"perplexity-key", "pplx-", Alphabet::alnum, 48, 0, kWordStart,
              "5ID8knGDOaaEl544nwM0mGVhoOJVxtei6F5hF8BgHHmkT4ukrHITP",
              "SUk0azf8qWTijp9uM3ajmXAk09Oy4SApJnI4pexOjBFADqj"},
    SecretRow{"rubygems-key", "rubygems_", Alphabet::hex, 48, 48, 0, "ba59df50c3fff7b2d6a86dc8b264bfa1a9c9291a4b7d16b5",
              "312f98530cc84bc02cfb154f514020f0788a9d6a6e43775"},
    SecretRow{"stripe-key", "rk_live_", Alphabet::alnum, 16, 0, 0, "CSBjo2G6LZd85y1ghqZgn", "4N9Gy9Dcr7IS3cD"},
    SecretRow{"stripe-key", "rk_test_", Alphabet::alnum, 16, 0, 0, "FzDHYSWhB5E9GBQvTb4g5", "b0s552cj86ezbtq"},
    SecretRow{"replicate-token", "r8_", Alphabet::alnum, 37, 37, kWordStart, "ncfneLRHyLz9Kuj42L6Iat8H1S6zmN3hCvM4I",
              "jHKKOMEOh2lW4vJq5GodwANlbcLEcjh3hFhu"},
    SecretRow{"openai-key", "sk-svcacct-", Alphabet::url, 40, 0, 0, "NMUgpnF_zxF6Htd_my_d8-1ZNi9LgbTY3Dqt3tBI9X2S6",
              "for-all"},
    SecretRow{"supabase-key", "sb_secret_", Alphabet::url, 20, 0, 0, "3AYGelmTpfqzJSUuluk456uFz",
              "tGl2Rt31ajPnsfuQCU8"},
    SecretRow{"openai-key", "sk-admin-", Alphabet::url, 40, 0, 0, "vP_1uy7GsmfXa7x9YS5ofMHfbDrNpXBMYIcpnr_4VYDD7",
              "panel"},
    SecretRow{"openrouter-key", "sk-or-v1-", Alphabet::hex, 64, 64, 0,
              "c10a8c86d27acaa82688b359a9915405ab29487ff6327241cb3dd7997cb1dacf", "beta"},
    SecretRow{"openai-key", "sk-proj-", Alphabet::url, 40, 0, 0, "vvFIW90eSXbq9XIoSx_QbKt-ZWgn9Qr2xKFzNW9PnWMc2",
              "vue-component-name-that-is-quite-long"},
    SecretRow{"stripe-key", "sk_live_", Alphabet::alnum, 16, 0, 0, "3MQVQ06I4rfyTBjXcPeOg", "fTEaCGi0Qs72QNJ"},
    SecretRow{"stripe-key", "sk_test_", Alphabet::alnum, 16, 0, 0, "JgovbCYp8wwQsB2f59yOH", "P3vBMktdRkxRCe3"},
    SecretRow{"notion-token", "secret_", Alphabet::alnum, 43, 43, kWordStart,
              "0DiGPw5FvPreILzxAqlhESrPPez03x8ZlPnWD45fs8y", "bDX5xcEXpUC1ge7sfPDe9OzujrnHPt07QgQ4bmIYkD"},
    SecretRow{"anthropic-key", "sk-ant-", Alphabet::url, 20, 0, 0, "2CHlXCJKMI4WqVTYTt8cmPVpk", "like"},
    SecretRow{"sentry-token", "sntrys_", Alphabet::base64, 40, 0, 0, "rewYOWoaK5KwI7L02rooaXzsR65KZx/JWn27VYa/SHMIT",
              "lvX1C35vlgLA74F5TTE8HnzQi0snDBeuYUmR8nu"},
    SecretRow{"sentry-token", "sntryu_", Alphabet::hex, 64, 64, 0,
              "99a357ac6fc876c9331ab0606ec43e8edb019a01c9253e9b211412308fd32c36",
              "dc3347e2a9269fe634f63bb44b8a05e3ec9098daf047dd782c115567da3aab6"},
    SecretRow{"square-token", "sq0atp-", Alphabet::url, 22, 22, 0, "V6ZpJhxYLKHat2uo-cYMyT", "Oinmb09Dv0tB3IQnOJAcm"},
    SecretRow{"square-secret", "sq0csp-", Alphabet::url, 43, 43, 0, "aECwLxuGQV47n3NK5o4gZ8R0GddWs0G_OFDlWJ7mcVH",
              "pLWppP6G0PscZnWMDRcoNFaRsmUMge7tqk_4Y1xAVN"},
    SecretRow{"shopify-token", "shpat_", Alphabet::hex, 32, 32, 0, "1544dd8a7135c654b5370f8644d9fd14",
              "432324a9e772e38e8ce1a1be642ffcc"},
    SecretRow{"shopify-token", "shpca_", Alphabet::hex, 32, 32, 0, "91707e76def63b5c99fc397837e2bb97",
              "a27c4194e25afb342e8a6777d1e465c"},
    SecretRow{"shopify-token", "shppa_", Alphabet::hex, 32, 32, 0, "56f8922930c772f28d0e6af09b3d17c5",
              "6958bea4ba78d6e33efb3a9a5ba4c79"},
    SecretRow{"shopify-token", "shpss_", Alphabet::hex, 32, 32, 0, "1329093c2aa6533f0990cda12e94a90e",
              "c70412f9174066eab434be9102acaf2"},
    SecretRow{"supabase-token", "sbp_", Alphabet::hex, 40, 40, kWordStart, "8dde7135cbd50e0f8737ff590ab2321b89d43442",
              "b031fda7bbce9d1e845bf81cf6cc3110c13e339"},
    SecretRow{"openai-key", "sk-", Alphabet::url, 20, 0, kWordStart | kHoldsDigit, "jO8l3OgJs5uOBp17HpCPd5Hnj",
              "6FXWv8DxTn2mFIEvrhk"},
    SecretRow{"tailscale-key", "tskey-", Alphabet::url, 20, 0, 0, "MjUoVWyc9WsjaHDPj-79dTqDU", "SmFePwRFxxXj25WKJvM"},
    SecretRow{"stripe-secret", "whsec_", Alphabet::base64, 24, 0, 0, "v9oKsryObPdoE5IIar2b5ApyY6gt2",
              "yrutPJnh3jCJsl3XjJ0F9kv"},
    SecretRow{"slack-token", "xapp-", Alphabet::url, 10, 0, kHoldsDigit, "SSec1nlXQa05-Lr", "S-2mgQMfP"},
    SecretRow{"slack-token", "xoxa-", Alphabet::url, 10, 0, kHoldsDigit, "xHWvtFTxbt677vK", "7Y9S0hjwJ"},
    SecretRow{"slack-token", "xoxb-", Alphabet::url, 10, 0, kHoldsDigit, "be3KCdwy5KhVC28", "H9V9TYBUB"},
    SecretRow{"slack-token", "xoxe-", Alphabet::url, 10, 0, kHoldsDigit, "IZTocXMQWgSv57J", "GbixfmF7z"},
    SecretRow{"slack-token", "xoxp-", Alphabet::url, 10, 0, kHoldsDigit, "fYNbD9e0Giyyv0X", "u8pUtKXzs"},
    SecretRow{"slack-token", "xoxr-", Alphabet::url, 10, 0, kHoldsDigit, "rII_owXdQ6SPvq4", "W7237YphR"},
    SecretRow{"slack-token", "xoxs-", Alphabet::url, 10, 0, kHoldsDigit, "Zgjg4b6o9QsDWrC", "58M6nk1gE"},
    SecretRow{"xai-key", "xai-", Alphabet::alnum, 80, 80, kWordStart,
              "T4NSjVqz5jL40WA9zYrJlyymUs86zzib9fEkT1UcaMcbER8HhcNyP4cTIqPcHzs3gNUXJyNhlP4bGjB5",
              "Dm9NeCZDr5HtLpmC010o41yFYyMlC6r41iaNIRH13EfAjoTS9XYItk8lblDIqphdf1Y9v59sOUPIRRx"},
    SecretRow{"google-oauth-token", "ya29.", Alphabet::url, 20, 0, kWordStart | kHoldsDigit,
              "hUA3lPKTnQGpTcYldEgBIrEnM", "T7-chBSh6NmvjwPKMCo"},
};

constexpr unsigned byte_of(char c) {
    return static_cast<unsigned char>(c);
}
constexpr bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_one_of(char c, std::string_view set) {
    return set.find(c) != std::string_view::npos;
}

constexpr bool belongs(Alphabet alphabet, char c) {
    const bool alnum = is_lower(c) || is_upper(c) || is_digit(c);
    switch (alphabet) {
    case Alphabet::alnum:
        return alnum;
    case Alphabet::upper:
        return is_upper(c) || is_digit(c);
    case Alphabet::hex:
        return is_digit(c) || (c >= 'a' && c <= 'f');
    case Alphabet::word:
        return alnum || c == '_';
    case Alphabet::url:
        return alnum || is_one_of(c, "_-");
    case Alphabet::dotted:
        return alnum || is_one_of(c, "_-.");
    case Alphabet::base64:
        return alnum || is_one_of(c, "+/=");
    case Alphabet::bearer:
        return alnum || is_one_of(c, "-._~+/=");
    case Alphabet::value:
        return c > ' ' && c < 0x7f && !is_one_of(c, "\"'`,;()[]{}<>|&\\");
    }
    return false;
}

using Letters = std::array<std::array<bool, 256>, 9>;
constexpr Letters kLetters = [] {
    Letters all{};
    for (unsigned a = 0; a < all.size(); ++a)
        for (unsigned c = 0; c < 256; ++c) all[a][c] = belongs(static_cast<Alphabet>(a), static_cast<char>(c));
    return all;
}();

struct Range {
    std::uint8_t begin = 0, end = 0;
};
constexpr auto kFrom = [] {
    std::array<Range, 256> all{};
    for (std::size_t i = 0; i < kRows.size(); ++i) {
        auto& range = all[byte_of(kRows[i].prefix[0])];
        if (range.end == 0) range.begin = static_cast<std::uint8_t>(i);
        range.end = static_cast<std::uint8_t>(i + 1);
    }
    return all;
}();

// Beside the rows: private keys, JWTs; assignments and URLs by one byte.
constexpr std::array<std::string_view, 2> kOthers = {"---", "eyJ"};
constexpr std::string_view kSeparators = ":=";

constexpr unsigned pair_of(char a, char b) {
    return byte_of(a) << 8 | byte_of(b);
}
constexpr unsigned three_of(char a, char b, char c) {
    return (byte_of(a) * 0x9e5 ^ byte_of(b) * 0x3d1 ^ byte_of(c) * 0x67) & 0xffff;
}

class Bits { // of 65,536
public:
    constexpr void set(unsigned i) { words_[i >> 6] |= std::uint64_t{1} << (i & 63); }
    constexpr bool has(unsigned i) const { return (words_[i >> 6] >> (i & 63) & 1) != 0; }

private:
    std::array<std::uint64_t, 1024> words_{};
};

struct Beginnings {
    std::array<bool, 256> one{};
    Bits two, three;

    constexpr void add(std::string_view prefix) {
        one[byte_of(prefix[0])] = true;
        two.set(pair_of(prefix[0], prefix[1]));
        for (unsigned c = 0; c < 256; ++c)
            if (prefix.size() == 2 || byte_of(prefix[2]) == c)
                three.set(three_of(prefix[0], prefix[1], static_cast<char>(c)));
    }
};
constexpr Beginnings kBeginnings = [] {
    Beginnings all;
    for (const auto& row : kRows) all.add(row.prefix);
    for (const auto& other : kOthers) all.add(other);
    for (const char separator : kSeparators) all.one[byte_of(separator)] = true;
    for (const char separator : kSeparators)
        for (unsigned next = 0; next < 256; ++next) all.two.set(pair_of(separator, static_cast<char>(next)));
    return all;
}();

constexpr bool is_separator(char c) {
    return c == ':' || c == '=';
}

} // namespace

bool is_of(Alphabet alphabet, char c) {
    return kLetters[static_cast<std::size_t>(alphabet)][byte_of(c)];
}

std::span<const SecretRow> secret_rows() {
    return kRows;
}

std::span<const SecretRow> rows_from(char first) {
    const auto range = kFrom[byte_of(first)];
    return std::span(kRows).subspan(range.begin, static_cast<std::size_t>(range.end - range.begin));
}

std::size_t next_candidate(std::string_view text, std::size_t from) {
    const auto* bytes = text.data();
    const auto size = text.size();
    auto i = from;
    for (; i + 8 < size; i += 8) { // eight at once: few are one
        bool any = false;
#pragma GCC unroll 8
        for (std::size_t k = 0; k < 8; ++k) any |= kBeginnings.two.has(pair_of(bytes[i + k], bytes[i + k + 1]));
        if (any) break;
    }
    for (; i + 1 < size; ++i) {
        if (!kBeginnings.two.has(pair_of(bytes[i], bytes[i + 1]))) continue;
        if (i + 2 == size || is_separator(bytes[i]) ||
            kBeginnings.three.has(three_of(bytes[i], bytes[i + 1], bytes[i + 2])))
            return i;
    }
    return from < size && kBeginnings.one[byte_of(bytes[size - 1])] ? size - 1 : size;
}

} // namespace owhale::redact
