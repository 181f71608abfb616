// Any bytes either are a token of ours or none: never both, never a crash. And what the fuzzer has
// not signed is never taken for signed.

#include "base/check.h"
#include "base/digest.h"
#include "dialect/jwt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace coffer;
    const std::string_view text = view({bytes, size});
    if (const auto jws = parse_jws(text)) {
        CHECK(text.starts_with(jws->signing_input) && jws->signature.size() == 32);
        CHECK(!signature_matches(*jws, "a key that no fuzzer knows"));
    }
    if (const auto claims = parse_claims(text)) {
        CHECK(!claims->issuer.empty() && !claims->session.empty());
        const auto again = parse_claims(format_claims(*claims));
        CHECK(again && again->issuer == claims->issuer && again->subject == claims->subject);
        CHECK(again->session == claims->session && again->user == claims->user);
        CHECK(again->wallet_address == claims->wallet_address);
        CHECK(again->issued_at_s == claims->issued_at_s);
        CHECK(again->expires_at_s == claims->expires_at_s);
        (void)in_force(*claims, 1'700'000'000 * second_us);
    }
    const auto jws = parse_jws(sign_jws("{\"text\":\"" + to_hex(text) + "\"}", "key"));
    CHECK(jws && signature_matches(*jws, "key") && !signature_matches(*jws, "yek"));
    return 0;
}
