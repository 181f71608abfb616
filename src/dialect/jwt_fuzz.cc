// Any bytes either are a token of ours or none: never both, never a crash. And what the fuzzer has
// not signed is never taken for signed.

#include <cstdlib>

#include "base/digest.h"
#include "dialect/jwt.h"

namespace {

using namespace coffer;

void demand(bool held) {
    if (!held) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text = view({bytes, size});
    if (const auto jws = parse_jws(text)) {
        demand(text.starts_with(jws->signing_input) && jws->signature.size() == 32);
        demand(!signature_matches(*jws, "a key that no fuzzer knows"));
    }
    if (const auto claims = parse_claims(text)) {
        demand(!claims->issuer.empty() && !claims->session.empty());
        const auto again = parse_claims(format_claims(*claims));
        demand(again && again->user == claims->user && again->expires_at_s == claims->expires_at_s);
    }
    const auto jws = parse_jws(sign_jws("{\"text\":\"" + to_hex(text) + "\"}", "key"));
    demand(jws && signature_matches(*jws, "key") && !signature_matches(*jws, "yek"));
    return 0;
}
