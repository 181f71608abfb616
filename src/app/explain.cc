// `coffer explain`: a transaction's whole story, for support. A running server is asked for it;
// without one the books are opened here.

#include <cstdio>

#include "app/books.h"
#include "app/commands.h"
#include "app/complain.h"
#include "app/control.h"
#include "app/master_key.h"
#include "app/place.h"
#include "app/story.h"
#include "dialect/public_id.h"

namespace coffer {
namespace {

Result<std::string> explain_closed_books(const BookPlace& place, const std::string& id) {
    const auto lock = lock_books(place, "explain");
    if (!lock) return std::unexpected(lock.error());
    const SystemClock clock;
    Log log({.level = LogLevel::warning});
    Metrics metrics;
    const auto books =
        Books::open({.store = place.store, .directory = place.directory}, clock, log, metrics);
    if (!books) return std::unexpected(books.error());
    StoryBooks story{.store = (*books)->store(), .ledger = (*books)->ledger(), .stop_asked = [] {
                         return false;
                     }};
    if (const auto key = read_master_key(place.master_key_file)) {
        story.id_key = id_key_of(*key);
    } else {
        std::fprintf(stderr, "coffer: %s; Coffer's own ids cannot be read or shown without it\n",
                     key.error().detail.c_str());
    }
    return tell_story(story, id);
}

Result<std::string> explain(const BookPlace& place, const std::string& id) {
    if (id.empty() || id.find('\n') != std::string::npos) {
        return fail(ErrorCode::invalid, "that is not the id of anything");
    }
    if (!place.directory.empty()) {
        const auto answer = ask_server(place.directory, "explain " + id);
        if (!answer) return std::unexpected(answer.error());
        if (*answer) return **answer;
    }
    return explain_closed_books(place, id);
}

}  // namespace

int run(const ExplainOptions& options) {
    const auto place = book_place_or_complain(options.place);
    if (!place) return 1;
    const auto story = explain(*place, options.id);
    if (!story) return complain(story.error());
    std::fputs(story->c_str(), stdout);
    return 0;
}

}  // namespace coffer
