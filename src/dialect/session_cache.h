#pragma once
// Remembers which integration a session belongs to. That never changes, so a stale entry cannot be
// wrong; whether the session is still live is not known here.

#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/digest.h"
#include "store/record.h"

namespace coffer {

class SessionCache {
public:
    explicit SessionCache(std::size_t sessions_max) : generation_max_(sessions_max / 2) {}

    // 0: not known here.
    IntegrationId find(const Digest& digest) const {
        if (const auto found = young_.find(digest); found != young_.end()) return found->second;
        if (const auto found = old_.find(digest); found != old_.end()) return found->second;
        return 0;
    }
    void insert(const Digest& digest, IntegrationId integration) {
        if (young_.size() >= generation_max_) {
            old_ = std::move(young_);
            young_.clear();
        }
        young_[digest] = integration;
    }

private:
    struct FirstBytes {  // a digest is as random as a hash can be
        std::size_t operator()(const Digest& digest) const {
            std::size_t hash = 0;
            std::memcpy(&hash, digest.data(), sizeof hash);
            return hash;
        }
    };
    using Generation = std::unordered_map<Digest, IntegrationId, FirstBytes>;
    std::size_t generation_max_;
    Generation young_, old_;
};

}  // namespace coffer
