#pragma once
// How readers of a PostgreSQL store come by links to it.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "store/postgres_link.h"

namespace coffer {

// How a reader comes by a link.
class LinkLender {
public:
    virtual ~LinkLender() = default;
    using Use = std::function<Result<void>(PostgresLink&)>;
    // Calls `use` with a link; again with a new one if the first turned out to be broken.
    virtual Result<void> lend(const Use& use) = 0;
};

// A few links that are opened when they are needed. Any thread. While the database is away only one
// thread at a time tries to reach it, and only so often; the others hear so at once.
class LinkPool final : public LinkLender {
public:
    LinkPool(PostgresPlace place, const LinkLimits& limits, std::size_t links_max);
    Result<void> lend(const Use& use) override;

private:
    Result<std::unique_ptr<PostgresLink>> take();
    void give_back(std::unique_ptr<PostgresLink> link);

    const PostgresPlace place_;
    const LinkLimits limits_;
    const std::size_t links_max_;
    std::mutex mutex_;  // guards all below
    std::condition_variable returned_;
    std::vector<std::unique_ptr<PostgresLink>> idle_;
    std::size_t lent_ = 0;
    bool opening_ = false;
    Time failed_ = 0;  // when opening failed last; 0: it did not
    Error failure_;
};

// One link inside one transaction, so that everything read through it is as of one moment.
class SnapshotLender final : public LinkLender {
public:
    static Result<std::unique_ptr<SnapshotLender>> begin(const PostgresPlace& place,
                                                         const LinkLimits& limits);
    Result<void> lend(const Use& use) override;

private:
    explicit SnapshotLender(std::unique_ptr<PostgresLink> link) : link_(std::move(link)) {}
    std::mutex mutex_;
    std::unique_ptr<PostgresLink> link_;
};

}  // namespace coffer
