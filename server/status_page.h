// The page that shows /status.json to people: server/status_page.html, which
// is part of the program and loads nothing from elsewhere.

#ifndef MOEVIT_SERVER_STATUS_PAGE_H_
#define MOEVIT_SERVER_STATUS_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace moevit {

absl::string_view StatusPage();

// The header that lets a browser run and show nothing but the page's own
// script and style, recognized by their digests, and connect nowhere but here.
std::string StatusPagePolicy();

}  // namespace moevit

#endif  // MOEVIT_SERVER_STATUS_PAGE_H_
