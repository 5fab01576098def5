"""libsodium by ctypes: what a device computes, written anew and apart from owhaled's own code."""

import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import os

_lib = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
assert _lib.sodium_init() >= 0


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64u(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _filled(size, call, *arguments):
    out = ctypes.create_string_buffer(size)
    assert call(out, *arguments) == 0, call
    return out.raw


class SigningKey:
    def __init__(self, seed=None):
        public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
        _lib.crypto_sign_seed_keypair(public, secret, seed or os.urandom(32))
        self.public, self.secret = public.raw, secret.raw

    def sign(self, message):
        return _filled(64, lambda out: _lib.crypto_sign_detached(out, None, message, ctypes.c_ulonglong(len(message)), self.secret))


def verifies(public, message, signature):
    return _lib.crypto_sign_verify_detached(signature, message, ctypes.c_ulonglong(len(message)), public) == 0


def lv_cat(*parts):
    out = b""
    for part in parts:
        size, left = b"", len(part)
        while left > 0x7f:
            size, left = size + bytes([0x80 | left & 0x7f]), left >> 7
        out += size + bytes([left]) + part
    return out


class CPace:
    """draft-irtf-cfrg-cpace-21, CPACE-RISTR255-SHA512, as initiator."""

    DSI = b"CPaceRistretto255"

    def __init__(self, code, channel, ad):
        self.sid, self.ad = os.urandom(16), ad
        used = 1 + len(lv_cat(code)) + len(lv_cat(self.DSI))
        padding = bytes(max(0, 128 - used))
        seed = hashlib.sha512(lv_cat(self.DSI, code, padding, channel, self.sid)).digest()
        generator = _filled(32, lambda out: _lib.crypto_core_ristretto255_from_hash(out, seed))
        self.scalar = ctypes.create_string_buffer(32)
        _lib.crypto_core_ristretto255_scalar_random(self.scalar)
        self.share = _filled(32, lambda out: _lib.crypto_scalarmult_ristretto255(out, self.scalar, generator))

    def meet(self, share, ad):
        self.theirs = (share, ad)
        common = _filled(32, lambda out: _lib.crypto_scalarmult_ristretto255(out, self.scalar, share))
        key = hashlib.sha512(lv_cat(self.DSI + b"_ISK", self.sid, common) + lv_cat(self.share, self.ad) + lv_cat(share, ad)).digest()
        self.mac_key = hashlib.sha512(b"CPaceMac" + self.sid + key).digest()

    def tag(self):
        return hmac.digest(self.mac_key, lv_cat(self.share, self.ad), "sha512")

    def is_their_tag(self, tag):
        return hmac.compare_digest(hmac.digest(self.mac_key, lv_cat(*self.theirs), "sha512"), tag)
