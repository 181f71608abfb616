// A call's way: accept() finds its route and lets it in or not (check 0), check_credential() and
// enter() ask who it is (1 and 2), translate() reads it (3) and hands it to the ledger; poll()
// brings back what became of it. A call that only a session speaks for waits once more, until the
// ledger has said whose session that is; so does one that cannot be read, because its session, as
// the credential that it is, is judged before its syntax.
//
// A call under way is a Visit in a slot of visits_; the slot's number is its Tag at the port.

#include "dialect/desk.h"

#include <deque>

#include "base/check.h"
#include "base/log.h"
#include "base/metrics.h"
#include "dialect/desk_of.h"
#include "dialect/origins.h"
#include "dialect/picture.h"
#include "dialect/probes.h"
#include "dialect/routes.h"
#include "dialect/session_cache.h"
#include "dialect/text.h"
#include "dialect/throttle.h"
#include "dialect/words.h"
#include "ledger/ledger.h"

namespace coffer {
namespace {

constexpr std::size_t sessions_cached_max = 65536;  // about 8 MB
constexpr std::int64_t deadline_default_ms = 3000;  // where there is no integration
constexpr Tag tag_of_touches = ~Tag{0};             // answers that nobody waits for

struct Visit {
    CallToken token = 0;
    Request request;
    const PathEntry* path = nullptr;
    std::string account;  // of a call that tries a secret: what the throttle counts
    std::string address;
    bool finding_session = false;
    bool session_is_live = false;       // found to be so in this call
    std::optional<Refusal> when_it_is;  // what a call that cannot be read then hears
};

// What has to be counted by dialect.
struct DialectCounters {
    Counter* replays = nullptr;
    Counter* conflicts = nullptr;
    Counter* tombstone_hits = nullptr;
};

bool is_failed_login(const Outcome& outcome) {
    return outcome.decline == Decline::session_unknown || outcome.decline == Decline::exists;
}

class OneDesk final : public Desk {
public:
    OneDesk(std::span<const Dialect* const> dialects, Ledger& ledger, const DeskOptions& options,
            const Clock& clock, Log& log, Metrics& metrics, ReplySink& sink,
            std::function<void()> wake)
        : ledger_(ledger),
          options_(options),
          clock_(clock),
          log_(log),
          metrics_(metrics),
          sink_(sink),
          dialects_(dialects.begin(), dialects.end()),
          routes_(dialects, options.metrics_path),
          port_(ledger.open_port(std::move(wake))) {
        for (const Dialect* dialect : dialects) count_dialect(*dialect);
    }

    void accept(CallToken token, Call call) override;
    void poll() override;
    std::size_t calls_inside() const override { return visits_.size() - free_.size(); }

private:
    const Dialect& dialect_of(const Visit& visit) const { return *visit.path->dialect; }
    void count_dialect(const Dialect& dialect);
    void look_at_directory();
    Tag take_visit();

    Reply unknown_path(Call call) const;
    void admit(Tag tag);
    void check_credential(Tag tag);
    void find_session(Tag tag);
    void ask_for_session(Tag tag);
    void enter(Tag tag);
    void translate(Tag tag);
    void refuse_unread(Tag tag, Refusal refusal);
    void submit(Tag tag, Intent& intent);
    void session_found(Tag tag, Intent& intent, Outcome& outcome);
    void answer(Tag tag, const Intent& intent, const Outcome& outcome);

    bool must_wait(Visit& visit, int& seconds);
    void count_failed_login(const Visit& visit);
    bool is_from_allowed_address(const Visit& visit) const;
    bool is_within_rate(const Visit& visit);
    void touch(const Credential& credential, Time now);
    void refuse(Tag tag, const Refusal& refusal, int retry_after_s = 1);
    void finish(Tag tag, Reply reply, int retry_after_s = 1);

    Ledger& ledger_;
    const DeskOptions options_;
    const Clock& clock_;
    Log& log_;
    Metrics& metrics_;
    ReplySink& sink_;
    const std::vector<const Dialect*> dialects_;
    RouteTable routes_;
    std::unique_ptr<Port> port_;
    std::array<DialectCounters, dialect_count> counters_;

    std::unique_ptr<const Picture> picture_;
    std::uint64_t picture_version_ = 0;
    SessionCache sessions_{sessions_cached_max};
    std::unordered_map<std::string, Time> touched_;  // credential uid -> when we last said so

