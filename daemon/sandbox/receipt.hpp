// Receipts: what a run had and did, signed.
#pragma once

#include <memory>
#include <string>

#include "base/sign_key.hpp"
#include "shared/api.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

// The key that signs receipts.
class ReceiptKey {
public:
    // Opens DIR/receipt.key, or makes it at the first start.
    static Result<std::unique_ptr<ReceiptKey>> open(const std::string& dir);

    // Fills `key_id` and `signature`: Ed25519 over the RFC 8785 form of the receipt without `signature`.
    Status sign(api::Receipt& receipt) const;
    // The public key, base64.
    std::string public_key() const;
    const std::string& key_id() const { return key_.id(); }

private:
    explicit ReceiptKey(SignKey key) : key_(std::move(key)) {}
    SignKey key_;
};

// Whether `receipt` carries a signature of this base64 public key.
Result<bool> verify_receipt(const api::Receipt& receipt, const std::string& public_key);

} // namespace owhale::sandbox
