// Any bytes either are a signed transaction, whose bytes are then exactly these, or are refused;
// and nobody signs as a key that no fuzzer knows.

#include "base/check.h"
#include "settle/rlp.h"
#include "settle/signing_key.h"
#include "settle/transaction.h"

namespace coffer {
namespace {

// A signature made anew over what was read gives bytes that are read as the same.
void sign_again(const ChainTransaction& transaction) {
    static const SigningKey key = *SigningKey::from_bytes(std::string(32, '\x2a'));
    const std::string raw = raw_transaction(transaction, key.sign(signing_digest(transaction)));
    const auto read = read_raw_transaction(raw);
    CHECK(read && read->transaction == transaction && read->sender == key.address());
}

}  // namespace
}  // namespace coffer

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace coffer;
    const std::string_view given = view({bytes, size});
    if (const auto items = read_rlp_list(given)) {
        std::string written;
        for (const RlpItem& item : *items) {
            written += item.is_list ? rlp_list(item.bytes) : rlp_string(item.bytes);
        }
        CHECK(rlp_list(written) == given);
    }
    const auto read = read_raw_transaction(given);
    if (!read) return 0;
    sign_again(read->transaction);
    if (const auto transfer = read_transfer_data(read->transaction.data)) {
        CHECK(transfer_data(transfer->to, transfer->amount) == read->transaction.data);
    }
    return 0;
}
