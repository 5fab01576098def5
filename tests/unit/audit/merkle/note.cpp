#include "audit/merkle/note.hpp"

#include <sodium/crypto_sign_ed25519.h>

#include "audit/merkle/damaged_copy.hpp"
#include "checks.hpp"

using namespace owhale;
using namespace owhale::audit::merkle;

namespace {

// The key and the notes of Go's golang.org/x/mod/sumdb/note, which the C2SP format is made of.
constexpr std::string_view kPeter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kPetersSecret = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr std::string_view kEnoch = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const std::string kText = "If you think cryptography is the answer to your problem,\n"
                          "then you don't know what your problem is.\n";
const std::string kPeterSigns = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
                                "KvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const std::string kEnochSigns = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01"
                                "oOTGwnWLox33WWd1RvMc+QQ=\n";

NoteKey peter() {
    return parse_vkey(kPeter).value();
}

Signer peters() {
    const auto typed = from_base64(kPetersSecret).value();
    return [seed = typed.substr(1)](std::string_view text) {
        std::array<unsigned char, 32> key;
        std::array<unsigned char, 64> secret;
        Signature signature;
        const auto bytes = [](std::string_view of) { return reinterpret_cast<const unsigned char*>(of.data()); };
        ::crypto_sign_ed25519_seed_keypair(key.data(), secret.data(), bytes(seed));
        ::crypto_sign_ed25519_detached(signature.data(), nullptr, bytes(text), text.size(), secret.data());
        return signature;
    };
}

Code code_of_note(const std::string& note) {
    const auto opened = open_note(note, peter());
    return opened ? Code::internal : opened.error().code;
}

Checkpoint checkpoint() {
    return {"PeterNeumann", 20'852'163, hash_from_base64("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=").value()};
}

} // namespace

TEST_CASE("a note is signed as others sign it") {
    CHECK_EQ(sign_note(kText, peter(), peters()), kText + "\n" + kPeterSigns);
}

TEST_CASE("a note is believed when a key that is known has signed it; other signatures are passed over") {
    const auto enoch = parse_vkey(kEnoch).value();
    const auto both = kText + "\n" + kEnochSigns + kPeterSigns;
    CHECK_EQ(open_note(kText + "\n" + kPeterSigns, peter()).value(), kText);
    CHECK_EQ(open_note(both, peter()).value(), kText);
    CHECK_EQ(open_note(both, enoch).value(), kText);
    CHECK_EQ(open_note(kText + "\n" + kPeterSigns + kPeterSigns, peter()).value(), kText);
    CHECK_EQ(code_of_note(kText + "\n" + kEnochSigns), Code::not_found);
    // Of the same name, but another key: unknown.
    auto other = peter();
    other.key[5] ^= 1;
    CHECK_EQ(open_note(kText + "\n" + kPeterSigns, other).error().code, Code::not_found);
}

TEST_CASE("one wrong signature of a known key, and the note is refused") {
    auto wrong = kPeterSigns;
    wrong.replace(60, 4, "ABCD");
    CHECK_EQ(code_of_note(kText + "\n" + wrong), Code::digest_mismatch);
    CHECK_EQ(code_of_note(kText + "\n" + kPeterSigns + wrong), Code::digest_mismatch);
    CHECK_EQ(code_of_note("More.\n" + kText + "\n" + kPeterSigns), Code::digest_mismatch);
    CHECK_EQ(code_of_note(kText + "\n\n" + kPeterSigns), Code::digest_mismatch); // an empty line is text, too
    CHECK_EQ(code_of_note(kText + "\n— PeterNeumann x08gowAA\n"), Code::digest_mismatch);
}

TEST_CASE("what is no note is refused by its shape") {
    std::vector<std::string> bad = {
        "",
        "\n",
        "\n\n",
        kText,
        kText + "\n",
        kText + "\n" + kPeterSigns.substr(0, kPeterSigns.size() - 1),
        "\x01" + kText + "\n" + kPeterSigns,
        "a\r\n" + kText + "\n" + kPeterSigns,
        "\xff" + kText + "\n" + kPeterSigns,
        kText + "\n— Bad Name x08go/ZJkuBS9UG/\n",
        kText + "\n— a+b x08go/ZJkuBS9UG/\n",
        kText + "\n— a\u00a0b x08go/ZJkuBS9UG/\n",
        kText + "\n— a\u2003b x08go/ZJkuBS9UG/\n",
        kText + "\n—  x08go/ZJkuBS9UG/\n",
        kText + "\n— a\n",
        kText + "\n— a x08go/==\n",
        kText + "\n- PeterNeumann" + kPeterSigns.substr(16),
        kText + "\n" + kPeterSigns + "Unexpected line.\n",
        kText + "\n" + kPeterSigns + "\n",
        std::string(kLargestNote, 'x') + "\n" + kPeterSigns,
    };
    std::string many = kText + "\n";
    for (std::size_t i = 0; i <= kMostSignatures; ++i) many += kPeterSigns;
    bad.push_back(std::move(many));
    for (const auto& note : bad) CHECK_MESSAGE(code_of_note(note) == Code::invalid_value, note.substr(0, 200));
}

