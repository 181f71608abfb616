#pragma once
// The currency that a call names, and the scale in which it counts.

#include <initializer_list>
#include <string_view>

#include "dialect/body.h"
#include "dialect/dialect.h"

namespace coffer {

struct CallCurrency {
    CurrencyId id = 0;  // 0: none of the tenant's
    std::uint8_t scale = 0;
};

// Whether the integration may move it is the ledger's question, and comes after idempotency: what
// was done before the currency was taken from the integration is still answered as it was. Where a
// currency that it may not move has no room for these amounts, or there is no such currency, it is
// 0 and any amount is well-formed.
CallCurrency call_currency(const Request& request, std::string_view code, const Fields& fields,
                           std::initializer_list<std::string_view> amounts);

}  // namespace coffer