    std::deque<Visit> visits_;
    std::vector<Tag> free_;
    struct Found {
        Tag tag;
        Intent intent;
        Outcome outcome;
    };
    std::vector<Found> found_;  // sessions, to go on with after collecting
};

void OneDesk::count_dialect(const Dialect& dialect) {
    const std::string labels = "dialect=\"" + std::string(dialect.name) + "\"";
    counters_[static_cast<std::size_t>(dialect.id)] = {
        .replays = &metrics_.counter("coffer_replays_total",
                                     "Calls answered with what was done before.", labels),
        .conflicts = &metrics_.counter("coffer_conflicts_total",
                                       "Calls that used an id again for something else.", labels),
        .tombstone_hits =
            &metrics_.counter("coffer_tombstone_hits_total",
                              "Wagers that came after they had been rolled back.", labels),
    };
}

void OneDesk::look_at_directory() {
    const std::uint64_t version = ledger_.directory_version();
    if (picture_ != nullptr && version == picture_version_) return;
    picture_ = std::make_unique<const Picture>(ledger_.directory(), options_.master_key,
                                               picture_.get(), log_);
    picture_version_ = version;
}

Tag OneDesk::take_visit() {
    if (free_.empty()) {
        visits_.emplace_back();
        return visits_.size() - 1;
    }
    const Tag tag = free_.back();
    free_.pop_back();
    return tag;
}

void OneDesk::accept(CallToken token, Call call) {
    look_at_directory();
    std::vector<std::string> segments;
    const PathEntry* path = routes_.find(call.path, segments);
    const auto is_served = [&call](DialectId id) {
        return (call.dialects >> static_cast<unsigned>(id) & 1U) != 0;
    };
    if (path == nullptr || !is_served(path->owner())) {
        return sink_.reply(token, unknown_path(std::move(call)));
    }
    if (path->probe != Probe::none) {
        const bool reads = call.method == Method::get || call.method == Method::head;
        sink_.reply(token, reads ? probe_reply(path->probe, ledger_, metrics_)
                                 : wrong_probe_method_reply(path->allow));
        return;
    }
    const Tag tag = take_visit();
    Visit& visit = visits_[tag];
    visit.token = token;
    visit.path = path;
    visit.request = {.call = std::move(call),
                     .segments = std::move(segments),
                     .directory = picture_->directory(),
                     .keyring = picture_->keyring()};
    visit.request.now = visit.request.call.arrived;
    admit(tag);
}

Reply OneDesk::unknown_path(Call call) const {
    for (const Dialect* dialect : dialects_) {
        const bool served = (call.dialects >> static_cast<unsigned>(dialect->id) & 1U) != 0;
        if (!served || dialect->prefix.empty() || !call.path.starts_with(dialect->prefix)) continue;
        const Request request{.call = std::move(call)};
        Reply reply = dialect->refuse(
            request, {.kind = RefusalKind::not_found, .message = "there is nothing at this path"});
        reply.note.dialect = dialect->name;
        reply.note.outcome = refusal_word(RefusalKind::not_found);
        return reply;
    }
    return unknown_path_reply();
}

void OneDesk::admit(Tag tag) {
    Visit& visit = visits_[tag];
    const Call& call = visit.request.call;
    visit.request.route = visit.path->route(call.method);
    if (visit.request.route == nullptr) {
        if (call.method == Method::options) {
            const auto origin = allowed_origin(call, picture_->origins(dialect_of(visit).id));
            if (!origin.empty()) {
                Reply reply = preflight_reply(call, origin, visit.path->allow);
                reply.note.verb = "preflight";
                reply.note.outcome = "done";
                return finish(tag, std::move(reply));
            }
        }
        visit.request.route = visit.path->routes.front();
        return refuse(tag, {.kind = RefusalKind::wrong_method,
                            .message = "this path does not take that method",
                            .allow = visit.path->allow});
    }
    if (call.body_too_large) {
        return refuse(
            tag, {.kind = RefusalKind::too_large, .message = "the body has more than 65536 bytes"});
    }
    check_credential(tag);
}

void OneDesk::check_credential(Tag tag) {
    Visit& visit = visits_[tag];
    int wait_s = 0;
    if (must_wait(visit, wait_s)) {
        return refuse(tag,
                      {.kind = RefusalKind::throttled,
                       .message = "too many failures: try again a little later"},
                      wait_s);
    }
    std::expected<Authority, Refusal> authority = dialect_of(visit).authenticate(visit.request);
    if (!authority) return refuse(tag, authority.error());
    visit.request.authority = std::move(*authority);
    if (visit.request.authority.integration == nullptr && dialect_of(visit).session_of != nullptr) {
        visit.request.session = dialect_of(visit).session_of(visit.request);
        if (visit.request.session) return find_session(tag);
    }
    enter(tag);
}

void OneDesk::find_session(Tag tag) {
    Visit& visit = visits_[tag];
    const IntegrationId known = sessions_.find(visit.request.session->digest);
    const Integration* integration = visit.request.directory->integration(known);
    if (integration != nullptr) {
        visit.request.authority.integration = integration;
        visit.request.authority.tenant = integration->tenant;
        return enter(tag);
    }
    ask_for_session(tag);
}

void OneDesk::ask_for_session(Tag tag) {
    Visit& visit = visits_[tag];
    visit.finding_session = true;
    Intent intent = *visit.request.session;
    submit(tag, intent);
}

void OneDesk::session_found(Tag tag, Intent& intent, Outcome& outcome) {
    Visit& visit = visits_[tag];
    visit.finding_session = false;
    if (!outcome.done()) return answer(tag, intent, outcome);
    const IntegrationId id = outcome.session ? outcome.session->integration : outcome.integration;
    const Integration* integration = visit.request.directory->integration(id);
    if (integration == nullptr) {
        // It was made after this call came in: look at the directory again.
        visit.request.directory = ledger_.directory();
        integration = visit.request.directory->integration(id);
    }
    const Integration* claimed = visit.request.authority.integration;
    if (integration == nullptr || integration->dialect != dialect_of(visit).id ||
        (claimed != nullptr && claimed->id != id)) {
        outcome = {.decline = Decline::session_unknown};
        return answer(tag, intent, outcome);
    }
    if (visit.when_it_is) return refuse(tag, std::move(*visit.when_it_is));
    visit.session_is_live = true;
    sessions_.insert(visit.request.session->digest, id);
    visit.request.authority.integration = integration;
    visit.request.authority.tenant = integration->tenant;
    enter(tag);
}

void OneDesk::enter(Tag tag) {
    const Visit& visit = visits_[tag];
    if (!is_from_allowed_address(visit)) {
        return refuse(tag, {.kind = RefusalKind::bad_credential,
                            .message = "the credential is not for use from this address"});
    }
    const Credential* signing_key = nullptr;
    if (dialect_of(visit).signed_by != nullptr) {
        signing_key = dialect_of(visit).signed_by(visit.request);
        if (signing_key == nullptr) return refuse(tag, {.kind = RefusalKind::bad_signature});
    }
    if (!is_within_rate(visit)) {
        return refuse(
            tag, {.kind = RefusalKind::throttled, .message = "more calls a second than agreed"});
    }
    for (const Credential* used : {visit.request.authority.credential, signing_key}) {
        if (used != nullptr) touch(*used, visit.request.now);
    }
    translate(tag);
}

void OneDesk::translate(Tag tag) {
    const Visit& visit = visits_[tag];
    std::expected<Intent, Refusal> intent = dialect_of(visit).read(visit.request);
    if (!intent) return refuse_unread(tag, std::move(intent.error()));
    submit(tag, *intent);
}

// The look-up that a remembered session, or the session in a signed token, was spared so far.
void OneDesk::refuse_unread(Tag tag, Refusal refusal) {
    Visit& visit = visits_[tag];
    const auto session_of = dialect_of(visit).session_of;
    if (!visit.request.session && session_of != nullptr)
        visit.request.session = session_of(visit.request);
    if (!visit.request.session || visit.session_is_live || refusal.kind != RefusalKind::malformed)
        return refuse(tag, std::move(refusal));
    visit.when_it_is = std::move(refusal);
    ask_for_session(tag);
}

void OneDesk::submit(Tag tag, Intent& intent) {
    const Request& request = visits_[tag].request;
    const Integration* integration = request.authority.integration;
    const std::int64_t deadline_ms =
        integration != nullptr ? integration->settings.deadline_ms : deadline_default_ms;
    const Time deadline = request.call.arrived_monotonic + deadline_ms * millisecond_us;
    if (!port_->submit(tag, intent, deadline)) {
        refuse(tag, {.kind = RefusalKind::not_now, .message = "too many calls at the moment"});
    }
}

void OneDesk::poll() {
    port_->collect([this](Tag tag, Intent& intent, Outcome& outcome) {
        if (tag == tag_of_touches) return;
        if (visits_[tag].finding_session) {
            found_.push_back(
                {.tag = tag, .intent = std::move(intent), .outcome = std::move(outcome)});
        } else {
            answer(tag, intent, outcome);
        }
    });
    for (Found& found : found_) session_found(found.tag, found.intent, found.outcome);
    found_.clear();
}

void OneDesk::answer(Tag tag, const Intent& intent, const Outcome& outcome) {
    const Visit& visit = visits_[tag];
    const DialectCounters& counters = counters_[static_cast<std::size_t>(dialect_of(visit).id)];
    if (outcome.replay && outcome.done()) counters.replays->add();
    if (outcome.decline == Decline::conflict) counters.conflicts->add();
    if (outcome.decline == Decline::cancelled_before_arrival) counters.tombstone_hits->add();
    if (!visit.account.empty() && is_failed_login(outcome)) count_failed_login(visit);

    Reply reply = dialect_of(visit).write(visit.request, intent, outcome);
    // Unless the dialect found something in the outcome that the ledger did not look for.
    if (reply.note.outcome == CallNote().outcome) reply.note.outcome = outcome_word(outcome);
    finish(tag, std::move(reply));
}

// Refuses before the secret is even looked at, so that guessing stops.
bool OneDesk::must_wait(Visit& visit, int& seconds) {
    if (dialect_of(visit).account_tried == nullptr) return false;
    const std::string account = dialect_of(visit).account_tried(visit.request);
    if (account.empty()) return false;
    const Dialect& dialect = dialect_of(visit);
    visit.address = std::string(dialect.name) + "\n" +
                    client_address(visit.request.call, picture_->trusted_proxies(dialect.id));
    visit.account = visit.address + "\n" + account;
    for (const std::string& name : {visit.account, visit.address}) {
        const int wait_s =
            options_.throttle->login_wait_s(name, options_.login_failures_max, clock_.monotonic());
        seconds = std::max(seconds, wait_s);
    }
    if (seconds > 0) visit.account.clear();  // this one is not a failure of its own
    return seconds > 0;
}

void OneDesk::count_failed_login(const Visit& visit) {
    for (const std::string& name : {visit.account, visit.address}) {
        options_.throttle->login_failed(name, options_.login_failures_max, clock_.monotonic());
    }
}

bool OneDesk::is_from_allowed_address(const Visit& visit) const {
    const Integration* integration = visit.request.authority.integration;
    const AddressRules* rules = integration != nullptr ? picture_->rules(integration->id) : nullptr;
    if (rules == nullptr || rules->allowed.empty()) return true;
    const auto address =
        parse_peer_address(client_address(visit.request.call, rules->trusted_proxies));
    return address && rules->allowed.contains(*address);
}

bool OneDesk::is_within_rate(const Visit& visit) {
    const Integration* integration = visit.request.authority.integration;
    if (integration == nullptr || integration->settings.calls_per_second <= 0) return true;
    const Credential* credential = visit.request.authority.credential;
    // A session stands for the credential that bought it.
    const std::string& name = credential != nullptr ? credential->uid : integration->uid;
    return options_.throttle->take_call(name, integration->settings.calls_per_second,
                                        clock_.monotonic());
}

void OneDesk::touch(const Credential& credential, Time now) {
    if (now - credential.last_used < hour_us) return;
    Time& touched = touched_[credential.uid];
    if (touched != 0 && now - touched < hour_us) return;
    Intent intent = TouchCredential{.uid = credential.uid};
    if (port_->submit(tag_of_touches, intent)) touched = now;
}

void OneDesk::refuse(Tag tag, const Refusal& refusal, int retry_after_s) {
    const Visit& visit = visits_[tag];
    if (!visit.account.empty() && refusal.kind == RefusalKind::bad_credential) {
        count_failed_login(visit);
    }
    Reply reply = dialect_of(visit).refuse(visit.request, refusal);
    reply.note.outcome = refusal_word(refusal.kind);
    finish(tag, std::move(reply), retry_after_s);
}

void OneDesk::finish(Tag tag, Reply reply, int retry_after_s) {
    Visit& visit = visits_[tag];
    const Request& request = visit.request;
    reply.note.dialect = dialect_of(visit).name;
    if (request.route != nullptr && reply.note.verb == "none")
        reply.note.verb = request.route->verb;
    if (const Tenant* tenant = request.directory->tenant(request.authority.tenant)) {
        reply.note.tenant = tenant->uid;
    }
    const auto has_header = [&reply](std::string_view name) {
        for (const Header& header : reply.headers) {
            if (header.name == name) return true;
        }
        return false;
    };
    if ((reply.status == 429 || reply.status == 503) && !has_header("retry-after")) {
        add_header(reply, "retry-after", std::to_string(retry_after_s));
    }
    if (reply.status != 204 || request.call.method != Method::options) {
        const Integration* integration = request.authority.integration;
        const auto origin = allowed_origin(
            request.call, integration != nullptr ? integration->settings.allowed_origins
                                                 : picture_->origins(dialect_of(visit).id));
        if (!origin.empty()) open_to_origin(reply, origin);
    }
    const CallToken token = visit.token;
    visit = {};
    free_.push_back(tag);
    sink_.reply(token, std::move(reply));
}

}  // namespace

std::shared_ptr<Throttle> make_throttle() { return std::make_shared<Throttle>(); }

std::unique_ptr<Desk> make_desk_of(std::span<const Dialect* const> dialects, Ledger& ledger,
                                   const DeskOptions& options, const Clock& clock, Log& log,
                                   Metrics& metrics, ReplySink& sink, std::function<void()> wake) {
    return std::make_unique<OneDesk>(dialects, ledger, options, clock, log, metrics, sink,
                                     std::move(wake));
}

}  // namespace coffer