TEST_CASE("keys are written as others write them, and read strictly") {
    CHECK_EQ(to_vkey(peter()), kPeter);
    CHECK_EQ(peter().id(), 0xc74f20a3);
    const std::string vkey(kPeter);
    for (std::size_t begin = 0; begin < vkey.size(); ++begin)
        for (std::size_t end = begin + 1; end <= vkey.size(); ++end)
            if (end - begin != vkey.size()) CHECK_FALSE(parse_vkey(vkey.substr(begin, end - begin)));
    for (std::size_t i = 0; i < vkey.size(); ++i) {
        auto changed = vkey;
        ++changed[i];
        CHECK_FALSE_MESSAGE(parse_vkey(changed), changed);
    }
    for (const char* text : {"PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
                             "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                             "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"})
        CHECK_FALSE_MESSAGE(parse_vkey(text), text);
}

TEST_CASE("of one value one base64 text alone is read") {
    CHECK(from_base64("////") == std::string("\xff\xff\xff"));
    for (const auto* text : {"\xff\xff\xff\xff", "AA=", "AB==", "AA== ", "A A="}) CHECK(!from_base64(text));
}

TEST_CASE("a checkpoint goes and comes back") {
    const auto note = sign(checkpoint(), peter(), peters());
    CHECK(note.starts_with(
        "PeterNeumann\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— PeterNeumann x08g"));
    CHECK(verify(note, peter()).value() == checkpoint());
    CHECK(verify(note + kEnochSigns, peter()).value() == checkpoint());
    auto forged = note;
    forged.replace(forged.find("20852163"), 8, "20852164");
    CHECK_EQ(verify(forged, peter()).error().code, Code::digest_mismatch);
    const auto other = sign_note("another/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", peter(), peters());
    CHECK_EQ(verify(other, peter()).error().code, Code::digest_mismatch);
    CHECK_EQ(verify(kText + "\n" + kPeterSigns, peter()).error().code, Code::invalid_value);
}

TEST_CASE("a checkpoint's text is read strictly") {
    const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    CHECK_EQ(parse_checkpoint("o\n0\n" + root + "\n").value().size, 0);
    CHECK_EQ(parse_checkpoint("o\n9223372036854775807\n" + root + "\nmore\n").value().size, ~std::uint64_t{0} >> 1);
    for (const std::string& text :
         {std::string(), std::string("o\n"), std::string("o\n1\n"), "o\n\n" + root + "\n", "\n1\n" + root + "\n",
          "o\n01\n" + root + "\n", "o\n+1\n" + root + "\n", "o\n-1\n" + root + "\n", "o\n 1\n" + root + "\n",
          "o\n1x\n" + root + "\n", "o\n9223372036854775808\n" + root + "\n", "o\n99999999999999999999\n" + root + "\n",
          "o\n1\n" + root, "o\n1\n" + root + "\n\n", "o\n1\n" + root.substr(0, 43) + "\n", "o\n1\n" + root + "=\n",
          // The same bytes to a lax reader: bits that stand for nothing.
          "o\n1\n" + root.substr(0, 42) + "J=\n", "o\n1\n" + root.substr(0, 40) + "\n"})
        CHECK_FALSE_MESSAGE(parse_checkpoint(text), text);
}

TEST_CASE("what is no note, or no checkpoint, is told by its line") {
    const auto whole = sign(checkpoint(), peter(), peters());
    const auto why = [](std::string text) { return parse_note(text).error().message; };
    CHECK(why("").contains("it is empty"));
    CHECK(why(whole.substr(0, whole.size() - 1)).contains("its last line, line 5, is cut off"));
    CHECK(why("one\ntwo\x01\n" + whole).contains("line 2 holds bytes"));
    CHECK(why(kText + "\n" + kPeterSigns + "x\n").contains("line 5 is no signature"));
    CHECK(why(kText + "\n" + kPeterSigns + "— Peter\n").contains("line 5 is a signature without"));
    CHECK(why(kText + "\n— Peter !\n").contains("the signature in line 4 is not base64"));
    CHECK(parse_checkpoint("a\n1x\nb\n").error().message.contains("line 2"));
    CHECK(parse_checkpoint("a\n1\nb\n").error().message.contains("line 3"));
    CHECK(parse_checkpoint("a\n\nb\n").error().message.contains("line 2 is empty"));
}

TEST_CASE("a hash with some characters changed is no other hash") {
    const auto root = checkpoint().root;
    const auto changed = [&](std::size_t count) {
        auto text = to_base64(root);
        for (std::size_t i = 0; i < count; ++i) text[3 * i] = text[3 * i] == 'A' ? 'B' : 'A';
        return hash_from_base64(text).value();
    };
    CHECK(!is_damaged_copy(root, root));
    CHECK(is_damaged_copy(changed(1), root));
    CHECK(is_damaged_copy(changed(11), root));
    CHECK(!is_damaged_copy(changed(12), root));
    CHECK(!is_damaged_copy(empty_root(), root));
}
