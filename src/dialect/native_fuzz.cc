// Any bytes as a call to any route either are an Intent or are refused, and both can be said in
// JSON.
//
// The first byte chooses the route, the second how many bytes are the query; the rest is the body.

#include <cstdlib>

#include "dialect/dialects.h"
#include "dialect/native.h"

namespace {

std::shared_ptr<const coffer::Directory> directory() {
    using namespace coffer;
    static const auto made = [] {
        std::vector<Record> records;
        const auto add = [&]<class T>(T value) {
            records.emplace_back(std::make_shared<const T>(std::move(value)));
        };
        add(Tenant{.id = 1, .uid = "t"});
        add(Currency{.id = 1, .tenant = 1, .code = "EUR", .scale = 2});
        for (unsigned dialect = 1; dialect < dialect_count; ++dialect) {
            const auto id = static_cast<DialectId>(dialect);
            add(Integration{.id = dialect,
                            .tenant = 1,
                            .uid = std::string(native_dialect_word(id)),
                            .dialect = id,
                            .currencies = {1}});
        }
        return std::make_shared<const Directory>(Directory().with(records));
    }();
    return made;
}

coffer::Request request_of(std::string_view bytes) {
    using namespace coffer;
    static const auto keyring = std::make_shared<const Keyring>(Keyring{.cursor_key = "key"});
    constexpr std::array<const char*, 6> words{"operator", "integrator", "rgs",
                                               "sverse",   "kgen",       "t"};
    Request request;
    const std::size_t route = static_cast<unsigned char>(bytes[0]);
    const std::size_t query = static_cast<unsigned char>(bytes[1]);
    bytes.remove_prefix(2);
    request.route = &native_dialect.routes[route % native_dialect.routes.size()];
    request.segments = {words[query % words.size()], "2"};
    request.call.query = bytes.substr(0, query);
    request.call.body = bytes.substr(std::min(query, bytes.size()));
    request.call.headers.push_back({"idempotency-key", "k"});
    request.call.headers.push_back({"accept", request.call.query});
    request.directory = directory();
    request.keyring = keyring;
    request.authority.tenant = 1;
    request.now = 1'700'000'000'000'000;
    return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 2) return 0;
    const coffer::Request request = request_of(coffer::view({bytes, size}));
    const auto intent = coffer::native_dialect.read(request);
    const coffer::Reply reply = intent ? coffer::native_dialect.write(
                                             request, *intent, {.decline = coffer::Decline::exists})
                                       : coffer::native_dialect.refuse(request, intent.error());
    if (!coffer::Body::parse(reply.body)) std::abort();
    coffer::native_wants_csv(request.call);
    return 0;
}
