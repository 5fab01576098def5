// Receipts: what a run had and did, signed.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "shared/api.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

// The Ed25519 key that signs receipts, in wiped memory. Its file is made at the first start, mode 0600.
class ReceiptKey {
public:
    // Opens or makes DIR/receipt.key. To be called before the broker gives up its rights.
    static Result<std::unique_ptr<ReceiptKey>> open(const std::string& dir);
    ~ReceiptKey();
    ReceiptKey(const ReceiptKey&) = delete;
    ReceiptKey& operator=(const ReceiptKey&) = delete;

    // Fills `key_id` and `signature`: Ed25519 over the RFC 8785 form of the receipt without `signature`.
    Status sign(api::Receipt& receipt) const;
    // The public key, base64; `key_id` is the first 16 hex digits of its SHA-256.
    std::string public_key() const;
    const std::string& key_id() const { return key_id_; }

private:
    ReceiptKey();
    struct Secret;
    std::unique_ptr<Secret> secret_;
    std::string key_id_;
};

// Whether `receipt` carries a signature of this base64 public key.
Result<bool> verify_receipt(const api::Receipt& receipt, const std::string& public_key);

} // namespace owhale::sandbox
