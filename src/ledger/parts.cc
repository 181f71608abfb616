#include "ledger/parts.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "store/directory_kinds.h"

namespace coffer {

namespace {

class Parts {
public:
    explicit Parts(const KeyMaker& keys, const WorkingSet& working_set)
        : keys_(keys), working_set_(working_set) {}

    Part& of(Shard shard) {
        const auto found = std::ranges::find(parts_, shard, &Part::shard);
        return found != parts_.end() ? *found : parts_.emplace_back(Part{.shard = shard});
    }

    void locate(const Record& put, const RecordKey& key) {
        if (key.shard == 0) return;
        if (const auto* session = std::get_if<Ptr<Session>>(&put)) locate(**session, key);
        if (const auto* promotion = std::get_if<Ptr<Promotion>>(&put)) locate(**promotion, key);
    }

    std::vector<Part> take() {
        std::ranges::sort(parts_, {}, &Part::shard);
        return std::move(parts_);
    }

private:
    template <class Owned>
    void locate(const Owned& owned, const RecordKey& key) {
        const Record* const known = working_set_.peek(keys_.locator(key));
        const auto* const locator = known == nullptr ? nullptr : std::get_if<Ptr<Locator>>(known);
        if (locator != nullptr) {
            // Whose it is never changes; lanes and io threads keep it without asking again.
            CHECK((*locator)->tenant == owned.tenant && (*locator)->player == owned.player);
            return;
        }
        of(0).puts.emplace_back(
            std::make_shared<const Locator>(Locator{key.text, owned.tenant, owned.player}));
    }

    const KeyMaker& keys_;
    const WorkingSet& working_set_;
    std::vector<Part> parts_;
};

bool is_guest(const Record& put) { return may_be_guest(kind_of(put)); }

}  // namespace

std::vector<Part> parts_of(Decision decision, Shard home, const KeyMaker& keys,
                           const WorkingSet& working_set) {
    const bool with_first =
        !decision.transaction && std::ranges::any_of(decision.puts, [&](const Record& put) {
            return !is_guest(put) && keys.of(put).shard == 0;
        });
    const Shard guests = with_first ? 0 : home;
    Parts parts(keys, working_set);
    if (decision.transaction) parts.of(home).transaction = std::move(decision.transaction);
    for (Record& put : decision.puts) {
        const RecordKey key = keys.of(put);
        parts.locate(put, key);
        parts.of(is_guest(put) ? guests : key.shard).puts.push_back(std::move(put));
    }
    return parts.take();
}

}  // namespace coffer
